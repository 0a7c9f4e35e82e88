//! The live source against the stand-in Hub.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::cast_possible_truncation, clippy::print_stdout)]

#[path = "../stand_in/mod.rs"]
mod stand_in;

mod bench;
mod cards;
mod crawling;
mod datasets;
mod hostile;
mod pacing;
mod tokens;
mod updating;
