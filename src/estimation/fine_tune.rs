//! Fine-tunes: compute of samples that a card states, and of samples that the regression expects (docs/method.md, section 5).

use super::FactorTables;
use super::fits::{Fits, LoadedFit};
use crate::domain::{Flag, OwnerClass, RegressionId, Run, RunKind, Term};
use crate::error::Result;
use crate::method::assumptions::{BEYOND_SEEN_SD_PER_DEX, LN_10};
use crate::method::chain;
use crate::method::fitting::root_mean_square;
use crate::method::simulate::{Compute, Prediction, Spread};
use crate::units::{Params, Tokens};
use libm::{log10, sqrt};
use std::collections::BTreeMap;

/// Tokens of a sample of a run, with the standard deviation of the log10: as the tier stage found them, else those of its modality.
#[must_use]
pub fn sample_length(run: &Run, tables: &FactorTables) -> (f64, f64) {
    run.known.sample_length.unwrap_or_else(|| {
        let usual = tables.sample_lengths.usual(None, run.modality);
        (usual.length, usual.sd_dex)
    })
}

/// FLOP of training on one sample of `length` tokens with `n` active parameters: 6 N, and 4 N where only an adapter is trained. A run whose
/// forward pass is known by arithmetic takes three times that instead, which needs no length.
#[must_use]
pub fn flop_per_sample(run: &Run, n: f64, length: f64) -> f64 {
    let (n, tokens) = (Params(computing_params(run, n)), Tokens(length));
    if run.kind == Some(RunKind::Adapter) { chain::adapter_flop(n, tokens).0 } else { chain::training_flop(n, tokens).0 }
}

/// Parameters of `n` that a token is multiplied with: not the embeddings of a vocabulary that are only looked up, where the training has no
/// output layer over them (Kaplan et al. 2020, arXiv 2001.08361, section 2.1: C = 6 N D with N without embeddings).
#[must_use]
pub fn computing_params(run: &Run, n: f64) -> f64 {
    n - run.known.token_embeddings.filter(|looked_up| *looked_up < n).unwrap_or(0.0)
}

/// Compute of a run whose samples are stated: FLOP per sample times samples. The spread is that of the length and of 6 N D together; none
/// without samples and size.
pub fn compute_of_samples<'a>(
    run: &Run,
    fits: &Fits,
    tables: &FactorTables,
    log_ceiling: f64,
    flags: &mut Vec<Flag>,
) -> Option<Compute<'a>> {
    let (samples, n) = (run.known.train_samples?, run.known.active_params?);
    let (length, length_sd) = sample_length(run, tables);
    flag_length(run, flags);
    flag_embeddings(run, n, flags);
    let median = samples * flop_per_sample(run, n, length);
    let errors = fits.six_nd_errors(median);
    // Half the central 68 %: the errors have a few far ones, which are slips of the registry and no property of the formula.
    let product_sd = (errors.quantile(ONE_SD_ABOVE) - errors.quantile(1.0 - ONE_SD_ABOVE)) / 2.0;
    let spread = Spread::Normal(sqrt(length_sd * length_sd + product_sd * product_sd) * LN_10);
    Some(Compute::Known { median, spread, log_ceiling })
}

/// Probability below one standard deviation above the centre of a normal distribution.
const ONE_SD_ABOVE: f64 = 0.841_345;

/// A prediction of samples with the length of a sample. The errors of its class of size are scaled to those of its kind of owner (what
/// companies and universities publish differs more from line to line than what persons upload), and widened by what the regression's own
/// errors do not hold: the spread of the length, and sizes that it has not seen.
///
/// # Errors
/// The regression is not usable.
pub fn with_length<'a>(
    run: &Run,
    n: f64,
    prediction: Prediction<'a>,
    fits: &Fits,
    tables: &FactorTables,
    flags: &mut Vec<Flag>,
) -> Result<Prediction<'a>> {
    let (length, length_sd) = sample_length(run, tables);
    flag_length(run, flags);
    flag_embeddings(run, n, flags);
    let loaded: &LoadedFit = fits.get(RegressionId::FinetuneSamplesFromParams)?;
    let beyond = loaded.seen.beyond(run, log10(n));
    if beyond > 0.0 {
        flags.push(Flag::SizeOutsideTheFineTunesSeen);
    }
    let of_class = prediction.fit.errors.near(log10(n)).rms();
    let of_owners = loaded.seen.rms(run).unwrap_or(of_class);
    let unseen = BEYOND_SEEN_SD_PER_DEX * beyond;
    let whole = sqrt(of_owners * of_owners + length_sd * length_sd + unseen * unseen);
    let widening = if of_class > 0.0 { whole / of_class } else { 1.0 };
    let factor = prediction.factor * computing_params(run, n) / n;
    Ok(Prediction { log_length: log10(length), widening, factor, ..prediction })
}

