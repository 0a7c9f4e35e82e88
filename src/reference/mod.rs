//! Typed access to the factor tables of `data/reference`, which are part of the binary.
//!
//! Every row names its source, its vintage and how it is known; `data/reference/<table>.md` describes each file.

pub mod accelerators;
pub mod agents;
pub mod arithmetic;
pub mod check;
pub mod chip_use;
pub mod compute_bounds;
pub mod compute_countries;
pub mod continuation_labels;
pub mod continued_runs;
pub mod corrections;
pub mod embodied;
pub mod fine_tunes;
pub mod grid;
pub mod layouts;
pub mod market_based;
pub mod operators;
pub mod owners;
pub mod places;
pub mod possible;
pub mod post_training;
pub mod power;
pub mod pue;
pub mod registry;
pub mod registry_conflicts;
pub mod reported;
pub mod repository_facts;
pub mod role_labels;
pub mod small_runs;
mod table;
pub mod training_places;
pub mod water;

use crate::error::{Error, IoContext, Result};
use crate::store::sha256_bytes;
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

pub use accelerators::{Accelerator, Accelerators, Named};
pub use agents::Agents;
pub use arithmetic::{NamedTraining, Trainings};
pub use chip_use::ChipUse;
pub use compute_bounds::ComputeBounds;
pub use compute_countries::ComputeCountries;
pub use continuation_labels::ContinuationLabel;
pub use continued_runs::ContinuedRuns;
pub use corrections::{CorrectedField, Correction, Corrections, Meeting};
pub use embodied::{Embodied, EmbodiedRate};
pub use fine_tunes::{FineTune, SampleLength, SampleLengths};
pub use grid::{Grid, GridValue, Regions};
pub use layouts::Layouts;
pub use market_based::MarketBased;
pub use operators::Operators;
pub use owners::Owners;
pub use places::Places;
pub use post_training::PostTraining;
pub use power::{NodePower, Power};
pub use pue::{Pue, PuePlace, PueValue};
pub use registry::{Registry, TrainingRun};
pub use registry_conflicts::RegistryConflict;
pub use reported::ReportedFineTune;
pub use repository_facts::{RepositoryFact, RepositoryFacts};
pub use role_labels::RoleLabel;
pub use small_runs::SmallRun;
pub use table::Table;
pub use training_places::TrainingPlaces;
pub use water::{Water, WaterValue};

const FILES: &[(&str, &str)] = &[
    ("accelerators.csv", include_str!("../../data/reference/accelerators.csv")),
    ("agents.csv", include_str!("../../data/reference/agents.csv")),
    ("architectures.csv", include_str!("../../data/reference/architectures.csv")),
    ("cloud_regions.csv", include_str!("../../data/reference/cloud_regions.csv")),
    ("continuation_labels.csv", include_str!("../../data/reference/continuation_labels.csv")),
    ("continued_runs.csv", include_str!("../../data/reference/continued_runs.csv")),
    ("datasets.csv", include_str!("../../data/reference/datasets.csv")),
    ("embodied.csv", include_str!("../../data/reference/embodied.csv")),
    ("finetunes.csv", include_str!("../../data/reference/finetunes.csv")),
    ("grid_country_year.csv", include_str!("../../data/reference/grid_country_year.csv")),
    ("grid_region_year.csv", include_str!("../../data/reference/grid_region_year.csv")),
    ("machine_types.csv", include_str!("../../data/reference/machine_types.csv")),
    ("layouts.csv", include_str!("../../data/reference/layouts.csv")),
    ("market_based.csv", include_str!("../../data/reference/market_based.csv")),
    ("mfu.csv", include_str!("../../data/reference/mfu.csv")),
    ("operators.csv", include_str!("../../data/reference/operators.csv")),
    ("owners.csv", include_str!("../../data/reference/owners.csv")),
    ("places.csv", include_str!("../../data/reference/places.csv")),
    ("post_training.csv", include_str!("../../data/reference/post_training.csv")),
    ("power.csv", include_str!("../../data/reference/power.csv")),
    ("pue.csv", include_str!("../../data/reference/pue.csv")),
    ("recipes.csv", include_str!("../../data/reference/recipes.csv")),
    ("reported_finetunes.csv", include_str!("../../data/reference/reported_finetunes.csv")),
    ("registry_conflicts.csv", include_str!("../../data/reference/registry_conflicts.csv")),
    ("repository_facts.csv", include_str!("../../data/reference/repository_facts.csv")),
    ("role_labels.csv", include_str!("../../data/reference/role_labels.csv")),
    ("sample_lengths.csv", include_str!("../../data/reference/sample_lengths.csv")),
    ("small_runs.csv", include_str!("../../data/reference/small_runs.csv")),
    ("training_places.csv", include_str!("../../data/reference/training_places.csv")),
    ("training_runs.csv", include_str!("../../data/reference/training_runs.csv")),
    ("wue.csv", include_str!("../../data/reference/wue.csv")),
];
/// Reviewed corrections; not a table of factors, so that it stands apart.
const CORRECTIONS: (&str, &str) = ("corrections.toml", include_str!("../../data/reference/corrections.toml"));
/// Name under which the optional grid table enters digests and manifests.
pub const EXTRA_GRID: &str = "extra_grid";
/// Name under which the regions of the grid tables enter fingerprints, without their values.
const REGIONS: &str = "countries_of_grid_regions";

