//! A repository that is in no index, from its record: it goes through the stages of the pipeline that read records, in a directory of its own.

use super::explanation::Explanation;
use super::gather::{Own, by_others, of_repository, rows_of_table, tier_parts};
use super::remarks::remarks_on_run;
use super::tables::Tables;
use crate::cli::compose::{Access, Pipeline};
use hugging_carbon::config::CardsConfig;
use hugging_carbon::domain::source::{CohortMetric, SourceKind};
use hugging_carbon::engine::{Declared, Reports, Wanted};
use hugging_carbon::error::{Error, IoContext, Result};
use hugging_carbon::hub::record::{PRIVATE, parse_json_record};
use hugging_carbon::hub::{Parsed, Problem};
use hugging_carbon::stages::tier::Tiering;
use hugging_carbon::tables::{ModelRow, RawModelRow};
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Path that means standard input.
const STDIN: &str = "-";
/// Hub id of the record that is laid beside one that lacks what an index is refused without: a date, and a count above zero. It has another
/// owner and nothing that links it to any other, so that the record itself is read as in an index whose other records have them.
const BESIDE: &str = "nobody/laid-beside";

/// That record.
fn beside() -> Value {
    json!({"id": BESIDE, "createdAt": "2024-07-01T00:00:00.000Z", "downloads": 1, "downloadsAllTime": 1})
}

/// What is wanted where something else came.
const GIVE_ONE: &str = "give one record as https://huggingface.co/api/models/OWNER/NAME gives it";
/// Characters of a value that a remark shows.
const SHOWN_CHARS: usize = 80;

/// A record as an index of one model, and its card beside it.
struct Laid {
    index: PathBuf,
    cards: Option<PathBuf>,
    /// What of it could not be used.
    problems: Vec<Problem>,
}

/// A repository that is in no index.
pub fn of_record(tables: &Tables, record: &Path) -> Result<Explanation> {
    let clean = tempfile::tempdir().at_path("cannot create", std::env::temp_dir())?;
    let Laid { index, cards, problems } = lay_down(record, clean.path(), tables.config.cohort.metric)?;
    let mut config = tables.config.clone();
    config.source.kind = SourceKind::File;
    config.source.path = Some(index);
    config.cards = CardsConfig { path: cards, ..CardsConfig::default() };
    // Limits are for an index, of which a part may be bad: here it is said of every field.
    config.limits.max_quarantine_fraction = 1.0;
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
    let model = rows_of_table::<ModelRow>(&pipeline.work)?.into_iter().find(|model| model.model_id != BESIDE);
    let model = model.ok_or_else(|| Error::input("the record was refused: it makes no model", named(record), GIVE_ONE))?;
    let own = Own::read(&pipeline.work, &model)?;
    let run = own.known_run(&tables.reference, &model);
    let mut explanation = of_repository(tables, &pipeline.work, model, &run, &own)?;
    explanation.is_published = false;
    explanation.tiers = tier_parts(tables, &run, &[], by_others(&explanation.evidence))?;
    // Of flags the same is said behind what is stated.
    for text in remarks_on_run(&run, &tables.reference) {
        explanation.tiers.iter_mut().for_each(|tier| tier.remarks.push(text.clone()));
    }
    let remarks = problems.iter().map(remark);
    for text in remarks {
        tracing::warn!("{text}");
        explanation.tiers.iter_mut().for_each(|tier| tier.remarks.push(text.clone()));
    }
    Ok(explanation)
}

/// What is said of a field that could not be used.
fn remark(problem: &Problem) -> String {
    let value: String = problem.raw.chars().take(SHOWN_CHARS).collect();
    format!("the record's {} is taken for unknown: {} ({value})", problem.field, problem.reason)
}

