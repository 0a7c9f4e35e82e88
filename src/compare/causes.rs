//! Why a total changed: every run's change is given to causes, so that they add up to it.
//!
//! A pre-training that the snapshots count under different runs is one run that was regrouped ([`regrouped`]). Runs that only one snapshot
//! counts go as a whole to why the other does not. Of runs that both count, a change of role, tier or evidence
//! takes the whole change, because everything else follows from it. What is left are factors of a product, whose shares are those of the
//! logarithmic mean Divisia index (Ang, Energy Policy 32, 2004, 1131-1139): with L = (M1 - M0) / ln(M1 / M0), factor x adds L ln(x1 / x0).
//! The rest, which no factor shows, is the spread of the compute, that is of the regressions, or another version of the method; where the
//! regressions are fitted on the same and the draws are others, it is chance. What the
//! regressions move is told under the cause of what they newly learn from, where that has one cause ([`learned`]).

use super::learned::{Learned, learned};
use super::read::{Repository, RunFigures, Side};
use super::regrouped::{Regrouped, regrouped};
use crate::domain::PlaceMixture;
use crate::domain::number::number;
use crate::error::Result;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

/// A change of less than this share of a run is what sums of floats leave.
const NO_CHANGE: f64 = 1e-12;

/// Why a total changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Runs of repositories that the old index lacks.
    NewRuns,
    /// Runs of repositories that the new index lacks.
    GoneRuns,
    /// Runs of repositories that came into the cohort.
    IntoTheCohort,
    /// Runs of repositories that left the cohort.
    OutOfTheCohort,
    /// Runs that are counted under another repository, or as another kind; a pre-training with its figures in both.
    Regrouped,
    /// Another role of the repository, or other probabilities of its roles.
    Role,
    /// Another tier: better or worse evidence.
    Tier,
    /// Another figure in the evidence of the same tier.
    Evidence,
    /// Stated or counted compute, device hours or energy.
    Compute,
    /// Another chip or mixture of chips: its peak rate.
    Chip,
    /// Power per accelerator.
    Power,
    /// Utilization of the chips.
    Mfu,
    /// Overhead of the facility.
    Pue,
    /// Intensity of the grid.
    Grid,
    /// Regressions and their errors.
    Regression,
    /// Other draws of the same distributions: another seed or number of them.
    Draws,
    /// Another version of the method.
    MethodVersion,
}

impl Cause {
    /// Name, as JSON has it, and what it means.
    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::NewRuns => ("new_runs", "runs of repositories that the old index lacks"),
            Self::GoneRuns => ("gone_runs", "runs of repositories that the new index lacks"),
            Self::IntoTheCohort => ("into_the_cohort", "runs of repositories that came into the cohort"),
            Self::OutOfTheCohort => ("out_of_the_cohort", "runs of repositories that left the cohort"),
            Self::Regrouped => ("regrouped", "runs that are counted under another repository, or as another kind"),
            Self::Role => ("role", "another role of the repository, or other probabilities of its roles"),
            Self::Tier => ("tier", "another tier: better or worse evidence"),
            Self::Evidence => ("evidence", "another figure in the evidence of the same tier"),
            Self::Compute => ("compute", "stated or counted compute, device hours or energy"),
            Self::Chip => ("chip", "another chip or mixture of chips: its peak rate"),
            Self::Power => ("power", "power per accelerator"),
            Self::Mfu => ("mfu", "utilization of the chips"),
            Self::Pue => ("pue", "overhead of the facility"),
            Self::Grid => ("grid", "intensity of the grid"),
            Self::Regression => ("regression", "regressions and their errors"),
            Self::Draws => ("draws", "other draws of the same distributions: another seed, or another number of draws"),
            Self::MethodVersion => ("method_version", "another version of the method"),
        }
    }

    /// Name, as JSON has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.texts().0
    }

    /// What it means.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        self.texts().1
    }
}

/// What a run adds to a cause.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// Cause.
    pub cause: Cause,
    /// Training run.
    pub run_id: String,
    /// Mean emissions in the old snapshot; null where it does not count the run.
    pub old_kgco2e: Option<f64>,
    /// Mean emissions in the new snapshot; null likewise.
    pub new_kgco2e: Option<f64>,
    /// What the run adds to the cause, kg CO2e.
    pub change_kgco2e: f64,
    /// Whether it came through the regressions: the run itself did not change.
    pub is_through_regressions: bool,
    /// From what to what.
    pub note: String,
}

