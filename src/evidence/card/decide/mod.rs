//! Which candidates are this model's training.

pub mod choose;
pub mod sections;
