//! Compute of single runs, by hand.

use super::*;
use crate::estimation::Root;

fn run(kind: RunKind, modality: Modality, forward: Option<f64>, samples: Option<f64>) -> Run {
    let mut run = Run::new("a/b", kind, modality);
    (run.known.forward_flop, run.known.train_samples) = (forward, samples);
    run
}

/// ResNet-50: 8.22e9 FLOP x 3 x 7.69e8 images = 1.9e19; an adapter on frozen weights takes two thirds of it.
#[test]
fn counted_by_hand_and_only_where_both_are_known() {
    let flop = |kind, f, s| counted_flop(&run(kind, Modality::Vision, f, s)).map(|flop| flop.0 / 1e19);
    let whole = flop(RunKind::Pretraining, Some(8.22e9), Some(7.69e8)).unwrap();
    assert!((whole - 1.896).abs() < 0.001, "{whole}");
    let adapter = flop(RunKind::Adapter, Some(8.22e9), Some(7.69e8)).unwrap();
    assert!((adapter / whole - 2.0 / 3.0).abs() < 1e-12, "{adapter}");
    assert_eq!(flop(RunKind::Pretraining, Some(8.22e9), None), None);
    assert_eq!(flop(RunKind::Pretraining, None, Some(7.69e8)), None);
}

/// Regression: the 3.8e25 FLOP that Meta states of Llama 3.1 405B were drawn at 4.2e25, because 6 x 4.05e11 x 1.56e13 = 3.79e25 is near; a
/// figure that is 3 % away stayed. Tokens that nobody states are at most 9e13: 6 x 3e9 x 9e13 = 1.62e24 FLOP of ERNIE 4.5 21B, which was drawn up to
/// 1e26.
#[test]
fn the_word_of_the_makers_stays_and_silent_tokens_are_bounded() {
    let tables = FactorTables::new(&crate::reference::Reference::load().unwrap());
    let basis = Basis::without_fits(&tables);
    let of = |n, tokens, flop, is_the_makers| {
        let mut run = run(RunKind::Pretraining, Modality::Text, None, None);
        (run.known.active_params, run.known.train_tokens) = (Some(n), tokens);
        (run.known.train_flop, run.known.train_flop_is_the_makers) = (Some(flop), is_the_makers);
        let Some(Compute::Known { median, spread, log_ceiling }) = stated_compute(&run, &basis, &tables, &mut Vec::new()) else {
            panic!("stated")
        };
        (median, matches!(spread, Spread::Measured(_)), log_ceiling)
    };
    assert_eq!(of(4.05e11, Some(1.56e13), 3.8e25, true), (3.8e25, false, 26.0));
    assert_eq!(of(4.05e11, Some(1.56e13), 3.8e25, false), (3.8e25, true, 26.0));
    let (median, is_product, log_ceiling) = of(3e9, None, 1.8e23, false);
    assert!(!is_product && median == 1.8e23 && (log_ceiling - 1.62e24_f64.log10()).abs() < 1e-12, "{log_ceiling}");
}

/// Regression: a stranger's continued pre-training on Qwen3-8B (1.7e24 FLOP) was given a twelfth of it, 344 t in the mean. Tokens that
/// persons state are some 1e10: 6 x 8e9 x 1e10 = 5e20.
#[test]
fn persons_go_on_with_tokens_of_their_own() {
    let tables = FactorTables::new(&crate::reference::Reference::load().unwrap());
    let mut basis = Basis::without_fits(&tables);
    basis.roots.insert("q/base#pretraining".into(), Root { flop: 1.7e24, ..Root::default() });
    let of = |class, kind, root: Option<&str>| {
        let mut run = run(kind, Modality::Text, None, None);
        (run.owner.class, run.stage, run.root_run_id) = (class, Some(TrainingStage::Continued), root.map(str::to_owned));
        run.known.active_params = Some(8e9);
        run.shares = RunShares::certain(Some(kind));
        run.tiers = vec![Tier::Parameters];
        compute(&run, Tier::Parameters, &basis, &tables, &mut Vec::new()).unwrap().0.central().unwrap().0
    };
    let base = Some("q/base#pretraining");
    let person = of(OwnerClass::Unlisted, RunKind::FineTuning, base);
    let house = of(OwnerClass::Industry, RunKind::PostTraining, base);
    assert!((2e20..2e21).contains(&person), "{person:e}");
    assert!(house > 1e23, "{house:e}");
    // Regression: a company that went on with another's weights was given a share of that one's pre-training, and who went on with a model
    // that the index lacks was given a fine-tune. Companies state some 5e10 tokens: 6 x 8e9 x 5e10 = 2.4e21.
    let company = of(OwnerClass::Industry, RunKind::FineTuning, base);
    assert!((1e21..5e21).contains(&company), "{company:e}");
    assert_eq!(of(OwnerClass::Industry, RunKind::FineTuning, None), company);
}

