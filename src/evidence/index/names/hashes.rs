//! Hashes and UUIDs in names, whose digits are no sizes: training services name adapters so.

use super::{Word, active, plain};

/// Lengths of the groups of a UUID.
const UUID: [usize; 5] = [8, 4, 4, 4, 12];
/// A group of so many hexadecimal digits, letters among them, is a hash and no word.
const HASH: usize = 6;
/// A number format whose letters are hexadecimal digits.
const NUMBER_FORMAT: &str = "bf16";
/// Shorter groups of a hash beside others.
const GROUP: usize = 4;

/// Whether a word is a part of a hash or stands in a row of hexadecimal groups that has one. A plain size (`7b`) before a hash is the size
/// of what stands before it (`llama-7b-3f2a1c9`).
pub(super) fn is_in_hash(words: &[Word<'_>], at: usize) -> bool {
    let is_hex = |i: usize| words.get(i).is_some_and(|w| w.text.bytes().all(|b| b.is_ascii_hexdigit()));
    if !is_hex(at) {
        return false;
    }
    let from = (0..at).rev().take_while(|i| is_hex(*i)).last().unwrap_or(at);
    let to = (at + 1..words.len()).take_while(|i| is_hex(*i)).last().unwrap_or(at) + 1;
    let row = words.get(from..to).unwrap_or_default();
    let offset = at - from;
    let lengths: Vec<usize> = row.iter().map(|w| w.text.len()).collect();
    let is_uuid = lengths.windows(UUID.len()).enumerate().any(|(i, w)| w == UUID && (i..i + UUID.len()).contains(&offset));
    if is_uuid {
        return true;
    }
    let has_hash = row.iter().enumerate().any(|(i, w)| i != offset && is_hash(w.text));
    let follows_a_word = from > 0 && row.iter().take(offset).all(|w| w.text.len() <= 2);
    has_hash && !(follows_a_word && is_plain_billions(row[offset].text))
}

/// Hexadecimal digits that are neither a number, nor a word, nor a size.
fn is_hash(text: &str) -> bool {
    if text.eq_ignore_ascii_case(NUMBER_FORMAT) {
        return false;
    }
    let mixed = text.bytes().any(|b| b.is_ascii_digit()) && text.bytes().any(|b| b.is_ascii_alphabetic());
    mixed && (text.len() >= HASH || text.len() >= GROUP && plain(text).is_none() && active(text).is_none())
}

/// `7b`, `70B`: not `12b3`.
fn is_plain_billions(text: &str) -> bool {
    text.len() <= 4 && text.strip_suffix(['b', 'B']).is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
}
