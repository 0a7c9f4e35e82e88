//! From candidate figures to evidence: what whole sections take away, and which figure of a field is accepted.

pub mod accept;
pub mod choose;
pub mod consistency;
pub mod continued;
pub mod data;
mod examples;
pub mod lists;
mod members;
pub mod passes;
pub mod products;
pub mod rescue;
pub mod samples;
pub mod sections;
pub mod stages;
mod tries;
pub mod unclaimed;
