//! Hugging Carbon: what training the models on the Hugging Face Hub costs in FLOP, kWh and CO2e.
//!
//! Follow the data by reading [`stages`] from top to bottom. Dependencies point one way; `docs/architecture.md` lists every allowed arrow,
//! and `tests/structure.rs` refuses any other.
#![warn(missing_docs)]

pub mod compare;
pub mod config;
pub mod domain;
pub mod engine;
pub mod error;
pub mod estimation;
pub mod evidence;
pub mod hub;
pub mod lineage;
pub mod method;
pub mod reference;
pub mod report;
pub mod stages;
pub mod store;
pub mod tables;
pub mod units;
pub mod vocabulary;
