//! The house as its plan has it: arrows between folders, sizes of files and functions, names, citations and links.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Most lines of a file of code.
const FILE_LINES: usize = 500;
/// Most lines of a function.
const FUNCTION_LINES: usize = 60;
/// Names that say nothing alone.
const BARE_NAMES: [&str; 5] = ["of", "at", "own", "take", "read"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder with one of some endings, as paths relative to the root, sorted.
fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let (mut open, mut found) = (vec![root().join(folder)], Vec::new());
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| endings.contains(&e.to_str().unwrap_or_default())) {
                found.push(path.strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The lines of a file that are the product's: tests at its end and comments left out.
fn product_lines(path: &Path) -> Vec<String> {
    if path.file_name().is_some_and(|name| name == "tests.rs") {
        return Vec::new();
    }
    let text = text(path);
    let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    product.lines().filter(|line| !line.trim_start().starts_with("//")).map(str::to_owned).collect()
}

/// The folder of `src`, or the file at its top, that a path is in.
fn room(path: &Path) -> String {
    let first = path.components().nth(1).unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The allowed arrows, as docs/architecture.md lists them.
fn plan() -> BTreeMap<String, BTreeSet<String>> {
    let page = text(Path::new("docs/architecture.md"));
    let block = page.split("```arrows\n").nth(1).unwrap().split("```").next().unwrap();
    let arrow = |line: &str| {
        let (from, to) = line.split_once("->").unwrap();
        let to = to.split(',').map(str::trim).filter(|room| !room.is_empty()).map(str::to_owned).collect();
        (from.trim().to_owned(), to)
    };
    block.lines().filter(|line| !line.trim().is_empty()).map(arrow).collect()
}

/// Rooms that a line takes something from.
fn taken_from(line: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for prefix in ["crate::", "hugging_carbon::"] {
        for (at, _) in line.match_indices(prefix) {
            let before = line[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let rest = &line[at + prefix.len()..];
            let names: Vec<&str> = match rest.strip_prefix('{') {
                Some(list) => list.split(['}', ',']).map(str::trim).collect(),
                None => vec![rest],
            };
            for name in names {
                let room: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                rooms.push(room);
            }
        }
    }
    rooms
}

#[test]
fn every_arrow_is_in_the_plan() {
    let plan = plan();
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for path in files("src", &["rs"]) {
        let from = room(&path);
        if from == "main" || from == "lib" {
            continue;
        }
        let allowed = plan.get(&from).unwrap_or_else(|| panic!("{}: the plan has no room '{from}'", path.display()));
        for line in product_lines(&path) {
            for to in taken_from(&line).into_iter().filter(|to| *to != from && plan.contains_key(to)) {
                seen.insert((from.clone(), to.clone()));
                if !allowed.contains(&to) {
                    wrong.push(format!("{}: {from} -> {to}: {}", path.display(), line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen.len() > 20, "the test reads the use lines: {seen:?}");
}

/// Whoever can be reached from a room cannot reach it.
#[test]
fn the_plan_has_no_circle() {
    let plan = plan();
    for start in plan.keys() {
        let (mut open, mut seen) = (vec![start], BTreeSet::new());
        while let Some(from) = open.pop() {
            for to in &plan[from] {
                assert_ne!(to, start, "{start} reaches itself by {from}");
                if seen.insert(to) {
                    open.push(to);
                }
            }
        }
    }
}

/// `stages/` holds the stages and nothing else, listed in the order data flows.
#[test]
fn stages_holds_the_stages() {
    let folders: BTreeSet<String> = std::fs::read_dir(root().join("src/stages"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name != "mod.rs")
        .collect();
    let declared: Vec<String> = text(Path::new("src/stages/mod.rs"))
        .lines()
        .filter_map(|line| Some(line.strip_prefix("pub mod ")?.trim_end_matches(';').to_owned()))
        .collect();
    assert_eq!(declared, hugging_carbon::stages::NAMES);
    assert_eq!(folders, declared.into_iter().collect());
}

/// A word list decides what the extractors find: a stage that reads with them is stale when a list changes. ingest cuts cards to their
/// length and reads nothing in them.
#[test]
fn a_stage_that_reads_evidence_declares_the_vocabulary() {
    let mut found = BTreeMap::new();
    for path in files("src/stages", &["rs"]) {
        let stage = path.strip_prefix("src/stages").unwrap().components().next().unwrap().as_os_str().to_str().unwrap().to_owned();
        let lines = product_lines(&path);
        let reads = lines.iter().any(|l| l.contains("evidence::"));
        let cuts = stage == "ingest"
            && lines.iter().all(|l| !l.contains("card::") || l.contains("card::cut(") || l.contains("card::is_cut("));
        let declares = lines.iter().any(|l| l.contains("vocabulary_digests()"));
        let entry = found.entry(stage).or_insert((false, false));
        *entry = (entry.0 || (reads && !cuts), entry.1 || declares);
    }
    found.remove("mod.rs");
    assert!(found["tier"].0 && found["fit"].0 && !found["fetch"].0);
    for (stage, (reads, declares)) in found {
        assert!(!reads || declares, "{stage}");
    }
}

#[test]
fn no_file_of_code_is_longer_than_500_lines() {
    let all = ["src", "tests", "benches", "contrib"].into_iter().flat_map(|folder| files(folder, &["rs", "py"]));
    let long: Vec<String> = all
        .map(|path| (text(&path).lines().count(), path))
        .filter(|(lines, _)| *lines > FILE_LINES)
        .map(|(lines, path)| format!("{}: {lines}", path.display()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// rustfmt closes a function at the indentation it opened it with.
#[test]
fn no_function_is_longer_than_60_lines() {
    let mut long = Vec::new();
    for path in files("src", &["rs"]) {
        let text = text(&path);
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let code = line.trim_start();
            let begins = ["fn ", "pub fn ", "pub(super) fn ", "pub(crate) fn ", "pub const fn ", "const fn "];
            if !begins.iter().any(|begin| code.starts_with(begin)) || code.ends_with(';') {
                continue;
            }
            let closing = format!("{}}}", " ".repeat(line.len() - code.len()));
            let length = lines[at..].iter().position(|line| *line == closing).map_or(1, |n| n + 1);
            if length > FUNCTION_LINES {
                long.push(format!("{}:{}: {length} lines: {code}", path.display(), at + 1));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn no_public_function_has_a_bare_name() {
    let mut bare = Vec::new();
    for path in files("src", &["rs"]) {
        for line in product_lines(&path) {
            let Some(rest) = line.trim_start().strip_prefix("pub fn ").or_else(|| line.trim_start().strip_prefix("pub const fn "))
            else {
                continue;
            };
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if BARE_NAMES.contains(&name.as_str()) {
                bare.push(format!("{}: {}", path.display(), line.trim()));
            }
        }
    }
    assert!(bare.is_empty(), "{}", bare.join("\n"));
}

/// What code, data and texts cite is in the repository: pages of docs/, and their numbered or named sections.
#[test]
fn every_citation_resolves_into_docs() {
    let mut wrong = Vec::new();
    let mut cited = 0;
    let mut all: Vec<PathBuf> = ["src", "tests", "benches", "data", "docs", "notebooks", "contrib"]
        .into_iter()
        .flat_map(|folder| files(folder, &["rs", "py", "md", "toml", "csv", "ipynb"]))
        .collect();
    all.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "pipeline.toml", "Makefile", "Cargo.toml"].map(PathBuf::from));
    for path in all.into_iter().filter(|path| !path.ends_with("structure.rs")) {
        for line in text(&path).lines() {
            for elsewhere in ["METHOD.md", "HUB.md", "DESIGN.md", "DATA.md", "STYLE.md"] {
                if line.contains(elsewhere) {
                    wrong.push(format!("{}: {elsewhere} is not in the repository: {}", path.display(), line.trim()));
                }
            }
            // A longer path, an address or another repository ("owner/name docs/page.md") may have a folder of that name.
            let elsewhere =
                |before: &str| before.ends_with(' ') && before.split_whitespace().next_back().is_some_and(is_repository);
            let inside = |before: &str| before.ends_with(['/', '-', '.']) || before.ends_with(char::is_alphanumeric);
            let ours = |at: &usize| !inside(&line[..*at]) && !elsewhere(&line[..*at]);
            for at in line.match_indices("docs/").map(|(at, _)| at).filter(ours) {
                let name: String = line[at..].chars().take_while(|c| c.is_alphanumeric() || "._/-".contains(*c)).collect();
                let Some(page) = name.find(".md").map(|end| &name[..end + 3]) else { continue };
                cited += 1;
                if !root().join(page).exists() {
                    wrong.push(format!("{}: no page {page}", path.display()));
                } else if let Some(section) = cited_section(&line[at + page.len()..])
                    && !has_section(page, &section)
                {
                    wrong.push(format!("{}: {page} has no section '{section}'", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cited > 40, "the test finds the citations: {cited}");
}

/// `owner/name`, possibly behind other cells of a row.
fn is_repository(word: &str) -> bool {
    let last = word.rsplit([',', '"']).next().unwrap_or(word);
    last.split_once('/').is_some_and(|(owner, name)| !owner.is_empty() && !name.is_empty() && !name.contains('.'))
}

/// `, section 3`, `, sections 4 and 6` or `, "Tables"` behind a page.
fn cited_section(rest: &str) -> Option<String> {
    let rest = rest.trim_start_matches(['`', ')']).strip_prefix(',')?.trim_start();
    if let Some(number) = rest.strip_prefix("section ").or_else(|| rest.strip_prefix("sections ")) {
        let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
        return (!digits.is_empty()).then_some(digits);
    }
    rest.trim_start_matches('\\').strip_prefix('"')?.split(['"', '\\']).next().map(str::to_owned)
}

fn has_section(page: &str, section: &str) -> bool {
    let is_number = section.bytes().all(|b| b.is_ascii_digit());
    text(Path::new(page)).lines().filter(|line| line.starts_with('#')).any(|line| {
        let heading = line.trim_start_matches('#').trim();
        if is_number { heading.starts_with(&format!("{section}. ")) } else { heading == section }
    })
}

/// Relative links of the pages lead to files and headings that exist.
#[test]
fn every_link_between_pages_leads_somewhere() {
    let mut pages = files("docs", &["md"]);
    pages.extend(files("data", &["md"]));
    pages.extend(files("contrib", &["md"]));
    pages.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(PathBuf::from));
    let (mut wrong, mut links) = (Vec::new(), 0);
    for page in pages {
        for part in text(&page).split("](").skip(1) {
            let target = part.split(')').next().unwrap_or_default();
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            links += 1;
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let linked = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let found = root().join(&linked).exists();
            if !found || (!heading.is_empty() && !anchors(&linked).contains(heading)) {
                wrong.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(links > 20, "{links}");
}

/// Headings as they are linked to.
fn anchors(page: &Path) -> BTreeSet<String> {
    let heading = |line: &str| -> String {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        words.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    text(page).lines().filter(|line| line.starts_with('#')).map(heading).collect()
}
