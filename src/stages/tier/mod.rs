//! tier: which tiers the evidence of each run reaches, and the evidence chosen for each quantity.
//!
//! `models` and `evidence` are sorted alike, so one walk over both does: only a block of repositories is in memory.

use super::normalize::MET_ANOTHER_VALUE;
use super::{merged, vocabulary_digests};
use crate::domain::run::{Chosen, Hardware, Known, Owner, Site};
use crate::domain::{
    EvidenceSource, Field, Flag, Modality, ParamsSource, Role, RoleShares, Rule, Run, RunKind, RunShares, TaskGroup, Tier,
    TrainedOnSource, TrainingStage, WORD_OF_THE_MAKERS,
};
use crate::engine::{Digests, Inputs, Outputs, Stage, in_blocks, stage};
use crate::error::Result;
use crate::estimation::{counted_flop, refuse_contradictions};
use crate::evidence::hardware::{self, Context};
use crate::evidence::index::facts::NO_TASK;
use crate::evidence::index::tasks_in_names::named_task;
use crate::evidence::index::{layouts, names};
use crate::evidence::place::{Place, PlaceTables, read_place};
use crate::lineage::names::post_training_stage;
use crate::lineage::no_training_id;
use crate::method::assumptions::{ATCI_BAND_GCO2E_PER_PFLOP, TOKENS_PER_PARAM};
use crate::method::chain;
use crate::reference::{Accelerators, Layouts, Operators, Owners, Places, Reference, Regions, SampleLengths, Table};
use crate::tables::following::{Following, Span};
use crate::tables::io::BatchRows;
use crate::tables::{EvidenceRow, ModelRow, Row, RowBuilders, RunRow, TierRow};
use crate::units::{FLOP_PER_PFLOP, Flop, GCo2ePerKwh, GRAMS_PER_KG, KgCo2e, Kwh, Params, Tokens};
use arrow::array::RecordBatch;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most believed of a model whose size nothing states: a thousand tonnes, what Llama 3 8B and 70B lie between.
const MOST_WITHOUT_SIZE: KgCo2e = KgCo2e(1e6);
/// Longest wall time believed of one training, a year; "hours used" beyond it are device hours (docs/method.md, section 3; docs/hub.md).
const MOST_WALL_HOURS: f64 = 8760.0;
/// Repositories read at a time, and that one thread takes at a time.
const BLOCK_ROWS: usize = 1_024;
const CHUNK_ROWS: usize = 128;
/// The cleanest national grid of the reference table has some 20 g/kWh.
const CLEANEST_GRID: GCo2ePerKwh = GCo2ePerKwh(20.0);

stage! {
    /// Decides which tiers the evidence of each run reaches.
    struct Tiering = "tier" version 13
    reads [ModelRow, RunRow, EvidenceRow]
    writes [TierRow]
    follows []
}

/// The reference tables that evidence is read with.
#[derive(Clone, Debug)]
pub struct References {
    /// Accelerators.
    pub accelerators: Table<Accelerators>,
    /// Names of places.
    pub places: Table<Places>,
    /// Which country each region lies in.
    pub regions: Table<Regions>,
    /// Names of operators.
    pub operators: Table<Operators>,
    /// Owners.
    pub owners: Table<Owners>,
    /// Length of samples by task.
    pub sample_lengths: Table<SampleLengths>,
    /// Vocabularies of encoders by the layout in a name.
    pub layouts: Table<Layouts>,
}

impl References {
    /// Those of a set of reference tables.
    #[must_use]
    pub fn new(reference: &Reference) -> Self {
        Self {
            accelerators: reference.accelerators.clone(),
            places: reference.places.clone(),
            regions: reference.regions.clone(),
            operators: reference.operators.clone(),
            owners: reference.owners.clone(),
            sample_lengths: reference.sample_lengths.clone(),
            layouts: reference.layouts.clone(),
        }
    }
}

