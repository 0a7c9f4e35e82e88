//! What a repository's name tells of its training beyond text: architecture, data set and recipe, from the reference tables.

use crate::domain::{EvidenceSource, Field, SampleUnit, address};
use crate::evidence::Extracted;
use crate::reference::{NamedTraining, Trainings};

/// Confidence in what the tables say of the repository itself, where figures were read in their source, and where they are from memory.
const CONFIDENCE: (f64, f64) = (0.9, 0.8);
/// Confidence in the base's architecture for a training on its weights: the resolution may have changed.
const CONFIDENCE_OF_BASE: f64 = 0.6;
/// Extractor of the repository's own row, and of its base's.
const EXTRACTORS: (&str, &str) = ("architecture", "architecture_of_the_base");

/// Evidence for a repository that the tables know by name: FLOP per sample and resolution, and of a known recipe epochs and samples seen.
#[must_use]
pub fn of_own_name(trainings: &Trainings, model_id: &str, library: Option<&str>) -> Vec<Extracted> {
    let Some(named) = trainings.named(model_id, library) else { return Vec::new() };
    let mut rows = of_architecture(&named, model_id, EXTRACTORS.0, CONFIDENCE.0);
    rows.extend(of_recipe(&named, model_id));
    rows
}

/// FLOP per sample of a training on a base that the tables know by name, at the base's resolution and in one pass. Not of sound: a card
/// counts its samples in utterances, not in seconds.
#[must_use]
pub fn of_base_name(trainings: &Trainings, base_id: &str, library: Option<&str>) -> Vec<Extracted> {
    let Some(named) = trainings.named(base_id, library) else { return Vec::new() };
    let alone = NamedTraining { recipe: None, dataset: None, ..named };
    let mut rows = of_architecture(&alone, base_id, EXTRACTORS.1, CONFIDENCE_OF_BASE);
    rows.retain(|row| row.field == Field::ForwardFlop && named.architecture.unit != SampleUnit::Second);
    rows
}

/// Parameters of the architecture.
#[must_use]
pub fn params(trainings: &Trainings, model_id: &str, library: Option<&str>) -> Option<Extracted> {
    let named = trainings.named(model_id, library)?;
    let row = named.architecture;
    let quote = format!("{model_id}: {} has {:e} parameters; {}, {}", row.architecture, row.params?, row.source, row.vintage);
    Some(extracted(Field::TotalParams, row.params?, architecture_locator(&named), quote, &row.source, EXTRACTORS.0, CONFIDENCE.0))
}

fn of_architecture(named: &NamedTraining, id: &str, extractor: &'static str, confidence: f64) -> Vec<Extracted> {
    let row = named.architecture;
    let sample = match row.unit {
        SampleUnit::Image => "an image",
        SampleUnit::Second => "a second of sound",
        SampleUnit::Pair => "a pair",
    };
    let mut rows = Vec::new();
    if let Some(flop) = named.forward_flop() {
        let at = named.resolution().map(|r| format!(" at {r}")).unwrap_or_default();
        let passes = named.recipe.and_then(|r| r.passes).map(|p| format!(" x {p} passes")).unwrap_or_default();
        let from = if named.resolution() == Some(row.resolution) || row.resolution <= 0.0 {
            String::new()
        } else {
            format!(" at {}, carried on", row.resolution)
        };
        let quote = format!("{id}: {}, {:e} FLOP for {sample}{from}{passes}; {}", row.architecture, row.forward_flop, row.source);
        rows.push(Extracted {
            as_written: format!("{flop:e}{at}"),
            ..extracted(Field::ForwardFlop, flop, architecture_locator(named), quote, &row.source, extractor, confidence)
        });
    }
    if let Some(side) = named.resolution().filter(|_| row.unit == SampleUnit::Image) {
        let source = named.recipe.map_or(&row.source, |r| &r.source);
        let quote = format!("{id}: trained at {side} pixels; {source}");
        rows.push(extracted(Field::ImageSize, side, architecture_locator(named), quote, source, extractor, confidence));
    }
    rows
}

fn of_recipe(named: &NamedTraining, id: &str) -> Vec<Extracted> {
    let Some(recipe) = named.recipe else { return Vec::new() };
    let confidence = if recipe.evidence == "seen" { CONFIDENCE.0 } else { CONFIDENCE.1 };
    let locator = || match named.dataset {
        Some(dataset) => format!("recipes.csv:{}, datasets.csv:{}", recipe.recipe, dataset.dataset),
        None => format!("recipes.csv:{}", recipe.recipe),
    };
    let said = |what: String| format!("{id}: {what}; {}, {}", recipe.source, recipe.vintage);
    let row = |field, value, what| extracted(field, value, locator(), said(what), &recipe.source, "recipe", confidence);
    let epochs = recipe.epochs.map(|epochs| row(Field::Epochs, epochs, format!("{epochs} epochs")));
    let seen = named.samples_seen().map(|seen| {
        let what = match (&recipe.derivation, named.dataset.and_then(|d| Some((d, d.size()?))), recipe.epochs) {
            (_, Some((dataset, size)), Some(epochs)) => format!("{size:e} samples of {} x {epochs} epochs", dataset.dataset),
            (Some(derivation), _, _) => derivation.clone(),
            (None, _, _) => format!("{seen:e} samples seen"),
        };
        row(Field::TrainSamples, seen, what)
    });
    epochs.into_iter().chain(seen).collect()
}

fn architecture_locator(named: &NamedTraining) -> String {
    let row = named.architecture;
    let recipe = named.recipe.map(|r| format!(", recipes.csv:{}", r.recipe)).unwrap_or_default();
    format!("architectures.csv:{}@{}{recipe}", row.architecture, row.resolution)
}

fn extracted(
    field: Field,
    value: f64,
    locator: String,
    quote: String,
    source: &str,
    extractor: &'static str,
    confidence: f64,
) -> Extracted {
    Extracted {
        field,
        value: Some(value),
        unit: field.unit(),
        as_written: format!("{value:e}"),
        source: EvidenceSource::Arithmetic,
        locator,
        source_url: address::stated(source),
        quote,
        extractor,
        confidence,
        reject_reason: None,
    }
}

#[cfg(test)]
mod tests;
