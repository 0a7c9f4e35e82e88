//! Whole cards, cut to a few lines of real ones.

use super::*;
use crate::domain::Field;
use crate::evidence::place::PlaceTables;
use crate::reference::Reference;
use proptest::prelude::*;
use std::sync::LazyLock;

static REFERENCE: LazyLock<Reference> = LazyLock::new(|| Reference::load().unwrap());

/// The cards of the kinds of the field cases, which are made after real ones in many languages: what a filter leaves out is shown on them.
pub fn cards_of_the_kinds() -> Vec<String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/field_cases/variants.jsonl")).unwrap();
    let card = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["card"].as_str().map(str::to_owned);
    let cards: Vec<String> = text.lines().filter_map(card).collect();
    assert!(cards.len() > 1000);
    cards
}

/// The tables of a card, out of all of them.
pub fn card_tables(reference: &Reference) -> CardTables<'_> {
    let places = PlaceTables { places: &reference.places, regions: &reference.regions, operators: &reference.operators };
    CardTables { accelerators: &reference.accelerators, places }
}

fn rows(id: &str, role: CardRole, bases: &[&str], card: &str) -> Vec<Extracted> {
    let bases: Vec<String> = bases.iter().map(|b| (*b).to_owned()).collect();
    extract(card_tables(&REFERENCE), card, &About { model_id: id, role, base_ids: &bases, total_params: None })
}

fn value(rows: &[Extracted], field: Field) -> Option<f64> {
    rows.iter().find(|r| r.field == field && r.reject_reason.is_none()).and_then(|r| r.value)
}

fn written(rows: &[Extracted], field: Field) -> Option<String> {
    rows.iter().find(|r| r.field == field && r.reject_reason.is_none()).map(|r| r.as_written.clone())
}

fn rows_of(id: &str, card: &str) -> Vec<Extracted> {
    rows(id, CardRole::OwnTraining, &[], card)
}

#[test]
fn a_pretrained_model_tells_its_training() {
    let card = "# Falcon-7B\n\n**Falcon-7B is a 7B parameters causal decoder-only model built by [TII](https://www.tii.ae) and trained on 1,500B tokens of [RefinedWeb](https://huggingface.co/datasets/tiiuae/falcon-refinedweb).**\n\n## Training Details\n\nFalcon-7B was trained on 384 A100 40GB GPUs, using a 2D parallelism strategy (PP=2, DP=192) combined with ZeRO.\n\nTraining happened in early March 2023 and took about two weeks.\n\nFalcon-7B was trained on AWS SageMaker, on 384 A100 40GB GPUs in P4d instances.\n";
    let got = rows_of("tiiuae/falcon-7b", card);
    assert_eq!(value(&got, Field::TrainTokens), Some(1.5e12));
    assert_eq!(value(&got, Field::TotalParams), Some(7e9));
    assert_eq!(value(&got, Field::AcceleratorCount), Some(384.0));
    assert_eq!(value(&got, Field::WallHours), Some(336.0));
    assert_eq!(written(&got, Field::TrainedOn).as_deref(), Some("2023-03"));
    assert_eq!(written(&got, Field::CloudProvider).as_deref(), Some("AWS"));
    assert!(written(&got, Field::Accelerator).is_some_and(|w| w.contains("A100")));
    assert!(got.iter().all(|r| card.contains(&r.quote) && r.quote.chars().count() <= 200), "{got:?}");
}

#[test]
fn a_training_that_took_hours_over_tokens_saw_them() {
    let got = rows_of(
        "org/model-8b",
        "## Training\n\nTraining took 1,460,000 GPU hours on NVIDIA H100 80GB hardware over 15 trillion tokens.\n",
    );
    assert_eq!((value(&got, Field::TrainTokens), value(&got, Field::AcceleratorHours)), (Some(1.5e13), Some(1_460_000.0)));
    let corpus = rows_of("org/model-8b", "## Data\n\nOur corpus holds 15 trillion tokens.\n");
    assert_eq!(value(&corpus, Field::TrainTokens), None);
}

