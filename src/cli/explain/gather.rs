//! Gathering what an explanation says: only the rows of one repository are read.

use super::alternatives::{alternatives, remark};
use super::around::AroundPart;
use super::chain;
use super::explanation::{Carried, Evidence, Explanation, Factors, Family, Figures, FlagText, Model, Relative, SCHEMA, TierPart};
use super::find::{Found, exactly, find};
use super::stated::StatedRun;
use super::tables::Tables;
use crate::cli::compose::{Access, Pipeline};
use arrow::array::{Array, AsArray, RecordBatch};
use hugging_carbon::config::CardsConfig;
use hugging_carbon::domain::source::SourceKind;
use hugging_carbon::domain::{ClosedSet, METHOD_VERSION, Role, Run, RunKind, Tier};
use hugging_carbon::engine::{Declared, Reports, Wanted};
use hugging_carbon::error::{Error, IoContext, Result};
use hugging_carbon::estimation::{FactorTables, build};
use hugging_carbon::reference::Reference;
use hugging_carbon::stages::estimate::{References, estimates_of_run};
use hugging_carbon::stages::tier::{self, Tiering};
use hugging_carbon::tables::lookup::{rows_between, rows_with};
use hugging_carbon::tables::{EstimateByTierRow, EstimateRow, EvidenceRow, LineageRow, ModelRow, Row, RunRow};
use std::path::Path;
use std::sync::Arc;

/// Relatives listed.
const SHOWN_RELATIVES: usize = 12;

/// A repository of the tables.
pub fn of_model(tables: &Tables, id: &str) -> Result<Explanation> {
    let Found { model, same_name } = find(&tables.dir, id)?;
    let run = known_run(&tables.dir, &tables.reference, &model)?;
    let mut explanation = of_repository(tables, &tables.dir, model, &run)?;
    explanation.same_name = same_name;
    let published = of_run_id::<EstimateByTierRow>(&tables.dir, &run.run_id)?;
    explanation.tiers = tier_parts(tables, &run, &published)?;
    Ok(explanation)
}

/// A repository that is in no index: its record goes through the stages of the pipeline that read records, in a directory of its own.
pub fn of_record(tables: &Tables, record: &Path) -> Result<Explanation> {
    let clean = tempfile::tempdir().at_path("cannot create", std::env::temp_dir())?;
    let (index, cards) = lay_down(record, clean.path())?;
    let mut config = tables.config.clone();
    config.source.kind = SourceKind::File;
    config.source.path = Some(index);
    config.cards = CardsConfig { path: cards, ..CardsConfig::default() };
    let pipeline = Pipeline::new(config, tables.reference.clone(), clean.path(), Access::default(), Reports::default());
    // The log of a run is not for whoever asks about one record.
    tracing::subscriber::with_default(tracing::subscriber::NoSubscriber::default(), || {
        pipeline.run(Wanted { from: None, until: Tiering::NAME }, false)
    })
    .map_err(|e| match e {
        // The index that was made of the record is gone when somebody reads this.
        Error::Input { what, remedy, .. } => Error::input(what.replace("index.jsonl:line 1: ", ""), record.display(), remedy),
        other => other,
    })?;
    let model = rows_of_table::<ModelRow>(&pipeline.work)?.into_iter().next();
    let model = model.ok_or_else(|| {
        let remedy = "give one record as https://huggingface.co/api/models/OWNER/NAME gives it";
        Error::input("the record was refused: it makes no model", record.display(), remedy)
    })?;
    let run = known_run(&pipeline.work, &tables.reference, &model)?;
    let mut explanation = of_repository(tables, &pipeline.work, model, &run)?;
    explanation.is_published = false;
    explanation.tiers = tier_parts(tables, &run, &[])?;
    Ok(explanation)
}

/// A training of which some figures are stated.
pub fn of_run(tables: &Tables, stated: StatedRun) -> Result<Explanation> {
    let StatedRun { run, words } = stated;
    let tiers = tier_parts(tables, &run, &[])?;
    Ok(Explanation { is_published: false, stated: words, kind: run.kind.map(RunKind::word), tiers, ..empty(tables) })
}

fn empty(tables: &Tables) -> Explanation {
    Explanation {
        schema: SCHEMA,
        snapshot: tables.snapshot.clone(),
        method_version: METHOD_VERSION,
        draws: tables.config.method.draws,
        is_published: true,
        same_name: Vec::new(),
        stated: Vec::new(),
        kind: None,
        model: None,
        family: None,
        evidence: Vec::new(),
        tiers: Vec::new(),
        carries: None,
    }
}

