//! Which files of a directory hold cards: READMEs in every layout that people keep repositories in, and tables of cards.

use super::card_object::is_card_object;
use super::cards::{ID_KEYS, TEXT_KEYS, is_markdown};
use super::find::{file_kind, first_keys, is_called_index, refused};
use super::origin::{Origin, origin};
use super::parquet::column_names;
use super::source::{FileKind, PassedOver};
use crate::error::{Error, IoContext, Result};
use crate::hub::record::{CACHED_MODEL, same_key};
use crate::store::input_metadata;
use fs_err as fs;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Begin those of what is no model.
const CACHED_OTHERS: &[&str] = &["datasets--", "spaces--", "kernels--"];

/// The files of cards below a path, and what lies beside them.
#[derive(Debug, Default)]
pub struct CardFiles {
    /// Name and path, in name order. The name alone tells whose card a README is: a clone's is that of its origin.
    pub files: Vec<(String, PathBuf)>,
    /// What was passed over, in name order.
    pub passed_over: Vec<PassedOver>,
    /// Directories as they really lie, each read once: links may lead round in circles.
    seen: BTreeSet<PathBuf>,
}

/// The files at a path, in name order: the file itself, or of a directory its tables of cards and the READMEs below it.
///
/// Known are `owner/name/README.md`, `owner/name.md`, `owner--name.md`, clones, and the cache of the Hub's own tools.
///
/// # Errors
/// The path does not exist or cannot be read, or a directory holds no card.
pub fn find_card_files(path: &Path) -> Result<CardFiles> {
    let metadata = input_metadata(path, "cannot read cards")?;
    let mut found = CardFiles::default();
    let own_name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    if !metadata.is_dir() {
        found.files.push((own_name, path.to_owned()));
        return Ok(found);
    }
    if own_name.starts_with(CACHED_MODEL) {
        found.cached_model(path, &own_name)?;
    } else {
        found.directory(path, "", false)?;
    }
    found.files.sort();
    // A repository that was cloned twice has one card.
    let mut seen = BTreeSet::new();
    let (files, again): (Vec<_>, Vec<_>) =
        std::mem::take(&mut found.files).into_iter().partition(|(name, _)| seen.insert(name.clone()));
    found.files = files;
    for (name, _) in again {
        found.pass_over(name, "another clone of the same repository");
    }
    found.passed_over.sort_by(|a, b| a.name.cmp(&b.name));
    if found.files.is_empty() {
        return Err(Error::input(
            format!("the directory of cards holds no card{}", PassedOver::list(&found.passed_over)),
            path.display(),
            "call cards owner/name/README.md or owner--name.md, point --cards at the hub/ of a Hub cache, or write JSON Lines of \
             {\"id\": ..., \"card\": ...}",
        ));
    }
    Ok(found)
}

impl CardFiles {
    fn pass_over(&mut self, name: impl Into<String>, reason: impl Into<String>) {
        self.passed_over.push(PassedOver::new(name, reason));
    }

    /// Of a directory; `name` is empty for the one that was given. `in_repository` says that a README above is the card already.
    fn directory(&mut self, dir: &Path, name: &str, in_repository: bool) -> Result<()> {
        if !self.seen.insert(fs::canonicalize(dir).at_path("cannot read cards", dir)?) {
            self.pass_over(format!("{name}/"), "a link to a directory that is read already");
            return Ok(());
        }
        let last = name.rsplit('/').next().unwrap_or_default();
        if last.starts_with(CACHED_MODEL) && dir.join("snapshots").is_dir() {
            return self.cached_model(dir, name);
        }
        if CACHED_OTHERS.iter().any(|other| last.starts_with(other)) {
            self.pass_over(format!("{name}/"), "no model of the Hub's cache");
            return Ok(());
        }
        let below = |entry: &str| if name.is_empty() { entry.to_owned() } else { format!("{name}/{entry}") };
        let (files, dirs, others) = entries(dir)?;
        others.into_iter().for_each(|(entry, reason)| self.pass_over(below(&entry), reason));
        let origin = match origin(dir) {
            Some(Origin::Other(what)) => {
                self.pass_over(format!("{name}/"), format!("a clone of {what}"));
                return Ok(());
            }
            Some(Origin::Model(id)) => Some(id),
            None => None,
        };
        let has_readme = files.iter().any(|(entry, _)| is_readme(entry));
        let is_repository = has_readme && (origin.is_some() || name.contains('/') || last.contains("--"));
        for (entry, path) in files {
            let full = below(&entry);
            match &origin {
                Some(id) if is_readme(&entry) && !in_repository => self.files.push((format!("{id}/README.md"), path)),
                None if is_readme(&entry) && name.is_empty() => {
                    self.pass_over(full, "a README whose model its path does not tell: owner/name/README.md would");
                }
                _ if is_markdown(&entry) && !in_repository && (is_readme(&entry) || !is_repository) => {
                    self.files.push((full, path))
                }
                _ if is_markdown(&entry) => self.pass_over(full, "Markdown inside a repository, beside its card"),
                _ if name.is_empty() => match refusal_as_cards(&path, &entry)? {
                    None => self.files.push((full, path)),
                    Some(reason) => self.pass_over(full, reason),
                },
                // The tables of a data set lie in `data/`. Nobody asked for what is damaged there.
                _ if !in_repository && !is_repository && is_called_index(&entry) => match refusal_as_cards(&path, &entry) {
                    Ok(None) => self.files.push((full, path)),
                    Ok(Some(reason)) => self.pass_over(full, reason),
                    Err(e) => self.pass_over(full, format!("cannot be read: {e}").lines().next().unwrap_or_default()),
                },
                _ => self.pass_over(full, "no card"),
            }
        }
        for (entry, path) in dirs {
            self.directory(&path, &below(&entry), in_repository || is_repository)?;
        }
        Ok(())
    }

