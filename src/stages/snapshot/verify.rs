//! The check of what is published, here or as somebody downloaded it.

use super::manifest::Manifest;
use crate::error::{Error, IoContext, Result};
use crate::store::{sha256_bytes, sha256_file};
use crate::tables::io::table_path;
use fs_err as fs;
use std::path::Path;

/// Hex digits of the content digest in a version name.
const DIGEST_DIGITS: usize = 8;
/// Characters of a date, `2026-11-28`.
const DATE_LENGTH: usize = 10;

/// `<index date>-<first digits of the manifest's digest>`; the manifest covers everything else by digest.
#[must_use]
pub fn version_name(manifest: &Manifest, manifest_sha256: &str) -> String {
    format!("{}-{}", manifest.index_date, &manifest_sha256[..DIGEST_DIGITS.min(manifest_sha256.len())])
}

/// Whether a name has the form of a version.
#[must_use]
pub fn is_version_name(name: &str) -> bool {
    let is_digits =
        |text: &str| text.len() == DIGEST_DIGITS && text.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase());
    let is_date = |text: &str| {
        text == "undated"
            || (text.len() == DATE_LENGTH
                && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() }))
    };
    name.rsplit_once('-').is_some_and(|(date, digits)| is_date(date) && is_digits(digits))
}

/// Checks every file of a snapshot against its manifest. Returns its version, which follows from the manifest, and the manifest.
///
/// The directory may have any name; where the name is that of a version, it has to be this one. Hidden files are not the snapshot's:
/// the Hub and its clients put `.gitattributes`, `.cache` and `.huggingface` beside what they hold.
///
/// # Errors
/// `Verification` names the file or table that differs, is missing or does not belong there.
pub fn verify_files(snapshot: &Path) -> Result<(String, Manifest)> {
    let (version, manifest, absent) = verify_copy(snapshot)?;
    match absent.first() {
        None => Ok((version, manifest)),
        Some(document) => Err(Error::Verification(format!("document {document} is missing\n  where: {}", snapshot.display()))),
    }
}

/// As [`verify_files`], but of a copy that somebody took away (its directory is not named as a version) documents may have been left
/// behind, as with `hf download --include "*.parquet"`: returns them too. Tables have to be there.
///
/// # Errors
/// As [`verify_files`].
pub fn verify_copy(snapshot: &Path) -> Result<(String, Manifest, Vec<String>)> {
    let manifest_path = snapshot.join("manifest.json");
    let text = fs::read(&manifest_path).at_path("cannot read", &manifest_path)?;
    let fail = |what: String| Err(Error::Verification(format!("{what}\n  where: {}", snapshot.display())));
    let name = snapshot.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let digest = sha256_bytes(&text);
    let named = is_version_name(&name);
    if named && !name.ends_with(&digest[..DIGEST_DIGITS]) {
        return fail(format!("manifest.json does not belong to {name}: its digest begins with {}", &digest[..DIGEST_DIGITS]));
    }
    let manifest = Manifest::parse(&text, &name)?;
    let version = version_name(&manifest, &digest);
    if named && name != version {
        return fail(format!("the directory is named {name}, its manifest says {version}"));
    }
    for (table, entry) in &manifest.tables {
        let path = table_path(snapshot, table);
        if !path.exists() {
            return fail(format!("table '{table}': {table}.parquet is missing"));
        }
        if sha256_file(&path)? != entry.receipt.sha256 {
            return fail(format!("table '{table}': {table}.parquet differs from the manifest"));
        }
    }
    let mut absent = Vec::new();
    for (document, sha256) in &manifest.documents {
        let path = snapshot.join(document);
        if !path.exists() {
            if named {
                return fail(format!("document {document} is missing"));
            }
            absent.push(document.clone());
            continue;
        }
        if sha256_file(&path)? != *sha256 {
            return fail(format!("document {document} differs from the manifest"));
        }
    }
    for entry in fs::read_dir(snapshot).at_path("cannot list", snapshot)? {
        let file = entry.at_path("cannot list", snapshot)?.file_name().to_string_lossy().into_owned();
        let known = file.starts_with('.')
            || file == "manifest.json"
            || manifest.documents.contains_key(&file)
            || file.strip_suffix(".parquet").is_some_and(|table| manifest.tables.contains_key(table));
        if !known {
            return fail(format!("{file} does not belong to the snapshot"));
        }
    }
    Ok((version, manifest, absent))
}

#[cfg(test)]
mod tests {
    use super::is_version_name;

    #[test]
    fn names_of_versions_and_others() {
        assert!(is_version_name("2026-11-28-0123abcd") && is_version_name("undated-0123abcd"));
        let commit = "0123456789abcdef0123456789abcdef01234567";
        for other in ["latest", "24-dl", commit, "2026-11-28", "2026-11-28-0123ABCD", "2026-11-28-0123abc", "my-copy-0123abcd"] {
            assert!(!is_version_name(other), "{other}");
        }
    }
}
