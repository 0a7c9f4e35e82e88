//! Compute by arithmetic beyond text: what a forward pass takes, what was seen, and which names stand for which.
//!
//! C = 3 F S E: three times the forward pass (the backward one takes twice as much: Kaplan et al. 2020, arXiv 2001.08361, section 2.1) of
//! `F` FLOP per sample, over `S` samples and `E` epochs (docs/method.md, section 4). Names are found in the tables, not in the code:
//! `<architecture>.<tag>` in the namespaces of the tags by both columns, every other repository by the patterns of its id.

mod pattern;
mod rows;

pub use rows::{Architecture, Dataset, Recipe};

use self::pattern::Pattern;
use crate::domain::{SampleUnit, in_lower_case};
use crate::error::{Error, Result};
use crate::units::SECONDS_PER_HOUR;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

/// Furthest that a forward pass is carried on to another side of the image: beyond, attention and borders no longer follow the area.
const MOST_AREA_RATIO: f64 = 8.0;

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub struct NamedTraining<'t> {
    /// Architecture, at the resolution of training where that is in the table.
    pub architecture: &'t Architecture,
    /// Recipe.
    pub recipe: Option<&'t Recipe>,
    /// Data set of the recipe.
    pub dataset: Option<&'t Dataset>,
}

impl NamedTraining<'_> {
    /// Side of the training images, or length of the texts; none for sound.
    #[must_use]
    pub fn resolution(&self) -> Option<f64> {
        let stated = self.recipe.and_then(|r| r.resolution);
        stated.or((self.architecture.resolution > 0.0).then_some(self.architecture.resolution))
    }

    /// FLOP of the forward passes of one sample: those of the architecture by the area of the image (a text: by its length), times the
    /// passes of the recipe. None where the resolution is too far from the one in the table.
    #[must_use]
    pub fn forward_flop(&self) -> Option<f64> {
        let known = self.architecture.resolution;
        let ratio = self.resolution().filter(|_| known > 0.0).map_or(1.0, |wanted| wanted / known);
        let scale = match self.architecture.unit {
            SampleUnit::Image => ratio * ratio,
            SampleUnit::Pair | SampleUnit::Second => ratio,
        };
        let is_near = (1.0 / MOST_AREA_RATIO..=MOST_AREA_RATIO).contains(&scale);
        is_near.then(|| self.architecture.forward_flop * scale * self.recipe.and_then(|r| r.passes).unwrap_or(1.0))
    }

    /// Samples seen: stated, or those of the data set times epochs; hours of sound count as seconds.
    #[must_use]
    pub fn samples_seen(&self) -> Option<f64> {
        let recipe = self.recipe?;
        recipe.samples_seen.or_else(|| Some(self.dataset?.size()? * recipe.epochs?))
    }
}

impl Dataset {
    /// Samples in the data set's unit.
    #[must_use]
    pub fn size(&self) -> Option<f64> {
        match self.unit {
            SampleUnit::Image | SampleUnit::Pair => self.samples,
            SampleUnit::Second => self.hours.map(|hours| hours * SECONDS_PER_HOUR),
        }
    }
}

/// Patterns of ids by namespace, each with the position of its row.
type Named = FxHashMap<String, Vec<(Pattern, usize)>>;

/// Architectures, data sets and recipes.
#[derive(Debug)]
pub struct Trainings {
    architectures: Vec<Architecture>,
    recipes: Vec<Recipe>,
    datasets: BTreeMap<String, Dataset>,
    by_architecture: FxHashMap<String, Vec<usize>>,
    architecture_ids: Named,
    recipe_ids: Named,
    /// Recipes by `<namespace>/<tag>`.
    by_tag: FxHashMap<String, Vec<(Vec<Pattern>, usize)>>,
    /// Namespaces whose names are `<architecture>.<tag>`.
    tagged_owners: BTreeSet<String>,
}

impl Trainings {
    pub(super) fn new(architectures: Vec<Architecture>, datasets: Vec<Dataset>, recipes: Vec<Recipe>) -> Result<Self> {
        let mut by_architecture: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for (i, row) in architectures.iter().enumerate() {
            by_architecture.entry(row.architecture.to_lowercase()).or_default().push(i);
        }
        let mut by_tag: FxHashMap<String, Vec<(Vec<Pattern>, usize)>> = FxHashMap::default();
        let mut tagged_owners = BTreeSet::new();
        for (i, row) in recipes.iter().enumerate() {
            if let Some(tag) = &row.tag {
                let owner = tag.split_once('/').map(|(owner, _)| owner.to_lowercase());
                tagged_owners.insert(
                    owner.ok_or_else(|| Error::Internal(format!("recipes.csv: {}: tag '{tag}' has no namespace", row.recipe)))?,
                );
                by_tag.entry(tag.to_lowercase()).or_default().push((Pattern::of_cell(row.architectures.as_deref()), i));
            }
        }
        let datasets: BTreeMap<String, Dataset> = datasets.into_iter().map(|row| (row.dataset.clone(), row)).collect();
        let unknown = |row: &&Recipe| row.dataset.as_ref().is_some_and(|name| !datasets.contains_key(name));
        if let Some(row) = recipes.iter().find(unknown) {
            let name = row.dataset.as_deref().unwrap_or_default();
            return Err(Error::Internal(format!("recipes.csv: {}: data set '{name}' is not in datasets.csv", row.recipe)));
        }
        Ok(Self {
            architecture_ids: by_owner(architectures.iter().map(|row| row.ids.as_deref()), "architectures.csv")?,
            recipe_ids: by_owner(recipes.iter().map(|row| row.ids.as_deref()), "recipes.csv")?,
            architectures,
            recipes,
            datasets,
            by_architecture,
            by_tag,
            tagged_owners,
        })
    }

