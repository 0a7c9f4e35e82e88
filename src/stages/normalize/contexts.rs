//! Contexts of a card's readings as texts: hundreds of contexts of a card answer the same few questions, so these stand there once.
//!
//! The first text of a card's first row begins with `?` and has a question on each line behind it. Every other is a role, `:` and an answer to each
//! question in their order: `y`, `n`, or `-` where it was not asked. Without a question that text is left out.

use crate::evidence::card::{Context, Reading};

/// Before the questions.
const ASKED: char = '?';
/// Between role and answers.
const ANSWERS: char = ':';
/// How an answer begins in the text of a context, and its letter.
const WORDS: [(&str, char); 2] = [("yes ", 'y'), ("no ", 'n')];
/// Letter of a question that was not asked.
const NOT_ASKED: char = '-';

/// The questions of a card, in the order in which they were asked.
#[derive(Debug, Default)]
pub(super) struct Asked(Vec<String>);

impl Asked {
    /// What the readings of a card asked.
    pub(super) fn by(readings: &[Reading]) -> Self {
        let mut asked = Self::default();
        for line in readings.iter().flat_map(|reading| &reading.contexts).flat_map(lines) {
            if let Some((question, _)) = answered(&line)
                && !asked.0.iter().any(|known| known == question)
            {
                asked.0.push(question.to_owned());
            }
        }
        asked
    }

    /// The text with the questions; none where there are none.
    pub(super) fn text(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.iter().fold(ASKED.to_string(), |text, question| format!("{text}\n{question}")))
    }

    /// The questions of a card's first row, and its other texts.
    pub(super) fn split(texts: &[String]) -> (Self, &[String]) {
        match texts.split_first() {
            Some((first, rest)) if first.starts_with(ASKED) => (Self(first.lines().skip(1).map(str::to_owned).collect()), rest),
            _ => (Self::default(), texts),
        }
    }

    /// A context in short.
    pub(super) fn shortened(&self, context: &Context) -> String {
        let mut answers = vec![NOT_ASKED; self.0.len()];
        for line in lines(context) {
            let found = answered(&line).and_then(|(question, letter)| Some((self.0.iter().position(|q| q == question)?, letter)));
            if let Some((at, letter)) = found {
                answers[at] = letter;
            }
        }
        let answers: String = answers.into_iter().collect();
        format!("{}{ANSWERS}{}", context.role.name(), answers.trim_end_matches(NOT_ASKED))
    }

    /// The context of a short text, or of one as earlier versions wrote them, with its questions; none if it is neither.
    pub(super) fn parse(&self, text: &str) -> Option<Context> {
        let Some((role, answers)) = text.lines().next()?.split_once(ANSWERS) else { return Context::parse(text) };
        let mut whole = role.to_owned();
        for (at, letter) in answers.chars().enumerate().filter(|(_, letter)| *letter != NOT_ASKED) {
            let (word, _) = WORDS.iter().find(|(_, known)| *known == letter)?;
            whole = format!("{whole}\n{word}{}", self.0.get(at)?);
        }
        Context::parse(&whole)
    }
}

/// The answers of a context, a line each.
fn lines(context: &Context) -> Vec<String> {
    context.answers.iter().map(ToString::to_string).collect()
}

/// Question and letter of a line.
fn answered(line: &str) -> Option<(&str, char)> {
    WORDS.iter().find_map(|(word, letter)| Some((line.strip_prefix(word)?, *letter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 4] = [
        "copy\nno states_bases\nno knows_size",
        "copy\nno states_bases\nyes knows_size\nyes same_size 7000000000\nno same_size 13000000000",
        "fine_tune\nyes base_among a: b c",
        "own_training",
    ];

    fn readings() -> Vec<Reading> {
        let contexts = |texts: &[&str]| texts.iter().map(|text| Context::parse(text).unwrap()).collect();
        vec![
            Reading { contexts: contexts(&TEXTS[..2]), rows: Vec::new() },
            Reading { contexts: contexts(&TEXTS[2..]), rows: Vec::new() },
        ]
    }

    /// Regression: the questions of a card were written anew for each of hundreds of answers, two fifths of all that `rows evidence` wrote.
    #[test]
    fn contexts_come_back_from_short_texts() {
        let readings = readings();
        let asked = Asked::by(&readings);
        let contexts: Vec<&Context> = readings.iter().flat_map(|reading| &reading.contexts).collect();
        let short: Vec<String> = contexts.iter().map(|context| asked.shortened(context)).collect();
        assert_eq!(short, ["copy:nn", "copy:nyyn", "fine_tune:----y", "own_training:"]);
        let texts: Vec<String> = asked.text().into_iter().chain(short).collect();
        let (asked, rest) = Asked::split(&texts);
        let back: Vec<Context> = rest.iter().map(|text| asked.parse(text).unwrap()).collect();
        assert_eq!(back.iter().collect::<Vec<_>>(), contexts);
        for broken in ["copy:x", "copy:nynyyyy", "nobody:", ""] {
            assert_eq!(asked.parse(broken), None, "{broken}");
        }
    }

    /// As rows of the first format have them.
    #[test]
    fn contexts_with_their_questions_are_still_read() {
        let texts: Vec<String> = TEXTS.iter().map(|text| (*text).to_owned()).collect();
        let (asked, rest) = Asked::split(&texts);
        assert_eq!(rest.len(), TEXTS.len());
        for text in rest {
            assert_eq!(asked.parse(text), Context::parse(text), "{text}");
        }
        assert_eq!(Asked::by(&[]).text(), None);
    }
}
