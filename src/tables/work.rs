//! Tables that stages hand to each other and that are not published.

use super::cell::{Day, TimestampMs};
use super::table;

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
        /// Last commit.
        last_modified: Option<TimestampMs>,
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
        /// Lowest tier the evidence allows.
        tier: i32,
        /// All tiers the evidence allows, ascending.
        available_tiers: Vec<i32>,
        /// Kind of run, or no_training.
        kind: String,
        /// Modality.
        modality: String,
        /// Owner's country.
        owner_country: Option<String>,
        /// Owner.
        owner: Option<String>,
        /// Class of the owner: industry, academia or unlisted.
        owner_class: String,
        /// Date of training.
        trained_on: Option<Day>,
        /// Source of the date.
        trained_on_source: Option<String>,
        /// Total parameters.
        total_params: Option<f64>,
        /// Active parameters.
        active_params: Option<f64>,
        /// Tokens seen.
        train_tokens: Option<f64>,
        /// Stated training compute.
        train_flop: Option<f64>,
        /// Confidence of the stated training compute, 0 to 1.
        train_flop_confidence: Option<f64>,
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
        /// Evidence behind each chosen value, as `field=evidence_id`.
        chosen_evidence: Vec<String>,
        /// What the training was in the course of a model: pretraining, continued, sft, preference, chat_release, long_rl,
        /// reasoning_distillation or adapter.
        stage: String,
        /// Pre-training that the weights rest on, when it is another run of the index.
        root_run_id: Option<String>,
        /// Run carried (tier 0) or started from.
        stands_on_run_id: Option<String>,
        /// Flags from the earlier stages.
        flags: Vec<String>,
    }
}

table! {
    /// HC3 covariance of a regression's coefficients: what estimates need to carry its uncertainty on.
    "regression_covariances" key("regression_id", "term_a", "term_b")
    struct RegressionCovarianceRow / RegressionCovarianceBuilders {
        /// Name of the regression.
        regression_id: String,
        /// Name of the row's term.
        term_a: String,
        /// Name of the column's term.
        term_b: String,
        /// Covariance.
        covariance: f64,
    }
}
