//! Words of the tables in plain language.

use crate::domain::{
    ChipMixture, Comparison, EvidenceSource, Field, GroupBy, MixtureRole, Modality, PlaceMixture, Role, RunKind, Tier,
    TrainedOnSource,
};

/// What is known of the runs of a tier.
pub(super) const fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::NoTraining => "Trained nothing",
        Tier::Emissions => "Emissions reported",
        Tier::Energy => "Energy reported",
        Tier::Hardware => "Chips and hours stated",
        Tier::Compute => "Compute published, or size and data stated",
        Tier::Parameters => "Only the size is known",
        Tier::Category => "Not even the size is known",
    }
}

/// What the back-test estimates from.
pub(super) const fn estimated_from(tier: Tier) -> &'static str {
    match tier {
        Tier::NoTraining => "nothing",
        Tier::Emissions => "reported emissions",
        Tier::Energy => "reported energy",
        Tier::Hardware => "chips and hours",
        Tier::Compute => "compute",
        Tier::Parameters => "size alone",
        Tier::Category => "kind alone",
    }
}

/// What the back-test compares with.
pub(super) const fn comparison(against: Comparison) -> &'static str {
    match against {
        Comparison::ReportedEmissions => "reported emissions",
        Comparison::MeasuredEnergy => "measured energy",
        Comparison::StatedHours => "stated device hours",
        Comparison::RegistryCompute => "published compute",
        Comparison::CardSamples => "samples stated on cards",
        Comparison::IndependentCompute => "compute counted another way",
    }
}

/// Unit of what the back-test compares with.
pub(super) const fn unit(against: Comparison) -> &'static str {
    match against {
        Comparison::ReportedEmissions => "kg",
        Comparison::MeasuredEnergy => "kWh",
        Comparison::StatedHours => "h",
        Comparison::RegistryCompute | Comparison::CardSamples | Comparison::IndependentCompute => "FLOP",
    }
}

/// What a model takes in and gives out.
pub(super) const fn modality(modality: Modality) -> &'static str {
    match modality {
        Modality::Text => "Text",
        Modality::Embedding => "Text embedding",
        Modality::Vision => "Vision",
        Modality::ImageGeneration => "Image generation",
        Modality::Audio => "Sound and speech",
        Modality::Video => "Video",
        Modality::Multimodal => "Text with images, sound or video",
        Modality::Biology => "Biology",
        Modality::Other => "Other or unknown",
    }
}

/// What a repository's own training was.
pub(super) const fn role(role: Role) -> &'static str {
    match role {
        Role::Pretrained => "pre-trained from scratch",
        Role::Continued => "pre-training continued",
        Role::Finetuned => "fine-tuned",
        Role::Adapter => "adapter",
        Role::Merge => "merge",
        Role::Quantized => "quantized copy",
        Role::Converted => "converted copy",
        Role::Empty => "without weights",
        Role::Untrained => "never trained",
    }
}

/// Kind of a run.
pub(super) const fn run_kind(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Pretraining => "Pre-training",
        RunKind::Continued => "Continued pre-training",
        RunKind::PostTraining => "Post-training",
        RunKind::FineTuning => "Fine-tuning",
        RunKind::Adapter => "Adapter",
    }
}

/// Kind of a run as its id has it, `org/model#fine_tuning`.
pub(super) fn kind_of_id(kind: &str) -> String {
    RunKind::parse(kind).map_or_else(|| kind.replace('_', "-"), |known| run_kind(known).to_lowercase())
}

/// What a date of training is the date of: hardly anybody tells when the training was.
pub(super) const fn date(source: TrainedOnSource) -> &'static str {
    match source {
        TrainedOnSource::Registry => "when it was published",
        TrainedOnSource::RepositoryFacts => "as was looked up",
        TrainedOnSource::Card => "as its card states",
        TrainedOnSource::Arxiv => "the month of its paper",
        TrainedOnSource::CreatedAt => "when its repository was made",
        TrainedOnSource::CreatedAtFloor => "or before, the earliest date of the Hub",
    }
}