/// All reference tables, each with the digests of the files it was made of.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Accelerators and their aliases.
    pub accelerators: Table<Accelerators>,
    /// Use of the accelerators in published runs.
    pub chip_use: Table<ChipUse>,
    /// Grid intensity by place and year.
    pub grid: Table<Grid>,
    /// Which country each of its regions lies in.
    pub regions: Table<Regions>,
    /// Countries in which published runs were computed.
    pub compute_countries: Table<ComputeCountries>,
    /// Where houses train, beside where they are.
    pub training_places: Table<TrainingPlaces>,
    /// Names of places and cloud regions.
    pub places: Table<Places>,
    /// Operators of data centres by any spelling.
    pub operators: Table<Operators>,
    /// PUE by operator and year.
    pub pue: Table<Pue>,
    /// Countries and operators of owners.
    pub owners: Table<Owners>,
    /// Measured power over TDP, and MFU of published runs.
    pub power: Table<Power>,
    /// Published training runs.
    pub registry: Table<Registry>,
    /// What post-training takes of the compute of its pre-training.
    pub post_training: Table<PostTraining>,
    /// Fine-tunes whose cards state the samples they saw.
    pub fine_tunes: Table<Vec<FineTune>>,
    /// Length of samples by task.
    pub sample_lengths: Table<SampleLengths>,
    /// Fine-tunes with tracked emissions.
    pub reported: Table<Vec<ReportedFineTune>>,
    /// Pre-trainings of small houses.
    pub small_runs: Table<Vec<SmallRun>>,
    /// The most compute seen of each class of owner.
    pub compute_bounds: Table<ComputeBounds>,
    /// What was looked up of well-known repositories.
    pub repository_facts: Table<RepositoryFacts>,
    /// Records whose role somebody looked up.
    pub role_labels: Table<Vec<RoleLabel>>,
    /// Trainings on another model's weights of which somebody knows what they were.
    pub continuation_labels: Table<Vec<ContinuationLabel>>,
    /// Architectures, data sets and recipes of models beyond text.
    pub trainings: Table<Trainings>,
    /// Tokens of continued pre-trainings on another house's weights.
    pub continued_runs: Table<ContinuedRuns>,
    /// How long agents train, by environment.
    pub agents: Table<Agents>,
    /// Sizes that words of a name stand for.
    pub layouts: Table<Layouts>,
    /// Emissions of making the hardware.
    pub embodied: Table<Embodied>,
    /// Water per kWh, on site and off site.
    pub water: Table<Water>,
    /// Market-based emissions as reported.
    pub market_based: Table<Vec<MarketBased>>,
    /// Rows of the registry whose figures contradict each other, with what was decided.
    pub registry_conflicts: Table<Vec<RegistryConflict>>,
    /// Reviewed corrections of the Hub's metadata.
    pub corrections: Table<Corrections>,
    /// Digest of every file, for the manifest.
    pub digests: Table<BTreeMap<String, String>>,
}

impl Reference {
    /// Reads the tables that are part of the binary.
    ///
    /// # Errors
    /// A table does not parse; a data test keeps that from being released.
    pub fn load() -> Result<Self> {
        Self::load_with(None)
    }

    /// The same, and an optional grid table of the shape of grid_region_year.csv whose rows go before those of the binary: tables
    /// under share-alike licences stay outside it (data/share_alike).
    ///
    /// # Errors
    /// The optional table cannot be read or does not parse.
    pub fn load_with(extra_grid: Option<&Path>) -> Result<Self> {
        let extra_grid =
            extra_grid.map(|path| fs_err::read(path).at_path("cannot read the extra grid table", path).map(|b| (path, b)));
        Self::from_files(&Files::embedded(), extra_grid.transpose()?)
    }