impl Digests for References {
    fn digests(&self) -> BTreeMap<String, String> {
        let Self { accelerators, places, regions, operators, owners, sample_lengths, layouts } = self;
        merged([
            accelerators.digests(),
            places.digests(),
            regions.digests(),
            operators.digests(),
            owners.digests(),
            sample_lengths.digests(),
            layouts.digests(),
            vocabulary_digests(),
        ])
    }
}

/// Columns of `models` and of `evidence` that no tier depends on.
const UNREAD_OF_MODELS: &[&str] = &[
    "created_at",
    "last_modified",
    "downloads_30d",
    "downloads_all_time",
    "likes",
    "library",
    "license",
    "gated",
    "arxiv_id",
    "base_model_ids",
    "own_run_id",
    "upstream_run_ids",
];
const UNREAD_OF_EVIDENCE: &[&str] = &["unit", "locator", "source_url", "quote", "reject_reason"];

/// Some repositories, each with its run and what was found of it.
struct Chunk {
    models: Arc<BatchRows<ModelRow>>,
    /// Position of the first of them.
    from: usize,
    found: Vec<(Span<RunRow>, Span<EvidenceRow>)>,
}

impl Chunk {
    /// Their rows of `tiers`.
    fn tiers(&self, references: &References) -> Result<RecordBatch> {
        let mut tiers = <TierRow as Row>::Builders::default();
        for (at, (run, own)) in self.found.iter().enumerate() {
            let (model, run) = (self.models.row(self.from + at)?, run.rows().next().transpose()?);
            let own = own.rows().collect::<Result<Vec<EvidenceRow>>>()?;
            tiers.push(TierRow::from(known_run(references, &model, run.as_ref(), &own)));
        }
        tiers.finish()
    }
}

/// The three tables, read alike.
struct Found {
    models: Box<dyn Iterator<Item = Result<BatchRows<ModelRow>>> + Send>,
    runs: Following<RunRow>,
    evidence: Following<EvidenceRow>,
}

impl Found {
    fn of(inputs: &Inputs<'_, Tiering>) -> Result<Self> {
        Ok(Self {
            models: Box::new(inputs.row_batches(BLOCK_ROWS, UNREAD_OF_MODELS)?),
            runs: Following::new(Box::new(inputs.row_batches(BLOCK_ROWS, &[])?)),
            evidence: Following::new(Box::new(inputs.row_batches(BLOCK_ROWS, UNREAD_OF_EVIDENCE)?)),
        })
    }

    /// The chunks of the next block; none at the end.
    fn next_block(&mut self) -> Result<Vec<Chunk>> {
        let Some(models) = self.models.next().transpose()? else { return Ok(Vec::new()) };
        let mut found = Vec::with_capacity(models.len());
        for id in models.texts("model_id")? {
            let id = id.unwrap_or_default();
            found.push((self.runs.of_repository(id)?, self.evidence.of_repository(id)?));
        }
        let models = Arc::new(models);
        let (mut chunks, mut from, mut found) = (Vec::new(), 0, found.into_iter());
        while from < models.len() {
            let found: Vec<_> = found.by_ref().take(CHUNK_ROWS).collect();
            let rows = found.len();
            chunks.push(Chunk { models: Arc::clone(&models), from, found });
            from += rows;
        }
        Ok(chunks)
    }
}

impl Stage for Tiering {
    type Settings = ();
    type References = References;
    type Facts = ();

    fn run(inputs: &Inputs<'_, Self>, outputs: &mut Outputs<'_, Self>) -> Result<()> {
        let mut writer = outputs.writer::<TierRow>()?;
        let mut found = Found::of(inputs)?;
        in_blocks(
            || found.next_block(),
            |_, chunks: &[Chunk]| chunks.par_iter().map(|chunk| chunk.tiers(inputs.references())).collect(),
            |tiers: Vec<RecordBatch>| tiers.into_iter().try_for_each(|batch| writer.append(batch)),
        )?;
        outputs.done::<TierRow>(writer.finish()?);
        Ok(())
    }
}