impl Part {
    /// Whether the run changed for other causes as well: old and new are those of the whole run.
    #[must_use]
    pub fn is_one_of_several(&self) -> bool {
        let whole = self.old_kgco2e.zip(self.new_kgco2e).map(|(old, new)| (new - old, old.abs().max(new.abs())));
        // Parts add up to the whole but for rounding.
        whole.is_some_and(|(change, size)| (change - self.change_kgco2e).abs() > 1e-9 * size)
    }
}

/// What is said of runs that changed for several causes.
pub const ONE_OF_SEVERAL: &str =
    "older and newer are the whole figures of a run; where it changed for other causes as well, change is the part of this one";

/// A share of the change of a run that both snapshots count.
struct Share {
    cause: Cause,
    kgco2e: f64,
    is_through_regressions: bool,
    note: String,
}

impl Share {
    fn new(cause: Cause, kgco2e: f64, note: String) -> Self {
        Self { cause, kgco2e, is_through_regressions: cause == Cause::Regression, note }
    }
}

/// Gives the change of every run to causes; `are_other_draws` where seed or number of the draws differ.
///
/// # Errors
/// A table is missing or damaged.
pub fn attribute(old: &Side, new: &Side, are_other_draws: bool) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let pairs = regrouped(old, new)?;
    one_sided(&mut parts, old, new, true, &pairs)?;
    one_sided(&mut parts, new, old, false, &pairs)?;
    parts.extend(
        pairs.old_of_new.iter().filter_map(|(now, was)| Some(one_training(was, old.runs.get(was)?, now, new.runs.get(now)?))),
    );
    let both: Vec<(&str, &RunFigures, &RunFigures)> = old
        .runs
        .iter()
        .filter_map(|(id, a)| Some((id.as_str(), a, new.runs.get(id)?)))
        .filter(|(_, a, b)| is_changed(a, b))
        .collect();
    let wanted =
        |side: fn(&(&str, &'_ RunFigures, &'_ RunFigures)) -> Vec<String>| both.iter().flat_map(side).collect::<Vec<String>>();
    let (ids_old, ids_new) = (wanted(|(_, a, _)| a.evidence_ids.clone()), wanted(|(_, _, b)| b.evidence_ids.clone()));
    let said_old = old.evidence(&ids_old.iter().map(String::as_str).collect())?;
    let said_new = new.evidence(&ids_new.iter().map(String::as_str).collect())?;
    for (id, a, b) in both {
        for Share { cause, kgco2e, is_through_regressions, note } in of_both(a, b, &said_old, &said_new) {
            let (old_kgco2e, new_kgco2e) = (Some(a.kg), Some(b.kg));
            let (run_id, change_kgco2e) = (id.to_owned(), kgco2e);
            parts.push(Part { cause, run_id, old_kgco2e, new_kgco2e, change_kgco2e, is_through_regressions, note });
        }
    }
    if are_other_draws && old.observations()? == new.observations()? {
        // What is fitted on the same is the same: nothing moved but the draws.
        for part in parts.iter_mut().filter(|part| part.is_through_regressions) {
            (part.cause, part.is_through_regressions) = (Cause::Draws, false);
            part.note.clear();
        }
    }
    if parts.iter().any(|part| part.is_through_regressions)
        && let Some(Learned { cause, note }) = learned(old, new, &own_causes(&parts, &pairs))?
    {
        for part in parts.iter_mut().filter(|part| part.is_through_regressions) {
            part.cause = cause;
            part.note = if part.note.is_empty() { note.clone() } else { format!("{}, {note}", part.note) };
        }
    }
    Ok(parts)
}

/// Why the runs of repositories changed of themselves: not by a factor, nor through the regressions.
fn own_causes<'a>(parts: &'a [Part], pairs: &'a Regrouped) -> FxHashMap<&'a str, Cause> {
    let model = |run_id: &'a str| run_id.split_once('#').map_or(run_id, |(model, _)| model);
    let own = parts.iter().filter(|part| !part.is_through_regressions && part.cause < Cause::Compute);
    let was = pairs.old_of_new.values().map(|was| (model(was), Cause::Regrouped));
    was.chain(own.map(|part| (model(&part.run_id), part.cause))).collect()
}

