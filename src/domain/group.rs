//! What aggregates are grouped by.

use super::closed_set;

closed_set! {
    /// What the rows of `aggregates` are grouped by.
    enum GroupBy {
        /// The whole cohort.
        All = "all",
        /// Year of training.
        TrainingYear = "training_year",
        /// Owner of the repository.
        Owner = "owner",
        /// Country of the owner.
        Country = "country",
        /// Modality of the model.
        Modality = "modality",
        /// Tier of the headline estimate.
        Tier = "tier",
        /// What the headline estimate rests on: documented (tiers 1 to 4: something of the training is stated), imputed (tiers 5 and 6), none
        /// (nothing was trained).
        Basis = "basis",
        /// What the record tells of role, size and date, joined by `+`; a role is told if something certain decides it.
        Coverage = "coverage",
        /// Role of the repository.
        Role = "role",
        /// Accelerator of the headline estimate.
        Accelerator = "accelerator",
        /// Licence of the repository.
        License = "license",
        /// The largest runs by mean emissions.
        Top = "top",
        /// Median compute beside the thresholds of the EU AI Act; what generates neither language nor images nor video by its task, else by
        /// its modality, is a group of its own.
        EuAiAct = "eu_ai_act",
        /// Beside the cohort and not in its total: group `outside`, the trainings that its models stand on and whose own repositories are
        /// not in it. A run counts with the repository that owns it.
        Upstream = "upstream",
    }
}
