//! Tables that stages hand to each other and that are not published.

use super::cell::TierNumber;
use super::table;
use crate::domain::{
    Field, Flag, Modality, OwnerClass, Quantiles, Run, RunKind, SizeWord, TaskGroup, TrainedOnSource, TrainingStage, run,
};
use crate::units::{Day, TimestampMs};

table! {
    /// One row per record of the index, typed, sorted by id, duplicates resolved.
    "raw_models" key("model_id")
    struct RawModelRow / RawModelBuilders {
        /// Hub id.
        model_id: String,
        /// File and position of the record.
        locator: String,
        /// Creation of the repository.
        created_at: Option<TimestampMs>,
        /// When the last commit was made.
        last_modified: Option<TimestampMs>,
        /// The commit, 40 hexadecimal digits.
        commit: Option<String>,
        /// Downloads in 30 days.
        downloads_30d: Option<i64>,
        /// Downloads since the repository exists.
        downloads_all_time: Option<i64>,
        /// Likes.
        likes: Option<i64>,
        /// Task tag.
        pipeline_tag: Option<String>,
        /// Library.
        library: Option<String>,
        /// Tags, in the Hub's order.
        tags: Vec<String>,
        /// false, auto or manual.
        gated: Option<String>,
        /// Whether the file listing shows weights; null without a listing.
        has_weight_files: Option<bool>,
        /// Keys of safetensors.parameters.
        safetensors_dtypes: Vec<String>,
        /// Counts of safetensors.parameters, same order.
        safetensors_counts: Vec<i64>,
        /// safetensors.total.
        safetensors_total: Option<i64>,
        /// gguf.total.
        gguf_total: Option<i64>,
        /// Architecture from config.model_type or gguf.architecture.
        architecture: Option<String>,
        /// Routed experts, from config.
        config_experts: Option<i64>,
        /// Routed experts used per token, from config.
        config_experts_per_token: Option<i64>,
        /// Licence from the card.
        card_license: Option<String>,
        /// base_model of the card.
        card_base_models: Vec<String>,
        /// base_model_relation of the card.
        card_base_relation: Option<String>,
        /// Ids in the index's baseModels.
        hub_base_models: Vec<String>,
        /// Relation in the index's baseModels.
        hub_base_relation: Option<String>,
        /// cardData.co2_eq_emissions as compact JSON.
        co2_json: Option<String>,
    }
}

table! {
    /// One row per record whose `_id` is known. It lasts while the index is read.
    "identities" key("object_id", "locator")
    struct IdentityRow / IdentityBuilders {
        /// The `_id`, 24 hexadecimal digits.
        object_id: String,
        /// Hub id.
        model_id: String,
        /// File and position of the record.
        locator: String,
        /// When the last commit was made.
        last_modified: Option<TimestampMs>,
    }
}

table! {
    /// One row per model card of a model in the index, sorted by the model's id.
    "raw_cards" key("model_id")
    struct RawCardRow / RawCardBuilders {
        /// Id of the model in the index.
        model_id: String,
        /// Id as the file of cards has it: case and renames may differ.
        card_id: String,
        /// File and position of the card.
        locator: String,
        /// The card, cut at the cap.
        card: String,
        /// Whether the card was longer than the cap.
        is_cut: bool,
        /// When it was fetched or changed last, where its record says so: of several cards of a model the newer counts.
        modified: Option<TimestampMs>,
    }
}

table! {
    /// What the trainings of a month emitted, for the cohort of the configuration. Trainings without a date, or of which only the Hub's
    /// earliest date is known, are left out.
    "months" key("cohort", "basis", "month")
    struct MonthRow / MonthBuilders {
        /// Cohort, as in `aggregates`.
        cohort: String,
        /// all, documented or imputed.
        basis: String,
        /// Month of training, `YYYY-MM`.
        month: String,
        /// Training runs.
        runs: i64,
        /// Emissions in kg CO2e.
        emissions_kgco2e: Quantiles,
        /// Mean of the largest run over the mean of the month.
        largest_run_share: f64,
    }
}

