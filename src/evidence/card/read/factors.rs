//! Products whose factors say what they count: "16 micro-batch × 8 grad-accum × 512 ctx = 65,536 tokens/step", "20,000 steps × 64 × 512 =
//! 655M tokens". Each factor is a figure of its own, and the product is of what its label says.

use super::candidate::{Card, Spot, candidate};
use super::prose::sentence::Sentence;
use super::rates::is_sign;
use super::recipe::{LARGEST_BATCH, LENGTHS, RECIPE};
use crate::domain::Field;
use crate::evidence::quantity::numbers::{Quantity, quantity};
use crate::evidence::quantity::tokens::{Kind, Token, is_latin_word, lex, span, text_at};
use crate::evidence::vocabulary::{self, Words};

/// Tokens of the label behind a factor, at most.
const LABEL: usize = 6;
/// Tokens of the label before the first factor, at most.
const LABEL_BEFORE: usize = 5;
/// Factors of one product, at most.
const MOST_FACTORS: usize = 6;
/// Fewest steps of a training.
const LEAST_STEPS: f64 = 10.0;
/// A rounded product differs from the exact one by less.
const ROUNDED: f64 = 0.03;

/// What a factor counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    Steps,
    Batch,
    Accumulated,
    Devices,
    Length,
    Tokens,
    Unsaid,
}

/// A number with what its label says that it counts.
#[derive(Clone, Copy, Debug)]
struct Factor {
    q: Quantity,
    counts: Counts,
    /// Token behind the label.
    to: usize,
}

/// A product as a text writes it.
#[derive(Debug)]
struct Product {
    factors: Vec<Factor>,
    result: Option<Factor>,
}

/// Whether a token is one of some words; those of other scripts may stand within it.
fn is(t: &Token<'_>, words: &Words) -> bool {
    t.is_any(words) || (t.kind == Kind::Word && !is_latin_word(&t.text) && words.is_within(&t.text))
}

/// What a label says.
fn counts(card: Option<&Card<'_>>, ts: &[Token<'_>], from: usize, to: usize) -> Counts {
    let (words, lengths) = (vocabulary::prose(), &vocabulary::recipe().prose);
    let label = span(ts, from, to);
    let has = |lists: &[&Words]| label.iter().any(|t| lists.iter().any(|list| is(t, list)));
    // "8 per GPU", "16 sequences per step"
    let per = (from..to).find(|at| ts.get(*at).is_some_and(is_sign)).and_then(|at| ts.get(at + 1));
    let of_each = |lists: &[&Words]| per.is_some_and(|t| lists.iter().any(|list| is(t, list)));
    if of_each(&[&vocabulary::card().device_hours.named, &words.batches.devices, &words.steps.one]) && !has(&[&words.tokens.words])
    {
        Counts::Batch
    } else if has(&[&words.batches.accumulation]) {
        Counts::Accumulated
    } else if has(&[&lengths.contexts, &lengths.lengths, &lengths.sequence_lengths, &lengths.context_lengths]) {
        Counts::Length
    } else if has(&[&words.tokens.words, &words.tokens.cjk]) {
        let of_each = label.iter().any(|t| is(t, &lengths.sequences) || is(t, &words.batches.sequences));
        if of_each { Counts::Length } else { Counts::Tokens }
    } else if has(&[
        &words.batches.things,
        &words.batches.words,
        &words.batches.sequences,
        &words.batches.parts,
        &words.samples.nouns,
    ]) {
        Counts::Batch
    } else if has(&[&vocabulary::card().device_hours.named, &words.batches.devices])
        || (from..to).any(|at| card.is_some_and(|card| card.is_chip(ts, at)))
    {
        Counts::Devices
    } else if has(&[&words.steps.words, &words.steps.one, &words.steps.cjk]) {
        Counts::Steps
    } else {
        Counts::Unsaid
    }
}

/// The number at a token with its label, which ends where `ends` says so.
fn factor(card: Option<&Card<'_>>, ts: &[Token<'_>], at: usize, ends: impl Fn(&Token<'_>) -> bool) -> Option<Factor> {
    let q = quantity(ts, at).filter(|q| !q.is_word && !q.is_range && q.value >= 1.0)?;
    let labels = |t: &Token<'_>| (t.kind == Kind::Word || t.is_any(&["-", "(", ")", "/", "_"])) && !ends(t);
    let to = (q.to..q.to + LABEL).find(|at| !ts.get(*at).is_some_and(labels)).unwrap_or(q.to + LABEL);
    Some(Factor { q, counts: counts(card, ts, q.to, to), to })
}

