//! Where a text names a chip or a machine: the longest alias of the reference table at each place.

use super::context::Context;
use super::memory::memory_gb;
use crate::evidence::quantity::pieces::Piece;
use crate::evidence::quantity::units::count_word;
use crate::evidence::vocabulary;
use crate::reference::{Accelerator, Accelerators, Named};
use std::borrow::Cow;

/// A chip or machine in the text: pieces `from..to`.
pub(super) struct Mention<'r> {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) chip: &'r Accelerator,
    /// Chips per slice or machine.
    pub(super) per_unit: u32,
    /// Whether `per_unit` was read from a slice or machine.
    pub(super) is_unit: bool,
    /// Whether it is a machine.
    pub(super) is_machine: bool,
    /// Candidates when only a kind of chip is named.
    pub(super) kind: Option<&'static [&'static str]>,
    pub(super) assumption: Option<&'static str>,
}

/// The chips and machines that a text names, from left to right.
pub(super) fn mentions<'r>(accelerators: &'r Accelerators, pieces: &[Piece], context: Context) -> Vec<Mention<'r>> {
    let mut mentions = Vec::new();
    let says_tpu = pieces.iter().any(|p| p.is_any(&vocabulary::hardware().near_slices));
    let mut i = 0;
    while i < pieces.len() {
        let mention = if says_tpu { slice_alone(accelerators, pieces, i) } else { None };
        match mention.or_else(|| longest(accelerators, pieces, i, context)) {
            Some(mention) => {
                i = mention.to;
                mentions.push(mention);
            }
            None => i += 1,
        }
    }
    mentions
}

/// Most devices before a short alias that no other word tells: more is a size or a year.
const MOST_WITHOUT_WORD: u32 = 64;
/// Letters and digits of an alias whose plural would be another's name.
const MOST_SHORT: usize = 7;

/// The longest alias that begins at a piece.
fn longest<'r>(accelerators: &'r Accelerators, pieces: &[Piece], from: usize, context: Context) -> Option<Mention<'r>> {
    if !starts_cleanly(pieces, from) {
        return None;
    }
    let mut key = String::new();
    let mut best = None;
    for (to, piece) in pieces.iter().enumerate().skip(from) {
        // The point of "p4d.24xlarge" is inside its word.
        if piece.is(".") && to > from && pieces.get(to + 1).is_some_and(|next| next.word == piece.word) {
            continue;
        }
        // "to train a 10s video": an article is no letter of a name.
        let is_article = to == from + 1 && key == "a" && pieces[from].starts_lowercase && piece.word != pieces[from].word;
        if is_article || piece.is_sign() || key.len() + piece.lower.len() > accelerators.longest_alias() {
            break;
        }
        key.push_str(&in_latin(&piece.lower, key.is_empty()));
        // "RTX 6000 Adas"
        let plural = || key.strip_suffix('s').filter(|one| one.len() > MOST_SHORT).and_then(|one| accelerators.by_alias(one));
        let Some(named) = accelerators.by_alias(&key).or_else(plural) else { continue };
        // "M1" is a chip of a Mac, "M.2" a slot.
        if vocabulary::hardware().needs_its_computer.contains(&key.as_str())
            && !pieces.iter().any(|p| p.is_any(&vocabulary::hardware().computers) || p.is("apple"))
        {
            continue;
        }
        if ends_cleanly(pieces, from, to) && (context == Context::Field || !is_short(&key) || is_told(pieces, from, to)) {
            let kind = kind_of(&key);
            best = Some((to + 1, named, kind));
        }
    }
    let (to, named, kind) = best?;
    Some(match named {
        Named::Chip(chip) if kind.is_some() => {
            Mention { from, to, chip, per_unit: 1, is_unit: false, is_machine: false, kind, assumption: None }
        }
        Named::Chip(chip) => slice(pieces, from, to, chip),
        Named::Machine { chip, count, assumption } => {
            Mention { from, to, chip, per_unit: count, is_unit: true, is_machine: true, kind: None, assumption }
        }
    })
}

