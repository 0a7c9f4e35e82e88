//! A repository that is in no index, from its record: it goes through the stages of the pipeline that read records, in a directory of its own.

use super::explanation::Explanation;
use super::gather::{known_run, of_repository, rows_of_table, tier_parts};
use super::tables::Tables;
use crate::cli::compose::{Access, Pipeline};
use hugging_carbon::config::CardsConfig;
use hugging_carbon::domain::source::{CohortMetric, SourceKind};
use hugging_carbon::domain::{Field, TrainedOnSource};
use hugging_carbon::engine::{Declared, Reports, Wanted};
use hugging_carbon::error::{Error, IoContext, Result};
use hugging_carbon::stages::tier::Tiering;
use hugging_carbon::tables::ModelRow;
use serde_json::{Map, Value, json};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Path that means standard input.
const STDIN: &str = "-";
/// What an index asks of its records and one record alone need not have, with a value in its stead: what comes of it is taken away again.
/// Counts are above zero, because an index of nothing but zeros is refused.
fn stand_ins() -> [(&'static str, Value); 3] {
    [("downloads", json!(1)), ("downloadsAllTime", json!(1)), ("createdAt", json!("2024-07-01T00:00:00.000Z"))]
}

/// A record as an index of one model, and its card beside it.
struct Laid {
    index: PathBuf,
    cards: Option<PathBuf>,
    /// Keys that the record lacks.
    lacks: Vec<&'static str>,
    /// Counts that are zero.
    zeros: Vec<&'static str>,
}

/// A repository that is in no index.
pub fn of_record(tables: &Tables, record: &Path) -> Result<Explanation> {
    let clean = tempfile::tempdir().at_path("cannot create", std::env::temp_dir())?;
    let Laid { index, cards, lacks, zeros } = lay_down(record, clean.path())?;
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
        Error::Input { what, remedy, .. } => Error::input(what.replace("index.jsonl:line 1: ", ""), named(record), remedy),
        other => other,
    })?;
    let model = rows_of_table::<ModelRow>(&pipeline.work)?.into_iter().next();
    let mut model = model.ok_or_else(|| {
        let remedy = "give one record as https://huggingface.co/api/models/OWNER/NAME gives it";
        Error::input("the record was refused: it makes no model", named(record), remedy)
    })?;
    take_stand_ins_away(&mut model, &lacks, &zeros);
    let deciding = match tables.config.cohort.metric {
        CohortMetric::DownloadsAllTime => model.downloads_all_time,
        CohortMetric::Downloads30d => model.downloads_30d,
    };
    model.in_cohort &= deciding.is_some_and(|count| count > 0);
    let run = known_run(&pipeline.work, &tables.reference, &model)?;
    let mut explanation = of_repository(tables, &pipeline.work, model, &run)?;
    explanation.is_published = false;
    if explanation.model.as_ref().is_some_and(|model| model.trained_on.is_none()) {
        // The date that stands in for what the record lacks is no evidence.
        explanation.evidence.retain(|row| row.field != Field::TrainedOn.name());
    }
    explanation.tiers = tier_parts(tables, &run, &[])?;
    Ok(explanation)
}

fn take_stand_ins_away(model: &mut ModelRow, lacks: &[&str], zeros: &[&str]) {
    let known = |key: &str, count: Option<i64>| match (lacks.contains(&key), zeros.contains(&key)) {
        (true, _) => None,
        (false, true) => Some(0),
        (false, false) => count,
    };
    model.downloads_30d = known("downloads", model.downloads_30d);
    model.downloads_all_time = known("downloadsAllTime", model.downloads_all_time);
    let is_stand_in = matches!(model.trained_on_source, Some(TrainedOnSource::CreatedAt | TrainedOnSource::CreatedAtFloor));
    if lacks.contains(&"createdAt") && is_stand_in {
        (model.trained_on, model.trained_on_source) = (None, None);
    }
}

fn named(record: &Path) -> String {
    if record == Path::new(STDIN) { "<stdin>".to_owned() } else { record.display().to_string() }
}

fn bytes(record: &Path) -> Result<Vec<u8>> {
    if record != Path::new(STDIN) {
        return fs_err::read(record).at_path("cannot read", record);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).at_path("cannot read", "<stdin>")?;
    Ok(bytes)
}

/// Lays a record down.
fn lay_down(record: &Path, into: &Path) -> Result<Laid> {
    let bad = |what: String| {
        Error::input(what, named(record), "give one record as https://huggingface.co/api/models/OWNER/NAME gives it")
    };
    let mut value: Value = serde_json::from_slice(&bytes(record)?).map_err(|e| bad(format!("not JSON: {e}")))?;
    let fields = value.as_object_mut().ok_or_else(|| bad("not a JSON object".to_owned()))?;
    let id = ["id", "modelId"].iter().find_map(|key| fields.get(*key)?.as_str().map(str::to_owned));
    let id = id.ok_or_else(|| bad("no text under the key 'id'".to_owned()))?;
    let card = fields.remove("card").filter(|card| !card.is_null());
    let (lacks, zeros) = fill_in(fields);
    let index = into.join("index.jsonl");
    fs_err::write(&index, format!("{value}\n")).at_path("cannot write", &index)?;
    let Some(card) = card else { return Ok(Laid { index, cards: None, lacks, zeros }) };
    let text = card.as_str().ok_or_else(|| bad("the key 'card' holds no text".to_owned()))?;
    let cards = into.join("cards.jsonl");
    fs_err::write(&cards, format!("{}\n", json!({"id": id, "card": text}))).at_path("cannot write", &cards)?;
    Ok(Laid { index, cards: Some(cards), lacks, zeros })
}

/// Puts stand-ins in, and says for which keys that are missing, and for which that are zero.
fn fill_in(fields: &mut Map<String, Value>) -> (Vec<&'static str>, Vec<&'static str>) {
    let (mut lacks, mut zeros) = (Vec::new(), Vec::new());
    for (key, value) in stand_ins() {
        let stated = fields.iter().find(|(name, known)| spelt_alike(name, key) && !known.is_null()).map(|(_, known)| known);
        let is_zero =
            stated.is_some_and(|known| known.as_f64() == Some(0.0) || known.as_str().is_some_and(|text| text.trim() == "0"));
        if stated.is_none() || is_zero {
            if is_zero {
                zeros.push(key)
            } else {
                lacks.push(key)
            }
            fields.retain(|name, _| !spelt_alike(name, key));
            fields.insert(key.to_owned(), value);
        }
    }
    (lacks, zeros)
}

/// Whether two keys are one, as records write them: createdAt, created_at.
fn spelt_alike(a: &str, b: &str) -> bool {
    let plain = |text: &str| text.replace('_', "").to_lowercase();
    plain(a) == plain(b)
}
