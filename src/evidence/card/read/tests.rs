use super::candidate::{Card, RANK_PROSE, Spot};
use super::repository::Repository;
use super::values::{header_unit, precision_of, unit_value};
use crate::domain::Field;
use crate::evidence::card::about::{About, CardRole};
use crate::evidence::card::extract;
use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::card::tests::card_tables;
use crate::evidence::hardware::Context;
use crate::evidence::quantity::tokens::lex;
use crate::evidence::quantity::units::mass_unit;
use crate::reference::Reference;

/// What a block of code in a card states.
pub fn read_of_code(code: &str) -> Vec<(Field, f64)> {
    let about = About { model_id: "x/mine", role: CardRole::FineTune, base_ids: &[], total_params: None };
    let card = format!("## Training\n\n```\n{code}\n```\n");
    let rows = extract(card_tables(&Reference::load().unwrap()), &card, &about);
    rows.into_iter().filter(|r| r.reject_reason.is_none()).filter_map(|r| Some((r.field, r.value?))).collect()
}

fn with_card(check: impl FnOnce(&mut Card<'_>, &Spot<'_>)) {
    let reference = Reference::load().unwrap();
    let own = Repository::new(&About { model_id: "x/y", role: CardRole::OwnTraining, base_ids: &[], total_params: None });
    let source = "Training";
    let block = Block::plain(BlockKind::Paragraph, source, 0, source.len());
    let spot = Spot { block: &block, quote: (0, source.len()), rank: RANK_PROSE, reason: None };
    check(&mut Card::new(card_tables(&reference), own, false), &spot);
}

fn found(card: &Card<'_>) -> Vec<(Field, Option<f64>, String)> {
    card.candidates.iter().map(|c| (c.field, c.value, c.written.clone())).collect()
}

#[test]
fn hours_of_devices_and_of_walls() {
    with_card(|card, _| {
        for (text, hours) in [
            ("2.788M H800 GPU hours", Some(2_788_000.0)),
            ("approximately 200,000 A100 80GB hours", Some(200_000.0)),
            ("480 GPU-hours", Some(480.0)),
            ("3.3M GPU hours", Some(3_300_000.0)),
            ("680k hours", None),
            ("14 days", None),
        ] {
            let ts = lex(text);
            let at = ts.iter().position(|t| t.is("hours") || t.is("days")).unwrap();
            let got = card.device_hours(&ts, at).map(|d| d.hours);
            assert_eq!(got.map(f64::round), hours, "{text}");
        }
    });
    for (key, text, field, hours) in [
        ("Hours used", "150000", Field::AcceleratorHours, 150_000.0),
        ("Hours used", "Approximately 336 hours (2 weeks)", Field::WallHours, 336.0),
        ("Hours used", "480 GPU-hours", Field::AcceleratorHours, 480.0),
        ("Training time", "14 days", Field::WallHours, 336.0),
        ("train_runtime", "0:58:16.56", Field::WallHours, 0.971_266_666_666_666_7),
    ] {
        with_card(|card, spot| {
            card.add_hours(spot, key, text);
            let got = found(card);
            assert_eq!((got[0].0, got.len()), (field, 1), "{text}");
            assert!((got[0].1.unwrap() - hours).abs() < 1e-9, "{text}: {got:?}");
        });
    }
}

#[test]
fn hardware_in_prose_is_cut_to_what_matters() {
    for (text, chip, count) in [
        ("The training lasted 3 days with 16 computing nodes each one with 4 NVIDIA V100 GPUs of 16GB VRAM.", "V100", Some(64.0)),
        ("The model was trained on 8 16 GB V100 for 90 hours.", "V100", Some(8.0)),
        ("distributed across 256 cores of a Cloud TPU v3 Pod for 800k iterations", "TPU v3", Some(128.0)),
        ("required a total of approximately 200,000 A100 80GB hours", "A100", None),
    ] {
        with_card(|card, spot| {
            assert!(card.add_hardware(spot, text, Context::Prose), "{text}");
            let got = found(card);
            assert!(got[0].2.contains(chip), "{text}: {got:?}");
            assert_eq!(got.get(1).and_then(|f| f.1), count, "{text}: {got:?}");
        });
    }
    with_card(|card, spot| assert!(!card.add_hardware(spot, "Mozilla Common Voice (v10.0) dataset", Context::Prose)));
}

#[test]
fn masses_and_energies_with_their_units() {
    let mass = |text: &str| {
        let ts = lex(text);
        (0..ts.len()).find_map(|i| unit_value(&ts, i, mass_unit)).map(|(v, _, _)| v)
    };
    for (text, kg) in [
        ("11250 kg CO2 eq.", 11_250.0),
        ("~19,000kg CO2 eq.", 19_000.0),
        ("539 tCO2eq", 539_000.0),
        ("1.2t", 1200.0),
        ("100 lbs", 45.359_237),
    ] {
        assert!(mass(text).is_some_and(|v| (v - kg).abs() < 1e-9 * kg), "{text}: {:?}", mass(text));
    }
    assert_eq!(mass("12 kWh"), None);
    assert_eq!(header_unit("CO2 Emissions (in grams)", mass_unit), Some(1e-3));
    assert_eq!(header_unit("Carbon Emitted (tCO2eq)", mass_unit), Some(1e3));
    assert_eq!(
        (precision_of("mixed_float16"), precision_of("bfloat16"), precision_of("Native AMP")),
        (Some("mixed"), Some("bf16"), Some("mixed"))
    );
}
