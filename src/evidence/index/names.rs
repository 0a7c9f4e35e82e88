//! What a repository's name says about its size.
//!
//! A name is split into words at hyphens, underscores and spaces. A size is a word of its own (`7B`, `350m`, `7b1`, `8x7B`), or two where
//! an underscore stands for the decimal point (`1_6b`). A name that can be read in two ways states nothing.

mod glued;
mod hashes;
mod tokens;
mod underscores;

use self::glued::glued_to_a_family;
use self::hashes::is_in_hash;
pub use self::tokens::{NamedTokens, from_name as tokens_from_name, tokens};
use self::underscores::{Reading, reading};
use crate::domain::SizeWord;
use crate::evidence::vocabulary;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// Sizes read from a name.
#[derive(Clone, Debug, PartialEq)]
pub struct NameSize {
    /// Total parameters; none where the name states only the active ones (`A2.7B`, `17B-16E`).
    pub total: Option<f64>,
    /// Active parameters, when the name states them or the expert layout.
    pub active: Option<f64>,
    /// The words read, joined by a space.
    pub as_written: String,
    /// Whether the figures are an expert layout (`8x7B`), which overstates the total because attention is shared.
    pub from_expert_layout: bool,
}

/// What a name says of the size without a number: its last word of size.
#[must_use]
pub fn size_word(model_id: &str) -> Option<SizeWord> {
    static WORDS: LazyLock<FxHashMap<&'static str, SizeWord>> = LazyLock::new(|| {
        let lists = vocabulary::index().size_words.iter().map(|(word, list)| (*list, *word)).collect::<Vec<_>>();
        vocabulary::by_word(&lists)
    });
    let name = model_id.rsplit('/').next().unwrap_or_default().to_lowercase();
    let words = || name.split(|c: char| !c.is_alphabetic());
    let mut sizes = words().filter_map(|word| Some((word, *WORDS.get(word)?))).rev();
    let last = sizes.next();
    let has = |list: &[&str]| name.split(|c: char| !c.is_alphanumeric()).any(|word| list.contains(&word));
    let encoders = &vocabulary::index().encoders;
    let is_encoder = has(encoders) || words().any(|word| word.ends_with("bert") || encoders.contains(&word));
    let word = last.map(|(_, size)| size);
    if is_encoder {
        return Some(SizeWord::of_an_encoder(word));
    }
    // In names of other models "base" behind a word of size is a stage: Ling-lite-base.
    let word = last.filter(|(word, _)| *word == "base").and_then(|_| sizes.next()).map(|(_, size)| size).or(word);
    if has(&vocabulary::index().small_networks) { Some(SizeWord::SmallEncoder) } else { word }
}

/// A word of a name, with what stands before it.
#[derive(Clone, Copy, Debug)]
struct Word<'a> {
    text: &'a str,
    /// Whether an underscore stands before it.
    underscored: bool,
}

/// A size as it stands in a name.
struct Stated {
    /// Position of its last word.
    at: usize,
    total: f64,
    active: Option<f64>,
    written: String,
    is_layout: bool,
}

/// Counts of millions up to this, before a size in billions, are samples of a data set (`Instruct-7M-Gen-Llama3_1-8B`).
const MOST_SAMPLES: f64 = 1e7;
/// Total over active parameters of published mixtures of experts is less; beyond it the second number counts tokens (`MoE-200M-130B`).
const MOST_EXPERTS_APART: f64 = 40.0;
/// What context lengths of a million are written like (`Instruct-1M`).
const MILLION: f64 = 1e6;

/// Reads `7B`, `350m`, `7b1` (7.1 B), `1_6b`, `8x7B`, `235B-A22B`, `17B-16E` from the name part of an id. Numbers of thousands (`128k`) are
/// context lengths and `2T` are tokens: neither is a size. Digits of a hash are none either.
#[must_use]
pub fn size(model_id: &str) -> Option<NameSize> {
    let name = model_id.rsplit('/').next().unwrap_or(model_id);
    let words = words(name);
    let mut sizes: Vec<Stated> = Vec::new();
    for at in 0..words.len() {
        match stated(&words, at) {
            Ok(found) => sizes.extend(found),
            // What follows a size that can be read in two ways may be anything: tokens, a teacher's size.
            Err(Unclear) if sizes.is_empty() => return None,
            Err(Unclear) => {}
        }
    }
    let Some(chosen) = chosen(&words, &sizes) else { return active_only(&words).or_else(|| glued_to_a_family(&words)) };
    if is_said_twice(&sizes, chosen) {
        return None;
    }
    let Stated { at, total, active, written, is_layout } = &sizes[chosen];
    let named_active = active_word(&words, *at).filter(|(a, _)| *is_layout || a < total);
    let has_experts = words.iter().any(|w| w.text.to_ascii_lowercase().contains("moe"));
    if let Some(experts) = words.get(at + 1).and_then(|w| expert_count(w.text)).filter(|_| !is_layout) {
        // "17B-16E": sixteen experts, of which 17e9 parameters are used per token; "2.7B-4e" of a mixture says neither.
        return is_usual_expert_count(experts)
            .then(|| NameSize {
                total: None,
                active: Some(*total),
                as_written: format!("{written} {}", words[at + 1].text),
                from_expert_layout: false,
            })
            .or_else(|| (!has_experts).then(|| plain_size(&sizes[chosen], named_active)));
    }
    // "OLMoE-1B-7B": active, then total.
    let next = sizes.get(chosen + 1).filter(|next| {
        has_experts && !is_layout && next.at == at + 1 && next.total > *total && next.total <= MOST_EXPERTS_APART * total
    });
    if let Some(next) = next {
        return Some(NameSize {
            total: Some(next.total),
            active: Some(*total),
            as_written: format!("{written} {}", next.written),
            from_expert_layout: false,
        });
    }
    let known = active.map(|a| (a, "")).filter(|_| named_active.is_none());
    Some(plain_size(&sizes[chosen], named_active.or(known)))
}

