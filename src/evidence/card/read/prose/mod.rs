//! Prose, sentence by sentence.

mod batches;
mod clouds;
mod compute;
mod contrasts;
mod counts;
mod emissions;
mod examples;
mod formats;
mod gapped;
mod hardware;
mod lengths;
mod nearby;
mod owners;
mod parameters;
mod parts;
pub mod progress;
mod recordings;
mod respective;
mod runs;
mod samples;
pub mod sentence;
mod sequences;
pub mod stages;
mod stated;
mod steps;
pub mod strangers;
mod subjects;
mod times;
mod times_together;
mod tokens;
pub mod topic;
mod triggers;
pub mod uses;
mod whose;

pub use self::owners::own_part;
pub use self::respective::is_in_order;

use self::progress::is_without_noun;
use self::runs::{counts_models, told_as_run};
use self::sentence::{Sentence, tells_a_recipe};
use self::topic::{Told, asks_of_training, goes_on, turns_away};
use self::triggers::Triggers;
use self::whose::{of_baselines, whose};
use crate::domain::Field;
use crate::evidence::card::about::CardRole;
use crate::evidence::card::parse::pair::{norm_key, split_pair};
use crate::evidence::card::parse::sentences::sentence_end;
use crate::evidence::card::read::candidate::{Candidate, Card, RANK_PAIR, RANK_PROSE, RANK_SUM, Spot};
use crate::evidence::card::read::designators::Fit;
use crate::evidence::card::read::keys::{Key, key_of};
use crate::evidence::card::read::passage::Passage;
use crate::evidence::card::read::rates::of_runs;
use crate::evidence::card::read::totals::{SEVERAL_MODELS, covers_more};
use crate::evidence::card::read::training::{is_train, is_train_verb};
use crate::evidence::card::read::unclaimed::note_sentence;
use crate::evidence::quantity::tokens::{Kind, Token, lex_in, span};
use crate::evidence::vocabulary;
use std::rc::Rc;

/// Reads a run of text of a block that begins `offset` bytes into the block's text.
pub fn read_prose(card: &mut Card<'_>, passage: &Passage<'_>, text: &str, offset: usize) {
    let b = passage.block;
    let ts = lex_in(text, card.sign);
    let section = Rc::as_ptr(&b.headings).cast::<String>() as usize;
    let titles: Vec<&str> = b.label.as_deref().into_iter().chain(b.headings.last().map(String::as_str)).collect();
    let mut before = Before::default();
    let is_next_item = card.topic.is_next_item(b);
    let mut from = 0;
    while from < ts.len() {
        let to = clause_end(&ts, from, sentence_end(&ts, text, from));
        let tokens = span(&ts, from, to);
        let mut trains: Vec<usize> = (0..tokens.len()).filter(|i| is_train(tokens, *i)).collect();
        if trains.is_empty() {
            trains.extend(told_as_run(tokens));
        }
        // A paragraph goes on with the one before where its subject says so, as sentences of one paragraph and items of one list do by
        // themselves.
        let continues = goes_on(tokens);
        let told = told_before(card, section, continues || from > 0 || is_next_item, tokens, !trains.is_empty());
        let (starts, is_clause) = (from, is_within_a_sentence(&ts, from));
        from = to;
        card.trained_before = (told == Told::Training || card.follows_training) && !turns_away(tokens);
        before.another = match told {
            Told::Another(why) => Some(why).filter(|_| continues && !names_its_training(card, tokens)),
            Told::Training | Told::Nothing => None,
        };
        // What a sentence sums up is what its section told of; stages are always those of one.
        let sums = sums_up(tokens);
        card.trained_before |= sums == Some(true) || (sums.is_some() && card.trained_section == Some(section));
        card.in_trained_section = card.trained_section == Some(section);
        let trained = !trains.is_empty() || tells_a_recipe(tokens);
        if !trains.is_empty() {
            card.trained_section = Some(section);
        }
        let found = Triggers::scan(card, tokens);
        let known = card.candidates.len();
        before.refused = None;
        if found.any() {
            read_by_owner(card, passage, (text, offset), (tokens, found), &trains, &mut before);
        } else if trained {
            before.refused = whose(card, &Sentence::new(text, tokens, trains, b.under));
        }
        if starts > 0 && told == Told::Training && before.refused.is_none() {
            add_key_of_sentence(card, passage, (text, offset), tokens);
        }
        before.trained = trained;
        card.several_before = counts_models(tokens);
        // Figures in one order are summed up where they are read.
        if !is_in_order(tokens) {
            card.note_stage((text, tokens), section, &titles, known, continues || is_clause);
        }
        note_topic(card, section, (told, trained), &before, known, tokens);
    }
    card.topic.lead(b);
}

