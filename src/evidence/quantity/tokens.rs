//! A text cut into words, numbers and signs.
//!
//! A text is cut once; everything else reads these tokens by position and never looks further than a few of them, so that the work is
//! linear in the text.

use super::cjk::cjk_numeral;
use super::digits::{DecimalSign, encloses_number, number_end, parse_number, settle};
use super::words::word_end;
use crate::vocabulary::{Lists, Union, Words, lists_with};
use std::borrow::Cow;

/// Kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// ASCII digits with separators and exponent.
    Number,
    /// Letters of one script; `_` inside; `CO2` with what follows is one word.
    Word,
    /// Superscript digits.
    Power,
    /// Anything else that is no space.
    Sign,
}

/// A word, number or sign.
#[derive(Clone, Debug, PartialEq)]
pub struct Token<'t> {
    /// Kind.
    pub kind: Kind,
    /// Lower case.
    pub text: Cow<'t, str>,
    /// First byte in the text.
    pub from: usize,
    /// Byte after the last.
    pub to: usize,
    /// Value of a number that can be read.
    pub value: Option<f64>,
    /// Whether nothing lies between it and the token before.
    pub glued: bool,
    /// Whether it begins with an upper-case letter.
    pub upper: bool,
    /// The lists of the vocabulary that it stands in.
    lists: Lists,
}

/// A list that a token may be one of.
pub trait OneOf {
    /// Whether a token is one of the list's.
    fn holds(&self, token: &Token<'_>) -> bool;
}

impl OneOf for Words {
    fn holds(&self, token: &Token<'_>) -> bool {
        Words::holds(*self, &token.text, token.lists)
    }
}

impl OneOf for Union {
    fn holds(&self, token: &Token<'_>) -> bool {
        Union::holds(self, &token.text, token.lists)
    }
}

impl OneOf for [&str] {
    fn holds(&self, token: &Token<'_>) -> bool {
        self.contains(&token.text.as_ref())
    }
}

impl<const N: usize> OneOf for [&str; N] {
    fn holds(&self, token: &Token<'_>) -> bool {
        self.contains(&token.text.as_ref())
    }
}

impl<'t> Token<'t> {
    /// A token over some bytes, without a value, in lower case.
    fn new(kind: Kind, text: Cow<'t, str>, (from, to): (usize, usize), glued: bool) -> Self {
        let lists = lists_with(&text);
        Self { kind, text, from, to, value: None, glued, upper: false, lists }
    }

    /// Whether it is this text, given in lower case.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.text.as_ref() == text
    }

    /// Whether the vocabulary knows it, as a word of a list or of a number: what does not is no unit and no number.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.lists.are_any()
    }

    /// Whether it is one of these.
    #[must_use]
    pub fn is_any<L: OneOf + ?Sized>(&self, list: &L) -> bool {
        list.holds(self)
    }
}

/// Text of a token; empty beyond the end.
#[must_use]
pub fn text_at<'a>(ts: &'a [Token<'_>], i: usize) -> &'a str {
    ts.get(i).map_or("", |t| t.text.as_ref())
}

/// Text of the token `back` places before `i`; empty before the start.
#[must_use]
pub fn text_before<'a>(ts: &'a [Token<'_>], i: usize, back: usize) -> &'a str {
    i.checked_sub(back).map_or("", |at| text_at(ts, at))
}

/// The tokens `from..to`, cut to what there is.
#[must_use]
pub fn span<'a, 't>(ts: &'a [Token<'t>], from: usize, to: usize) -> &'a [Token<'t>] {
    let to = to.min(ts.len());
    ts.get(from.min(to)..to).unwrap_or_default()
}

/// The first of the characters of Chinese, Japanese and Korean (radicals).
const FIRST_CJK: u32 = 0x2e80;

/// Whether a character is of Chinese, Japanese or Korean, or of a script behind them.
#[must_use]
pub fn is_eastern(c: char) -> bool {
    u32::from(c) >= FIRST_CJK
}

/// Cuts a text.
#[must_use]
pub fn lex(text: &str) -> Vec<Token<'_>> {
    lex_in(text, DecimalSign::Unknown)
}

/// Bytes of a token and the space behind it, about: room is made for so many at once.
const BYTES_OF_TOKEN: usize = 5;
/// Most tokens that room is made for before there is one.
const MOST_AT_ONCE: usize = 1024;

