//! From the bytes of a card to blocks: front matter, Markdown, the HTML in it, and how lines and sentences are cut.

pub mod block;
mod builder;
pub mod front_matter;
mod html;
mod html_tables;
pub mod markdown;
pub mod pair;
pub mod sentences;
pub mod settings;
mod text_tables;
