//! normalize: typed records become models, runs and evidence.
//!
//! Two passes over `raw_models`, which is sorted by id: the first gathers the few facts lineage needs, the second writes, so that
//! the index itself is never held.

use crate::config::{CohortMetric, Config};
use crate::error::{Error, Result};
use crate::evidence::card::{self, About, CardRole};
use crate::evidence::params::{self, Weights};
use crate::evidence::{Extracted, emissions, facts, hardware, names, place};
use crate::lineage::{self, Placement, Relation, RepoFacts, Resolution, Role, RunKind, run_id};
use crate::method::regression::{self, MIN_OBSERVATIONS, Observation};
use crate::method::simulate::pow10;
use crate::pipeline::{Context, Outcome, Stage};
use crate::reference::{CorrectedField, Correction, Reference, TrainingRun};
use crate::tables::io::{TableWriter, rows, table_path};
use crate::tables::{EvidenceRow, ModelRow, RawCardRow, RawModelRow, Row, RunRow};
use crate::units::GRAMS_PER_KG;
use libm::log10;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// Tags that are formats or libraries; the first other tag names the architecture (the Hub writes them in this order).
const FORMAT_TAGS: &[&str] = &[
    "transformers",
    "pytorch",
    "tf",
    "jax",
    "flax",
    "safetensors",
    "gguf",
    "ggml",
    "onnx",
    "rust",
    "coreml",
    "openvino",
    "tensorboard",
    "joblib",
    "keras",
    "tf-keras",
    "diffusers",
    "sentence-transformers",
    "peft",
    "mlx",
    "vllm",
    "timm",
    "adapter-transformers",
    "setfit",
    "pickle",
    "skops",
    "nemo",
    "paddlepaddle",
    "stable-baselines3",
    "spacy",
    "fastai",
    "sklearn",
    "allennlp",
    "espnet",
    "speechbrain",
    "transformers.js",
    "open_clip",
    "litert",
    "exllamav2",
    "mistral-common",
    "text-generation-inference",
    "chat",
    "code",
    "conversational",
];
/// Architectures whose names are as short as the codes of languages, which follow where the Hub knows no architecture.
const SHORT_ARCHITECTURES: &[&str] = &["t5", "vit", "mpt", "opt", "phi", "dpt", "led", "xlm", "bit", "esm", "dit", "glm", "yi"];

/// Relative difference within which a field and a text state one figure, rounded.
const AGREES_WITHIN: f64 = 0.05;
/// Models read at a time: with a card of some kilobytes each a block stays near ten megabytes.
const BLOCK_ROWS: usize = 1_024;
/// The registry's word for a continued pre-training.
const CONTINUED: &str = "continued";

