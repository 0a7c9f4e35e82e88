//! Trainings on another model's weights of which somebody knows whether they went on with a pre-training.

use serde::Deserialize;

/// A row of continuation_labels.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct ContinuationLabel {
    /// Hub id.
    pub model_id: String,
    /// Hub id of the model it was made of.
    pub base_model: Option<String>,
    /// How that is known.
    pub linked: Linked,
    /// Task.
    pub pipeline_tag: Option<String>,
    /// Parameters.
    pub params: Option<f64>,
    /// What was done.
    pub training: Training,
    /// How sure who labelled was.
    pub certainty: super::role_labels::Certainty,
    /// How the row came here.
    pub draw: Draw,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Training {
    /// More pre-training.
    Continued,
    /// A fine-tune.
    Finetuned,
    /// None: it was trained from random weights after all.
    Pretrained,
}

/// How its base is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Linked {
    /// Record or card state it.
    Stated,
    /// By name or shape.
    Named,
}

/// How a row came into the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Draw {
    /// By lot from those whose names have no word of post-training.
    Plain,
    /// By lot from those whose names have one.
    Post,
    /// Looked up for another table, because it is large or much used.
    Known,
}

/// Repositories of the wide list that a drawn row stands for, by draw: 200 of 2,156 and 40 of 604 were drawn.
const PLAIN_FOR: f64 = 2156.0 / 200.0;
const POST_FOR: f64 = 604.0 / 40.0;

impl ContinuationLabel {
    /// Whether the row was looked up, and not drawn.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.draw == Draw::Known
    }

    /// Weight of the row in a fit, so that the drawn rows weigh as many as they are: by how many repositories a row stands for, and half
    /// where the label is likely and not known (a judgement).
    #[must_use]
    pub fn weight(&self) -> f64 {
        let sure = if self.certainty == super::role_labels::Certainty::High { 1.0 } else { 0.5 };
        sure * match self.draw {
            Draw::Plain | Draw::Known => 1.0,
            Draw::Post => POST_FOR / PLAIN_FOR,
        }
    }
}
