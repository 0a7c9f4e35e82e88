//! Fields of evidence, and where evidence comes from.

use super::closed_set;

closed_set! {
    /// What a row of evidence states.
    enum Field {
        /// Emissions of the training, in kg CO2e.
        EmissionsKgco2e = "emissions_kgco2e",
        /// Energy of the training, in kWh.
        EnergyKwh = "energy_kwh",
        /// Chip that was trained on.
        Accelerator = "accelerator",
        /// Devices used at a time.
        AcceleratorCount = "accelerator_count",
        /// Duration of the training, in hours by the clock.
        WallHours = "wall_hours",
        /// Device hours: devices times hours by the clock.
        AcceleratorHours = "accelerator_hours",
        /// Training compute, in FLOP.
        TrainFlop = "train_flop",
        /// Tokens, or samples, seen in training.
        TrainTokens = "train_tokens",
        /// Steps of the optimizer.
        TrainSteps = "train_steps",
        /// Sequences or tokens of a step, over all devices.
        BatchSize = "batch_size",
        /// Passes over the data set.
        Epochs = "epochs",
        /// Examples seen in training, each pass counted: steps times batch.
        TrainSamples = "train_samples",
        /// Longest sequence trained on, in tokens.
        SequenceLength = "sequence_length",
        /// Side of the square images trained on, in pixels.
        ImageSize = "image_size",
        /// FLOP of the forward passes that one training sample takes at training resolution, two for a multiply-add; a sample is an image,
        /// a pair, or a second of sound.
        ForwardFlop = "forward_flop",
        /// Parameters in total.
        TotalParams = "total_params",
        /// Parameters used per token.
        ActiveParams = "active_params",
        /// Model FLOP utilization, 0 to 1.
        Mfu = "mfu",
        /// Number format of the training.
        Precision = "precision",
        /// Country, state or city of the training.
        Country = "country",
        /// Cloud region of the training.
        CloudRegion = "cloud_region",
        /// Operator of the cloud or the computing site.
        CloudProvider = "cloud_provider",
        /// Date of the training.
        TrainedOn = "trained_on",
        /// What the repository's own training was, where nothing certain tells: the likeliest role with its probability.
        Role = "role",
        /// Model whose weights the training started from.
        BaseModel = "base_model",
        /// Tool that measured emissions or energy.
        MeasurementTool = "measurement_tool",
    }
}

impl Field {
    /// Canonical unit of the field's value.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::EmissionsKgco2e => "kg",
            Self::EnergyKwh => "kWh",
            Self::WallHours | Self::AcceleratorHours => "h",
            Self::AcceleratorCount => "devices",
            Self::TrainTokens | Self::SequenceLength => "tokens",
            Self::TrainSamples => "samples",
            Self::ImageSize => "pixels",
            Self::TrainFlop | Self::ForwardFlop => "FLOP",
            Self::TrainSteps => "steps",
            Self::BatchSize => "sequences or tokens",
            Self::TotalParams | Self::ActiveParams => "parameters",
            Self::Epochs | Self::Role | Self::Mfu => "1",
            Self::TrainedOn => "date",
            Self::Country | Self::CloudRegion => "place",
            Self::Accelerator | Self::Precision | Self::CloudProvider | Self::BaseModel | Self::MeasurementTool => "name",
        }
    }
}

closed_set! {
    /// Where a row of evidence was read.
    enum EvidenceSource {
        /// The model's record in the index.
        HubIndex = "hub_index",
        /// The front matter of the model card.
        CardYaml = "card_yaml",
        /// The text of the model card.
        CardText = "card_text",
        /// The model's configuration.
        Config = "config",
        /// The repository's name.
        Name = "name",
        /// The table of published training runs (training_runs.csv).
        Registry = "registry",
        /// The table of what was looked up of well-known repositories (repository_facts.csv).
        RepositoryFacts = "repository_facts",
        /// The tables of known architectures, data sets and recipes, by the repository's name.
        Arithmetic = "arithmetic",
        /// Another repository's figure, that a rule of lineage links this one to (`models.role_rule`); no record states the link.
        Lineage = "lineage",
        /// The signs of the record, weighed by the regression on roles (role_terms).
        RoleModel = "role_model",
        /// A reviewed correction.
        Correction = "correction",
    }
}

closed_set! {
    /// Where the number of parameters comes from.
    enum ParamsSource {
        /// Counts of the safetensors files.
        Safetensors = "safetensors",
        /// Count of the GGUF file.
        Gguf = "gguf",
        /// Total of the safetensors files where the index has no counts by type of number.
        SafetensorsTotal = "safetensors_total",
        /// The repository's name.
        Name = "name",
        /// The table of published training runs.
        Registry = "registry",
        /// The table of what was looked up of well-known repositories.
        RepositoryFacts = "repository_facts",
        /// The base model's number.
        Base = "base",
        /// The count of a copy or a fine-tune of it.
        Derived = "derived",
        /// The table of known architectures, by the repository's name.
        Architecture = "architecture",
        /// The text of the model card.
        Card = "card",
        /// A reviewed correction.
        Correction = "correction",
    }
}

closed_set! {
    /// Where the date of training comes from.
    enum TrainedOnSource {
        /// The table of published training runs.
        Registry = "registry",
        /// The table of what was looked up of well-known repositories.
        RepositoryFacts = "repository_facts",
        /// The text of the model card.
        Card = "card",
        /// The month of the paper among the tags.
        Arxiv = "arxiv",
        /// Creation of the repository.
        CreatedAt = "created_at",
        /// The Hub's earliest date, which means "on or before".
        CreatedAtFloor = "created_at_floor",
    }
}
