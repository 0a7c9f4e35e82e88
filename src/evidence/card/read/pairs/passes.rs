//! Passes and steps of a pair: as its value, or beside a time or a number of tokens.

use super::Pair;
use crate::domain::Field;
use crate::evidence::card::parse::pair::norm_key;
use crate::evidence::card::read::candidate::{Card, Spot};
use crate::evidence::card::read::composed::composed;
use crate::evidence::card::read::data_sizes::{DATA_SET_SIZE, LEAST_PASSED_ONCE, TRAINED_ON_DATA};
use crate::evidence::card::read::factors::result_of_product;
use crate::evidence::card::read::keys::{Key, read_key};
use crate::evidence::card::read::rates::RATE;
use crate::evidence::card::read::values::{next_setting, passes_behind, sign_of_count, tokens_end, without_remark};
use crate::evidence::quantity::numbers::{Quantity, first_quantity, quantity};
use crate::evidence::quantity::tokens::{Token, lex, lex_in, span, text_at, text_before};
use crate::evidence::quantity::units::{energy_unit, mass_unit};
use crate::evidence::vocabulary;

/// Passes over the data believed.
const MOST_EPOCHS: f64 = 1e5;
/// Fewest steps of a training beside its time.
const LEAST_STEPS: f64 = 100.0;
/// Tokens behind passes in brackets within which the data stand that they went over.
const OVER: usize = 2;

