//! The size that the layout in a repository's name stands for: `distilbert`, `bert-base`, `wav2vec2-large`.

use super::layers;
use super::params::from_layout;
use crate::evidence::{Extracted, vocabulary};
use crate::reference::Layouts;
use crate::reference::layouts::Layout;

/// Two layouts this close are of one size: `xlm-roberta-base` and what else a name calls it.
const ONE_SIZE: f64 = 1.1;

/// Evidence of the size by the layout in a name; none where the name has no layout, two of different sizes, or a word of another size beside
/// it.
#[must_use]
pub fn params(layouts: &Layouts, model_id: &str) -> Option<Extracted> {
    Some(from_layout(model_id, named(layouts, model_id)?))
}

/// Parameters of the embeddings of tokens of an encoder of `params` parameters, by the first of some names that has its layout.
#[must_use]
pub fn token_embeddings<'a>(layouts: &Layouts, names: impl IntoIterator<Item = &'a str>, params: f64) -> Option<f64> {
    let fits = |layout: &Layout| (1.0 / ONE_SIZE..=ONE_SIZE).contains(&(layout.params / params));
    let of = |name: &'a str| {
        let layout = layers::layout(name).or_else(|| named(layouts, name).cloned());
        layout.filter(fits).and_then(|layout| layout.token_embeddings())
    };
    names.into_iter().find_map(of)
}

fn named<'l>(layouts: &'l Layouts, model_id: &str) -> Option<&'l Layout> {
    let name = model_id.rsplit('/').next().unwrap_or(model_id).to_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    // Position behind the last word that belongs to a layout.
    let mut behind = 0;
    let (mut found, mut of_layouts): (Vec<&Layout>, Vec<bool>) = (Vec::new(), vec![false; words.len()]);
    for start in 0..words.len() {
        let here = &words[start..];
        let read = layouts.beginning(here).or_else(|| at_the_end_of_a_word(layouts, here));
        let Some((length, layout)) = read.filter(|(length, _)| start + length > behind) else { continue };
        behind = start + length;
        found.push(layout);
        of_layouts[start..behind].fill(true);
    }
    let first = found.first()?;
    let differs = |layout: &&Layout| !(1.0 / ONE_SIZE..=ONE_SIZE).contains(&(layout.params / first.params));
    let says_another =
        |(word, is_of_layout): (&&str, &bool)| !is_of_layout && vocabulary::index().names.another_layout.contains(word);
    (!found.iter().any(differs) && !words.iter().zip(&of_layouts).any(says_another)).then_some(*first)
}

/// Fewest letters before the layout in a glued word: "rut5".
const FEWEST_BEFORE: usize = 2;

/// The layout that the end of the first of `words` makes with the words behind it: `PhoWhisper-large`, `rut5-base`. The longest end that
/// begins a layout counts, and only letters stand before it: `bert2bert` is two models.
fn at_the_end_of_a_word<'l>(layouts: &'l Layouts, words: &[&str]) -> Option<(usize, &'l Layout)> {
    let names = &vocabulary::index().names;
    let (word, behind) = words.split_first()?;
    let ends = || word.char_indices().map(|(at, _)| word.split_at(at)).skip(FEWEST_BEFORE);
    // "legalbert" is a BERT, and no ALBERT.
    let is_bert = |before: &str, end: &str| end == "bert" && names.before_bert.contains(&before);
    let (_, end) =
        ends().find(|(before, end)| is_bert(before, end)).or_else(|| ends().find(|(_, end)| layouts.begins_with(end)))?;
    let before = word.strip_suffix(end)?;
    let is_another = names.not_before_the_end.iter().any(|part| before.contains(part));
    let is_glued = names.ends_of_words.contains(&end) && !is_another && before.chars().all(char::is_alphabetic);
    let glued: Vec<&str> = std::iter::once(end).chain(behind.iter().copied()).collect();
    layouts.beginning(&glued).filter(|(length, _)| is_glued && *length > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    /// Regression: a stranger's DistilBERT had the 1.6e6 parameters that persons' language models have, and 12,000 repositories of a wide
    /// list whose names tell their layout had sizes by regression. Sizes by the papers and the checkpoints of their houses.
    #[test]
    fn a_layout_in_a_name_is_a_size() {
        let layouts = Reference::load().unwrap().layouts;
        for (id, millions) in [
            ("DarshanDeshpande/marathi-distilbert", 66.0),
            ("someone/my-bert_base_uncased-ner", 109.5),
            ("w11wo/indonesian-roberta-base-sentiment-classifier", 125.0),
            ("poltextlab/xlm-roberta-large-dutch-media-cap-v3", 560.0),
            ("x/wav2vec2-large-xlsr-53-hausa", 317.0),
            ("x/wav2vec2-base-timit", 95.0),
            ("x/t5-small-xsum", 60.5),
            ("x/gpt2-medium-jokes", 355.0),
            ("x/whisper-small-hi", 242.0),
            ("x/vit-base-patch16-224-beans", 86.0),
            ("x/MyDeBERTa-v3-large", 435.0),
            ("x/MyDeBERTa", f64::NAN),
            ("x/deberta-v3-large-nli", 435.0),
            // At the end of a glued word.
            ("vinai/PhoWhisper-large", 1543.0),
            ("cointegrated/rut5-base-multitask", 223.0),
            ("x/jurisbert-base-uncased", 109.5),
            ("x/legalbert-large-ner", 335.0),
            ("x/ptt5-large-portuguese-vocab", 738.0),
            ("x/kebyt5-small-preview", 300.0),
            ("x/BioELECTRA-base-discriminator", 109.0),
            // The layout stands twice.
            ("x/roberta-base-roberta-base", 125.0),
        ] {
            let found = params(&layouts, id).and_then(|e| e.value);
            let expected = Some(millions * 1e6).filter(|n| n.is_finite());
            let close = found.zip(expected).map_or(found == expected, |(a, b)| (a / b - 1.0).abs() < 0.01);
            assert!(close, "{id} {found:?}");
        }
    }

    /// Two layouts, another size beside one, a family of many sizes, and letters of a longer word.
    #[test]
    fn a_name_that_can_be_read_in_two_ways_states_no_size() {
        let layouts = Reference::load().unwrap().layouts;
        for id in [
            "ydshieh/vit-base-gpt2-coco-en",
            "nlpconnect/vit-gpt2-large",
            "sshleifer/tiny-distilroberta-base",
            "x/roberta-base-small",
            "x/bert-addresses",
            "x/albert-ner",
            "x/Qwen3-base",
            "x/random-roberta-base",
            // Two models, a longer layout, a word that says no size, and layouts of one word.
            "x/bert2bert-base",
            "x/mykoalbert-huge",
            "x/jurisbert",
            "winninghealth/WiNGPT2-Llama-3-8B-Base",
            "apple/mobilevit-small",
            "x/breitbart",
            // Smaller ones, and FlauBERT, whose sizes are others.
            "Tejas3/distillbert_base_uncased_80",
            "x/minibert-base",
            "nlptown/flaubert_small_cased_sentiment",
            "x/robert",
            "x/tinybertt5-base-small",
        ] {
            assert_eq!(params(&layouts, id), None, "{id}");
        }
    }
}
