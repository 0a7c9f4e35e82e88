//! What the explorer holds: the models of the cohort with their figures, factors and evidence, by columns, to be read by its script.

use super::changes::Changes;
use crate::compare::Change;
use crate::domain::{ClosedSet, EvidenceSource, Field, Flag, Modality, Quantiles, Role, RunKind, Tier};
use crate::error::{Error, Result};
use crate::report::About;
use crate::report::text::{name, page_of, plain};
use crate::report::words;
use crate::tables::io::parts;
use crate::tables::lookup::{parts_whose, rows_whose};
use crate::tables::{DownloadsPart, EstimateRow, EvidenceRow, LineageMeanPart, ModelRow, RunRow};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Most models: what is downloaded most goes first. 8,000 take less than 10 MB.
const MOST_MODELS: usize = 12_000;
/// Most rows of evidence of a model, those the estimate rests on first.
const MOST_EVIDENCE: usize = 24;
/// Most runs upstream that are listed of a model; merges may have hundreds.
const MOST_UPSTREAM: usize = 24;

/// Text that is repeated: a cell holds its place in the list.
#[derive(Default)]
struct Texts {
    places: BTreeMap<String, usize>,
    list: Vec<String>,
}

impl Texts {
    fn place(&mut self, text: &str) -> usize {
        let text = plain(text);
        if let Some(place) = self.places.get(&text) {
            return *place;
        }
        self.list.push(text.clone());
        self.places.insert(text, self.list.len() - 1);
        self.list.len() - 1
    }
}

/// Words of closed sets, by their position.
#[derive(Serialize)]
struct Words {
    tiers: Vec<&'static str>,
    /// The same in few words.
    from: Vec<&'static str>,
    roles: Vec<&'static str>,
    role_names: Vec<&'static str>,
    kinds: Vec<&'static str>,
    modalities: Vec<&'static str>,
    modality_names: Vec<&'static str>,
    fields: Vec<&'static str>,
    field_names: Vec<&'static str>,
    units: Vec<&'static str>,
    sources: Vec<&'static str>,
    flags: Vec<&'static str>,
    countries: BTreeMap<String, String>,
}

