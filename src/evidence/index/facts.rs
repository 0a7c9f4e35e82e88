//! Facts an index gives beside numbers: date of training, modality, and what the registry knows.

use super::tasks_in_names;
use crate::domain::{EmissionsBasis, EvidenceSource, Field, Modality, Rating, TrainedOnSource, WORD_OF_THE_MAKERS};
use crate::evidence::Extracted;
use crate::evidence::vocabulary::{self, Words};
use crate::reference::TrainingRun;
use crate::tables::{Day, RawModelRow};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// `createdAt` of everything older than the Hub's record of it, 2022-03-02T23:29:04Z, in milliseconds.
pub const CREATED_AT_FLOOR_MS: i64 = 1_646_263_744_000;
/// Lacoste et al. 2019, the ML CO2 calculator: cards cite it for its form, it dates nothing.
const CALCULATOR_PAPER: &str = "1910.09700";
/// What lists write for a record without a task.
pub const NO_TASK: &str = "other";
/// A paper more than a year before the repository is somebody else's.
const MAX_PAPER_AGE_DAYS: i32 = 366;

/// When a model was trained, with the source of the date.
#[must_use]
pub fn trained_on(raw: &RawModelRow, registry: Option<&TrainingRun>, pretrained: bool) -> Option<(Day, TrainedOnSource, String)> {
    if let Some((day, run)) = registry.and_then(|run| Some((run.trained_on_day()?, run))) {
        return Some((day, TrainedOnSource::Registry, format!("{}: published {day}", run.model)));
    }
    let created = raw.created_at;
    let at_floor = created.is_some_and(|t| t.0 <= CREATED_AT_FLOOR_MS);
    // Fine-tunes cite the papers of their bases and tools; only a pre-training's own paper dates it.
    let paper = if pretrained { latest_paper(raw, created.map(|t| t.day())) } else { None };
    match (created, paper) {
        (Some(t), Some((day, id))) if at_floor || t.day().0 - day.0 <= MAX_PAPER_AGE_DAYS => {
            Some((day, TrainedOnSource::Arxiv, id))
        }
        (None, Some((day, id))) => Some((day, TrainedOnSource::Arxiv, id)),
        (Some(t), _) if at_floor => Some((t.day(), TrainedOnSource::CreatedAtFloor, format!("createdAt on or before {}", t.day()))),
        (Some(t), _) => Some((t.day(), TrainedOnSource::CreatedAt, format!("createdAt {}", t.day()))),
        (None, None) => None,
    }
}

/// The newest arXiv tag that is not after the repository by more than a month, as the first day of its month.
fn latest_paper(raw: &RawModelRow, created: Option<Day>) -> Option<(Day, String)> {
    raw.tags
        .iter()
        .filter_map(|tag| tag.strip_prefix("arxiv:"))
        .filter(|id| *id != CALCULATOR_PAPER)
        .filter_map(|id| Some((arxiv_month(id)?, format!("arxiv:{id}"))))
        .filter(|(day, _)| created.is_none_or(|c| day.0 <= c.0 + 31))
        .max_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)))
}

/// `YYMM.NNNNN` names year and month (the scheme of arXiv since April 2007).
#[must_use]
pub fn arxiv_month(id: &str) -> Option<Day> {
    let (yymm, number) = id.split_once('.')?;
    if yymm.len() != 4 || number.len() < 4 {
        return None;
    }
    let year: i16 = yymm.get(..2)?.parse().ok()?;
    let month: i8 = yymm.get(2..)?.parse().ok()?;
    Day::from_ymd(2000 + year, month, 1).filter(|day| day.year() >= 2007)
}

/// The first arXiv identifier among the tags.
#[must_use]
pub fn arxiv_id(raw: &RawModelRow) -> Option<String> {
    raw.tags.iter().find_map(|tag| tag.strip_prefix("arxiv:").map(str::to_owned))
}

/// More parameters than a model that hears or speaks has in a toolkit of speech: the largest (canary-qwen-2.5b) has half of them.
const LARGEST_OF_SPEECH: f64 = 5e9;

/// Modality of a task.
#[must_use]
pub fn of_task(task: &str) -> Modality {
    static TASKS: LazyLock<FxHashMap<&'static str, Modality>> = LazyLock::new(|| by_modality(&vocabulary::index().tasks));
    TASKS.get(task).copied().unwrap_or(Modality::Other)
}

