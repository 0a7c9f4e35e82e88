//! Words of training: what makes a sentence speak of it.

use crate::evidence::quantity::tokens::{Kind, Token, is_latin_word, text_at, text_before};
use crate::evidence::vocabulary;

/// Whether a word speaks of training.
#[must_use]
pub fn is_train(ts: &[Token<'_>], i: usize) -> bool {
    let words = &vocabulary::card().training;
    let Some(t) = ts.get(i).filter(|t| t.kind == Kind::Word) else { return false };
    let word = t.text.as_ref();
    if words.stems.begins(word) && word != "trains" {
        return true;
    }
    if word == "scratch" {
        return text_before(ts, i, 1) == "from";
    }
    if word == "fine" {
        return text_at(ts, i + 1).starts_with("tun") || (text_at(ts, i + 1) == "-" && text_at(ts, i + 2).starts_with("tun"));
    }
    // "Instruction tuning took", "this tune was done": of parameters of a recipe it is none.
    if matches!(word, "tuning" | "tune") {
        let next = text_at(ts, i + 1);
        let begins = i == 0 && word == "tuning";
        let is_subject = words.method_joins.contains(&next) || vocabulary::prose().subjects.lasts.contains(&next);
        return (begins && is_subject) || (i > 0 && words.tuning_leads.contains(&text_before(ts, i, 1)));
    }
    if word == "tuned" {
        // "We tuned it on 40M tokens", but "the threshold was tuned on the dev set".
        let led = i > 0 && words.tuned_leads.contains(&text_before(ts, i, 1)) && words.tuned_joins.contains(&text_at(ts, i + 1));
        return led && !(1..5).any(|back| words.tuned_others.contains(&text_before(ts, i, back)));
    }
    // "Ajuste fino", "ince ayar", "tinh chỉnh"
    let two = format!("{} {word}", text_before(ts, i, 1));
    if words.ends_of_two.contains(&word) && words.two_words.contains(&two.as_str()) {
        return true;
    }
    // "Our LoRA took 2 h 12"
    if words.adapters.contains(&word) {
        return vocabulary::prose().subjects.lasts.contains(&text_at(ts, i + 1));
    }
    if words.methods.contains(&word) {
        // "SFT, batch 4, 3 epochs": a note that begins with the method.
        return words.method_joins.contains(&text_at(ts, i + 1)) || (i == 0 && matches!(text_at(ts, 1), "," | ":"));
    }
    !word.is_ascii() && words.cjk_parts.is_within(word)
}

/// Whether a word is the verb of a training: trained, pre-trained, tuned; `training` only right before its preposition.
#[must_use]
pub fn is_train_verb(ts: &[Token<'_>], i: usize, before: usize) -> bool {
    let words = &vocabulary::card().training;
    let Some(t) = ts.get(i).filter(|t| t.kind == Kind::Word) else { return false };
    if !is_latin_word(&t.text) {
        return is_train(ts, i);
    }
    let noun = t.is_any(&words.nouns);
    // "We're training a 12-layer model on 10B tokens", "by training it on": with an object the noun is a verb.
    let leads = i > 0 && words.gerund_leads.contains(&text_before(ts, i, 1));
    let object = words.gerund_objects.contains(&text_at(ts, i + 1)) && i + 1 < before;
    t.is_any(&words.verbs)
        || (noun && leads && object)
        || (noun && i + 1 < before && ts.get(i + 1).is_some_and(|p| p.is_any(&words.noun_prepositions)))
}

/// Whether a word is a verb of training that may stand behind what was trained on: "auf 120 Milliarden Token trainiert".
#[must_use]
pub fn is_late_train_verb(ts: &[Token<'_>], i: usize) -> bool {
    let words = &vocabulary::card().training;
    let Some(t) = ts.get(i).filter(|t| t.kind == Kind::Word) else { return false };
    t.is_any(&words.late_verbs) || (!is_latin_word(&t.text) && is_train(ts, i))
}

/// Whether a sentence speaks of pre-training that is not this repository's own.
#[must_use]
pub fn is_pretraining(ts: &[Token<'_>], trains: &[usize]) -> bool {
    trains.iter().any(|i| {
        let word = text_at(ts, *i);
        let words = &vocabulary::card().training;
        let begins = words.pretraining.iter().any(|stem| word.starts_with(stem) || (!stem.is_ascii() && word.contains(stem)));
        begins || words.pre.contains(&text_before(ts, *i, 1 + usize::from(text_before(ts, *i, 1) == "-")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::quantity::tokens::lex;

    #[test]
    fn words_of_training() {
        let any = |text: &str| (0..20).any(|i| is_train(&lex(text), i));
        assert!(any("was fine-tuned on") && any("训练15天") && any("Pre-training took"));
        assert!(!any("it trains") && !any("the fine print"));
    }
}