    /// The same with other texts for some of the files, by name: what would follow from other figures, or without some rows.
    ///
    /// # Errors
    /// No file has the name, or a text does not parse.
    pub fn load_replacing<'a>(texts: impl IntoIterator<Item = (&'a str, String)>) -> Result<Self> {
        let mut files = Files::embedded();
        for (name, text) in texts {
            let known = files.0.get_mut(name).ok_or_else(|| {
                Error::input(format!("no reference file is called '{name}'"), "data/reference", "see data/README.md for the files")
            })?;
            *known = Cow::Owned(text);
        }
        Self::from_files(&files, None)
    }

    fn from_files(files: &Files, extra_grid: Option<(&Path, Vec<u8>)>) -> Result<Self> {
        let registry_conflicts: Vec<RegistryConflict> = files.rows("registry_conflicts.csv")?;
        let registry = Table::new(
            Registry::new(files.rows("training_runs.csv")?, &registry_conflicts)?,
            files.digests(&["registry_conflicts.csv", "training_runs.csv"]),
        );
        let grid = grid(files, extra_grid.as_ref())?;
        let accelerators = Table::new(
            Accelerators::new(files.rows("accelerators.csv")?, files.rows("machine_types.csv")?)?,
            files.digests(&["accelerators.csv", "machine_types.csv"]),
        );
        let operators = Table::new(Operators::new(files.rows("operators.csv")?)?, files.digests(&["operators.csv"]));
        let places = Places::new(files.rows("places.csv")?, files.rows("cloud_regions.csv")?, &grid)?;
        let one = |name: &str| files.digests(&[name]);
        let small_runs: Table<Vec<SmallRun>> = Table::new(files.rows("small_runs.csv")?, files.digests(&["small_runs.csv"]));
        let owners = Table::new(Owners::new(files.rows("owners.csv")?), files.digests(&["owners.csv"]));
        let embodied = Embodied::new(&files.rows("embodied.csv")?, &accelerators)?;
        let water = Water::new(files.rows("wue.csv")?, &operators, &grid)?;
        let bounds = ComputeBounds::new(&owners, &registry, &small_runs);
        let training_places = TrainingPlaces::new(files.rows("training_places.csv")?, &grid)?;
        let mut all = files.all_digests();
        all.extend(grid.digests().clone());
        let regions = grid.regions().clone();
        let of_regions = BTreeMap::from([(REGIONS.to_owned(), regions.digest())]);
        Ok(Self {
            places: Table::new(places, files.digests(&["places.csv", "cloud_regions.csv"])),
            chip_use: Table::derived(ChipUse::new(accelerators.clone(), &registry), [accelerators.digests(), registry.digests()]),
            compute_countries: Table::derived(ComputeCountries::new(&grid, &registry), [grid.digests(), registry.digests()]),
            training_places: Table::derived(training_places, [&one("training_places.csv"), grid.digests()]),
            pue: Table::derived(Pue::new(files.rows("pue.csv")?, &operators)?, [&one("pue.csv"), operators.digests()]),
            compute_bounds: Table::derived(bounds, [owners.digests(), registry.digests(), small_runs.digests()]),
            owners,
            small_runs,
            power: power(files)?,
            post_training: Table::new(PostTraining::new(&files.rows("post_training.csv")?)?, one("post_training.csv")),
            fine_tunes: Table::new(files.rows("finetunes.csv")?, one("finetunes.csv")),
            sample_lengths: Table::new(SampleLengths::new(files.rows("sample_lengths.csv")?)?, one("sample_lengths.csv")),
            reported: Table::new(files.rows("reported_finetunes.csv")?, one("reported_finetunes.csv")),
            repository_facts: Table::new(RepositoryFacts::new(files.rows("repository_facts.csv")?)?, one("repository_facts.csv")),
            continuation_labels: Table::new(files.rows("continuation_labels.csv")?, one("continuation_labels.csv")),
            role_labels: Table::new(files.rows("role_labels.csv")?, one("role_labels.csv")),
            embodied: Table::derived(embodied, [&one("embodied.csv"), accelerators.digests()]),
            water: Table::derived(water, [&one("wue.csv"), operators.digests(), grid.digests()]),
            market_based: Table::new(files.rows("market_based.csv")?, one("market_based.csv")),
            registry_conflicts: Table::new(registry_conflicts, one("registry_conflicts.csv")),
            trainings: trainings(files)?,
            continued_runs: Table::new(ContinuedRuns::new(&files.rows("continued_runs.csv")?)?, one("continued_runs.csv")),
            agents: Table::new(Agents::new(files.rows("agents.csv")?)?, one("agents.csv")),
            layouts: Table::new(Layouts::new(files.rows("layouts.csv")?)?, one("layouts.csv")),
            corrections: Table::new(Corrections::new(files.text(CORRECTIONS.0)?)?, one(CORRECTIONS.0)),
            digests: Table::new(all.clone(), all),
            registry,
            operators,
            accelerators,
            regions: Table::new(regions, of_regions),
            grid,
        })
    }
}

