//! Lists of the figures of several models, item by item: "ResNet-50: 1.9 kg", "ViT-B: 4.2 kg". The item that is named for this model counts, where
//! one alone is; the others are other models'.

use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::card::parse::pair::norm_key;
use crate::evidence::card::read::keys::read_key;
use crate::evidence::card::read::naming::Name;
use crate::evidence::card::read::recipe::keys::recipe_key;
use crate::evidence::card::read::repository::{Repository, name_tokens};
use crate::evidence::card::read::training::is_train;
use crate::evidence::quantity::durations::duration;
use crate::evidence::quantity::numbers::quantity;
use crate::evidence::quantity::tokens::lex;
use crate::evidence::quantity::units::{energy_unit, mass_unit};
use crate::evidence::vocabulary;
use std::rc::Rc;

/// Why no figure of such an item counts.
pub const OTHER_MEMBER: &str = "another model's figure";
/// Longest label of an item, in bytes.
const MOST_LABEL: usize = 60;
/// Signs between a label and its figure.
const SIGNS: [&str; 5] = ["=>", "→", ": ", "：", " - "];

/// The blocks, by number, that hold the figures of other models of such a list.
#[must_use]
pub fn other_members(own: &Repository, blocks: &[Block]) -> Vec<usize> {
    let mut out = Vec::new();
    let items: Vec<(usize, &Block, Vec<String>)> =
        blocks.iter().enumerate().filter_map(|(at, b)| Some((at, b, label_of(b)?))).collect();
    let mut from = 0;
    while let Some((_, first, _)) = items.get(from) {
        let list: Vec<&(usize, &Block, Vec<String>)> =
            items.iter().skip(from).take_while(|(_, b, _)| Rc::ptr_eq(&first.headings, &b.headings)).collect();
        from += list.len().max(1);
        let scores: Vec<usize> = list.iter().map(|(_, _, label)| Name::of_words(own, label).shared).collect();
        let best = scores.iter().copied().max().unwrap_or(0);
        let is_told = list.len() > 1 && best > 0 && scores.iter().filter(|score| **score == best).count() == 1;
        let are_models = list.len() > 1 && best == 0 && list.iter().filter(|(_, _, label)| is_architecture(label)).count() > 1;
        let others = list.iter().zip(&scores).filter(|(_, score)| are_models || (is_told && **score < best));
        out.extend(others.map(|(item, _)| item.0));
    }
    out
}

/// Whether a label names a well-known kind of model.
fn is_architecture(label: &[String]) -> bool {
    let lists = &vocabulary::card();
    let is = |word: &String| {
        let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
        [word.as_str(), letters].iter().any(|w| {
            lists.designators.architectures.contains(w)
                || lists.bases.families.contains(w)
                || vocabulary::prose().subjects.names.contains(w)
        })
    };
    label.iter().any(is)
}

/// The words of the label of an item whose value is an amount, where it is neither a key nor work.
fn label_of(b: &Block) -> Option<Vec<String>> {
    let text = b.text.trim_start();
    if b.kind != BlockKind::ListItem || !text.bytes().any(|c| c.is_ascii_digit()) {
        return None;
    }
    let signed = SIGNS.iter().filter_map(|sign| Some((text.find(sign)?, *sign))).min();
    let signed = signed.and_then(|(at, sign)| text.get(..at).zip(text.get(at + sign.len()..)));
    let Some((label, value)) = signed.filter(|(label, _)| label.len() <= MOST_LABEL) else { return name_within(text) };
    let label = label.split('(').next().unwrap_or(label);
    let norm = norm_key(label);
    let key = read_key(&norm).is_some() || recipe_key(&norm).is_some();
    let ts = lex(label);
    let words = vocabulary::prose();
    let lists = [
        &words.subjects.work,
        &words.subjects.own_work,
        &words.subjects.this_one,
        &words.subjects.all_of,
        &words.rates.several_runs,
        &words.rates.runs,
        &words.sentences.run_nouns,
        &words.sentences.several_stages,
    ];
    let works = (0..ts.len()).any(|i| is_train(&ts, i)) || ts.iter().any(|t| lists.iter().any(|list| t.is_any(*list)));
    if label.len() > MOST_LABEL || norm.is_empty() || key || works {
        return None;
    }
    let values = lex(value);
    let is_amount = |at: usize| {
        let unit = quantity(&values, at).and_then(|q| values.get(q.to));
        duration(&values, at).is_some() || unit.is_some_and(|t| mass_unit(&t.text).is_some() || energy_unit(&t.text).is_some())
    };
    (0..values.len()).any(is_amount).then(|| name_tokens(label))
}

/// "The training time for VQ-VAE is approximately 12 hours": the name of a model behind a word that gives it the amount, where the item has one.
fn name_within(text: &str) -> Option<Vec<String>> {
    let backward = &vocabulary::card().designators.backward;
    let words: Vec<&str> = std::iter::once("").chain(text.split_whitespace()).collect();
    let names = |pair: &[&str]| -> Option<String> {
        let [before, lead, name] = pair else { return None };
        let name = name.trim_matches(|c: char| !c.is_alphanumeric());
        let is_name = name.contains(['-', '_']) && name.chars().filter(|c| c.is_uppercase()).count() > 1;
        // "Training of VQ-VAE"
        let of_training = || vocabulary::prose().subjects.of.contains(lead) && is_train(&lex(before), 0);
        (is_name && (backward.contains(&lead.to_lowercase().as_str()) || of_training())).then(|| name.to_owned())
    };
    let mut found = words.windows(3).filter_map(names);
    let name = found.next().filter(|_| found.next().is_none())?;
    let ts = lex(text);
    (0..ts.len()).any(|at| duration(&ts, at).is_some()).then(|| name_tokens(&name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::about::{About, CardRole};
    use crate::evidence::card::parse::markdown::parse_blocks;

    fn others(id: &str, card: &str) -> Vec<usize> {
        let own = Repository::new(&About { model_id: id, role: CardRole::OwnTraining, base_ids: &[], total_params: None });
        other_members(&own, &parse_blocks(card, 0))
    }

    #[test]
    fn of_a_list_of_models_the_one_that_is_named_counts() {
        let card = "- ResNet-50: 1.9 kg CO2\n- ViT-B: 4.2 kg CO2\n- ConvNeXt-T: 2.6 kg CO2\n";
        assert_eq!(others("lab/birds-vit-b", card), [0, 2]);
        assert_eq!(others("lab/birds", card), [0, 1, 2]);
        let card = "- The training time for VQ-VAE is about 12 hours on a GTX 1080.\n- For VQ-MAE, it is 24 hours on four A100.\n- Thanks!\n";
        assert_eq!(others("lab/vq-mae-speech", card), [0]);
        assert!(others("lab/other", card).is_empty());
        // Keys, and the parts of one training, are no models.
        assert!(others("lab/birds", "- Energy: 3 kWh\n- Emissions: 2 kg\n- Duration: 5 h\n").is_empty());
        assert!(others("lab/birds", "- Training: 3 kWh\n- Evaluation: 2 kWh\n").is_empty());
    }
}
