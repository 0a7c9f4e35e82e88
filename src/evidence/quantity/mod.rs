//! Numbers with their units, as people write them.
//!
//! Two readers, because two kinds of text need them: [`tokens`] keep a text's words and numbers apart, for the text of a card; [`pieces`]
//! also cut letters from digits (`8xA100`), for hardware.

pub mod amounts;
pub mod cjk;
pub mod computes;
pub mod digits;
pub mod durations;
pub mod numbers;
pub mod pieces;
pub mod tokens;
pub mod units;
mod words;

pub use self::words::joins_letters;

#[cfg(test)]
mod tests;
