//! Figures of other models, and of what is no training at all: by a name, a version, a size, a citation, or the subject of the clause.

use super::nearby::any;
use super::sentence::Sentence;
use super::subjects::Measure;
use crate::evidence::card::read::candidate::Card;
use crate::evidence::card::read::naming::may_be_own;
use crate::evidence::card::read::repository::Repository;
use crate::evidence::card::read::training::{is_train, is_train_verb};
use crate::evidence::quantity::tokens::{Kind, Token, is_latin_word, span, text_at};
use crate::evidence::vocabulary::{self, Words};

/// Tokens of a clause within which its subject stands.
const SUBJECT: usize = 5;
/// Tokens behind a name within which its verb stands.
const NAME_VERB: usize = 3;
/// Words before a name that is the label of a line, at most.
const LABEL_WORDS: usize = 2;
/// Words of a name, at most.
const NAME_WORDS: usize = 8;
/// Tokens behind a figure within which the training is named that it is of.
const TRAINING_OF: usize = 10;
/// Tokens of a subject between its article and its verb, at most.
const SUBJECT_WORDS: usize = 5;

/// Whether a clause tells of another version, name or size, or what a paper tells.
#[must_use]
pub fn is_another(card: &Card<'_>, s: &Sentence<'_, '_>, at: &[usize]) -> bool {
    is_other_version(&card.own, s, at)
        || is_other_name(card, s, at)
        || has_another_set_apart(card, s)
        || is_other_size(s, at)
        || is_cited(s)
}

/// Why a footprint is of the training of another model, of trainings in general, or of what is no training.
#[must_use]
pub fn is_no_training(
    card: &Card<'_>,
    s: &Sentence<'_, '_>,
    measure: Measure,
    at: &[usize],
    (_, to): (usize, usize),
) -> Option<&'static str> {
    if matches!(measure, Measure::Time | Measure::Footprint) && is_of_tokenizer(s, at) {
        return Some("work that is no training");
    }
    if measure != Measure::Footprint {
        return None;
    }
    if is_of_training_of_another(&card.own, s.ts, to) {
        return Some("another model's figure");
    }
    if is_general(s, at) {
        return Some("an example");
    }
    has_other_subject(card, s, at).then_some("work that is no training")
}

/// "Training of the tokenizer took 3 hours", "the tokenizer was trained for 20 minutes".
fn is_of_tokenizer(s: &Sentence<'_, '_>, at: &[usize]) -> bool {
    let words = &vocabulary::prose().subjects;
    let names = |t: &Token<'_>| t.is_any(&words.tokenizers) || (!is_latin_word(&t.text) && words.tokenizers.is_within(&t.text));
    let all_trained = || s.ts.iter().enumerate().any(|(i, t)| !is_latin_word(&t.text) && names(t) && is_train(s.ts, i));
    if all_trained() {
        return true;
    }
    let named = at.iter().copied().find(|i| s.ts.get(*i).is_some_and(|t| t.is_any(&words.tokenizers)));
    let Some(named) = named else { return false };
    let of_model = at.iter().any(|i| s.ts.get(*i).is_some_and(|t| t.is_any(&words.model_nouns)));
    let trained = |i: usize| is_train(s.ts, i);
    !of_model && ((named.saturating_sub(3)..named).any(trained) || (named + 1..named + 4).any(trained))
}

/// "【トークナイザー学習】…学習時間は約5分": whether the title in brackets at the beginning of a paragraph is of the tokenizer.
#[must_use]
pub fn is_on_the_tokenizer(text: &str) -> bool {
    let title = text.trim_start().strip_prefix('【').and_then(|rest| rest.split_once('】')).map(|(title, _)| title.to_lowercase());
    title.is_some_and(|title| vocabulary::prose().subjects.tokenizers.is_within(&title))
}

