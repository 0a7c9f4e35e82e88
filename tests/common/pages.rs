//! Pages: what their markup is made of, and a snapshot whose names and quotes are hostile.

use super::{Workspace, table};
use hugging_carbon::compare::{Edition, change};
use hugging_carbon::domain::GroupBy;
use hugging_carbon::error::Result;
use hugging_carbon::report::{About, Beside};
use hugging_carbon::stages::snapshot::{about, verify_files};
use hugging_carbon::tables::io::TableWriter;
use hugging_carbon::tables::{AggregateRow, EstimateRow, EvidenceRow, LineageRow, ModelRow, QuarantineRow, Row, RunRow};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A snapshot of the sample with a page of it.
pub struct Sample {
    pub workspace: Workspace,
    pub snapshot: PathBuf,
    pub about: About,
    pub page: String,
}

impl Sample {
    pub fn with_page(page: fn(&Path, &About, &Beside) -> Result<String>) -> Self {
        let workspace = Workspace::new();
        workspace.ok(&["-q", "run"]);
        let snapshot = workspace.snapshot();
        let about = about(&verify_files(&snapshot).unwrap().1);
        let page = page(&snapshot, &about, &Beside::default()).unwrap();
        Self { workspace, snapshot, about, page }
    }

    /// Its tables and what is said of it, hostile.
    pub fn hostile(&self) -> (tempfile::TempDir, About) {
        let mut about = self.about.clone();
        about.index_date = HOSTILE[2].to_owned();
        about.edition = HOSTILE[0].to_owned();
        about.inputs.iter_mut().for_each(|file| file.name = HOSTILE[1].to_owned());
        (hostile_copy(&self.snapshot), about)
    }
}

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
pub const HOSTILE: [&str; 7] = [
    "\"><script>alert(1)</script>",
    "' onmouseover='alert(1)' x=\"<img src=x onerror=alert(1)>",
    "</style></title></table><iframe src=javascript:alert(1)>",
    "\u{202e}]]>--><!--\u{0}{{7*7}}&lt;b&gt;\u{feff}\u{fffe}",
    // Attributes, quoted every way, and one that takes the focus by itself.
    "x\" autofocus onfocus=alert(1) style=\"position:fixed;inset:0\" y='` href=data:text/html,<script>alert(1)</script> srcdoc=\"<svg onload=alert(1)>",
    // The end of a script inside a string, the state of a script in a comment, a template string, and what ends a line in old scripts.
    "</script\u{a0}><!--<script>\u{2028}${alert(1)}`;alert(1);//\\\"}]}</script><svg/onload=alert(1)>",
    // Marks of direction and joiners in the middle of words, a line that is broken, and a formula for a spreadsheet.
    "=HYPERLINK(\"javascript:alert(1)\")\u{2066}\u{202d}moc.live\u{2069}\u{200f}\u{61c}\u{200b}\u{2029}\r\n<a href=\"javascript:alert(1)\">gpj.exe</a>",
];

/// What somebody may give as the address of a page.
pub const HOSTILE_URLS: [&str; 6] = [
    "javascript:alert(1)//",
    " JaVaScRiPt:alert(1)//https://",
    "java\tscript:alert(1)",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "//evil.example/",
    "https://evil.example/\" onmouseover=\"alert(1)\" x=\"",
];

/// Writes a table anew with every row changed.
fn rewrite<R: Row>(from: &Path, to: &Path, mut change: impl FnMut(&mut R, &str, usize)) {
    let mut writer = TableWriter::<R>::create(to).unwrap();
    for (at, mut row) in table::<R>(from).into_iter().enumerate() {
        change(&mut row, HOSTILE[at % HOSTILE.len()], at);
        writer.push(row).unwrap();
    }
    writer.finish().unwrap();
}

/// A copy of a snapshot's tables with hostile names, quotes and groups. Every row of a model gets the same words, so that the tables still
/// fit together.
fn hostile_copy(snapshot: &Path) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(snapshot).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, dir.path().join(path.file_name().unwrap())).unwrap();
    }
    let id = |id: &str| format!("{}{id}", HOSTILE[id.len() % HOSTILE.len()]);
    rewrite::<ModelRow>(snapshot, dir.path(), |row, words, _| {
        row.model_id = id(&row.model_id);
        for text in [&mut row.owner, &mut row.arxiv_id, &mut row.owner_country, &mut row.pipeline_tag, &mut row.license] {
            *text = Some(words.to_owned());
        }
        row.base_model_ids = vec![words.to_owned(), format!("a/{words}")];
        row.upstream_run_ids.push(format!("{words}#pretraining"));
        row.stands_on_run_id = row.stands_on_run_id.as_ref().map(|run| format!("{words}{run}"));
    });
    rewrite::<EstimateRow>(snapshot, dir.path(), |row, words, _| {
        row.model_id = id(&row.model_id);
        row.run_id = id(&row.run_id);
        for text in [&mut row.accelerator, &mut row.grid_place, &mut row.grid_source, &mut row.pue_source, &mut row.water_source] {
            *text = Some(words.to_owned());
        }
    });
    rewrite::<RunRow>(snapshot, dir.path(), |row, _, _| {
        row.model_id = id(&row.model_id);
        row.run_id = id(&row.run_id);
    });
    rewrite::<EvidenceRow>(snapshot, dir.path(), |row, words, at| {
        row.model_id = id(&row.model_id);
        for text in [&mut row.quote, &mut row.locator, &mut row.value_as_written, &mut row.unit] {
            *text = words.to_owned();
        }
        row.reject_reason = row.reject_reason.as_ref().map(|_| words.to_owned());
        row.source_url = Some(format!("{}{words}", HOSTILE_URLS[at % HOSTILE_URLS.len()]));
    });
    rewrite::<AggregateRow>(snapshot, dir.path(), |row, words, _| {
        if [GroupBy::Owner, GroupBy::Country, GroupBy::License, GroupBy::Coverage, GroupBy::Modality].contains(&row.group_by) {
            row.group = format!("{words}{}", row.group);
        }
    });
    rewrite::<QuarantineRow>(snapshot, dir.path(), |row, words, _| row.reason = words.to_owned());
    rewrite::<LineageRow>(snapshot, dir.path(), |row, _, _| row.model_id = id(&row.model_id));
    dir
}

/// What pages tell of the change from a snapshot to its hostile copy.
pub fn hostile_beside(snapshot: &Path, hostile: &Path) -> Beside {
    let edition = |words: &str| Edition {
        snapshot: words.to_owned(),
        index_date: words.to_owned(),
        method_version: 1,
        cohort: words.to_owned(),
        models: 1,
        draws: [None; 2],
    };
    let change = change((snapshot, edition(HOSTILE[4])), (hostile, edition(HOSTILE[5]))).unwrap();
    assert!(change.rows.iter().any(|row| row.run_id.contains("<script>")));
    Beside { change: Some(change), series: Vec::new() }
}

/// Keeps a hostile page for `tests/acceptance/pages/check.mjs`, which opens it: in the directory that HOSTILE_PAGES names, if any.
pub fn keep_hostile(name: &str, page: &str) {
    if let Some(directory) = std::env::var_os("HOSTILE_PAGES") {
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(Path::new(&directory).join(name), page).unwrap();
    }
}

/// Characters that hide, turn the line around or break it: none may be left in a page.
pub const HIDDEN: [char; 13] = [
    '\u{202e}', '\u{202d}', '\u{2066}', '\u{2069}', '\u{200f}', '\u{61c}', '\u{200b}', '\u{2028}', '\u{2029}', '\u{0}', '\u{feff}',
    '\u{fffe}', '\r',
];
