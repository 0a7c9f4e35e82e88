//! Numbers as people write them in cards, from the text to the accepted figure: field cases (tests/data/field_cases) and others of their
//! kinds.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

use hugging_carbon::domain::Field;
use hugging_carbon::evidence::Extracted;
use hugging_carbon::evidence::card::{About, CardRole, CardTables, extract};
use hugging_carbon::evidence::place::PlaceTables;
use hugging_carbon::reference::Reference;
use std::sync::LazyLock;

static REFERENCE: LazyLock<Reference> = LazyLock::new(|| Reference::load().unwrap());

fn read(id: &str, role: CardRole, card: &str) -> Vec<Extracted> {
    let r = &*REFERENCE;
    let places = PlaceTables { places: &r.places, regions: &r.regions, operators: &r.operators };
    let tables = CardTables { accelerators: &r.accelerators, places };
    extract(tables, card, &About { model_id: id, role, base_ids: &[], total_params: None })
}

/// The accepted value of a field.
fn value(rows: &[Extracted], field: Field) -> Option<f64> {
    rows.iter().find(|r| r.field == field && r.reject_reason.is_none()).and_then(|r| r.value)
}

fn close(got: Option<f64>, right: f64) -> bool {
    got.is_some_and(|v| (v / right - 1.0).abs() < 0.005)
}

/// The card of a model in a field case.
fn case(folder: &str, id: &str) -> Vec<Extracted> {
    let text = std::fs::read_to_string(format!("tests/data/field_cases/{folder}/cards.jsonl")).unwrap();
    let card = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .find(|row| row["id"] == id)
        .map(|row| row["card"].as_str().unwrap().to_owned())
        .unwrap();
    read(id, CardRole::OwnTraining, &card)
}

/// Checks figures that are right, each by its field.
fn check(folder: &str, id: &str, right: &[(Field, f64)]) {
    let rows = case(folder, id);
    for (field, figure) in right {
        assert!(close(value(&rows, *field), *figure), "{id}: {field:?} {figure}\n{rows:#?}");
    }
}

#[test]
fn field_case_02_petaflop_days() {
    let flop = 0.96 * 8.64e19;
    let right = [(Field::TrainFlop, flop), (Field::AcceleratorCount, 8.0), (Field::WallHours, 720.0)];
    check("02-petaflop-days", "lab-x/first-decoder", &right);
    check("02-petaflop-days", "lab-x/third-decoder-175b", &[(Field::TrainFlop, 3640.0 * 8.64e19), (Field::TrainTokens, 3e11)]);
    assert!(case("02-petaflop-days", "lab-x/first-decoder").iter().all(|r| r.value != Some(96.0 * 8.64e19)));
}

#[test]
fn field_case_03_calculator_latex() {
    check("03-calculator-latex", "bg-lab/gpt-web", &[(Field::EmissionsKgco2e, 194.4), (Field::AcceleratorHours, 1500.0)]);
    check("03-calculator-latex", "code-lab/code-gem-7b", &[(Field::EmissionsKgco2e, 0.08), (Field::AcceleratorHours, 10.5)]);
}

#[test]
fn field_case_06_prose_rate_in_grams() {
    let right = [(Field::EmissionsKgco2e, 0.057), (Field::EnergyKwh, 0.694), (Field::WallHours, 4.0)];
    check("06-prose-rate-in-grams", "dk-lab/skole-7b", &right);
    let rows = case("06-prose-rate-in-grams", "dk-lab/skole-7b");
    assert!(rows.iter().any(|r| r.value == Some(0.0825) && r.reject_reason.as_deref() == Some("a rate")), "{rows:#?}");
}