    /// What a repository's name stands for; none where the tables do not know it. A library that is called like a namespace of tagged names
    /// (timm) tells such names elsewhere.
    #[must_use]
    pub fn named(&self, model_id: &str, library: Option<&str>) -> Option<NamedTraining<'_>> {
        in_lower_case(model_id, |id| self.named_in_lower_case(id, library))
    }

    fn named_in_lower_case(&self, id: &str, library: Option<&str>) -> Option<NamedTraining<'_>> {
        let (owner, name) = id.split_once('/')?;
        let tagged = self.tagged_owners.contains(owner).then(|| self.tagged(name, Some(owner))).flatten();
        if tagged.is_some() {
            return tagged;
        }
        let recipe = Self::best(&self.recipe_ids, owner, name).map(|i| &self.recipes[i]);
        let Some(i) = Self::best(&self.architecture_ids, owner, name) else {
            // In another namespace a tag is no promise: whoever trained on kept it.
            return library.filter(|library| self.tagged_owners.contains(*library)).and_then(|_| self.tagged(name, None));
        };
        let rows = self.by_architecture.get(&self.architectures[i].architecture.to_lowercase())?;
        let wanted = recipe.and_then(|r| r.resolution).unwrap_or(self.architectures[i].resolution);
        let architecture = rows.iter().map(|i| &self.architectures[*i]).find(|row| row.resolution == wanted);
        Some(self.with_recipe(architecture.unwrap_or(&self.architectures[i]), recipe))
    }

    /// `<architecture>.<tag>`, or an architecture alone; the tag is looked up for its own namespace only.
    fn tagged(&self, name: &str, owner: Option<&str>) -> Option<NamedTraining<'_>> {
        let (architecture, tag) = name.split_once('.').unwrap_or((name, ""));
        let rows = self.by_architecture.get(architecture)?;
        let recipe = owner.and_then(|owner| self.recipe_of_tag(architecture, &format!("{owner}/{tag}")));
        let trained_as = |row: &&Architecture| row.trained_as.as_deref().is_some_and(|tags| tags.split('|').any(|t| t == tag));
        let rows = || rows.iter().map(|i| &self.architectures[*i]);
        let wanted = recipe.and_then(|r| r.resolution);
        let stated = rows().find(|row| wanted == Some(row.resolution));
        let row = stated.or_else(|| rows().find(trained_as)).or_else(|| rows().next())?;
        Some(self.with_recipe(row, recipe))
    }

    fn with_recipe<'t>(&'t self, architecture: &'t Architecture, recipe: Option<&'t Recipe>) -> NamedTraining<'t> {
        let dataset = recipe.and_then(|r| self.datasets.get(r.dataset.as_deref()?));
        NamedTraining { architecture, recipe, dataset }
    }

    /// The recipe of a tag whose pattern of architectures says most; of two that say as much the first.
    fn recipe_of_tag(&self, architecture: &str, tag: &str) -> Option<&Recipe> {
        let fitting = self.by_tag.get(tag)?.iter().filter_map(|(patterns, i)| {
            let letters = patterns.iter().filter(|p| p.fits(architecture)).map(Pattern::letters).max()?;
            Some((letters, *i))
        });
        let best = fitting.max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)))?;
        self.recipes.get(best.1)
    }

    fn best(named: &Named, owner: &str, name: &str) -> Option<usize> {
        let fitting = named.get(owner)?.iter().filter(|(pattern, _)| pattern.fits(name));
        fitting.max_by(|a, b| a.0.letters().cmp(&b.0.letters()).then(b.1.cmp(&a.1))).map(|(_, i)| *i)
    }

    /// The architectures in the order of their file.
    #[must_use]
    pub fn architectures(&self) -> &[Architecture] {
        &self.architectures
    }

    /// Every weight that the tables name in full: architectures with each tag they were trained as, and ids of recipes without a star.
    pub fn known_weights(&self) -> impl Iterator<Item = NamedTraining<'_>> {
        let tagged = self.tagged_owners.iter().flat_map(move |owner| {
            self.architectures.iter().flat_map(move |row| {
                let tags = row.trained_as.as_deref().unwrap_or_default().split('|').filter(|tag| !tag.is_empty());
                tags.filter_map(move |tag| self.tagged(&format!("{}.{tag}", row.architecture), Some(owner)))
            })
        });
        let ids = self
            .recipes
            .iter()
            .filter(|recipe| recipe.tag.is_none())
            .flat_map(|recipe| recipe.ids.as_deref().unwrap_or_default().split('|'));
        tagged.chain(ids.filter(|id| !id.contains('*')).filter_map(|id| self.named(id, None)))
    }

    /// The recipes in the order of their file.
    #[must_use]
    pub fn recipes(&self) -> &[Recipe] {
        &self.recipes
    }

    /// The data sets by key.
    pub fn datasets(&self) -> impl Iterator<Item = &Dataset> {
        self.datasets.values()
    }
}

/// Patterns of ids by namespace, which holds no star.
fn by_owner<'r>(cells: impl Iterator<Item = Option<&'r str>>, file: &str) -> Result<Named> {
    let mut named: Named = FxHashMap::default();
    for (i, cell) in cells.enumerate() {
        for id in cell.unwrap_or_default().split('|').filter(|id| !id.trim().is_empty()) {
            let parts = id.trim().split_once('/').filter(|(owner, _)| !owner.contains('*'));
            let (owner, name) =
                parts.ok_or_else(|| Error::Internal(format!("{file} row {}: '{id}' is no id with a namespace", i + 2)))?;
            named.entry(owner.to_lowercase()).or_default().push((Pattern::new(name), i));
        }
    }
    Ok(named)
}

#[cfg(test)]
mod tests;
