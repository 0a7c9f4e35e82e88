//! Tables on the likelihood of roles.

use super::table;
use crate::domain::{Role, RoleMethod, Shown};

table! {
    /// One row per sign and role of the regression that tells roles apart where nothing certain does.
    "role_terms" key("term", "role")
    struct RoleTermRow / RoleTermBuilders {
        /// Sign, `kind=value`; `intercept` is always there.
        term: String,
        /// Role.
        role: Role,
        /// Coefficient, in logits; only its differences between roles count.
        estimate: f64,
        /// Labelled records that have the sign.
        n: i64,
    }
}

table! {
    /// One row per way of telling roles and per version of the labelled records, with owners held out.
    "role_scores" key("method", "shown")
    struct RoleScoreRow / RoleScoreBuilders {
        /// Way of telling roles.
        method: RoleMethod,
        /// What of a record was shown.
        shown: Shown,
        /// Labelled records.
        n: i64,
        /// Owners, held out together in five folds.
        owners: i64,
        /// Mean of -log of the probability given to the true role, natural log, by weight of the label.
        log_loss: f64,
        /// Share of records whose likeliest role is the true one, by weight of the label.
        accuracy: f64,
    }
}

table! {
    /// One row per role and tenth of its probability, with owners held out: how often the role is what a probability says.
    "role_reliability" key("shown", "role", "tenth")
    struct RoleReliabilityRow / RoleReliabilityBuilders {
        /// What of a record was shown.
        shown: Shown,
        /// Role.
        role: Role,
        /// Tenth of the probability, 0 for 0 to 0.1.
        tenth: i32,
        /// Labelled records with a probability in the tenth.
        n: i64,
        /// Their mean probability, by weight of the label.
        mean_probability: f64,
        /// Share of them that have the role, by weight of the label.
        observed_share: f64,
    }
}