/// Whether what begins at a token is a clause of the sentence before it.
fn is_within_a_sentence(ts: &[Token<'_>], from: usize) -> bool {
    from > 0 && !ts.get(from - 1).is_some_and(|t| t.is_any(&[".", "。", "!", "?"]))
}

/// Notes what a sentence told of, for the next one.
fn note_topic(card: &mut Card<'_>, section: usize, (told, trained): (Told, bool), before: &Before, known: usize, ts: &[Token<'_>]) {
    let figures = card.candidates.get(known..).unwrap_or_default();
    let is_fruitful = figures.iter().any(|c| c.reason.is_none() && (told == Told::Training || is_of_recipe(c.field)));
    // "DDPM, for example, takes 4 days": what follows goes on with no training of this model.
    let all_others = !figures.is_empty() && figures.iter().all(|c| c.reason.as_deref().is_some_and(is_of_others));
    match before.another.or(before.refused).or_else(|| (trained && all_others).then_some(OF_OTHERS)) {
        Some(why) if before.another.is_some() || (trained && !figures.is_empty()) => {
            card.topic.tell(section, Told::Another(why));
        }
        Some(_) if trained => card.topic.tell(section, Told::Nothing),
        None if trained || is_fruitful => card.topic.tell(section, Told::Training),
        Some(_) | None => card.topic.pass(ts),
    }
}

/// What was told before a sentence that goes on with it, or that answers a question; a question is noted.
fn told_before(card: &mut Card<'_>, section: usize, goes_on: bool, ts: &[Token<'_>], trains: bool) -> Told {
    let told = if goes_on { card.topic.before(section) } else { Told::Nothing };
    let told = if card.topic.answers(section) && told == Told::Nothing { Told::Training } else { told };
    if ts.last().is_some_and(|t| t.is_any(&["?", "？"])) {
        card.topic.ask(section, asks_of_training(ts, trains));
    }
    told
}

/// How much what sums up stands before other sentences.
const SUMS: u8 = 8;
/// Most words of a key within a paragraph.
const MOST_KEY_WORDS: usize = 4;
/// How much a key within a paragraph stands behind one of a list.
const WITHIN: u8 = 3;

/// "Laufzeit: 3 Tage 14 Stunden." within a paragraph on a training: a sentence that is a key of ours with its value.
fn add_key_of_sentence(card: &mut Card<'_>, passage: &Passage<'_>, (text, offset): (&str, usize), ts: &[Token<'_>]) {
    let Some((first, last)) = ts.first().zip(ts.last()) else { return };
    let line = text.get(first.from..last.to).unwrap_or_default();
    let parts = split_pair(line).and_then(|(key, value)| Some((line.get(..key)?, line.get(value..)?)));
    let Some((key, value)) = parts.filter(|(key, _)| key.split_whitespace().count() <= MOST_KEY_WORDS) else { return };
    let kind = key_of(&norm_key(key));
    let is_of_run =
        kind.is_some_and(|k| k.is_amount() || matches!(k, Key::Steps | Key::Epochs | Key::Batch | Key::GlobalBatch | Key::Tokens));
    let b = passage.block;
    if is_of_run && passage.refused.is_none() && !b.under.evaluation && !turns_away(ts) {
        let quote = b.source_range(offset + first.from, offset + last.to);
        let spot = Spot { block: b, quote, rank: RANK_PAIR + WITHIN, reason: None };
        card.add_pair_of(&spot, key, value.trim_end_matches(['.', '。']), &[], true);
    }
}

/// Reason of what goes on with a training that is another's.
const OF_OTHERS: &str = "another model's figure";

/// Whether a figure was refused because the sentence tells of other models.
fn is_of_others(why: &str) -> bool {
    matches!(why, "another model's figure" | "an example" | "a comparison")
}

/// Whether a field is of a recipe, which only a training has.
fn is_of_recipe(field: Field) -> bool {
    matches!(field, Field::BatchSize | Field::Epochs | Field::TrainSteps)
}

/// Whether a sentence that begins with a pronoun tells of this model's own training, whatever stands before it.
fn names_its_training(card: &Card<'_>, ts: &[Token<'_>]) -> bool {
    let words = &vocabulary::prose();
    let says = |t: &Token<'_>| t.is_any(&words.subjects.own_work) || t.is_any(&words.sentences.own_fine_tuning);
    let methods = &vocabulary::card().training.methods;
    let names = |t: &Token<'_>| {
        t.is_any(methods)
            || t.is_any(&["tune", "tuning", "adapter", "lora"])
            || t.is_any(&words.subjects.model_nouns)
            || t.is_any(&words.parameters.words)
    };
    card.own.role != CardRole::FineTune || ts.iter().skip(1).any(|t| says(t) || names(t))
}