/// Where the evidence says that the training ran: region, country and provider are read as one text, so that each settles what the
/// others leave open.
fn stated_place(references: &References, own: &[EvidenceRow]) -> Place {
    let parts: Vec<&str> = [Field::CloudRegion, Field::Country, Field::CloudProvider]
        .into_iter()
        .filter_map(|field| best(own, field))
        .map(|e| e.value_as_written.as_str())
        .collect();
    let References { places, regions, operators, .. } = references;
    read_place(PlaceTables { places, regions, operators }, &parts.join(", "), Context::Field)
}

/// Stage of post-training, by role and name (data/reference/post_training.csv).
fn training_stage(model: &ModelRow, kind: RunKind) -> Option<TrainingStage> {
    match kind {
        RunKind::PostTraining | RunKind::FineTuning if model.role == Role::Continued => Some(TrainingStage::Continued),
        RunKind::PostTraining | RunKind::FineTuning => Some(post_training_stage(&model.model_id)),
        RunKind::Pretraining | RunKind::Continued | RunKind::Adapter => None,
    }
}

/// The accepted evidence for one field: most trusted, then by key.
fn best(own: &[EvidenceRow], field: Field) -> Option<&EvidenceRow> {
    own.iter()
        .filter(|e| e.accepted && e.field == field)
        .max_by(|a, b| a.confidence.total_cmp(&b.confidence).then(b.evidence_id.cmp(&a.evidence_id)))
}

/// A repository's run with the evidence chosen, and the tiers it reaches; figures that cannot be those of one training are refused.
#[must_use]
pub fn known_run(references: &References, model: &ModelRow, run: Option<&RunRow>, own: &[EvidenceRow]) -> Run {
    let mut known = stated_run(references, model, run, own);
    if run.is_some() {
        refuse_contradictions(&mut known, &references.accelerators);
        known.tiers = reached_tiers(&mut known);
    }
    known
}

/// A repository's run with the evidence chosen, before figures are held against each other.
#[must_use]
pub fn stated_run(references: &References, model: &ModelRow, run: Option<&RunRow>, own: &[EvidenceRow]) -> Run {
    let value = |field| best(own, field).and_then(|e| e.value);
    let place = stated_place(references, own);
    let accelerators = best(own, Field::Accelerator)
        .map(|e| hardware::read_hardware(&references.accelerators, &e.value_as_written, Context::Field).names())
        .unwrap_or_default();
    let usual = references.sample_lengths.usual(task(model), model.modality);
    let (length, length_sd, _) = usual.length(value(Field::SequenceLength), value(Field::ImageSize));
    let root_run_id = model.stands_on_run_id.clone().filter(|root| run.is_some_and(|r| r.run_id != *root));
    #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
    let params = |count: Option<i64>| count.map(|n| n as f64);
    let mut known = Run {
        run_id: run.map_or_else(|| no_training_id(&model.model_id), |r| r.run_id.clone()),
        model_id: model.model_id.clone(),
        kind: run.map(|r| r.kind),
        shares: run_shares(model.role, &model.p, run.map(|r| r.kind)),
        stage: run.and_then(|r| training_stage(model, r.kind)),
        modality: model.modality,
        task: usual.task_group,
        trained_on: model.trained_on,
        trained_on_source: model.trained_on_source,
        possible_years: model.possible_years.clone().unwrap_or_default(),
        size_word: names::size_word(&model.model_id),
        owner: Owner {
            name: model.owner.clone(),
            class: references.owners.class(model.owner.as_deref()),
            country: model.owner_country.clone(),
        },
        known: Known {
            total_params: params(model.total_params),
            active_params: params(model.active_params),
            train_tokens: value(Field::TrainTokens),
            forward_flop: value(Field::ForwardFlop),
            train_samples: value(Field::TrainSamples),
            sample_length: Some((length, length_sd)),
            token_embeddings: looked_up_embeddings(references, model, run, usual.task_group),
            train_flop: value(Field::TrainFlop),
            train_flop_confidence: best(own, Field::TrainFlop).map(|e| e.confidence),
            train_flop_is_the_makers: best(own, Field::TrainFlop)
                .is_some_and(|e| e.source != EvidenceSource::Registry || e.confidence >= WORD_OF_THE_MAKERS),
            emissions_kgco2e: value(Field::EmissionsKgco2e),
            energy_kwh: value(Field::EnergyKwh),
            mfu: value(Field::Mfu),
        },
        place: Site { grid_place: place.settled().map(str::to_owned), operator: place.operator, cloud_region: place.cloud_region },
        hardware: Hardware { accelerators, accelerator_hours: value(Field::AcceleratorHours) },
        root_run_id,
        tiers: vec![Tier::NoTraining],
        chosen: chosen(own),
        flags: flags(model, own),
    };
    if known.hardware.accelerator_hours.is_none() {
        known.hardware.accelerator_hours = device_hours(own);
        known.flags.extend(known.hardware.accelerator_hours.map(|_| Flag::DeviceHoursFromCountAndWallHours));
    }
    known
}