/// Cuts a text of a card; `sign` is the card's decimal sign, for numbers of which the text itself does not tell.
#[must_use]
pub fn lex_in(text: &str, sign: DecimalSign) -> Vec<Token<'_>> {
    let mut out: Vec<Token<'_>> = Vec::with_capacity((text.len() / BYTES_OF_TOKEN + 1).min(MOST_AT_ONCE));
    let mut at = 0;
    let mut glued = false;
    let mut in_formula = false;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let whole = plain_word(text, at, glued);
        if let Some(token) = whole.or_else(|| ascii_digit(c).map(|_| number_of_another_script(text, at, glued))) {
            (at, glued) = (token.to, true);
            out.push(token);
            continue;
        }
        if separates(text, at, c) {
            at += c.len_utf8();
            glued = false;
            continue;
        }
        let set = if matches!(c, '\\' | '$') { markup(text, at, &mut in_formula, glued) } else { None };
        if let Some(Markup { len, sign }) = set {
            if let Some(sign) = sign {
                out.push(Token::new(Kind::Sign, Cow::Borrowed(sign), (at, at + len), glued));
            }
            glued = glued && sign.is_some();
            at += len;
            continue;
        }
        let from = at;
        let (mut value, mut marked) = (None, false);
        let kind = if c.is_ascii_digit() || (c == '.' && begins_number(text, at)) {
            at = number_end(text, at);
            value = parse_number(text.get(from..at).unwrap_or_default(), DecimalSign::Unknown);
            Kind::Number
        } else if multiplies(text, at, out.last()) {
            at += 1;
            Kind::Word
        } else if c.is_alphabetic() {
            (at, marked) = word_end(text, at, is_latin(c));
            if push_numeral(&mut out, text, (from, at), glued) {
                at = out.last().map_or(at, |t| t.to);
                glued = true;
                continue;
            }
            Kind::Word
        } else if superscript(c).is_some() {
            let (power, to) = superscript_number(text, at);
            (value, at) = (Some(power), to);
            Kind::Power
        } else {
            at += c.len_utf8();
            Kind::Sign
        };
        let written = text.get(from..at).unwrap_or_default();
        let text = if marked { Cow::Owned(without_markup(written)) } else { lower(written) };
        out.push(Token { value, upper: c.is_uppercase(), ..Token::new(kind, text, (from, at), glued) });
        glued = true;
    }
    settle(&mut out, sign);
    out
}

/// The word of ASCII letters that begins at a byte: most words of most cards, for which nothing else need be asked. None where more is to be
/// said: of an x between numbers and names, a gas with its 2, a megatonne, letters that others with marks follow.
fn plain_word(text: &str, from: usize, glued: bool) -> Option<Token<'_>> {
    let bytes = text.as_bytes();
    let letter = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
    if !letter(from) || matches!(bytes.get(from), Some(b'x' | b'X')) {
        return None;
    }
    let mut at = from + 1;
    while letter(at) || (bytes.get(at) == Some(&b'_') && letter(at + 1)) {
        at += 1;
    }
    let word = text.get(from..at)?;
    let is_gas = word.len() > 1 && word.get(word.len() - 2..).is_some_and(|end| end.eq_ignore_ascii_case("co"));
    if is_gas || word.starts_with(MEGATONNE) || !bytes.get(at).is_none_or(u8::is_ascii) {
        return None;
    }
    let has_upper = word.bytes().any(|b| b.is_ascii_uppercase());
    let lower = if has_upper { Cow::Owned(word.to_ascii_lowercase()) } else { Cow::Borrowed(word) };
    let upper = bytes.get(from).is_some_and(u8::is_ascii_uppercase);
    Some(Token { upper, ..Token::new(Kind::Word, lower, (from, at), glued) })
}

/// "耗时三天": the number is cut out of its word, the bytes `from..to` of the text. Returns whether there was one; what stands before it and
/// itself are tokens then.
fn push_numeral<'t>(out: &mut Vec<Token<'t>>, text: &'t str, (from, to): (usize, usize), glued: bool) -> bool {
    let Some(word) = text.get(from..to).filter(|word| word.starts_with(is_eastern)) else { return false };
    let Some(numeral) = cjk_numeral(word) else { return false };
    let (start, end) = (from + numeral.from, from + numeral.to);
    if let Some(before) = text.get(from..start).filter(|before| !before.is_empty()) {
        out.push(Token::new(Kind::Word, lower(before), (from, start), glued));
    }
    let digits = Cow::Owned(numeral.value.to_string());
    let glued = glued || start > from;
    out.push(Token { value: Some(numeral.value), ..Token::new(Kind::Number, digits, (start, end), glued) });
    true
}

