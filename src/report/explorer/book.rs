//! What the explorer holds: the models of the cohort with their figures, factors and evidence, by columns, to be read by its script.

use super::changes::Changes;
use super::held::{MOST_BYTES, Shelf, Texts, listed, ranked};
use crate::compare::Change;
use crate::domain::{Beside, ClosedSet, EvidenceSource, Field, Flag, Modality, Quantiles, Role, RunKind, Tier, TrainedOnSource};
use crate::error::Result;
use crate::report::About;
use crate::report::text::{name, page_of, plain, quoted};
use crate::report::words;
use crate::tables::lookup::{parts_whose, rows_whose};
use crate::tables::{EstimateRow, EvidenceRow, LineageMeanPart, ModelRow, RunRow};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Most rows of evidence of a model, those the estimate rests on first.
const MOST_EVIDENCE: usize = 24;
/// Models whose rows are read together.
const AT_A_TIME: usize = 10_000;
/// Most runs upstream that are listed of a model; merges may have hundreds.
const MOST_UPSTREAM: usize = 24;

/// Words of closed sets, by their position.
#[derive(Serialize)]
struct Words {
    tiers: Vec<&'static str>,
    /// The same in few words.
    from: Vec<&'static str>,
    roles: Vec<&'static str>,
    role_names: Vec<&'static str>,
    kinds: Vec<&'static str>,
    /// The same as ids of runs have them.
    kind_names: Vec<&'static str>,
    /// What a date of training is the date of.
    dates: Vec<&'static str>,
    modalities: Vec<&'static str>,
    modality_names: Vec<&'static str>,
    fields: Vec<&'static str>,
    field_names: Vec<&'static str>,
    units: Vec<&'static str>,
    sources: Vec<&'static str>,
    flags: Vec<&'static str>,
    /// By tier and by what is known beside it: steps of the calculation, each with how it comes about.
    steps: Vec<[Vec<[&'static str; 2]>; 8]>,
    countries: BTreeMap<String, String>,
}

/// One model, written as a list in this order. Numbers have six significant digits, those of evidence all; `t_` marks places in the list of texts.
#[derive(Serialize)]
struct Model {
    id: String,
    t_owner: Option<usize>,
    country: Option<String>,
    t_task: Option<usize>,
    modality: usize,
    date: Option<String>,
    /// What it is the date of.
    dated: Option<usize>,
    role: usize,
    p: Option<Vec<f64>>,
    params: Option<i64>,
    active: Option<i64>,
    downloads: Option<i64>,
    downloads_30d: Option<i64>,
    paper: Option<String>,
    stands_on: Option<String>,
    bases: Vec<String>,
    upstream: Vec<String>,
    upstream_runs: usize,
    is_complete: bool,
    /// Mean kg CO2e with everything upstream.
    lineage: f64,
    kind: Option<usize>,
    members: i64,
    tier: i32,
    run: Option<Vec<Value>>,
    evidence: Vec<Evidence>,
}

/// Figures and factors of a model's own run, written likewise.
#[derive(Serialize)]
struct Figures {
    kg: [f64; 4],
    kwh: [f64; 4],
    flop: [f64; 4],
    atci: Option<[f64; 4]>,
    hours: Option<f64>,
    t_chip: Option<usize>,
    watts: Option<f64>,
    mfu: Option<f64>,
    pue: Option<f64>,
    t_pue_source: Option<usize>,
    grid: Option<f64>,
    t_place: Option<usize>,
    grid_year: Option<i32>,
    t_grid_source: Option<usize>,
    /// Whether chip, power, MFU, PUE and grid are averages that stand in.
    stands_in: [bool; 5],
    /// Whether the grid is that of the owner's country, because nothing states the place.
    is_owners_grid: bool,
    /// What is known beside the figure, as its number.
    beside: usize,
    flags: Vec<usize>,
}

/// A row of evidence: field, value, text as written, source, locator, quote, whether the figure rests on it, reason of refusal, link.
#[derive(Serialize)]
struct Evidence(usize, Option<f64>, usize, usize, usize, usize, bool, Option<usize>, Option<usize>);

/// Everything the script reads.
#[derive(Serialize)]
pub(super) struct Book {
    edition: String,
    cohort: String,
    /// The cell of a model with the count of downloads that the cohort is cut by.
    cut_by: &'static str,
    /// Models of the cohort, also those that are not held.
    of_models: usize,
    words: Words,
    texts: Vec<String>,
    /// Names of the cells of a model, and of its figures.
    model_cells: Vec<String>,
    run_cells: Vec<String>,
    models: Vec<Vec<Value>>,
    /// Why the total changed since another snapshot, where the page is made beside one.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<Changes>,
}

/// Six significant digits, at half the bytes: with four, what was rounded once was rounded again where it is shown, and the two pages of a
/// snapshot differed (19,649 t: 19,600 in the report, 19,700 here).
fn rounded(x: f64) -> f64 {
    format!("{x:.5e}").parse().unwrap_or(x)
}

fn four(q: Quantiles) -> [f64; 4] {
    q.values().map(rounded)
}

fn position<S: ClosedSet>(member: S) -> usize {
    S::ALL.iter().position(|one| *one == member).unwrap_or_default()
}

/// Rows of the models that may be held, by id.
#[derive(Default)]
struct Rows {
    models: BTreeMap<String, ModelRow>,
    estimates: BTreeMap<String, EstimateRow>,
    lineage: BTreeMap<String, f64>,
    runs: BTreeMap<String, (usize, i64)>,
    evidence: BTreeMap<String, Vec<EvidenceRow>>,
}

impl Rows {
    fn read(dir: &Path, ids: &[String]) -> Result<Self> {
        let wanted = Arc::new(ids.iter().cloned().collect());
        let mut rows = Self::default();
        for row in rows_whose::<ModelRow>(dir, "model_id", &wanted)? {
            rows.models.insert(row.model_id.clone(), row);
        }
        for row in rows_whose::<EstimateRow>(dir, "model_id", &wanted)? {
            rows.estimates.insert(row.model_id.clone(), row);
        }
        for row in parts_whose::<LineageMeanPart>(dir, "model_id", &wanted)? {
            rows.lineage.insert(row.model_id, rounded(row.lineage_emissions_kgco2e_mean));
        }
        for row in rows_whose::<RunRow>(dir, "model_id", &wanted)? {
            rows.runs.insert(row.model_id, (position(row.kind), row.member_count));
        }
        for row in rows_whose::<EvidenceRow>(dir, "model_id", &wanted)? {
            rows.evidence.entry(row.model_id.clone()).or_default().push(row);
        }
        Ok(rows)
    }

    /// A model with everything that is known of it.
    fn model(&self, row: &ModelRow, texts: &mut Texts, run_cells: &mut Vec<String>) -> Result<Model> {
        let id = &row.model_id;
        let mut model = model(row, texts);
        let mut rests_on: &[String] = &[];
        if let Some(estimate) = self.estimates.get(id) {
            model.tier = estimate.tier.0.number();
            rests_on = &estimate.evidence_ids;
            if estimate.tier.0 != Tier::NoTraining {
                let (cells, values) = listed(&figures(estimate, texts))?;
                model.run = Some(values);
                *run_cells = cells;
            }
        }
        model.lineage = self.lineage.get(id).copied().unwrap_or_default();
        if let Some((kind, members)) = self.runs.get(id) {
            (model.kind, model.members) = (Some(*kind), *members);
        }
        let mut told: Vec<(bool, &EvidenceRow)> =
            self.evidence.get(id).into_iter().flatten().map(|row| (rests_on.contains(&row.evidence_id), row)).collect();
        told.sort_by_key(|(is_used, row)| (!is_used, row.reject_reason.is_some()));
        told.truncate(MOST_EVIDENCE);
        model.evidence = told.into_iter().map(|(is_used, row)| evidence(row, is_used, texts)).collect();
        Ok(model)
    }
}

impl Book {
    /// Reads the tables in `dir`.
    ///
    /// # Errors
    /// A table is missing, damaged or of another schema.
    pub(super) fn from_tables(dir: &Path, about: &About, change: Option<&Change>) -> Result<Self> {
        let (ids, of_models) = ranked(dir, &about.cohort)?;
        let (mut shelf, mut countries) = (Shelf::new(MOST_BYTES), BTreeMap::new());
        let (mut model_cells, mut run_cells) = (Vec::new(), Vec::new());
        'full: for ids in ids.chunks(AT_A_TIME) {
            let rows = Rows::read(dir, ids)?;
            for row in ids.iter().filter_map(|id| rows.models.get(id)) {
                let is_held = shelf.put(&row.model_id, |texts| {
                    let (cells, values) = listed(&rows.model(row, texts, &mut run_cells)?)?;
                    model_cells = cells;
                    Ok(values)
                })?;
                if !is_held {
                    break 'full;
                }
                countries.extend(row.owner_country.as_deref().map(|code| (name(code), words::country(&name(code)).to_owned())));
            }
        }
        let (texts, models) = shelf.take();
        Ok(Self {
            edition: plain(&about.edition),
            cohort: words::cohort(&about.cohort),
            cut_by: if words::is_cut_by_30_days(&about.cohort) { "downloads_30d" } else { "downloads" },
            of_models,
            words: closed_words(countries),
            texts,
            model_cells,
            run_cells,
            models,
            change: change.map(|change| Changes::new(change, rounded)),
        })
    }
}

fn model(row: &ModelRow, texts: &mut Texts) -> Model {
    let likely = || row.p.values().iter().map(|p| rounded(*p)).collect();
    let name_of_run = |run: &String| name(run);
    Model {
        id: name(&row.model_id),
        t_owner: row.owner.as_deref().map(|owner| texts.place(owner)),
        country: row.owner_country.as_deref().map(name),
        t_task: row.pipeline_tag.as_deref().map(|task| texts.place(task)),
        modality: position(row.modality),
        date: row.trained_on.map(|day| day.to_string()),
        dated: row.trained_on_source.map(position),
        role: position(row.role),
        p: (!row.p.is_certain()).then(likely),
        params: row.total_params,
        active: row.active_params,
        downloads: row.downloads_all_time,
        downloads_30d: row.downloads_30d,
        paper: row.arxiv_id.as_deref().and_then(crate::domain::address::paper),
        stands_on: row.stands_on_run_id.as_ref().map(name_of_run),
        bases: row.base_model_ids.iter().map(|base| name(base)).collect(),
        upstream: row.upstream_run_ids.iter().take(MOST_UPSTREAM).map(name_of_run).collect(),
        upstream_runs: row.upstream_run_ids.len(),
        is_complete: row.lineage_is_complete,
        lineage: 0.0,
        kind: None,
        members: 0,
        tier: 0,
        run: None,
        evidence: Vec::new(),
    }
}

fn figures(row: &EstimateRow, texts: &mut Texts) -> Figures {
    let mut place = |text: &Option<String>| text.as_deref().map(|text| texts.place(text));
    let stands_in = |flag: Option<bool>| flag == Some(true);
    let beside = Beside::of_flags(&row.flags);
    Figures {
        kg: four(row.emissions_kgco2e),
        kwh: four(row.energy_kwh),
        flop: four(row.train_flop),
        atci: row.atci_gco2e_per_pflop.map(four),
        // Stated hours are shown as they are stated.
        hours: row.accelerator_hours_p50.map(if beside.are_hours_stated || row.tier.0 == Tier::Hardware {
            f64::round
        } else {
            rounded
        }),
        t_chip: place(&row.accelerator),
        watts: row.power_w.map(rounded),
        mfu: row.mfu.map(rounded),
        pue: row.pue.map(rounded),
        t_pue_source: place(&row.pue_source),
        grid: row.grid_gco2e_per_kwh.map(rounded),
        t_place: place(&row.grid_place),
        grid_year: row.grid_year,
        t_grid_source: place(&row.grid_source),
        stands_in: [
            stands_in(row.accelerator_is_fallback),
            stands_in(row.power_is_fallback),
            stands_in(row.mfu_is_fallback),
            stands_in(row.pue_is_fallback),
            stands_in(row.grid_is_fallback) || stands_in(row.grid_is_owner_country),
        ],
        is_owners_grid: row.grid_is_owner_country == Some(true),
        beside: beside.number(),
        flags: row.flags.iter().filter(|flag| flag.is_taken(row.tier.0, beside)).map(|flag| position(*flag)).collect(),
    }
}

fn evidence(row: &EvidenceRow, is_used: bool, texts: &mut Texts) -> Evidence {
    Evidence(
        position(row.field),
        row.value,
        texts.place(&row.value_as_written),
        position(row.source),
        texts.place(&row.locator),
        texts.place(&quoted(&row.quote)),
        is_used,
        row.reject_reason.as_deref().map(|why| texts.place(why)),
        page_of(row.source_url.as_deref()).map(|url| texts.place(&url)),
    )
}

fn closed_words(countries: BTreeMap<String, String>) -> Words {
    Words {
        tiers: Tier::ALL.iter().map(|t| words::tier(*t)).collect(),
        from: Tier::ALL.iter().map(|t| words::estimated_from(*t)).collect(),
        roles: Role::ALL.iter().map(|r| words::role(*r)).collect(),
        role_names: Role::ALL.iter().map(|r| r.name()).collect(),
        kinds: RunKind::ALL.iter().map(|k| words::run_kind(*k)).collect(),
        kind_names: RunKind::ALL.iter().map(|k| k.name()).collect(),
        dates: TrainedOnSource::ALL.iter().map(|s| words::date(*s)).collect(),
        modalities: Modality::ALL.iter().map(|m| words::modality(*m)).collect(),
        modality_names: Modality::ALL.iter().map(|m| m.name()).collect(),
        fields: Field::ALL.iter().map(|f| words::field(*f)).collect(),
        field_names: Field::ALL.iter().map(|f| f.name()).collect(),
        units: Field::ALL.iter().map(|f| f.unit()).collect(),
        sources: EvidenceSource::ALL.iter().map(|s| words::source(*s)).collect(),
        flags: Flag::ALL.iter().map(|f| f.meaning().trim()).collect(),
        steps: Tier::ALL.iter().map(|tier| Beside::all().map(|beside| steps(*tier, beside))).collect(),
        countries,
    }
}

/// The steps of a tier by their names.
fn steps(tier: Tier, beside: Beside) -> Vec<[&'static str; 2]> {
    tier.steps(beside).into_iter().map(|(step, way)| [step.name(), way.name()]).collect()
}
