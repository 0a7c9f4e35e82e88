//! What a reading asked of the repository that lineage alone can answer: its size and its bases. Two repositories of one name, role and card
//! that give the same answers are read the same, so a card that was read before lineage was known has the reading that lineage asks for.

use super::about::{About, CardRole};
use super::read::repository::Repository;

/// A number of parameters that is compared with the model's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(u64);

impl Count {
    /// The number.
    #[must_use]
    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl From<f64> for Count {
    fn from(value: f64) -> Self {
        Self(value.to_bits())
    }
}

/// A question about size or bases.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// Does lineage state a base?
    StatesBases,
    /// Is the size known?
    KnowsSize,
    /// Is this number of parameters the model's?
    SameSize(Count),
    /// Has a base this name, in letters and digits?
    BaseCalled(String),
    /// Is a telling word of a base's name among these, one space between?
    BaseAmong(String),
}

/// A question with its answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answer {
    /// What was asked.
    pub question: Question,
    /// Yes or no.
    pub answer: bool,
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let answer = if self.answer { "yes" } else { "no" };
        match &self.question {
            Question::StatesBases => write!(f, "{answer} states_bases"),
            Question::KnowsSize => write!(f, "{answer} knows_size"),
            Question::SameSize(value) => write!(f, "{answer} same_size {}", value.get()),
            Question::BaseCalled(name) => write!(f, "{answer} base_called {name}"),
            Question::BaseAmong(words) => write!(f, "{answer} base_among {words}"),
        }
    }
}

impl Answer {
    fn parse(line: &str) -> Option<Self> {
        let (answer, asked) = line.split_once(' ')?;
        let (kind, what) = asked.split_once(' ').unwrap_or((asked, ""));
        let question = match kind {
            "states_bases" => Question::StatesBases,
            "knows_size" => Question::KnowsSize,
            "same_size" => Question::SameSize(what.parse::<f64>().ok()?.into()),
            "base_called" => Question::BaseCalled(what.to_owned()),
            "base_among" => Question::BaseAmong(what.to_owned()),
            _ => return None,
        };
        let answer = match answer {
            "yes" => true,
            "no" => false,
            _ => return None,
        };
        Some(Self { question, answer })
    }
}

/// What a reading holds for: a role, and answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Role.
    pub role: CardRole,
    /// Everything that was asked.
    pub answers: Vec<Answer>,
}

impl Context {
    /// Whether the reading holds for a repository.
    #[must_use]
    pub fn holds_for(&self, about: &About<'_>) -> bool {
        if self.role != about.role {
            return false;
        }
        let own = Repository::new(about);
        self.answers.iter().all(|a| own.answer(&a.question) == a.answer)
    }

    /// The context of a text that [`Context::to_string`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let role = CardRole::parse(lines.next()?)?;
        Some(Self { role, answers: lines.map(Answer::parse).collect::<Option<_>>()? })
    }
}

/// The role and the answers, a line each.
impl std::fmt::Display for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.role.name())?;
        self.answers.iter().try_for_each(|answer| write!(f, "\n{answer}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_come_back_from_their_texts() {
        let answer = |question, answer| Answer { question, answer };
        let context = Context {
            role: CardRole::FineTune,
            answers: vec![
                answer(Question::StatesBases, true),
                answer(Question::KnowsSize, true),
                answer(Question::SameSize(7_241_732_096.3.into()), false),
                answer(Question::BaseCalled("mistral7bv01".to_owned()), true),
                answer(Question::BaseAmong("this model was".to_owned()), false),
                answer(Question::BaseAmong(String::new()), false),
            ],
        };
        assert_eq!(Context::parse(&context.to_string()), Some(context));
        assert_eq!(Context::parse("fine_tune\nmaybe states_bases"), None);
        assert_eq!(Context::parse("own_training\nyes likes"), None);
        assert_eq!(Context::parse(""), None);
    }

    #[test]
    fn a_context_holds_for_whoever_answers_the_same() {
        let context = Context::parse(
            "fine_tune\nyes states_bases\nyes same_size 7000000000\nyes base_among a mistral model\nno base_called phi2",
        )
        .unwrap();
        let bases = ["mistralai/Mistral-7B-v0.1".to_owned()];
        let about = About { model_id: "x/mine", role: CardRole::FineTune, base_ids: &bases, total_params: Some(7.24e9) };
        assert!(context.holds_for(&about));
        assert!(!context.holds_for(&About { role: CardRole::Copy, ..about }));
        assert!(!context.holds_for(&About { total_params: Some(3e9), ..about }));
        assert!(!context.holds_for(&About { total_params: None, ..about }));
        assert!(!context.holds_for(&About { base_ids: &[], ..about }));
        // A word of the model's own name tells nothing of its base.
        assert!(!context.holds_for(&About { model_id: "x/my-mistral", ..about }));
    }
}