/// Space, and what is left of the space `\,` of a formula when Markdown has taken its backslash away.
fn separates(text: &str, at: usize, c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | '!') && text.get(at + 1..).is_some_and(|rest| rest.starts_with('\\'))
}

/// A command of a formula, or its end.
struct Markup {
    /// Its bytes.
    len: usize,
    /// The sign that it stands for; none where it says how something is set.
    sign: Option<&'static str>,
}

/// Commands of formulas that stand for a sign.
const SIGNS: [(&str, &str); 8] =
    [("times", "×"), ("cdot", "·"), ("approx", "≈"), ("simeq", "≃"), ("sim", "~"), ("div", "/"), ("pm", "±"), ("Rightarrow", "⇒")];
/// Commands that say how something is set.
const SETTING: [&str; 16] = [
    "mathrm",
    "text",
    "textrm",
    "textbf",
    "mathbf",
    "mathit",
    "mathsf",
    "mathtt",
    "rm",
    "mbox",
    "operatorname",
    "textsubscript",
    "quad",
    "qquad",
    "left",
    "right",
];

/// What formulas write between numbers, units and signs: `\mathrm{`, `\times`, `\,`, and the `$` behind it all.
fn markup(text: &str, at: usize, in_formula: &mut bool, glued: bool) -> Option<Markup> {
    let rest = text.get(at..)?;
    if rest.starts_with("$$") {
        return Some(Markup { len: 2, sign: None });
    }
    let Some(command) = rest.strip_prefix('\\') else {
        let next = rest.chars().nth(1);
        // "$6.3 \times 10^{21}$": the second sign is no currency.
        let ends = *in_formula && glued && !next.is_some_and(|c| c.is_ascii_digit());
        // "进行了$20$万次": in scripts without spaces a formula begins behind a word.
        let begins = !glued || text.get(..at).and_then(|before| before.chars().next_back()).is_some_and(is_eastern);
        *in_formula = !ends && begins && next.is_some_and(|c| !c.is_whitespace());
        return (ends || (*in_formula && (glued || encloses_number(rest)))).then_some(Markup { len: 1, sign: None });
    };
    if command.starts_with([',', ';', ':', '!', ' ', '\u{a0}']) {
        return Some(Markup { len: 1 + command.chars().next().map_or(0, char::len_utf8), sign: None });
    }
    let name = command.get(..command.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(command.len()))?;
    if let Some((_, sign)) = SIGNS.iter().find(|(known, _)| *known == name) {
        return Some(Markup { len: 1 + name.len(), sign: Some(sign) });
    }
    let brace = usize::from(command.get(name.len()..).is_some_and(|rest| rest.starts_with('{')));
    SETTING.contains(&name).then_some(Markup { len: 1 + name.len() + brace, sign: None })
}

