//! snapshot: aggregates, data tests, and a directory that never changes once it is published.

use super::manifest::{self, CardFacts, Headline, Input, Manifest, Records};
use super::{aggregate, data_tests, fallbacks, lineage_table, reliability};
use crate::config::{Config, METHOD_VERSION};
use crate::error::{Error, IoContext, Result};
use crate::pipeline::{Context, Outcome, Record, Stage};
use crate::reference::EXTRA_GRID;
use crate::tables::io::{TableReceipt, open_columns, rows, sha256_bytes, sha256_file, sync_directory, table_path};
use crate::tables::{AggregateRow, LineageRow, ModelRow, Row, SensitivityRow, published};
use fs_err as fs;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

/// Name of the link to the newest snapshot.
pub const LATEST: &str = "latest";
/// Hex digits of the content digest in a version name.
const DIGEST_DIGITS: usize = 8;

/// The stage.
#[must_use]
pub fn stage() -> Stage {
    Stage {
        name: "snapshot",
        version: 3,
        inputs: &[
            "models",
            "runs",
            "evidence",
            "tiers",
            "regressions",
            "regression_terms",
            "regression_covariances",
            "regression_observations",
            "regression_candidates",
            "backtest",
            "backtest_runs",
            "estimates",
            "estimates_by_tier",
            "quarantine",
        ],
        outputs: &[aggregate::TABLE, SensitivityRow::NAME, LineageRow::NAME],
        settings: |config: &Config| json!({"config": Manifest::pinned_config(config), "max_shrink_fraction": config.limits.max_shrink_fraction}),
        external: ingest_facts,
        run,
        intact,
    }
}

/// The manifest pins the source's digest and counts, which ingest records beside its tables.
fn ingest_facts(context: &Context) -> Result<BTreeMap<String, String>> {
    let facts = context.facts("ingest").map(|facts| json!(facts).to_string()).unwrap_or_default();
    Ok(BTreeMap::from([("source description".to_owned(), sha256_bytes(facts.as_bytes()))]))
}

/// The published directory is still there, complete, and `latest` points at it.
fn intact(context: &Context, record: &Record) -> bool {
    let Some(version) = record.facts.get("version").and_then(Value::as_str) else { return false };
    let points_here = fs::read_link(context.snapshots.join(LATEST)).is_ok_and(|target| target == Path::new(version));
    points_here && verify_files(&context.snapshots.join(version)).is_ok()
}

fn run(context: &Context, out: &Path) -> Result<Outcome> {
    let [aggregates, sensitivity] = aggregate::run(context, out)?;
    let own = BTreeMap::from([aggregates, sensitivity, (LineageRow::NAME.to_owned(), lineage_table::run(context, out)?)]);
    let staging = context.snapshots.join(format!(".staging-{}", std::process::id()));
    clear_staging(&context.snapshots)?;
    fs::create_dir_all(&staging).at("cannot create", &staging)?;
    let receipts = collect_tables(context, out, &staging, &own)?;
    data_tests::check(&staging)?;
    let manifest = write_documents(context, &staging, &receipts)?;
    guard_against_shrinking(context, &staging, &manifest)?;
    let version = publish(context, &staging, &manifest)?;
    tracing::info!(version, "published");
    let facts = BTreeMap::from([("version".to_owned(), json!(version))]);
    Ok(Outcome { outputs: own, facts })
}

/// Removes what killed runs left; nobody else publishes here, the data directory is locked.
fn clear_staging(snapshots: &Path) -> Result<()> {
    fs::create_dir_all(snapshots).at("cannot create", snapshots)?;
    for entry in fs::read_dir(snapshots).at("cannot list", snapshots)? {
        let path = entry.at("cannot list", snapshots)?.path();
        if path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(".staging-")) {
            fs::remove_dir_all(&path).at("cannot clear", &path)?;
        }
    }
    Ok(())
}

fn collect_tables(
    context: &Context,
    out: &Path,
    staging: &Path,
    own: &BTreeMap<String, TableReceipt>,
) -> Result<BTreeMap<String, TableReceipt>> {
    let mut receipts = own.clone();
    for stage in ["ingest", "normalize", "fit", "estimate"] {
        receipts.extend(context.record(stage)?.outputs);
    }
    for info in published() {
        let from = if own.contains_key(info.name) { out } else { &context.work };
        let (from, to) = (table_path(from, info.name), table_path(staging, info.name));
        fs::copy(&from, &to).at("cannot copy table into the snapshot", &to)?;
        fs::File::open(&to).and_then(|f| f.sync_all()).at("cannot sync", &to)?;
        let recorded = receipts.get(info.name).map(|r| r.sha256.as_str());
        if recorded != Some(sha256_file(&to)?.as_str()) {
            return Err(Error::Verification(format!(
                "table '{}' changed after its stage wrote it\n  way out: hugging-carbon run --force",
                info.name
            )));
        }
    }
    receipts.retain(|name, _| published().iter().any(|info| info.name == name));
    Ok(receipts)
}