/// A mention may begin inside a word only after its count: `8xA100`, `4xT4`.
fn starts_cleanly(pieces: &[Piece], from: usize) -> bool {
    let word = pieces[from].word;
    let before = pieces[..from].iter().rev().take_while(|p| p.word == word);
    !pieces[from].is_sign() && before.clone().all(|p| p.is_number() || p.is("x")) && before.last().is_none_or(Piece::is_number)
}

/// A mention ends with its word, before a plural s, or before `x8`; `A100X` in `A100x8` is no chip, `V100s` is a plural.
fn ends_cleanly(pieces: &[Piece], from: usize, to: usize) -> bool {
    let last = &pieces[to];
    let rest: Vec<&Piece> = pieces[to + 1..].iter().take_while(|p| p.word == last.word).collect();
    let counts_follow = |p: &[&Piece]| matches!(p, [x, n, ..] if x.is("x") && n.is_number());
    if to > from && last.is("s") && last.starts_lowercase {
        return false;
    }
    if last.is("x") && rest.first().is_some_and(|p| p.is_number()) {
        return false;
    }
    match rest.as_slice() {
        [] => true,
        [s] if s.is("s") && s.starts_lowercase => true,
        _ => counts_follow(&rest),
    }
}

/// Whether a piece stands in brackets.
pub(super) fn in_brackets(pieces: &[Piece], at: usize) -> bool {
    let last = pieces[..at].iter().rev().find(|p| p.is("(") || p.is(")"));
    last.is_some_and(|p| p.is("(")) && pieces[at..].iter().any(|p| p.is(")"))
}

/// The name of a maker in Chinese as the table spells it: "昇腾", "华为昇腾". At the beginning of a name a counter may stand before it: "张昇腾".
fn in_latin(piece: &str, begins: bool) -> Cow<'_, str> {
    let makers = &vocabulary::hardware().makers;
    if piece.is_ascii() {
        return Cow::Borrowed(piece);
    }
    let from = makers.iter().flat_map(|maker| maker.spellings.iter().filter_map(|w| piece.find(w))).min();
    let Some(rest) = from.filter(|from| begins || *from == 0).and_then(|from| piece.get(from..)) else {
        return Cow::Borrowed(piece);
    };
    let mut out = rest.to_owned();
    for maker in makers {
        for written in maker.spellings.iter() {
            out = out.replace(written, &maker.name);
        }
    }
    Cow::Owned(out)
}

fn is_short(key: &str) -> bool {
    vocabulary::hardware().common_words.contains(&key)
        || key.len() <= 3
        || key.bytes().all(|b| b.is_ascii_digit())
        || key.starts_with('m') && key.len() <= 5
}

