//! What the text has told of so far: a sentence without a subject of its own goes on with it.
//!
//! "We fine-tuned it on X. Batch size was 48. One V100." tells of one training in three sentences; "The base was pre-trained on 2T tokens. It
//! took 400,000 GPU hours." tells of another model in both.

use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::quantity::durations::unit_hours;
use crate::evidence::quantity::tokens::{Kind, Token, span};
use crate::evidence::vocabulary;
use crate::vocabulary::Union;
use std::rc::Rc;
use std::sync::LazyLock;

/// Sentences that say nothing of their own, after which nobody remembers what was told.
const MOST_BETWEEN: usize = 2;
/// Sentences of an answer, with the names of who asked and who answers.
const MOST_OF_ANSWER: usize = 5;
/// Bytes between two items of one list: the end of a line, and the mark of the next.
const MOST_BETWEEN_ITEMS: usize = 10;
/// Tokens at the beginning of a sentence within which a run is its subject.
const SUBJECT: usize = 5;

/// What the sentences before told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Told {
    /// Nothing, or something else than a training.
    #[default]
    Nothing,
    /// This model's training.
    Training,
    /// A training that is not this model's, and why.
    Another(&'static str),
}

/// What the text told of last, and where.
#[derive(Clone, Copy, Debug, Default)]
pub struct Topic {
    told: Told,
    /// The headings, by their address, under which it did.
    section: usize,
    /// Sentences since then.
    since: usize,
    /// Byte behind the item of a list that was read last.
    item_to: usize,
    /// The headings under which it was last asked what the training took, and sentences since then.
    asked: Option<(usize, usize)>,
}

impl Topic {
    /// What a sentence under some headings goes on with.
    #[must_use]
    pub fn before(&self, section: usize) -> Told {
        if self.section == section { self.told } else { Told::Nothing }
    }

    /// Notes a sentence that told of a training; or that said something of it, without naming it.
    pub fn tell(&mut self, section: usize, told: Told) {
        *self = Self { told, section, since: 0, ..*self };
    }

    /// Notes a question: "How many GPU hours did you need?" is answered by the sentences behind it, as one on anything else is.
    pub fn ask(&mut self, section: usize, of_training: bool) {
        self.asked = of_training.then_some((section, 0));
    }

    /// Whether a sentence answers a question on the training.
    pub fn answers(&mut self, section: usize) -> bool {
        self.asked = self.asked.map(|(asked, since)| (asked, since + 1)).filter(|(_, since)| *since <= MOST_OF_ANSWER);
        self.asked.is_some_and(|(asked, _)| asked == section)
    }

    /// Whether a block is the next item of the list that was read last; notes it.
    pub fn is_next_item(&mut self, b: &Block) -> bool {
        let is_item = b.kind == BlockKind::ListItem;
        let follows = is_item && b.from >= self.item_to && b.from - self.item_to <= MOST_BETWEEN_ITEMS;
        self.item_to = if is_item { b.to } else { usize::MAX };
        follows
    }

    /// Notes an item of a list that is a key of a recipe with its value.
    pub fn tell_item(&mut self, b: &Block) {
        self.tell(Rc::as_ptr(&b.headings).cast::<String>() as usize, Told::Training);
        self.item_to = b.to;
    }

    /// Notes that a block leads a list, so that its first item goes on with it: "A full run was started:".
    pub fn lead(&mut self, b: &Block) {
        if matches!(b.kind, BlockKind::Paragraph | BlockKind::ListItem) && b.text.trim_end().ends_with([':', '：']) {
            self.item_to = b.to;
        }
    }

