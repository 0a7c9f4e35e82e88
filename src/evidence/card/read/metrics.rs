//! What a trainer prints when it has ended: `{'train_runtime': 5043.4, 'train_samples_per_second': 19.2, ..., 'epoch': 3.0}`, and the same
//! as lines of `key = value` under "train metrics".

use super::candidate::{Card, RANK_CODE, Spot, candidate};
use super::passage::Passage;
use super::rates::rate_in;
use super::recipe::notes::Examples;
use super::training::is_train;
use crate::domain::Field;
use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::hardware::Context;
use crate::evidence::quantity::durations::{clock, duration};
use crate::evidence::quantity::tokens::{Kind, lex};
use crate::evidence::vocabulary;
use crate::units::SECONDS_PER_HOUR;

/// Standing: behind settings and keys that say the same.
const RANK_METRICS: u8 = RANK_CODE + 1;
/// Lines of a log that are read, and the longest of them in bytes.
const MAX_LINES: usize = 4000;
/// See [`MAX_LINES`].
const MAX_LINE: usize = 120;
/// Key of the seconds that a training took.
const RUNTIME: &str = "train_runtime";
/// Key of the examples of a second.
const RATE: &str = "train_samples_per_second";
/// Key of the steps of a second.
const STEP_RATE: &str = "train_steps_per_second";
/// How much a figure that is computed stands behind one that is stated.
const DERIVED: u8 = 30;
/// Key of the passes.
const EPOCH: &str = "epoch";
/// Digits of a rate whose product is good to a hundredth.
const LEAST_DIGITS: usize = 3;

/// Key of the steps of a training, in `TrainOutput(global_step=1875, ...)` and in the state that a trainer saves.
const STEPS: &str = "global_step";

/// Key of the tokens that were seen.
const TOKENS: &str = "num_input_tokens_seen";
/// What stands between the days and the clock of a time as Python writes it.
const DAYS_SIGN: &str = " days, ";
/// See [`DAYS_SIGN`].
const DAY_SIGN: &str = " day, ";
/// Seconds of a day.
const SECONDS_PER_DAY: f64 = 86_400.0;

/// Key of the operations of a training, as trainers reckon them: six for each parameter and token.
const OPERATIONS: &str = "total_flos";
/// Fewest operations of a training.
const LEAST_OPERATIONS: f64 = 1e12;
/// Behind a number of operations: billions of them, as `trainer.save_metrics` prints.
const BILLIONS: &str = "GF";

/// Adds the operations that a trainer prints or saves.
fn add_operations(card: &mut Card<'_>, passage: &Passage<'_>) {
    let b = passage.block;
    let all: Vec<Stated<'_>> = values(&b.text, OPERATIONS);
    let Some(last) = all.last() else { return };
    let several = all.iter().any(|s| s.text != last.text).then_some("several runs in one log");
    let in_billions = b.text.get(last.from + last.text.len()..).is_some_and(|rest| rest.starts_with(BILLIONS));
    let factor = if in_billions { 1e9 } else { 1.0 };
    let value = last.text.parse::<f64>().ok().map(|n| n * factor).filter(|n| n.is_finite() && *n >= LEAST_OPERATIONS);
    if let Some(value) = value {
        card.add(&spot_of(b, last, passage.refused.or(several)), Field::TrainFlop, Some(value), last.text, None);
    }
}

/// The state that a trainer saves: its steps and passes, where it says nothing of the time.
fn read_state(card: &mut Card<'_>, passage: &Passage<'_>) {
    let b = passage.block;
    for (field, key) in [(Field::Epochs, EPOCH), (Field::TrainSteps, STEPS)] {
        // What the state itself says stands before the history of the run.
        let first = values(&b.text, key).into_iter().next();
        if let Some((stated, n)) = first.and_then(|s| Some((s, s.text.parse::<f64>().ok()?))) {
            card.add(&spot_of(b, &stated, passage.refused), field, Some(n), stated.text, None);
        }
    }
}

