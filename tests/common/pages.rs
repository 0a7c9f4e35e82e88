//! Pages: what their markup is made of, and a snapshot whose names and quotes are hostile.

use super::table;
use hugging_carbon::domain::GroupBy;
use hugging_carbon::tables::io::TableWriter;
use hugging_carbon::tables::{AggregateRow, EstimateRow, EvidenceRow, LineageRow, ModelRow, QuarantineRow, Row, RunRow};
use std::collections::BTreeSet;
use std::path::Path;

/// Tags with the names of their attributes.
pub fn tags(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in page.split('<').skip(1).filter(|part| part.starts_with(|c: char| c.is_ascii_alphabetic())) {
        let (mut quiet, mut is_value) = (String::new(), false);
        for c in part.chars() {
            match c {
                '"' => is_value = !is_value,
                '>' if !is_value => break,
                c if !is_value => quiet.push(c),
                _ => {}
            }
        }
        found.insert(quiet.trim().to_owned());
    }
    found
}

/// What somebody may call a model, or write into a card.
pub const HOSTILE: [&str; 4] = [
    "\"><script>alert(1)</script>",
    "' onmouseover='alert(1)' x=\"<img src=x onerror=alert(1)>",
    "</style></title></table><iframe src=javascript:alert(1)>",
    "\u{202e}]]>--><!--\u{0}{{7*7}}&lt;b&gt;\u{feff}\u{fffe}",
];

/// Writes a table anew with every row changed.
fn rewrite<R: Row>(from: &Path, to: &Path, mut change: impl FnMut(&mut R, &str)) {
    let mut writer = TableWriter::<R>::create(to).unwrap();
    for (at, mut row) in table::<R>(from).into_iter().enumerate() {
        change(&mut row, HOSTILE[at % HOSTILE.len()]);
        writer.push(row).unwrap();
    }
    writer.finish().unwrap();
}

/// A copy of a snapshot's tables with hostile names, quotes and groups. Every row of a model gets the same words, so that the tables still
/// fit together.
pub fn hostile_copy(snapshot: &Path) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(snapshot).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, dir.path().join(path.file_name().unwrap())).unwrap();
    }
    let id = |id: &str| format!("{}{id}", HOSTILE[id.len() % HOSTILE.len()]);
    rewrite::<ModelRow>(snapshot, dir.path(), |row, words| {
        row.model_id = id(&row.model_id);
        row.owner = Some(words.to_owned());
        row.arxiv_id = Some(words.to_owned());
        row.owner_country = Some(words.to_owned());
    });
    rewrite::<EstimateRow>(snapshot, dir.path(), |row, words| {
        row.model_id = id(&row.model_id);
        row.accelerator = Some(words.to_owned());
        row.grid_place = Some(words.to_owned());
    });
    rewrite::<RunRow>(snapshot, dir.path(), |row, _| row.model_id = id(&row.model_id));
    rewrite::<EvidenceRow>(snapshot, dir.path(), |row, words| {
        row.model_id = id(&row.model_id);
        for text in [&mut row.quote, &mut row.locator, &mut row.value_as_written, &mut row.unit] {
            *text = words.to_owned();
        }
        row.reject_reason = row.reject_reason.as_ref().map(|_| words.to_owned());
        row.source_url = Some(format!("javascript:alert(1)//{words}"));
    });
    rewrite::<AggregateRow>(snapshot, dir.path(), |row, words| {
        if [GroupBy::Owner, GroupBy::Country, GroupBy::License, GroupBy::Coverage, GroupBy::Modality].contains(&row.group_by) {
            row.group = format!("{words}{}", row.group);
        }
    });
    rewrite::<QuarantineRow>(snapshot, dir.path(), |row, words| row.reason = words.to_owned());
    rewrite::<LineageRow>(snapshot, dir.path(), |row, _| row.model_id = id(&row.model_id));
    dir
}
