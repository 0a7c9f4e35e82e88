//! Whose the parts of a sentence are: "the 2B took 192,000 H100 hours; the 8B 832,000 hours", "5.6M GPU hours for the 70B and 0.7M for the
//! 8B", "Elk-9B-Instruct: trained in 2.3 hours". A part belongs to the member of the family that is its subject, or that stands behind "for".

use super::respective::is_in_order;
use crate::evidence::card::about::CardRole;
use crate::evidence::card::read::designators::{Designators, Fit, fit_of, size_word, tells_a_member};
use crate::evidence::card::read::naming::Name;
use crate::evidence::card::read::repository::{Repository, name_tokens, size_of};
use crate::evidence::card::read::totals::{SEVERAL_MODELS, covers_more};
use crate::evidence::card::read::training::{is_train, is_train_verb};
use crate::evidence::quantity::tokens::{Kind, Token, is_latin_word, lex, span, text_at, text_before};
use crate::evidence::vocabulary;

/// Words between a designator and the beginning of its clause, at most.
const MOST_LEADS: usize = 6;
/// Parts of a name that stand apart: "Elk 3.1 8B".
const MOST_APART: usize = 3;
/// Tokens within which a sign makes the beginning of a value a label.
const LABEL: usize = 4;
/// Tokens of one name, at most.
const MOST_NAME_TOKENS: usize = 30;

/// Tokens of a sentence that are one model's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// First token.
    pub from: usize,
    /// Token behind the last.
    pub to: usize,
    /// Whose they are, where it is said.
    pub whose: Option<Fit>,
}

/// Tokens at the beginning of a Chinese, Japanese or Korean sentence that hold its subject.
const CJK_SUBJECT: usize = 3;

/// A model that a sentence names.
#[derive(Clone, Copy, Debug)]
struct Mention {
    from: usize,
    to: usize,
    whose: Option<Fit>,
    /// Whether it stands behind its figures.
    is_behind: bool,
}

