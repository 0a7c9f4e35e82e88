//! Settings in code: `--key=value`, `key: value`, `"key": value`, `Key words = value | Next words = value`, several on a line.

use super::keys::{RecipeKey, recipe_key};
use crate::evidence::card::parse::pair::{norm_key, split_pair};

/// Settings of one line that are read.
const MAX_OF_LINE: usize = 40;

/// A setting in a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting<'c> {
    /// What its key holds.
    pub key: RecipeKey,
    /// Its value.
    pub value: &'c str,
    /// First byte of its key in the line.
    pub from: usize,
    /// Byte behind its value.
    pub to: usize,
}

/// The settings of a line whose keys are of recipes.
#[must_use]
pub fn settings(line: &str) -> Vec<Setting<'_>> {
    let mut out = worded(line);
    if out.is_empty() {
        identifiers(line, &mut out);
    }
    out
}

/// The settings that a line of text holds: as code does, their sign glued to their key (`model.train(epochs=300, batch=32)`), or several
/// in a row ("epochs = 8, batch size = 24 | lr: 3e-5").
#[must_use]
pub fn settings_in_text(line: &str) -> Vec<Setting<'_>> {
    let mut out = Vec::new();
    if line.contains(['=', '_']) {
        identifiers(line, &mut out);
    }
    // "gradient_accumulation_steps 2": names of code are read with nothing between them and their value, too.
    let is_glued = |s: &Setting<'_>| {
        let key = line.get(s.from..).and_then(|rest| rest.split(['=', ' ']).next()).unwrap_or_default();
        let signed = line.get(s.from..).and_then(|rest| rest.get(key.len()..)).is_some_and(|rest| rest.starts_with('='));
        (signed || key.contains('_')) && !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    };
    out.retain(is_glued);
    let row = in_a_row(line);
    if row.len() > out.len() { row } else { out }
}

/// Settings in a row, two at least, between commas or bars.
fn in_a_row(line: &str) -> Vec<Setting<'_>> {
    let mut out = Vec::new();
    let mut at = 0;
    if line.bytes().filter(|b| matches!(b, b':' | b'=')).take(2).count() < 2 {
        return out;
    }
    for piece in line.split([',', ';', '|', '·', '•']).take(MAX_OF_LINE) {
        let (from, to) = (at, at + piece.len());
        at = to + line.get(to..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let Some(sign) = piece.rfind([':', '=']) else { continue };
        let (key, value) = (piece.get(..sign).unwrap_or_default(), piece.get(sign + 1..).unwrap_or_default());
        let key = key.rsplit([':', '(', '=']).next().unwrap_or(key);
        if let Some(key) = recipe_key(&norm_key(key)).filter(|_| !value.trim().is_empty()) {
            out.push(Setting { key, value: value.trim().trim_end_matches('.'), from, to });
        }
    }
    let several = out.len() > 1;
    out.retain(|_| several);
    out
}

/// Pieces between bars whose key is words: what trainers print.
fn worded(line: &str) -> Vec<Setting<'_>> {
    let mut out = Vec::new();
    let mut at = message_from(line);
    for piece in line.get(at..).unwrap_or_default().split('|').take(MAX_OF_LINE) {
        let (from, to) = (at, at + piece.len());
        at = to + 1;
        let Some((end, begin)) = split_pair(piece) else { continue };
        let Some((key, value)) = piece.get(..end).zip(piece.get(begin..)) else { continue };
        // Art at the left of a banner: "\\   /|".
        let words = key.trim_matches(|c: char| !c.is_alphanumeric());
        if !words.contains(' ') && words.is_ascii() {
            continue;
        }
        if let Some(key) = recipe_key(&norm_key(words)) {
            out.push(Setting { key, value: value.trim(), from, to });
        }
    }
    out
}

/// Where the message of a log begins: `[INFO|trainer.py:2135] >>   Num examples = 33,120`, `... - INFO - __main__ -   Num Epochs = 3`.
fn message_from(line: &str) -> usize {
    let marked = line.contains('>').then(|| line.find(">> ")).flatten().map(|at| at + 3);
    let named = || {
        // Most lines are no log's, and have no capital I.
        line.contains('I').then_some(())?;
        let info = line.find("INFO")?;
        Some(line.rfind(" - ").filter(|at| *at > info).map_or(info + 4, |at| at + 3))
    };
    marked.or_else(named).unwrap_or(0)
}

