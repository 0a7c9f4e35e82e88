//! Records of a Hub index whose role somebody looked up: what the likelihood of a role is learnt from.

use crate::domain::{Role, Rule};
use serde::Deserialize;

/// A row of role_labels.csv: the record as the index had it, and its role.
#[derive(Clone, Debug, Deserialize)]
pub struct RoleLabel {
    /// Hub id.
    pub model_id: String,
    /// The role.
    pub role: Role,
    /// How sure who labelled was: high or medium.
    pub certainty: Certainty,
    /// How the record was drawn from its index.
    pub draw: Draw,
    /// What the label rests on.
    pub basis: String,
    /// Creation of the repository, YYYY-MM-DD.
    pub created_on: Option<String>,
    /// Downloads.
    pub downloads: Option<i64>,
    /// Task.
    pub pipeline_tag: Option<String>,
    /// Library.
    pub library: Option<String>,
    /// Tags in the index's order, joined by `|`.
    pub tags: String,
    /// safetensors.total.
    pub safetensors_total: Option<i64>,
    /// Repositories of the owner in that index, itself included.
    pub owner_repositories: u32,
    /// Repositories of that index that name it as a base.
    pub named_as_base: u32,
    /// Rule by which another repository of that index was linked.
    pub linked_by: Option<Rule>,
    /// Source of the record and of the label.
    pub source: String,
    /// Date of the index.
    pub vintage: String,
}

/// How a record was drawn from its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Draw {
    /// By lot from all that state no base.
    Uniform,
    /// By lot from those of them with more than 5,000 downloads.
    Cohort,
    /// By lot from those of them with three billion parameters and more, counted or named.
    Large,
    /// The most downloaded.
    Top,
    /// A registered pre-training, without its row: the draws left them out.
    Registered,
}

/// Share of the registered pre-trainings of the wide list that its three draws by hash would have taken, had they not left them out: 419 of
/// them state no base, 30 would be in the table (0.4 % of all, 8.8 % of the much downloaded, 2.3 % of the large).
const DRAWN: f64 = 0.072;

/// How sure a label is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// Known.
    High,
    /// Likely.
    Medium,
}

impl RoleLabel {
    /// Tags, one by one.
    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        self.tags.split('|').filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
    }

    /// Weight of the row in a fit: a likely label counts half, a judgement; a registered one as often as the draws would have taken it.
    #[must_use]
    pub const fn weight(&self) -> f64 {
        match (self.draw, self.certainty) {
            (Draw::Registered, _) => DRAWN,
            (Draw::Uniform | Draw::Cohort | Draw::Large | Draw::Top, Certainty::High) => 1.0,
            (Draw::Uniform | Draw::Cohort | Draw::Large | Draw::Top, Certainty::Medium) => 0.5,
        }
    }
}