/// Chips of an estimate: their names, or in words what stands in for them.
pub(super) fn chips(accelerator: &str) -> String {
    let Some(ChipMixture { role, share_at_scale, year }) = ChipMixture::parse(accelerator) else {
        return super::text::name(accelerator);
    };
    let runs = match role {
        MixtureRole::PretrainingAtScale => "large pre-trainings",
        MixtureRole::Pretraining => "smaller pre-trainings",
        MixtureRole::FineTuning => "fine-tunes",
        MixtureRole::GoogleTpu => "Google's trainings",
    };
    let at_scale = if share_at_scale > 0.0 { " and large pre-trainings" } else { "" };
    format!("a mixture of those that {runs}{at_scale} of {year} used")
}

/// A place of the grid in a sentence: `the United States`, or what stands in for one.
pub(super) fn place(code: &str) -> String {
    match PlaceMixture::parse(code) {
        Some(PlaceMixture::Around(home)) => return format!("{} or where else its like train", place(&home)),
        Some(PlaceMixture::OfYear(_)) => return "the countries of published runs".to_owned(),
        None => {}
    }
    match code {
        "ARE" | "GBR" | "NLD" | "USA" => format!("the {}", country(code)),
        _ => super::text::name(country(code)),
    }
}

/// What a row of evidence states.
pub(super) const fn field(field: Field) -> &'static str {
    match field {
        Field::EmissionsKgco2e => "Emissions",
        Field::EnergyKwh => "Energy",
        Field::Accelerator => "Chip",
        Field::AcceleratorCount => "Chips at a time",
        Field::WallHours => "Duration",
        Field::AcceleratorHours => "Device hours",
        Field::TrainFlop => "Compute",
        Field::TrainTokens => "Tokens",
        Field::TrainSteps => "Steps",
        Field::BatchSize => "Batch size",
        Field::Epochs => "Epochs",
        Field::TrainSamples => "Samples",
        Field::SequenceLength => "Sequence length",
        Field::ImageSize => "Image size",
        Field::ForwardFlop => "Compute of a forward pass",
        Field::TotalParams => "Parameters",
        Field::ActiveParams => "Active parameters",
        Field::Mfu => "Utilization of the chips",
        Field::Precision => "Number format",
        Field::Country => "Place",
        Field::CloudRegion => "Cloud region",
        Field::CloudProvider => "Operator",
        Field::TrainedOn => "Date",
        Field::Role => "Role",
        Field::BaseModel => "Base model",
        Field::MeasurementTool => "Measured with",
    }
}

/// Where a row of evidence was read.
pub(super) const fn source(source: EvidenceSource) -> &'static str {
    match source {
        EvidenceSource::HubIndex => "record on the Hub",
        EvidenceSource::CardYaml => "front matter of the model card",
        EvidenceSource::CardText => "model card",
        EvidenceSource::Config => "configuration on the Hub",
        EvidenceSource::Name => "name of the repository",
        EvidenceSource::Registry => "table of published runs",
        EvidenceSource::RepositoryFacts => "table of looked-up repositories",
        EvidenceSource::Arithmetic => "tables of architectures and recipes",
        EvidenceSource::Lineage => "the model it is linked to",
        EvidenceSource::RoleModel => "signs of the record",
        EvidenceSource::Correction => "reviewed correction",
    }
}

/// A group of `aggregates` for a reader.
pub(super) fn group(by: GroupBy, group: &str) -> String {
    match by {
        GroupBy::Country => country(group).to_owned(),
        GroupBy::Modality => Modality::parse(group).map_or_else(|| group.to_owned(), |known| modality(known).to_owned()),
        GroupBy::Tier => {
            let known = group.parse().ok().and_then(Tier::from_number);
            known.map_or_else(|| group.to_owned(), |t| format!("{group}. {}", tier(t)))
        }
        GroupBy::Owner if group == "unknown" => "ids without an owner".to_owned(),
        GroupBy::Coverage => coverage(group),
        GroupBy::All
        | GroupBy::TrainingYear
        | GroupBy::Owner
        | GroupBy::Basis
        | GroupBy::Role
        | GroupBy::Accelerator
        | GroupBy::License
        | GroupBy::Top
        | GroupBy::EuAiAct
        | GroupBy::Upstream => group.to_owned(),
    }
}

/// What a record tells, `role+size+date`.
fn coverage(group: &str) -> String {
    match group.split('+').collect::<Vec<_>>().as_slice() {
        ["nothing"] => "none of the three".to_owned(),
        [one] => format!("only the {one}"),
        [one, two] => format!("{one} and {two}"),
        _ => "role, size and date".to_owned(),
    }
}