#[test]
fn field_case_08_compound_durations() {
    for (id, hours) in [
        ("fr-lab/ner-4ent", 1.75),
        ("id-lab/journal-gpt2", 2.0 + 30.0 / 60.0 + 57.0 / 3600.0),
        ("es-lab/clinical-ner", 4.0 / 60.0),
        ("ar-lab/bertmo-base", 9.0 + 13.0 / 60.0 + 43.0 / 3600.0),
        ("py-lab/trainer-out", 28.0 + 32.0 / 60.0 + 10.0 / 3600.0),
    ] {
        check("08-compound-durations", id, &[(Field::WallHours, hours)]);
    }
    for id in ["fr-lab/ner-4ent", "es-lab/clinical-ner"] {
        check("08-compound-durations", id, &[(Field::EmissionsKgco2e, 0.01)]);
    }
}

#[test]
fn field_case_10_decimal_comma_scale() {
    let right = [
        (Field::TotalParams, 1.017e9),
        (Field::EmissionsKgco2e, 580.61),
        (Field::WallHours, 140.0),
        // The sentence behind that of the chip: 4 compute nodes of 8 GPUs.
        (Field::AcceleratorCount, 32.0),
    ];
    check("10-decimal-comma-scale", "fr-lab/gpt-fr-base", &right);
}

/// A text under a heading of training.
fn under_training(text: &str) -> Vec<Extracted> {
    read("x/y", CardRole::OwnTraining, &format!("# y\n\n## Training\n\n{text}\n"))
}

/// The value of a key of the template.
fn under_key(key: &str, value: &str) -> Vec<Extracted> {
    read("x/y", CardRole::OwnTraining, &format!("# y\n\n## Environmental Impact\n\n- **{key}:** {value}\n"))
}

#[test]
fn field_case_33_number_forms() {
    for text in ["12 500 kWh", "12\u{a0}500 kWh", "12'500 kWh", "Das Training hat 12.500 kWh verbraucht."] {
        for rows in [under_training(text), under_key("Energy consumed", text)] {
            assert!(close(value(&rows, Field::EnergyKwh), 12_500.0), "{text}: {rows:#?}");
        }
    }
    for (text, hours) in [("1.400 GPU-Stunden", 1400.0), ("500 node-hours on 8xA100 nodes", 4000.0)] {
        for rows in [under_training(text), under_key("Hours used", text)] {
            assert!(close(value(&rows, Field::AcceleratorHours), hours), "{text}: {rows:#?}");
            assert!(value(&rows, Field::AcceleratorCount).is_none_or(|n| n < 100.0), "{text}: {rows:#?}");
        }
    }
    for rows in [under_training("300B tokens x 4 epochs"), under_key("Training tokens", "300B tokens x 4 epochs")] {
        assert!(close(value(&rows, Field::TrainTokens), 1.2e12), "{rows:#?}");
    }
    let rows = under_training("- H100-hours: 1.2M");
    assert!(close(value(&rows, Field::AcceleratorHours), 1.2e6), "{rows:#?}");
    assert!(rows.iter().any(|r| r.field == Field::Accelerator && r.as_written.contains("H100")), "{rows:#?}");
    for rows in [under_training("tCO2eq 52"), under_key("Carbon Emitted", "tCO2eq 52")] {
        assert!(close(value(&rows, Field::EmissionsKgco2e), 52_000.0), "{rows:#?}");
    }
    for (text, hours) in [("12m 30s", 0.2083), ("1h45min", 1.75), ("2 days, 03:30:00", 51.5)] {
        for rows in [under_training(text), under_key("Hours used", text)] {
            assert!(close(value(&rows, Field::WallHours), hours), "{text}: {rows:#?}");
        }
    }
}

#[test]
fn times_of_a_training_in_every_form() {
    for (text, hours) in [
        ("Training took 3h20m on one A100.", 3.0 + 20.0 / 60.0),
        ("The model was trained for an hour and a half.", 1.5),
        ("We trained it for twenty-four hours.", 24.0),
        ("Fine-tuning took 2:45:00 on a T4.", 2.75),
        ("Das Training dauerte 3 Tage und 4 Stunden.", 76.0),
        ("L'entraînement a duré deux semaines.", 336.0),
        ("El entrenamiento duró 36 horas.", 36.0),
        ("训练耗时3天5小时。", 77.0),
        ("Training took half a day.", 12.0),
        ("The model was trained within a total of 40 hours of continuous computation on V100.", 40.0),
    ] {
        let rows = under_training(text);
        assert!(close(value(&rows, Field::WallHours), hours), "{text}: {rows:#?}");
    }
    for (value_text, hours) in [("3 h", 3.0), ("45m", 0.75), ("2h30", 2.5), ("1d 4h", 28.0), ("5' 30\"", 5.5 / 60.0), ("4:30", 4.5)]
    {
        let rows = under_key("Hours used", value_text);
        assert!(close(value(&rows, Field::WallHours), hours), "{value_text}: {rows:#?}");
    }
}