/// Whether what stands around a short alias tells it from anything else: a word of hardware, a memory, a count with its sign, or a
/// preposition with an article or a number, "on a 3090", "sur une L4", "auf vier T4", "a pair of 3090s".
fn is_told(pieces: &[Piece], from: usize, to: usize) -> bool {
    let words = vocabulary::hardware();
    let near = &pieces[from.saturating_sub(5)..(to + 5).min(pieces.len())];
    let memory = &pieces[(to + 1).min(pieces.len())..(to + 4).min(pieces.len())];
    let before = |back: usize| from.checked_sub(back).and_then(|at| pieces.get(at));
    let is_count = |p: &Piece| {
        p.is_any(&words.articles) || count_word(&p.lower).is_some() || p.count().is_some_and(|n| n <= MOST_WITHOUT_WORD)
    };
    let joins = |p: &Piece| {
        p.is_times() || words.counters.iter().any(|counter| p.lower.starts_with(counter)) || p.is_any(&words.memory_units)
    };
    let counted = before(1).is_some_and(joins) && before(2).is_some_and(Piece::is_number);
    let is_led = (2..5).any(|back| before(back).is_some_and(|p| p.is_any(&words.on) || p.is_any(&words.pairs)));
    let led = before(1).is_some_and(|p| is_count(p) || (p.is("of") && before(2).is_some_and(|p| p.is_any(&words.pairs)))) && is_led;
    // "a supercomputer comprised of 16 CS-2"
    let consists = before(1).is_some_and(Piece::is_number)
        && before(2).is_some_and(|p| p.is("of"))
        && before(3).is_some_and(|p| p.is_any(&words.consists));
    // "una sola T4", "Just one 3090", "two 4090s", "access to a dozen A40s"
    let one_alone = before(1).is_some_and(|p| p.is_any(&words.articles)) && before(2).is_some_and(|p| p.is_any(&words.articles));
    let in_words = before(1).is_some_and(|p| count_word(&p.lower).is_some() && !p.is_any(&["a", "an"]));
    let begins = in_words && (from == 1 || (from == 2 && before(2).is_some_and(|p| p.is_any(&words.only))));
    let is_plural = pieces.get(to + 1).is_some_and(|p| p.is("s") && p.word == pieces[to].word);
    let has_access = (2..5).any(|back| before(back).is_some_and(|p| p.is("access")));
    if one_alone || begins || (in_words && (is_plural || has_access)) {
        return true;
    }
    near.iter().any(|p| p.is_any(&words.near_chip)) || memory_gb(memory).is_some() || counted || led || consists
}

/// A TPU slice behind its generation: `TPU v3-8` has 4 chips, because suffixes count TensorCores up to v4 and in v5p, and chips in
/// v5e and v6e (Google Cloud TPU documentation, quoted in tpu_power_google_docs.csv).
fn slice<'r>(pieces: &[Piece], from: usize, to: usize, chip: &'r Accelerator) -> Mention<'r> {
    let whole = Mention { from, to, chip, per_unit: 1, is_unit: false, is_machine: false, kind: None, assumption: None };
    let Some(per_core) = chip.cores_per_slice_unit() else { return whole };
    match pieces.get(to) {
        Some(suffix) if suffix.is_number() && suffix.after_hyphen && to > 0 => match slice_chips(&suffix.lower, per_core) {
            Some(chips) => Mention { to: to + 1, per_unit: chips, is_unit: true, ..whole },
            None => whole,
        },
        _ => whole,
    }
}

/// `v3-8`, `v5litepod-16` without the word TPU before it.
fn slice_alone<'r>(accelerators: &'r Accelerators, pieces: &[Piece], from: usize) -> Option<Mention<'r>> {
    let [v, generation, ..] = pieces.get(from..)? else { return None };
    if !v.is("v") || !generation.is_number() || generation.word != v.word || !starts_cleanly(pieces, from) {
        return None;
    }
    let kind = pieces.get(from + 2).filter(|p| p.word == v.word && ["e", "p", "litepod", "i"].contains(&p.lower.as_str()));
    let suffix_at = from + 2 + usize::from(kind.is_some());
    let suffix = pieces.get(suffix_at).filter(|p| p.is_number() && p.after_hyphen)?;
    let letter = kind.map_or("", |k| if k.is("litepod") { "e" } else { k.lower.as_str() });
    let Some(Named::Chip(chip)) = accelerators.by_alias(&format!("tpuv{}{letter}", generation.lower)) else { return None };
    let chips = slice_chips(&suffix.lower, chip.cores_per_slice_unit()?)?;
    Some(Mention { from, to: suffix_at + 1, chip, per_unit: chips, is_unit: true, is_machine: false, kind: None, assumption: None })
}

fn slice_chips(suffix: &str, per_chip: u32) -> Option<u32> {
    let n: u32 = suffix.parse().ok()?;
    (n > 0 && n <= 16_384 && n.is_multiple_of(per_chip)).then_some(n / per_chip)
}

/// The chips that an alias can mean when it names a kind of chip and no generation of it.
fn kind_of(key: &str) -> Option<&'static [&'static str]> {
    vocabulary::hardware().kinds.iter().find(|kind| kind.aliases.contains(&key)).map(|kind| kind.chips.list())
}