fn power(files: &Files) -> Result<Table<Power>> {
    let power = Power::new(&files.rows("power.csv")?, &files.rows("mfu.csv")?)?;
    Ok(Table::new(power, files.digests(&["power.csv", "mfu.csv"])))
}

fn trainings(files: &Files) -> Result<Table<Trainings>> {
    let names = ["architectures.csv", "datasets.csv", "recipes.csv"];
    let rows = Trainings::new(files.rows(names[0])?, files.rows(names[1])?, files.rows(names[2])?)?;
    Ok(Table::new(rows, files.digests(&names)))
}

fn grid(files: &Files, extra_grid: Option<&(&Path, Vec<u8>)>) -> Result<Table<Grid>> {
    let mut digests = files.digests(&["grid_country_year.csv", "grid_region_year.csv"]);
    let mut grid = Grid::new(files.rows("grid_country_year.csv")?, files.rows("grid_region_year.csv")?)?;
    if let Some((path, bytes)) = extra_grid {
        let refused = |e: Error| match e {
            Error::Internal(what) => Error::input(
                what,
                path.display(),
                "give it the columns of data/reference/grid_region_year.csv, or unset reference.extra_grid",
            ),
            other => other,
        };
        let rows = parse(&path.display().to_string(), bytes).map_err(refused)?;
        digests.insert(EXTRA_GRID.to_owned(), grid::content_digest(&rows));
        grid.add_regions(rows, "extra grid table").map_err(refused)?;
    }
    Ok(Table::new(grid, digests))
}

/// The files behind the tables, by name: those of the binary, and for tests some of them replaced.
struct Files(BTreeMap<&'static str, Cow<'static, str>>);

impl Files {
    fn embedded() -> Self {
        Self(FILES.iter().chain([&CORRECTIONS]).map(|(name, text)| (*name, Cow::Borrowed(*text))).collect())
    }

    fn text(&self, name: &str) -> Result<&str> {
        self.0.get(name).map(AsRef::as_ref).ok_or_else(|| Error::Internal(format!("reference file {name} is not embedded")))
    }

    fn rows<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>> {
        parse(&format!("data/reference/{name}"), self.text(name)?.as_bytes())
    }

    fn digests(&self, names: &[&str]) -> BTreeMap<String, String> {
        let digest = |name: &&str| Some(((*name).to_owned(), sha256_bytes(self.0.get(*name)?.as_bytes())));
        names.iter().filter_map(digest).collect()
    }

    fn all_digests(&self) -> BTreeMap<String, String> {
        self.0.iter().map(|(name, text)| ((*name).to_owned(), sha256_bytes(text.as_bytes()))).collect()
    }
}

