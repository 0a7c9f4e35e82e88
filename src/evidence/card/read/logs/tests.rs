use crate::domain::Field;
use crate::evidence::Extracted;
use crate::evidence::card::tests::card_tables;
use crate::evidence::card::{About, CardRole, extract};
use crate::reference::Reference;

fn rows(card: &str) -> Vec<Extracted> {
    let about = About { model_id: "eye-lab/eye-net", role: CardRole::OwnTraining, base_ids: &[], total_params: None };
    extract(card_tables(&Reference::load().unwrap()), card, &about)
}

fn value(rows: &[Extracted], field: Field) -> Option<f64> {
    rows.iter().find(|r| r.field == field && r.reject_reason.is_none()).and_then(|r| r.value)
}

fn is_near(got: Option<f64>, right: f64) -> bool {
    got.is_some_and(|v| (v / right - 1.0).abs() < 1e-4)
}

fn tracker(measured: u32, predicted: Option<u32>) -> String {
    let part = |what: &str, n: u32, time: &str, kwh: f64, g: f64| {
        format!(
            "CarbonTracker:\n{what} consumption for {n} epoch(s):\n\tTime:\t{time}\n\tEnergy:\t{kwh} kWh\n\tCO2eq:\t{g} g\n\tThis is equivalent to:\n\t0.1 km travelled by car\n"
        )
    };
    let first = part("Actual", measured, "0:02:10", 0.0021, 0.32);
    let second = predicted.map(|n| part("Predicted", n, "1:48:20", 0.105, 15.92)).unwrap_or_default();
    format!("{first}{second}")
}

#[test]
fn a_prediction_for_all_epochs_counts_and_one_epoch_does_not() {
    for card in [format!("## Training\n\n```\n{}```\n", tracker(1, Some(50))), format!("## Training\n\n{}", tracker(1, Some(50)))] {
        let got = rows(&card);
        assert!(is_near(value(&got, Field::EnergyKwh), 0.105), "{got:?}");
        assert!(is_near(value(&got, Field::EmissionsKgco2e), 0.01592), "{got:?}");
        assert!(is_near(value(&got, Field::WallHours), 1.805_56), "{got:?}");
        let kg = got.iter().find(|r| r.field == Field::EmissionsKgco2e && r.reject_reason.is_none());
        assert!(kg.is_some_and(|r| r.as_written.contains("predicted for 50 epochs")), "{got:?}");
    }
    let alone = rows(&format!("## Training\n\n```\n{}```\n", tracker(1, None)));
    assert_eq!((value(&alone, Field::EnergyKwh), value(&alone, Field::EmissionsKgco2e)), (None, None), "{alone:?}");
    let whole = rows(&format!("## Training\n\n```\n{}{}```\n", tracker(1, Some(50)), tracker(50, None)));
    assert!(is_near(value(&whole, Field::EnergyKwh), 0.0021), "{whole:?}");
}

const HEADER: &str = "timestamp,project_name,run_id,duration,emissions,energy_consumed,country_name,gpu_count,gpu_model";

#[test]
fn the_table_of_codecarbon_is_in_kilograms_and_seconds() {
    let one = format!(
        "## Training\n\n```csv\n{HEADER}\n2024-01-01T00:00:00,train,a1,7200.0,0.25,1.5,France,1,1 x NVIDIA A100-SXM4-80GB\n```\n"
    );
    let got = rows(&one);
    assert!(is_near(value(&got, Field::EmissionsKgco2e), 0.25), "{got:?}");
    assert!(is_near(value(&got, Field::EnergyKwh), 1.5) && is_near(value(&got, Field::WallHours), 2.0), "{got:?}");
    // The same run again: its sums grow, and the last counts.
    let again = one.replace("\n```\n", "\n2024-01-01T01:00:00,train,a1,10800.0,0.5,2.0,France,1,1 x NVIDIA A100-SXM4-80GB\n```\n");
    assert!(is_near(value(&rows(&again), Field::EmissionsKgco2e), 0.5));
    // Another run, or an inference: neither is the training.
    for other in [again.replace(",a1,10800.0", ",b2,10800.0"), one.replace(",train,", ",inference,")] {
        let got = rows(&other);
        assert_eq!(value(&got, Field::EmissionsKgco2e), None, "{got:?}");
        assert!(got.iter().any(|r| r.field == Field::EmissionsKgco2e), "{got:?}");
    }
}

#[test]
fn what_codecarbon_prints_last_is_the_energy() {
    let card = "## Training\n\n```\n[codecarbon INFO @ 10:00:15] Energy consumed for RAM : 0.000100 kWh. RAM Power : 11.7 W\n[codecarbon INFO @ 10:00:15] Energy consumed for all GPUs : 0.000900 kWh. Total GPU Power : 70 W\n[codecarbon INFO @ 10:00:15] 0.001000 kWh of electricity used since the beginning.\n[codecarbon INFO @ 12:00:15] 0.140000 kWh of electricity used since the beginning.\n```\n";
    let got = rows(card);
    assert!(is_near(value(&got, Field::EnergyKwh), 0.14), "{got:?}");
    let text = card.replace("```\n", "");
    assert!(is_near(value(&rows(&text), Field::EnergyKwh), 0.14));
}

#[test]
fn the_calculators_paragraph_in_code_is_prose() {
    let card = "## Training\n\n```latex\n\\section{CO2 Emission Related to Experiments}\nExperiments were conducted using Google Cloud Platform in region us-central1, which has a carbon efficiency of 0.57 kg CO2eq/kWh. Total emissions are estimated to be 14.25 kg CO2eq of which 100 percents were directly offset by the cloud provider.\n```\n";
    let got = rows(card);
    let kg = got.iter().filter(|r| r.field == Field::EmissionsKgco2e);
    assert!(
        kg.clone().any(|r| is_near(r.value, 14.25)) && kg.clone().all(|r| r.reject_reason.is_some() || is_near(r.value, 14.25)),
        "{got:?}"
    );
}