/// "18.2 t were emitted by the training of GPT-Z": behind a figure stands whose training it was of.
#[must_use]
pub fn is_of_training_of_another(own: &Repository, ts: &[Token<'_>], to: usize) -> bool {
    let words = &vocabulary::prose().subjects;
    let of = (to..to + TRAINING_OF + 4)
        .take_while(|i| ts.get(*i).is_some_and(|t| !t.is_any(&[";"])))
        .find(|i| is_train(ts, *i) && ts.get(i + 1).is_some_and(|t| t.is_any(&words.of)));
    let Some(first) = of.map(|i| i + 2) else { return false };
    let belongs = |i: usize| {
        ts.get(i).is_some_and(|t| {
            t.upper || (i > first && (t.kind == Kind::Number || t.glued || t.is("-")) && !t.is_any(&[".", ",", ")"]))
        })
    };
    let behind = (first..first + NAME_WORDS).find(|i| !belongs(*i)).unwrap_or(first + NAME_WORDS);
    let named = span(ts, first, behind);
    let name: String = named.iter().flat_map(|t| t.text.chars()).filter(|c| c.is_alphanumeric()).collect();
    name.len() > 1 && !may_be_own(own, &name) && !own.base_in(named)
}

/// "Training a transformer emits 284 t": said of any training, in the present.
fn is_general(s: &Sentence<'_, '_>, at: &[usize]) -> bool {
    let words = &vocabulary::prose().subjects;
    let of_any = |i: &usize| is_train(s.ts, *i) && s.ts.get(i + 1).is_some_and(|t| t.is_any(&words.any_articles));
    let is = |i: &usize, list: &Words| s.ts.get(*i).is_some_and(|t| t.is_any(list));
    let told_own = at.iter().any(|i| is(i, &words.own_work) || is(i, &words.this_one));
    at.iter().any(of_any) && at.iter().any(|i| is(i, &words.present_verbs)) && !told_own
}

/// "The conference trip emitted 900 kg": the subject is neither a model nor a training nor what trained it.
fn has_other_subject(card: &Card<'_>, s: &Sentence<'_, '_>, at: &[usize]) -> bool {
    let words = vocabulary::prose();
    let Some(first) = at.first().copied() else { return false };
    let article = s.ts.get(first).is_some_and(|t| t.is_any(&words.subjects.articles) || t.is_any(&words.subjects.the));
    let verb =
        (first + 1..first + 2 + SUBJECT_WORDS).find(|i| s.ts.get(*i).is_some_and(|t| t.is_any(&words.subjects.footprint_verbs)));
    let Some(verb) = verb.filter(|_| article) else { return false };
    let subject = first + 1..verb;
    let of_training = |i: usize| {
        is_train(s.ts, i)
            || card.is_chip(s.ts, i)
            || s.ts.get(i).is_some_and(|t| {
                t.kind != Kind::Word
                    || t.upper
                    || card.own.has(&t.text)
                    || card.own.letters.contains(t.text.as_ref())
                    || t.is_any(&words.subjects.subjects_of_training)
                    || t.is_any(&words.subjects.model_nouns)
                    || t.is_any(&words.subjects.several)
                    || t.is_any(&words.sentences.run_nouns)
            })
    };
    !subject.is_empty() && !subject.clone().any(of_training) && s.trains.is_empty()
}

/// "Version 1 was trained for 10 hours", in the card of another version or of what calls itself "this version".
fn is_other_version(own: &Repository, s: &Sentence<'_, '_>, at: &[usize]) -> bool {
    let words = &vocabulary::prose().subjects;
    let Some(first) = at.first().copied() else { return false };
    let versioned = words.versions.contains(&text_at(s.ts, first)) && s.ts.get(first + 1).is_some_and(|t| t.kind == Kind::Number);
    if !versioned {
        return false;
    }
    let number = text_at(s.ts, first + 1);
    let own_version = own.tokens.iter().find_map(|t| t.strip_prefix('v').filter(|n| n.starts_with(|c: char| c.is_ascii_digit())));
    own_version.is_some_and(|version| version != number)
}

/// "The larger model took 300 hours": the subject is another size, unless the clause tells of this one.
fn is_other_size(s: &Sentence<'_, '_>, at: &[usize]) -> bool {
    let words = &vocabulary::prose();
    let told_own =
        at.iter().any(|i| s.ts.get(*i).is_some_and(|t| t.is_any(&words.subjects.own_work) || t.is_any(&words.subjects.this_one)));
    let size = at.iter().take(SUBJECT).any(|i| {
        s.ts.get(*i).is_some_and(|t| t.is_any(&words.sentences.other_sizes))
            && any(span(s.ts, i + 1, i + 3), &words.subjects.model_nouns)
    });
    size && !told_own
}

/// "GPT-4, with 1.8 trillion parameters, consumed 2.4 billion kWh", "BioBERT itself had been trained for 23 days": a well-known model, or one
/// that is told apart, which is neither this one nor its base.
fn is_other_name(card: &Card<'_>, s: &Sentence<'_, '_>, at: &[usize]) -> bool {
    let words = &vocabulary::prose().subjects;
    let starts = |n: usize| {
        let Some(i) = at.get(n) else { return false };
        let upper = s.ts.get(*i).is_some_and(|t| t.upper && t.kind == Kind::Word && !t.glued);
        let follows = n
            .checked_sub(1)
            .and_then(|before| at.get(before))
            .is_some_and(|before| before + 1 == *i && s.ts.get(*before).is_some_and(|t| t.upper) && !is_train(s.ts, *before));
        upper && !follows
    };
    (0..at.len()).filter(|n| starts(*n)).any(|n| is_other_name_at(card, s, at, n))
        && !at.iter().any(|i| s.ts.get(*i).is_some_and(|t| t.is_any(&words.own_work)))
}

/// "GPT-3 alone was fed with 500 GB, and the training took 34 days": a sentence on a well-known model that is set apart from all others, and
/// neither this one nor its base.
#[must_use]
pub fn has_another_set_apart(card: &Card<'_>, s: &Sentence<'_, '_>) -> bool {
    let words = &vocabulary::prose().subjects;
    if !s.has(&words.set_apart) || s.has(&words.own_work) {
        return false;
    }
    let begin = s.ts.first().filter(|t| t.is_any(&words.set_apart)).map_or(0, |_| 1);
    let known =
        s.ts.get(begin).is_some_and(|t| t.upper && (t.is_any(&words.names) || t.is_any(&vocabulary::card().bases.families)));
    let belongs = |t: &Token<'_>| t.kind == Kind::Number || t.upper || t.glued || t.is("-");
    let behind = (begin + 1..begin + NAME_WORDS).find(|i| !s.ts.get(*i).is_some_and(belongs)).unwrap_or(begin + 1);
    let named = span(s.ts, begin, behind);
    let name: String = named.iter().flat_map(|t| t.text.chars()).filter(|c| c.is_alphanumeric()).collect();
    let apart = begin == 1 || any(span(s.ts, behind, behind + NAME_VERB), &words.set_apart);
    known && apart && !may_be_own(&card.own, &name) && !card.own.base_in(named)
}

/// Whether the name that begins at the `n`th token of a clause is another model's, with its verb behind it.
fn is_other_name_at(card: &Card<'_>, s: &Sentence<'_, '_>, at: &[usize], n: usize) -> bool {
    let words = &vocabulary::prose().subjects;
    let (mut name, mut known, mut behind) = (String::new(), false, 0);
    let Some(first) = at.get(n).copied() else { return false };
    // "Training itself took 2 hours" names nobody.
    if is_train(s.ts, first) {
        return false;
    }
    for i in at.iter().skip(n).take(NAME_WORDS).copied() {
        let Some(t) = s.ts.get(i) else { break };
        let belongs = t.upper || t.kind == Kind::Number || (t.glued && i > first) || (t.is("-") && i > first);
        if !belongs {
            break;
        }
        known |= t.is_any(&words.names) || t.is_any(&vocabulary::card().bases.families);
        name.extend(t.text.chars().filter(|c| c.is_alphanumeric()));
        behind = i + 1;
    }
    let next = span(s.ts, behind, behind + NAME_VERB);
    // "GPT-3: 1,287 MWh and 552 t": a label.
    let labels = known && first <= LABEL_WORDS && next.first().is_some_and(|t| t.is(":"));
    let itself = next.first().is_some_and(|t| t.is_any(&words.itself));
    // "GPT-3 was trained on 300B tokens"
    let is_trained =
        next.first().is_some_and(|t| t.is_any(&words.been_verbs)) && (behind..behind + NAME_VERB).any(|i| is_train(s.ts, i));
    // "GPT-2 training reportedly used 32 TPUs"
    let its_training = is_train(s.ts, behind) && any(span(s.ts, behind + 1, behind + 1 + NAME_VERB), &words.took);
    // "OpenAI trained GPT-3 on 10,000 V100"
    let subject = first.checked_sub(2).and_then(|at| s.ts.get(at));
    let is_object = subject.is_some_and(|t| t.upper && t.kind == Kind::Word) && is_train_verb(s.ts, first - 1, first);
    let takes = is_trained
        || its_training
        || is_object
        || any(next, &words.name_verbs)
        || (n == 0 && at.iter().filter(|i| **i >= behind).any(|i| s.ts.get(*i).is_some_and(|t| t.is_any(&words.name_verbs))));
    let is_own = may_be_own(&card.own, &name);
    let is_base = card.own.base_in(span(s.ts, first, behind));
    name.len() > 1 && !is_own && ((known && (takes || labels) && !is_base) || itself)
}

/// "652 kg CO2eq (Strubell et al., 2019)", unless the sentence tells of this work or the paper is named for its method.
pub fn is_cited(s: &Sentence<'_, '_>) -> bool {
    let words = &vocabulary::prose().subjects;
    let cites = s.ts.windows(2).any(|w| matches!(w, [et, al] if et.is_any(&words.with_others) && al.is_any(&words.other_authors)));
    cites && !s.has(&words.own_work) && !s.has(&words.methods)
}