fn write_documents(context: &Context, staging: &Path, receipts: &BTreeMap<String, TableReceipt>) -> Result<Manifest> {
    let facts = context.facts("ingest")?;
    let read = |name: &str| facts.get(name).cloned().unwrap_or(Value::Null);
    let inputs: Vec<Input> =
        serde_json::from_value(read("inputs")).map_err(|e| Error::Internal(format!("facts of ingest: {e}")))?;
    let index_date = read("index_date").as_str().unwrap_or("undated").to_owned();
    let aggregates: Vec<AggregateRow> = rows(staging)?.collect::<Result<_>>()?;
    let cohort = &context.config.cohort;
    let headline = Headline::new(&aggregate::cohort_name(cohort.metric, cohort.min), &aggregates);
    let readme = manifest::dataset_card(&CardFacts {
        index_date: &index_date,
        inputs: &inputs,
        headline: &headline,
        receipts,
        fallbacks: &fallbacks::count(staging)?,
        reliability: &reliability::sections(context, staging)?,
        extra_grid: context.reference.digests().get(EXTRA_GRID).map(String::as_str),
    });
    write_synced(&staging.join("README.md"), readme.as_bytes())?;
    let manifest = Manifest {
        format_version: manifest::FORMAT_VERSION,
        index_date,
        inputs,
        records: Records {
            read: read("records_read").as_u64().unwrap_or_default(),
            refused: read("records_refused").as_u64().unwrap_or_default(),
        },
        reference_files: context.reference.digests().clone(),
        config: Manifest::pinned_config(&context.config),
        method_version: METHOD_VERSION,
        crate_version: env!("CARGO_PKG_VERSION").to_owned(),
        tables: Manifest::table_entries(receipts),
        readme_sha256: sha256_bytes(readme.as_bytes()),
        headline,
    };
    let mut text = serde_json::to_vec_pretty(&manifest).map_err(|e| Error::Internal(format!("manifest: {e}")))?;
    text.push(b'\n');
    write_synced(&staging.join("manifest.json"), &text)?;
    sync_directory(staging)?;
    Ok(manifest)
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = fs::File::create(path).at("cannot create", path)?;
    file.write_all(bytes).at("cannot write", path)?;
    file.sync_all().at("cannot sync", path)
}

/// Columns of `models` whose share of filled cells is compared with the newest snapshot: an outage of the source that leaves the rows and
/// takes a field is as little news about the Hub as one that takes rows.
const GUARDED_FIELDS: [&str; 9] = [
    "created_at",
    "last_modified",
    "downloads_30d",
    "downloads_all_time",
    "likes",
    "pipeline_tag",
    "library",
    "license",
    "total_params",
];

/// A source that lost many models, or a field of many, against the newest snapshot is not published.
fn guard_against_shrinking(context: &Context, staging: &Path, manifest: &Manifest) -> Result<()> {
    let latest = context.snapshots.join(LATEST);
    let Ok(text) = fs::read(latest.join("manifest.json")) else { return Ok(()) };
    let previous = Manifest::parse(&text, &latest.display().to_string())?;
    let count = |m: &Manifest| m.tables.get(ModelRow::NAME).map_or(0, |t| t.receipt.rows);
    #[allow(clippy::cast_precision_loss)]
    let (before, now) = (count(&previous) as f64, count(manifest) as f64);
    let mut compared = vec![("models".to_owned(), before, now, String::new())];
    let (filled_before, filled_now) = (filled(&latest)?, filled(staging)?);
    for (field, (before, now)) in GUARDED_FIELDS.iter().zip(filled_before.into_iter().zip(filled_now)) {
        compared.push((format!("models with {field}"), before * 100.0, now * 100.0, " %".to_owned()));
    }
    let limit = context.config.limits.max_shrink_fraction;
    for (what, before, now, unit) in compared {
        let lost = 1.0 - now / before.max(1e-9);
        if before > 0.0 && lost > limit {
            return Err(Error::input(
                format!(
                    "the index has {now:.0}{unit} {what}, the newest snapshot {before:.0}{unit}: {:.1} % fewer (limit {:.1} %); nothing was \
                     published",
                    lost * 100.0,
                    limit * 100.0
                ),
                latest.display(),
                "if this is another source, give it its own --data-dir; if the loss is real, raise limits.max_shrink_fraction",
            ));
        }
    }
    Ok(())
}

