//! The stages, in the order data flows through them. They talk through Parquet files and typed facts only.
//!
//! Each says what it reads and writes, and is one page of logic with its helpers below it.

// From what is configured to pinned files.
pub mod fetch;

// From pinned files to typed, sorted records.
pub mod ingest;

// From records to models, runs and evidence.
pub mod normalize;

// From evidence to what is known of each run.
pub mod tier;

// From published runs to regressions and their back-test.
pub mod fit;

// From what is known of a run to FLOP, kWh and kg CO2e.
pub mod estimate;

// From estimates to totals and a published directory.
pub mod snapshot;

use crate::engine::{Bound, Declared, Step};
use crate::reference::Reference;
use crate::store::sha256_bytes;
use crate::vocabulary;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What every stage reads of the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Of fetch.
    pub fetch: fetch::Settings,
    /// Of ingest.
    pub ingest: ingest::Settings,
    /// Of normalize.
    pub normalize: normalize::Settings,
    /// Of fit.
    pub fit: fit::Settings,
    /// Of estimate.
    pub estimate: estimate::Settings,
    /// Of snapshot.
    pub snapshot: snapshot::Settings,
}

/// The graph: every stage with its settings and the reference tables it declares. Each may read only what an earlier one wrote.
#[must_use]
pub fn graph(settings: Settings, reference: &Reference) -> Vec<Box<dyn Step>> {
    vec![
        Box::new(Bound::<fetch::Fetch> { settings: settings.fetch, references: () }),
        Box::new(Bound::<ingest::Ingest> { settings: settings.ingest, references: () }),
        Box::new(Bound::<normalize::Normalize> { settings: settings.normalize, references: normalize::References::new(reference) }),
        Box::new(Bound::<tier::Tiering> { settings: (), references: tier::References::new(reference) }),
        Box::new(Bound::<fit::Fitting> { settings: settings.fit, references: fit::References::new(reference) }),
        Box::new(Bound::<estimate::Estimation> { settings: settings.estimate, references: estimate::References::new(reference) }),
        Box::new(Bound::<snapshot::Publication> { settings: settings.snapshot, references: snapshot::References::new(reference) }),
    ]
}

/// Names of the stages, in their order.
pub const NAMES: [&str; 7] = [
    fetch::Fetch::NAME,
    ingest::Ingest::NAME,
    normalize::Normalize::NAME,
    tier::Tiering::NAME,
    fit::Fitting::NAME,
    estimate::Estimation::NAME,
    snapshot::Publication::NAME,
];

/// SHA-256 of every word list, by name below `data`: part of the fingerprint of each stage that reads evidence.
fn vocabulary_digests() -> &'static BTreeMap<String, String> {
    static DIGESTS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
        let digest = |(name, text): &(&str, &str)| (format!("vocabulary/{name}"), sha256_bytes(text.as_bytes()));
        vocabulary::FILES.iter().map(digest).collect()
    });
    &DIGESTS
}

/// Digests of several reference tables, each file once.
fn merged<'a>(digests: impl IntoIterator<Item = &'a BTreeMap<String, String>>) -> BTreeMap<String, String> {
    digests.into_iter().flat_map(|d| d.iter().map(|(name, sha256)| (name.clone(), sha256.clone()))).collect()
}