#[test]
fn ranges_rates_and_data_are_no_figures() {
    for text in [
        "Training took between 3 and 4 days.",
        "Training took two to three weeks.",
        "Das Training dauerte 3 bis 4 Tage.",
        "L'entraînement a duré 3 à 4 jours.",
        "Training took 2h to 3h.",
        "It was trained on 1500 hours of transcribed speech.",
        "The model was trained for up to 10 hours.",
        "Training started at 12:30:45.",
    ] {
        let rows = under_training(text);
        assert_eq!(value(&rows, Field::WallHours), None, "{text}: {rows:#?}");
    }
    for text in [
        "The training emitted 10 kg to 20 kg of CO2.",
        "Training ran on a grid of 0.4 kg CO2e per kWh.",
        "Training ran with a carbon intensity of 312 gCO2eq/kWh.",
        "Das Training lief mit 0,4 kg CO₂ pro kWh.",
    ] {
        let rows = under_training(text);
        assert_eq!(value(&rows, Field::EmissionsKgco2e), None, "{text}: {rows:#?}");
    }
    for text in
        ["It was trained on a supercomputer of 4 exaFLOPS.", "Training reached 3.2e17 FLOP/s.", "Training used 500 node-hours."]
    {
        let rows = under_training(text);
        assert_eq!((value(&rows, Field::TrainFlop), value(&rows, Field::AcceleratorHours)), (None, None), "{text}: {rows:#?}");
    }
}

#[test]
fn a_rate_beside_a_figure_leaves_the_figure() {
    for (text, kg) in [
        ("Training emitted 12 kg of CO2 at a grid intensity of 0.3 kg per kWh.", 12.0),
        ("With 0.4 kgCO~2~/kWh, the training emitted 31 kgCO~2~.", 31.0),
        ("The training emitted 5.2 tCO<sub>2</sub>eq (0.21 kg per kWh).", 5200.0),
        ("Das Training verursachte 1,234 kg CO₂ bei 0,38 kg CO₂ pro kWh.", 1.234),
    ] {
        let rows = under_training(text);
        assert!(close(value(&rows, Field::EmissionsKgco2e), kg), "{text}: {rows:#?}");
    }
}

#[test]
fn epochs_multiply_the_tokens_of_their_data() {
    for (text, tokens) in [
        ("The model was trained on 300B tokens for 4 epochs.", 1.2e12),
        ("We trained for 3 epochs over 20 billion tokens.", 6e10),
        ("The model was trained on a total of 1.2T tokens over 4 epochs.", 1.2e12),
        ("It was trained for 300B tokens (4 epochs).", 3e11),
        ("The model was trained on 300B tokens.", 3e11),
    ] {
        let rows = under_training(text);
        assert!(close(value(&rows, Field::TrainTokens), tokens), "{text}: {rows:#?}");
    }
}

#[test]
fn compute_in_every_unit() {
    for (text, flop) in [
        ("Training took 1,830 PF-days.", 1830.0 * 8.64e19),
        ("The model was trained with 2.5 exaflop/s-days of compute.", 2.5 * 8.64e22),
        ("The model was trained with 3.28e22 FLOPS.", 3.28e22),
        ("We trained with 430 zettaFLOPs.", 4.3e23),
    ] {
        let rows = under_training(text);
        assert!(close(value(&rows, Field::TrainFlop), flop), "{text}: {rows:#?}");
    }
}
