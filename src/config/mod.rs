//! `pipeline.toml`: every key known, every value in range, and for each the place it came from.
//!
//! [`settings`] is the one list of settings. [`resolve`] puts default < pipeline.toml < `HUGGING_CARBON_*` < flag together, [`Config`] is
//! what comes of it, [`render`] writes the repository's `pipeline.toml` and `docs/settings.md`.

mod layers;
pub mod render;
mod sections;
pub mod settings;
mod validate;

pub use crate::domain::{CohortMetric, METHOD_VERSION, SourceKind};
pub use layers::{LeftAside, Origin, Overrides, Resolved, refuse_unknown_variables, resolve};
pub use sections::{CardsConfig, CohortConfig, Config, LimitsConfig, MethodConfig, PinnedSource, ReferenceConfig, SourceConfig};

#[cfg(test)]
mod tests;
