//! tier: which rungs of the evidence ladder each run can stand on, and the evidence chosen for each quantity.
//!
//! `models` and `evidence` are sorted alike, so one walk over both does: nothing is held but the repository at hand.

use crate::error::Result;
use crate::evidence::hardware::{self, Context};
use crate::evidence::place::{Place, PlaceTables, read_place};
use crate::lineage::names::post_training_stage;
use crate::lineage::no_training_id;
use crate::method::assumptions::{ATCI_BAND_GCO2E_PER_PFLOP, TOKENS_PER_PARAM};
use crate::method::chain;
use crate::pipeline::{self, Outcome, Stage};
use crate::reference::Reference;
use crate::reference::post_training::CONTINUED;
use crate::tables::io::{TableWriter, rows};
use crate::tables::{EvidenceRow, ModelRow, Row, RunRow, TierRow};
use crate::units::{FLOP_PER_PFLOP, Flop, GCo2ePerKwh, GRAMS_PER_KG, KgCo2e, Kwh, Params, Tokens};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// Most believed of a model whose size nothing states: a thousand tonnes, what Llama 3 8B and 70B lie between.
const MOST_WITHOUT_SIZE: KgCo2e = KgCo2e(1e6);
/// Longest wall time believed of one training, a year; "hours used" beyond it are device hours (METHOD.md section 3, HUB.md).
const MOST_WALL_HOURS: f64 = 8760.0;
/// The cleanest national grid of the reference table has some 20 g/kWh.
const CLEANEST_GRID: GCo2ePerKwh = GCo2ePerKwh(20.0);

/// The stage.
#[must_use]
pub fn stage() -> Stage {
    Stage {
        name: "tier",
        version: 3,
        inputs: &["models", "runs", "evidence"],
        outputs: &["tiers"],
        settings: |_| json!({}),
        external: super::no_external,
        run,
        intact: super::always_intact,
    }
}

fn run(context: &pipeline::Context, out: &Path) -> Result<Outcome> {
    let mut writer = TableWriter::<TierRow>::create(out)?;
    let mut evidence = rows::<EvidenceRow>(&context.work)?.peekable();
    let mut runs = rows::<RunRow>(&context.work)?.peekable();
    for model in rows::<ModelRow>(&context.work)? {
        let model = model?;
        let mut own: Vec<EvidenceRow> = Vec::new();
        while let Some(row) = evidence.next_if(|e| e.as_ref().map_or(true, |e| e.model_id == model.model_id)) {
            own.push(row?);
        }
        let run = runs.next_if(|r| r.as_ref().map_or(true, |r| r.model_id == model.model_id)).transpose()?;
        writer.push(tier_row(&context.reference, &model, run.as_ref(), &own))?;
    }
    Ok(Outcome { outputs: BTreeMap::from([(TierRow::NAME.into(), writer.finish()?)]), facts: BTreeMap::new() })
}

/// Where the evidence says that the training ran: region, country and provider are read as one text, so that each settles what the
/// others leave open.
fn stated_place(reference: &Reference, own: &[EvidenceRow]) -> Place {
    let parts: Vec<&str> = ["cloud_region", "country", "cloud_provider"]
        .iter()
        .filter_map(|field| best(own, field))
        .map(|e| e.value_as_written.as_str())
        .collect();
    let tables = PlaceTables { places: &reference.places, grid: &reference.grid, pue: &reference.pue };
    read_place(tables, &parts.join(", "), Context::Field)
}

/// Stage of a training, by role and name (data/reference/post_training.csv).
fn training_stage(model: &ModelRow, run: Option<&RunRow>) -> String {
    let kind = run.map_or("no_training", |r| r.kind.as_str());
    match kind {
        "post_training" | "fine_tuning" if model.role == "continued" => CONTINUED.to_owned(),
        "post_training" | "fine_tuning" => post_training_stage(&model.model_id).to_owned(),
        other => other.to_owned(),
    }
}

/// The accepted evidence for one field: most trusted, then by key.
fn best<'a>(own: &'a [EvidenceRow], field: &str) -> Option<&'a EvidenceRow> {
    own.iter()
        .filter(|e| e.accepted && e.field == field)
        .max_by(|a, b| a.confidence.total_cmp(&b.confidence).then(b.evidence_id.cmp(&a.evidence_id)))
}

fn tier_row(reference: &Reference, model: &ModelRow, run: Option<&RunRow>, own: &[EvidenceRow]) -> TierRow {
    let value = |field: &str| best(own, field).and_then(|e| e.value);
    let place = stated_place(reference, own);
    let text = |field: &str| best(own, field).map(|e| e.value_as_written.as_str());
    #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
    let mut row = TierRow {
        run_id: run.map_or_else(|| no_training_id(&model.model_id), |r| r.run_id.clone()),
        model_id: model.model_id.clone(),
        tier: 0,
        available_tiers: vec![0],
        kind: run.map_or_else(|| "no_training".to_owned(), |r| r.kind.clone()),
        modality: model.modality.clone(),
        owner_country: model.owner_country.clone(),
        owner: model.owner.clone(),
        owner_class: reference.owners.class(model.owner.as_deref()).name().to_owned(),
        trained_on: model.trained_on,
        trained_on_source: model.trained_on_source.clone(),
        total_params: model.total_params.map(|n| n as f64),
        active_params: model.active_params.map(|n| n as f64),
        train_tokens: value("train_tokens"),
        train_flop: value("train_flop"),
        train_flop_confidence: best(own, "train_flop").map(|e| e.confidence),
        emissions_kgco2e: value("emissions_kgco2e"),
        energy_kwh: value("energy_kwh"),
        accelerator_hours: value("accelerator_hours"),
        accelerators: text("accelerator")
            .map(|t| hardware::read_hardware(&reference.accelerators, t, Context::Field).names())
            .unwrap_or_default(),
        mfu: value("mfu"),
        place: place.settled().map(str::to_owned),
        operator: place.operator.clone(),
        cloud_region: place.cloud_region.clone(),
        stage: training_stage(model, run),
        root_run_id: model.stands_on_run_id.clone().filter(|root| run.is_some_and(|r| r.run_id != *root)),
        chosen_evidence: Vec::new(),
        stands_on_run_id: run.map_or_else(|| model.stands_on_run_id.clone(), |r| r.parent_run_id.clone()),
        flags: Vec::new(),
    };
    row.chosen_evidence = chosen(own);
    row.flags = flags(model, own);
    if row.accelerator_hours.is_none() {
        row.accelerator_hours = device_hours(own);
        if row.accelerator_hours.is_some() {
            row.flags.push("device_hours_from_count_and_wall_hours".into());
        }
    }
    if run.is_some() {
        row.available_tiers = available(&mut row);
        row.tier = row.available_tiers.first().copied().unwrap_or(6);
    }
    row
}