fn identifiers<'c>(line: &'c str, out: &mut Vec<Setting<'c>>) {
    let bytes = line.as_bytes();
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let mut at = 0;
    while at < bytes.len() && out.len() < MAX_OF_LINE {
        if !bytes.get(at).copied().is_some_and(is_name) {
            at += 1;
            continue;
        }
        let from = at;
        while bytes.get(at).copied().is_some_and(is_name) {
            at += 1;
        }
        let name = line.get(from..at).unwrap_or_default();
        let is_flag = name.starts_with("--");
        // Most words of code have no value behind them: they need no look-up.
        if !may_have_value(bytes, from, at, is_flag) {
            continue;
        }
        let found = value_behind(line, at, is_flag).or_else(|| value_in_pair(line, from, at));
        let Some((value, to)) = found else { continue };
        let Some(key) = recipe_key(&norm_key(name)) else { continue };
        // "LSTM 50 epochs : ~0.8 kg": the number stands before its noun.
        let passes = matches!(key, RecipeKey::Epochs | RecipeKey::LooseSteps | RecipeKey::Steps);
        let before = line.get(..from).unwrap_or_default();
        if passes && !before.contains(['=', '-', ':']) && before.split_whitespace().last().is_some_and(is_number) {
            continue;
        }
        out.push(Setting { key, value, from, to });
        at = to.max(at);
    }
}

/// Whether a word is a number and nothing else.
fn is_number(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','))
}

/// Whether a name may have a value behind it, by the bytes beside it: a sign behind quotes and spaces, a flag, two spaces, a space before a digit,
/// or the quote and bracket of a pair before it. Most words of code have none of these.
fn may_have_value(bytes: &[u8], from: usize, end: usize, is_flag: bool) -> bool {
    let at = |i: usize| bytes.get(i).copied().unwrap_or(b'\n');
    let skipped = |b: &&u8| matches!(b, b'"' | b'\'' | b'`') || b.is_ascii_whitespace() || **b == 0x0b;
    let behind = bytes.get(end..).unwrap_or_default().iter().find(|b| !skipped(b));
    let is_sign = behind.is_some_and(|b| matches!(b, b'=' | b':') || !b.is_ascii());
    let is_spaced = at(end) == b'\t' || (at(end) == b' ' && (at(end + 1) == b' ' || at(end + 1).is_ascii_digit()));
    let is_pair = from > 1 && matches!(at(from - 1), b'"' | b'\'') && at(from - 2) == b'(';
    is_sign || is_flag || is_spaced || is_pair
}

/// The value behind a key that ends at a byte, and the byte behind it.
fn value_behind(line: &str, end: usize, is_flag: bool) -> Option<(&str, usize)> {
    let rest = line.get(end..)?;
    let mut text = rest.trim_start_matches(['"', '\'', '`']).trim_start();
    match text.strip_prefix(['=', ':']) {
        Some(behind) => text = behind.trim_start(),
        None if is_flag && rest.starts_with(' ') => {}
        // "seq_len           2048": a configuration printed in columns.
        None if is_printed(line, end) => text = text.trim_start(),
        None if is_named_in_text(line, end) => text = text.trim_start(),
        None => return None,
    }
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let value = match quote {
        Some(mark) => text.get(1..)?.split(mark).next()?,
        None => product_of(text).or_else(|| text.split([' ', ',', ')', '}', '#', '\\', '\t']).next())?,
    };
    let from = value.as_ptr() as usize - line.as_ptr() as usize;
    (!value.is_empty()).then_some((value, from + value.len()))
}

/// The value of a pair, `('batch_size', 32)`, whose key is a name of code.
fn value_in_pair(line: &str, from: usize, end: usize) -> Option<(&str, usize)> {
    let quote = line.get(..from)?.strip_suffix(['\'', '"']).filter(|before| before.ends_with('('))?.len();
    let mark = line.get(quote..from)?;
    let value = line.get(end..)?.strip_prefix(mark)?.trim_start().strip_prefix(',')?.trim_start();
    let value = value.get(..value.find([')', ',', ' '])?)?;
    let at = value.as_ptr() as usize - line.as_ptr() as usize;
    (!value.is_empty()).then_some((value, at + value.len()))
}