/// "62B unique, 2.9 epochs, i.e. roughly 180B tokens processed": the number that a value says was seen.
fn seen_in(ts: &[Token<'_>]) -> Option<Quantity> {
    let words = &vocabulary::prose().tokens;
    (0..ts.len()).filter_map(|at| quantity(ts, at)).find(|q| {
        let noun = q.to + usize::from(ts.get(q.to).is_some_and(|t| t.is_any(&words.words)));
        ts.get(noun).is_some_and(|t| t.is_any(&words.seen_behind)) && q.value >= 1e6
    })
}

impl Card<'_> {
    /// A key made comparable, and the passes that it tells: "Emissions LSTM 50 epochs", "Emissionen (30 Epochen)". Where only words of this model's
    /// name make it none of ours, they are left out.
    pub(crate) fn plain_key(&self, key: &str) -> (String, Option<f64>) {
        let key = key.trim_matches(|c: char| " -*#•|".contains(c));
        let norm = norm_key(key);
        let ts = lex(key);
        let is_epochs = |at: usize| ts.get(at).is_some_and(|t| t.is_any(&vocabulary::prose().epochs.words));
        let passes = (0..ts.len()).find_map(|at| quantity(&ts, at).filter(|q| !q.is_word && !q.is_range && is_epochs(q.to)));
        let passes = passes.filter(|q| (1.0..=MOST_EPOCHS).contains(&q.value));
        if read_key(&norm).is_some() || !norm.contains(' ') {
            return (norm, passes.map(|q| q.value));
        }
        let told = |word: &&str| passes.is_some_and(|q| (q.from..=q.to).any(|at| text_at(&ts, at) == *word));
        let rest: Vec<&str> = norm.split(' ').filter(|word| !told(word) && !self.own.has(word)).collect();
        let rest = rest.join(" ");
        let is_ours = read_key(&rest).is_some_and(|asked| asked.key.is_amount());
        if is_ours { (rest, passes.map(|q| q.value)) } else { (norm, None) }
    }

    /// Tokens seen, or those of the data.
    pub(super) fn add_tokens_pair(&mut self, spot: &Spot<'_>, kind: Key, pair: &Pair<'_>) {
        // Words of sizes of data; a bare number below ten million is a length.
        let of_data = pair.ts.iter().any(|t| t.is_any(&vocabulary::keys().pairs.data_sizes));
        let loose = vocabulary::keys().vague_keys.tokens.contains(&pair.norm);
        if kind == Key::Tokens && !self.add_factors(spot, pair.value, pair.ts).is_empty() {
            return;
        }
        if let Some(q) = result_of_product(pair.ts)
            .or_else(|| seen_in(pair.ts))
            .or_else(|| first_quantity(pair.ts))
            .filter(|q| q.value >= 1e6 && (q.scaled || q.value >= 1e7))
        {
            let is_data = kind == Key::TokenData;
            let passes = passes_behind(pair.ts, tokens_end(pair.ts, q.to)).map(|(n, _)| n);
            // "2.1B (7 epochs over 300M tokens)" counts them already.
            let seen = kind == Key::Tokens && pair.norm.split(' ').any(|w| vocabulary::prose().tokens.seen.contains(&w));
            let counted = passes.is_some() && (seen || counts_passes(pair.ts, q.to));
            self.add_passes_beside(&spot.after(2), pair.ts);
            let (passes, of_data) = (passes.filter(|_| !counted), of_data && !(seen && counted));
            // "Training data: 80M tokens" are passed over who knows how often.
            let few = is_data && passes.is_none() && q.value < LEAST_PASSED_ONCE;
            // "Tokens: 488 billion" under "Training Data Statistics"
            let plain = loose || composed(pair.norm) == Some("tokens");
            // "Corpus statistics:" over a list.
            let label = spot.block.label.as_deref().map(str::to_lowercase);
            let labelled =
                label.is_some_and(|label| vocabulary::card().headings.data.is_within(&label) && !label.contains("train"));
            let under_data = (pair.norm == "tokens" && spot.block.under.data) || (plain && labelled);
            let of_data = of_data || (under_data && passes.is_none());
            let reason = (of_data && !is_data).then_some(DATA_SET_SIZE).or(few.then_some(TRAINED_ON_DATA));
            let spot = spot.after(u8::from(loose || is_data)).refused(reason);
            let passes = passes.unwrap_or(1.0);
            self.add_quantity(&spot, Field::TrainTokens, q.value * passes, pair.value, &q);
        }
    }

    /// Epochs and steps.
    pub(super) fn add_passes_pair(&mut self, spot: &Spot<'_>, kind: Key, pair: &Pair<'_>) {
        let counted = lex_in(without_remark(pair.value), sign_of_count(pair.value));
        let ts = if kind == Key::Steps { counted.as_slice() } else { pair.ts };
        // "Steps: 85, CFG scale: 7, Seed: 1903506130": a row of many settings is how an image was made.
        let is_short = ts.len() <= 12;
        let ts = span(ts, 0, next_setting(ts));
        // "Emissions LSTM 50 epochs: ~0.8 kg" is no number of passes.
        let has_unit = |q: &Quantity| ts.get(q.to).is_some_and(|t| mass_unit(&t.text).is_some() || energy_unit(&t.text).is_some());
        // "Epochs: twenty-five"
        let in_words = || quantity(ts, 0).filter(|q| q.is_word && q.to == ts.len());
        let Some(q) = first_quantity(ts)
            .or_else(in_words)
            .filter(|q| !has_unit(q))
            .filter(|_| is_short || (kind == Key::Epochs && ts.len() <= 12))
        else {
            return;
        };
        if kind == Key::Steps {
            // The iterations of SetFit are pairs of an example.
            let of_world = pair.norm.split(' ').any(|w| vocabulary::prose().subjects.world_steps.contains(&w));
            let spot = &spot.refused(of_world.then_some("steps of a world, not of the optimizer"));
            if q.value >= 10.0 && !(self.is_setfit && pair.norm == "num iterations") {
                self.add_quantity(spot, Field::TrainSteps, q.value, pair.value, &q);
                // "Training steps: 43247 (3 epochs)"
                self.add_passes_beside(&spot.after(2), ts);
            }
        } else if q.value <= 1e5 && !pair.ts.iter().any(|t| t.is("early")) {
            self.add_quantity(spot, Field::Epochs, q.value, pair.value, &q);
        }
    }

    /// "~90 minutes (5 epochs)", "60 hours (10k steps)": passes and steps that a value goes on with.
    pub(super) fn add_passes_beside(&mut self, spot: &Spot<'_>, ts: &[Token<'_>]) {
        let words = vocabulary::prose();
        // "3 min/epoch, 20 epochs": the time may be a rate, and these are none.
        let spot = &if spot.reason == Some(RATE) { Spot { reason: None, ..*spot } } else { *spot };
        for i in 1..ts.len() {
            let begins =
                |stems: &[&str]| ts.get(i).is_some_and(|t| !t.text.is_ascii() && stems.iter().any(|w| t.text.starts_with(w)));
            let is_any = |list: &vocabulary::Words| ts.get(i).is_some_and(|t| t.is_any(list));
            let epochs = is_any(&words.epochs.words) || begins(&words.epochs.cjk);
            let steps = is_any(&words.steps.words) || begins(&words.steps.cjk);
            // "(one epoch of the data)"
            let in_words = |q: &Quantity| !q.is_word || (epochs && text_before(ts, q.from, 1) == "(");
            let number =
                (i.saturating_sub(2)..i).find_map(|at| quantity(ts, at).filter(|q| q.to == i && !q.is_range && in_words(q)));
            let Some(q) = number.filter(|q| epochs || steps && !matches!(text_before(ts, q.from, 1), "per" | "/" | "every")) else {
                continue;
            };
            let written = format!("{} {}", text_at(ts, q.from), text_at(ts, i));
            if epochs && q.value <= MOST_EPOCHS && q.value >= 1.0 {
                self.add_quantity(spot, Field::Epochs, q.value, &written, &q);
            } else if steps && q.value >= LEAST_STEPS {
                self.add_quantity(spot, Field::TrainSteps, q.value, &written, &q);
            }
        }
    }
}

/// Whether the passes in brackets behind a number say what it is the product of: "655M (16.7 epochs over a corpus of 39M)".
fn counts_passes(ts: &[Token<'_>], to: usize) -> bool {
    let words = &vocabulary::prose().epochs;
    let open = (to..to + OVER).find(|at| text_at(ts, *at) == "(");
    let noun = open.and_then(|open| (open + 1..open + 5).find(|at| ts.get(*at).is_some_and(|t| t.is_any(&words.words))));
    noun.is_some_and(|noun| ts.get(noun + 1).is_some_and(|t| t.is_any(&words.over)))
}