pub(super) fn flag_embeddings(run: &Run, n: f64, flags: &mut Vec<Flag>) {
    flags.extend((computing_params(run, n) < n).then_some(Flag::EmbeddingsLookedUp));
}

/// A length that the run's own card states is evidence; any other is an assumption.
fn flag_length(run: &Run, flags: &mut Vec<Flag>) {
    if !run.flags.contains(&Flag::SampleLengthOfTheTask) && run.chosen.evidence(crate::domain::Field::SequenceLength).is_none() {
        flags.push(Flag::SampleLengthOfTheTask);
    }
}

/// What a regression has been fitted on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SizesSeen {
    /// Least and largest log10 N, by method (whether it is an adapter) and whether the owner is unlisted.
    sizes: BTreeMap<(bool, bool), (f64, f64)>,
    /// Root mean square of the held-out errors in dex, by whether the owner is unlisted.
    rms: BTreeMap<bool, f64>,
}

impl SizesSeen {
    /// Of the terms of a regression, and of its observations the values in the same order with the error on owners held out.
    pub fn new<'a>(terms: &[Term], observations: impl Iterator<Item = (&'a [f64], Option<f64>)>) -> Self {
        let at = |term: Term| terms.iter().position(|t| *t == term);
        let Some(size) = at(Term::Size) else { return Self::default() };
        let (adapter, unlisted) = (at(Term::IsKind(RunKind::Adapter)), at(Term::UnlistedOwner));
        let mut seen = Self::default();
        let mut errors: BTreeMap<bool, Vec<f64>> = BTreeMap::new();
        for (values, error) in observations {
            let is = |position: Option<usize>| position.and_then(|p| values.get(p)).is_some_and(|v| *v > 0.5);
            let Some(log_n) = values.get(size).copied() else { continue };
            let (least, most) = seen.sizes.entry((is(adapter), is(unlisted))).or_insert((log_n, log_n));
            (*least, *most) = (least.min(log_n), most.max(log_n));
            errors.entry(is(unlisted)).or_default().extend(error);
        }
        seen.rms = errors.into_iter().filter_map(|(unlisted, errors)| Some((unlisted, root_mean_square(&errors)?))).collect();
        seen
    }

    /// Root mean square of the held-out errors of owners of the run's kind; none where nothing was held out.
    #[must_use]
    pub fn rms(&self, run: &Run) -> Option<f64> {
        self.rms.get(&(run.owner.class == OwnerClass::Unlisted)).copied()
    }

    /// How far a size lies outside those seen for the run's method and kind of owner, in dex; zero inside. Adapters are added to weights
    /// that full fine-tunes start from: where the regression has no term for them, or no adapter of that kind of owner, the sizes of full
    /// ones count.
    #[must_use]
    pub fn beyond(&self, run: &Run, log_n: f64) -> f64 {
        let (adapter, unlisted) = (run.kind == Some(RunKind::Adapter), run.owner.class == OwnerClass::Unlisted);
        let range = self
            .sizes
            .get(&(adapter, unlisted))
            .or_else(|| self.sizes.get(&(false, unlisted)))
            .or_else(|| self.sizes.values().next());
        range.map_or(0.0, |(least, most)| (least - log_n).max(log_n - most).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Modality, Tier};
    use crate::estimation::{Basis, build};
    use crate::method::calibration::ErrorLaw;
    use crate::method::simulate::SharedFit;
    use crate::reference::Reference;

    fn tables() -> FactorTables {
        FactorTables::new(&Reference::load().unwrap())
    }

    fn run(kind: RunKind) -> Run {
        let mut run = Run::new("x/mine", kind, Modality::Text);
        run.known.active_params = Some(66e6);
        run.known.train_samples = Some(42_800.0);
        run.known.sample_length = Some((80.0, 0.4));
        run.tiers = vec![Tier::Compute];
        run
    }

    /// Regression: two thirds of XLM-R are embeddings, which cost nothing where labels are learnt. By its table 1 (arXiv 1911.02116) it has 12
    /// layers of width 768 and 250,002 tokens: 12 x (12 x 768^2 + 13 x 768) = 8.505e7 in the layers, 250,002 x 768 = 1.920e8 in the table, so
    /// that 42,800 sentences of 80 tokens take 6 x 8.6e7 x 3.424e6 = 1.77e15 FLOP and not 5.7e15.
    #[test]
    fn a_vocabulary_costs_nothing_where_labels_are_learnt() {
        let tables = tables();
        let basis = Basis::without_fits(&tables);
        let mut labels = run(RunKind::FineTuning);
        labels.known.active_params = Some(2.78e8);
        labels.known.token_embeddings = Some(250_002.0 * 768.0);
        let built = |run: &Run| build(run, Tier::Compute, &basis, &tables).unwrap();
        let flop = |run: &Run| built(run).compute.central().unwrap().0;
        assert!((flop(&labels) / 1.767e15 - 1.0).abs() < 2e-3, "{:e}", flop(&labels));
        assert!(built(&labels).flags.contains(&Flag::EmbeddingsLookedUp));
        let whole = Run { known: crate::domain::run::Known { token_embeddings: None, ..labels.known }, ..labels.clone() };
        assert!((flop(&whole) / 5.711e15 - 1.0).abs() < 1e-3 && !built(&whole).flags.contains(&Flag::EmbeddingsLookedUp));
        // Its pre-training tells 0.15 of the words over the table: 0.85 of it is looked up alone, and 6 x 1.148e8 x 1e12 tokens = 6.89e20 FLOP.
        let mut masks = Run { kind: Some(RunKind::Pretraining), ..labels };
        (masks.known.train_samples, masks.known.train_tokens) = (None, Some(1e12));
        masks.known.token_embeddings = Some(0.85 * 250_002.0 * 768.0);
        assert!((flop(&masks) / 6.887e20 - 1.0).abs() < 1e-3, "{:e}", flop(&masks));
        // Regression: whoever multiplied all of it with the tokens (6 x 2.78e8 x 1e12 = 1.668e21), as the registry does, got 2.4 times that.
        masks.known.train_flop = Some(1.668e21);
        assert!((flop(&masks) / 6.887e20 - 1.0).abs() < 1e-3, "{:e}", flop(&masks));
    }

    /// 42,800 sentences of 80 tokens through 66e6 parameters: 6 x 66e6 x 80 x 42,800 = 1.356e15 FLOP; 4 instead of 6 for an adapter.
    #[test]
    fn compute_of_samples_by_hand() {
        let tables = tables();
        let basis = Basis::without_fits(&tables);
        let central = |kind| build(&run(kind), Tier::Compute, &basis, &tables).unwrap().compute.central().unwrap().0;
        assert!((central(RunKind::FineTuning) / 1.355_9e15 - 1.0).abs() < 1e-4);
        assert!((central(RunKind::Adapter) / 9.039_4e14 - 1.0).abs() < 1e-4);
    }

    #[test]
    fn a_usual_length_is_flagged_and_stated_tokens_go_first() {
        let tables = tables();
        let basis = Basis::without_fits(&tables);
        let built = build(&run(RunKind::FineTuning), Tier::Compute, &basis, &tables).unwrap();
        assert!(built.flags.contains(&Flag::SampleLengthOfTheTask));
        let mut stated = run(RunKind::FineTuning);
        stated.chosen.choose(crate::domain::Field::SequenceLength, "e1");
        assert!(!build(&stated, Tier::Compute, &basis, &tables).unwrap().flags.contains(&Flag::SampleLengthOfTheTask));
        let mut tokens = run(RunKind::FineTuning);
        tokens.known.train_tokens = Some(1e9);
        let built = build(&tokens, Tier::Compute, &basis, &tables).unwrap();
        assert!((built.compute.central().unwrap().0 / (6.0 * 66e6 * 1e9) - 1.0).abs() < 1e-12);
        assert!(!built.flags.contains(&Flag::SampleLengthOfTheTask));
    }

    /// Full ones of unlisted owners from 1e7 to 1e10, adapters at 7e9 only, listed owners up to 1e12.
    #[test]
    fn distance_from_the_sizes_seen() {
        let terms = [Term::Intercept, Term::Size, Term::UnlistedOwner, Term::IsKind(RunKind::Adapter)];
        let rows: [&[f64]; 5] =
            [&[1.0, 7.0, 1.0, 0.0], &[1.0, 10.0, 1.0, 0.0], &[1.0, 9.85, 1.0, 1.0], &[1.0, 9.0, 0.0, 0.0], &[1.0, 12.0, 0.0, 0.0]];
        let seen = SizesSeen::new(&terms, rows.into_iter().zip([Some(0.6), Some(-0.8), None, Some(2.0), Some(2.0)]));
        let beyond = |kind, class, log_n| {
            let mut run = Run::new("x/y", kind, Modality::Text);
            run.owner.class = class;
            seen.beyond(&run, log_n)
        };
        // The square root of (0.36 + 0.64) / 2, and of 4.
        let mut run = Run::new("x/y", RunKind::FineTuning, Modality::Text);
        assert!((seen.rms(&run).unwrap() - 2.0).abs() < 1e-12);
        run.owner.class = OwnerClass::Unlisted;
        assert!((seen.rms(&run).unwrap() - 0.5_f64.sqrt()).abs() < 1e-12);
        assert_eq!(beyond(RunKind::FineTuning, OwnerClass::Unlisted, 9.0), 0.0);
        assert_eq!(beyond(RunKind::FineTuning, OwnerClass::Unlisted, 10.5), 0.5);
        assert_eq!(beyond(RunKind::FineTuning, OwnerClass::Unlisted, 6.0), 1.0);
        assert!((beyond(RunKind::Adapter, OwnerClass::Unlisted, 9.0) - 0.85).abs() < 1e-12);
        assert_eq!(beyond(RunKind::Adapter, OwnerClass::Academia, 11.0), 0.0);
        assert_eq!(beyond(RunKind::FineTuning, OwnerClass::Industry, 11.0), 0.0);
    }

    /// Errors of one dex either way, a length of 0.3 dex and a size one dex above those seen: the square root of
    /// 1 + 0.09 + 0.85^2 is 1.3463 times as wide, and the flag says so; inside the sizes seen it is that of 1.09, 1.0440.
    #[test]
    fn errors_widen_outside_the_sizes_seen() {
        let tables = tables();
        let terms = vec![Term::Intercept, Term::Size];
        let seen: [&[f64]; 2] = [&[1.0, 7.0], &[1.0, 9.0]];
        let observed = seen.into_iter().zip([Some(1.0), Some(-1.0)]).map(|(values, error)| (values, 4.0, error));
        let shared = |_| SharedFit::with_draws(vec![4.0, 0.0], Vec::new(), ErrorLaw::new(&[(8.0, -1.0), (8.0, 1.0)]));
        let loaded = || LoadedFit::new(terms.clone(), String::new(), observed.clone(), shared);
        let ids = [RegressionId::FinetuneSamplesFromParams, RegressionId::TokensFromParams];
        let fits = Fits::new(ids.into_iter().map(|id| (id, loaded())).collect(), ErrorLaw::new(&[]));
        let basis = Basis::with_fits(fits, Basis::without_fits(&tables).mixtures);
        for (n, widening, is_flagged) in [(1e10, 1.3463, true), (1e8, 1.0440, false)] {
            let mut run = run(RunKind::FineTuning);
            (run.known.active_params, run.known.train_samples) = (Some(n), None);
            run.known.sample_length = Some((100.0, 0.3));
            let built = build(&run, Tier::Parameters, &basis, &tables).unwrap();
            let Compute::Parameters(prediction) = &built.compute else { panic!("no regression") };
            assert!((prediction.widening - widening).abs() < 1e-4, "{}", prediction.widening);
            assert_eq!(built.flags.contains(&Flag::SizeOutsideTheFineTunesSeen), is_flagged);
        }
    }
}
