//! The table of what classes of owners have been seen to spend.

use super::table;
use crate::domain::OwnerClass;

table! {
    /// One row per class of owner, kind of data and year: the largest pre-training seen by then, which bounds the draws of imputed ones.
    "compute_bounds" key("owner_class", "counts_tokens", "year")
    struct ComputeBoundRow / ComputeBoundBuilders {
        /// Class of the owner.
        owner_class: OwnerClass,
        /// Whether the models count tokens (text, embedding, multimodal) or samples.
        counts_tokens: bool,
        /// Year by which it was seen.
        year: i32,
        /// Compute of the largest run of the class by that year, in FLOP.
        largest_flop: f64,
        /// Most compute believed of a run of the class in that year, in FLOP: three times the largest.
        most_flop: f64,
        /// The largest run: its key in training_runs.csv, or its Hub id in small_runs.csv.
        largest_run: String,
        /// Runs of the class up to that year.
        n: i64,
    }
}