/// Reads the metrics of a block. Returns whether they are all of it.
pub fn read_metrics(card: &mut Card<'_>, passage: &Passage<'_>) -> bool {
    let b = passage.block;
    if b.text.contains(OPERATIONS) {
        add_operations(card, passage);
        if b.kind == BlockKind::Code && !b.text.contains(RUNTIME) && b.text.contains(STEPS) {
            read_state(card, passage);
        }
    }
    if !b.text.contains(RUNTIME) {
        return false;
    }
    let times: Vec<Stated<'_>> = values(&b.text, RUNTIME);
    let Some((first, seconds)) = times.first().and_then(|t| Some((t, seconds(t.text)? + seconds_of_days(&b.text, t)))) else {
        return false;
    };
    let several = times.iter().any(|t| t.text != first.text).then_some("several runs in one log");
    let spot = |s: &Stated<'_>| spot_of(b, s, passage.refused.or(several));
    card.add(&spot(first), Field::WallHours, Some(seconds / SECONDS_PER_HOUR), first.text, None);
    // The passes of the same line, or of the same list of lines.
    let line = b.text.get(line_start(&b.text, first.from)..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let is_list = !line.trim_end().trim_end_matches(',').replace(DAYS_SIGN, " ").replace(DAY_SIGN, " ").contains(',');
    let beside = |s: &Stated<'_>| is_list || line_start(&b.text, s.from) == line_start(&b.text, first.from);
    for (field, key) in [(Field::Epochs, EPOCH), (Field::TrainSteps, STEPS), (Field::TrainTokens, TOKENS)] {
        let last = values(&b.text, key).into_iter().rfind(beside);
        if let Some((stated, n)) = last.and_then(|e| Some((e, e.text.parse::<f64>().ok()?))) {
            card.add(&spot(&stated), field, Some(n), stated.text, None);
        }
    }
    add_rate(card, passage, seconds, several);
    add_steps(card, passage, seconds, several);
    b.kind == BlockKind::Code || 2 * (b.text.trim_end().len() - b.text.find(['{', '(']).unwrap_or(first.from)) > b.text.len()
}

/// Lines of a log that say how long the training took: "total training time: 43:11:07", "300 epochs completed in 11.842 hours". Of the same
/// log a line of an epoch, an evaluation or a rate tells nothing of the whole.
pub fn read_log_times(card: &mut Card<'_>, passage: &Passage<'_>) {
    let b = passage.block;
    let words = &vocabulary::keys().log_times;
    let mut at = 0;
    for line in b.text.split('\n').take(MAX_LINES) {
        let (from, to) = (at, at + line.len());
        at = to + 1;
        // Most lines of code need not be cut.
        let may = line.bytes().any(|b| b.is_ascii_digit()) && words.marks.is_within(line);
        if !may
            || line.len() > MAX_LINE
            || line.trim_start().starts_with(['#', '/', '-', '@'])
            || line.contains("={")
            || line.contains("= {")
        {
            continue;
        }
        let ts = lex(line.split_once("] ").map_or(line, |(_, message)| message));
        // A line may begin with the time of day.
        let begins = ts.iter().position(|t| t.kind == Kind::Word && t.text.len() > 2).unwrap_or(0);
        let time = (0..ts.len()).find_map(|i| {
            let on_clock = clock(&ts, i).filter(|_| i > begins).map(|hours| (i, hours));
            on_clock.or_else(|| duration(&ts, i).filter(|d| !d.is_range).map(|d| (i, d.hours)))
        });
        let Some((first, hours)) = time else { continue };
        let has = |list: &[&str]| ts.iter().any(|t| t.is_any(list));
        let completed = ts.windows(2).any(|w| matches!(w, [a, b] if a.is("epochs") && b.is_any(&words.ended)));
        let trains = (0..ts.len()).any(|i| is_train(&ts, i))
            || (b.under.training && has(&["total"]) && has(&["time", "elapsed", "duration"]));
        let of_all = completed || (trains && has(&words.ended));
        let of_a_part = !completed && ts.iter().take(first).any(|t| t.is_any(&words.parts));
        if of_all && !of_a_part && !has(&words.others) && rate_in(&ts).is_none() {
            let spot = Spot { block: b, quote: b.source_range(from, to), rank: RANK_METRICS + 1, reason: passage.refused };
            let evaluated = b.under.evaluation.then_some("evaluation or inference");
            card.add(&spot.refused(evaluated), Field::WallHours, Some(hours), line.trim(), None);
            card.add_hardware(&spot.refused(evaluated), line.trim(), Context::Prose);
        }
    }
}

/// Examples seen: those of a second times the seconds.
fn add_rate(card: &mut Card<'_>, passage: &Passage<'_>, seconds: f64, several: Option<&'static str>) {
    let b = passage.block;
    let spot = |s: &Stated<'_>| spot_of(b, s, passage.refused.or(several));
    let rate = values(&b.text, RATE).into_iter().next();
    if let Some((stated, per_second)) = rate.and_then(|r| Some((r, r.text.parse::<f64>().ok()?)))
        && digits(stated.text) >= LEAST_DIGITS
        && several.is_none()
        && passage.refused.is_none()
    {
        let count = (per_second * seconds).round();
        let row = candidate(&spot(&stated), Field::TrainSamples, Some(count), stated.text, None);
        let locator = format!("{}: {per_second} examples a second x {seconds} seconds", row.locator);
        card.recipe.measured = Some(Examples { count, written: row.written, locator, quote: row.quote });
    }
}

/// Steps: those of a second times the seconds, behind steps that are stated.
fn add_steps(card: &mut Card<'_>, passage: &Passage<'_>, seconds: f64, several: Option<&'static str>) {
    let b = passage.block;
    let Some(stated) = values(&b.text, STEP_RATE).into_iter().next().filter(|s| digits(s.text) >= LEAST_DIGITS) else { return };
    let Some(per_second) = stated.text.parse::<f64>().ok().filter(|_| values(&b.text, STEPS).is_empty()) else { return };
    let spot = spot_of(b, &stated, passage.refused.or(several)).after(DERIVED);
    let mut row = candidate(&spot, Field::TrainSteps, Some((per_second * seconds).round()), stated.text, None);
    row.locator = format!("{}: {per_second} steps a second x {seconds} seconds", row.locator);
    card.candidates.push(row);
}

/// Digits that count.
fn digits(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).skip_while(|c| *c == '0').count()
}

