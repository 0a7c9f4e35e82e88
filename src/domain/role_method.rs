//! Ways of telling a role, as they are compared.

use super::closed_set;

closed_set! {
    /// Way of telling roles.
    enum RoleMethod {
        /// The regression in use.
        Regression = "regression",
        /// The same with a third of the penalty.
        RegressionThirdOfTheRidge = "regression_third_of_the_ridge",
        /// The same with three times the penalty.
        RegressionThreeTimesTheRidge = "regression_three_times_the_ridge",
        /// The same without the masked copies of the labelled records.
        RegressionWithoutMasks = "regression_without_masks",
        /// How often each role is what the ordered rules call so.
        HardRules = "hard_rules",
        /// How often each role is.
        ClassShares = "class_shares",
    }
}

closed_set! {
    /// What of a labelled record is shown.
    enum Shown {
        /// The record as its index has it, without what states the role.
        AsItIs = "as_it_is",
        /// Id, task and downloads.
        IdTaskDownloads = "id_task_downloads",
    }
}
