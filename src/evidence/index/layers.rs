//! The size of an encoder whose name tells layers and width: `bert_uncased_L-12_H-768_A-12`, `MiniLM-L12-H384`.

use super::params::from_layout;
use crate::evidence::Extracted;
use crate::reference::layouts::Layout;

/// Names of encoders with the layers of BERT (arXiv 1810.04805) by a part of them, and the tokens of their vocabularies (`vocab_size` of their
/// configurations): those of XLM-R (arXiv 1911.02116), RoBERTa (1907.11692), Chinese BERT and English BERT. The first that fits counts.
const VOCABULARIES: &[(&[&str], f64)] = &[
    (&["mminilm", "multilingual-minilm", "xlm"], 250_002.0),
    (&["from-roberta"], 50_265.0),
    (&["bert-base-chinese", "chinese_roberta", "chinese_bert", "chinese-roberta"], 21_128.0),
    (&["bert_uncased", "bert-uncased", "minilm", "xtremedistil", "tinybert"], 30_522.0),
];
/// Positions and kinds of segments that have embeddings.
const POSITIONS: f64 = 512.0 + 2.0;
/// Most layers and least and most width that are one.
const LAYERS: u32 = 128;
const WIDTHS: std::ops::RangeInclusive<u32> = 64..=16_384;

/// Evidence of the size by layers and width in a name; none where its vocabulary is not known.
#[must_use]
pub fn params(model_id: &str) -> Option<Extracted> {
    Some(from_layout(model_id, &layout(model_id)?))
}

/// The layout by layers and width in a name.
#[must_use]
pub fn layout(model_id: &str) -> Option<Layout> {
    let name = model_id.rsplit('/').next().unwrap_or(model_id).to_lowercase();
    let has = |parts: &&[&str]| parts.iter().any(|part| name.contains(part));
    let (_, vocabulary) = VOCABULARIES.iter().find(|(parts, _)| has(parts))?;
    let (layers, width) = layers_and_width(&name)?;
    Some(Layout {
        words: format!("{layers} layers of width {width}, {vocabulary} tokens"),
        params: parameters(f64::from(layers), f64::from(width), *vocabulary),
        vocabulary: Some(*vocabulary),
        width: Some(f64::from(width)),
        source: "layers of BERT, arXiv 1810.04805".to_owned(),
        vintage: "2018-10".to_owned(),
    })
}

/// Embeddings of tokens and positions with their norm, then by layer four projections of attention (4 H^2 + 4 H), two of 4 H (8 H^2 + 5 H)
/// and two norms (4 H), then the pooler.
fn parameters(layers: f64, width: f64, vocabulary: f64) -> f64 {
    let h2 = width * width;
    (vocabulary + POSITIONS + 2.0) * width + layers * (12.0 * h2 + 13.0 * width) + h2 + width
}

/// The numbers behind `L` and `H` of a name in lower case, each once.
fn layers_and_width(name: &str) -> Option<(u32, u32)> {
    let words: Vec<&str> = name.split(['-', '_']).collect();
    let number = |letter: char| {
        let mut found = words.iter().enumerate().filter_map(|(at, word)| {
            let rest = word.strip_prefix(letter)?;
            let digits = if rest.is_empty() { words.get(at + 1).copied()? } else { rest };
            digits.parse::<u32>().ok()
        });
        found.next().filter(|_| found.next().is_none())
    };
    let (layers, width) = (number('l')?, number('h')?);
    ((1..=LAYERS).contains(&layers) && WIDTHS.contains(&width)).then_some((layers, width))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: names that tell layers and width had sizes by regression, google/bert_uncased_L-2_H-128_A-2 3e8 parameters. Sizes in millions as
    /// published: arXiv 1908.08962, table 1 (4.4, 11.3, 29.1, 41.7, 110.1), the model cards of MiniLM (33 with 12 layers of 384; 118 where its
    /// vocabulary is XLM-R's: 21 and 96 of embeddings) and of xtremedistil (13, 22 and 33).
    #[test]
    fn layers_and_width_in_a_name_are_a_size() {
        for (id, millions) in [
            ("google/bert_uncased_L-2_H-128_A-2", 4.4),
            ("google/bert_uncased_L-4_H-256_A-4", 11.3),
            ("google/bert_uncased_L-4_H-512_A-8", 29.1),
            ("google/bert_uncased_L-8_H-512_A-8", 41.7),
            ("x/bert_uncased_L-12_H-768_A-12_mine", 110.1),
            ("microsoft/MiniLM-L12-H384-uncased", 33.4),
            ("microsoft/Multilingual-MiniLM-L12-H384", 118.0),
            ("x/mMiniLMv2-L12-H384-distilled-from-XLMR-Large", 118.0),
            ("nreimers/MiniLMv2-L6-H768-distilled-from-RoBERTa-Large", 82.0),
            ("microsoft/xtremedistil-l6-h256-uncased", 12.7),
            ("uer/chinese_roberta_L-12_H-768", 102.0),
        ] {
            let found = params(id).and_then(|e| e.value).unwrap_or_default() / 1e6;
            assert!((found / millions - 1.0).abs() < 0.012, "{id}: {found}");
        }
        for id in ["x/gpt_L-12_H-768", "x/bert_uncased_L-12", "x/bert_uncased_L-2_H-1", "x/minilm-l6-v2"] {
            assert_eq!(params(id), None, "{id}");
        }
    }
}