/// What the sentences before say of the next one.
#[derive(Default)]
struct Before {
    /// Whose the end of the last sentence was.
    whose: Option<Fit>,
    /// Whether the last sentence told a total of several models.
    several: bool,
    /// Why the training that the sentence goes on with is another's.
    another: Option<&'static str>,
    /// Why the training that the sentence tells of is another's.
    refused: Option<&'static str>,
    /// Whether the last sentence told of a training, whoever's.
    trained: bool,
    /// Whether the sentence, of which parts are read, says what could be.
    may: bool,
}

/// Reads a sentence by its parts, each of which is one model's.
fn read_by_owner(
    card: &mut Card<'_>,
    passage: &Passage<'_>,
    (text, offset): (&str, usize),
    (ts, all_found): (&[Token<'_>], Triggers),
    trains: &[usize],
    before: &mut Before,
) {
    let parts = owners::parts(&card.own, text, ts, before.whose);
    before.whose = parts.last().and_then(|part| part.whose);
    let several = parts.len() > 1;
    // What the sentence says of one part it says of the others.
    card.trained_before |= several && !trains.is_empty();
    // "OPT-175B took 992 A100; our little model took one": what is set against another's training is this model's.
    let took = several && ts.iter().any(|t| t.is_any(&vocabulary::prose().subjects.took));
    // "These can be tuned on one GPU (A100 for this one, A6000 for the small one)."
    let chips = &vocabulary::prose().hardware;
    let says = |list: &vocabulary::Words| ts.iter().any(|t| t.kind == Kind::Word && !t.upper && t.is_any(list));
    before.may = several && says(&chips.modal) && !says(&chips.modal_denied);
    for part in &parts {
        if let Some((field, value, at)) = gapped::figure(card, ts, &parts, part) {
            let tokens = span(ts, part.from, part.to);
            let here = trains.iter().filter(|i| (part.from..part.to).contains(*i)).map(|i| i - part.from).collect();
            let s = Sentence::new(text, tokens, here, passage.block.under);
            let quote =
                passage.block.source_range(offset + ts.first().map_or(0, |t| t.from), offset + ts.last().map_or(0, |t| t.to));
            let reason = passage.refused.or_else(|| whose(card, &s)).or(before.another);
            let spot = Spot { block: passage.block, quote, rank: RANK_PROSE + 1, reason };
            card.add(&spot, field, Some(value), s.written(at - part.from, at + 1 - part.from), None);
        }
    }
    for part in parts {
        let tokens = span(ts, part.from, part.to);
        let found = if several { Triggers::scan(card, tokens) } else { all_found };
        let here = trains.iter().filter(|i| (part.from..part.to).contains(*i)).map(|i| i - part.from).collect();
        let s = Sentence::new(text, tokens, here, passage.block.under);
        // "The base model took 3 days. The large one took 5 days."
        card.trained_before |= (before.trained || took) && part.whose == Some(Fit::Mine);
        if found.any() {
            read_sentence(card, passage, &s, found, offset, before, part.whose);
        }
    }
}

/// Token behind the first clause of a sentence, where it is cut by ";" or ", while" and both sides have figures or verbs of a
/// training of their own.
fn clause_end(ts: &[Token<'_>], from: usize, to: usize) -> usize {
    let words = &vocabulary::prose().subjects;
    let trains = |from: usize, to: usize| (from..to).any(|i| is_train(ts, i) || is_train_verb(ts, i, to));
    let counts = |from: usize, to: usize| span(ts, from, to).iter().any(|t| t.kind == Kind::Number);
    let owns = |from: usize, to: usize| span(ts, from, to).iter().any(|t| t.is_any(&words.own_work) || t.is_any(&words.this_one));
    let is_semicolon = |cut: usize| ts.get(cut - 1).is_some_and(|t| !t.is(","));
    let ends = |i: usize| {
        let t = ts.get(i)?;
        let sets_against = t.is(",") && ts.get(i + 1).is_some_and(|next| next.is_any(&words.sets_against));
        (t.is_any(&[";", "；"]) || sets_against).then_some(i + 1)
    };
    let cut = (from..to).find_map(ends);
    let both = |cut: usize| {
        ((trains(from, cut) || counts(from, cut)) && trains(cut, to))
            || (counts(from, cut)
                && counts(cut, to)
                && (owns(cut, to) || (is_semicolon(cut) && (trains(from, cut) || tells_a_recipe(span(ts, from, cut))))))
    };
    // "v1 had 40 epochs; this one needed 25": the noun stands in the other clause.
    let is_whole = |cut: usize| is_without_noun(span(ts, cut, to));
    cut.filter(|cut| both(*cut) && !is_whole(*cut)).unwrap_or(to)
}

fn read_sentence(
    card: &mut Card<'_>,
    passage: &Passage<'_>,
    s: &Sentence<'_, '_>,
    found: Triggers,
    offset: usize,
    before: &mut Before,
    whose_part: Option<Fit>,
) {
    let Some((first, last)) = s.ts.first().zip(s.ts.last()) else { return };
    let b = passage.block;
    let known = card.candidates.len();
    card.part_is_mine = whose_part == Some(Fit::Mine);
    let quote = b.source_range(offset + first.from, offset + last.to);
    before.refused = whose_part.and_then(Fit::refusal).or_else(|| whose(card, s)).or_else(|| of_baselines(card, b));
    let reason = passage.refused.or(before.refused).or(before.another);
    let rank = if sums_up(s.ts) == Some(true) { RANK_SUM } else { RANK_PROSE };
    let spot = Spot { block: b, quote, rank, reason };
    if found.base {
        let links = b.links_between(offset + first.from, offset + last.to);
        card.add_base_in_prose(&spot, s.text, links, s.ts, offset);
    }
    if found.hardware {
        hardware::read_hardware_prose(card, &spot.refused(before.may.then_some("not said of this training")), s);
    }
    if found.time || found.carbon || found.energy {
        read_amounts(card, &spot, s, found, before, whose_part);
    }
    if found.counts {
        counts::read_counts(card, &spot, s);
    }
    if found.lengths {
        lengths::read_lengths(card, &spot, s);
    }
    if found.precision {
        formats::read_precision(card, &spot, s);
    }
    if found.month {
        formats::read_date(card, &spot, s);
    }
    if found.cloud {
        clouds::read_cloud_prose(card, &spot, s);
    }
    if found.tool {
        emissions::read_tool(card, &spot, s);
    }
    share_what_is_said(card, known);
    note_sentence(card, &spot, s, known);
    // What sums up stands before what it sums up.
    let amounts = [Field::WallHours, Field::AcceleratorHours, Field::EnergyKwh, Field::EmissionsKgco2e];
    if sums_up(s.ts) == Some(false) {
        let figures = card.candidates.get_mut(known..).unwrap_or_default().iter_mut();
        for c in figures.filter(|c| c.rank >= RANK_PROSE && amounts.contains(&c.field)) {
            c.rank -= SUMS;
        }
    }
}

/// Reason of a figure in whose sentence nothing speaks of a training.
pub const NOT_SAID: &str = "not said of a training";
/// Reason of a time that a sentence on a training does not say to be that of it.
pub const NOT_ITS_TIME: &str = "not said to be the time of training";

/// How much what another figure of the sentence makes a training's stands behind others.
const SHARED: u8 = 3;

/// "我用4张A800，完整的17500个step需要251个小时": where one figure of a sentence is said to be of a training, so are the others, unless
/// something else is said against one of them.
fn share_what_is_said(card: &mut Card<'_>, known: usize) {
    let tells = |field: Field| {
        matches!(
            field,
            Field::WallHours | Field::AcceleratorHours | Field::Epochs | Field::TrainSteps | Field::TrainTokens | Field::BatchSize
        )
    };
    let of_sentence = card.candidates.get_mut(known..).unwrap_or_default();
    let is_plain = |c: &Candidate| c.reason.as_deref().is_none_or(|why| why == NOT_SAID);
    if !of_sentence.iter().all(is_plain) || !of_sentence.iter().any(|c| c.reason.is_none() && tells(c.field)) {
        return;
    }
    // Times are asked for more than whose they are.
    let shares = |field: Field| {
        matches!(field, Field::Epochs | Field::TrainSteps | Field::Accelerator | Field::AcceleratorCount | Field::BatchSize)
    };
    for c in of_sentence.iter_mut().filter(|c| shares(c.field) && c.reason.as_deref() == Some(NOT_SAID)) {
        c.reason = None;
        c.rank = c.rank.saturating_add(SHARED);
    }
}

/// Times, energy and emissions of a sentence.
fn read_amounts(
    card: &mut Card<'_>,
    spot: &Spot<'_>,
    s: &Sentence<'_, '_>,
    found: Triggers,
    before: &mut Before,
    whose_part: Option<Fit>,
) {
    let Some((first, last)) = s.ts.first().zip(s.ts.last()) else { return };
    let text = s.text.get(first.from..last.to).unwrap_or_default().to_lowercase();
    let more = covers_more(&card.own, &text).filter(|_| !text.contains("of which"));
    // "Training all 9 models required 365K GPU hours. Estimated total emissions were 59.6 t."
    let words = vocabulary::prose();
    let is_own = s.has(&words.sentences.this_model) || s.has(&words.subjects.main);
    // "Each ran for 15 hours": one of them.
    let is_each = s.ts.first().is_some_and(|t| t.is_any(&words.subjects.each));
    let goes_on = before.several && more.is_none() && whose_part != Some(Fit::Mine) && !is_own && !is_each;
    before.several = more == Some(SEVERAL_MODELS) || goes_on;
    let spot = spot.refused(more).refused(goes_on.then_some(SEVERAL_MODELS)).refused(of_several_runs(s));
    if found.time {
        times::read_times(card, &spot, s);
    }
    if found.carbon {
        emissions::read_emissions(card, &spot, s);
    }
    if found.energy {
        emissions::read_energy(card, &spot, s);
    }
    if found.energy {
        emissions::read_by_factor(card, &spot, s);
    }
}

/// "The five runs together consumed 5.6 kWh."
fn of_several_runs(s: &Sentence<'_, '_>) -> Option<&'static str> {
    s.has(&vocabulary::prose().rates.together).then(|| of_runs(s.ts)).flatten()
}

/// Tokens at the beginning of a sentence within which it is said to sum up.
const SUMS_WITHIN: usize = 4;

/// "In all 25.5 hours", "Sum of both stages: 14 hours": a sentence sums up what stands before; and whether it names stages.
fn sums_up(ts: &[Token<'_>]) -> Option<bool> {
    let words = &vocabulary::prose().sentences;
    let at = ts.iter().take(SUMS_WITHIN).position(|t| t.is_any(&words.sums_up))?;
    let before = span(ts, 0, at);
    let begins = before.iter().all(|t| t.kind == Kind::Word);
    let stages = span(ts, 0, SUMS_WITHIN + 2).iter().any(|t| t.is_any(&words.several_stages));
    begins.then_some(stages)
}
