//! Rows of architectures.csv, datasets.csv and recipes.csv.

use crate::domain::SampleUnit;
use serde::Deserialize;

/// A row of architectures.csv: what one forward pass takes at one resolution.
#[derive(Clone, Debug, Deserialize)]
pub struct Architecture {
    /// Name, as timm, torchvision, transformers or diffusers has it; in this table letters, digits and `_`.
    pub architecture: String,
    /// Side of a square image in pixels, length of a text in tokens; zero for sound, which is counted by the second.
    pub resolution: f64,
    /// What one sample is.
    pub unit: SampleUnit,
    /// FLOP of one forward pass of one sample, two for a multiply-add.
    pub forward_flop: f64,
    /// Parameters.
    pub params: Option<f64>,
    /// Tags of timm's weights that were trained at this resolution, joined by `|`.
    pub trained_as: Option<String>,
    /// Patterns of repository ids with this architecture, joined by `|`.
    pub ids: Option<String>,
    /// Where it is printed, or the arithmetic.
    pub derivation: Option<String>,
    /// Source.
    pub source: String,
    /// Date of the source's edition.
    pub vintage: String,
}

/// A row of datasets.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct Dataset {
    /// Key.
    pub dataset: String,
    /// What one sample is.
    pub unit: SampleUnit,
    /// Samples of the training part.
    pub samples: Option<f64>,
    /// Tokens of text, where it has some.
    pub tokens: Option<f64>,
    /// Hours of sound.
    pub hours: Option<f64>,
    /// Source.
    pub source: String,
    /// Date of the source's edition.
    pub vintage: String,
}

/// A row of recipes.csv: how weights with a tag or a name were trained, on their own account.
#[derive(Clone, Debug, Deserialize)]
pub struct Recipe {
    /// Key.
    pub recipe: String,
    /// `<namespace>/<tag>` of names `<architecture>.<tag>`, such as `timm/a1_in1k`.
    pub tag: Option<String>,
    /// Patterns of architectures that the tag means this recipe for, joined by `|`.
    pub architectures: Option<String>,
    /// Patterns of repository ids, joined by `|`.
    pub ids: Option<String>,
    /// Key of datasets.csv.
    pub dataset: Option<String>,
    /// Passes over the data set.
    pub epochs: Option<f64>,
    /// Samples seen, where the source counts them or several stages make the recipe.
    pub samples_seen: Option<f64>,
    /// Training resolution, where it is not that of the architecture's row.
    pub resolution: Option<f64>,
    /// Forward passes of the whole model that one sample takes, trained passes counted as one; one where empty.
    pub passes: Option<f64>,
    /// Recipe whose weights this one starts from; its compute is another run's.
    pub base_recipe: Option<String>,
    /// Stages, passes and what else the figures are made of.
    pub derivation: Option<String>,
    /// Source.
    pub source: String,
    /// Date of the source's edition.
    pub vintage: String,
    /// How the figures are known: `seen`, `memory` or `assumption`.
    pub evidence: String,
}
