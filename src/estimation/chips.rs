//! Which accelerators a run is taken to have run on: stated ones, those of its base, or what registry runs of its kind, scale, year and
//! class of owner used (docs/method.md, section 4).

use super::basis::Root;
use super::factors::{GOOGLE, Mixtures, YEARS, stated_operator};
use super::{FactorTables, agents};
use crate::domain::{ChipMixture, Field, Flag, MixtureRole, OwnerClass, Run, RunKind};
use crate::method::assumptions as assume;
use crate::method::simulate::Chip;
use crate::reference::{Accelerator, NodePower};
use crate::units::Flop;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Chips and their source.
#[derive(Clone, Debug)]
pub struct Chips<'a> {
    /// Possible chips; weights sum to one.
    pub set: Cow<'a, [Chip]>,
    /// The chip, the candidates joined by ` | `, or the [`ChipMixture`]'s name.
    pub name: String,
    /// Whether they are what registry runs used: nothing tells of these.
    pub is_mixture: bool,
    /// What names it.
    pub source: String,
    /// Whether nothing states it.
    pub is_fallback: bool,
    /// Measurements the power rests on.
    pub power_source: String,
    /// Share and host factor, for one chip.
    pub power: Option<NodePower>,
    /// Whether another vendor's measurements stand in for some of the chips.
    pub power_is_fallback: bool,
}

/// Mixtures by role, class of owner and year, built once.
#[derive(Debug)]
pub(super) struct ChipMixtures(BTreeMap<(MixtureRole, OwnerClass, i32), OfYear>);

/// What the runs of a year used.
#[derive(Debug)]
struct OfYear {
    chips: Vec<Chip>,
    /// Whether some power ratio is another vendor's.
    power_is_fallback: bool,
    /// Blends with the chips of trainings at scale, by step of their share; each made when a run first asks for it.
    blends: [OnceLock<Vec<Chip>>; STEPS],
}

/// Shares between none and all of it.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // A small whole number.
const STEPS: usize = assume::STEPS_OF_SCALE as usize - 1;

impl ChipMixtures {
    pub(super) fn new(tables: &FactorTables) -> Self {
        let mut mixtures = BTreeMap::new();
        for &role in MixtureRole::ALL {
            for class in OwnerClass::ALL {
                for year in YEARS {
                    let (_, mixture) = tables.chip_use.mixture(role, *class, year);
                    let (chips, power_is_fallback) = weighted(tables, mixture);
                    let blends = std::array::from_fn(|_| OnceLock::new());
                    mixtures.insert((role, *class, year), OfYear { chips, power_is_fallback, blends });
                }
            }
        }
        Self(mixtures)
    }

    fn get(&self, role: MixtureRole, class: OwnerClass, year: i32) -> &OfYear {
        // `new` fills every year of the range for all roles and classes.
        &self.0[&(role, class, year.clamp(*YEARS.start(), *YEARS.end()))]
    }
}

/// Chips that have a peak and a TDP, and whether some power ratio is another vendor's.
fn weighted(tables: &FactorTables, chips: Vec<(&Accelerator, f64)>) -> (Vec<Chip>, bool) {
    let usable: Vec<(&Accelerator, f64)> =
        chips.into_iter().filter(|(a, _)| a.training_peak().is_some() && a.tdp().is_some()).collect();
    let total: f64 = usable.iter().map(|(_, w)| w).sum();
    let mut fallback = false;
    let chips = usable
        .into_iter()
        .filter_map(|(a, weight)| {
            let power = tables.power.node_power(a);
            fallback |= power.is_fallback;
            let name = a.accelerator.clone();
            Some(Chip { name, weight: weight / total, peak: a.training_peak()?, tdp: a.tdp()?, power_ratio: power.ratio })
        })
        .collect();
    (chips, fallback)
}