/// Whether a name of code ends at a byte, and a number stands one space behind: "per_device_train_batch_size 16, ...".
fn is_named_in_text(line: &str, end: usize) -> bool {
    let name = line.get(..end).and_then(|before| before.rsplit([' ', ',', '(', '`']).next()).unwrap_or_default();
    let value = line.get(end..).and_then(|rest| rest.strip_prefix(' ')).unwrap_or_default();
    name.contains('_') && value.starts_with(|c: char| c.is_ascii_digit())
}

/// "5 * 8" at the beginning of a text: a product is one value.
fn product_of(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, ' ' | '*'))).unwrap_or(text.len());
    let product = text.get(..end)?.trim_end();
    let factors = product.split('*').map(str::trim);
    (product.contains('*') && factors.clone().all(|f| !f.is_empty() && f.bytes().all(|b| b.is_ascii_digit()))).then_some(product)
}

/// Whether a line is a key, some spaces and a number, and nothing else.
fn is_printed(line: &str, end: usize) -> bool {
    let (key, value) = (line.get(..end).unwrap_or_default(), line.get(end..).unwrap_or_default());
    // "gpus              16 (4 nodes x 4 A100)"
    let number = value.split_once(" (").map_or(value, |(number, _)| number).trim();
    let is_number = number.starts_with(|c: char| c.is_ascii_digit())
        && number.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '_' | 'e' | '-'));
    !key.trim().contains(' ') && (value.starts_with("  ") || value.starts_with('\t')) && is_number
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::tests::cards_of_the_kinds;

    /// A name that need not be looked at has no value.
    #[test]
    fn values_stand_beside_their_names() {
        let bytes = |line: &str, from: usize, end: usize| may_have_value(line.as_bytes(), from, end, false);
        for line in cards_of_the_kinds().iter().flat_map(|card| card.lines()) {
            let name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            for (from, word) in line.split(|c| !name(c)).map(|word| (word.as_ptr() as usize - line.as_ptr() as usize, word)) {
                let end = from + word.len();
                let value = value_behind(line, end, false).or_else(|| value_in_pair(line, from, end));
                assert!(value.is_none() || bytes(line, from, end), "{line}: {word}");
            }
        }
        assert!(!bytes("the batch size", 4, 9) && bytes("batch  32", 0, 5) && bytes("('batch', 32)", 2, 7));
    }

    fn found(line: &str) -> Vec<(RecipeKey, &str)> {
        settings(line).into_iter().map(|s| (s.key, s.value)).collect()
    }

    #[test]
    fn settings_as_code_writes_them() {
        use RecipeKey::{Accumulation, Batch, DeviceBatch, Epochs, Examples, Length, Other, Side, Steps, TotalBatch};
        for (line, settings) in [
            ("  --resolution=512 --train_batch_size=1 \\", vec![(Side, "512"), (Batch, "1")]),
            ("--max-seq-length 384 \\", vec![(Length, "384")]),
            ("    \"max_train_steps\": 1050,", vec![(Steps, "1050")]),
            ("sequence_len: 2048 # tokens", vec![(Length, "2048")]),
            (
                "args = TrainingArguments(per_device_train_batch_size = 2, gradient_accumulation_steps=4, max_steps=60)",
                vec![(DeviceBatch, "2"), (Accumulation, "4"), (Steps, "60")],
            ),
            ("   \\\\   /|    Num examples = 51,760 | Num Epochs = 1", vec![(Examples, "51,760"), (Epochs, "1")]),
            ("  Total train batch size (w. parallel, distributed & accumulation) = 64", vec![(TotalBatch, "64")]),
            ("{'batch_size': 64, 'sampler': 'RandomSampler'}", vec![(Batch, "64")]),
            ("learning_rate: 2e-05", vec![(Other, "2e-05")]),
            ("OrderedDict([('batch_size', 32),", vec![(Batch, "32")]),
            ("             ('learning_rate', 0.0001),", vec![(Other, "0.0001")]),
            ("[INFO|trainer.py:2135] >>   Num examples = 33,120", vec![(Examples, "33,120")]),
            ("2024-03-01 10:00:01 INFO Total optimization steps = 4,500", vec![(Steps, "4,500")]),
            ("05/01/2024 10:00:00 - INFO - __main__ -   Num Epochs = 3", vec![(Epochs, "3")]),
            ("the batch size was small", vec![]),
            ("batch_size_of_eval = 8", vec![]),
        ] {
            assert_eq!(found(line), settings, "{line}");
        }
    }
}