/// The parts of a sentence. `before` is whose the end of the sentence before was: a pronoun takes its subject.
#[must_use]
pub fn parts(own: &Repository, text: &str, ts: &[Token<'_>], before: Option<Fit>) -> Vec<Part> {
    let words = &vocabulary::card().designators;
    // "The small and large models took 3 and 12 days respectively": told apart where the figures are read.
    if is_in_order(ts) {
        return vec![Part { from: 0, to: ts.len(), whose: None }];
    }
    let carried = before.filter(|_| ts.first().is_some_and(|t| t.is_any(&words.pronouns)));
    let mentions = mentions(own, text, ts);
    // "Elk-1B – 4,300 GPU-hours": the name and its dash are a label, and no end of a range.
    let label = mentions.first().filter(|m| m.from == 0 && ts.get(m.to).is_some_and(|t| !t.glued && t.is_any(&["–", "—", "-"])));
    let start = label.map_or(0, |m| m.to + 1);
    let mut whose: Vec<Option<Fit>> = vec![carried; ts.len()];
    let mut last: Option<Mention> = None;
    for mention in &mentions {
        let has_subject = last.is_some_and(|m| !m.is_behind && !ends_between(ts, m.to, mention.from));
        let from = if mention.is_behind && !has_subject { start_of(ts, last, mention.from) } else { mention.from };
        if !(mention.is_behind && has_subject) {
            whose.iter_mut().skip(from).for_each(|w| *w = mention.whose);
            last = Some(*mention);
        }
    }
    let mut out: Vec<Part> = Vec::new();
    for (i, whose) in whose.iter().enumerate().skip(start) {
        match out.last_mut() {
            Some(part) if part.whose == *whose => part.to = i + 1,
            _ => out.push(Part { from: i, to: i + 1, whose: *whose }),
        }
    }
    // Nothing is told apart where nothing is another's, nor of several models: "The family took 913 MWh; the 7B alone took 151 MWh".
    let of_all = |part: &Part| {
        part.whose.is_none() && covers_more(own, &written(text, ts, part.from, part.to).to_lowercase()) == Some(SEVERAL_MODELS)
    };
    let has_mine = out.len() > 1 && out.iter().any(|part| part.whose == Some(Fit::Mine));
    if out.iter().all(|part| part.whose.and_then(Fit::refusal).is_none()) && !(has_mine && out.iter().any(of_all)) {
        return vec![Part { from: start, to: ts.len(), whose: out.last().and_then(|part| part.whose) }];
    }
    out
}

/// The part of the value of a key that is this model's, or why none of it is.
#[must_use]
pub fn own_part<'v>(own: &Repository, value: &'v str) -> (&'v str, Option<&'static str>) {
    // "Total seen tokens: 300B": a value of one word names nobody.
    let value = value.trim();
    let whole = (value, None);
    // Nothing is told apart where neither the family nor a size is named.
    let is_size = |w: &[u8]| matches!(w, [digit, b'b' | b'B' | b'm' | b'M', ..] if digit.is_ascii_digit());
    let names_family = || own.family().is_some_and(|family| value.to_lowercase().contains(family.as_str()));
    if !value.contains(' ') || !(value.as_bytes().windows(2).any(is_size) || names_family()) {
        return whole;
    }
    let ts = lex(value);
    // "300B in total": a number that begins a value is the value, and no member of the family, unless a sign behind it makes it a label.
    let is_label = ts.iter().take(LABEL).any(|t| t.is_any(&[":", "–", "—", "-", "(", "="]));
    let begins = ts.first().is_some_and(|t| t.kind == Kind::Number) && !is_label;
    let tells = |ts: &[Token<'_>]| parts(own, value, ts, None).iter().any(|part| part.whose.and_then(Fit::refusal).is_some());
    if begins && !tells(span(&ts, 2, ts.len())) {
        return whole;
    }
    let all = parts(own, value, &ts, None);
    let refused = all.iter().find_map(|part| part.whose.and_then(Fit::refusal));
    if refused.is_none() {
        return whole;
    }
    let counts = |part: &&Part| span(&ts, part.from, part.to).iter().any(|t| t.kind == Kind::Number);
    let is_own = |part: &&Part| part.whose.and_then(Fit::refusal).is_none();
    let mine = all.iter().filter(|p| p.whose == Some(Fit::Mine)).find(counts).or_else(|| all.iter().filter(is_own).find(counts));
    let Some(part) = mine else { return (value, refused) };
    // The name at the beginning is no figure.
    let from = named_at(own, value, &ts, part.from).map_or(part.from, |(to, _)| to);
    (written(value, &ts, from, part.to).trim_end_matches([',', ';', ' ']), None)
}

/// Whether a clause ends between two tokens.
fn ends_between(ts: &[Token<'_>], from: usize, to: usize) -> bool {
    let ends = |i: usize| ts.get(i).is_some_and(|t| cuts(t) || t.is_any(&vocabulary::prose().subjects.sets_against));
    (from..to).any(|i| ends(i) || opens(ts, i, to))
}

/// Whether a sign ends a clause.
fn cuts(t: &Token<'_>) -> bool {
    t.is_any(&[";", "；", "。"])
}

/// Whether brackets open at a token that are still open at another: "the 70B for 4.6M hours (1,280 t), and the rest for" has none at its end.
fn opens(ts: &[Token<'_>], at: usize, to: usize) -> bool {
    let depth = |t: &Token<'_>| i32::from(t.is_any(&["(", "（"])) - i32::from(t.is_any(&[")", "）"]));
    ts.get(at).is_some_and(|t| depth(t) > 0) && span(ts, at, to).iter().map(depth).sum::<i32>() > 0
}

/// Where the figures before a name begin that stands behind them.
fn start_of(ts: &[Token<'_>], last: Option<Mention>, at: usize) -> usize {
    let after = last.map_or(0, |m| m.to);
    let cut = (after..at).rev().find(|i| ts.get(*i).is_some_and(cuts) || opens(ts, *i, at));
    cut.map_or(after, |i| i + 1)
}

/// The models that a sentence names, in order.
fn mentions(own: &Repository, text: &str, ts: &[Token<'_>]) -> Vec<Mention> {
    let mut out: Vec<Mention> = Vec::new();
    let mut i = 0;
    while i < ts.len() {
        let found = mention_at(own, text, ts, i, out.last().map_or(0, |m| m.to));
        i = found.map_or(i + 1, |m| m.to.max(i + 1));
        out.extend(found);
    }
    out
}

/// The name that begins at a token, where it is a subject or stands behind its figures.
fn mention_at(own: &Repository, text: &str, ts: &[Token<'_>], i: usize, after: usize) -> Option<Mention> {
    let words = &vocabulary::card().designators;
    let is_this = |t: &Token<'_>| begins_in(text, ts, t, &words.this_cjk);
    // "…が、本モデルでは": the word may stand behind others of its script.
    if ts.get(i).is_some_and(is_this) {
        return Some(Mention { from: i, to: i + 1, whose: Some(Fit::Mine), is_behind: false });
    }
    if let Some(to) = this_model(ts, i) {
        return begins(ts, i).then_some(Mention { from: i, to, whose: Some(Fit::Mine), is_behind: false });
    }
    let is_other = ts.get(i).is_some_and(|t| vocabulary::prose().subjects.others.contains(&t.text.as_ref()) && !own.has(&t.text));
    let tells_base = own.role == CardRole::FineTune || own.has_base();
    if is_other && begins(ts, i) {
        return Some(Mention { from: i, to: i + 1, whose: Some(Fit::Other), is_behind: false });
    }
    let cjk_base = |t: &Token<'_>| begins_in(text, ts, t, &vocabulary::prose().subjects.of_base_cjk);
    if tells_base && i < CJK_SUBJECT && ts.get(i).is_some_and(cjk_base) {
        return Some(Mention { from: i, to: i + 1, whose: Some(Fit::Base), is_behind: false });
    }
    let leads = begins(ts, i) || is_topic_before(ts, i);
    let before = text_before(ts, i, 1);
    // Nearly all words stand elsewhere: nothing is cut for them.
    let led = i.checked_sub(1).and_then(|at| ts.get(at)).is_some_and(|t| t.is_any(&words.backward) || t.is_any(&words.articles));
    if !(leads || before == "of" || led || is_trained_here(ts, i)) {
        return None;
    }
    let (to, whose) = named_at(own, text, ts, i)?;
    // "Elk-9B fine-tuned by me for 1 epoch": what became of the base is this model.
    let is_tuned = tuned_behind(ts, to);
    let whose = if whose == Some(Fit::Base) && own.role == CardRole::FineTune && is_tuned { Some(Fit::Mine) } else { whose };
    // "5.6M GPU hours for the 80B and 0.73M for the 9B": a number before "for" and a name is a figure, and no member.
    let behind = to + 1 + usize::from(ts.get(to + 1).is_some_and(|t| words.articles.contains(&t.text.as_ref())));
    let is_figure = ts.get(i).is_some_and(|t| t.kind == Kind::Number) && words.backward.contains(&text_at(ts, to));
    if is_figure && named_at(own, text, ts, behind).is_some() {
        return None;
    }
    let is_possessive = ts.get(to).is_some_and(|t| t.is_any(&["'", "’"])) && text_at(ts, to + 1) == "s";
    if is_possessive {
        return None;
    }
    // "At a cost of 2.66M GPU hours we complete the pre-training of Elk-9B": the object of the training.
    let is_trained = before == "of" && i.checked_sub(2).is_some_and(|at| is_train(ts, at));
    // "We trained Elk-80B on 2048 chips": the figures behind it are its own. Who trains the base makes another model of it.
    let is_object = whose != Some(Fit::Base) && is_trained_here(ts, i);
    let leads = leads || is_object;
    let is_behind = !leads && (is_trained || stands_behind(ts, after, i, to));
    (is_behind || leads).then_some(Mention { from: i, to, whose, is_behind })
}

/// Token behind "this model" or "our little model", where it begins at a token. Of two members one is named by its size.
fn this_model(ts: &[Token<'_>], i: usize) -> Option<usize> {
    let words = &vocabulary::card().designators;
    let first = ts.get(i + 1).filter(|_| ts.get(i).is_some_and(|t| words.this.contains(&t.text.as_ref())))?;
    if first.is_any(&words.nouns) {
        return Some(i + 2);
    }
    let tells = tells_a_member(&first.text) || first.is_any(&vocabulary::prose().subjects.others);
    let described = first.kind == Kind::Word && is_latin_word(&first.text) && !first.upper && !tells;
    let is_model = ts.get(i + 2).is_some_and(|t| t.is_any(&words.nouns) && t.text.starts_with("mod"));
    (described && is_model).then_some(i + 3)
}

/// Tokens between the name of a base and "fine-tuned by": "Elk-9B from Some House fine-tuned by me".
const MOST_BEFORE_TUNED: usize = 8;

/// Whether a name is followed by what was made of it: "fine-tuned" right behind it, or "fine-tuned by" soon behind.
fn tuned_behind(ts: &[Token<'_>], to: usize) -> bool {
    let tuned = |at: usize| ts.get(at).is_some_and(|t| t.is_any(&["finetuned", "fine"])) && is_train(ts, at);
    let by = |at: usize| span(ts, at + 1, at + 4).iter().any(|t| t.is("by"));
    tuned(to) || (to..to + MOST_BEFORE_TUNED).any(|at| tuned(at) && by(at))
}

/// Whether what begins at a token is the object of a verb of training: "we trained Elk-80B". What is tuned may be what a model started from.
fn is_trained_here(ts: &[Token<'_>], i: usize) -> bool {
    let article = i.checked_sub(1).and_then(|at| ts.get(at)).is_some_and(|t| t.is_any(&vocabulary::card().designators.articles));
    let verb = i.checked_sub(1 + usize::from(article)).filter(|verb| is_train_verb(ts, *verb, i));
    verb.and_then(|verb| ts.get(verb)).is_some_and(|t| t.text.starts_with("train") || t.text.starts_with("pretrain"))
}

/// Whether one of some words of a script without spaces begins within a token.
fn begins_in(text: &str, ts: &[Token<'_>], t: &Token<'_>, words: &[&str]) -> bool {
    if t.kind != Kind::Word || is_latin_word(&t.text) {
        return false;
    }
    let rest = text.get(t.from..ts.last().map_or(t.to, |last| last.to)).unwrap_or_default();
    words.iter().any(|w| rest.find(w).is_some_and(|at| at < t.to - t.from))
}

/// "학습 시간은 Base Model 기준", "训练的base模型": behind the topic of a sentence, or its attribute, in Chinese, Japanese or Korean.
fn is_topic_before(ts: &[Token<'_>], i: usize) -> bool {
    let before = i.checked_sub(1).and_then(|at| ts.get(at)).filter(|t| t.kind == Kind::Word && !is_latin_word(&t.text));
    before.is_some_and(|t| vocabulary::card().designators.topics.iter().any(|end| t.text.ends_with(end)))
}

/// Whether only articles and their like stand between a token and the beginning of its clause.
fn begins(ts: &[Token<'_>], i: usize) -> bool {
    let words = &vocabulary::card().designators;
    for back in 1..=MOST_LEADS {
        let Some(t) = i.checked_sub(back).and_then(|at| ts.get(at)) else { return true };
        if t.is_any(&words.joins) {
            return true;
        }
        if t.is_any(&words.articles) || t.is_any(&words.leads) {
            continue;
        }
        return t.kind == Kind::Sign
            && t.is_any(&[",", ";", ":", "(", "[", "–", "—", "，", "；", "：", "（", "。", "、", "|", "•", "·", "/"]);
    }
    false
}

/// Whether a name stands behind the figures that are its: "33,800 GPU hours for the 6.7B".
fn stands_behind(ts: &[Token<'_>], after: usize, i: usize, to: usize) -> bool {
    let words = &vocabulary::card().designators;
    let article = i.checked_sub(1).and_then(|at| ts.get(at)).is_some_and(|t| t.is_any(&words.articles));
    let before = text_before(ts, i, 1 + usize::from(article));
    let ends = ts
        .get(to)
        .is_none_or(|t| t.kind == Kind::Sign || t.is_any(&words.joins) || t.is_any(&words.behind) || t.is_any(&words.nouns));
    words.backward.contains(&before) && ends && span(ts, after, i).iter().any(|t| t.kind == Kind::Number)
}

/// The name that begins at a token: behind it, and whose it is.
fn named_at(own: &Repository, text: &str, ts: &[Token<'_>], i: usize) -> Option<(usize, Option<Fit>)> {
    let to = run_end(ts, i)?;
    let family = family(own);
    // Most words are no part of any name: nothing is cut for them.
    if !may_name(own, span(ts, i, to), family) {
        return None;
    }
    let words = name_tokens(written(text, ts, i, to));
    let is_family = |words: &[String]| family.is_some_and(|family| words.iter().any(|w| w == family));
    if is_family(&words) {
        if let Some(to) = own_name_end(own, text, ts, i) {
            return Some((to, Some(Fit::Mine)));
        }
        let (to, words) = with_parts_apart(text, ts, to, words);
        // The bare name of a family says nothing of its members.
        let told = words.len() > 1 || own.tokens.len() == 1;
        return told.then(|| (to, Name::of_words(own, &words).fit));
    }
    // "EuroBERT210M": a size glued to the name of the family.
    if let ([word], Some(family)) = (words.as_slice(), family)
        && let Some(size) =
            word.strip_prefix(family).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && size_of(rest).is_some())
    {
        return Some((to, Name::of_words(own, &[family, size]).fit));
    }
    // "OPT-175B took 992 A100": a name with a size is a model's, whatever its family is.
    let is_name = ts.get(i).is_some_and(|t| t.upper) && words.first().is_some_and(|w| w.chars().all(char::is_alphabetic));
    if is_name && words.len() > 1 && words.iter().any(|w| size_of(w).is_some()) {
        // What is said of a base may be what was made of it.
        return Name::of_words(own, &words).fit.filter(|fit| *fit == Fit::Other).map(|fit| (to, Some(fit)));
    }
    let (to, words) = (to, without_nouns(words));
    let [word] = words.as_slice() else { return None };
    let designates = size_of(word).is_some() || is_word_of_a_member(own, ts, i, to, word);
    (designates && is_of_a_model(ts, i, to, word)).then(|| (to, fit_of(own, &words)))
}

/// Token behind this model's name in full, with spaces between its parts: "Lark 7B Med" goes on where "Lark 7B" is the name of its base.
fn own_name_end(own: &Repository, text: &str, ts: &[Token<'_>], i: usize) -> Option<usize> {
    let mut to = i;
    for _ in 1..=own.tokens.len() {
        to = run_end(ts, to)?;
        let letters: String =
            written(text, ts, i, to).chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        if letters.len() >= own.letters.len() {
            return (letters == own.letters && own.tokens.len() > 1).then_some(to);
        }
    }
    None
}

/// Whether a word without spaces may name a member: it holds the word of the family, a size, or a word of size or of a variant.
fn may_name(own: &Repository, run: &[Token<'_>], family: Option<&str>) -> bool {
    let is_named = |t: &Token<'_>| family.is_some_and(|family| t.text.contains(family) || family.contains(t.text.as_ref()));
    match run {
        [] => false,
        [t] => t.kind == Kind::Word && (is_named(t) || tells_a_member(&t.text)),
        _ => run.iter().any(|t| is_named(t) || t.is_any(&["b", "m"]) || own.has(&t.text) || tells_a_member(&t.text)),
    }
}

/// The word that a family is named with: the first of the name that tells no member of it.
fn family(own: &Repository) -> Option<&str> {
    own.family().map(String::as_str)
}

/// Nouns glued to a designator: "8B-Modell".
fn without_nouns(words: Vec<String>) -> Vec<String> {
    let nouns = &vocabulary::card().designators.nouns;
    if words.len() < 2 { words } else { words.into_iter().filter(|w| !nouns.contains(&w.as_str())).collect() }
}

/// A name goes on behind a space with what designates: "Elk 3.1 8B".
fn with_parts_apart(text: &str, ts: &[Token<'_>], mut to: usize, mut words: Vec<String>) -> (usize, Vec<String>) {
    for _ in 0..MOST_APART {
        let Some(end) =
            run_end(ts, to).filter(|_| ts.get(to).is_some_and(|t| !t.glued && (t.upper || t.kind == Kind::Number || t.is("v"))))
        else {
            break;
        };
        let more = name_tokens(written(text, ts, to, end));
        let is_version = |w: &String| w.len() == 1 && w.bytes().all(|b| b.is_ascii_digit());
        let designates = |w: &String| !Designators::in_words(&[w.as_str()]).is_empty() || is_version(w);
        if more.is_empty() || !more.iter().all(designates) {
            break;
        }
        words.extend(more);
        to = end;
    }
    (to, words)
}

/// Whether a word of size or of a variant names a member: with a noun beside it ("the large one"), or as a name ("le Medium a demandé").
fn is_word_of_a_member(own: &Repository, ts: &[Token<'_>], i: usize, to: usize, word: &str) -> bool {
    let words = &vocabulary::card().designators;
    let is_noun = |at: Option<usize>| {
        let begins = |t: &Token<'_>| !is_latin_word(&t.text) && words.nouns.iter().any(|w| !w.is_ascii() && t.text.starts_with(w));
        at.and_then(|at| ts.get(at)).is_some_and(|t| t.is_any(&words.nouns) || begins(t))
    };
    let has_noun = is_noun(Some(to)) || is_noun(i.checked_sub(1));
    let is_name =
        ts.get(i).is_some_and(|t| t.upper) && i.checked_sub(1).and_then(|at| ts.get(at)).is_some_and(|t| t.is_any(&words.articles));
    let is_size = size_word(word).is_some() && word.len() > 1 && own.designators().has_size();
    let is_variant = !Designators::in_words(&[word]).is_empty() && size_word(word).is_none() && has_noun;
    (is_size && (has_noun || is_name)) || is_variant
}

/// Whether what stands around a designator makes it a model's: no number of tokens or parameters.
fn is_of_a_model(ts: &[Token<'_>], i: usize, to: usize, word: &str) -> bool {
    let words = &vocabulary::card().designators;
    let is_article =
        i.checked_sub(1).and_then(|at| ts.get(at)).is_some_and(|t| t.is_any(&words.articles) || t.is_any(&words.nouns));
    let Some(next) = ts.get(to) else { return is_article || i == 0 };
    if next.is_any(&words.counted) || words.counted.iter().any(|w| !w.is_ascii() && next.text.starts_with(w)) {
        return false;
    }
    if next.is_any(&words.nouns) {
        return true;
    }
    let is_size = size_of(word).is_some();
    match next.kind {
        Kind::Sign => next.is(":") || next.is("：") || is_article,
        Kind::Number => is_article,
        Kind::Word if !is_latin_word(&next.text) => true,
        // "for the 80B and"
        Kind::Word if is_article && is_size && next.is_any(&words.joins) => true,
        // "le 7B seul a pris", "das 7B-Modell allein"
        Kind::Word if is_article && is_size && next.is_any(&vocabulary::prose().emissions.alone) => true,
        Kind::Word => (is_article || i == 0 || is_size) && (next.is_any(&words.verbs) || next.is_any(&words.behind)),
        Kind::Power => false,
    }
}

/// Token behind the name without a space that begins at a token; none where none begins.
fn run_end(ts: &[Token<'_>], i: usize) -> Option<usize> {
    let is_part = |t: &Token<'_>| t.kind == Kind::Number || (t.kind == Kind::Word && is_latin_word(&t.text));
    let joins = |t: &Token<'_>| t.is_any(&["-", "_", ".", "/"]);
    let first = ts.get(i).filter(|t| is_part(t))?;
    let goes_on = first.glued && i.checked_sub(1).and_then(|at| ts.get(at)).is_some_and(|t| is_part(t) || joins(t));
    if goes_on {
        return None;
    }
    let mut to = i + 1;
    while to < i + MOST_NAME_TOKENS {
        let glued = |at: usize| ts.get(at).is_some_and(|t| t.glued);
        match ts.get(to) {
            Some(t) if t.glued && is_part(t) => to += 1,
            Some(t) if t.glued && joins(t) && glued(to + 1) && ts.get(to + 1).is_some_and(is_part) => to += 2,
            _ => break,
        }
    }
    Some(to)
}

fn written<'s>(text: &'s str, ts: &[Token<'_>], from: usize, to: usize) -> &'s str {
    let tokens = span(ts, from, to);
    tokens.first().zip(tokens.last()).and_then(|(a, b)| text.get(a.from..b.to)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