/// The stage.
#[must_use]
pub fn stage() -> Stage {
    Stage {
        name: "normalize",
        version: 2,
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
    let mut seen: FxHashMap<(&'static str, &'static str), usize> = FxHashMap::default();
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

/// What the first pass gathers, by position in `raw_models`.
struct Index {
    facts: Vec<RepoFacts>,
    /// Models that are named as bases or registered, and are not in the index; their positions follow those of the repositories.
    absent: Vec<RepoFacts>,
    placements: Vec<Placement>,
    /// Best own figure for total parameters.
    params: Vec<Option<i64>>,
    /// Stated active parameters.
    active: Vec<Option<f64>>,
    /// Reported emissions in kg.
    emissions: FxHashMap<usize, f64>,
    /// Same figure to four digits, first to report it.
    first_with: FxHashMap<u64, usize>,
    active_on_total: Option<(f64, f64, usize)>,
    /// Registered pre-trainings whose own repository is not in the index, by the position of the sibling that carries them.
    adopted: FxHashMap<usize, usize>,
    /// Corrections whose expectation does not hold.
    failed_corrections: Vec<String>,
}

impl Index {
    fn read(context: &Context) -> Result<Self> {
        let mut index = Self {
            facts: Vec::new(),
            absent: Vec::new(),
            placements: Vec::new(),
            params: Vec::new(),
            active: Vec::new(),
            emissions: FxHashMap::default(),
            first_with: FxHashMap::default(),
            active_on_total: active_on_total(&context.reference),
            adopted: FxHashMap::default(),
            failed_corrections: Vec::new(),
        };
        if !table_path(&context.work, RawModelRow::NAME).exists() {
            return Err(Error::input("raw_models is missing", context.work.display(), "run: hugging-carbon ingest"));
        }
        for raw in rows::<RawModelRow>(&context.work)? {
            index.add(&context.reference, &raw?);
        }
        if !index.failed_corrections.is_empty() {
            return Err(Error::Verification(format!(
                "corrections no longer hold: {}\n  way out: the source was mended or changed; review data/reference/corrections.toml",
                index.failed_corrections.join("; ")
            )));
        }
        let Resolution { placements, absent } =
            lineage::resolve(&index.facts, known(&context.reference), &name_size, &context.config.method.without_link_passes);
        (index.placements, index.absent) = (placements, absent);
        index.count_members();
        index.find_first_reports();
        index.adopt_runs(&context.reference);
        Ok(index)
    }

    /// The registry names the base repository (Kimi-K2-Base). Where the index lacks it, the repository that carries its
    /// pre-training is the one of the same namespace, stem and size.
    fn adopt_runs(&mut self, reference: &Reference) {
        let present: FxHashSet<String> = self.facts.iter().map(|f| f.model_id.to_lowercase()).collect();
        let key = |id: &str| {
            let (owner, name) = id.split_once('/').unwrap_or(("", id));
            (owner.to_lowercase(), lineage::names::stem(name))
        };
        let mut absent: FxHashMap<(String, String), usize> = FxHashMap::default();
        for (r, run) in reference.registry.runs().iter().enumerate() {
            let Some(id) = run.hub_id.as_deref().filter(|id| run.kind == "pretraining" && !present.contains(&id.to_lowercase()))
            else {
                continue;
            };
            absent.entry(key(id)).or_insert(r);
        }
        for (i, (facts, placement)) in self.facts.iter().zip(&self.placements).enumerate() {
            if placement.own_run != Some(RunKind::Pretraining) || facts.registry_kind.is_some() {
                continue;
            }
            let Some(&r) = absent.get(&key(&facts.model_id)) else { continue };
            #[allow(clippy::cast_precision_loss)]
            let same_size = match (self.params[i], reference.registry.runs()[r].params) {
                (Some(n), Some(registered)) => (n as f64 / registered - 1.0).abs() < 0.1,
                _ => false,
            };
            if same_size {
                self.adopted.insert(i, r);
                absent.remove(&key(&facts.model_id));
            }
        }
    }

    /// The registry's run for a repository: its own, or the one it carries for an absent sibling.
    fn registered<'r>(&self, reference: &'r Reference, i: usize) -> Option<&'r TrainingRun> {
        let own = reference.registry.by_hub_id(&self.facts[i].model_id);
        own.or_else(|| self.adopted.get(&i).map(|r| &reference.registry.runs()[*r]))
    }

    fn add(&mut self, reference: &Reference, raw: &RawModelRow) {
        let i = self.facts.len();
        let registry = reference.registry.by_hub_id(&raw.model_id);
        let weights = params::weights(raw);
        let (name_total, name_active) = params::from_name(&raw.model_id);
        let number = |e: Option<Extracted>| e.and_then(|e| e.value);
        let total = number(params::from_files(raw)).or(registry.and_then(|r| r.params)).or(number(name_total));
        #[allow(clippy::cast_possible_truncation)] // Bounded by the extractors and the registry's data test.
        let rough_params = total.map(|n| n as i64);
        self.params.push(rough_params);
        let listed_owner = raw.model_id.split_once('/').is_some_and(|(owner, _)| reference.owners.country(owner).is_some());
        let mut facts = RepoFacts { rough_params, listed_owner, ..repo_facts(raw, weights, registry) };
        self.failed_corrections.extend(correct(reference, &mut facts));
        self.facts.push(facts);
        self.active.push(registry.and_then(|r| r.active_params).or(number(name_active)));
        let reported = raw.co2_json.as_deref().map(emissions::extract).unwrap_or_default();
        if let Some(kg) = reported.iter().find(|e| e.field == "emissions_kgco2e" && e.reject_reason.is_none()).and_then(|e| e.value)
        {
            self.emissions.insert(i, kg);
        }
    }

    /// A figure of four or more digits that several namespaces report is copied; the Hub's own, a registered or the earliest
    /// repository has the original.
    fn find_first_reports(&mut self) {
        let mut reporters: Vec<(usize, f64)> = self.emissions.iter().map(|(i, kg)| (*i, *kg)).collect();
        reporters.sort_by_key(|(i, _)| {
            let facts = &self.facts[*i];
            let canonical = lineage::names::CANONICAL_OWNERS.contains(&facts.owner().to_lowercase().as_str());
            (!canonical, facts.registry_kind.is_none(), facts.created_ms.unwrap_or(i64::MAX), *i)
        });
        for (i, kg) in reporters {
            if significant_digits(kg) >= 4 {
                self.first_with.entry(kg.to_bits()).or_insert(i);
            }
        }
    }

    /// Repository, then its bases, nearest first, as far as they are in the index.
    fn chain(&self, from: usize) -> impl Iterator<Item = usize> + '_ {
        let n = self.facts.len();
        std::iter::successors(Some(from), |i| self.placements[*i].base).take(64).filter(move |i| *i < n)
    }

    /// Repositories whose runs are upstream of a repository's weights, each once, and whether every chain of bases ends in a run of the
    /// index.
    fn upstream(&self, i: usize) -> (Vec<usize>, bool) {
        let n = self.facts.len();
        let mut owners: Vec<usize> = Vec::new();
        let mut seen = FxHashSet::default();
        let mut complete = true;
        let mut open: Vec<usize> = vec![i];
        while let Some(at) = open.pop() {
            if !seen.insert(at) {
                continue;
            }
            let placement = &self.placements[at];
            if at != i && at < n && placement.own_run.is_some() {
                owners.push(at);
            }
            let before = open.len();
            open.extend(placement.bases());
            // The end of a chain: a pre-training, carried by a head where the base is absent, or something unknown.
            if open.len() == before {
                match placement.root {
                    Some(root) if root < n => open.push(root),
                    _ => complete = false,
                }
            }
        }
        (owners, complete)
    }

    /// Repositories that rest on each repository's run, itself included.
    fn count_members(&mut self) {
        let mut members = vec![0_usize; self.facts.len()];
        for i in 0..self.facts.len() {
            members[i] += usize::from(self.placements[i].own_run.is_some());
            for owner in self.upstream(i).0 {
                members[owner] += 1;
            }
        }
        for (placement, count) in self.placements.iter_mut().zip(members) {
            placement.members = count;
        }
    }

    /// Id of a node, in the index or absent.
    fn id(&self, i: usize) -> &str {
        self.facts.get(i).map_or_else(|| self.absent[i - self.facts.len()].model_id.as_str(), |f| f.model_id.as_str())
    }
}