/// Probability that a training of so much compute, in the middle of what is believed, is of the scale of a pre-training and runs on several
/// machines, in steps; zero where compute is not known apart from the chain.
#[must_use]
pub fn at_scale(compute: Option<Flop>, tables: &FactorTables) -> f64 {
    let probability = compute.map_or(0.0, |flop| tables.chip_use.on_several_machines(flop));
    (probability * assume::STEPS_OF_SCALE).round() / assume::STEPS_OF_SCALE
}

/// What registry runs used.
struct Mixture<'a> {
    name: ChipMixture,
    set: &'a [Chip],
    power_is_fallback: bool,
}

/// The chips of registry runs that stand for those of a run: Google trains on its own, and who rents machines there has any chip. Others
/// have the chips of trainings at scale with the probability that the training is one, else those of its kind.
fn mixture_of<'a>(
    run: &Run,
    (kind, year, compute): (Option<RunKind>, i32, Option<Flop>),
    mixtures: &'a Mixtures,
    tables: &FactorTables,
) -> Mixture<'a> {
    let of_role = |role| mixtures.chips.get(role, run.owner.class, year);
    let one = |role: MixtureRole| {
        let OfYear { chips, power_is_fallback, .. } = of_role(role);
        let name = ChipMixture::one(role, year);
        Mixture { name, set: chips, power_is_fallback: *power_is_fallback }
    };
    let of_owner = run.owner.name.as_deref().and_then(|owner| tables.owners.operator(owner));
    if of_owner == Some(GOOGLE) && stated_operator(run).is_none_or(|operator| operator == GOOGLE) {
        return one(MixtureRole::GoogleTpu);
    }
    let of_kind = MixtureRole::of_kind(kind);
    let (small, large) = (of_role(of_kind), of_role(MixtureRole::PretrainingAtScale));
    let share = at_scale(compute, tables);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // A whole number of steps.
    let step = (share * assume::STEPS_OF_SCALE).round() as usize;
    // Neither none nor all of it.
    let Some(blend) = step.checked_sub(1).and_then(|step| small.blends.get(step)) else {
        return one(if share > 0.0 { MixtureRole::PretrainingAtScale } else { of_kind });
    };
    Mixture {
        name: ChipMixture { role: of_kind, share_at_scale: share, year },
        set: blend.get_or_init(|| blended(&small.chips, &large.chips, share)),
        power_is_fallback: small.power_is_fallback || large.power_is_fallback,
    }
}

/// Chips of two mixtures, the second with a share.
fn blended(first: &[Chip], second: &[Chip], share: f64) -> Vec<Chip> {
    let scaled = |chip: &Chip, by: f64| Chip { weight: chip.weight * by, ..chip.clone() };
    let mut out: Vec<Chip> = first.iter().map(|chip| scaled(chip, 1.0 - share)).collect();
    for chip in second {
        match out.iter_mut().find(|known| known.name == chip.name) {
            Some(known) => known.weight += chip.weight * share,
            None => out.push(scaled(chip, share)),
        }
    }
    out
}

/// The chips of one thing that a run may have been: where a mixture stands for the run's chips, that of the part's kind, year and compute.
pub(super) fn of_part<'a>(
    run: &Run,
    chips: &Chips<'a>,
    part: (Option<RunKind>, i32, Option<Flop>),
    mixtures: &'a Mixtures,
    tables: &FactorTables,
) -> Cow<'a, [Chip]> {
    if chips.is_mixture { mixture_of(run, part, mixtures, tables).set.into() } else { chips.set.clone() }
}

