//! What a title says: which model it names, and which phase of its training. A title is the line over a list, or the first cell of a row.

use super::naming::{Name, Named};
use super::repository::{Repository, name_tokens};
use crate::evidence::card::about::CardRole;
use crate::evidence::vocabulary;

/// A phase of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Experiments, evaluation, use: no training of a model that was published.
    Never,
    /// Training from scratch.
    PreTraining,
    /// Training that starts from weights.
    FineTuning,
}

/// What a title says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title {
    /// The phase, if it says one.
    pub phase: Option<Phase>,
    /// The model it names.
    pub named: Named,
    /// Its words without those for phases and those that say nothing.
    pub rest: String,
}

impl Title {
    /// Reads a title.
    #[must_use]
    pub fn read_title(own: &Repository, text: &str) -> Self {
        let mut words = name_tokens(text);
        // "1. Main pre-training": a number that counts the titles.
        if words.len() > 1 && words.first().is_some_and(|w| w.parse::<u8>().is_ok()) && text.trim_start().get(1..2) == Some(".") {
            words.remove(0);
        }
        let mut rest: Vec<&str> = Vec::new();
        let mut phase = None;
        let mut at = 0;
        while let Some(word) = words.get(at).map(String::as_str) {
            let (found, taken) = phase_at(&words, at);
            phase = strongest(phase, found);
            // A word of this model's name is one, whatever else it means.
            let is_generic = vocabulary::card().phases.generic.contains(&word);
            // "DPO" over a list in the card of "x-7b-dpo" is this model.
            let is_own = taken == 1 && own.has(word) && vocabulary::card().phases.tuned_names.contains(&word);
            if is_own || taken == 0 && (!is_generic || (own.has(word) && word.len() > 2)) {
                rest.push(word);
            }
            at += taken.max(1);
        }
        Self { phase, named: named(own, &rest), rest: rest.join(" ") }
    }

    /// Whether it says neither a model nor a phase.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.phase.is_none() && self.named == Named::Nobody
    }
}

/// The phase that begins at a word, and how many words say it.
fn phase_at(words: &[String], at: usize) -> (Option<Phase>, usize) {
    let lists = &vocabulary::card().phases;
    let Some(word) = words.get(at).map(String::as_str) else { return (None, 0) };
    let second = words.get(at + 1).is_some_and(|w| lists.second.contains(&w.as_str()));
    match word {
        "pre" if second => (Some(Phase::PreTraining), 2),
        "fine" | "post" if second => (Some(Phase::FineTuning), 2),
        _ if lists.never.contains(&word) => (Some(Phase::Never), 1),
        _ if lists.pre_training.contains(&word) => (Some(Phase::PreTraining), 1),
        _ if lists.fine_tuning.contains(&word) => (Some(Phase::FineTuning), 1),
        _ => (None, 0),
    }
}

/// Experiments with fine-tuning are experiments; continued pre-training starts from weights.
fn strongest(a: Option<Phase>, b: Option<Phase>) -> Option<Phase> {
    let rank = |p: Phase| match p {
        Phase::PreTraining => 0,
        Phase::FineTuning => 1,
        Phase::Never => 2,
    };
    match (a, b) {
        (Some(a), Some(b)) => Some(if rank(a) >= rank(b) { a } else { b }),
        (a, b) => a.or(b),
    }
}

/// Whose the words of a title are.
fn named(own: &Repository, rest: &[&str]) -> Named {
    // "Hyperparameters (ours)"
    if vocabulary::keys().columns.ours.contains(&rest.join(" ").as_str()) {
        return Named::Mine(1);
    }
    match Name::of_words(own, rest).named() {
        Named::Mine(_) | Named::Unknown if rest.iter().any(|w| vocabulary::card().phases.others.contains(w) && !own.has(w)) => {
            Named::Other
        }
        named => named,
    }
}

/// The phase that this repository's own training is; none where its name and its role say different things.
#[must_use]
pub fn own_phase(own: &Repository) -> Option<Phase> {
    let tuned = own.tokens.iter().any(|t| vocabulary::card().phases.tuned_names.contains(&t.as_str()));
    match own.role {
        CardRole::FineTune => Some(Phase::FineTuning),
        // Whoever states a base, and is not known to have tuned it, may have done either.
        CardRole::OwnTraining if !tuned && !own.has_base() => Some(Phase::PreTraining),
        CardRole::OwnTraining | CardRole::Copy => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::about::About;

    #[test]
    fn titles_name_models_and_phases() {
        let own = Repository::new(&About {
            model_id: "vlm-lab/openvlm-9b-instruct",
            role: CardRole::FineTune,
            base_ids: &[],
            total_params: Some(9e9),
        });
        let read = |text| {
            let t = Title::read_title(&own, text);
            (t.phase, t.named)
        };
        assert_eq!(read("Preliminary experimentation"), (Some(Phase::Never), Named::Nobody));
        assert_eq!(read("OPENVLM-9b pretraining"), (Some(Phase::PreTraining), Named::Mine(2)));
        assert_eq!(read("OPENVLM-9b-instruct finetuning"), (Some(Phase::FineTuning), Named::Mine(3)));
        assert_eq!(read("OPENVLM-80b pretraining"), (Some(Phase::PreTraining), Named::Other));
        assert_eq!(read("9B Pruning & Distillation"), (Some(Phase::FineTuning), Named::Mine(1)));
        assert_eq!(read("Environmental Impact"), (None, Named::Nobody));
        assert_eq!(read("Fine-tuning"), (Some(Phase::FineTuning), Named::Nobody));
        assert_eq!(read("Continued pre-training"), (Some(Phase::FineTuning), Named::Nobody));
        assert_eq!(read("Stage 2"), (None, Named::Unknown));
    }
}