fn name_size(model_id: &str) -> Option<f64> {
    names::size(model_id).map(|size| size.total)
}

/// The registered models, for those that the index lacks but its repositories rest on.
fn known(reference: &Reference) -> Vec<RepoFacts> {
    let mut nodes: Vec<RepoFacts> = registered(reference);
    // A corrected base of a model that neither the registry nor the index holds makes a node of its own.
    for correction in reference.corrections.rows().iter().filter(|c| c.field == CorrectedField::BaseModel) {
        let base_ids = vec![correction.value.clone()];
        match nodes.iter_mut().find(|n| n.model_id.eq_ignore_ascii_case(&correction.model_id)) {
            Some(node) => node.base_ids = base_ids,
            None => nodes.push(RepoFacts {
                named_size: name_size(&correction.model_id),
                model_id: correction.model_id.clone(),
                base_ids,
                ..RepoFacts::default()
            }),
        }
    }
    nodes
}

fn registered(reference: &Reference) -> Vec<RepoFacts> {
    let runs = reference.registry.runs().iter();
    runs.filter_map(|run| {
        let model_id = run.hub_id.clone()?;
        let owner = model_id.split('/').next().unwrap_or_default();
        #[allow(clippy::cast_possible_truncation)] // Bounded by the registry's data test.
        Some(RepoFacts {
            listed_owner: reference.owners.country(owner).is_some(),
            named_size: name_size(&model_id),
            rough_params: run.params.map(|n| n as i64),
            created_ms: run.trained_on_day().map(|day| i64::from(day.0) * 86_400_000),
            registry_kind: registry_kind(run),
            registry_continued: run.kind == CONTINUED,
            base_ids: run.base_model.iter().filter(|id| crate::hub::record::is_valid_id(id)).cloned().collect(),
            model_id,
            ..RepoFacts::default()
        })
    })
    .collect()
}