/// Why a record is refused, with what helps.
fn refusal(problems: &[Problem], place: String) -> Error {
    let reason = problems.first().map_or("it makes no model", |problem| problem.reason.as_str());
    let remedy = match reason {
        PRIVATE => "nothing is published here: take the key 'private' out of the record, and it is explained",
        _ => GIVE_ONE,
    };
    Error::input(format!("the record was refused: {reason}"), place, remedy)
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
fn lay_down(record: &Path, into: &Path, metric: CohortMetric) -> Result<Laid> {
    let bad = |what: String| Error::input(what, named(record), GIVE_ONE);
    let mut value: Value = serde_json::from_slice(&bytes(record)?).map_err(|e| bad(format!("not JSON: {e}")))?;
    let fields = value.as_object_mut().ok_or_else(|| bad("not a JSON object".to_owned()))?;
    let id = ["id", "modelId"].iter().find_map(|key| fields.get(*key)?.as_str().map(str::to_owned));
    let id = id.ok_or_else(|| bad("no text under the key 'id'".to_owned()))?;
    let card = fields.remove("card").filter(|card| !card.is_null());
    let line = value.to_string();
    let Parsed { row, problems, .. } = parse_json_record(line.as_bytes(), "record");
    let row = row.ok_or_else(|| refusal(&problems, named(record)))?;
    let index = into.join("index.jsonl");
    let beside = if lacks_what_decides(&row, metric) { format!("{}\n", beside()) } else { String::new() };
    fs_err::write(&index, format!("{line}\n{beside}")).at_path("cannot write", &index)?;
    let Some(card) = card else { return Ok(Laid { index, cards: None, problems }) };
    let text = card.as_str().ok_or_else(|| bad("the key 'card' holds no text".to_owned()))?;
    let cards = into.join("cards.jsonl");
    fs_err::write(&cards, format!("{}\n", json!({"id": id, "card": text}))).at_path("cannot write", &cards)?;
    Ok(Laid { index, cards: Some(cards), problems })
}

/// Whether an index of nothing but this record would be refused: it has no date, or no count above zero that a cohort is cut by.
fn lacks_what_decides(row: &RawModelRow, metric: CohortMetric) -> bool {
    let count = match metric {
        CohortMetric::DownloadsAllTime => row.downloads_all_time,
        CohortMetric::Downloads30d => row.downloads_30d,
    };
    row.created_at.is_none() || count.is_none_or(|count| count == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is laid down of a record, or why it is refused.
    fn laid(record: &str) -> Result<(String, Vec<String>), String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("record.json");
        std::fs::write(&file, record).unwrap();
        let laid = lay_down(&file, dir.path(), CohortMetric::DownloadsAllTime).map_err(|e| e.to_string())?;
        Ok((std::fs::read_to_string(laid.index).unwrap(), laid.problems.iter().map(remark).collect()))
    }

    /// Regression: a record without downloads of 30 days was given one, which told its role.
    #[test]
    fn a_record_is_laid_down_as_it_is() {
        let (index, problems) = laid(r#"{"id":"a/b","createdAt":"2024-05-01","downloadsAllTime":60000}"#).unwrap();
        assert_eq!((index.lines().count(), index.contains("\"downloads\""), problems.len()), (1, false, 0), "{index}");
        for lacking in [r#"{"id":"a/b"}"#, r#"{"id":"a/b","createdAt":"2024-05-01","downloadsAllTime":0}"#] {
            let (index, _) = laid(lacking).unwrap();
            let lines: Vec<&str> = index.lines().collect();
            assert_eq!(
                (lines.len(), serde_json::from_str::<Value>(lines[0]).unwrap()),
                (2, serde_json::from_str(lacking).unwrap())
            );
        }
    }

    /// Regression: one odd field refused the record, with the way out of an index.
    #[test]
    fn an_odd_field_is_a_remark_and_a_refusal_has_a_way_out_that_helps() {
        let (_, problems) = laid(r#"{"id":"a/b","downloads":-5,"createdAt":"2040-01-01","safetensors":{"total":2e16}}"#).unwrap();
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems.iter().any(|text| text.contains("the record's downloads is taken for unknown: negative count (-5)")));
        let said = laid(r#"{"id":"a/b","private":true}"#).unwrap_err();
        assert!(said.contains("private repository") && said.contains("take the key 'private' out"), "{said}");
        assert!(laid(r#"{"id":"a/b/c"}"#).unwrap_err().contains("id missing or malformed"));
    }
}