fn is_times(t: &Token<'_>) -> bool {
    t.is_any(&["x", "×", "*", "·"])
}

/// The product that begins at a token.
fn product_at(card: Option<&Card<'_>>, ts: &[Token<'_>], at: usize) -> Option<Product> {
    let results = &vocabulary::prose().rates.results;
    let mut factors = vec![factor(card, ts, at, is_times)?];
    // "Batch per GPU 4 x 8 GPUs": the label stands before the first factor.
    let crosses = factors.last().and_then(|f| ts.get(f.to)).is_some_and(|t| is_times(t) && !t.is("·"));
    for first in factors.iter_mut().filter(|f| f.counts == Counts::Unsaid && crosses) {
        let label = span(ts, at.saturating_sub(LABEL_BEFORE), at);
        let words = label.iter().rev().take_while(|t| t.kind == Kind::Word || t.is_any(&["-", "/", ":", "="]));
        let batches = &vocabulary::prose().batches;
        if words.into_iter().any(|t| is(t, &batches.things) || is(t, &batches.words)) {
            first.counts = Counts::Batch;
        }
    }
    while factors.len() < MOST_FACTORS {
        let Some(to) = factors.last().map(|f| f.to).filter(|to| ts.get(*to).is_some_and(is_times)) else { break };
        factors.push(factor(card, ts, to + 1, is_times)?);
    }
    let to = factors.last().map(|f| f.to).filter(|_| factors.len() > 1)?;
    // "1,024 sequences × 2,048 tokens": of each of them.
    if factors.iter().any(|f| f.counts == Counts::Batch) {
        factors.iter_mut().filter(|f| f.counts == Counts::Tokens).for_each(|f| f.counts = Counts::Length);
    }
    let ends = |t: &Token<'_>| t.is_any(results);
    let result = ts.get(to).filter(|t| ends(t)).and_then(|_| (to + 1..to + 3).find_map(|at| factor(card, ts, at, ends)));
    Some(Product { factors, result })
}

impl Product {
    /// The only factor that counts something.
    fn only(&self, counts: Counts) -> Option<&Factor> {
        let mut found = self.factors.iter().filter(|f| f.counts == counts);
        found.next().filter(|_| found.next().is_none())
    }

    fn has(&self, counts: Counts) -> bool {
        self.factors.iter().any(|f| f.counts == counts)
    }

    /// The product of the factors that count one of these.
    fn of(&self, which: &[Counts]) -> f64 {
        self.factors.iter().filter(|f| which.contains(&f.counts)).map(|f| f.q.value).product()
    }

    /// Whether the stated result is the product.
    fn is_right(&self) -> bool {
        let all: f64 = self.factors.iter().map(|f| f.q.value).product();
        self.result.is_none_or(|r| (r.q.value - all).abs() <= ROUNDED * all)
    }

    /// Sequences of one step: where every factor says what it counts, and one of them examples.
    fn batch(&self) -> Option<f64> {
        self.only(Counts::Batch).filter(|_| !self.has(Counts::Unsaid) && !self.has(Counts::Tokens))?;
        Some(self.of(&[Counts::Batch, Counts::Accumulated, Counts::Devices])).filter(|batch| *batch <= LARGEST_BATCH)
    }

    /// Whether enough is said to know what is multiplied.
    fn is_told(&self) -> bool {
        let said = self.factors.iter().filter(|f| f.counts != Counts::Unsaid).count();
        let of_tokens = self.result.is_some_and(|r| r.counts == Counts::Tokens);
        self.is_right() && (said > 1 || (said == 1 && of_tokens))
    }

    fn to(&self) -> usize {
        self.result.or_else(|| self.factors.last().copied()).map_or(0, |f| f.to)
    }
}

impl Card<'_> {
    /// Adds what the products of some tokens of a text state. Returns the tokens that they are made of.
    pub(super) fn add_factors(&mut self, spot: &Spot<'_>, text: &str, ts: &[Token<'_>]) -> Vec<(usize, usize)> {
        let mut out = Vec::new();
        if !ts.iter().any(is_times) {
            return out;
        }
        let mut at = 0;
        while at < ts.len() {
            let product = product_at(Some(self), ts, at).filter(|product| product.is_told() && !is_times_before(ts, at));
            let Some(product) = product else {
                at += 1;
                continue;
            };
            let tokens = span(ts, at, product.to());
            let written = tokens.first().zip(tokens.last()).and_then(|(a, b)| text.get(a.from..b.to)).unwrap_or_default();
            self.add_product(spot, written, &product);
            out.push((at, product.to()));
            at = product.to().max(at + 1);
        }
        out
    }

    fn add_product(&mut self, spot: &Spot<'_>, written: &str, product: &Product) {
        let mut add = |field, value: f64| {
            let mut row = candidate(spot, field, Some(value), written, None);
            row.extractor = Some(RECIPE);
            self.candidates.push(row);
        };
        if let Some(batch) = product.batch() {
            add(Field::BatchSize, batch);
        }
        if let Some(length) = product.only(Counts::Length).map(|f| f.q.value).filter(|length| LENGTHS.contains(length)) {
            add(Field::SequenceLength, length);
        }
        let steps = product.only(Counts::Steps).map(|f| f.q.value).filter(|steps| *steps >= LEAST_STEPS);
        if let Some(steps) = steps {
            add(Field::TrainSteps, steps);
            if let Some(tokens) = product.result.filter(|r| r.counts == Counts::Tokens) {
                add(Field::TrainTokens, tokens.q.value);
            }
        }
    }
}