/// Applies the reviewed corrections of a repository; returns those whose expectation does not hold.
fn correct(reference: &Reference, facts: &mut RepoFacts) -> Vec<String> {
    let mut failed = Vec::new();
    let mut check = |correction: &Correction, found: &str| {
        if found != correction.expect {
            let (id, expect) = (&correction.model_id, &correction.expect);
            failed.push(format!("{id} {:?}: expected '{expect}', found '{found}'", correction.field));
        }
    };
    if let Some(correction) = reference.corrections.of(&facts.model_id, CorrectedField::Role) {
        check(correction, lineage::roles::role(facts).0.name());
        facts.corrected_role = Role::parse(&correction.value);
    }
    if let Some(correction) = reference.corrections.of(&facts.model_id, CorrectedField::BaseModel) {
        check(correction, facts.base_ids.first().map_or("", String::as_str));
        facts.base_ids = vec![correction.value.clone()];
    }
    failed
}

/// Continued pre-trainings start from weights.
fn registry_kind(run: &TrainingRun) -> Option<RunKind> {
    if run.kind == CONTINUED { Some(RunKind::FineTuning) } else { RunKind::parse(&run.kind) }
}

fn significant_digits(x: f64) -> usize {
    let text = format!("{x:e}");
    text.split('e').next().unwrap_or_default().bytes().filter(u8::is_ascii_digit).count()
}

/// Regression of active on total parameters over the registry's mixtures of experts: intercept, slope and n.
fn active_on_total(reference: &Reference) -> Option<(f64, f64, usize)> {
    let observations: Vec<Observation> = reference
        .registry
        .runs()
        .iter()
        .filter_map(|r| Some((r, r.active_params?, r.params?)))
        .filter(|(_, active, total)| active < total)
        .map(|(r, active, total)| Observation {
            id: r.registry_id.clone(),
            owner: r.organization.clone().unwrap_or_default(),
            response: log10(active),
            terms: vec![1.0, log10(total)],
        })
        .collect();
    let fit = regression::fit(&["intercept".into(), "log10_total_params".into()], &observations).ok()?;
    (fit.n >= MIN_OBSERVATIONS).then(|| (fit.coefficients[0].estimate, fit.coefficients[1].estimate, fit.n))
}

