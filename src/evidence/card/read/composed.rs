//! Keys that are composed of words for what they count: "Anzahl der Epochen", "longueur maximale des séquences", "训练步数". What each word
//! says is in a list; the words together make the English key that asks the same.

use crate::evidence::vocabulary;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// What a word of a key says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    /// Nothing.
    Nothing,
    /// That something is counted.
    Count,
    /// Training.
    Training,
    /// The largest.
    Most,
    /// All devices together.
    Whole,
    /// One device.
    Device,
    /// A machine of several devices.
    Node,
    /// Accumulation of gradients.
    Accumulation,
    Epochs,
    Steps,
    Batch,
    Size,
    Length,
    Sequence,
    Examples,
    Tokens,
    Time,
}

/// A word of two nouns is longer, in bytes.
const MOST_SHORT: usize = 8;
/// Most words of a composed key.
const MOST_WORDS: usize = 9;

fn words() -> &'static FxHashMap<&'static str, Said> {
    static WORDS: LazyLock<FxHashMap<&'static str, Said>> = LazyLock::new(|| {
        let lists = &vocabulary::keys().composed;
        vocabulary::by_word(&[
            (lists.nothing, Said::Nothing),
            (lists.count, Said::Count),
            (lists.training, Said::Training),
            (lists.most, Said::Most),
            (lists.whole, Said::Whole),
            (lists.device, Said::Device),
            (lists.node, Said::Node),
            (lists.accumulation, Said::Accumulation),
            (lists.epochs, Said::Epochs),
            (lists.steps, Said::Steps),
            (lists.batch, Said::Batch),
            (lists.size, Said::Size),
            (lists.length, Said::Length),
            (lists.sequence, Said::Sequence),
            (lists.examples, Said::Examples),
            (lists.tokens, Said::Tokens),
            (lists.time, Said::Time),
        ])
    });
    &WORDS
}

/// The English key that asks what a composed key asks; `key` is comparable as
/// [`norm_key`](crate::evidence::card::parse::pair::norm_key) makes it.
#[must_use]
pub fn composed(key: &str) -> Option<&'static str> {
    let mut said: Vec<Said> = Vec::new();
    for word in key.split(' ') {
        if said.len() > MOST_WORDS || !add_word(word, &mut said) {
            return None;
        }
    }
    let has = |what: Said| said.contains(&what);
    // Logs count them as they go, and configurations say where to stop at the latest.
    let is_singular = key.split(' ').any(|word| word == "epoch");
    if is_singular && !has(Said::Count) && !has(Said::Training) {
        return None;
    }
    let is_modifier =
        |s: &Said| matches!(s, Said::Nothing | Said::Count | Said::Training | Said::Most | Said::Whole | Said::Device);
    let mut nouns: Vec<Said> = said.iter().copied().filter(|s| !is_modifier(s)).collect();
    nouns.dedup();
    let of_training = has(Said::Training);
    match nouns.as_slice() {
        // "Number of GPUs", "显卡数量", "NUM_GPU_PER_NODE": only what is counted is a number of them.
        [] if has(Said::Device) && has(Said::Count) => Some("number of gpus"),
        [Said::Node] if has(Said::Device) => Some("gpus per node"),
        [Said::Node] if has(Said::Count) => Some("number of nodes"),
        [Said::Accumulation] | [Said::Accumulation, Said::Steps] | [Said::Steps, Said::Accumulation] => {
            Some("gradient accumulation steps")
        }
        [Said::Epochs] => Some("epochs"),
        [Said::Steps] if of_training || has(Said::Count) || has(Said::Most) || has(Said::Whole) => Some("training steps"),
        [Said::Steps] => Some("steps"),
        [Said::Batch, Said::Size] | [Said::Size, Said::Batch] | [Said::Batch] if has(Said::Count) && nouns.len() == 1 => None,
        [Said::Batch, Said::Size] | [Said::Size, Said::Batch] | [Said::Batch] => Some(if has(Said::Device) {
            "per device train batch size"
        } else if has(Said::Whole) {
            "total batch size"
        } else {
            "batch size"
        }),
        [Said::Length, Said::Sequence] | [Said::Sequence, Said::Length] | [Said::Size, Said::Sequence] => Some("max seq length"),
        // "token长度"
        [Said::Length, Said::Tokens] | [Said::Tokens, Said::Length] => Some("max seq length"),
        [Said::Length] if has(Said::Most) => Some("max length"),
        [Said::Examples] if of_training => Some("number of training examples"),
        [Said::Tokens] if of_training => Some("training tokens"),
        [Said::Tokens] if has(Said::Count) || key != "token" => Some("tokens"),
        // Hours of devices are keys of their own.
        [Said::Time] if has(Said::Device) => None,
        [Said::Time] if of_training => Some("training time"),
        [Said::Time] => Some("duration"),
        _ => None,
    }
}