/// A pre-training under its new name.
fn one_training(was: &str, a: &RunFigures, now: &str, b: &RunFigures) -> Part {
    Part {
        cause: Cause::Regrouped,
        run_id: now.to_owned(),
        old_kgco2e: Some(a.kg),
        new_kgco2e: Some(b.kg),
        change_kgco2e: b.kg - a.kg,
        is_through_regressions: false,
        note: format!("was {was}"),
    }
}

fn is_changed(a: &RunFigures, b: &RunFigures) -> bool {
    (b.kg - a.kg).abs() > NO_CHANGE * a.kg.abs().max(b.kg.abs())
}

/// Runs that `here` counts and `there` does not, save those that it counts under another name.
fn one_sided(parts: &mut Vec<Part>, here: &Side, there: &Side, here_is_old: bool, pairs: &Regrouped) -> Result<()> {
    let is_paired = |id: &String| if here_is_old { pairs.has_old(id) } else { pairs.old_of_new.contains_key(id) };
    let is_alone = |id: &String| !there.runs.contains_key(id) && !is_paired(id);
    let alone: Vec<(&String, &RunFigures)> = here.runs.iter().filter(|(id, _)| is_alone(id)).collect();
    let models: FxHashSet<&str> = alone.iter().map(|(_, run)| run.model_id.as_str()).collect();
    let runs: FxHashSet<&str> = alone.iter().map(|(id, _)| id.as_str()).collect();
    let (models, runs) = (there.repositories(&models)?, there.run_ids(&runs)?);
    for (id, run) in alone {
        let (cause, note) = why_alone(run, models.get(&run.model_id), runs.contains(id), here_is_old);
        let (old_kgco2e, new_kgco2e) = if here_is_old { (Some(run.kg), None) } else { (None, Some(run.kg)) };
        let change_kgco2e = if here_is_old { -run.kg } else { run.kg };
        let (run_id, is_through_regressions) = (id.clone(), false);
        parts.push(Part { cause, run_id, old_kgco2e, new_kgco2e, change_kgco2e, is_through_regressions, note });
    }
    Ok(())
}

fn why_alone(run: &RunFigures, there: Option<&Repository>, has_run: bool, here_is_old: bool) -> (Cause, String) {
    let Some(there) = there else {
        return if here_is_old { (Cause::GoneRuns, String::new()) } else { (Cause::NewRuns, String::new()) };
    };
    if there.role != run.role {
        let (from, to) = if here_is_old { (&run.role, &there.role) } else { (&there.role, &run.role) };
        return (Cause::Role, format!("{from} -> {to}"));
    }
    if has_run && !there.in_cohort {
        return if here_is_old { (Cause::OutOfTheCohort, String::new()) } else { (Cause::IntoTheCohort, String::new()) };
    }
    let own = there.own_run_id.as_deref().unwrap_or("no run of its own");
    // The base that it now rests on may be outside the cohort.
    let root = there.stands_on_run_id.as_deref().filter(|root| Some(*root) != there.own_run_id.as_deref());
    let other = root.map_or_else(|| own.to_owned(), |root| format!("{own} on {root}"));
    (Cause::Regrouped, if here_is_old { format!("now {other}") } else { format!("was {other}") })
}

/// The change of a run that both count.
fn of_both(
    a: &RunFigures,
    b: &RunFigures,
    said_old: &FxHashMap<String, String>,
    said_new: &FxHashMap<String, String>,
) -> Vec<Share> {
    let change = b.kg - a.kg;
    let whole = |cause, note| vec![Share::new(cause, change, note)];
    if a.role != b.role {
        return whole(Cause::Role, format!("{} -> {}", a.role, b.role));
    }
    if a.tier != b.tier {
        return whole(Cause::Tier, format!("{} -> {}", a.tier, b.tier));
    }
    if let Some(note) = other_evidence(a, b, said_old, said_new) {
        return whole(Cause::Evidence, note);
    }
    if a.shares != b.shares {
        return whole(Cause::Role, "other probabilities".to_owned());
    }
    factors(a, b, change)
}

