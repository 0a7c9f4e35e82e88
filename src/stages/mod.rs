//! The six stages, in the order data flows through them. They talk through Parquet files only.

pub mod aggregate;
pub mod cards;
pub mod data_tests;
pub mod estimate;
pub mod factors;
pub mod fallbacks;
pub mod fetch;
pub mod fit;
pub mod ingest;
pub mod lineage_table;
pub mod manifest;
pub mod normalize;
mod reliability;
pub mod run_model;
mod sensitivity;
pub mod snapshot;
pub mod tier;

use std::collections::BTreeMap;

/// For stages that read nothing but tables.
fn no_external(_: &crate::pipeline::Context) -> crate::error::Result<BTreeMap<String, String>> {
    Ok(BTreeMap::new())
}

/// For stages that leave nothing outside the work directory.
fn always_intact(_: &crate::pipeline::Context, _: &crate::pipeline::Record) -> bool {
    true
}
