//! Tables say what those say that they are made of: the wide one adds up nothing that does not add up, and tiers are those of whole rows.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::{Workspace, table};
use hugging_carbon::domain::{Run, Tier};
use hugging_carbon::reference::Reference;
use hugging_carbon::stages::tier;
use hugging_carbon::tables::{EstimateRow, EvidenceRow, LineageRow, ModelFootprintRow, ModelRow, RunRow, TierRow};
use std::collections::BTreeMap;

#[test]
fn every_row_agrees_with_models_estimates_and_lineage() {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run"]);
    let snapshot = workspace.snapshot();
    let wide: Vec<ModelFootprintRow> = table(&snapshot);
    let models: Vec<ModelRow> = table(&snapshot);
    let lineage: Vec<LineageRow> = table(&snapshot);
    let estimates: Vec<EstimateRow> = table(&snapshot);
    let by_model: BTreeMap<&str, &EstimateRow> = estimates.iter().map(|e| (e.model_id.as_str(), e)).collect();
    let by_run: BTreeMap<&str, &EstimateRow> = estimates.iter().map(|e| (e.run_id.as_str(), e)).collect();
    assert_eq!((wide.len(), wide.len()), (models.len(), lineage.len()));
    let (mut alone, mut carried, mut several) = (0, 0, 0);
    for ((row, model), whole) in wide.iter().zip(&models).zip(&lineage) {
        let own = by_model[row.model_id.as_str()];
        assert_eq!((&row.model_id, &row.model_id), (&model.model_id, &whole.model_id));
        assert_eq!(row.downloads_all_time, model.downloads_all_time);
        assert_eq!((row.role, row.in_cohort), (model.role, model.in_cohort));
        assert_eq!(row.own_emissions_kgco2e, own.emissions_kgco2e);
        assert_eq!((row.own_train_flop, row.own_energy_kwh), (own.train_flop, own.energy_kwh));
        assert_eq!((row.tier_name, &row.flags, &row.grid_place), (own.tier_name, &own.flags, &own.grid_place));
        assert_eq!(row.lineage_emissions_kgco2e_mean, whole.lineage_emissions_kgco2e_mean);
        let quantiles = [row.lineage_emissions_kgco2e_p05, row.lineage_emissions_kgco2e_p50, row.lineage_emissions_kgco2e_p95];
        let of = |e: &EstimateRow| [e.emissions_kgco2e.p05, e.emissions_kgco2e.p50, e.emissions_kgco2e.p95].map(Some);
        let expected = match whole.upstream_run_ids.as_slice() {
            [] => {
                alone += 1;
                of(own)
            }
            [one] if own.tier_name == Tier::NoTraining => {
                carried += 1;
                of(by_run[one.as_str()])
            }
            _ => {
                several += 1;
                [None; 3]
            }
        };
        assert_eq!(quantiles, expected, "{}", row.model_id);
    }
    assert!(alone > 20 && carried > 20 && several > 20, "{alone} {carried} {several}");
    let sum = |kg: &mut dyn Iterator<Item = f64>| kg.fold(0.0, |a, b| a + b);
    let all = sum(&mut estimates.iter().map(|e| e.emissions_kgco2e.mean));
    assert!((sum(&mut wide.iter().map(|w| w.own_emissions_kgco2e.mean)) / all - 1.0).abs() < 1e-12);
}

/// BLOOM's 433 MWh beside its 25 t: a figure that is stated, accepted and used is the published one, whichever other is stated beside it.
#[test]
fn what_is_stated_and_used_is_what_is_published() {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run"]);
    let snapshot = workspace.snapshot();
    let runs: Vec<TierRow> = table(&snapshot.join("../../work"));
    let by_run: BTreeMap<&str, &TierRow> = runs.iter().map(|row| (row.run_id.as_str(), row)).collect();
    let mut seen = [0; 3];
    for estimate in &table::<EstimateRow>(&snapshot) {
        let Some(row) = by_run.get(estimate.run_id.as_str()) else { continue };
        let hours = estimate.accelerator_hours_p50.unwrap_or_default();
        let figures = [
            (row.emissions_kgco2e, estimate.emissions_kgco2e.p50, Tier::Emissions),
            (row.energy_kwh, estimate.energy_kwh.p50, Tier::Energy),
            (row.accelerator_hours, hours, Tier::Hardware),
        ];
        for (at, (stated, published, tier)) in figures.into_iter().enumerate() {
            // Below its own tier a figure is hidden behind nothing: it is taken as stated.
            let Some(stated) = stated.filter(|_| estimate.tier_name <= tier && estimate.tier_name != Tier::NoTraining) else {
                continue;
            };
            seen[at] += 1;
            assert!(
                (published / stated - 1.0).abs() < 0.02,
                "{}: {published} published, {stated} stated ({tier:?})",
                estimate.run_id
            );
        }
    }
    assert!(seen.iter().all(|n| *n > 3), "{seen:?}");
}

/// What pyarrow shows as `schema.field("energy_kwh_p05").metadata`.
#[test]
fn fields_of_the_files_carry_description_unit_and_source() {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run"]);
    let file = std::fs::File::open(workspace.snapshot().join("estimates.parquet")).unwrap();
    // Any reader's: ours does not ask for what is beside the columns.
    let schema = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap().schema().clone();
    let stated = |column: &str, key: &str| schema.field_with_name(column).unwrap().metadata().get(key).cloned();
    assert_eq!(stated("energy_kwh_p05", "description").as_deref(), Some("5th percentile: Facility energy in kWh."));
    assert_eq!(stated("energy_kwh_p05", "unit").as_deref(), Some("kWh"));
    assert_eq!(stated("pue", "unit"), None);
    assert!(stated("pue", "source").unwrap().contains("data/reference"));
}

/// The stage decodes only the columns that it says it reads: one that it looks at all the same would be blank there, and is not here.
#[test]
fn a_tier_is_that_of_whole_rows() {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run", "--until", "tier"]);
    let work = workspace.data().join("work");
    let references = tier::References::new(&Reference::load().unwrap());
    let runs: Vec<RunRow> = table(&work);
    let runs: BTreeMap<String, RunRow> = runs.into_iter().map(|run| (run.model_id.clone(), run)).collect();
    let mut evidence: BTreeMap<String, Vec<EvidenceRow>> = BTreeMap::new();
    for row in table::<EvidenceRow>(&work) {
        evidence.entry(row.model_id.clone()).or_default().push(row);
    }
    let (models, tiers): (Vec<ModelRow>, Vec<TierRow>) = (table(&work), table(&work));
    assert!(models.len() == tiers.len() && models.len() > 100, "{} {}", models.len(), tiers.len());
    for (model, tier) in models.into_iter().zip(tiers) {
        let own = evidence.get(&model.model_id).map_or(&[][..], Vec::as_slice);
        let whole = tier::known_run(&references, &model, runs.get(&model.model_id), own);
        assert_eq!(Run::from(tier), whole, "{}", model.model_id);
    }
}
