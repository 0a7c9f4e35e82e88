//! What a grid value counts.

use super::closed_set;

closed_set! {
    /// What a grid value counts.
    enum GridBasis {
        /// Fuel, plants and their supply chains.
        Lifecycle = "lifecycle",
        /// What the plants emit while they run.
        Direct = "direct",
    }
}
