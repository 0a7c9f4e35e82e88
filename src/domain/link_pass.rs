//! The passes that link a repository to the run its weights come from.

use super::closed_set;

closed_set! {
    /// A pass of the linking. An ablation leaves one out.
    enum LinkPass {
        /// Bases that cards, tags or the Hub state.
        StatedBases = "stated_bases",
        /// Copies by name: mirrors, formats, quantizers.
        Copies = "copies",
        /// Siblings of one namespace by stem or by a size above 100 B.
        Siblings = "siblings",
        /// Coder, math and vision models on their house's base.
        Specialities = "specialities",
        /// Names that point at another house's family.
        FamilyNames = "family_names",
        /// Architecture and size of a known base.
        Shapes = "shapes",
    }
}