    /// A model in the Hub's cache: of several revisions that of `refs/main`.
    fn cached_model(&mut self, dir: &Path, name: &str) -> Result<()> {
        let main = fs::read_to_string(dir.join("refs").join("main")).unwrap_or_default();
        let snapshots = dir.join("snapshots");
        let mut readmes = Vec::new();
        if snapshots.is_dir() {
            for (revision, path) in entries(&snapshots)?.1 {
                let readme = entries(&path)?.0.into_iter().find(|(entry, _)| is_readme(entry));
                readmes.extend(readme.map(|(entry, path)| (revision, entry, path)));
            }
        }
        let chosen = match readmes.iter().position(|(revision, _, _)| *revision == main.trim()) {
            None if readmes.len() == 1 => Some(0),
            position => position,
        };
        if readmes.is_empty() {
            self.pass_over(format!("{name}/"), "no README in the cache");
        }
        for (at, (revision, entry, path)) in readmes.into_iter().enumerate() {
            let full = format!("{name}/snapshots/{revision}/{entry}");
            match chosen {
                Some(chosen) if chosen == at => self.files.push((full, path)),
                Some(_) => self.pass_over(full, "another revision than that of refs/main"),
                None => self.pass_over(full, "one of several revisions, none of which is that of refs/main"),
            }
        }
        Ok(())
    }
}

fn is_readme(entry: &str) -> bool {
    entry.eq_ignore_ascii_case("readme.md")
}