/// The first row of evidence that says something else, is new or is gone.
fn other_evidence(
    a: &RunFigures,
    b: &RunFigures,
    said_old: &FxHashMap<String, String>,
    said_new: &FxHashMap<String, String>,
) -> Option<String> {
    let ids = a.evidence_ids.iter().chain(b.evidence_ids.iter().filter(|id| !a.evidence_ids.contains(id)));
    ids.map(|id| (id, a.evidence_ids.contains(id).then(|| said_old.get(id)), b.evidence_ids.contains(id).then(|| said_new.get(id))))
        .find(|(_, old, new)| old != new)
        .map(|(id, old, new)| {
            let said = |value: Option<Option<&String>>| value.flatten().cloned().unwrap_or_else(|| "none".to_owned());
            let field = id.split('#').nth(1).unwrap_or(id);
            format!("{field} {} -> {}", said(old), said(new))
        })
}

/// The change as shares of the factors of the chain.
fn factors(a: &RunFigures, b: &RunFigures, change: f64) -> Vec<Share> {
    let rest = if a.method_version == b.method_version { Cause::Regression } else { Cause::MethodVersion };
    if a.kg <= 0.0 || b.kg <= 0.0 {
        return vec![Share::new(rest, change, String::new())];
    }
    let log_mean = change / libm::log(b.kg / a.kg);
    let mut shares = Vec::new();
    let mut left = change;
    for Factor { cause, power, unit, old, new } in chain(a, b) {
        let (Some(old), Some(new)) = (old, new) else { continue };
        if (new / old - 1.0).abs() > NO_CHANGE {
            let share = log_mean * power * libm::log(new / old);
            left -= share;
            let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "-".to_owned());
            let names = match cause {
                Cause::Chip => format!(" ({} -> {})", name(&a.accelerator), name(&b.accelerator)),
                Cause::Grid => format!(" ({} -> {})", name(&a.grid_place), name(&b.grid_place)),
                _ => String::new(),
            };
            shares.push(Share::new(cause, share, format!("{} -> {}{unit}{names}", number(old), number(new))));
        }
    }
    // The figure of a mixture of places is its geometric mean, and the mean of what is drawn from it moves otherwise: where compute is what it
    // was, that is the grid's.
    let is_a_mixture = |place: &str| PlaceMixture::parse(place).is_some();
    let is_mixed = [a, b].iter().any(|run| run.grid_place.as_deref().is_some_and(is_a_mixture));
    let is_the_grids = is_mixed && !shares.iter().any(|share| share.cause == rest || share.cause == Cause::Compute);
    // What is left belongs to the factor of the same cause; what sums of floats leave, to any.
    let is_rounding = left.abs() <= NO_CHANGE * a.kg.max(b.kg);
    let takes = |share: &Share| is_rounding || share.cause == rest || (is_the_grids && share.cause == Cause::Grid);
    match shares.iter_mut().find(|share| takes(share)) {
        Some(share) => share.kgco2e += left,
        None => shares.push(Share::new(rest, left, String::new())),
    }
    shares
}

/// A factor of a tier's chain: the emissions go with its `power`.
struct Factor {
    cause: Cause,
    power: f64,
    /// Its unit, behind a space.
    unit: &'static str,
    old: Option<f64>,
    new: Option<f64>,
}

