use super::*;
use crate::evidence::card::about::About;
use crate::evidence::card::parse::markdown::parse_blocks;

fn repository(id: &str, role: CardRole, bases: &[String]) -> Repository {
    Repository::new(&About { model_id: id, role, base_ids: bases, total_params: None })
}

fn sections(own: &Repository, card: &str) -> (Sections, Vec<Block>) {
    let blocks = parse_blocks(card, 0);
    (Sections::new(own, &blocks), blocks)
}

#[test]
fn a_quoted_card_is_the_originals() {
    let base = ["meta-llama/Llama-2-7b".to_owned()];
    let own = repository("x/Llama-2-7b-mine", CardRole::FineTune, &base);
    let card = "# Mine\nTrained on 8 A100.\n\n# Original model card: Meta's Llama 2\n\n## Hardware\n3.3M GPU hours\n";
    let (sections, blocks) = sections(&own, card);
    let verdicts: Vec<Option<&str>> = blocks.iter().map(|b| sections.refuse(b)).collect();
    assert_eq!(verdicts[1], None);
    assert_eq!(verdicts[blocks.len() - 1], Some("base model's card"));
}

#[test]
fn emissions_of_another_version() {
    let own = repository("stabilityai/stable-diffusion-2-1-base", CardRole::OwnTraining, &[]);
    let card = "# Stable Diffusion v2\n\n## Environmental Impact\n\n**Stable Diffusion v1** **Estimated Emissions**\n\n- **Carbon Emitted:** 15000 kg CO2 eq.\n";
    let (sections, blocks) = sections(&own, card);
    assert_eq!(blocks.last().and_then(|b| sections.refuse(b)), Some("another version's section"));
}

#[test]
fn a_card_whose_example_loads_another_model_is_that_models() {
    let own = repository("someone/st_demo_2", CardRole::OwnTraining, &[]);
    let card = "# all-MiniLM\n\n```python\nmodel = SentenceTransformer('sentence-transformers/all-MiniLM-L6-v2')\n```\n\nWe trained on a TPU v3-8.\n";
    let (taken, blocks) = sections(&own, card);
    assert!(taken.refuse(&blocks[0]).is_some_and(|r| r.contains("another repository")));
    let (mine, blocks) = sections(&own, &card.replace("sentence-transformers/all-MiniLM-L6-v2", "someone/st_demo_2"));
    assert_eq!(mine.refuse(&blocks[0]), None);
}
