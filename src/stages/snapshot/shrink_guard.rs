//! What is not published: a cohort of nobody, and a source that lost many models, or a field of many, against the newest snapshot.

use super::manifest::Manifest;
use super::publish::standing_manifest;
use crate::domain::source::CohortMetric;
use crate::error::{Error, Result};
use crate::tables::io::{open_columns, table_path};
use crate::tables::{ModelRow, Row};
use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use std::path::Path;

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

/// A result on nobody is no result: a cohort without a model, or without a training, is not published, and `latest` stays where it is.
pub(super) fn guard_against_nobody(staging: &Path, manifest: &Manifest, metric: CohortMetric, min: i64) -> Result<()> {
    if manifest.headline.runs > 0 {
        return Ok(());
    }
    if manifest.headline.models > 0 {
        let what = format!(
            "none of the {} models of the cohort is a training of its own (copies, conversions, quantizations): there is nothing to sum up; \
             nothing was published",
            manifest.headline.models
        );
        let remedy = "take an index that also has the models that they were made from, or a cohort that has some";
        return Err(Error::input(what, "cohort.min and cohort.metric", remedy));
    }
    let column = metric.name();
    let mut largest: Option<i64> = None;
    for batch in open_columns(&table_path(staging, ModelRow::NAME), &[column])? {
        let batch = batch?;
        let counts = batch.column_by_name(column).and_then(|values| values.as_primitive_opt::<Int64Type>());
        largest = largest.max(counts.and_then(arrow::compute::max));
    }
    let (said, remedy) = match largest {
        Some(most) if most > 0 => (
            format!("the most that a model has is {most}"),
            format!("set cohort.min below {most}, or take cohort.metric = \"{}\" if the index has it", other(metric).name()),
        ),
        _ => {
            ("no model has any".to_owned(), format!("take an index that has them, or cohort.metric = \"{}\"", other(metric).name()))
        }
    };
    let what = format!("nobody is in the cohort (more than {min} of {column}; {said}); nothing was published");
    Err(Error::input(what, "cohort.min and cohort.metric", remedy))
}

const fn other(metric: CohortMetric) -> CohortMetric {
    match metric {
        CohortMetric::DownloadsAllTime => CohortMetric::Downloads30d,
        CohortMetric::Downloads30d => CohortMetric::DownloadsAllTime,
    }
}

/// A source that lost many models, or a field of many, against the newest snapshot is not published.
pub(super) fn guard_against_shrinking(snapshots: &Path, staging: &Path, manifest: &Manifest, limit: f64) -> Result<()> {
    let (latest, previous) = match standing_manifest(snapshots) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(()),
        Err(Error::Io { path, source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), "the newest snapshot has no manifest: nothing to compare the index with");
            return Ok(());
        }
        Err(e) => return Err(e),
    };
    let count = |m: &Manifest| m.tables.get(ModelRow::NAME).map_or(0, |t| t.receipt.rows);
    #[allow(clippy::cast_precision_loss)]
    let (before, now) = (count(&previous) as f64, count(manifest) as f64);
    let mut compared = vec![("models".to_owned(), before, now, String::new())];
    let (filled_before, filled_now) = (filled(&latest)?, filled(staging)?);
    for (field, (before, now)) in GUARDED_FIELDS.iter().zip(filled_before.into_iter().zip(filled_now)) {
        compared.push((format!("models with {field}"), before * 100.0, now * 100.0, " %".to_owned()));
    }
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