/// A value with its place in the text.
#[derive(Clone, Copy)]
pub(super) struct Stated<'b> {
    /// The value.
    pub text: &'b str,
    /// Its first byte.
    pub from: usize,
}

fn spot_of<'b>(block: &'b Block, stated: &Stated<'_>, reason: Option<&'static str>) -> Spot<'b> {
    let from = line_start(&block.text, stated.from);
    let quote = block.source_range(from, stated.from + stated.text.len());
    Spot { block, quote, rank: RANK_METRICS, reason }
}

fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |line| line + 1)
}

/// The values of a key, which stands alone or in quotes.
pub(super) fn values<'b>(text: &'b str, key: &str) -> Vec<Stated<'b>> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut out = Vec::new();
    for (at, _) in text.match_indices(key) {
        let (before, behind) = (text.get(..at).unwrap_or_default(), text.get(at + key.len()..).unwrap_or_default());
        if before.ends_with(is_part) || behind.starts_with(is_part) {
            continue;
        }
        let sign = behind.trim_start_matches(['\'', '"', ' ', '\t']);
        let line = || text.get(line_start(text, at)..).unwrap_or_default();
        // "wandb:   train_runtime 5400.2"
        let spaced = || Some(sign).filter(|sign| sign.len() < behind.len() && line().starts_with("wandb:"));
        let Some(value) = sign.strip_prefix([':', '=']).or_else(spaced) else { continue };
        let value = value.trim_start_matches(['\'', '"', ' ', '\t']);
        let end = value.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ':' | 'e' | '+' | '-'))).unwrap_or(value.len());
        let from = text.len() - value.len();
        out.extend(value.get(..end).filter(|v| !v.is_empty()).map(|text| Stated { text, from }));
    }
    if out.is_empty() { in_columns(text, key) } else { out }
}

/// The values of a key that heads a column: a line of keys between commas, and lines of values, as `train_results.csv` has them.
fn in_columns<'b>(text: &'b str, key: &str) -> Vec<Stated<'b>> {
    let mut lines = text.lines().skip_while(|line| !line.split(',').any(|cell| cell.trim() == key));
    let Some(header) = lines.next() else { return Vec::new() };
    let width = header.split(',').count();
    let Some(at) = header.split(',').position(|cell| cell.trim() == key).filter(|_| width > 2) else { return Vec::new() };
    let rows = lines.take_while(|line| line.split(',').count() == width);
    let cells = rows.filter_map(|line| line.split(',').nth(at)).map(str::trim).filter(|cell| !cell.is_empty());
    cells.map(|text_of| Stated { text: text_of, from: text_of.as_ptr() as usize - text.as_ptr() as usize }).collect()
}

/// Seconds of the days before a time: `6 days, 5:47:01.98`, of which the first number is read as seconds by itself.
fn seconds_of_days(text: &str, stated: &Stated<'_>) -> f64 {
    let behind = text.get(stated.from + stated.text.len()..).unwrap_or_default();
    let Some(time) = behind.strip_prefix(DAYS_SIGN).or_else(|| behind.strip_prefix(DAY_SIGN)) else { return 0.0 };
    let end = time.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ':'))).unwrap_or(time.len());
    let (days, clock) = (stated.text.parse::<f64>().ok(), time.get(..end).and_then(seconds));
    days.zip(clock).map_or(0.0, |(days, clock)| days * SECONDS_PER_DAY - days + clock)
}

/// Seconds of `5043.4` and of `1:24:03.42`.
fn seconds(text: &str) -> Option<f64> {
    let mut parts = text.split(':').map(str::parse::<f64>);
    let first = parts.next()?.ok()?;
    let all = parts.try_fold(first, |sum, part| part.map(|part| sum * 60.0 + part)).ok()?;
    (text.matches(':').count() != 1 && all > 0.0).then_some(all)
}

#[cfg(test)]
mod tests {
    use crate::domain::Field;
    use crate::evidence::card::read::tests::read_of_code as read;

    #[test]
    fn what_a_trainer_prints_at_its_end() {
        let dict = "{'loss': 0.5, 'epoch': 1.0}\n{'train_runtime': 7200.0, 'train_samples_per_second': 12.5, 'train_loss': 0.2, 'epoch': 4.0}";
        let got = read(dict);
        assert!(got.contains(&(Field::WallHours, 2.0)) && got.contains(&(Field::Epochs, 4.0)), "{got:?}");
        assert!(got.contains(&(Field::TrainSamples, 90_000.0)), "{got:?}");
        let list = "***** train metrics *****\n  epoch                    =        2.0\n  train_runtime            = 1:30:00.00\n";
        let got = read(list);
        assert!(got.contains(&(Field::WallHours, 1.5)) && got.contains(&(Field::Epochs, 2.0)), "{got:?}");
        let two = "{'train_runtime': 60.0, 'epoch': 1.0}\n{'train_runtime': 90.0, 'epoch': 1.0}";
        assert!(!read(two).iter().any(|(field, _)| *field == Field::WallHours));
    }
}
