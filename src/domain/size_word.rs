//! Words of names that stand for a size.

use super::closed_set;

closed_set! {
    /// What a name says of the size of a model without a number (data/vocabulary/index.toml).
    enum SizeWord {
        /// tiny, nano, micro ...
        Tiny = "tiny",
        /// mini, small, flash, lite ...
        Small = "small",
        /// base, medium.
        Base = "base",
        /// large, pro, max ...
        Large = "large",
        /// xl, huge, giant ...
        Huge = "huge",
    }
}