/// Everything but the tiers.
fn of_repository(tables: &Tables, dir: &Path, model: ModelRow, run: &Run) -> Result<Explanation> {
    let evidence = of_run_id::<EvidenceRow>(dir, &model.model_id)?.into_iter().map(evidence).collect();
    let carries = match &model.stands_on_run_id {
        Some(root) if run.tier() == Tier::NoTraining => carried(&tables.dir, root)?,
        _ => None,
    };
    let family = family(dir, &model, dir == tables.dir)?;
    let kind = run.kind.map(RunKind::word);
    Ok(Explanation { kind, model: Some(identity(model)), family: Some(family), evidence, carries, ..empty(tables) })
}

/// Rows whose key begins with an identifier and `#`; of a run's own identifier, all its rows.
fn of_run_id<R: Row>(dir: &Path, id: &str) -> Result<Vec<R>> {
    if id.contains('#') {
        rows_between(dir, id..&format!("{id}\0"))
    } else {
        rows_between(dir, &format!("{id}#")..&format!("{id}$"))
    }
}

fn rows_of_table<R: Row>(dir: &Path) -> Result<Vec<R>> {
    hugging_carbon::tables::io::rows(dir)?.collect()
}

/// The run of a repository, as the stage `tier` makes it.
fn known_run(dir: &Path, reference: &Reference, model: &ModelRow) -> Result<Run> {
    let own = of_run_id::<EvidenceRow>(dir, &model.model_id)?;
    let run = of_run_id::<RunRow>(dir, &model.model_id)?.into_iter().next();
    Ok(tier::known_run(&tier::References::new(reference), model, run.as_ref(), &own))
}

/// Every tier of a run: the calculation, and the figures that are published or, where none are, those of the stage `estimate`.
fn tier_parts(tables: &Tables, run: &Run, published: &[EstimateByTierRow]) -> Result<Vec<TierPart>> {
    if run.tier() == Tier::NoTraining {
        return Ok(Vec::new());
    }
    let factors = FactorTables::new(&tables.reference);
    let mut runs = vec![run.clone()];
    if let Some(root) = run.root_run_id.as_deref().and_then(|root| root.split_once('#')) {
        let model = exactly(&tables.dir, root.0)?;
        runs.extend(model.map(|model| known_run(&tables.dir, &tables.reference, &model)).transpose()?);
    }
    let basis = tables.basis(&factors, &runs)?;
    let made = if published.is_empty() {
        estimates_of_run(&References::new(&tables.reference), &basis, tables.config.method.draws, tables.config.method.seed, run)?
    } else {
        Vec::new()
    };
    let rows = if published.is_empty() { &made } else { published };
    let mut parts = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let built = build(run, row.tier.0, &basis, &factors)?;
        let mut text = String::new();
        chain::chain(&mut text, run, &built, &basis.fits)?;
        let figures = Figures::of_row(row);
        let may_have_been = alternatives(run, &built, tables.config.method.draws, tables.config.method.seed);
        let remarks = remark(&may_have_been).map_or_else(|| figures.remarks(), |mixture| vec![mixture]);
        parts.push(TierPart {
            tier: row.tier.0.number(),
            tier_name: row.tier_name.to_string(),
            is_headline: i == 0,
            steps: text.lines().map(|line| line.trim().to_owned()).collect(),
            figures,
            around_electricity: AroundPart::of_row(row),
            factors: Factors::of_row(row),
            flags: row.flags.iter().map(|flag| FlagText::new(*flag)).collect(),
            may_have_been,
            remarks,
        });
    }
    Ok(parts)
}

fn identity(model: ModelRow) -> Model {
    let likely = Role::ALL.iter().map(|role| (role.name(), model.p.share(*role))).filter(|(_, p)| *p >= 0.005);
    Model {
        role: model.role.name(),
        role_rule: model.role_rule.to_string(),
        role_probabilities: if model.p.is_certain() { Default::default() } else { likely.collect() },
        total_params: model.total_params,
        active_params: model.active_params,
        params_source: model.params_source.map(|source| source.to_string()),
        modality: model.modality.to_string(),
        pipeline_tag: model.pipeline_tag,
        license: model.license,
        trained_on: model.trained_on.map(|day| day.to_string()),
        trained_on_source: model.trained_on_source.map(|source| source.name()),
        possible_years: model.possible_years.clone().unwrap_or_default(),
        owner_country: model.owner_country,
        downloads_all_time: model.downloads_all_time,
        downloads_30d: model.downloads_30d,
        in_cohort: model.in_cohort,
        model_id: model.model_id,
    }
}