/// The digit that one of another script stands for: Arabic, Persian, Devanagari, Bengali, Thai, full-width.
pub(super) fn ascii_digit(c: char) -> Option<char> {
    const ZEROS: [u32; 6] = [0x660, 0x6f0, 0x966, 0x9e6, 0xe50, 0xff10];
    if c.is_ascii() {
        return None;
    }
    let code = u32::from(c);
    let zero = ZEROS.into_iter().find(|zero| (*zero..*zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

/// A number in digits of another script.
fn number_of_another_script(text: &str, from: usize, glued: bool) -> Token<'_> {
    let (digits, to) = ascii_digits(text, from);
    let value = parse_number(&digits, DecimalSign::Unknown);
    Token { value, ..Token::new(Kind::Number, Cow::Owned(digits), (from, to), glued) }
}

/// A number in digits of another script as one in ours, and the byte behind it.
fn ascii_digits(text: &str, from: usize) -> (String, usize) {
    let mut out = String::new();
    let mut to = from;
    let mut chars = text.get(from..).unwrap_or_default().char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let more = chars.peek().is_some_and(|(_, next)| ascii_digit(*next).is_some());
        let sign = match c {
            '٫' | '.' if more => Some('.'),
            '٬' | ',' if more => Some(','),
            _ => None,
        };
        let Some(c) = ascii_digit(c).map_or(sign, Some) else { break };
        out.push(c);
        to = from + at + text.get(from + at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    }
    (out, to)
}

/// Whether the letter x between a number and a name is a sign: `8xA100`.
fn multiplies(text: &str, at: usize, before: Option<&Token<'_>>) -> bool {
    let Some(name) = text.get(at..).and_then(|rest| rest.strip_prefix(['x', 'X'])) else { return false };
    let letters = name.chars().take_while(char::is_ascii_alphabetic).count();
    let is_name = name.starts_with(|c: char| c.is_ascii_uppercase())
        || ((1..=2).contains(&letters) && name.chars().nth(letters).is_some_and(|c| c.is_ascii_digit()));
    is_name && before.is_some_and(|t| t.kind == Kind::Number && t.to == at)
}

/// Whether a point begins a number: `= .96`.
fn begins_number(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    text.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit)
        && before.is_none_or(|c| c.is_whitespace() || matches!(c, '=' | '(' | '~' | '≈' | '<' | '>' | ':' | '*' | '×' | '$'))
}

/// Letters of Latin script, with or without marks on them.
pub(super) fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic() || (c.is_alphabetic() && matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}'))
}

/// Whether a word is written in Latin letters.
#[must_use]
pub fn is_latin_word(word: &str) -> bool {
    word.starts_with(is_latin)
}

/// A megatonne by its letters: "Mt", "MtCO2e". Lower case would make it the "mt" and "MT" of metric tons.
const MEGATONNE: &str = "Mt";

fn lower(written: &str) -> Cow<'_, str> {
    if let Some(gas) = written.strip_prefix(MEGATONNE).filter(|gas| gas.is_empty() || gas.starts_with("CO")) {
        return Cow::Owned(format!("megat{}", gas.to_lowercase().replace('₂', "2")));
    }
    if written.chars().any(|c| c.is_uppercase() || c == '₂') {
        Cow::Owned(written.to_lowercase().replace('₂', "2"))
    } else {
        Cow::Borrowed(written)
    }
}

/// `kgCO$_2$eq` is `kgco2eq`.
fn without_markup(written: &str) -> String {
    written
        .chars()
        .map(|c| if matches!(c, '₂' | '²') { '2' } else { c })
        .filter(|c| c.is_alphanumeric())
        .collect::<String>()
        .to_lowercase()
}

fn superscript(c: char) -> Option<u8> {
    Some(match c {
        '⁰' => 0,
        '¹' => 1,
        '²' => 2,
        '³' => 3,
        '⁴' => 4,
        '⁵' => 5,
        '⁶' => 6,
        '⁷' => 7,
        '⁸' => 8,
        '⁹' => 9,
        _ => return None,
    })
}

/// A number in superscript digits, and the byte behind it.
fn superscript_number(text: &str, from: usize) -> (f64, usize) {
    let (mut number, mut at) = (0.0, from);
    while let Some((digit, len)) = next_superscript(text, at) {
        number = number * 10.0 + f64::from(digit);
        at += len;
    }
    (number, at)
}

fn next_superscript(text: &str, at: usize) -> Option<(u8, usize)> {
    let c = text.get(at..)?.chars().next()?;
    superscript(c).map(|digit| (digit, c.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::tests::cards_of_the_kinds;
    use proptest::prelude::*;

    /// A plain word is what the rules for all words make of it.
    fn check_plain_words(text: &str) {
        for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
            let Some(token) = plain_word(text, at, false) else { continue };
            let (to, marked) = word_end(text, at, true);
            let upper = text[at..].starts_with(char::is_uppercase);
            let slow = Token { upper, ..Token::new(Kind::Word, lower(&text[at..to]), (at, to), false) };
            assert_eq!((token, marked), (slow, false), "{text}");
        }
    }

    #[test]
    fn plain_words_of_cards_are_words() {
        cards_of_the_kinds().iter().for_each(|card| check_plain_words(card));
        assert!(plain_word("tokens", 0, false).is_some() && plain_word("kgCO2", 0, false).is_none());
    }

    proptest! {
        #[test]
        fn plain_words_are_words(text in "(co|CO|Mt|Mtco|[a-zA-Zxé_ 0-9.₂²{-]){0,12}") {
            check_plain_words(&text);
        }
    }
}