/// Modality of a library that serves one, or one mostly.
#[must_use]
pub fn of_library(library: &str) -> Option<Modality> {
    static LIBRARIES: LazyLock<FxHashMap<&'static str, Modality>> = LazyLock::new(|| by_modality(&vocabulary::index().libraries));
    LIBRARIES.get(library).copied()
}

/// What a model takes in and gives out, by the registry, the task that its record or its series has, a library of one modality, its
/// architecture, words of its name, and what is usual.
#[must_use]
pub fn modality(raw: &RawModelRow, task: Option<&str>, registry: Option<&TrainingRun>) -> Modality {
    if let Some(run) = registry {
        return run.modality;
    }
    // Lists write "other" where the Hub has no task.
    if let Some(task) = task.filter(|task| *task != NO_TASK) {
        let modality = of_task(task);
        return if modality == Modality::Embedding { of_vectors(raw) } else { modality };
    }
    let library = raw.library.as_deref().and_then(of_library);
    // Toolkits of speech train language models, too (NeMo), which say a size that no model of speech has.
    let is_beyond_speech = || super::names::size(&raw.model_id).and_then(|size| size.total).is_some_and(|n| n > LARGEST_OF_SPEECH);
    let library = library.map(|known| if known == Modality::Audio && is_beyond_speech() { Modality::Text } else { known });
    // What serves language models serves others too, and gives way to the architecture.
    let told = library.filter(|modality| *modality != Modality::Text).or_else(|| of_architecture(raw));
    // A word of the name goes before what is usual: a transcriber of 300 million parameters has a size in its name, too.
    let told = told.or_else(|| Some(tasks_in_names::named_task(&raw.model_id)?.modality)).or(library);
    // GGUF files and sizes in names ("7B") belong to language models, though nothing says so.
    let is_language_model = || raw.gguf_total.is_some() || super::names::size(&raw.model_id).is_some();
    told.unwrap_or_else(|| if is_language_model() { Modality::Text } else { Modality::Other })
}

/// Modality of a model that gives out vectors, which tells of texts, unless its architecture or its name is of sound or of images: an audio codec
/// takes no texts in.
fn of_vectors(raw: &RawModelRow) -> Modality {
    let told = of_architecture(raw).or_else(|| Some(tasks_in_names::named_task(&raw.model_id)?.modality));
    told.filter(|modality| matches!(modality, Modality::Audio | Modality::Vision | Modality::Video | Modality::Biology))
        .unwrap_or(Modality::Embedding)
}

/// Whether models of a task give out labels, spans, scores, vectors or maps, and neither language nor images nor video.
#[must_use]
pub fn generates_nothing(task: &str) -> bool {
    vocabulary::index().generates_nothing.contains(&task)
}

/// Modality by the architecture of the configuration, or the first tag that is one: the Hub writes it before the tags of the card.
fn of_architecture(raw: &RawModelRow) -> Option<Modality> {
    raw.architecture.as_deref().and_then(of_architecture_word).or_else(|| raw.tags.iter().find_map(|tag| of_architecture_word(tag)))
}

/// Modality of an architecture (config.model_type).
#[must_use]
pub fn of_architecture_word(word: &str) -> Option<Modality> {
    static ARCHITECTURES: LazyLock<FxHashMap<&'static str, Modality>> =
        LazyLock::new(|| by_modality(&vocabulary::index().architectures));
    ARCHITECTURES.get(word.to_lowercase().as_str()).copied()
}

fn by_modality(lists: &BTreeMap<Modality, Words>) -> FxHashMap<&'static str, Modality> {
    vocabulary::by_word(&lists.iter().map(|(modality, words)| (*words, *modality)).collect::<Vec<_>>())
}

/// Everything the registry states of a run, with the row as quote; `names_a_chip` says whether its hardware is in the table.
#[must_use]
pub fn from_registry(run: &TrainingRun, names_a_chip: bool) -> Vec<Extracted> {
    let mut rows = registry_numbers(run);
    for row in &mut rows {
        row.reject_reason = refuse(run, row);
        // A rating of "likely" is about parameters or data; where compute is their product and both are stated, it stands on
        // the product, whose error the back-test measures.
        let is_reported = run.flop_method.as_deref() == Some("reported") && run.confidence == Some(Rating::Confident);
        if row.field == Field::TrainFlop && is_reported {
            row.confidence = WORD_OF_THE_MAKERS;
        } else if row.field == Field::TrainFlop && run.flop_is_6nd == Some(true) && run.seen_tokens().is_some() {
            row.confidence = Rating::Confident.confidence();
        }
    }
    if let Some(text) = &run.accelerator {
        rows.push(Extracted {
            as_written: text.clone(),
            quote: format!("{}: {text}; {}, {}", run.model, run.source, run.vintage),
            reject_reason: (!names_a_chip).then(|| "names no accelerator of the reference table".to_owned()),
            ..registry_row(run, Field::Accelerator)
        });
    }
    rows
}

