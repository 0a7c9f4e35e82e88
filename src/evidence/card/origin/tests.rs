//! Origins as cards tell of them.

use crate::domain::Role;
use crate::evidence::card::tests::card_tables;
use crate::evidence::card::{CutCard, said_origin};
use crate::reference::Reference;

fn said(id: &str, card: &str) -> (Option<Role>, Vec<String>) {
    let reference = Reference::load().unwrap();
    let origin = said_origin(card_tables(&reference), id, &CutCard::new(card));
    (origin.role, origin.bases.into_iter().map(|base| base.name).collect())
}

#[test]
fn merges_and_copies_as_cards_tell_of_them() {
    for (id, card, role, bases) in [
        (
            "UKP-SQuARE/bert-base-uncased-pf-boolq-onnx",
            "## Conversion of [AdapterHub/bert-base-uncased-pf-boolq](https://huggingface.co/AdapterHub/bert-base-uncased-pf-boolq) for UKP SQuARE",
            Role::Converted,
            &["AdapterHub/bert-base-uncased-pf-boolq"][..],
        ),
        (
            "anon8231489123/gpt4-x-alpaca-13b-native-4bit-128g",
            "GPTQ 4bit quantization of: https://huggingface.co/chavinlo/gpt4-x-alpaca\n\nNote: This was quantized with this branch.",
            Role::Quantized,
            &["chavinlo/gpt4-x-alpaca"],
        ),
        (
            "Hemlok/DateMix",
            "- \"Date Mix\" is a model created by hierarchical merging based on \"anything-v4.5\"([andite/anything-v4.0 · Hugging Face](https://huggingface.co/andite/anything-v4.0)).",
            Role::Merge,
            &["andite/anything-v4.0"],
        ),
        (
            "x/stew-12b",
            "This is a merge of pre-trained language models created using mergekit.\n\n### Models Merged\n\nThe following models were included in the merge:\n\n* [a/one-12b](https://huggingface.co/a/one-12b)\n* [b/two-12b](https://huggingface.co/b/two-12b)\n",
            Role::Merge,
            &["a/one-12b", "b/two-12b"],
        ),
        ("x/heron-awq", "This repo contains AWQ 4-bit quantized model files for y/heron-7b.", Role::Quantized, &["y/heron-7b"]),
        (
            "x/heron",
            "Unofficial mirror of https://huggingface.co/y/heron-7b, in case it goes away.",
            Role::Converted,
            &["y/heron-7b"],
        ),
        (
            "x/heron-poet",
            "```python\nmodel = AutoModelForCausalLM.from_pretrained(\"y/heron-7b\")\nmodel = PeftModel.from_pretrained(model, \"x/heron-poet\")\n```",
            Role::Adapter,
            &["y/heron-7b"],
        ),
        (
            "AdapterHub/bert-base-uncased-pf-art",
            "# Adapter `AdapterHub/bert-base-uncased-pf-art` for bert-base-uncased\n\nAn [adapter](https://adapterhub.ml) for the `bert-base-uncased` model that was trained on the [comsense/anli](https://adapterhub.ml/explore) dataset.",
            Role::Adapter,
            &["bert-base-uncased"],
        ),
        ("AI-Sweden/gpt-sw3-20b", "This repository only contains the tokenizer file to the GPT-SW3 20b model.", Role::Empty, &[]),
        ("x/fixture", "This checkpoint has random weights and is meant for unit tests.", Role::Untrained, &[]),
    ] {
        let bases: Vec<String> = bases.iter().map(|&base| base.to_owned()).collect();
        assert_eq!(said(id, card), (Some(role), bases), "{card}");
    }
}

#[test]
fn what_others_made_of_it_is_no_origin() {
    for (id, card) in [
        (
            "Open-Orca/Mistral-7B-OpenOrca",
            "Quantized versions of this model are generously made available by [TheBloke](https://huggingface.co/TheBloke/Mistral-7B-OpenOrca-GGUF).",
        ),
        ("nari-labs/Dia-1.6B", "We will be adding a quantized version in the future."),
        (
            "openai/gpt-oss-120b",
            "The models were post-trained with MXFP4 quantization of the MoE weights, making `gpt-oss-120b` run on a single 80GB GPU.",
        ),
        (
            "JosephusCheung/ACertainThing",
            "As far as I know, Anything3.0 is obtained by merging several models in just the right way.",
        ),
        (
            "google/vit-base-patch16-224",
            "However, the weights were converted from the [timm repository](https://github.com/rwightman/pytorch-image-models) by Ross Wightman.",
        ),
        ("CompVis/stable-diffusion", "The checkpoint is randomly initialized and has been trained on 237,000 steps."),
        ("x/tagger", "Some weights of the classifier are randomly initialized and must be trained."),
        ("x/mine", "You can merge the LoRA adapter for y/heron-7b yourself."),
        ("pyf98/tedlium2_e_branchformer", "- E-Branchformer: Branchformer with Enhanced merging for speech recognition (SLT 2022)"),
    ] {
        assert_eq!(said(id, card).0, None, "{card}");
    }
}

/// A card with what a careful reader says of its origin; no bases where several answers are right.
#[derive(serde::Deserialize)]
struct Case {
    id: String,
    card: String,
    role: Option<String>,
    bases: Option<Vec<String>>,
}

/// Cards that were written, with their origins, before the rules for configurations of merges and for Chinese, Japanese, Korean, Russian and
/// Arabic sentences were run on them.
#[test]
fn origins_in_configurations_and_in_other_languages() {
    let reference = Reference::load().unwrap();
    let text = include_str!("../../../../tests/data/card_origins.jsonl");
    for line in text.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let origin = said_origin(card_tables(&reference), &case.id, &CutCard::new(&case.card));
        assert_eq!(origin.role.map(Role::name), case.role.as_deref(), "{}", case.id);
        if let Some(mut expected) = case.bases {
            let mut bases: Vec<String> = origin.bases.into_iter().map(|base| base.name).collect();
            bases.sort();
            expected.sort();
            assert_eq!(bases, expected, "{}", case.id);
        }
    }
    assert_eq!(text.lines().count(), 51);
}

/// Regression: the key of a merge's method is ESPnet's for how branches of its encoder are joined.
#[test]
fn a_key_of_another_tool_makes_no_merge() {
    let card = "## ASR config\n\n```\nencoder: branchformer\nmerge_method: learned_ave\nmodel: espnet\n```\n";
    assert_eq!(said("lab/asr", card), (None, Vec::new()));
}