#[test]
fn the_environment_section_of_a_filled_template() {
    let card = "## Environmental Impact\n\n- **Hardware Type:** 32x A100-80GB\n- **Hours used:** 480 GPU-hours\n- **Cloud Provider:** AWS\n- **Compute Region:** us-east-1\n- **Carbon Emitted:** 11250 kg CO2 eq.\n";
    let got = rows_of("Phind/Phind-CodeLlama-34B-v2", card);
    assert_eq!((value(&got, Field::AcceleratorHours), value(&got, Field::WallHours)), (Some(480.0), None));
    // 480 hours of 400 W are 192 kWh: no grid makes 11,250 kg of them, which are the figure that the template had from another model.
    assert_eq!((value(&got, Field::AcceleratorCount), value(&got, Field::EmissionsKgco2e)), (Some(32.0), None));
    assert_eq!(written(&got, Field::CloudRegion).as_deref(), Some("us-east-1"));
    let unfilled =
        card.replace("32x A100-80GB", "[More Information Needed]").replace("11250 kg CO2 eq.", "More information needed");
    let got = rows_of("x/y", &unfilled);
    assert_eq!((value(&got, Field::EmissionsKgco2e), written(&got, Field::Accelerator)), (None, None));
    assert!(got.iter().any(|r| r.reject_reason.as_deref() == Some("template left unfilled")));
}

#[test]
fn utilization_of_a_training() {
    let mfu = |text: &str| value(&rows_of("org/model-7b", &format!("# model-7b\n\n## Training\n\n{text}\n")), Field::Mfu);
    for (text, share) in [
        ("We trained the model on 512 H100 GPUs at 41.5% model FLOPs utilization (MFU).", Some(0.415)),
        ("Training ran with 5% warmup and reached an MFU of 43%.", Some(0.43)),
        ("The model was trained with an average MFU of 0.38 on A100s.", Some(0.38)),
        ("Inference runs at 55% MFU.", None),
        ("The model was trained with an HFU of 60%.", None),
        ("We trained 43 MFU variants of the model.", None),
    ] {
        let got = mfu(text);
        assert!(got.zip(share).map_or(got.is_none() == share.is_none(), |(a, b)| (a - b).abs() < 1e-12), "{text}: {got:?}");
    }
}

#[test]
fn grams_by_definition_and_words_of_units() {
    let card = "---\nco2_eq_emissions:\n  emissions: 1.2662388515647711\n---\n- CO2 Emissions (in grams): 1.2662\n";
    let got = rows_of("jwan2021/autotrain-poem", card);
    assert!((value(&got, Field::EmissionsKgco2e).unwrap_or_default() / 0.001_266_238_851_564_771 - 1.0).abs() < 1e-12);
    assert_eq!(got.iter().filter(|r| r.field == Field::EmissionsKgco2e).count(), 2);
    let pasted = "---\nco2_eq_emissions: 0.0002\n---\n## Carbon emissions\n\nTraining emitted 0.0002 kg of CO2.\n";
    let got = rows_of("x/toxicity", pasted);
    assert_eq!(value(&got, Field::EmissionsKgco2e), Some(0.0002));
    assert!(got.iter().any(|r| r.reject_reason.as_deref().is_some_and(|why| why.starts_with("conflicts with the text"))));
}

#[test]
fn hours_of_data_are_no_hours_of_training() {
    for card in [
        "## Training\n\nTrained on 680k hours \nof labelled data, Whisper models demonstrate a strong ability.",
        "The model is trained on 69 hours of Ukrainian speech data.",
        "All the models in this collection are trained on a dataset which contains around 1665 hours of Croatian speech.",
        "We generate a 5-second video on an RTX 4090 in about 4 minutes.",
        "In our tests the training might take 3-4 days on an average GPU.",
    ] {
        let got = rows_of("openai/whisper-large-v2", card);
        assert_eq!((value(&got, Field::WallHours), value(&got, Field::AcceleratorHours)), (None, None), "{card}: {got:?}");
    }
}

