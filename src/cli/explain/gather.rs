//! Gathering what an explanation says: only the rows of one repository are read.

use super::alternatives::{alternatives, remark};
use super::around::AroundPart;
use super::explanation::{Carried, Evidence, Explanation, Factors, Family, Figures, FlagText, Model, Relative, SCHEMA, TierPart};
use super::find::{Found, downloads, exactly, find};
use super::stated::StatedRun;
use super::tables::Tables;
use super::{central, chain};
use arrow::array::{Array, AsArray, RecordBatch};
use hugging_carbon::domain::{
    Beside, ClosedSet, EvidenceSource, Field, METHOD_VERSION, Role, Run, RunKind, Tier, estimated_by_others,
};
use hugging_carbon::error::Result;
use hugging_carbon::estimation::{Contradiction, FactorTables, build, refuse_contradictions};
use hugging_carbon::reference::Reference;
use hugging_carbon::stages::estimate::{References, estimates_of_run};
use hugging_carbon::stages::tier;
use hugging_carbon::tables::lookup::{rows_between, rows_with};
use hugging_carbon::tables::{EstimateByTierRow, EstimateRow, EvidenceRow, LineageRow, ModelRow, Row, RunRow};
use std::cmp::Reverse;
use std::path::Path;
use std::sync::Arc;

/// Relatives listed.
const SHOWN_RELATIVES: usize = 12;

/// A repository of the tables.
pub fn of_model(tables: &Tables, id: &str) -> Result<Explanation> {
    let Found { model, same_name } = find(&tables.dir, id)?;
    let own = Own::read(&tables.dir, &model)?;
    let run = own.known_run(&tables.reference, &model);
    // Neither needs the other.
    let (explanation, published) = rayon::join(
        || of_repository(tables, &tables.dir, model, &run, &own),
        || of_run_id::<EstimateByTierRow>(&tables.dir, &run.run_id),
    );
    let (mut explanation, published) = (explanation?, published?);
    explanation.same_name = same_name;
    explanation.tiers = tier_parts(tables, &run, &published, by_others(&explanation.evidence))?;
    Ok(explanation)
}

