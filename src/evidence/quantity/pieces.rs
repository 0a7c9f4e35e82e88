//! Text cut at every change between letters, digits and signs, for readers that look for names with numbers glued to them.

use super::cjk::cjk_count;
use super::tokens::{ascii_digit, is_latin};
use std::borrow::Cow;

/// A run of letters, a run of digits, or one sign.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Lower case; thousands separators removed from numbers.
    pub lower: String,
    /// Number of the word (a run without spaces or punctuation) it stands in.
    pub word: usize,
    /// Whether it begins with a lower-case letter in the text.
    pub starts_lowercase: bool,
    /// Whether only a hyphen lies between it and the piece before.
    pub after_hyphen: bool,
}

impl Piece {
    /// Whether it is this word, given in lower case.
    #[must_use]
    pub fn is(&self, word: &str) -> bool {
        self.lower == word
    }

    /// Whether it is one of these words, given in lower case.
    #[must_use]
    pub fn is_any(&self, words: &[&str]) -> bool {
        words.contains(&self.lower.as_str())
    }

    /// A run of digits.
    #[must_use]
    pub fn is_number(&self) -> bool {
        self.lower.bytes().all(|b| b.is_ascii_digit())
    }

    /// One sign.
    #[must_use]
    pub fn is_sign(&self) -> bool {
        self.lower.chars().all(|c| !c.is_alphanumeric())
    }

    /// A multiplication sign, also as the letter x.
    #[must_use]
    pub fn is_times(&self) -> bool {
        matches!(self.lower.as_str(), "x" | "×" | "*")
    }

    /// A number of things.
    #[must_use]
    pub fn count(&self) -> Option<u32> {
        if self.is_number() { self.lower.parse().ok().filter(|n| *n > 0) } else { None }
    }
}

/// Signs that mean something; every other one only separates.
const SIGNS: &[char] = &['×', '*', '/', '(', ')', ',', ';', '+', '&', '|', ':'];

/// Cuts a text.
#[must_use]
pub fn cut_pieces(text: &str) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    let mut word = 0;
    let mut separators = String::new();
    let text = with_ascii_digits(text);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() {
            let digits = c.is_ascii_digit();
            // Chinese, Japanese and Korean write no spaces: `32个NVIDIA A100显卡` changes its word with its script.
            let latin = is_latin_sign(c);
            let other_script = out.last().is_some_and(|p| p.lower.starts_with(is_latin_sign) != latin);
            if !separators.is_empty() || other_script {
                word += 1;
            }
            let mut run: String = c.to_lowercase().collect();
            // The x of `8xA100` multiplies: it is a piece of its own.
            let multiplies = matches!(c, 'x' | 'X' | '×') && separators.is_empty() && out.last().is_some_and(Piece::is_number);
            while let Some(&next) = chars.peek() {
                let belongs = !multiplies
                    && if digits { next.is_ascii_digit() } else { next.is_alphabetic() && is_latin_sign(next) == latin };
                if belongs {
                    run.extend(next.to_lowercase());
                    chars.next();
                } else if digits && next == ',' && thousands_follow(&chars) && run.len() <= 3 + 4 {
                    chars.next();
                } else {
                    break;
                }
            }
            let after_hyphen = separators == "-";
            let piece = |lower: String, word| Piece { lower, word, starts_lowercase: c.is_lowercase(), after_hyphen };
            // "4卡训练": the counter of cards, and what they do.
            if let Some(rest) = run.strip_prefix('卡').filter(|rest| !rest.is_empty() && separators.is_empty())
                && out.last().is_some_and(Piece::is_number)
            {
                out.push(piece("卡".to_owned(), word));
                run = rest.to_owned();
            }
            match cjk_count(&run) {
                Some((before, n, behind)) => {
                    out.extend((!before.is_empty()).then(|| piece(before.to_owned(), word)));
                    word += 1;
                    out.push(piece(n.to_string(), word));
                    out.push(piece(behind.to_owned(), word));
                }
                None => out.push(piece(run, word)),
            }
            separators.clear();
        } else {
            if SIGNS.contains(&c) {
                word += 1;
                out.push(Piece { lower: c.to_string(), word, starts_lowercase: false, after_hyphen: false });
            }
            separators.push(c);
        }
    }
    out
}

/// A sign of ASCII, or a letter of Latin script with a mark on it.
fn is_latin_sign(c: char) -> bool {
    c.is_ascii() || is_latin(c)
}

/// The text with digits of other scripts as ours.
fn with_ascii_digits(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.chars().any(|c| ascii_digit(c).is_some()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| ascii_digit(c).unwrap_or(c)).collect())
}

/// Exactly three digits after the comma, and no fourth.
fn thousands_follow(chars: &std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    let digits = chars.clone().skip(1).take_while(char::is_ascii_digit).take(4).count();
    digits == 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_every_change() {
        let cut = |text: &str| cut_pieces(text).into_iter().map(|p| p.lower).collect::<Vec<_>>();
        assert_eq!(cut("8xA100-80GB"), ["8", "x", "a", "100", "80", "gb"]);
        assert_eq!(cut("1,024 TPUs (v3-8)"), ["1024", "tpus", "(", "v", "3", "8", ")"]);
        assert_eq!(cut("10,20 and 1,2345"), ["10", ",", "20", "and", "1", ",", "2345"]);
        assert!(cut_pieces("v3-8")[2].after_hyphen && !cut_pieces("v3 - 8")[2].after_hyphen);
        assert_eq!(cut("۸ plăci A100"), ["8", "plăci", "a", "100"]);
        assert_eq!(cut("我用两张4090"), ["我用", "2", "张", "4090"]);
        assert_eq!(cut("十六张A100"), ["16", "张", "a", "100"]);
        assert_eq!(cut("一个模型"), ["一个模型"]);
        assert!(cut_pieces("").is_empty());
    }
}