fn plain_size(size: &Stated, active: Option<(f64, &str)>) -> NameSize {
    let written = match active {
        Some((_, word)) if !word.is_empty() && !size.is_layout => format!("{} {word}", size.written),
        Some(_) | None => size.written.clone(),
    };
    NameSize { total: Some(size.total), active: active.map(|(a, _)| a), as_written: written, from_expert_layout: size.is_layout }
}

fn words(name: &str) -> Vec<Word<'_>> {
    let mut underscored = false;
    name.split_inclusive(['-', '_', ' '])
        .map(|part| {
            let text = part.trim_end_matches(['-', '_', ' ']);
            let word = Word { text, underscored };
            underscored = part.ends_with('_');
            word
        })
        .filter(|word| !word.text.is_empty())
        .collect()
}

/// Which of several sizes is the model's: the first, unless a word says that it was cut down to a later one, or the first is a number of
/// samples.
fn chosen(words: &[Word<'_>], sizes: &[Stated]) -> Option<usize> {
    let cut = |size: &Stated| {
        let before = size.at.checked_sub(1).and_then(|i| words.get(i));
        before.is_some_and(|w| vocabulary::index().names.cut_down.contains(&w.text.to_ascii_lowercase().as_str()))
    };
    if let Some(later) = sizes.iter().skip(1).position(cut) {
        return Some(later + 1);
    }
    let first = sizes.first()?;
    if first.total > MOST_SAMPLES {
        return Some(0);
    }
    match sizes.iter().position(|s| s.total >= 1e8) {
        Some(later) if sizes[later].at > first.at + 1 => Some(later),
        _ if (first.total - MILLION).abs() < 1.0 => None,
        _ => Some(0),
    }
}

/// "2b-2b" is an encoder and a decoder: the total is not said.
fn is_said_twice(sizes: &[Stated], chosen: usize) -> bool {
    let (this, next) = (sizes.get(chosen), sizes.get(chosen + 1));
    this.zip(next).is_some_and(|(a, b)| b.at == a.at + 1 && (a.total - b.total).abs() < 1.0)
}

/// A size that can be read in two ways.
struct Unclear;

/// Whether a word can be a size at all: most words of a name have no digit.
fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// The size that ends at a word.
fn stated(words: &[Word<'_>], at: usize) -> Result<Option<Stated>, Unclear> {
    let text = words[at].text;
    if !has_digit(text) {
        return Ok(None);
    }
    if is_in_hash(words, at) || is_counted(words, at) || split_active(words, at).is_some() {
        return Ok(None);
    }
    let found =
        |total, active, written: &str, is_layout| Some(Stated { at, total, active, written: written.to_owned(), is_layout });
    if let Some((experts, each)) = expert_layout(text) {
        // Two experts per token is what every model named in this style routes to (Mixtral, arXiv 2401.04088).
        return Ok(found(experts * each, Some(2.0 * each), text, true));
    }
    if let Some((total, active)) = glued_pair(text) {
        return Ok(found(total, Some(active), text, false));
    }
    if let Some(total) = trillions(text).filter(|_| words.get(at + 1).is_some_and(|w| active(w.text).is_some())) {
        return Ok(found(total, None, text, false));
    }
    let Some(total) = plain(text) else { return Ok(None) };
    if text.starts_with('0') && !text.starts_with("0.") && !text.to_ascii_lowercase().starts_with("0b") {
        // "08b": 0.8 or 8 billion.
        return Err(Unclear);
    }
    match reading(words, at) {
        Reading::Whole => Ok(found(total, None, text, false)),
        Reading::Decimal(whole) => {
            let number = plain(&format!("{whole}.{text}"));
            Ok(number.and_then(|n| found(n, None, &format!("{whole}_{text}"), false)))
        }
        Reading::Unclear => Err(Unclear),
    }
}

/// Whether a number counts tokens, pairs, steps: by the word behind it, or by "token" before it (`22B-token-500B`).
fn is_counted(words: &[Word<'_>], at: usize) -> bool {
    let counts = |w: &Word<'_>| vocabulary::index().names.counted.contains(&w.text.to_ascii_lowercase().as_str());
    let by_next = words.get(at + 1).is_some_and(counts) && !tokens::speaks_of_the_next(words, at + 1);
    by_next || at.checked_sub(1).is_some_and(|before| tokens::speaks_of_the_next(words, before))
}

/// Active parameters that a name states without a total (`Qwen1.5-MoE-A2.7B`).
fn active_only(words: &[Word<'_>]) -> Option<NameSize> {
    let (value, word) = active_word(words, 0)?;
    Some(NameSize { total: None, active: Some(value), as_written: word.to_owned(), from_expert_layout: false })
}

/// The first word for active parameters behind a size, else before it.
fn active_word<'a>(words: &[Word<'a>], behind: usize) -> Option<(f64, &'a str)> {
    let read = |i: usize| {
        let text = words.get(i).map(|word| word.text).filter(|text| has_digit(text))?;
        let split = || split_active(words, i);
        Some((active(text).filter(|_| !is_in_hash(words, i)).or_else(split)?, text))
    };
    (behind..words.len()).chain(0..behind).find_map(read)
}

/// `a2_4b`: active parameters with an underscore for the decimal point; the position is that of the last word.
fn split_active(words: &[Word<'_>], at: usize) -> Option<f64> {
    let last = words.get(at).filter(|w| w.underscored && w.text.len() == 2)?;
    let whole = words.get(at.checked_sub(1)?)?.text.strip_prefix(['A', 'a'])?;
    let is_whole = (1..=2).contains(&whole.len()) && whole.bytes().all(|b| b.is_ascii_digit());
    if is_whole { plain(&format!("{whole}.{}", last.text)) } else { None }
}

fn plain(token: &str) -> Option<f64> {
    let lower = token.to_ascii_lowercase();
    let lower = lower.strip_suffix("params").unwrap_or(&lower);
    let (number, scale, rest) = if let Some((number, rest)) = lower.split_once('b') {
        (number, 1e9, rest)
    } else if let Some((number, rest)) = lower.split_once('m') {
        (number, 1e6, rest)
    } else {
        return None;
    };
    // BLOOM's "7b1" is 7.1 billion.
    let text = match rest {
        "" => number.to_owned(),
        digit if digit.len() == 1 && digit.as_bytes()[0].is_ascii_digit() && !number.contains('.') => {
            format!("{number}.{digit}")
        }
        _ => return None,
    };
    decimal(&text).map(|n| n * scale).filter(|n| (1e5..1e13).contains(n))
}

fn trillions(token: &str) -> Option<f64> {
    decimal(token.strip_suffix(['T', 't'])?).map(|n| n * 1e12).filter(|n| *n <= 1e13)
}

/// `26BA4B` and `1b14b`: total and active in one word.
fn glued_pair(token: &str) -> Option<(f64, f64)> {
    let lower = token.to_ascii_lowercase();
    let (first, rest) = lower.strip_suffix('b')?.split_once('b')?;
    let billions = |text: &str| decimal(text).map(|n| n * 1e9).filter(|n| (1e7..1e13).contains(n));
    match rest.strip_prefix('a') {
        Some(active) => Some((billions(first)?, billions(active)?)).filter(|(total, active)| active < total),
        None => Some((billions(rest)?, billions(first)?)).filter(|(total, active)| active < total),
    }
}

fn expert_layout(token: &str) -> Option<(f64, f64)> {
    let lower = token.to_ascii_lowercase();
    let (experts, each) = lower.split_once('x')?;
    let count = decimal(experts).filter(|n| n.fract() == 0.0 && (2.0..1000.0).contains(n))?;
    Some((count, plain(each)?))
}

/// `16E`: a number of experts, or of epochs.
fn expert_count(token: &str) -> Option<u32> {
    token.strip_suffix(['E', 'e'])?.parse().ok().filter(|n| (2..10_000).contains(n))
}

/// Experts come in eights; a run of eight, sixteen or more epochs says so in other ways.
const fn is_usual_expert_count(n: u32) -> bool {
    n >= 8 && n.is_multiple_of(8)
}

/// `A2.7B`, and `E4B`: what a token passes through, where embeddings of every layer are looked up beside it (Gemma 3n's "effective" size).
fn active(token: &str) -> Option<f64> {
    let effective = || decimal(token.strip_prefix(['E', 'e'])?.strip_suffix(['B', 'b'])?).map(|n| n * 1e9);
    token.strip_prefix(['A', 'a']).map_or_else(effective, plain).filter(|n| (1e5..1e13).contains(n))
}

fn decimal(text: &str) -> Option<f64> {
    let ok = !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && text.as_bytes()[0].is_ascii_digit()
        && text.as_bytes()[text.len() - 1].is_ascii_digit();
    if ok { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests;
