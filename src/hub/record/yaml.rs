//! YAML as authors and tools write it, within budgets: a hostile card costs nothing.

use serde_json::Value;

/// Largest front matter read, in bytes; the largest of real cards (lists of a thousand languages or metrics) stay below.
pub const MAX_YAML_BYTES: usize = 256 << 10;
/// Deepest nesting; `model-index` takes eight.
const MAX_DEPTH: usize = 32;
/// Most nodes, before and after aliases are followed.
const MAX_NODES: usize = 50_000;
/// Most aliases: cards have none, and a bomb needs dozens.
const MAX_ALIASES: usize = 8;

/// The one call of the YAML crate: text to JSON value, within budgets for depth, nodes, aliases and size. `options!` and `budget!`
/// build its option structs, which cannot be written as literals.
#[must_use]
pub fn parse_yaml(yaml: &str) -> Option<Value> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_aliases: MAX_ALIASES,
            max_documents: 1,
            max_total_scalar_bytes: MAX_YAML_BYTES,
        },
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::LastWins,
    };
    serde_saphyr::from_str_with_options::<Value>(yaml, options).ok()
}

/// The YAML between two lines of dashes, or the whole text where there are none.
pub(super) fn without_fences(text: &str) -> &str {
    let Some(rest) = text.trim_start().strip_prefix("---").filter(|rest| rest.starts_with(['\n', '\r'])) else { return text };
    rest.find("\n---").map_or(rest, |end| &rest[..end])
}