fn repo_facts(raw: &RawModelRow, weights: Weights, registry: Option<&TrainingRun>) -> RepoFacts {
    let (tag_relation, tag_bases) = lineage::runs::from_tags(&raw.tags);
    let stated = |text: &Option<String>| text.as_deref().and_then(Relation::parse);
    let relation = stated(&raw.card_base_relation).or(stated(&raw.hub_base_relation)).or(tag_relation);
    let base_count = raw.card_base_models.len().max(raw.hub_base_models.len()).max(tag_bases.len());
    let mut base_ids = base_ids(raw, tag_bases);
    if base_ids.is_empty() {
        base_ids.extend(registry.and_then(|r| r.base_model.clone()).filter(|id| crate::hub::record::is_valid_id(id)));
    }
    let signals: Vec<String> = raw.tags.iter().filter(|t| !t.contains(':')).map(|t| t.to_lowercase()).collect();
    RepoFacts {
        model_id: raw.model_id.clone(),
        created_ms: raw.created_at.map(|t| t.0),
        architecture: architecture(raw),
        params: weights.params,
        rough_params: None,
        listed_owner: false,
        float_weights: weights.float_weights,
        gguf: raw.gguf_total.is_some(),
        has_weights: has_weights(raw, weights, &base_ids, &signals),
        library: raw.library.as_deref().map(str::to_lowercase),
        pipeline_tag: raw.pipeline_tag.clone(),
        base_ids,
        base_count,
        says_fine_tuning: says_fine_tuning(raw),
        relation,
        signals: signals.into_iter().filter(|t| lineage::roles::SIGNAL_TAGS.contains(&t.as_str())).collect(),
        registry_kind: registry.and_then(registry_kind),
        registry_continued: registry.is_some_and(|r| r.kind == CONTINUED),
        named_size: name_size(&raw.model_id),
        corrected_role: None,
    }
}

/// `co2_eq_emissions.training_type` is "pre-training" or "fine-tuning" by the Hub's documentation.
fn says_fine_tuning(raw: &RawModelRow) -> bool {
    let card: Option<serde_json::Value> = raw.co2_json.as_deref().and_then(|json| serde_json::from_str(json).ok());
    card.and_then(|c| c.get("training_type")?.as_str().map(|t| t.to_lowercase().contains("fine"))).unwrap_or(false)
}

/// Bases as the index states them, the Hub's resolution first (it follows renames), without repeats.
fn base_ids(raw: &RawModelRow, from_tags: Vec<String>) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for id in raw.hub_base_models.iter().cloned().chain(from_tags).chain(raw.card_base_models.iter().cloned()) {
        if !ids.iter().any(|seen| seen.eq_ignore_ascii_case(&id)) && crate::hub::record::is_valid_id(&id) {
            ids.push(id);
        }
    }
    ids
}

fn architecture(raw: &RawModelRow) -> Option<String> {
    if raw.architecture.is_some() {
        return raw.architecture.as_deref().map(str::to_lowercase);
    }
    let first = raw.tags.iter().map(|t| t.to_lowercase()).find(|t| !FORMAT_TAGS.contains(&t.as_str()))?;
    let is_language = first.len() <= 3 && !SHORT_ARCHITECTURES.contains(&first.as_str());
    let is_architecture = !first.contains(':') && !is_language && raw.pipeline_tag.as_deref() != Some(first.as_str());
    is_architecture.then_some(first)
}