/// The stated chip, the candidates the evidence leaves open, or what runs of that role and year used; of that scale, where the compute
/// in the middle is known apart from the chain.
#[must_use]
pub fn chips<'a>(
    run: &Run,
    (year, compute, of_root): (i32, Option<Flop>, Option<&Root>),
    mixtures: &'a Mixtures,
    tables: &FactorTables,
    flags: &mut Vec<Flag>,
) -> Chips<'a> {
    let stated = of_names(&run.hardware.accelerators, tables, || evidence_of(run, Field::Accelerator));
    if let Some(chips) = stated {
        flags.extend((chips.set.len() > 1).then_some(Flag::AcceleratorVariantOpen));
        return with_power_flag(chips, flags);
    }
    if let Some(machine) = agents::is_agent(run).then(|| machine_of_an_agent(tables)).flatten() {
        return with_power_flag(machine, flags);
    }
    if let Some(chips) = of_root.and_then(|root| of_the_base(run, root, tables)) {
        flags.push(Flag::AcceleratorOfTheBase);
        return with_power_flag(chips, flags);
    }
    flags.push(Flag::AcceleratorMixture);
    let Mixture { name, set, power_is_fallback } = mixture_of(run, (run.kind, year, compute), mixtures, tables);
    with_power_flag(
        Chips {
            name: name.to_string(),
            is_mixture: true,
            source: "registry runs of that role, year and class of owner".into(),
            set: set.into(),
            is_fallback: true,
            power_source: "measured runs per chip".into(),
            power: None,
            power_is_fallback,
        },
        flags,
    )
}

/// The chips that are stated of the training that a post-training by the same house starts from: it runs on the machines of that one.
fn of_the_base<'a>(run: &Run, root: &Root, tables: &FactorTables) -> Option<Chips<'a>> {
    let source = || format!("stated of {}", run.root_run_id.as_deref().unwrap_or_default());
    let chips = of_names(&root.accelerators, tables, source).filter(|_| run.kind == Some(RunKind::PostTraining))?;
    Some(Chips { is_fallback: true, ..chips })
}

/// Chips by their names, weighted by their use; none where none of them has a peak and a rating.
fn of_names<'a>(names: &[String], tables: &FactorTables, source: impl Fn() -> String) -> Option<Chips<'a>> {
    let (set, power_is_fallback) = weighted(tables, tables.chip_use.weights(names));
    if set.is_empty() {
        return None;
    }
    let power = match set.as_slice() {
        [one] => tables.accelerators.get(&one.name).map(|a| tables.power.node_power(a)),
        _ => None,
    };
    Some(Chips {
        name: set.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(" | "),
        is_mixture: false,
        source: source(),
        is_fallback: false,
        power_source: power.as_ref().map_or_else(|| "measured runs per chip".to_owned(), |p| p.source.clone()),
        power,
        set: set.into(),
        power_is_fallback,
    })
}

/// The chip of a notebook, which stands for the machine that an agent learns on.
fn machine_of_an_agent(tables: &FactorTables) -> Option<Chips<'static>> {
    let chip = tables.accelerators.get(agents::CHIP)?;
    let (set, power_is_fallback) = weighted(tables, vec![(chip, 1.0)]);
    let power = tables.power.node_power(chip);
    Some(Chips {
        name: chip.accelerator.clone(),
        is_mixture: false,
        source: "agents.csv: a notebook's machine".into(),
        is_fallback: true,
        power_source: power.source.clone(),
        power: Some(power),
        set: set.into(),
        power_is_fallback,
    })
}

fn with_power_flag<'a>(chips: Chips<'a>, flags: &mut Vec<Flag>) -> Chips<'a> {
    if chips.power_is_fallback {
        flags.push(Flag::PowerRatioOfAnotherVendor);
    }
    chips
}

