//! normalize: typed records become models, runs and evidence.
//!
//! Two passes over `raw_models`, which is sorted by id: the first gathers the few facts lineage needs, the second writes, so that
//! the index itself is never held.

mod index;
mod reported;

pub use self::index::repo_facts;

use self::index::Index;
use self::reported::{from_card, names_hardware, refuse_what_the_text_contradicts, reported};
use crate::config::{CohortMetric, Config};
use crate::domain::{EvidenceSource, Field, TrainedOnSource};
use crate::error::{Error, Result};
use crate::evidence::Extracted;
use crate::evidence::index::{facts, params};
use crate::lineage::{Placement, Role, RunKind, run_id};
use crate::method::simulate::pow10;
use crate::pipeline::{Context, Outcome, Stage};
use crate::reference::TrainingRun;
use crate::tables::io::{TableWriter, rows};
use crate::tables::{EvidenceRow, ModelRow, RawCardRow, RawModelRow, Row, RunRow};
use libm::log10;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// Models read at a time: with a card of some kilobytes each a block stays near ten megabytes.
const BLOCK_ROWS: usize = 1_024;
/// The stage.
#[must_use]
pub fn stage() -> Stage {
    Stage {
        name: "normalize",
        version: 4,
        inputs: &["raw_models", "raw_cards"],
        outputs: &["models", "runs", "evidence"],
        settings: |config: &Config| json!({"cohort": config.cohort, "without_link_passes": config.method.without_link_passes}),
        external: super::no_external,
        run,
        intact: super::always_intact,
    }
}

fn run(context: &Context, out: &Path) -> Result<Outcome> {
    let index = Index::read(context)?;
    let mut models = TableWriter::<ModelRow>::create(out)?;
    let mut runs = TableWriter::<RunRow>::create(out)?;
    let mut evidence = TableWriter::<EvidenceRow>::create(out)?;
    let mut meter = context.meter(index.facts.len() as u64, "normalize");
    let mut raws = rows::<RawModelRow>(&context.work)?;
    let mut cards = rows::<RawCardRow>(&context.work)?.peekable();
    let mut first = 0;
    loop {
        let block: Vec<RawModelRow> = raws.by_ref().take(BLOCK_ROWS).collect::<Result<_>>()?;
        if block.is_empty() {
            break;
        }
        let block: Vec<(RawModelRow, Option<RawCardRow>)> = block
            .into_iter()
            .map(|raw| {
                let card = cards.next_if(|card| card.as_ref().map_or(true, |card| card.model_id == raw.model_id));
                Ok((raw, card.transpose()?))
            })
            .collect::<Result<_>>()?;
        if first + block.len() > index.facts.len() {
            return Err(Error::Internal("raw_models changed between two passes".into()));
        }
        // Reading a card is most of the work; rayon keeps the order of an indexed iterator.
        let done: Vec<(ModelRow, Vec<EvidenceRow>)> = block
            .par_iter()
            .enumerate()
            .map(|(at, (raw, card))| {
                let i = first + at;
                let (row, extracted) = model(context, &index, i, &index.placements[i], raw, card.as_ref());
                let evidence = evidence_rows(&row.model_id, extracted);
                (row, evidence)
            })
            .collect();
        for (at, (row, own)) in done.into_iter().enumerate() {
            for e in own {
                evidence.push(e)?;
            }
            if let Some(run) = run_row(&index, &index.placements[first + at], &row) {
                runs.push(run)?;
            }
            models.push(row)?;
        }
        first += block.len();
        meter.set(first as u64);
    }
    Ok(Outcome {
        outputs: BTreeMap::from([
            (ModelRow::NAME.into(), models.finish()?),
            (RunRow::NAME.into(), runs.finish()?),
            (EvidenceRow::NAME.into(), evidence.finish()?),
        ]),
        facts: BTreeMap::new(),
    })
}