    /// Notes a sentence that named no training.
    pub fn pass(&mut self, ts: &[Token<'_>]) {
        self.since += 1;
        if self.told != Told::Nothing && (self.since > MOST_BETWEEN || turns_away(ts)) {
            self.told = Told::Nothing;
        }
    }
}

/// Whether a sentence speaks of something else than a training: an evaluation, a use, data, the reader.
#[must_use]
pub fn turns_away(ts: &[Token<'_>]) -> bool {
    static LISTS: LazyLock<Union> = LazyLock::new(|| {
        let words = vocabulary::prose();
        Union::new(&[
            words.subjects.work,
            words.emissions.serving,
            words.emissions.benchmarks,
            words.hardware.serving,
            words.times.serving,
            words.sentences.turns_away,
        ])
    });
    ts.iter().any(|t| t.kind == Kind::Word && t.is_any(&*LISTS))
}

/// Whether a sentence asks what a training took: "How many GPU hours did you need?".
#[must_use]
pub fn asks_of_training(ts: &[Token<'_>], trains: bool) -> bool {
    let words = &vocabulary::card().device_hours;
    let hours =
        |i: usize| ts.get(i).is_some_and(|t| t.is_any(&words.named)) && (i + 1..i + 3).any(|at| unit_hours(ts, at).is_some());
    // "How do I train it on my data?" asks what to do, and no training that was.
    let past = ts.iter().any(|t| t.is_any(&vocabulary::prose().sentences.asked_of_past));
    // "How long does training take?"
    let lasting = ts.first().is_some_and(|t| t.is("how") || t.is("q"))
        && ts.iter().any(|t| t.is("long"))
        && ts.iter().any(|t| t.is_any(&["take", "takes", "last"]));
    let you = ts.iter().any(|t| t.is_any(&["i", "my", "you", "your"]));
    (past || (lasting && trains && !you))
        && (trains || (0..ts.len()).any(hours))
        && !ts.iter().any(|t| t.is_any(&vocabulary::prose().times.serving))
}

/// Whether a sentence has the subject of the text before it: "It ran for", "This run used", "Der Lauf dauerte".
#[must_use]
pub fn goes_on(ts: &[Token<'_>]) -> bool {
    let words = &vocabulary::prose();
    let Some(first) = ts.first() else { return false };
    let noun = ts.get(1).is_some_and(|t| t.is_any(&words.subjects.data) || t.is_any(&words.subjects.work));
    let pronoun = first.is_any(&words.sentences.pronouns) && !noun;
    let led = first.is_any(&words.sentences.pronouns) || first.is_any(&vocabulary::card().designators.articles);
    pronoun || (led && span(ts, 1, SUBJECT).iter().any(|t| t.is_any(&words.sentences.run_nouns)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Field;
    use crate::evidence::card::tests::card_tables;
    use crate::evidence::card::{About, CardRole, extract};
    use crate::evidence::quantity::tokens::lex;
    use crate::reference::Reference;

    fn hours(card: &str) -> Option<f64> {
        let bases = ["org/dove-13b".to_owned()];
        let about = About { model_id: "org/dove-13b-dpo", role: CardRole::FineTune, base_ids: &bases, total_params: None };
        let rows = extract(card_tables(&Reference::load().unwrap()), card, &about);
        let accepted = rows.into_iter().filter(|r| r.reject_reason.is_none());
        accepted.filter(|r| matches!(r.field, Field::WallHours | Field::AcceleratorHours)).find_map(|r| r.value)
    }

    #[test]
    fn sentences_and_paragraphs_that_go_on_with_a_training() {
        for card in [
            "# d\n\nWe fine-tuned it on preference pairs. Two epochs were enough. Total time: 3 h. One V100.\n",
            "# d\n\nFine-tuned on 120k notes.\n\nThis run took 3 hours on 4 A40.\n",
            "# d\n\n- fine-tuned with axolotl\n- 2x3090, 3 hours\n",
        ] {
            assert_eq!(hours(card), Some(3.0), "{card}");
        }
    }

    #[test]
    fn what_goes_on_with_another_training_or_turns_to_something_else_is_none() {
        for card in [
            "# d\n\nThe base, Dove 13B, was pretrained on 2T tokens.\n\nIt took 400,000 GPU hours.\n",
            "# d\n\nWe fine-tuned it on preference pairs. Evaluation on the full suite took 9 hours on 8 A100s.\n",
            "# d\n\nWe fine-tuned it on preference pairs. Each trillion tokens takes 3.7 days on our cluster.\n",
        ] {
            assert_eq!(hours(card), None, "{card}");
        }
    }

    #[test]
    fn subjects_that_take_up_what_stands_before() {
        for text in ["It took 3 hours", "This run used 8 GPUs", "Der Lauf dauerte 17 Stunden", "El proceso tardó 6 horas"] {
            assert!(goes_on(&lex(text)), "{text}");
        }
        for text in ["This dataset took 40 hours", "The tokenizer has 32k words", "Evaluation took 3 hours"] {
            assert!(!goes_on(&lex(text)), "{text}");
        }
    }
}
