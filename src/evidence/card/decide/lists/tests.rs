use super::*;
use crate::evidence::card::about::{About, CardRole};
use crate::evidence::card::parse::markdown::parse_blocks;

fn refusals(id: &str, role: CardRole, card: &str) -> Vec<(String, Option<&'static str>)> {
    let own = Repository::new(&About { model_id: id, role, base_ids: &[], total_params: None });
    let blocks = parse_blocks(card, 0);
    let lists = Lists::new(&own, &blocks);
    blocks.iter().enumerate().map(|(i, b)| (b.text.clone(), lists.refuse(i))).collect()
}

fn kept(id: &str, role: CardRole, card: &str) -> Vec<String> {
    let all = refusals(id, role, card);
    all.into_iter().filter(|(text, why)| why.is_none() && text.contains("kg")).map(|(text, _)| text).collect()
}

const SIZES: &str = "# lynx\n\n## Environmental Impact\n\n**Lynx-1B**\n\n- Hours used: 10\n- Carbon Emitted: 1 kg\n\n**Lynx-7B**\n\n- Hours used: 70\n- Carbon Emitted: 7 kg\n";
const PHASES: &str = "# lynx\n\n## Pre-training\n\n- Hours used: 100\n- Carbon Emitted: 50 kg\n\n## Supervised fine-tuning\n\n- Hours used: 2\n- Carbon Emitted: 1 kg\n";

#[test]
fn lists_of_sizes_are_told_apart_by_the_name() {
    assert_eq!(kept("org/lynx-1b", CardRole::OwnTraining, SIZES), ["Carbon Emitted: 1 kg"]);
    assert_eq!(kept("org/lynx-7b", CardRole::OwnTraining, SIZES), ["Carbon Emitted: 7 kg"]);
    assert!(kept("org/lynx-13b", CardRole::OwnTraining, SIZES).is_empty());
}

#[test]
fn lists_of_phases_are_told_apart_by_the_role() {
    assert_eq!(kept("org/lynx-base", CardRole::OwnTraining, PHASES), ["Carbon Emitted: 50 kg"]);
    assert_eq!(kept("org/lynx-sft", CardRole::FineTune, PHASES), ["Carbon Emitted: 1 kg"]);
    // Named like a fine-tune, and no base is known: both could be meant.
    assert!(kept("org/lynx-chat", CardRole::OwnTraining, PHASES).is_empty());
}

#[test]
fn lists_that_nothing_tells_apart_are_refused() {
    let stages = "# m\n\n## Impact\n\n*Stage 1*\n- Hours used: 10\n- Carbon Emitted: 1 kg\n\n*Stage 2*\n- Hours used: 5\n- Carbon Emitted: 0.5 kg\n";
    let runs = stages.replace("Stage 1", "Red").replace("Stage 2", "Blue");
    let all = refusals("org/m", CardRole::OwnTraining, &runs);
    assert!(all.iter().any(|(_, why)| why.is_some_and(|w| w.contains("cannot be told"))), "{all:?}");
    assert!(kept("org/m", CardRole::OwnTraining, &runs).is_empty() && kept("org/m", CardRole::OwnTraining, stages).is_empty());
    assert_eq!(kept("org/m-stage2", CardRole::FineTune, stages), ["Carbon Emitted: 0.5 kg"]);
}

#[test]
fn one_training_told_twice_is_no_contest() {
    let card =
        "# m\n\n## Training\n\n- Training time: 5 hours\n\n## Environmental Impact\n\n- Hours used: 6\n- Carbon Emitted: 1 kg\n";
    assert_eq!(kept("org/m", CardRole::OwnTraining, card), ["Carbon Emitted: 1 kg"]);
    let beside = "# m\n\n## Environmental Impact\n\n- Hours used: 6\n- Carbon Emitted: 1 kg\n\n### Evaluation\n\n- Hours used: 0.1\n- Carbon Emitted: 0.01 kg\n";
    assert_eq!(kept("org/m", CardRole::OwnTraining, beside), ["Carbon Emitted: 1 kg"]);
}