#[test]
fn times_in_prose() {
    for (card, hours) in [
        ("The model was trained on 16 TPU-v4 chips for three days.", 72.0),
        ("NVIDIA A100-SXM4-40GB took 36 hours 44 minutes for training.", 36.0 + 44.0 / 60.0),
        ("Training takes 8 RTX6000 GPUs roughly three weeks.", 504.0),
        ("具体地，我们在预训练阶段中使用了封神框架大概花费了4张A100约4小时。", 4.0),
        ("- Training Time: `~3 days`", 72.0),
        ("Train runtime: 17861.6048 secs", 17_861.604_8 / 3600.0),
    ] {
        let got = value(&rows_of("x/y", card), Field::WallHours);
        assert!(got.is_some_and(|h| (h - hours).abs() < 1e-6), "{card}: {got:?}");
    }
}

#[test]
fn tokens_seen_and_tokens_that_were_not() {
    for (card, tokens) in [
        ("This model was trained for 402 billion tokens over 383,500 steps on TPU v3-256 pod.", Some(402e9)),
        ("* Training tokens: 1.4T tokens", Some(1.4e12)),
        ("Each model saw 299,892,736,000 tokens during training.", Some(299_892_736_000.0)),
        ("We pre-train it on 14.8 trillion diverse and high-quality tokens.", Some(14.8e12)),
        ("* Dataset size: 250B tokens, combination of NLP synthetic data", None),
        ("The corpora used for training have 3.47 billion tokens in total. It was trained for 98 epochs.", Some(98.0 * 3.47e9)),
        ("The corpora used for training have 963 million tokens in total.", None),
        ("It is trained on two corpora. The total corpora size is 4.9B tokens.", Some(4.9e9)),
        ("The model was trained on a corpus of 0.5B tokens for one epoch.", Some(0.5e9)),
        ("Das Modell wurde auf 120 Milliarden Token trainiert.", Some(120e9)),
        ("本モデルは2.1兆トークンで学習されました。", Some(2.1e12)),
        ("It was trained for 500K steps with a batch size of 256 (in total 66B tokens).", Some(66e9)),
        ("We trained on half a billion tokens.", Some(0.5e9)),
        ("trained with a vocabulary size of 50,262,000 tokens", None),
        ("a post-trained model with 21B total parameters and 3B activated parameters for each token", None),
        ("The models were trained on up to 1.6T tokens of Arabic, English, and code data.", None),
    ] {
        let got = rows_of("x/y", card);
        assert_eq!(value(&got, Field::TrainTokens), tokens, "{card}: {got:?}");
    }
}

#[test]
fn a_fine_tune_does_not_take_its_bases_figures() {
    let card = "Llama 2 was pretrained on 2 trillion tokens.\n\n## Pretraining\n\nIt took 184320 GPU hours.\n\n## Training\n\nWe fine-tuned it on 8 A100 for 5 hours.\n";
    let title = format!("# Mine\n\n{card}");
    let got = rows("x/mine", CardRole::FineTune, &["meta-llama/Llama-2-7b"], &title);
    assert_eq!((value(&got, Field::TrainTokens), value(&got, Field::AcceleratorHours)), (None, None), "{got:?}");
    assert_eq!((value(&got, Field::WallHours), value(&got, Field::AcceleratorCount)), (Some(5.0), Some(8.0)), "{got:?}");
    let copy = rows("x/mine-GGUF", CardRole::Copy, &["x/mine"], &title);
    assert!(copy.iter().all(|r| r.reject_reason.is_some()), "{copy:?}");
}