/// Adds what a word says: whole, as a German compound ("Sequenzlänge"), or cut into its parts where a script has no spaces.
fn add_word(word: &str, said: &mut Vec<Said>) -> bool {
    let words = words();
    if let Some(what) = words.get(word) {
        said.push(*what);
        return true;
    }
    if !word.is_ascii() && word.chars().any(|c| c >= '\u{2e80}' || ('\u{e00}'..'\u{e80}').contains(&c)) {
        return add_parts(word, said);
    }
    // The ends of such nouns.
    let is_noun = ["en", "e", "t", "r", "s"].iter().any(|end| word.ends_with(end)) && word.len() > MOST_SHORT;
    if !is_noun {
        return false;
    }
    let ends = word.char_indices().skip(4).filter_map(|(at, _)| Some((word.get(..at)?, *words.get(word.get(at..)?)?)));
    let found = ends.into_iter().find_map(|(before, second)| {
        let bare = before.strip_suffix(['s', 'n']).unwrap_or(before);
        let first = words.get(before).or_else(|| words.get(bare))?;
        (second != Said::Nothing && *first != Said::Nothing).then_some([*first, second])
    });
    said.extend(found.into_iter().flatten());
    found.is_some()
}

/// The parts of a word of Chinese, Japanese or Korean, the longest first.
fn add_parts(word: &str, said: &mut Vec<Said>) -> bool {
    let mut rest = word;
    while !rest.is_empty() {
        let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8());
        let Some((end, what)) = ends.filter_map(|end| Some((end, *words().get(rest.get(..end)?)?))).next_back() else {
            return false;
        };
        said.push(what);
        rest = rest.get(end..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::parse::pair::norm_key;

    #[test]
    fn words_make_the_key_that_asks_the_same() {
        for (written, key) in [
            ("Anzahl der Epochen", "epochs"),
            ("Trainingsepochen", "epochs"),
            ("Nombre total d'étapes d'entraînement", "training steps"),
            ("Longueur maximale des séquences", "max seq length"),
            ("Lunghezza massima della sequenza", "max seq length"),
            ("Tamaño de lote por dispositivo", "per device train batch size"),
            ("Batch-Größe", "batch size"),
            ("Quantidade de épocas", "epochs"),
            ("最大序列长度", "max seq length"),
            ("训练 epoch 数", "epochs"),
            ("学習ステップ数", "training steps"),
            ("バッチサイズ", "batch size"),
            ("Dauer des Trainings", "training time"),
            ("Max. pre-training steps", "training steps"),
            ("No. of updates", "training steps"),
            ("token长度", "max seq length"),
            ("누적 단계", "gradient accumulation steps"),
            ("显卡数量", "number of gpus"),
            ("NUM_GPU_PER_NODE", "gpus per node"),
        ] {
            assert_eq!(composed(&norm_key(written)), Some(key), "{written}");
        }
        for written in [
            "Eval batch size",
            "Warmup steps",
            "Anzahl der Sprecher",
            "バッチ数",
            "Step size",
            "epoch",
            "Hidden size",
            "Number of layers",
        ] {
            assert_eq!(composed(&norm_key(written)), None, "{written}");
        }
    }
}
