//! What a record of the index tells of a model without its card.

pub mod arithmetic;
pub mod emissions;
pub mod facts;
pub mod layers;
pub mod layouts;
pub mod looked_up;
pub mod names;
pub mod params;
pub mod tasks_in_names;