/// Whether a sign before a token makes its number one of the later factors.
fn is_times_before(ts: &[Token<'_>], at: usize) -> bool {
    at.checked_sub(1).and_then(|before| ts.get(before)).is_some_and(is_times)
}

/// Reads the products of a sentence. Returns the tokens that they are made of, which nothing else reads.
pub fn read_factors(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) -> Vec<(usize, usize)> {
    let said = s.trains() || s.under_training || s.is_recipe || card.trained_before;
    let reason = (!said).then_some("not said of a training").or((s.under_evaluation && !s.trains()).then_some("evaluation"));
    card.add_factors(&spot.refused(reason), s.text, s.ts)
}

/// The batch that the value of a key states as a product with labels: "4 (micro) x 24 (accumulation) = 96".
#[must_use]
pub fn batch_in(value: &str) -> Option<f64> {
    if !value.contains(['x', '×', '*']) {
        return None;
    }
    let ts = lex(value);
    let product = (0..ts.len()).find_map(|at| product_at(None, &ts, at)).filter(Product::is_told)?;
    product.batch()
}

/// Whether the value of a key is a product with a result: "$20,000 \times 64 \times 512 \approx 655M$". The result, where it is.
#[must_use]
pub fn result_of_product(ts: &[Token<'_>]) -> Option<Quantity> {
    let results = &vocabulary::prose().rates.results;
    let at = ts.iter().rposition(|t| t.is_any(results)).filter(|at| span(ts, 0, *at).iter().any(is_times))?;
    let number = (at + 1..at + 3).find(|at| text_at(ts, *at) != "~")?;
    quantity(ts, number).filter(|q| !q.is_word && !q.is_range)
}

#[cfg(test)]
mod tests {
    use crate::domain::Field;
    use crate::evidence::card::tests::card_tables;
    use crate::evidence::card::{About, CardRole, extract};
    use crate::reference::Reference;

    fn figures(text: &str) -> Vec<(Field, f64)> {
        let about = About { model_id: "org/heron", role: CardRole::OwnTraining, base_ids: &[], total_params: None };
        let card = format!("# heron\n\n## Training\n\n{text}\n");
        let rows = extract(card_tables(&Reference::load().unwrap()), &card, &about);
        let fields = [Field::BatchSize, Field::SequenceLength, Field::TrainSteps, Field::TrainTokens];
        let accepted = rows.iter().filter(|r| r.reject_reason.is_none() && fields.contains(&r.field));
        accepted.filter_map(|r| Some((r.field, r.value?))).collect()
    }

    #[test]
    fn the_factors_of_a_product_are_what_their_labels_say() {
        let (batch, length, steps, tokens) = (Field::BatchSize, Field::SequenceLength, Field::TrainSteps, Field::TrainTokens);
        for (text, right) in [
            (
                "Effective batch: 12 micro-batch × 8 grad-accum × 1024 ctx = 98,304 tokens/step.",
                vec![(batch, 96.0), (length, 1024.0)],
            ),
            ("We used 12 sequences x 2 GPUs x 4 accumulation steps.", vec![(batch, 96.0)]),
            ("20,000 steps × 64 × 512 = 655.4M tokens were seen.", vec![(steps, 20_000.0), (tokens, 655.4e6)]),
            ("- Tokens seen: $20,000 \\times 64 \\times 512 \\approx 655\\text{ Million tokens}$", vec![(tokens, 655e6)]),
        ] {
            let got = figures(text);
            assert!(right.iter().all(|r| got.contains(r)) && got.len() == right.len(), "{text}: {got:?}");
        }
        // What no label tells is not multiplied.
        assert_eq!(figures("The patches are 16 x 16 pixels."), []);
    }
}
