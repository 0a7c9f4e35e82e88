use super::*;
use crate::evidence::quantity::tokens::lex;

fn own(id: &str, role: CardRole, bases: &[String]) -> Own {
    Own::new(&About { model_id: id, role, base_ids: bases, total_params: None })
}

fn sections(own: &Own, card: &str) -> (Sections, Vec<Block>) {
    let blocks = crate::evidence::card::parse::markdown::blocks(card, 0);
    (Sections::read(own, &blocks), blocks)
}

#[test]
fn names_and_sizes() {
    assert_eq!(name_tokens("EleutherAI/pythia-2.8b-deduped"), ["eleutherai", "pythia", "2.8b", "deduped"]);
    assert_eq!(size_of("7b1"), Some(7.1e9));
    assert_eq!(size_of("350m"), Some(3.5e8));
    assert_eq!((size_of("base"), size_of("m"), size_of("8bit")), (None, None, None));
}

#[test]
fn a_family_table_gives_this_repo_its_row() {
    let llama = own("meta-llama/Llama-2-7b", CardRole::OwnTraining, &[]);
    assert_eq!(llama.score("Llama 2 7B"), FULL_NAME);
    assert_eq!(llama.score("Llama 2 70B"), 0);
    assert_eq!(llama.score("Llama-2-7b-chat"), 0);
    assert!(own("cerebras/Cerebras-GPT-13B", CardRole::OwnTraining, &[]).score("13B") > 0);
    let whisper = own("openai/whisper-large-v2", CardRole::OwnTraining, &[]);
    assert!(whisper.score("large-v2") > whisper.score("large"));
    assert_eq!(whisper.score("medium"), 0);
}

#[test]
fn a_quoted_card_is_the_originals() {
    let base = ["meta-llama/Llama-2-7b".to_owned()];
    let own = own("x/Llama-2-7b-mine", CardRole::FineTune, &base);
    let card = "# Mine\nTrained on 8 A100.\n\n# Original model card: Meta's Llama 2\n\n## Hardware\n3.3M GPU hours\n";
    let (sections, blocks) = sections(&own, card);
    let verdicts: Vec<Option<&str>> = blocks.iter().map(|b| sections.refuse(b)).collect();
    assert_eq!(verdicts[1], None);
    assert_eq!(verdicts[blocks.len() - 1], Some("base model's card"));
}

#[test]
fn emissions_of_another_version() {
    let own = own("stabilityai/stable-diffusion-2-1-base", CardRole::OwnTraining, &[]);
    let card = "# Stable Diffusion v2\n\n## Environmental Impact\n\n**Stable Diffusion v1** **Estimated Emissions**\n\n- **Carbon Emitted:** 15000 kg CO2 eq.\n";
    let (sections, blocks) = sections(&own, card);
    assert_eq!(blocks.last().and_then(|b| sections.refuse(b)), Some("another version's section"));
}

#[test]
fn a_card_whose_example_loads_another_model_is_that_models() {
    let own = own("someone/st_demo_2", CardRole::OwnTraining, &[]);
    let card = "# all-MiniLM\n\n```python\nmodel = SentenceTransformer('sentence-transformers/all-MiniLM-L6-v2')\n```\n\nWe trained on a TPU v3-8.\n";
    let (taken, blocks) = sections(&own, card);
    assert!(taken.refuse(&blocks[0]).is_some_and(|r| r.contains("another repository")));
    let (mine, blocks) = sections(&own, &card.replace("sentence-transformers/all-MiniLM-L6-v2", "someone/st_demo_2"));
    assert_eq!(mine.refuse(&blocks[0]), None);
}

#[test]
fn templates_are_no_values() {
    for text in ["[More Information Needed]", "More information needed.", "Unknown", "[optional]", "N/A", ""] {
        assert!(is_template(text), "{text}");
    }
    assert!(!is_template("8 x A100"));
}

#[test]
fn words_of_training() {
    let any = |text: &str| (0..20).any(|i| is_train(&lex(text), i));
    assert!(any("was fine-tuned on") && any("训练15天") && any("Pre-training took"));
    assert!(!any("it trains") && !any("the fine print"));
}
