//! Chips that the reference table does not have: "8 NVIDIA H30 GPUs", "Enflame S90".

use crate::evidence::quantity::pieces::{Piece, cut_pieces};
use crate::evidence::vocabulary;

/// Letters of the series of a chip, at most: "BR104", "SN40L".
const SERIES: usize = 4;
/// Digits of its number: one is a version.
const DIGITS: std::ops::RangeInclusive<usize> = 2..=5;

/// The name of a chip in a text that names none of the table: a word of letters and digits before a word for devices, or behind its maker.
#[must_use]
pub fn unknown_chip(text: &str) -> Option<String> {
    let pieces = cut_pieces(text);
    let words = vocabulary::hardware();
    (0..pieces.len()).find_map(|at| {
        let to = designator(&pieces, at)?;
        let next = pieces.get(to).filter(|p| p.word != pieces[to - 1].word);
        let is_device = next.is_some_and(|p| p.is_any(&words.unknown_devices));
        let maker = at
            .checked_sub(1)
            .filter(|before| pieces[*before].is_any(&words.unknown_makers) && pieces[*before].word != pieces[at].word);
        let from = maker.unwrap_or(at);
        (is_device || maker.is_some()).then(|| written(&pieces[from..to]))
    })
}

/// The piece behind a word of a few capital letters and a number, which begins at a piece: "H30", "SN40L", "BI-V150".
fn designator(pieces: &[Piece], at: usize) -> Option<usize> {
    let (letters, number) = (pieces.get(at)?, pieces.get(at + 1)?);
    let is_series =
        letters.lower.is_ascii() && letters.lower.len() <= SERIES && letters.lower.bytes().all(|b| b.is_ascii_alphabetic());
    let begins = at == 0 || pieces[at - 1].word != letters.word;
    let is_numbered = number.is_number() && DIGITS.contains(&number.lower.len()) && number.word == letters.word;
    if !(is_series && begins && is_numbered) || letters.starts_lowercase || letters.is("x") {
        return None;
    }
    let ends = pieces.get(at + 2).filter(|p| p.word == letters.word);
    let is_suffix = ends.is_none_or(|p| p.lower.len() == 1 && !p.is_number());
    is_suffix.then_some(at + 2 + usize::from(ends.is_some()))
}

/// The pieces as a name.
fn written(pieces: &[Piece]) -> String {
    let mut out = String::new();
    for (i, p) in pieces.iter().enumerate() {
        if i > 0 && pieces[i - 1].word != p.word {
            out.push(' ');
        }
        out.push_str(&p.lower.to_uppercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::unknown_chip;

    #[test]
    fn names_before_a_word_for_devices_or_behind_a_maker() {
        for (text, chip) in [
            ("Trained on 8 NVIDIA H30 GPUs for 12 hours.", Some("NVIDIA H30")),
            ("8 SN40L RDUs", Some("SN40L")),
            ("trained on Enflame S90 cards", Some("ENFLAME S90")),
            ("We used 8 GPUs of our cluster", None),
            ("an 8B model on GPUs", None),
            ("the MMLU57 benchmark", None),
            ("x86 GPU server", None),
        ] {
            assert_eq!(unknown_chip(text).as_deref(), chip, "{text}");
        }
    }
}