table! {
    /// One row per run and per repository without a run: what is known of it, evidence chosen, ready to estimate.
    "tiers" key("run_id")
    struct TierRow / TierBuilders {
        /// Training run, or `<model_id>#no_training`.
        run_id: String,
        /// Repository.
        model_id: String,
        /// First tier the evidence reaches.
        tier: TierNumber,
        /// All tiers the evidence reaches, ascending.
        available_tiers: Vec<TierNumber>,
        /// Kind of run; null for a repository that trained nothing.
        kind: Option<RunKind>,
        /// Probability that it was a training from random weights.
        p_pretraining: f64,
        /// Probability that it was more pre-training on weights that exist.
        p_continued: f64,
        /// Probability that it was a fine-tuning of weights that exist; one where the kind is known, and `stage` tells what was done.
        p_tuning: f64,
        /// Probability that it was a training of added weights.
        p_adapter: f64,
        /// What the training was in the course of a model, for a training on weights of the owner's own.
        stage: Option<TrainingStage>,
        /// Modality.
        modality: Modality,
        /// Group of the task.
        task: TaskGroup,
        /// Owner's country.
        owner_country: Option<String>,
        /// Owner.
        owner: Option<String>,
        /// What the name says of the size without a number.
        size_word: Option<SizeWord>,
        /// Class of the owner.
        owner_class: OwnerClass,
        /// Date of training.
        trained_on: Option<Day>,
        /// Source of the date.
        trained_on_source: Option<TrainedOnSource>,
        /// Years that the training may be of where nothing tells its date.
        possible_years: Option<Vec<i32>>,
        /// Total parameters.
        total_params: Option<f64>,
        /// Active parameters.
        active_params: Option<f64>,
        /// Tokens seen.
        train_tokens: Option<f64>,
        /// FLOP of the forward passes that one training sample takes.
        forward_flop: Option<f64>,
        /// Samples seen, each pass over the data counted.
        train_samples: Option<f64>,
        /// Tokens of a sample.
        sample_length: Option<f64>,
        /// Standard deviation of its log10.
        sample_length_sd_dex: Option<f64>,
        /// Parameters of embeddings that are only looked up.
        token_embeddings: Option<f64>,
        /// Stated training compute.
        train_flop: Option<f64>,
        /// Confidence of the stated training compute, 0 to 1.
        train_flop_confidence: Option<f64>,
        /// Whether the stated training compute is the word of who trained.
        train_flop_is_the_makers: bool,
        /// Reported emissions.
        emissions_kgco2e: Option<f64>,
        /// Reported energy at the source's boundary.
        energy_kwh: Option<f64>,
        /// Stated device hours.
        accelerator_hours: Option<f64>,
        /// Stated accelerator, canonical; several when the text leaves the variant or the choice open.
        accelerators: Vec<String>,
        /// Stated MFU.
        mfu: Option<f64>,
        /// Stated place of training: a key of the grid tables.
        place: Option<String>,
        /// Stated operator of the site or cloud.
        operator: Option<String>,
        /// Stated cloud region, `provider:region`.
        cloud_region: Option<String>,
        /// Fields with evidence behind them.
        chosen_fields: Vec<Field>,
        /// The evidence behind each of `chosen_fields`, in the same order.
        chosen_evidence_ids: Vec<String>,
        /// Pre-training that the weights come from, when it is another run of the index.
        root_run_id: Option<String>,
        /// Flags from the earlier stages.
        flags: Vec<Flag>,
    }
}

impl From<TierRow> for Run {
    fn from(row: TierRow) -> Self {
        Self {
            run_id: row.run_id,
            model_id: row.model_id,
            kind: row.kind,
            shares: run::RunShares {
                pretraining: row.p_pretraining,
                continued: row.p_continued,
                tuning: row.p_tuning,
                adapter: row.p_adapter,
            },
            stage: row.stage,
            modality: row.modality,
            task: row.task,
            trained_on: row.trained_on,
            trained_on_source: row.trained_on_source,
            possible_years: row.possible_years.unwrap_or_default(),
            size_word: row.size_word,
            owner: run::Owner { name: row.owner, class: row.owner_class, country: row.owner_country },
            known: run::Known {
                total_params: row.total_params,
                active_params: row.active_params,
                train_tokens: row.train_tokens,
                forward_flop: row.forward_flop,
                train_samples: row.train_samples,
                sample_length: row.sample_length.zip(row.sample_length_sd_dex),
                token_embeddings: row.token_embeddings,
                train_flop: row.train_flop,
                train_flop_confidence: row.train_flop_confidence,
                train_flop_is_the_makers: row.train_flop_is_the_makers,
                emissions_kgco2e: row.emissions_kgco2e,
                energy_kwh: row.energy_kwh,
                mfu: row.mfu,
            },
            place: run::Site { grid_place: row.place, operator: row.operator, cloud_region: row.cloud_region },
            hardware: run::Hardware { accelerators: row.accelerators, accelerator_hours: row.accelerator_hours },
            root_run_id: row.root_run_id,
            tiers: row.available_tiers.into_iter().map(|tier| tier.0).collect(),
            chosen: run::Chosen::from_columns(row.chosen_fields, row.chosen_evidence_ids),
            flags: row.flags,
        }
    }
}

impl From<Run> for TierRow {
    fn from(run: Run) -> Self {
        let tier = TierNumber(run.tier());
        let (chosen_fields, chosen_evidence_ids) = run.chosen.into_columns();
        Self {
            run_id: run.run_id,
            model_id: run.model_id,
            tier,
            available_tiers: run.tiers.into_iter().map(TierNumber).collect(),
            kind: run.kind,
            p_pretraining: run.shares.pretraining,
            p_continued: run.shares.continued,
            p_tuning: run.shares.tuning,
            p_adapter: run.shares.adapter,
            stage: run.stage,
            modality: run.modality,
            size_word: run.size_word,
            task: run.task,
            owner_country: run.owner.country,
            owner: run.owner.name,
            owner_class: run.owner.class,
            trained_on: run.trained_on,
            trained_on_source: run.trained_on_source,
            possible_years: (!run.possible_years.is_empty()).then_some(run.possible_years),
            total_params: run.known.total_params,
            active_params: run.known.active_params,
            train_tokens: run.known.train_tokens,
            forward_flop: run.known.forward_flop,
            train_samples: run.known.train_samples,
            sample_length: run.known.sample_length.map(|(length, _)| length),
            sample_length_sd_dex: run.known.sample_length.map(|(_, sd)| sd),
            token_embeddings: run.known.token_embeddings,
            train_flop: run.known.train_flop,
            train_flop_confidence: run.known.train_flop_confidence,
            train_flop_is_the_makers: run.known.train_flop_is_the_makers,
            emissions_kgco2e: run.known.emissions_kgco2e,
            energy_kwh: run.known.energy_kwh,
            accelerator_hours: run.hardware.accelerator_hours,
            accelerators: run.hardware.accelerators,
            mfu: run.known.mfu,
            place: run.place.grid_place,
            operator: run.place.operator,
            cloud_region: run.place.cloud_region,
            chosen_fields,
            chosen_evidence_ids,
            root_run_id: run.root_run_id,
            flags: run.flags,
        }
    }
}
