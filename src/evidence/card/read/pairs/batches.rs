//! Batches of a pair: of all devices, as the result of a calculation, or by their factors.

use super::Pair;
use crate::domain::Field;
use crate::evidence::card::read::candidate::{Card, Spot};
use crate::evidence::card::read::data_sizes::BATCH_IN_TOKENS;
use crate::evidence::card::read::keys::Key;
use crate::evidence::card::read::recipe::LARGEST_BATCH;
use crate::evidence::card::read::values::{
    batch_of_factors, is_row_of_settings, next_setting, product, product_sign, whole_beside,
};
use crate::evidence::quantity::numbers::{Quantity, first_quantity};
use crate::evidence::quantity::tokens::span;
use crate::evidence::vocabulary;

impl Card<'_> {
    /// The batch.
    pub(super) fn add_batch_pair(&mut self, spot: &Spot<'_>, kind: Key, pair: &Pair<'_>) {
        // `32 x 8 x 2 x 4 = 2048`, "8, accumulation: 4 → 32": the product; "32, num_train_epochs=3" are two settings.
        // "micro-batch=2, grad-accum=16, effective batch=65k tokens/step" are settings, which the recipe reads.
        if is_row_of_settings(pair.value) || !self.add_factors(spot, pair.value, pair.ts).is_empty() {
            return;
        }
        let ts = span(pair.ts, 0, next_setting(pair.ts));
        let equals = product_sign(ts);
        let q = first_quantity(span(ts, equals.map_or(0, |at| at + 1), ts.len()));
        let q = q.map(|q| Quantity { value: product(ts).unwrap_or(q.value), ..q });
        // "8 (gradient accumulation 4, so 32 effective)", "8, tích lũy gradient 8 bước, tổng cộng 64"
        let whole = if equals.is_none() { whole_beside(pair.ts) } else { None };
        let (q, equals) = (whole.or(q), equals.or(whole.map(|q| q.from)));
        // "32,768 pairs (4,096 per GPU, GradCache)"
        let head = ts.iter().position(|t| t.is("(")).filter(|at| *at > 0).unwrap_or(ts.len());
        let short = if equals.is_some() { ts.len() <= 40 } else { head <= 8 };
        if let Some(q) = q.filter(|_| short) {
            let of_tokens = q.value > LARGEST_BATCH || ts.iter().any(|t| t.is_any(&vocabulary::prose().tokens.words));
            let of_tokens = of_tokens && !ts.iter().any(|t| t.is_any(&vocabulary::prose().batches.sequences));
            let spot = spot.after(u8::from(kind == Key::Batch));
            // "16 micro-batch x 8 accumulation x 512 ctx = 65,536 tokens"
            if let Some(batch) = equals.filter(|_| of_tokens).and_then(|at| batch_of_factors(span(ts, 0, at))) {
                self.add(&spot, Field::BatchSize, Some(batch), pair.value, None);
                return;
            }
            let spot = spot.refused(of_tokens.then_some(BATCH_IN_TOKENS));
            self.add_quantity(&spot, Field::BatchSize, q.value, pair.value, &q);
        }
    }
}