/// Weights can be denied by a file listing, or by the absence of every sign of them: no size, format, library, task or base.
fn has_weights(raw: &RawModelRow, weights: Weights, base_ids: &[String], signals: &[String]) -> Option<bool> {
    if raw.has_weight_files.is_some() {
        return raw.has_weight_files;
    }
    let sized = weights.params.is_some() || weights.packed || raw.safetensors_total.is_some() || raw.gguf_total.is_some();
    // A card that says more than a footprint (data sets, a paper, a licence) describes a model.
    let says_more = raw.tags.iter().any(|t| t != "co2_eq_emissions" && !t.starts_with("region:"));
    let described = raw.library.is_some() || raw.pipeline_tag.is_some() || !base_ids.is_empty() || says_more;
    let formatted = signals.iter().any(|t| FORMAT_TAGS.contains(&t.as_str()));
    Some(sized || described || formatted)
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
        extracted.push(date_evidence(*day, source, quote));
    }
    if let Some(run) = registry {
        let names_a_chip = run.accelerator.as_deref().is_some_and(|text| names_hardware(reference, text));
        let mut known = facts::from_registry(run, names_a_chip);
        // What was chosen above is there already; an active count that was passed over exceeds the total.
        known.retain(|e| !extracted.iter().any(|o| (o.field, o.extractor) == (e.field, e.extractor)));
        for e in known.iter_mut().filter(|e| e.field == "active_params") {
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
        modality: facts::modality(raw, registry).to_owned(),
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
        trained_on_source: date.map(|(_, source, _)| source.to_owned()),
        owner_country,
        in_cohort: downloads.is_some_and(|d| d > cohort.min),
    };
    (row, extracted)
}