/// Shares of filled cells of the guarded fields.
fn filled(dir: &Path) -> Result<Vec<f64>> {
    let (mut rows, mut counts) = (0_usize, [0_usize; GUARDED_FIELDS.len()]);
    for batch in open_columns(&table_path(dir, ModelRow::NAME), &GUARDED_FIELDS)? {
        let batch = batch?;
        rows += batch.num_rows();
        for (field, count) in GUARDED_FIELDS.iter().zip(&mut counts) {
            *count += batch.column_by_name(field).map_or(0, |column| column.len() - column.null_count());
        }
    }
    #[allow(clippy::cast_precision_loss)] // Row counts.
    Ok(counts.iter().map(|count| *count as f64 / rows.max(1) as f64).collect())
}

/// Gives the staged directory its name. An existing snapshot of that name has the same content and is left alone.
fn publish(context: &Context, staging: &Path, manifest: &Manifest) -> Result<String> {
    let version = version_name(manifest, &sha256_file(&staging.join("manifest.json"))?);
    let target = context.snapshots.join(&version);
    if target.exists() {
        verify_files(&target).map_err(|e| {
            Error::Verification(format!(
                "snapshot {version} is already there but damaged: {e}\n  way out: remove {} and run again",
                target.display()
            ))
        })?;
        fs::remove_dir_all(staging).at("cannot clear", staging)?;
    } else {
        fs::rename(staging, &target).at("cannot publish", &target)?;
    }
    sync_directory(&context.snapshots)?;
    point_latest_at(&context.snapshots, &version)?;
    Ok(version)
}

/// `<index date>-<first digits of the manifest's digest>`; the manifest covers everything else by digest.
#[must_use]
pub fn version_name(manifest: &Manifest, manifest_sha256: &str) -> String {
    format!("{}-{}", manifest.index_date, &manifest_sha256[..DIGEST_DIGITS.min(manifest_sha256.len())])
}

fn point_latest_at(snapshots: &Path, version: &str) -> Result<()> {
    let temporary = snapshots.join(".latest-new");
    if fs::symlink_metadata(&temporary).is_ok() {
        fs::remove_file(&temporary).at("cannot remove", &temporary)?;
    }
    std::os::unix::fs::symlink(version, &temporary).at("cannot create", &temporary)?;
    let latest = snapshots.join(LATEST);
    fs::rename(&temporary, &latest).at("cannot rename", &latest)?;
    sync_directory(snapshots)
}

/// Checks every file of a snapshot against its manifest, and the manifest against the directory's name.
///
/// # Errors
/// `Verification` names the file or table that differs, is missing or does not belong there.
pub fn verify_files(snapshot: &Path) -> Result<Manifest> {
    let manifest_path = snapshot.join("manifest.json");
    let text = fs::read(&manifest_path).at("cannot read", &manifest_path)?;
    let fail = |what: String| Err(Error::Verification(what));
    let name = snapshot.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let digest = sha256_bytes(&text);
    if !name.ends_with(&format!("-{}", &digest[..DIGEST_DIGITS])) {
        return fail(format!("manifest.json does not belong to {name}: its digest begins with {}", &digest[..DIGEST_DIGITS]));
    }
    let manifest = Manifest::parse(&text, &name)?;
    if name != version_name(&manifest, &digest) {
        return fail(format!("the directory is named {name}, its manifest says {}", version_name(&manifest, &digest)));
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
    if sha256_file(&snapshot.join("README.md"))? != manifest.readme_sha256 {
        return fail("README.md differs from the manifest".into());
    }
    for entry in fs::read_dir(snapshot).at("cannot list", snapshot)? {
        let file = entry.at("cannot list", snapshot)?.file_name().to_string_lossy().into_owned();
        let known = ["manifest.json", "README.md"].contains(&file.as_str())
            || file.strip_suffix(".parquet").is_some_and(|table| manifest.tables.contains_key(table));
        if !known {
            return fail(format!("{file} does not belong to the snapshot"));
        }
    }
    Ok(manifest)
}