/// The task of the record, else the one that words of its name tell.
fn task(model: &ModelRow) -> Option<&str> {
    let stated = model.pipeline_tag.as_deref().filter(|task| *task != NO_TASK);
    let named = || named_task(&model.model_id).filter(|named| named.modality == model.modality)?.task;
    stated.or_else(named)
}

/// Parameters of the token embeddings of an encoder that cost no FLOP, by the layout in the name of the model or of what it stands on: where
/// labels or vectors are learnt all of them, because nothing is told over the vocabulary. Where masked words are, one word in
/// [`MASKED_WORDS`] is, and the output layer is the table of the embeddings.
fn looked_up_embeddings(references: &References, model: &ModelRow, run: Option<&RunRow>, task: TaskGroup) -> Option<f64> {
    match task {
        TaskGroup::Labels | TaskGroup::Embedding => {}
        TaskGroup::Generation
        | TaskGroup::TextToText
        | TaskGroup::Speech
        | TaskGroup::Images
        | TaskGroup::ImageGeneration
        | TaskGroup::Documents
        | TaskGroup::Control
        | TaskGroup::Other => return None,
    }
    #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
    let params = model.active_params? as f64;
    let of_root = model.stands_on_run_id.as_deref().and_then(|root| root.split('#').next());
    let bases = model.base_model_ids.iter().map(String::as_str);
    let names = std::iter::once(model.model_id.as_str()).chain(bases).chain(of_root);
    let all = layouts::token_embeddings(&references.layouts, names, params)?;
    let masks = model.pipeline_tag.as_deref() == Some(OF_MASKS)
        || run.is_some_and(|run| matches!(run.kind, RunKind::Pretraining | RunKind::Continued));
    Some(if masks { all * (1.0 - MASKED_WORDS) } else { all })
}

/// The task of masked words.
const OF_MASKS: &str = "fill-mask";
/// Share of the words that are masked and told, by BERT (arXiv 1810.04805, section 3.1) and those after it.
const MASKED_WORDS: f64 = 0.15;

/// What was trained, by the likeliest role of the repository, the probabilities of all, and the kind of its run.
fn run_shares(role: Role, likely: &RoleShares, kind: Option<RunKind>) -> RunShares {
    // A copy or an empty repository that may have been pre-trained after all carries nobody's.
    let is_tuned = matches!(role, Role::Finetuned | Role::Continued);
    let carries = kind == Some(RunKind::Pretraining) && is_tuned;
    if kind.is_none() { RunShares::certain(None) } else { RunShares::of_roles(likely, kind, carries) }
}

/// H = devices x wall hours, where both are stated and the wall time is one.
fn device_hours(own: &[EvidenceRow]) -> Option<f64> {
    let value = |field| best(own, field).and_then(|e| e.value);
    let (devices, hours) = (value(Field::AcceleratorCount)?, value(Field::WallHours)?);
    (devices >= 1.0 && hours > 0.0 && hours <= MOST_WALL_HOURS).then_some(devices * hours)
}

