//! Fine-tunings on tasks that the card of a pre-training tells of: "When fine-tuned on downstream tasks (3 epochs, batch 32)". Their figures
//! are none of its training's.

use super::candidate::Card;
use crate::evidence::card::about::CardRole;
use crate::evidence::card::read::training::is_pretraining;
use crate::evidence::quantity::tokens::Token;
use crate::evidence::vocabulary;

/// Reason of the figures of such a fine-tuning.
const DOWNSTREAM: &str = "a fine-tuning of this model on a task, not its training";

/// Whether a card tells of a pre-training of its own; `body` is its text in lower case.
#[must_use]
pub fn tells_pretraining(role: CardRole, body: &str) -> bool {
    role == CardRole::OwnTraining && vocabulary::recipe().downstream.pretraining.iter().any(|part| body.contains(part))
}

/// Whether a word of training is one of fine-tuning.
fn is_fine_tuning(ts: &[Token<'_>], i: usize) -> bool {
    let words = &vocabulary::recipe().downstream.fine_tuning;
    let is = |t: &Token<'_>, part: &str| if part.is_ascii() { t.text.starts_with(part) } else { t.text.contains(part) };
    ts.get(i).is_some_and(|t| words.iter().any(|part| is(t, part)))
}

impl Card<'_> {
    /// Why the counts of a sentence are those of a fine-tuning on a task: all its words of training say so, and it names tasks or users.
    #[must_use]
    pub fn of_downstream(&self, ts: &[Token<'_>], trains: &[usize]) -> Option<&'static str> {
        let tuned = || !trains.is_empty() && trains.iter().all(|i| is_fine_tuning(ts, *i)) && !is_pretraining(ts, trains);
        let on_tasks = || ts.iter().any(|t| t.is_any(&vocabulary::recipe().downstream.tasks));
        (self.tells_pretraining && on_tasks() && tuned()).then_some(DOWNSTREAM)
    }
}