fn date_evidence(day: crate::tables::Day, source: &str, quote: &str) -> Extracted {
    let (kind, extractor, confidence) = match source {
        "registry" => ("registry", "registry", 0.9),
        "arxiv" => ("hub_index", "arxiv_tag", 0.8),
        _ => ("hub_index", "created_at", 0.5),
    };
    Extracted {
        field: "trained_on",
        value: Some(f64::from(day.0)),
        unit: "days since 1970-01-01",
        as_written: day.to_string(),
        source: kind,
        locator: if kind == "registry" { "training_runs.csv:trained_on" } else { "tags, createdAt" }.into(),
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
        Some(params::from_base("total_params", index.params[base]? as f64, &index.facts[base].model_id))
    };
    let from_registry = || {
        let run = registry?;
        facts::from_registry(run, false).into_iter().find(|e| e.field == "total_params" && e.reject_reason.is_none())
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
        facts::from_registry(run, false).into_iter().find(|e| e.field == "active_params" && e.reject_reason.is_none())
    });
    let from_base = || {
        let base = index.chain(i).skip(1).find(|b| index.active[*b].is_some())?;
        #[allow(clippy::cast_precision_loss)]
        let base_total = index.params[base]? as f64;
        let same = total.is_none_or(|n| (n / base_total - 1.0).abs() < 0.05);
        same.then(|| params::from_base("active_params", index.active[base].unwrap_or_default(), &index.facts[base].model_id))
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

/// Evidence in `co2_eq_emissions`, with the guards that need lineage.
fn reported(context: &Context, index: &Index, i: usize, placement: &Placement, raw: &RawModelRow) -> Vec<Extracted> {
    let mut rows = raw.co2_json.as_deref().map(emissions::extract).unwrap_or_default();
    let inherited = index.emissions.get(&i).and_then(|kg| {
        let linked = index.chain(i).skip(1).find(|b| index.emissions.get(b) == Some(kg));
        let copied = index
            .first_with
            .get(&kg.to_bits())
            .copied()
            .filter(|first| *first != i && index.facts[*first].owner() != index.facts[i].owner());
        linked.or(copied)
    });
    for row in &mut rows {
        let refused = match row.field {
            "emissions_kgco2e" | "energy_kwh" if placement.own_run.is_none() => {
                Some(format!("the repository trained nothing itself (role {})", placement.role.name()))
            }
            // Whoever copies a base's card copies its energy with the emissions.
            "emissions_kgco2e" | "energy_kwh" => {
                inherited.map(|b| format!("inherited: the same figure as {}", index.facts[b].model_id))
            }
            "accelerator" if !names_hardware(&context.reference, &row.as_written) => {
                Some("names no accelerator of the reference table".into())
            }
            "country" => refuse_place(&context.reference, &row.as_written),
            _ => None,
        };
        row.reject_reason = row.reject_reason.take().or(refused);
    }
    rows
}

/// The field of the index holds grams by definition, and CodeCarbon's kilograms by mistake: where the card's text states a figure with its
/// unit, the text wins and the field is refused.
fn refuse_what_the_text_contradicts(extracted: &mut [Extracted]) {
    let accepted = |e: &&Extracted| e.field == "emissions_kgco2e" && e.reject_reason.is_none();
    let text = extracted.iter().filter(accepted).find(|e| e.source == "card_text").map(|e| (e.value, e.as_written.clone()));
    let Some((Some(kg), written)) = text else { return };
    for e in extracted.iter_mut().filter(|e| e.field == "emissions_kgco2e" && e.source == "card_yaml" && e.reject_reason.is_none())
    {
        let agrees = e.value.is_some_and(|value| (value / kg - 1.0).abs() <= AGREES_WITHIN);
        if !agrees {
            let thousandfold = e.value.is_some_and(|value| (kg / value / GRAMS_PER_KG - 1.0).abs() <= AGREES_WITHIN);
            let why = if thousandfold { "kilograms in a field for grams" } else { "conflicts with the text" };
            e.reject_reason = Some(format!("{why}: the card's text says {written}"));
        }
    }
}

/// Evidence in a card's text, with the guards that need lineage.
fn from_card(
    context: &Context,
    index: &Index,
    i: usize,
    placement: &Placement,
    total_params: Option<f64>,
    card: &RawCardRow,
) -> Vec<Extracted> {
    let role = match placement.role {
        Role::Pretrained => CardRole::OwnTraining,
        Role::Continued | Role::Finetuned | Role::Adapter if placement.root == Some(i) => CardRole::OwnTraining,
        Role::Continued | Role::Finetuned | Role::Adapter => CardRole::FineTune,
        Role::Merge | Role::Quantized | Role::Converted | Role::Empty => CardRole::Copy,
    };
    let about = About { model_id: &index.facts[i].model_id, role, base_ids: &index.facts[i].base_ids, total_params };
    let mut rows = card::extract(&context.reference, &card.card, &about);
    for row in &mut rows {
        let of_training =
            matches!(row.field, "emissions_kgco2e" | "energy_kwh" | "accelerator_hours" | "train_flop" | "train_tokens");
        let inherited = index
            .emissions
            .get(&i)
            .is_none()
            .then(|| {
                index.chain(i).skip(1).find(|b| row.field == "emissions_kgco2e" && index.emissions.get(b).copied() == row.value)
            })
            .flatten();
        let refused = match row.field {
            _ if of_training && placement.own_run.is_none() => {
                Some(format!("the repository trained nothing itself (role {})", placement.role.name()))
            }
            "accelerator" if !names_hardware(&context.reference, &row.as_written) => {
                Some("names no accelerator of the reference table".into())
            }
            "country" | "cloud_region" => refuse_place(&context.reference, &row.as_written),
            _ => inherited.map(|b| format!("inherited: the same figure as {}", index.facts[b].model_id)),
        };
        row.reject_reason = row.reject_reason.take().or(refused);
        if card.is_cut && row.reject_reason.is_none() {
            row.locator = format!("{} (card cut at 1 MiB)", row.locator);
        }
    }
    rows
}

fn names_hardware(reference: &Reference, text: &str) -> bool {
    !hardware::read(&reference.accelerators, text, hardware::Context::Field).chips.is_empty()
}

/// A place that the grid tables cannot tell, or that the text only assumes.
fn refuse_place(reference: &Reference, text: &str) -> Option<String> {
    let place = place::read(reference, text, hardware::Context::Field);
    if place.is_assumed {
        return Some("the text says that the place is assumed".into());
    }
    match place.grid_places.as_slice() {
        [_] => None,
        [] if place.operator.is_some() => None,
        [] => Some("names no place of the reference tables".into()),
        several => Some(format!("can mean {}", several.join(" or "))),
    }
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