/// One model, written as a list in this order. Numbers have six significant digits; `t_` marks places in the list of texts.
#[derive(Serialize)]
struct Model {
    id: String,
    t_owner: Option<usize>,
    country: Option<String>,
    t_task: Option<usize>,
    modality: usize,
    date: Option<String>,
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

/// Names and values of a structure: the names are written once, and so take no room in every model. What is unknown at the end is left
/// out.
fn listed(row: &impl Serialize) -> Result<(Vec<String>, Vec<Value>)> {
    let bug = |e: serde_json::Error| Error::Internal(format!("explorer: {e}"));
    let Value::Object(cells) = serde_json::to_value(row).map_err(bug)? else {
        return Err(Error::Internal("explorer: a row is no structure".into()));
    };
    let (names, mut values): (Vec<String>, Vec<Value>) = cells.into_iter().unzip();
    let known =
        values.iter().rposition(|v| !v.is_null() && v.as_array().is_none_or(|list| !list.is_empty())).map_or(0, |at| at + 1);
    values.truncate(known);
    Ok((names, values))
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

impl Book {
    /// Reads the tables in `dir`.
    ///
    /// # Errors
    /// A table is missing, damaged or of another schema.
    pub(super) fn from_tables(dir: &Path, about: &About, change: Option<&Change>) -> Result<Self> {
        let mut texts = Texts::default();
        let (held, of_models) = members(dir)?;
        let wanted = Arc::new(held.iter().map(|row| row.model_id.clone()).collect());
        let mut models: BTreeMap<String, Model> = held.iter().map(|row| (row.model_id.clone(), model(row, &mut texts))).collect();
        let mut rests_on: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut run_cells = Vec::new();
        for row in rows_whose::<EstimateRow>(dir, "model_id", &wanted)? {
            let Some(model) = models.get_mut(&row.model_id) else { continue };
            model.tier = row.tier.0.number();
            if row.tier.0 != Tier::NoTraining {
                let (cells, values) = listed(&figures(&row, &mut texts))?;
                model.run = Some(values);
                run_cells = cells;
            }
            rests_on.insert(row.model_id, row.evidence_ids);
        }
        for row in parts_whose::<LineageMeanPart>(dir, "model_id", &wanted)? {
            let Some(model) = models.get_mut(&row.model_id) else { continue };
            model.lineage = rounded(row.lineage_emissions_kgco2e_mean);
        }
        for row in rows_whose::<RunRow>(dir, "model_id", &wanted)? {
            let Some(model) = models.get_mut(&row.model_id) else { continue };
            (model.kind, model.members) = (Some(position(row.kind)), row.member_count);
        }
        take_evidence(rows_whose(dir, "model_id", &wanted)?, &mut models, &rests_on, &mut texts);
        let countries =
            models.values().filter_map(|m| m.country.clone()).map(|code| (code.clone(), words::country(&code).to_owned()));
        let words = closed_words(countries.collect());
        let (mut model_cells, mut lists) = (Vec::new(), Vec::with_capacity(models.len()));
        for model in models.values() {
            let (cells, values) = listed(model)?;
            model_cells = cells;
            lists.push(values);
        }
        Ok(Self {
            edition: plain(&about.edition),
            cohort: words::cohort(&about.cohort),
            of_models,
            words,
            texts: texts.list,
            model_cells,
            run_cells,
            models: lists,
            change: change.map(|change| Changes::new(change, rounded)),
        })
    }
}

/// The models of the cohort that are held, what is downloaded most first, and how many there are.
fn members(dir: &Path) -> Result<(Vec<ModelRow>, usize)> {
    let mut held: Vec<(i64, String)> = Vec::new();
    let mut of_models = 0;
    let cut = |held: &mut Vec<(i64, String)>| {
        held.sort_by(|(a, a_id), (b, b_id)| b.cmp(a).then_with(|| a_id.cmp(b_id)));
        held.truncate(MOST_MODELS);
    };
    for row in parts::<DownloadsPart>(dir)? {
        let row = row?;
        if row.in_cohort {
            of_models += 1;
            held.push((row.downloads_all_time.or(row.downloads_30d).unwrap_or(-1), row.model_id));
            if held.len() >= 2 * MOST_MODELS {
                cut(&mut held);
            }
        }
    }
    cut(&mut held);
    let wanted = Arc::new(held.iter().map(|(_, id)| id.clone()).collect());
    let rows = rows_whose::<ModelRow>(dir, "model_id", &wanted)?;
    let mut rows: BTreeMap<String, ModelRow> = rows.into_iter().map(|row| (row.model_id.clone(), row)).collect();
    Ok((held.iter().filter_map(|(_, id)| rows.remove(id)).collect(), of_models))
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
    Figures {
        kg: four(row.emissions_kgco2e),
        kwh: four(row.energy_kwh),
        flop: four(row.train_flop),
        atci: row.atci_gco2e_per_pflop.map(four),
        hours: row.accelerator_hours_p50.map(rounded),
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
        flags: row.flags.iter().map(|flag| position(*flag)).collect(),
    }
}

fn take_evidence(
    evidence: Vec<EvidenceRow>,
    models: &mut BTreeMap<String, Model>,
    rests_on: &BTreeMap<String, Vec<String>>,
    texts: &mut Texts,
) {
    for row in evidence {
        let Some(model) = models.get_mut(&row.model_id) else { continue };
        let is_used = rests_on.get(&row.model_id).is_some_and(|ids| ids.contains(&row.evidence_id));
        let line = Evidence(
            position(row.field),
            row.value.map(rounded),
            texts.place(&row.value_as_written),
            position(row.source),
            texts.place(&row.locator),
            texts.place(&row.quote),
            is_used,
            row.reject_reason.as_deref().map(|why| texts.place(why)),
            page_of(row.source_url.as_deref()).map(|url| texts.place(&url)),
        );
        model.evidence.push(line);
    }
    for model in models.values_mut() {
        model.evidence.sort_by_key(|line| (!line.6, line.7.is_some()));
        model.evidence.truncate(MOST_EVIDENCE);
    }
}

fn closed_words(countries: BTreeMap<String, String>) -> Words {
    Words {
        tiers: Tier::ALL.iter().map(|t| words::tier(*t)).collect(),
        from: Tier::ALL.iter().map(|t| words::estimated_from(*t)).collect(),
        roles: Role::ALL.iter().map(|r| words::role(*r)).collect(),
        role_names: Role::ALL.iter().map(|r| r.name()).collect(),
        kinds: RunKind::ALL.iter().map(|k| words::run_kind(*k)).collect(),
        modalities: Modality::ALL.iter().map(|m| words::modality(*m)).collect(),
        modality_names: Modality::ALL.iter().map(|m| m.name()).collect(),
        fields: Field::ALL.iter().map(|f| words::field(*f)).collect(),
        field_names: Field::ALL.iter().map(|f| f.name()).collect(),
        units: Field::ALL.iter().map(|f| f.unit()).collect(),
        sources: EvidenceSource::ALL.iter().map(|s| words::source(*s)).collect(),
        flags: Flag::ALL.iter().map(|f| f.meaning().trim()).collect(),
        countries,
    }
}