/// Rows of evidence, sorted by key. An extractor that found a field several times has its rows numbered from the second on.
fn evidence_rows(model_id: &str, extracted: Vec<Extracted>) -> Vec<EvidenceRow> {
    let mut seen: FxHashMap<(Field, &'static str), usize> = FxHashMap::default();
    let mut rows: Vec<EvidenceRow> = extracted
        .into_iter()
        .map(|e| {
            let n = seen.entry((e.field, e.extractor)).or_default();
            *n += 1;
            let nth = *n;
            let mut row = e.into_row(model_id);
            if nth > 1 {
                row.evidence_id = format!("{}#{nth}", row.evidence_id);
            }
            row
        })
        .collect();
    rows.sort_by(|a, b| a.evidence_id.cmp(&b.evidence_id));
    rows
}

fn model(
    context: &Context,
    index: &Index,
    i: usize,
    placement: &Placement,
    raw: &RawModelRow,
    card: Option<&RawCardRow>,
) -> (ModelRow, Vec<Extracted>) {
    let reference = &context.reference;
    let registry = index.registered(reference, i);
    let mut extracted = Vec::new();
    let total = total_params(index, i, placement, raw, registry, &mut extracted);
    let active = active_params(index, i, raw, registry, total, &mut extracted);
    let date = facts::trained_on(raw, registry, placement.role == Role::Pretrained);
    if let Some((day, source, quote)) = &date {
        extracted.push(date_evidence(*day, *source, quote));
    }
    if let Some(run) = registry {
        let names_a_chip = run.accelerator.as_deref().is_some_and(|text| names_hardware(reference, text));
        let mut known = facts::from_registry(run, names_a_chip);
        // What was chosen above is there already; an active count that was passed over exceeds the total.
        known.retain(|e| !extracted.iter().any(|o| (o.field, o.extractor) == (e.field, e.extractor)));
        for e in known.iter_mut().filter(|e| e.field == Field::ActiveParams) {
            e.reject_reason = e.reject_reason.take().or_else(|| Some("more than the total".into()));
        }
        extracted.extend(known);
    }
    extracted.extend(reported(context, index, i, placement, raw));
    #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
    let size = total.map(|(n, _)| n as f64);
    extracted.extend(card.map(|card| from_card(context, index, i, placement, size, card)).unwrap_or_default());
    refuse_what_the_text_contradicts(&mut extracted);
    let owner = raw.model_id.split_once('/').map(|(owner, _)| owner.to_owned());
    let owner_country = owner
        .as_deref()
        .and_then(|o| reference.owners.country(o).map(|(iso, _)| iso.to_owned()))
        .or_else(|| registry.and_then(|r| r.country.as_deref()?.split('|').next().map(str::to_owned)));
    let license_tag = || raw.tags.iter().find_map(|t| t.strip_prefix("license:")).map(str::to_owned);
    let cohort = &context.config.cohort;
    let downloads = match cohort.metric {
        CohortMetric::DownloadsAllTime => raw.downloads_all_time,
        CohortMetric::Downloads30d => raw.downloads_30d,
    };
    let (upstream, lineage_is_complete) = index.upstream(i);
    let mut upstream_run_ids: Vec<String> =
        upstream.into_iter().filter_map(|at| Some(run_id(index.id(at), index.placements[at].own_run?))).collect();
    upstream_run_ids.sort();
    let row = ModelRow {
        model_id: raw.model_id.clone(),
        owner,
        created_at: raw.created_at,
        last_modified: raw.last_modified,
        downloads_30d: raw.downloads_30d,
        downloads_all_time: raw.downloads_all_time,
        likes: raw.likes,
        pipeline_tag: raw.pipeline_tag.clone(),
        modality: facts::modality(raw, registry).name().to_owned(),
        library: raw.library.clone(),
        license: raw.card_license.clone().or_else(license_tag),
        gated: raw.gated.clone(),
        arxiv_id: facts::arxiv_id(raw),
        total_params: total.map(|(n, _)| n),
        active_params: active.or(total.map(|(n, _)| n)),
        params_source: total.map(|(_, source)| source.to_owned()),
        role: placement.role.name().to_owned(),
        role_rule: placement.role_rule.to_owned(),
        base_model_ids: index.facts[i].base_ids.clone(),
        own_run_id: placement.own_run.map(|kind| run_id(&raw.model_id, kind)),
        stands_on_run_id: placement.root.map(|r| run_id(index.id(r), RunKind::Pretraining)),
        upstream_run_ids,
        lineage_is_complete,
        trained_on: date.as_ref().map(|(day, _, _)| *day),
        trained_on_source: date.map(|(_, source, _)| source.name().to_owned()),
        owner_country,
        in_cohort: downloads.is_some_and(|d| d > cohort.min),
    };
    (row, extracted)
}

fn date_evidence(day: crate::tables::Day, source: TrainedOnSource, quote: &str) -> Extracted {
    let (kind, extractor, confidence) = match source {
        TrainedOnSource::Registry => (EvidenceSource::Registry, "registry", 0.9),
        TrainedOnSource::Arxiv => (EvidenceSource::HubIndex, "arxiv_tag", 0.8),
        TrainedOnSource::CreatedAt | TrainedOnSource::CreatedAtFloor => (EvidenceSource::HubIndex, "created_at", 0.5),
    };
    Extracted {
        field: Field::TrainedOn,
        value: Some(f64::from(day.0)),
        unit: "days since 1970-01-01",
        as_written: day.to_string(),
        source: kind,
        locator: if kind == EvidenceSource::Registry { "training_runs.csv:trained_on" } else { "tags, createdAt" }.into(),
        quote: quote.to_owned(),
        extractor,
        confidence,
        reject_reason: None,
    }
}

/// Total parameters with their source, by the order of METHOD.md section 2. Copies and adapters have their base's.
fn total_params(
    index: &Index,
    i: usize,
    placement: &Placement,
    raw: &RawModelRow,
    registry: Option<&TrainingRun>,
    extracted: &mut Vec<Extracted>,
) -> Option<(i64, &'static str)> {
    let from_base = || {
        let base = index.chain(i).skip(1).find(|b| index.params[*b].is_some())?;
        #[allow(clippy::cast_precision_loss)]
        Some(params::from_base(Field::TotalParams, index.params[base]? as f64, &index.facts[base].model_id))
    };
    let from_registry = || {
        let run = registry?;
        facts::from_registry(run, false).into_iter().find(|e| e.field == Field::TotalParams && e.reject_reason.is_none())
    };
    let inherits = placement.role.copies_weights() || placement.role == Role::Adapter;
    let own = || params::from_files(raw).or_else(from_registry).or_else(|| params::from_name(&raw.model_id).0);
    let chosen = if inherits { from_base().or_else(own) } else { own().or_else(from_base) }?;
    #[allow(clippy::cast_possible_truncation)] // Bounded by the extractors.
    let n = chosen.value? as i64;
    let source = chosen.extractor;
    extracted.push(chosen);
    Some((n, source))
}

/// Active parameters where they differ from the total.
fn active_params(
    index: &Index,
    i: usize,
    raw: &RawModelRow,
    registry: Option<&TrainingRun>,
    total: Option<(i64, &'static str)>,
    extracted: &mut Vec<Extracted>,
) -> Option<i64> {
    #[allow(clippy::cast_precision_loss)]
    let total = total.map(|(n, _)| n as f64);
    let fits = |active: f64| total.is_none_or(|n| active <= n);
    let from_registry = registry.and_then(|run| {
        facts::from_registry(run, false).into_iter().find(|e| e.field == Field::ActiveParams && e.reject_reason.is_none())
    });
    let from_base = || {
        let base = index.chain(i).skip(1).find(|b| index.active[*b].is_some())?;
        #[allow(clippy::cast_precision_loss)]
        let base_total = index.params[base]? as f64;
        let same = total.is_none_or(|n| (n / base_total - 1.0).abs() < 0.05);
        same.then(|| params::from_base(Field::ActiveParams, index.active[base].unwrap_or_default(), &index.facts[base].model_id))
    };
    let from_regression = || {
        let (intercept, slope, n) = index.active_on_total?;
        let total = total.filter(|_| params::is_mixture_of_experts(raw))?;
        Some(params::active_from_regression(total, pow10(intercept + slope * log10(total)), n))
    };
    let fitting = |e: &Extracted| e.value.is_some_and(fits);
    let chosen = from_registry
        .filter(fitting)
        .or_else(|| params::from_name(&raw.model_id).1.filter(fitting))
        .or_else(|| from_base().filter(fitting))
        .or_else(|| from_regression().filter(fitting))?;
    #[allow(clippy::cast_possible_truncation)]
    let n = chosen.value? as i64;
    extracted.push(chosen);
    Some(n)
}

fn run_row(index: &Index, placement: &Placement, row: &ModelRow) -> Option<RunRow> {
    let kind = placement.own_run?;
    let parent = placement.parent.filter(|p| kind != RunKind::Pretraining && *p < index.facts.len()).and_then(|p| {
        let kind = index.placements[p].own_run?;
        Some(run_id(&index.facts[p].model_id, kind))
    });
    Some(RunRow {
        run_id: run_id(&row.model_id, kind),
        model_id: row.model_id.clone(),
        kind: kind.name().to_owned(),
        parent_run_id: parent,
        member_count: i64::try_from(placement.members).unwrap_or(i64::MAX),
        group_rule: placement.group_rule.to_owned(),
    })
}