/// Files and directories with their paths, and what else there is with the reason why it is passed over.
type Entries = (Vec<(String, PathBuf)>, Vec<(String, PathBuf)>, Vec<(String, &'static str)>);

/// Files and directories with their names, sorted; hidden ones are left out.
#[allow(clippy::type_complexity)]
fn entries(dir: &Path) -> Result<Entries> {
    let (mut files, mut dirs, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for entry in fs::read_dir(dir).at_path("cannot list cards", dir)? {
        let entry = entry.at_path("cannot list cards", dir)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let file_type = entry.file_type().at_path("cannot read cards", entry.path())?;
        if name.starts_with('.') {
            others.push((name, "hidden"));
        } else if entry.path().is_dir() {
            dirs.push((file_type.is_symlink(), name, entry.path()));
        } else if entry.path().is_file() {
            files.push((name, entry.path()));
        } else if file_type.is_symlink() {
            others.push((name, "a link that leads nowhere"));
        } else {
            others.push((name, "neither a file nor a directory"));
        }
    }
    files.sort();
    // What is there itself goes before what is linked.
    dirs.sort();
    Ok((files, dirs.into_iter().map(|(_, name, path)| (name, path)).collect(), others))
}

/// Why a file that is no Markdown is no table of cards; nothing if it is one.
fn refusal_as_cards(path: &Path, name: &str) -> Result<Option<String>> {
    let keys = match file_kind(path)? {
        Ok(FileKind::Parquet) => Some(column_names(path)?),
        Ok(FileKind::JsonLines { packing }) if is_card_object(path, packing)? => return Ok(None),
        Ok(FileKind::JsonLines { packing } | FileKind::JsonArray { packing }) => first_keys(path, packing)?,
        Ok(FileKind::Recording) => return Ok(Some("a recorded listing, no cards".into())),
        Err(unreadable) if is_called_index(name) => return Err(refused(path, &unreadable)),
        Err(unreadable) => return Ok(Some(unreadable.reason)),
    };
    // What cannot be read is a damaged file of cards: its reader says where.
    let Some(keys) = keys else { return Ok(None) };
    let has = |names: &[&str]| keys.iter().any(|key| names.iter().any(|name| same_key(key, name)));
    Ok((!has(ID_KEYS) || !has(TEXT_KEYS)).then(|| "no ids with texts of cards".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        dir
    }

    fn names(dir: &Path) -> Vec<String> {
        find_card_files(dir).unwrap().files.into_iter().map(|(name, _)| name).collect()
    }

    /// Regression: a linked directory was passed over as "neither a file nor a directory", and the tables of a data set as no cards.
    #[test]
    #[cfg(unix)]
    fn linked_directories_and_tables_of_data_sets_are_read() {
        let row = "{\"id\":\"a/x\",\"card\":\"# X\"}\n";
        let dir = tree(&[("store/a/b/README.md", "# B"), ("set/README.md", "of a data set"), ("set/data/train.jsonl", row)]);
        let cards = dir.path().join("cards");
        std::fs::create_dir(&cards).unwrap();
        std::os::unix::fs::symlink("../store/a", cards.join("a")).unwrap();
        std::os::unix::fs::symlink("..", dir.path().join("store/a/round")).unwrap();
        assert_eq!(names(&cards), ["a/b/README.md"]);
        assert_eq!(names(&dir.path().join("set")), ["data/train.jsonl"]);
    }

    /// What a clone holds beside its README is no card, and stops nothing.
    #[test]
    fn cloned_repositories_give_their_readmes_only() {
        let dir = tree(&[
            ("a/b/README.md", "# B"),
            ("a/b/CHANGELOG.md", "1.0"),
            ("a/b/onnx/README.md", "# export"),
            ("a/b/config.json", "{}"),
            ("a/b/model.safetensors", "\u{0}\u{1}"),
            ("a/c.md", "# C"),
            ("README.md", "my cards"),
            ("config.json", "{\n \"model_type\": \"bert\"\n}"),
            ("d--e.md", "# E"),
            ("f--g/README.md", "# G"),
            ("f--g/NOTES.md", "notes"),
        ]);
        assert_eq!(names(dir.path()), ["a/b/README.md", "a/c.md", "d--e.md", "f--g/README.md"]);
        let passed_over = find_card_files(dir.path()).unwrap().passed_over;
        assert_eq!(passed_over.len(), 7, "{passed_over:?}");
    }

    #[test]
    fn a_clone_is_called_by_its_origin() {
        let url = |id: &str| format!("[remote \"origin\"]\n\turl = https://huggingface.co/{id}\n\tfetch = +refs/heads/*\n");
        let dir = tree(&[
            ("bert/README.md", "# one"),
            ("bert/.git/config", &url("lab/bert-fr")),
            ("gpt/README.md", "# two"),
            ("gpt/.git/config", "[remote \"origin\"]\n\turl = git@hf.co:lab-b/gpt.git\n"),
        ]);
        assert_eq!(names(dir.path()), ["lab-b/gpt/README.md", "lab/bert-fr/README.md"]);
        assert_eq!(names(&dir.path().join("bert")), ["lab/bert-fr/README.md"]);
    }

    #[test]
    fn a_cache_gives_the_card_of_main() {
        let dir = tree(&[
            ("CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55"),
            ("models--a--b/refs/main", "222"),
            ("models--a--b/snapshots/111/README.md", "# old"),
            ("models--a--b/snapshots/222/README.md", "# new"),
            ("models--solo/refs/main", "333\n"),
            ("models--solo/snapshots/333/README.md", "# solo"),
            ("models--c--d/snapshots/444/README.md", "# no refs"),
            ("models--e--f/snapshots/555/README.md", "# one"),
            ("models--e--f/snapshots/666/README.md", "# or the other"),
            ("models--g--h/snapshots/777/config.json", "{}"),
            ("datasets--a--data/snapshots/888/README.md", "# data"),
        ]);
        let main = "models--a--b/snapshots/222/README.md";
        assert_eq!(names(dir.path()), [main, "models--c--d/snapshots/444/README.md", "models--solo/snapshots/333/README.md"]);
        assert_eq!(find_card_files(dir.path()).unwrap().passed_over.len(), 6);
        assert_eq!(names(&dir.path().join("models--a--b")), [main]);
    }

    #[test]
    fn a_directory_without_cards_is_refused() {
        let dir = tree(&[("notes.txt", "x"), ("index.jsonl", "{\"id\":\"a/b\",\"likes\":1}\n")]);
        let said = find_card_files(dir.path()).unwrap_err().to_string();
        assert!(said.contains("holds no card") && said.contains("notes.txt") && said.contains("index.jsonl"), "{said}");
    }
}