fn parse<T: DeserializeOwned>(name: &str, text: &[u8]) -> Result<Vec<T>> {
    csv::Reader::from_reader(text)
        .deserialize()
        .enumerate()
        .map(|(i, row)| row.map_err(|e| Error::Internal(format!("{name} row {}: {e}", i + 2))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RunKind;
    use std::collections::BTreeSet;

    fn reference() -> Reference {
        Reference::load().unwrap()
    }

    /// NVIDIA data sheets: dense tensor rates, not sparse ones; A100 312, H100 SXM 989 (BF16), V100 125 (FP16), T4 65 (FP16).
    #[test]
    fn peaks_are_the_dense_ones() {
        let reference = reference();
        for (text, tflops) in [("A100 SXM4 80GB", 312.0), ("H100 SXM5 80GB", 989.0), ("NVIDIA V100", 125.0), ("Tesla T4", 65.0)] {
            let chip = reference.accelerators.named(text).unwrap();
            let peak = chip.training_peak().unwrap().0 / 1e12;
            assert!((peak / tflops - 1.0).abs() < 0.02, "{text}: {peak} against {tflops}");
        }
    }

    /// What [`LEAST_LARGE_MIXTURE`](crate::method::assumptions::LEAST_LARGE_MIXTURE) rests on.
    #[test]
    fn large_models_since_2025_are_mixtures_of_experts() {
        use crate::method::assumptions::{LARGEST_DENSE, LEAST_LARGE_MIXTURE, MIXTURES_SINCE_YEAR};
        let registry = reference().registry;
        for run in registry.runs().iter().filter(|r| r.params.is_some_and(|n| n > LARGEST_DENSE) && r.open_weights == Some(true)) {
            assert!(run.active_params.is_none_or(|active| active < 0.2 * LARGEST_DENSE), "{} is dense", run.registry_id);
        }
        let large = registry.runs().iter().filter(|r| {
            let is_large = r.params.is_some_and(|n| n >= LEAST_LARGE_MIXTURE) && r.open_weights == Some(true);
            let is_recent = r.trained_on_day().is_some_and(|day| day.year() >= MIXTURES_SINCE_YEAR);
            is_large && is_recent && r.kind == RunKind::Pretraining && r.modality.counts_tokens()
        });
        let (mixtures, dense): (Vec<_>, Vec<_>) =
            large.partition(|r| r.active_params.zip(r.params).is_some_and(|(a, n)| a < 0.9 * n));
        assert!(mixtures.len() >= 25 && dense.len() * 20 <= mixtures.len(), "{} {}", mixtures.len(), dense.len());
    }

    /// A gram to a ton, a million to ten billion parameters; one row per model.
    #[test]
    fn reported_fine_tunes_are_unique_and_plausible() {
        let reported = reference().reported;
        assert!(reported.len() >= 800);
        let ids: BTreeSet<&str> = reported.iter().map(|r| r.model_id.as_str()).collect();
        assert_eq!(ids.len(), reported.len());
        for row in reported.iter() {
            let plausible = (1e-6..1e6).contains(&row.emissions_gco2e) && (1e6..1e10).contains(&row.params());
            assert!(plausible && row.day().is_some() && !row.source.is_empty(), "{}", row.model_id);
        }
    }

    #[test]
    fn the_registry_holds_several_hundred_unique_plausible_runs() {
        let registry = reference().registry;
        assert!(registry.runs().len() >= 300);
        let mut ids = BTreeSet::new();
        let mut hub_ids = BTreeSet::new();
        for run in registry.runs() {
            assert!(ids.insert(run.registry_id.clone()), "{} twice", run.registry_id);
            if let Some(id) = &run.hub_id {
                assert!(hub_ids.insert(id.to_lowercase()), "hub id {id} twice");
            }
            let within = |value: Option<f64>, low: f64, high: f64| value.is_none_or(|v| (low..=high).contains(&v));
            assert!(within(run.params, 1e3, 1e14), "{} params", run.registry_id);
            assert!(within(run.train_flop, 1e9, 1e28), "{} flop", run.registry_id);
            assert!(within(run.mfu, 0.005, 0.95), "{} mfu", run.registry_id);
            assert!(!run.source.is_empty() && !run.vintage.is_empty(), "{} source", run.registry_id);
            assert_ne!(run.kind, RunKind::Adapter, "{}", run.registry_id);
            if run.open_weights == Some(true) {
                use crate::method::assumptions::{MOST_FLOP_BEYOND_TEXT, MOST_FLOP_TEXT};
                let text = run.modality.counts_tokens();
                let most = if text { MOST_FLOP_TEXT } else { MOST_FLOP_BEYOND_TEXT };
                assert!(run.train_flop.unwrap_or(0.0) <= most, "{}", run.registry_id);
                // Encoders of 2019 passed over their data a hundred times; since Chinchilla nobody has stated more than half of the bound.
                let is_recent = run.trained_on_day().is_some_and(|day| day.year() >= 2023);
                let tokens = run.seen_tokens().filter(|_| text && is_recent && run.kind == RunKind::Pretraining);
                assert!(tokens.unwrap_or(0.0) * 2.0 <= crate::method::assumptions::MOST_TOKENS, "{}", run.registry_id);
            }
            if let (Some(active), Some(total)) = (run.active_params, run.params) {
                assert!(active <= total, "{} active above total", run.registry_id);
            }
        }
    }
}