fn evidence(row: EvidenceRow) -> Evidence {
    Evidence {
        field: row.field.name(),
        value: row.value,
        unit: Some(row.unit).filter(|unit| !["", "1"].contains(&unit.as_str())),
        value_as_written: row.value_as_written,
        source: row.source.to_string(),
        locator: row.locator,
        source_url: row.source_url,
        quote: row.quote,
        confidence: row.confidence,
        accepted: row.accepted,
        reject_reason: row.reject_reason,
        evidence_id: row.evidence_id,
    }
}

/// `with_lineage`: whether the directory has the tables of the last stage.
fn family(dir: &Path, model: &ModelRow, with_lineage: bool) -> Result<Family> {
    let run = of_run_id::<RunRow>(dir, &model.model_id)?.into_iter().next();
    let mut family = Family {
        own_run_id: model.own_run_id.clone(),
        stands_on_run_id: model.stands_on_run_id.clone(),
        base_model_ids: model.base_model_ids.clone(),
        upstream_run_ids: model.upstream_run_ids.clone(),
        ..Family::default()
    };
    if let Some(run) = run {
        family.parent_run_id = run.parent_run_id;
        family.member_count = Some(run.member_count);
        family.group_rule = Some(run.group_rule.to_string());
    }
    if with_lineage {
        let id = model.model_id.as_str();
        if let Some(row) = rows_between::<LineageRow>(dir, id..&format!("{id}\0"))?.into_iter().next() {
            family.lineage_is_complete = Some(row.is_complete);
            family.own_emissions_kgco2e_mean = Some(row.own_emissions_kgco2e_mean);
            family.lineage_emissions_kgco2e_mean = Some(row.lineage_emissions_kgco2e_mean);
        }
        if let Some(root) = &model.stands_on_run_id {
            let mut relatives = relatives(dir, root)?;
            relatives.retain(|relative| relative.model_id != model.model_id);
            family.relative_count = relatives.len();
            relatives.truncate(SHOWN_RELATIVES);
            family.relatives = relatives;
        }
    }
    Ok(family)
}

/// Every repository whose weights come from a run.
fn relatives(dir: &Path, root: &str) -> Result<Vec<Relative>> {
    let relatives = |batch: &RecordBatch| {
        let column = |name: &str| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
        let (Some(ids), Some(roles)) = (column("model_id"), column("role")) else { return Vec::new() };
        let relative = |row| Relative { model_id: ids.value(row).to_owned(), role: roles.value(row).to_owned() };
        (0..ids.len()).map(relative).collect()
    };
    let root: Arc<str> = root.into();
    let is_root = move |run_id: &str| *run_id == *root;
    rows_with(dir, ModelRow::NAME, ("stands_on_run_id", is_root), &["model_id", "role"], relatives)
}

fn carried(dir: &Path, root: &str) -> Result<Option<Carried>> {
    let row = of_run_id::<EstimateRow>(dir, root)?.into_iter().next();
    Ok(row.map(|row| Carried {
        run_id: row.run_id,
        figures: Figures {
            train_flop: row.train_flop.into(),
            energy_kwh: row.energy_kwh.into(),
            emissions_kgco2e: row.emissions_kgco2e.into(),
            atci_gco2e_per_pflop: row.atci_gco2e_per_pflop.map(Into::into),
        },
    }))
}

/// Lays a record down as an index of one model, and its card beside it. An index needs downloads, which decide nothing here.
fn lay_down(record: &Path, into: &Path) -> Result<(std::path::PathBuf, Option<std::path::PathBuf>)> {
    let bad = |what: String| {
        Error::input(what, record.display(), "give one record as https://huggingface.co/api/models/OWNER/NAME gives it")
    };
    let text = fs_err::read(record).at_path("cannot read", record)?;
    let mut value: serde_json::Value = serde_json::from_slice(&text).map_err(|e| bad(format!("not JSON: {e}")))?;
    let fields = value.as_object_mut().ok_or_else(|| bad("not a JSON object".to_owned()))?;
    let id = ["id", "modelId"].iter().find_map(|key| fields.get(*key)?.as_str().map(str::to_owned));
    let id = id.ok_or_else(|| bad("no text under the key 'id'".to_owned()))?;
    let card = fields.remove("card").filter(|card| !card.is_null());
    for key in ["downloads", "downloadsAllTime"] {
        fields.entry(key).or_insert_with(|| serde_json::json!(0));
    }
    let index = into.join("index.jsonl");
    fs_err::write(&index, format!("{value}\n")).at_path("cannot write", &index)?;
    let Some(card) = card else { return Ok((index, None)) };
    let text = card.as_str().ok_or_else(|| bad("the key 'card' holds no text".to_owned()))?;
    let cards = into.join("cards.jsonl");
    fs_err::write(&cards, format!("{}\n", serde_json::json!({"id": id, "card": text}))).at_path("cannot write", &cards)?;
    Ok((index, Some(cards)))
}