#[test]
fn steps_of_this_checkpoint_and_no_warm_up() {
    let card = "The `Stable-Diffusion-v1-3` checkpoint was initialized with the weights of the [Stable-Diffusion-v1-2](https://huggingface.co/CompVis/stable-diffusion-v1-2)\ncheckpoint and subsequently fine-tuned on 195,000 steps at resolution `512x512`.\n\nTrained with warmup to 0.0001 for 10,000 steps.\n";
    let got = rows_of("CompVis/stable-diffusion-v1-3", card);
    assert_eq!(value(&got, Field::TrainSteps), Some(195_000.0), "{got:?}");
    assert_eq!(written(&got, Field::BaseModel).as_deref(), Some("CompVis/stable-diffusion-v1-2"));
}

#[test]
fn co2_as_the_subject() {
    let card = "# Climate claims\n\nExample: We reduced our emissions by 500 tons of CO2 in 2021.\n";
    assert_eq!(value(&rows_of("x/environmental_claims", card), Field::EmissionsKgco2e), None);
}

#[test]
fn a_long_card_is_cut_at_a_character() {
    let card = "é".repeat(MAX_CARD_BYTES);
    assert!(is_cut(&card) && cut(&card).len() <= MAX_CARD_BYTES);
    assert!(rows_of("x/y", &card).is_empty());
}

#[test]
fn at_most_one_row_of_a_field_is_accepted() {
    let card = "- num_epochs: 3\n- Training time: 2 days\n\nWe trained for 3 epochs on 8 A100 GPUs for 5 hours. It was trained on 4 V100 GPUs for 9 days.\n";
    let got = rows_of("x/y", card);
    let mut accepted: Vec<Field> = got.iter().filter(|r| r.reject_reason.is_none()).map(|r| r.field).collect();
    let all = accepted.len();
    accepted.sort_unstable();
    accepted.dedup();
    assert_eq!(accepted.len(), all, "{got:?}");
}

fn pairs(role: CardRole, lines: &[&str]) -> Vec<Extracted> {
    let bases: &[&str] = if role == CardRole::FineTune { &["org/base"] } else { &[] };
    rows("x/y", role, bases, &format!("# y\n\n## Environmental Impact\n\n- {}\n", lines.join("\n- ")))
}

#[test]
fn the_result_of_a_calculation_stands_at_its_end() {
    for line in [
        "**Carbon Emitted**: 283W x 8h = 2.26 kWh x 0.57 kg eq. CO2/kWh = 1.29 kg eq. CO2",
        "**Carbon Emitted (Power consumption x Time x Carbon Produced Based on the Local Power Grid)**:\n283W x 8h = 2.26 kWh x 0.57 kg eq. CO2/kWh = 1.29 kg eq. CO2",
        "Carbon footprint: 0.35 kg CO2e per kWh x 0.3 kW x 12.3 h ≈ 1.29 kg",
        "CO2 emissions: 1.29 kg (0.432 kgCO2eq/kWh)",
    ] {
        let got = pairs(CardRole::OwnTraining, &[line]);
        assert_eq!(value(&got, Field::EmissionsKgco2e), Some(1.29), "{line}: {got:?}");
        assert!(value(&got, Field::EnergyKwh).is_none_or(|kwh| kwh == 2.26), "{line}: {got:?}");
    }
    let rate = pairs(CardRole::OwnTraining, &["Carbon Emitted: 0.57 kg eq. CO2/kWh"]);
    assert_eq!(value(&rate, Field::EmissionsKgco2e), None, "{rate:?}");
}