fn chosen(own: &[EvidenceRow]) -> Chosen {
    let mut chosen = Chosen::default();
    for field in Field::ALL {
        if let Some(evidence) = best(own, *field) {
            chosen.choose(*field, &evidence.evidence_id);
        }
    }
    chosen
}

fn flags(model: &ModelRow, own: &[EvidenceRow]) -> Vec<Flag> {
    let from_params = match model.params_source {
        Some(ParamsSource::Name) => Some(Flag::ParamsFromName),
        Some(ParamsSource::Base | ParamsSource::Derived) => Some(Flag::ParamsFromBase),
        Some(ParamsSource::Card) => Some(Flag::ParamsFromCard),
        Some(ParamsSource::Architecture) => Some(Flag::ParamsFromArchitecture),
        Some(
            ParamsSource::Safetensors
            | ParamsSource::SafetensorsTotal
            | ParamsSource::Gguf
            | ParamsSource::Registry
            | ParamsSource::RepositoryFacts
            | ParamsSource::Correction,
        )
        | None => None,
    };
    let from_date = match model.trained_on_source {
        Some(TrainedOnSource::CreatedAt) => Some(Flag::TrainedOnFromCreatedAt),
        Some(TrainedOnSource::CreatedAtFloor) => Some(Flag::TrainedOnFromCreatedAtFloor),
        Some(TrainedOnSource::Registry | TrainedOnSource::RepositoryFacts | TrainedOnSource::Card | TrainedOnSource::Arxiv)
        | None => None,
    };
    let by_regression = best(own, Field::ActiveParams).is_some_and(|e| e.extractor == "active_on_total_regression");
    let is_of_another_value =
        model.role_rule == Rule::ReviewedCorrectionOfAnotherValue || own.iter().any(|e| e.extractor == MET_ANOTHER_VALUE);
    let refused = own.iter().any(|e| !e.accepted && e.field == Field::EmissionsKgco2e);
    let when = |is: bool, flag| is.then_some(flag);
    [
        from_params,
        when(by_regression, Flag::ActiveParamsFromRegression),
        from_date,
        when(refused, Flag::ReportedEmissionsRefused),
        when(is_of_another_value, Flag::CorrectionMetAnotherValue),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Most that training a model of this size can have emitted: the most tokens per parameter that were published, at the dirtiest
/// published ATCI. Small networks for images and sound see more samples than text models tokens: a hundred times as many.
fn most_emissions(run: &Run) -> Option<KgCo2e> {
    let Some(n) = run.known.active_params else {
        return (run.known.train_flop.is_none()).then_some(MOST_WITHOUT_SIZE);
    };
    let samples = if run.modality == Modality::Text || run.modality == Modality::Multimodal { 1.0 } else { 100.0 };
    let flop = chain::training_flop(Params(n), Tokens(samples * TOKENS_PER_PARAM.1 * n));
    Some(KgCo2e(flop.0 / FLOP_PER_PFLOP * ATCI_BAND_GCO2E_PER_PFLOP.1 / GRAMS_PER_KG))
}

/// Compute that is stated, else counted from architecture and recipe, else from parameters and tokens; with flags for the second, and for
/// an architecture that nothing came of.
fn known_compute(run: &mut Run) -> Option<f64> {
    let known = run.known;
    let product = || Some(chain::training_flop(Params(known.active_params?), Tokens(known.train_tokens?)).0);
    let counted = counted_flop(run).map(|flop| flop.0);
    let compute = known.train_flop.or(counted).or_else(product);
    if known.train_flop.is_none() && counted.is_some() {
        run.flags.push(Flag::ComputeFromArchitectureAndRecipe);
    }
    if compute.is_none() && known.forward_flop.is_some() {
        run.flags.push(Flag::ArchitectureKnownRecipeUnknown);
    }
    compute
}

/// The tiers the evidence reaches; a reported figure that contradicts independent evidence is passed over with a flag.
pub fn reached_tiers(run: &mut Run) -> Vec<Tier> {
    let (known, compute) = (run.known, known_compute(run));
    // Samples of an assumed length are too uncertain to speak against a reported figure; they make a tier of their own accord.
    let has_samples = known.train_samples.is_some() && known.active_params.is_some();
    let (mut reported, mut metered) = (known.emissions_kgco2e.is_some(), known.energy_kwh.is_some());
    if let Some(most) = most_emissions(run) {
        if known.emissions_kgco2e.is_some_and(|kg| kg > most.0) {
            run.flags.push(Flag::ReportedEmissionsBeyondAnyTrainingOfThisSize);
            reported = false;
        }
        if known.energy_kwh.is_some_and(|kwh| chain::emissions(Kwh(kwh), CLEANEST_GRID).0 > most.0) {
            run.flags.push(Flag::ReportedEnergyBeyondAnyTrainingOfThisSize);
            metered = false;
        }
    }
    if let (Some(kg), Some(flop)) = (known.emissions_kgco2e, compute) {
        let atci = chain::atci(KgCo2e(kg), Flop(flop)).0;
        if !(ATCI_BAND_GCO2E_PER_PFLOP.0..=ATCI_BAND_GCO2E_PER_PFLOP.1).contains(&atci) {
            run.flags.push(Flag::ReportedEmissionsOutsideAtciBand);
            reported = false;
        }
    }
    if let (Some(kg), Some(hours)) = (known.emissions_kgco2e, run.hardware.accelerator_hours)
        && kg * GRAMS_PER_KG / hours < 1.0
    {
        run.flags.push(Flag::ReportedEmissionsBelow1GPerAcceleratorHour);
        reported = false;
    }
    Tier::NoTraining
        .later()
        .filter(|tier| match tier {
            Tier::NoTraining => false,
            Tier::Emissions => reported,
            Tier::Energy => metered,
            Tier::Hardware => run.hardware.accelerator_hours.is_some() && !run.hardware.accelerators.is_empty(),
            Tier::Compute => compute.is_some() || has_samples,
            Tier::Parameters => known.active_params.is_some(),
            Tier::Category => true,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Probabilities of some roles.
    fn likely(shares: &[(Role, f64)]) -> RoleShares {
        let share = |role: &Role| shares.iter().filter(|(r, _)| r == role).map(|(_, p)| p).sum::<f64>();
        RoleShares::from_weights(&Role::ALL.iter().map(share).collect::<Vec<f64>>()).unwrap()
    }

    /// Regression: a repository that is likeliest a copy, and may have been fine-tuned or pre-trained, had the fine-tune counted as a
    /// pre-training that it carries.
    #[test]
    fn a_likely_copy_carries_no_pretraining() {
        for copy in [Role::Converted, Role::Quantized, Role::Empty, Role::Untrained, Role::Merge] {
            let likely = likely(&[(copy, 0.5), (Role::Pretrained, 0.2), (Role::Finetuned, 0.3)]);
            let shares = run_shares(copy, &likely, Some(RunKind::Pretraining));
            assert!((shares.pretraining - 0.2).abs() < 1e-12 && (shares.tuning - 0.3).abs() < 1e-12, "{copy}: {shares:?}");
        }
        // A chat model whose base nobody released has trained it.
        let likely = likely(&[(Role::Pretrained, 0.2), (Role::Finetuned, 0.7), (Role::Converted, 0.1)]);
        let shares = run_shares(Role::Finetuned, &likely, Some(RunKind::Pretraining));
        assert!((shares.pretraining - 0.9).abs() < 1e-12 && shares.tuning == 0.0, "{shares:?}");
        assert_eq!(run_shares(Role::Converted, &likely, None), RunShares::certain(None));
    }
}
