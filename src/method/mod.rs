//! The science: formulas, regression, sampling, summaries. Pure functions; no Parquet, no configuration, no network.
//!
//! Transcendental functions come from the pure-Rust `libm` crate throughout, so that results do not depend on the platform's
//! C library (docs/architecture.md, "Determinism").

pub mod around;
pub mod assumptions;
pub mod calibration;
pub mod chain;
mod digest;
pub mod draws;
pub mod fitting;
pub mod logistic;
pub mod ols;
mod pow10;
pub mod rng;
pub mod simulate;
pub mod softmax;
pub mod summary;
pub mod trend;