/// Regression: a continued pre-training took its size where the tier hides it, so that its row of tier 6 was that of tier 5; and one whose
/// size nobody knows was given a share of its base's pre-training. By a law of 10^9.5 parameters with errors of half a dex either way a
/// company's is 6 x 3.16e9 x 5e10 tokens, some 1e21, and wider than of a known size.
#[test]
fn where_its_size_is_hidden_a_continued_run_does_not_know_it() {
    let tables = FactorTables::new(&crate::reference::Reference::load().unwrap());
    let shared = |errors| crate::method::simulate::SharedFit::with_draws(vec![9.5], Vec::new(), errors);
    let rows = (0..60).map(|i| ([1.0], 9.5, Some(if i % 2 == 0 { 0.5 } else { -0.5 }))).collect::<Vec<_>>();
    let observed = rows.iter().map(|(values, response, error)| (values.as_slice(), *response, *error));
    let fit = LoadedFit::new(vec![Term::Intercept], String::new(), observed, shared);
    let fits = Fits::new([(RegressionId::ParamsFromCategory, fit)].into(), crate::method::calibration::ErrorLaw::new(&[]));
    let mut basis = Basis::with_roots(fits, &tables, std::iter::empty()).unwrap();
    basis.roots.insert("q/base#pretraining".into(), Root { flop: 1.7e24, ..Root::default() });
    let of = |tier, size| {
        let mut run = run(RunKind::FineTuning, Modality::Text, None, None);
        (run.owner.class, run.stage) = (OwnerClass::Industry, Some(TrainingStage::Continued));
        (run.root_run_id, run.known.active_params) = (Some("q/base#pretraining".to_owned()), size);
        let (compute, reached) = compute(&run, tier, &basis, &tables, &mut Vec::new()).unwrap();
        let Compute::Known { median, spread: Spread::Normal(sd), .. } = compute else { panic!("of the tokens that such state") };
        (median, sd, reached)
    };
    let (known, hidden) = (of(Tier::Parameters, Some(8e9)), of(Tier::Category, Some(8e9)));
    assert_eq!((known.2, hidden.2), (Tier::Parameters, Tier::Category));
    assert_eq!(hidden, of(Tier::Category, None));
    assert!((3e20..3e21).contains(&hidden.0) && hidden.0 < known.0 && hidden.1 > known.1, "{hidden:?} {known:?}");
}

/// Regression: the sizes of strangers' BERTs were drawn up to 1e12 parameters. UL2, the largest of its kind, has 2e10.
#[test]
fn no_encoder_is_drawn_larger_than_the_largest() {
    let mut named = run(RunKind::FineTuning, Modality::Text, None, None);
    assert_eq!(most_params(&named), f64::INFINITY);
    // Regression: cino-large and macbert-large were drawn up to 2e10 parameters; the largest encoder of that word, mT5-large, has 1.2e9.
    for (word, most) in
        [(SizeWord::BaseEncoder, 6e8), (SizeWord::LargeEncoder, 1.3e9), (SizeWord::HugeEncoder, 2e10), (SizeWord::Encoder, 2e10)]
    {
        named.size_word = Some(word);
        assert_eq!(most_params(&named), most);
    }
    let mut masks = run(RunKind::Pretraining, Modality::Text, None, None);
    masks.task = TaskGroup::Labels;
    assert_eq!(most_params(&masks), 2e10);
    // A reward model labels texts, and is a language model that was tuned.
    masks.kind = Some(RunKind::FineTuning);
    assert_eq!(most_params(&masks), f64::INFINITY);
}

#[test]
fn a_forward_pass_speaks_for_pretrainings_of_images_and_pairs() {
    let fit = |kind, modality, forward| compute_fit(&run(kind, modality, forward, None)).0;
    let known = Some(8.22e9);
    assert_eq!(fit(RunKind::Pretraining, Modality::Vision, known), RegressionId::ComputeFromForwardFlop);
    assert_eq!(fit(RunKind::Pretraining, Modality::Vision, None), RegressionId::ComputeFromParams);
    assert_eq!(fit(RunKind::Pretraining, Modality::Audio, known), RegressionId::ComputeFromParams);
    assert_eq!(fit(RunKind::FineTuning, Modality::Vision, known), RegressionId::FinetuneSamplesFromParams);
    assert_eq!(fit(RunKind::Pretraining, Modality::Text, None), RegressionId::TokensFromParams);
}

/// Regression: GigaAM-v3 (2.4e8 parameters, 7e5 hours) was drawn up to 1.1e24 FLOP, 200 times what any model of sound took for its size. Twice
/// the most of those is the bound, which grows with the size.
#[test]
fn no_model_of_sound_is_drawn_beyond_what_any_took_for_its_size() {
    let reference = crate::reference::Reference::load().unwrap();
    let of_sound = reference.registry.runs().iter().filter(|r| r.kind == RunKind::Pretraining && r.modality == Modality::Audio);
    let positions = of_sound
        .filter(|r| r.open_weights == Some(true) && !r.is_excluded)
        .filter_map(|r| Some(r.train_flop? / chain::FLOP_PER_PARAM_TOKEN / r.effective_params()?));
    let most = positions.fold(0.0, f64::max);
    assert!(most > 1e12 && 2.0 * most <= assume::MOST_POSITIONS_OF_SOUND, "{most:e}");
    let terms = [Term::Intercept, Term::Size];
    let shared = |errors| crate::method::simulate::SharedFit::with_draws(vec![15.0, 0.8], Vec::new(), errors);
    let rows = (0..60).map(|i| ([1.0, 9.0], 22.0, Some(if i % 2 == 0 { 0.5 } else { -0.5 }))).collect::<Vec<_>>();
    let observed = rows.iter().map(|(values, response, error)| (values.as_slice(), *response, *error));
    let fit = LoadedFit::new(terms.to_vec(), String::new(), observed, shared);
    let fits = Fits::new([(RegressionId::ComputeFromParams, fit)].into(), crate::method::calibration::ErrorLaw::new(&[]));
    let tables = FactorTables::new(&reference);
    let bound =
        |modality, n| prediction(&run(RunKind::Pretraining, modality, None, None), n, &fits, &tables, 1.0).unwrap().log_bounds.1;
    // 6 x 2.4e8 x 4.1e12 = 5.9e21.
    assert!((pow10(bound(Modality::Audio, 2.4e8)) / 5.904e21 - 1.0).abs() < 1e-9);
    assert_eq!(bound(Modality::Vision, 2.4e8), f64::INFINITY);
}
