//! The tokens of a name, and what kinds of numbers among them mean.

use super::memo::Memo;
use compact_str::CompactString;
use std::cell::RefCell;
use std::rc::Rc;

/// A word of a name. Nearly all have less than 25 letters, which need no memory of their own.
pub type Token = CompactString;

thread_local! {
    static LAST: RefCell<Memo<Rc<[Token]>>> = RefCell::default();
}

/// Tokens of a repository name, lower case. A version written with an underscore (`llama-3_1`, `internlm2_5`) is one.
#[must_use]
pub fn tokens(name: &str) -> Rc<[Token]> {
    LAST.with_borrow_mut(|last| last.get(name, |name| split(name).into()))
}

fn split(name: &str) -> Vec<Token> {
    let bytes = name.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let alphanumeric = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let is_point = |at: usize| {
        let alone = at >= 1 && digit(at - 1) && !(at >= 2 && digit(at - 2));
        bytes[at] == b'_' && alone && digit(at + 1) && !alphanumeric(at + 2)
    };
    let mut tokens = Vec::with_capacity(8);
    let mut token = String::with_capacity(name.len());
    for (at, c) in name.char_indices() {
        match c {
            '_' if is_point(at) => token.push('.'),
            '-' | '_' | ' ' if token.is_empty() => {}
            '-' | '_' | ' ' => {
                tokens.push(Token::new(&token));
                token.clear();
            }
            c if c.is_ascii() => token.push(c.to_ascii_lowercase()),
            c => token.extend(c.to_lowercase()),
        }
    }
    if !token.is_empty() {
        tokens.push(Token::new(&token));
    }
    tokens
}

/// Dates as people append them: 0528, 2507, 20240611, 240611.
pub(super) fn is_date(token: &str) -> bool {
    [4, 6, 8].contains(&token.len()) && token.bytes().all(|b| b.is_ascii_digit())
}

/// Context lengths (`32k`, `128K`): variants of one pre-training.
pub(super) fn is_context_length(token: &str) -> bool {
    token.strip_suffix('k').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Tokens seen (`3T`), as checkpoints of one run are named by.
pub(super) fn is_token_count(token: &str) -> bool {
    token.strip_suffix('t').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

/// Minor versions (`v0.1`, `v1.1`): repositories of one pre-training. A whole version (`v2`) is another model.
pub(super) fn is_minor_version(token: &str) -> bool {
    token.strip_prefix('v').is_some_and(|rest| rest.contains('.') && rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

/// Words that two names share.
#[must_use]
pub fn shared_words(a: &str, b: &str) -> usize {
    let b = tokens(b);
    tokens(a).iter().filter(|t| b.contains(t)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More names than are kept, some twice: each gets its own tokens.
    #[test]
    fn tokens_belong_to_their_name() {
        for i in (0..200).chain(0..200) {
            assert_eq!(*tokens(&format!("Model-{i}B")), ["model".to_owned(), format!("{i}b")]);
        }
    }

    #[test]
    fn versions_with_an_underscore_are_one_token() {
        assert_eq!(*tokens("naps-llama-3_1-instruct"), ["naps", "llama", "3.1", "instruct"]);
        assert_eq!(*tokens("internlm2_5-20b-chat"), ["internlm2.5", "20b", "chat"]);
        assert_eq!(*tokens("chemeng_16_4_100_1_x"), ["chemeng", "16", "4", "100", "1", "x"]);
        assert_eq!(*tokens("Llama_3_8b"), ["llama", "3", "8b"]);
    }
}
