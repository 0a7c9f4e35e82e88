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

/// Regressions of real texts: each card with a field and what is right for it.
#[test]
fn kinds_of_real_texts_are_read_right() {
    let tables = Reference::load().unwrap();
    let value = |role: CardRole, card: &str, field: Field| {
        let about = About { model_id: "lab/heron-7b", role, base_ids: &[], total_params: None };
        let rows = extract(card_tables(&tables), card, &about);
        rows.into_iter().find(|r| r.field == field && r.reject_reason.is_none()).and_then(|r| r.value)
    };
    let own = CardRole::OwnTraining;
    for (role, card, field, right) in [
        // Which epoch it is, and not how many.
        (own, "# h\n\nO modelo foi treinado por 31 épocas. A perda cai até cerca da 15ª época.\n", Field::Epochs, Some(31.0)),
        (own, "# h\n\nTrained for 40 epochs; more data came at the 20th epoch.\n", Field::Epochs, Some(40.0)),
        // A time that the card gives to others counts nowhere.
        (
            own,
            "# h\n\nTraining took 5 hours. SEED-LLaMA took 216 hours. Training needs only 5 hours, far below others (216 hours).\n",
            Field::WallHours,
            Some(5.0),
        ),
        // The makers' own run.
        (
            CardRole::FineTune,
            "# h\n\n2 epochs, 92 hours of training on a 3090.\n\nThe original model trained by \"someone\" was trained with 8x A100 for around 13 hours.\n",
            Field::WallHours,
            Some(92.0),
        ),
        (own, "# h\n\n## Training\n\nDo you think you can train it on 1.4T tokens?\n", Field::TrainTokens, None),
        // The sentence of the calculator makes no model one about the climate.
        (
            own,
            "# h\n\nCarbon emissions can be estimated using the Machine Learning Impact calculator.\n\n- **Carbon Emitted:** 2.5 g CO2eq (0.045 kWh)\n",
            Field::EnergyKwh,
            Some(0.045),
        ),
        (own, "# h\n\n## Impact\n\n- Hours used: 960 = 5 days x 24h x 8 GPUs\n", Field::AcceleratorHours, Some(960.0)),
        (own, "# h\n\n## Training\n\n- Fine-tuning: between 1 and 32 A100 per run\n", Field::AcceleratorCount, None),
        (own, "# h\n\n## 학습\n\n총 전력 281 kWh, 평가에 12 kWh 추가.\n", Field::EnergyKwh, Some(281.0)),
    ] {
        assert_eq!(value(role, card, field), right, "{card}");
    }
}

/// Regression: "to train a 10s video" named an A10S.
#[test]
fn an_article_is_no_letter_of_a_chip() {
    let tables = Reference::load().unwrap();
    let about = About { model_id: "lab/flow", role: CardRole::OwnTraining, base_ids: &[], total_params: None };
    let card = "# flow\n\nIt takes only 20.7k A100 GPU hours to train a 10s video generation model.\n";
    let rows = extract(card_tables(&tables), card, &about);
    let chip = rows.iter().find(|r| r.field == Field::Accelerator && r.reject_reason.is_none());
    assert!(chip.is_some_and(|r| r.as_written.contains("A100")), "{rows:?}");
}