fn evidence_of(run: &Run, field: Field) -> String {
    run.chosen.evidence(field).map_or_else(|| "evidence".to_owned(), |id| format!("evidence {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Modality;
    use crate::reference::Reference;

    fn of_kind(kind: RunKind) -> Run {
        Run::new("a/b", kind, Modality::Text)
    }

    fn named(run: &Run, compute: Option<Flop>, root: Option<&Root>, tables: &FactorTables) -> String {
        chips(run, (2024, compute, root), &Mixtures::new(tables), tables, &mut Vec::new()).name
    }

    /// Regression: 3e24 FLOP on another house's weights had chips of single machines; then all below 1e22 FLOP had, and none above.
    #[test]
    fn chips_follow_compute_gradually() {
        let tables = FactorTables::new(&Reference::load().unwrap());
        let run = of_kind(RunKind::FineTuning);
        let of = |flop| named(&run, Some(Flop(flop)), None, &tables);
        assert_eq!(
            [of(1e25), of(1e22), of(1e20), of(1e16)],
            [
                "mixture:pretraining_at_scale:2024",
                "mixture:fine_tuning+0.95_at_scale:2024",
                "mixture:fine_tuning+0.40_at_scale:2024",
                "mixture:fine_tuning:2024"
            ]
        );
        let mixtures = Mixtures::new(&tables);
        let peak = |flop: f64| -> f64 {
            let set = mixture_of(&run, (run.kind, 2024, Some(Flop(flop))), &mixtures, &tables).set;
            let (weights, log_peak) = set.iter().fold((0.0, 0.0), |(w, p), c| (w + c.weight, p + c.weight * c.peak.0.log10()));
            assert!((weights - 1.0).abs() < 1e-12, "{flop:e}: {weights}");
            log_peak
        };
        // Regression: half of the peak and half of the utilization at once, where one FLOP more or less decided.
        for tenth in 170..240 {
            let at = |tenth: i32| 10_f64.powf(f64::from(tenth) / 10.0);
            assert!((peak(at(tenth + 1)) - peak(at(tenth))).abs() < 0.05, "1e{}", f64::from(tenth) / 10.0);
        }
    }

    /// Regression: a possible pre-training of 1e24 FLOP had the chips of fine-tunes, because its repository is likelier one.
    #[test]
    fn what_a_run_may_have_been_has_chips_of_its_own() {
        let tables = FactorTables::new(&Reference::load().unwrap());
        let (run, mixtures) = (of_kind(RunKind::FineTuning), Mixtures::new(&tables));
        let weight = |set: &[Chip], part: &str| -> f64 { set.iter().filter(|c| c.name.contains(part)).map(|c| c.weight).sum() };
        let own = chips(&run, (2024, Some(Flop(1e17)), None), &mixtures, &tables, &mut Vec::new());
        let part = of_part(&run, &own, (Some(RunKind::Pretraining), 2024, Some(Flop(1e24))), &mixtures, &tables);
        assert!(weight(&part, "RTX") + weight(&part, "T4") < 0.01, "{part:?}");
        assert!(weight(&part, "H100") + weight(&part, "H800") > weight(&own.set, "H100") + weight(&own.set, "H800"));
        // Stated chips are those of whatever it was.
        let mut stated = run.clone();
        stated.hardware.accelerators = vec!["NVIDIA T4".to_owned()];
        let own = chips(&stated, (2024, Some(Flop(1e17)), None), &mixtures, &tables, &mut Vec::new());
        let part = of_part(&stated, &own, (Some(RunKind::Pretraining), 2024, Some(Flop(1e24))), &mixtures, &tables);
        assert_eq!(part.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["NVIDIA T4"]);
    }

    #[test]
    fn google_has_googles_chips_and_a_post_training_those_of_its_base() {
        let tables = FactorTables::new(&Reference::load().unwrap());
        // What strangers train in Google's cloud has any chip.
        let mut of_google = Run::new("google/x", RunKind::Pretraining, Modality::Text);
        of_google.owner.name = Some("google".to_owned());
        let mut in_its_cloud = of_kind(RunKind::Pretraining);
        in_its_cloud.place.operator = Some("google".to_owned());
        let names = [&of_google, &in_its_cloud].map(|run| named(run, None, None, &tables));
        assert_eq!(names, ["mixture:google_tpu:2024", "mixture:pretraining:2024"]);
        // A post-training by the house of its base runs on the base's chips, where they are stated; a stranger's fine-tune does not.
        let root = Root { flop: 1e24, accelerators: vec!["NVIDIA H800 SXM5 80GB".to_owned()] };
        let of_base = |kind| named(&of_kind(kind), None, Some(&root), &tables);
        assert_eq!(
            [of_base(RunKind::PostTraining), of_base(RunKind::FineTuning)],
            ["NVIDIA H800 SXM5 80GB", "mixture:fine_tuning:2024"]
        );
    }
}