/// Factors of a tier's chain.
fn chain(a: &RunFigures, b: &RunFigures) -> Vec<Factor> {
    let of = |read: fn(&RunFigures) -> Option<f64>| (read(a), read(b));
    let mut chain = Vec::new();
    let mut add = |cause, power, unit, (old, new): (Option<f64>, Option<f64>)| chain.push(Factor { cause, power, unit, old, new });
    // H = C / (peak x MFU x 3600): the peak rate that the medians imply, which is that of the chip or the mean of a mixture.
    let peak = |run: &RunFigures| Some(run.flop? / (run.hours? * run.mfu? * 3600.0));
    match a.tier {
        1 => {}
        2 => add(Cause::Compute, 1.0, " kWh", of(|run| run.kwh)),
        3 => add(Cause::Compute, 1.0, " device hours", of(|run| run.hours)),
        tier => {
            let cause = if tier == 4 { Cause::Compute } else { Cause::Regression };
            add(cause, 1.0, " FLOP", of(|run| run.flop));
            if a.accelerator != b.accelerator {
                add(Cause::Chip, -1.0, " FLOP/s", (peak(a), peak(b)));
            }
            add(Cause::Mfu, -1.0, "", of(|run| run.mfu));
        }
    }
    if a.tier >= 3 {
        add(Cause::Power, 1.0, " W", of(|run| run.power_w));
        add(Cause::Pue, 1.0, "", of(|run| run.pue));
    }
    if a.tier >= 2 {
        add(Cause::Grid, 1.0, " g/kWh", of(|run| run.grid));
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> RunFigures {
        RunFigures {
            role: "pretrained".into(),
            tier: 4,
            kg: 1000.0,
            flop: Some(1e22),
            hours: Some(100.0),
            power_w: Some(700.0),
            mfu: Some(0.4),
            pue: Some(1.1),
            grid: Some(400.0),
            ..RunFigures::default()
        }
    }

    fn shares(b: &RunFigures) -> Vec<(Cause, f64)> {
        of_both(&run(), b, &FxHashMap::default(), &FxHashMap::default())
            .into_iter()
            .map(|share| (share.cause, share.kgco2e))
            .collect()
    }

    /// 1,000 kg x 1.21 / 1.1 = 1,100 kg: all of it is the PUE.
    #[test]
    fn one_factor_takes_the_whole_change() {
        let found = shares(&RunFigures { kg: 1100.0, pue: Some(1.21), ..run() });
        assert_eq!(found.len(), 1);
        assert!(found[0].0 == Cause::Pue && (found[0].1 - 100.0).abs() < 1e-9, "{found:?}");
    }

    /// Grid doubled and power halved: both are there, and they cancel.
    #[test]
    fn two_factors_share_by_their_logarithms_and_add_up() {
        let found = shares(&RunFigures { kg: 2000.0, grid: Some(1600.0), power_w: Some(350.0), ..run() });
        let of = |cause| found.iter().find(|(found, _)| *found == cause).unwrap().1;
        // L = 1000 / ln 2; the grid adds L ln 4 = 2,000, power L ln (1/2) = -1,000.
        assert!((of(Cause::Grid) - 2000.0).abs() < 1e-9 && (of(Cause::Power) + 1000.0).abs() < 1e-9, "{found:?}");
        assert!((found.iter().map(|(_, kg)| kg).sum::<f64>() - 1000.0).abs() < 1e-9);
    }

    /// Regression: an eighth of what another grid value changed was told as the regressions', because the mean over the places of a mixture moves
    /// otherwise than its geometric mean. 1,000 kg x 440 / 400 = 1,100 kg, and 20 kg of the mixture.
    #[test]
    fn what_a_mixture_of_places_leaves_is_the_grids() {
        let mixed = |run: RunFigures| RunFigures { grid_place: Some("mixture:FRA".into()), ..run };
        let [old, new] = [mixed(run()), mixed(RunFigures { kg: 1120.0, grid: Some(440.0), ..run() })];
        let found = of_both(&old, &new, &FxHashMap::default(), &FxHashMap::default());
        assert!(found.len() == 1 && found[0].cause == Cause::Grid && (found[0].kgco2e - 120.0).abs() < 1e-9);
        // With other compute it may be the regressions', too.
        let more = mixed(RunFigures { flop: Some(2e22), kg: 2240.0, grid: Some(440.0), ..run() });
        assert!(of_both(&old, &more, &FxHashMap::default(), &FxHashMap::default()).len() > 2);
    }

    #[test]
    fn what_no_factor_shows_is_the_regressions_or_the_method() {
        assert_eq!(shares(&RunFigures { kg: 900.0, ..run() }), [(Cause::Regression, -100.0)]);
        assert_eq!(shares(&RunFigures { kg: 900.0, method_version: 3, ..run() }), [(Cause::MethodVersion, -100.0)]);
        assert_eq!(shares(&RunFigures { kg: 900.0, tier: 3, ..run() }), [(Cause::Tier, -100.0)]);
        assert_eq!(shares(&RunFigures { kg: 900.0, role: "merge".into(), ..run() }), [(Cause::Role, -100.0)]);
        let with = RunFigures { kg: 900.0, evidence_ids: vec!["a/b#train_tokens#x".into()], ..run() };
        assert_eq!(shares(&with), [(Cause::Evidence, -100.0)]);
    }
}
