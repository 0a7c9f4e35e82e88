//! From blocks to candidate figures.

pub mod bases;
pub mod candidate;
pub mod code;
pub mod keys;
pub mod pairs;
pub mod places;
pub mod prose;
pub mod tables;