/// A cohort, `downloads_all_time_gt_5000`.
pub(super) fn cohort(cohort: &str) -> String {
    // A manifest of another snapshot may call it anything.
    let cohort = super::text::name(cohort);
    let count = |n: &str| n.parse().map_or_else(|_| n.to_owned(), super::numbers::count);
    match cohort.split_once("_gt_") {
        Some(("downloads_all_time", n)) => format!("downloaded more than {} times", count(n)),
        Some(("downloads_30d", n)) => format!("downloaded more than {} times in 30 days", count(n)),
        Some(_) | None => format!("of the cohort {cohort}"),
    }
}

/// Whether a cohort is cut by the downloads of the last 30 days, and not by those of all time.
pub(super) fn is_cut_by_30_days(cohort: &str) -> bool {
    cohort.starts_with("downloads_30d")
}

/// Names of the countries that owners are listed in; any other code stays a code.
pub(super) fn country(code: &str) -> &str {
    COUNTRIES.iter().find(|(of, _)| *of == code).map_or(code, |(_, name)| name)
}

/// ISO 3166 alpha-3 code and name.
const COUNTRIES: &[(&str, &str)] = &[
    ("ARE", "United Arab Emirates"),
    ("ARG", "Argentina"),
    ("AUS", "Australia"),
    ("AUT", "Austria"),
    ("BEL", "Belgium"),
    ("BGR", "Bulgaria"),
    ("BRA", "Brazil"),
    ("CAN", "Canada"),
    ("CHE", "Switzerland"),
    ("CHL", "Chile"),
    ("CHN", "China"),
    ("CZE", "Czechia"),
    ("DEU", "Germany"),
    ("DNK", "Denmark"),
    ("EGY", "Egypt"),
    ("ESP", "Spain"),
    ("EST", "Estonia"),
    ("FIN", "Finland"),
    ("FRA", "France"),
    ("GBR", "United Kingdom"),
    ("GRC", "Greece"),
    ("HKG", "Hong Kong"),
    ("HUN", "Hungary"),
    ("IDN", "Indonesia"),
    ("IND", "India"),
    ("IRL", "Ireland"),
    ("IRN", "Iran"),
    ("ISL", "Iceland"),
    ("ISR", "Israel"),
    ("ITA", "Italy"),
    ("JPN", "Japan"),
    ("KAZ", "Kazakhstan"),
    ("KOR", "South Korea"),
    ("LBN", "Lebanon"),
    ("LTU", "Lithuania"),
    ("LVA", "Latvia"),
    ("MYS", "Malaysia"),
    ("NLD", "Netherlands"),
    ("NOR", "Norway"),
    ("POL", "Poland"),
    ("PRT", "Portugal"),
    ("ROU", "Romania"),
    ("RUS", "Russia"),
    ("SAU", "Saudi Arabia"),
    ("SGP", "Singapore"),
    ("SRB", "Serbia"),
    ("SVN", "Slovenia"),
    ("SWE", "Sweden"),
    ("THA", "Thailand"),
    ("TUR", "Türkiye"),
    ("TWN", "Taiwan"),
    ("UKR", "Ukraine"),
    ("USA", "United States"),
    ("VNM", "Vietnam"),
    ("ZAF", "South Africa"),
    ("unknown", "owner's country unknown"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: "mixture:pretraining_at_scale:2026", "Owner in United States" and "pretraining" beside "Pre-training".
    #[test]
    fn names_of_tables_are_words_on_a_page() {
        for role in ["pretraining", "pretraining_at_scale", "google_tpu", "fine_tuning", "fine_tuning+0.20_at_scale"] {
            let said = chips(&format!("mixture:{role}:2026"));
            assert!(said.starts_with("a mixture of those that ") && said.ends_with(" of 2026 used"), "{said}");
            assert!(!said.contains("that trainings"), "{said}");
        }
        assert_eq!(chips("NVIDIA H100 SXM5 80GB"), "NVIDIA H100 SXM5 80GB");
        assert_eq!(
            ["USA", "FRA", "mixture:2024", "us-east-1"].map(place),
            ["the United States", "France", "the countries of published runs", "us-east-1"]
        );
        assert_eq!(["pretraining", "fine_tuning", "other_kind"].map(kind_of_id), ["pre-training", "fine-tuning", "other-kind"]);
    }
}