#[test]
fn parts_uses_and_runs_in_pairs() {
    for (line, field) in [
        ("Carbon Emitted: 0.3 kg per epoch", Field::EmissionsKgco2e),
        ("CO2 emissions per epoch: 0.3 kg", Field::EmissionsKgco2e),
        ("Inference carbon emissions: 2 g", Field::EmissionsKgco2e),
        ("Energy consumed: 0.4 Wh per query", Field::EnergyKwh),
        ("Energy consumption (inference, per 1000 requests): 0.4 kWh", Field::EnergyKwh),
        ("Training time: 12 minutes per epoch", Field::WallHours),
        ("Training time (per epoch): 12 minutes", Field::WallHours),
        ("Carbon Emitted: 10.5 kg (5 runs)", Field::EmissionsKgco2e),
    ] {
        let got = pairs(CardRole::OwnTraining, &[line]);
        assert_eq!(value(&got, field), None, "{line}: {got:?}");
    }
    for (line, field, right) in [
        ("Carbon Emitted: 2.1 kg per run, 5 runs", Field::EmissionsKgco2e, 2.1),
        ("Energy consumption per training run: 4 kWh", Field::EnergyKwh, 4.0),
        ("Hours used: 350 hours per GPU", Field::WallHours, 350.0),
    ] {
        let got = pairs(CardRole::OwnTraining, &[line]);
        assert_eq!(value(&got, field), Some(right), "{line}: {got:?}");
    }
}

#[test]
fn totals_that_hold_the_base_or_the_family() {
    for (line, field) in [
        ("Cumulative compute: 1.48E+24 FLOPS", Field::TrainFlop),
        ("Energy consumed: 724 MWh, including the base", Field::EnergyKwh),
        ("Carbon Emitted (including pre-training): 12 t", Field::EmissionsKgco2e),
    ] {
        let got = pairs(CardRole::FineTune, &[line]);
        assert!(value(&got, field).is_none() && got.iter().any(|r| r.field == field), "{line}: {got:?}");
    }
    let root = pairs(CardRole::OwnTraining, &["Cumulative compute: 1.45E+24 FLOPS"]);
    assert_eq!(value(&root, Field::TrainFlop), Some(1.45e24));
    for line in ["Total emissions (all models): 539 tCO2eq", "Carbon Emitted: 539 t for the whole family"] {
        let got = pairs(CardRole::OwnTraining, &[line]);
        assert!(value(&got, Field::EmissionsKgco2e).is_none() && !got.is_empty(), "{line}: {got:?}");
    }
    let prose = rows_of("x/y", "## Training\n\nTraining all models of the project emitted 539 tonnes of CO2.\n");
    assert_eq!(value(&prose, Field::EmissionsKgco2e), None, "{prose:?}");
}

#[test]
fn two_lists_without_titles_are_two_trainings() {
    let got = pairs(CardRole::OwnTraining, &["Hours used: 350", "Carbon Emitted: 5 t", "Hours used: 70", "Carbon Emitted: 1 t"]);
    assert_eq!((value(&got, Field::WallHours), value(&got, Field::EmissionsKgco2e)), (None, None), "{got:?}");
}

/// Pieces that rules look for, to be thrown together.
const SPLICES: &[&str] = &[
    "8 A100",
    "trained on ",
    "hours",
    " 2 trillion tokens",
    "| a | b |\n|--|--|\n",
    "<table><tr><td>",
    "---\n",
    "co2_eq_emissions: ",
    "\n# ",
    "kg CO2",
    " 10^21 ",
    "fine-tuned version of [x](https://huggingface.co/a/b)",
    "```\n",
    "batch size of ",
    "参数",
    "📈",
    "TPU v3-",
    "(",
    "]",
    ":",
    "&amp;",
    "<!--",
    "x 10e",
    "3-4 days",
    "half precision",
    "March 2023",
    "* ",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_card_panics_and_every_quote_is_the_cards(
        parts in prop::collection::vec(prop_oneof![prop::sample::select(SPLICES).prop_map(str::to_owned), "\\PC{0,12}"], 0..40),
        role in prop::sample::select(&[CardRole::OwnTraining, CardRole::FineTune, CardRole::Copy][..]),
    ) {
        let card = parts.concat();
        for row in rows("org/Some-7b-v1", role, &["org/base"], &card) {
            prop_assert!(card.contains(&row.quote), "{row:?}");
            prop_assert!(row.value.is_none_or(f64::is_finite));
        }
    }
}