/// A training of which some figures are stated.
pub fn of_run(tables: &Tables, stated: StatedRun) -> Result<Explanation> {
    let StatedRun { run, words } = stated;
    let tiers = tier_parts(tables, &run, &[], None)?;
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
pub(super) fn of_repository(tables: &Tables, dir: &Path, model: ModelRow, run: &Run, own: &Own) -> Result<Explanation> {
    let mut evidence: Vec<Evidence> = own.evidence.iter().cloned().map(evidence).collect();
    refuse_contradictions_in(&mut evidence, own, &tables.reference, &model);
    mark_passed_over(&mut evidence, &model);
    let carries = match &model.stands_on_run_id {
        Some(root) if run.tier() == Tier::NoTraining => carried(&tables.dir, root)?,
        _ => None,
    };
    let family = family(dir, &model, own.run.clone(), dir == tables.dir)?;
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

pub(super) fn rows_of_table<R: Row>(dir: &Path) -> Result<Vec<R>> {
    hugging_carbon::tables::io::rows(dir)?.collect()
}

/// What the tables have of a repository's own training, read once.
pub(super) struct Own {
    evidence: Vec<EvidenceRow>,
    run: Option<RunRow>,
}

impl Own {
    /// Of a repository.
    pub(super) fn read(dir: &Path, model: &ModelRow) -> Result<Self> {
        let id = &model.model_id;
        let (evidence, runs) = rayon::join(|| of_run_id::<EvidenceRow>(dir, id), || of_run_id::<RunRow>(dir, id));
        Ok(Self { evidence: evidence?, run: runs?.into_iter().next() })
    }

    /// The run of a repository, as the stage `tier` makes it.
    pub(super) fn known_run(&self, reference: &Reference, model: &ModelRow) -> Run {
        tier::known_run(&tier::References::new(reference), model, self.run.as_ref(), &self.evidence)
    }
}

/// Says of evidence that was accepted by itself and cannot be of one training with the rest, why it is passed over.
fn refuse_contradictions_in(evidence: &mut [Evidence], own: &Own, reference: &Reference, model: &ModelRow) {
    let Some(run) = &own.run else { return };
    let stated = tier::stated_run(&tier::References::new(reference), model, Some(run), &own.evidence);
    let mut left = stated.clone();
    for Contradiction { refused, words } in refuse_contradictions(&mut left, &reference.accelerators) {
        // Device hours may be the product of two rows.
        let hours = [Field::AcceleratorHours, Field::AcceleratorCount, Field::WallHours];
        let fields = refused
            .iter()
            .flat_map(|field| if *field == Field::AcceleratorHours { &hours[..] } else { std::slice::from_ref(field) });
        for id in fields.filter_map(|field| stated.chosen.evidence(*field)) {
            for row in evidence.iter_mut().filter(|row| row.evidence_id == id && row.accepted) {
                row.accepted = false;
                row.reject_reason = Some(format!("contradiction: {words}"));
            }
        }
    }
}

/// Of several accepted values of one field one is taken, by the rules of the stages tier and normalize; says so of the others.
fn mark_passed_over(evidence: &mut [Evidence], model: &ModelRow) {
    #[allow(clippy::cast_precision_loss)] // Counts of parameters.
    let of_model = [(Field::TotalParams, model.total_params), (Field::ActiveParams, model.active_params)]
        .map(|(field, params)| (field.name(), params.map(|n| n as f64)));
    // Each role has a row of its own, and a date may be the bound that another one is held against.
    let several = [Field::Role, Field::TrainedOn].map(Field::name);
    for at in 0..evidence.len() {
        let row = &evidence[at];
        if !row.accepted || several.contains(&row.field) {
            continue;
        }
        let rivals = evidence.iter().filter(|other| other.accepted && other.field == row.field);
        let taken = match of_model.iter().find(|(field, _)| *field == row.field) {
            Some((_, taken)) => rivals.filter(|other| other.value == *taken).max_by(|a, b| rank(a, b)),
            None => rivals.max_by(|a, b| rank(a, b)),
        };
        let Some(taken) = taken.filter(|taken| (taken.value, &taken.value_as_written) != (row.value, &row.value_as_written)) else {
            continue;
        };
        let is_same_number = taken.value.is_some() && taken.value == row.value;
        if !is_same_number {
            let words = format!("{} from {} is taken", super::text::evidence_value(taken), taken.source);
            evidence[at].passed_over = Some(words);
        }
    }
}

/// The order of the stage tier: most trusted, then by key.
fn rank(a: &Evidence, b: &Evidence) -> std::cmp::Ordering {
    a.confidence.total_cmp(&b.confidence).then(b.evidence_id.cmp(&a.evidence_id))
}

/// Every tier of a run: the calculation, and the figures that are published or, where none are, those of the stage `estimate`.
pub(super) fn tier_parts(
    tables: &Tables,
    run: &Run,
    published: &[EstimateByTierRow],
    others: Option<&str>,
) -> Result<Vec<TierPart>> {
    if run.tier() == Tier::NoTraining {
        return Ok(Vec::new());
    }
    let factors = FactorTables::new(&tables.reference);
    let mut runs = vec![run.clone()];
    if let Some(root) = run.root_run_id.as_deref().and_then(|root| root.split_once('#')) {
        let model = exactly(&tables.dir, root.0)?;
        let known = |model: &ModelRow| Own::read(&tables.dir, model).map(|own| own.known_run(&tables.reference, model));
        runs.extend(model.as_ref().map(known).transpose()?);
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
        chain::chain(&mut text, run, &built, &basis.fits, others)?;
        let figures = Figures::of_row(row);
        let may_have_been = alternatives(run, &built, tables.config.method.draws, tables.config.method.seed);
        let mut remarks = remark(&may_have_been).map_or_else(|| figures.remarks(), |mixture| vec![mixture]);
        remarks.extend(central::remark(run, &built, &figures));
        parts.push(TierPart {
            tier: row.tier.0.number(),
            tier_name: row.tier_name.to_string(),
            is_headline: i == 0,
            steps: text.lines().map(|line| line.trim().to_owned()).collect(),
            figures,
            around_electricity: AroundPart::of_row(row),
            factors: Factors::of_row(row),
            flags: flags(row),
            may_have_been,
            remarks,
        });
    }
    Ok(parts)
}

/// The flags of a row, and which of them the figure takes.
fn flags(row: &EstimateByTierRow) -> Vec<FlagText> {
    let beside = Beside::of_flags(&row.flags);
    row.flags.iter().map(|flag| FlagText::new(*flag, flag.is_taken(row.tier.0, beside))).collect()
}

/// The way in which others than the maker estimated the compute that is taken.
pub(super) fn by_others(evidence: &[Evidence]) -> Option<&str> {
    let is_taken = |row: &&Evidence| {
        row.field == Field::TrainFlop.name()
            && row.source == EvidenceSource::Registry.name()
            && row.accepted
            && row.passed_over.is_none()
    };
    evidence.iter().find(is_taken).and_then(|row| estimated_by_others(&row.quote))
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
        passed_over: None,
        evidence_id: row.evidence_id,
    }
}

/// `with_lineage`: whether the directory has the tables of the last stage.
fn family(dir: &Path, model: &ModelRow, run: Option<RunRow>, with_lineage: bool) -> Result<Family> {
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

/// Every repository whose weights come from a run, the most downloaded first.
fn relatives(dir: &Path, root: &str) -> Result<Vec<Relative>> {
    let relatives = |batch: &RecordBatch| {
        let column = |name: &str| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
        let (Some(ids), Some(roles)) = (column("model_id"), column("role")) else { return Vec::new() };
        let relative = |row| Relative { model_id: ids.value(row).to_owned(), role: roles.value(row).to_owned() };
        (0..ids.len()).map(|row| (Reverse(downloads(batch, row)), relative(row))).collect()
    };
    let root: Arc<str> = root.into();
    let is_root = move |run_id: &str| *run_id == *root;
    let columns = ["model_id", "role", "downloads_30d", "downloads_all_time"];
    let mut relatives: Vec<(Reverse<i64>, Relative)> =
        rows_with(dir, ModelRow::NAME, ("stands_on_run_id", is_root), &columns, relatives)?;
    relatives.sort_by(|(n, a), (m, b)| n.cmp(m).then_with(|| a.model_id.cmp(&b.model_id)));
    Ok(relatives.into_iter().map(|(_, relative)| relative).collect())
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
