//! From candidate figures to evidence: what whole sections take away, and which figure of a field is accepted.

pub mod accept;
pub mod choose;
mod examples;
pub mod samples;
pub mod sections;