/// A row that the registry gives, without value and quote.
fn registry_row(run: &TrainingRun, field: Field) -> Extracted {
    Extracted {
        field,
        value: None,
        unit: field.unit(),
        as_written: String::new(),
        source: EvidenceSource::Registry,
        locator: format!("training_runs.csv:{}", run.registry_id),
        source_url: run.page(field),
        quote: String::new(),
        extractor: "registry",
        confidence: run.confidence.unwrap_or(Rating::Unknown).confidence(),
        reject_reason: None,
    }
}

fn registry_numbers(run: &TrainingRun) -> Vec<Extracted> {
    let number = |field: Field, value: Option<f64>, how: &str| {
        value.map(|value| Extracted {
            value: Some(value),
            as_written: format!("{value}"),
            quote: format!("{}: {field} {value:e}{how}; {}, {}", run.model, run.source, run.vintage),
            ..registry_row(run, field)
        })
    };
    let method = run.flop_method.as_deref().map(|m| format!(" ({m})")).unwrap_or_default();
    let energy_how = run.energy_basis.as_deref().map(|m| format!(" ({m})")).unwrap_or_default();
    let emissions_how = run.emissions_basis.map(|m| format!(" ({m}-based)")).unwrap_or_default();
    [
        number(Field::TotalParams, run.params, ""),
        number(Field::ActiveParams, run.active_params, ""),
        number(Field::TrainTokens, run.seen_tokens(), ""),
        number(Field::Epochs, run.epochs, ""),
        number(Field::TrainFlop, run.train_flop, &method),
        number(Field::AcceleratorCount, run.accelerator_count, ""),
        number(Field::WallHours, run.wall_hours, ""),
        number(Field::AcceleratorHours, run.accelerator_hours, ""),
        number(Field::Mfu, run.mfu, ""),
        number(Field::EnergyKwh, run.energy_kwh, &energy_how),
        number(Field::EmissionsKgco2e, run.reported_emissions_kgco2e, &emissions_how),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn refuse(run: &TrainingRun, row: &Extracted) -> Option<String> {
    let value = row.value.unwrap_or_default();
    if value <= 0.0 {
        return Some("zero or negative".into());
    }
    if row.field == Field::EmissionsKgco2e {
        if run.emissions_basis == Some(EmissionsBasis::Market) {
            return Some("market-based: kept apart from location-based figures".into());
        }
        return run.emissions_caution.as_ref().filter(|c| c.contains("family") || c.contains("conflict")).cloned();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::record::empty_row;
    use crate::tables::TimestampMs;

    fn raw(created: Option<i64>, tags: &[&str]) -> RawModelRow {
        let mut row = empty_row("t");
        row.created_at = created.map(TimestampMs);
        row.tags = tags.iter().map(|t| (*t).to_owned()).collect();
        row
    }

    const DAY: i64 = 86_400_000;

    #[test]
    fn a_paper_dates_a_pretraining_but_not_the_calculator_nor_an_old_one() {
        // 2024-02-28 in days since 1970 is 19,781.
        let created = Some(19_781 * DAY);
        let at = |tags: &[&str], pretrained| trained_on(&raw(created, tags), None, pretrained).map(|(d, s, _)| (d.to_string(), s));
        assert_eq!(at(&["arxiv:2401.04088"], true), Some(("2024-01-01".into(), TrainedOnSource::Arxiv)));
        assert_eq!(at(&["arxiv:1910.09700"], true), Some(("2024-02-28".into(), TrainedOnSource::CreatedAt)));
        assert_eq!(at(&["arxiv:2205.01068"], true), Some(("2024-02-28".into(), TrainedOnSource::CreatedAt)));
        assert_eq!(at(&["arxiv:2401.04088"], false), Some(("2024-02-28".into(), TrainedOnSource::CreatedAt)));
    }

    #[test]
    fn the_floor_means_on_or_before() {
        let at = |tags: &[&str]| trained_on(&raw(Some(CREATED_AT_FLOOR_MS), tags), None, true).map(|(d, s, _)| (d.to_string(), s));
        assert_eq!(at(&["arxiv:1810.04805"]), Some(("2018-10-01".into(), TrainedOnSource::Arxiv)));
        assert_eq!(at(&[]), Some(("2022-03-02".into(), TrainedOnSource::CreatedAtFloor)));
    }

    /// Regression: LLM360/K2-V2, whose record has no task and no library and the tag `llama`, was of the modality "other" and got the
    /// size of one; a wav2vec2 without a task was taken for a language model, because transformers is its library.
    #[test]
    fn an_architecture_tells_the_modality_where_no_task_does() {
        let of = |library: Option<&str>, tags: &[&str]| {
            modality(&RawModelRow { library: library.map(str::to_owned), ..raw(None, tags) }, None, None)
        };
        assert_eq!(of(None, &["pytorch", "llama", "en", "arxiv:2512.06201"]), Modality::Text);
        assert_eq!(of(Some("transformers"), &["transformers", "pytorch", "wav2vec2", "en"]), Modality::Audio);
        assert_eq!(of(Some("transformers"), &["transformers", "my-own", "en"]), Modality::Text);
        assert_eq!(of(Some("sentence-transformers"), &["sentence-transformers", "bert"]), Modality::Embedding);
        assert_eq!(of(None, &["pytorch", "en"]), Modality::Other);
        let config = RawModelRow { architecture: Some("Qwen2_VL".into()), ..raw(None, &[]) };
        assert_eq!(modality(&config, None, None), Modality::Multimodal);
    }

    /// Regression: Nemotron-4-340B-Reward and Llama-3.1-Nemotron-70B-Instruct were models of sound, because NeMo is a toolkit of speech.
    #[test]
    fn a_toolkit_of_speech_trains_language_models_too() {
        let of = |model_id: &str, task: Option<&str>| {
            let library = Some("nemo".to_owned());
            modality(&RawModelRow { model_id: model_id.into(), library, ..raw(None, &["nemo"]) }, task, None)
        };
        assert_eq!(of("nvidia/Nemotron-4-340B-Reward", None), Modality::Text);
        assert_eq!(of("nvidia/Llama-3.1-Nemotron-70B-Instruct", Some("other")), Modality::Text);
        assert_eq!(of("nvidia/parakeet-tdt-1.1b", None), Modality::Audio);
        assert_eq!(of("nvidia/stt_en_conformer_ctc_large", None), Modality::Audio);
        assert_eq!(of("nvidia/some-70b", Some("automatic-speech-recognition")), Modality::Audio);
    }

    /// Regression: MOSS-Audio-Tokenizer, an audio codec of 1.8 billion parameters, was taken for an embedding of texts, and given 1.2e23 FLOP.
    #[test]
    fn vectors_of_sound_are_no_embeddings_of_texts() {
        let of = |id: &str, tags: &[&str]| {
            modality(&RawModelRow { model_id: id.into(), ..raw(None, tags) }, Some("feature-extraction"), None)
        };
        assert_eq!(of("OpenMOSS-Team/MOSS-Audio-Tokenizer", &["transformers"]), Modality::Audio);
        assert_eq!(of("descript/some_24khz", &["transformers", "dac"]), Modality::Audio);
        assert_eq!(of("a/my-vit", &[]), Modality::Vision);
        assert_eq!(of("a/bert-vectors", &["bert"]), Modality::Embedding);
        assert_eq!(of("a/vectors", &[]), Modality::Embedding);
    }

    /// Regression: a wav2vec2 whose record has no task, no library and no tags was a language model, because its name has a size.
    #[test]
    fn a_name_tells_the_modality_where_nothing_else_does() {
        let of = |id: &str, library: Option<&str>, tags: &[&str]| {
            modality(&RawModelRow { model_id: id.into(), library: library.map(str::to_owned), ..raw(None, tags) }, None, None)
        };
        assert_eq!(of("a/wav2vec2-xls-r-300m-hi", None, &[]), Modality::Audio);
        assert_eq!(of("a/bert-base-x", None, &[]), Modality::Text);
        assert_eq!(of("a/bert-base-x", Some("sentence-transformers"), &[]), Modality::Embedding);
        assert_eq!(of("a/my-vit", Some("transformers"), &["transformers", "bert"]), Modality::Text);
        assert_eq!(of("a/my-vit", Some("transformers"), &["transformers"]), Modality::Vision);
        assert_eq!(of("a/something", None, &[]), Modality::Other);
    }

    #[test]
    fn arxiv_ids() {
        assert_eq!(arxiv_month("2304.06767").map(|d| d.to_string()), Some("2023-04-01".into()));
        for bad in ["2313.00001", "cs/0112017", "230.1", "", "0101.0001"] {
            assert_eq!(arxiv_month(bad), None, "{bad}");
        }
    }
}