/// H = devices x wall hours, where both are stated and the wall time is one.
fn device_hours(own: &[EvidenceRow]) -> Option<f64> {
    let value = |field: &str| best(own, field).and_then(|e| e.value);
    let (devices, hours) = (value("accelerator_count")?, value("wall_hours")?);
    (devices >= 1.0 && hours > 0.0 && hours <= MOST_WALL_HOURS).then_some(devices * hours)
}

fn chosen(own: &[EvidenceRow]) -> Vec<String> {
    let mut fields: Vec<&str> = own.iter().map(|e| e.field.as_str()).collect();
    fields.sort_unstable();
    fields.dedup();
    fields.into_iter().filter_map(|field| best(own, field)).map(|e| format!("{}={}", e.field, e.evidence_id)).collect()
}

fn flags(model: &ModelRow, own: &[EvidenceRow]) -> Vec<String> {
    let mut flags = Vec::new();
    if let Some(source) = model.params_source.as_deref().filter(|s| *s == "name" || *s == "base") {
        flags.push(format!("params_from_{source}"));
    }
    if best(own, "active_params").is_some_and(|e| e.extractor == "active_on_total_regression") {
        flags.push("active_params_from_regression".into());
    }
    if let Some(source) = model.trained_on_source.as_deref().filter(|s| s.starts_with("created_at")) {
        flags.push(format!("trained_on_from_{source}"));
    }
    if own.iter().any(|e| !e.accepted && e.field == "emissions_kgco2e") {
        flags.push("reported_emissions_refused".into());
    }
    flags
}

/// Most that training a model of this size can have emitted: the most tokens per parameter that were published, at the dirtiest
/// published ATCI. Small networks for images and sound see more samples than text models tokens: a hundred times as many.
fn most_emissions(row: &TierRow) -> Option<KgCo2e> {
    let Some(n) = row.active_params else {
        return (row.train_flop.is_none()).then_some(MOST_WITHOUT_SIZE);
    };
    let samples = if row.modality == "text" || row.modality == "multimodal" { 1.0 } else { 100.0 };
    let flop = chain::training_flop(Params(n), Tokens(samples * TOKENS_PER_PARAM.1 * n));
    Some(KgCo2e(flop.0 / FLOP_PER_PFLOP * ATCI_BAND_GCO2E_PER_PFLOP.1 / GRAMS_PER_KG))
}

/// The rungs the evidence reaches; a reported figure that contradicts independent evidence is passed over with a flag.
fn available(row: &mut TierRow) -> Vec<i32> {
    let compute = row.train_flop.or_else(|| Some(chain::training_flop(Params(row.active_params?), Tokens(row.train_tokens?)).0));
    let mut reported = row.emissions_kgco2e.is_some();
    let mut metered = row.energy_kwh.is_some();
    if let Some(most) = most_emissions(row) {
        if row.emissions_kgco2e.is_some_and(|kg| kg > most.0) {
            row.flags.push("reported_emissions_beyond_any_training_of_this_size".into());
            reported = false;
        }
        if row.energy_kwh.is_some_and(|kwh| chain::emissions(Kwh(kwh), CLEANEST_GRID).0 > most.0) {
            row.flags.push("reported_energy_beyond_any_training_of_this_size".into());
            metered = false;
        }
    }
    if let (Some(kg), Some(flop)) = (row.emissions_kgco2e, compute) {
        let atci = chain::atci(KgCo2e(kg), Flop(flop)).0;
        if !(ATCI_BAND_GCO2E_PER_PFLOP.0..=ATCI_BAND_GCO2E_PER_PFLOP.1).contains(&atci) {
            row.flags.push("reported_emissions_outside_atci_band".into());
            reported = false;
        }
    }
    if let (Some(kg), Some(hours)) = (row.emissions_kgco2e, row.accelerator_hours)
        && kg * GRAMS_PER_KG / hours < 1.0
    {
        row.flags.push("reported_emissions_below_1_g_per_accelerator_hour".into());
        reported = false;
    }
    let rungs = [
        (1, reported),
        (2, metered),
        (3, row.accelerator_hours.is_some() && !row.accelerators.is_empty()),
        (4, compute.is_some()),
        (5, row.active_params.is_some()),
        (6, true),
    ];
    rungs.into_iter().filter(|(_, reached)| *reached).map(|(tier, _)| tier).collect()
}
