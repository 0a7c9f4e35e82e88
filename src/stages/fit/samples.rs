//! Rows the regressions learn from, with their terms read like those of any run.

use super::super::normalize;
use super::declarations::Category;
use super::looked_up::{self, namespace_of, other_than};
use super::{Fitting, References};
use crate::domain::{
    EmissionsBasis, Modality, OwnerClass, Rating, RegressionId, Role, Run, RunKind, SizeWord, TaskGroup, Term, Tier,
};
use crate::engine::Inputs;
use crate::error::Result;
use crate::estimation::fine_tune::{flop_per_sample, sample_length};
use crate::estimation::{Basis, FactorTables, build, term_values};
use crate::evidence::hardware;
use crate::evidence::index::{facts, layers, layouts, names};
use crate::method::assumptions::{FINE_TUNE_MAX_SHARE_OF_PRETRAINING, TOKENS_FIT_SINCE_YEAR};
use crate::method::chain;
use crate::method::fitting::{Fit, Observation};
use crate::method::simulate::central;
use crate::reference::compute_bounds::class_of_run;
use crate::reference::owners::first_organization;
use crate::reference::role_labels::{Draw, RoleLabel};
use crate::reference::{Accelerators, FineTune, Owners, ReportedFineTune, SmallRun, TrainingRun};
use crate::tables::TierRow;
use crate::units::{Day, GRAMS_PER_KG, Params, Tokens};
use libm::log10;
use std::collections::BTreeMap;

/// Most index rows a category regression is fitted on: every k-th by id, so that a full index costs no more than a small one.
const MAX_CATEGORY_ROWS: usize = 5_000;
/// Fewest rows a category needs for an indicator of its own; smaller ones share the baseline.
const MIN_CATEGORY_ROWS: usize = 8;
/// Most rows of an owner among the fine-tunes: a hundred trials of one recipe are no hundred observations. Without the limit three owners
/// make an eighth of the rows, and the held-out error of the others rises from 0.50 to 0.57 dex (median).
const MAX_OWNER_ROWS: usize = 5;
/// 6 N D beyond this factor from compute that was counted another way: one of the figures is not what it seems.
const CONTRADICTED_DEX: f64 = 0.7;

/// A row a regression may learn from.
pub(super) struct Sample {
    pub(super) id: String,
    pub(super) owner: String,
    /// Name under which estimates look for its house, where it is not the owner's.
    pub(super) house: Option<String>,
    pub(super) response: f64,
    pub(super) run: Run,
}

/// The token regression with its terms, for the rows of the fine-tunes.
pub(super) struct TokensFit {
    pub(super) terms: Vec<Term>,
    pub(super) fit: Fit,
}

impl Sample {
    pub(super) fn observe(&self, terms: &[Term]) -> Observation {
        let values = term_values(&self.run);
        Observation {
            id: self.id.clone(),
            owner: self.owner.clone(),
            response: self.response,
            terms: terms.iter().map(|term| values.value(*term)).collect(),
        }
    }

    /// Family (namespace and first word of the name) and day, for effects of families.
    pub(super) fn released(&self) -> (String, i32) {
        let id = if self.run.model_id.is_empty() { &self.id } else { &self.run.model_id };
        let (owner, name) = id.split_once('/').unwrap_or((self.owner.as_str(), id.as_str()));
        let word: String = name.to_lowercase().chars().take_while(char::is_ascii_alphabetic).collect();
        (format!("{owner}|{word}").to_lowercase(), self.run.trained_on.map_or(0, |day| day.0))
    }
}

/// All rows of a regression; `chain` is what the physical chain needs.
pub(super) fn samples(
    inputs: &Inputs<'_, Fitting>,
    id: RegressionId,
    tokens_fit: Option<&TokensFit>,
    chain: &Basis,
) -> Result<Vec<Sample>> {
    let references = inputs.references();
    let accelerators = &references.factors.accelerators;
    // Nothing is learnt from what is known to be wrong, nor of active parameters from mixtures that hide them.
    let runs = || references.registry.runs().iter().filter(|r| !r.is_excluded);
    let open = |r: &&TrainingRun| r.kind == RunKind::Pretraining && r.open_weights == Some(true);
    let owners = &references.factors.owners;
    let of = |r: &TrainingRun, response: f64| registry_sample(accelerators, owners, r, response);
    Ok(match id {
        RegressionId::ComputeFromParams => {
            let registered =
                runs().filter(open).filter(|r| !is_six_nd(r) && !r.lacks_active_params()).filter_map(|r| of(r, r.train_flop?));
            registered.chain(small_samples(references, |run| run.train_flop)).collect()
        }
        RegressionId::TokensFromParams => {
            let registered = runs()
                .filter(open)
                .filter(|r| r.modality.counts_tokens() && r.confidence != Some(Rating::Speculative) && !is_contradicted(r))
                .filter(|r| r.trained_on_day().is_some_and(|d| d.year() >= TOKENS_FIT_SINCE_YEAR))
                .filter_map(|r| of(r, r.seen_tokens()?));
            let small = small_samples(references, |run| run.train_tokens.filter(|_| run.modality.counts_tokens()));
            let mut samples: Vec<Sample> = registered.chain(small).collect();
            samples.extend(looked_up::samples(references, &samples));
            samples
        }
        RegressionId::ComputeFromForwardFlop => super::counted::samples(&references.trainings),
        RegressionId::FinetuneSamplesFromParams => runs()
            .filter(|r| matches!(r.kind, RunKind::FineTuning | RunKind::PostTraining))
            .filter(|r| tokens_fit.is_some_and(|fit| is_fine_tune(&references.factors, r, fit) == Some(true)))
            .filter_map(|r| published_samples(&references.factors, r))
            .chain(card_samples(references))
            .collect(),
        RegressionId::FinetuneFromSize => {
            let of = |r: &ReportedFineTune| reported_sample(&references.factors, r, r.emissions_gco2e / GRAMS_PER_KG);
            references.reported.iter().filter_map(of).collect()
        }
        RegressionId::EnergyFromCompute => runs().filter_map(|r| of(r, energy(references, chain, r)?)).collect(),
        RegressionId::EmissionsFromCompute => runs().filter_map(|r| of(r, emissions(references, chain, r)?)).collect(),
        RegressionId::ParamsFromCategory => category_samples(inputs)?,
    })
}

/// Pre-trainings of small houses with a response, those of the years that the token regression covers.
fn small_samples(references: &References, response: impl Fn(&SmallRun) -> Option<f64>) -> Vec<Sample> {
    let sample = |small: &SmallRun| {
        let mut run = Run::new(&small.model_id, RunKind::Pretraining, small.modality);
        run.trained_on = small.day().filter(|day| day.year() >= TOKENS_FIT_SINCE_YEAR);
        run.trained_on?;
        run.known.active_params = Some(small.params);
        run.known.total_params = Some(small.params);
        run.owner.name = Some(small.owner().to_owned());
        run.owner.class = references.factors.owners.class(Some(small.owner()));
        let response = log10(response(small)?);
        Some(Sample { id: small.model_id.clone(), owner: small.owner().to_owned(), house: None, response, run })
    };
    references.small_runs.iter().filter_map(sample).collect()
}

/// Samples that a registered fine-tune saw by its compute: C over 6 N and the usual length of its modality's samples.
fn published_samples(tables: &FactorTables, published: &TrainingRun) -> Option<Sample> {
    let run = published_run(&tables.accelerators, &tables.owners, published)?;
    let per_sample = flop_per_sample(&run, run.known.active_params?, sample_length(&run, tables).0);
    registry_sample(&tables.accelerators, &tables.owners, published, published.train_flop? / per_sample)
}

/// The fine-tunes of finetunes.csv, few of each owner.
pub(super) fn card_samples(references: &References) -> Vec<Sample> {
    few_of_each_owner(references.fine_tunes.iter().map(|row| card_sample(&references.factors, row)))
}

/// Evenly at most `MAX_OWNER_ROWS` of an owner, in their order.
fn few_of_each_owner(samples: impl Iterator<Item = Sample>) -> Vec<Sample> {
    let mut by_owner: BTreeMap<String, Vec<Sample>> = BTreeMap::new();
    for sample in samples {
        by_owner.entry(sample.owner.clone()).or_default().push(sample);
    }
    let evenly = |of_owner: Vec<Sample>| {
        let step = of_owner.len().div_ceil(MAX_OWNER_ROWS).max(1);
        of_owner.into_iter().step_by(step)
    };
    by_owner.into_values().flat_map(evenly).collect()
}

fn card_sample(tables: &FactorTables, row: &FineTune) -> Sample {
    let usual = tables.sample_lengths.usual(Some(&row.task), Modality::Other);
    let mut run = Run::new(&row.model_id, row.kind(), usual.task_group.modality());
    run.task = usual.task_group;
    run.trained_on = row.day();
    run.owner.name = Some(row.owner().to_owned());
    run.owner.class = tables.owners.class(Some(row.owner()));
    run.known.active_params = Some(row.params);
    run.known.total_params = Some(row.params);
    let (length, sd_dex, _) = usual.length(row.sequence_length, None);
    run.known.sample_length = Some((length, sd_dex));
    Sample { id: row.model_id.clone(), owner: row.owner().to_owned(), house: None, response: log10(row.samples_seen), run }
}

/// What AutoTrain's texts were tuned for, as long as the collection lasts: labels and spans of sentences, hardly any generation.
const AUTOTRAIN_TEXT: &str = "text-classification";

pub(super) fn reported_sample(tables: &FactorTables, reported: &ReportedFineTune, response: f64) -> Option<Sample> {
    let task = (reported.modality == Modality::Text).then_some(AUTOTRAIN_TEXT);
    let usual = tables.sample_lengths.usual(task, reported.modality);
    let mut run = Run::new(&reported.model_id, RunKind::FineTuning, reported.modality);
    run.trained_on = Some(reported.day()?);
    run.known.active_params = Some(reported.params());
    run.known.total_params = run.known.active_params;
    run.owner.class = OwnerClass::Unlisted;
    run.task = usual.task_group;
    run.known.sample_length = Some((usual.length, usual.sd_dex));
    Some(Sample { id: reported.model_id.clone(), owner: reported.owner().to_owned(), house: None, response: log10(response), run })
}

/// Whether a run that started from weights stays below a third of the pre-training its size and date would have taken; above, it
/// is a continued pre-training and teaches nothing about fine-tunes.
fn is_fine_tune(factors: &FactorTables, run: &TrainingRun, tokens_fit: &TokensFit) -> Option<bool> {
    let values = term_values(&published_run(&factors.accelerators, &factors.owners, run)?);
    let terms: Vec<f64> = tokens_fit.terms.iter().map(|term| values.value(*term)).collect();
    let tokens = log10(run.train_flop? / chain::FLOP_PER_PARAM_TOKEN / run.effective_params()?);
    Some(tokens <= tokens_fit.fit.predict(&terms) + log10(FINE_TUNE_MAX_SHARE_OF_PRETRAINING))
}

/// Whether compute is the product of the same row's size and tokens.
pub(super) fn is_six_nd(run: &TrainingRun) -> bool {
    run.flop_is_6nd == Some(true) || run.flop_method.as_deref() == Some("six_nd")
}

/// Whether compute was counted from device hours.
pub(super) fn is_from_hours(run: &TrainingRun) -> bool {
    run.flop_method.as_deref().is_some_and(|m| m.starts_with("hardware"))
}

fn is_contradicted(run: &TrainingRun) -> bool {
    let ratio = || {
        let product = chain::training_flop(Params(run.effective_params()?), Tokens(run.seen_tokens()?)).0;
        Some(log10(product / run.train_flop?))
    };
    ratio().is_some_and(|r| r.abs() > CONTRADICTED_DEX)
}

fn registry_sample(accelerators: &Accelerators, owners: &Owners, run: &TrainingRun, response: f64) -> Option<Sample> {
    let owner = owner(run);
    let house = namespace_of(run).and_then(|namespace| other_than(&owner, owners.registered_as(namespace).to_owned()));
    Some(Sample {
        id: run.registry_id.clone(),
        owner,
        house,
        response: log10(response),
        run: published_run(accelerators, owners, run).filter(|run| run.known.active_params.is_some())?,
    })
}

/// Whose run it is, for cross-validation: the first organization, under one name; else the namespace, else the run itself.
pub(super) fn owner(run: &TrainingRun) -> String {
    let namespace = || run.hub_id.as_deref().and_then(|id| id.split_once('/')).map(|(owner, _)| owner.to_owned());
    let organization = run.organization.as_deref().and_then(first_organization).map(str::to_owned);
    organization.or_else(namespace).unwrap_or_else(|| run.registry_id.clone())
}

/// Stated energy at the facility, or hours times power times PUE, where the compute does not come from those hours.
fn energy(references: &References, basis: &Basis, run: &TrainingRun) -> Option<f64> {
    run.train_flop.filter(|_| !is_from_hours(run))?;
    if let Some(kwh) = run.energy_kwh {
        return Some(kwh);
    }
    let known = published_run(&references.factors.accelerators, &references.factors.owners, run)?;
    known.hardware.accelerator_hours.filter(|_| !known.hardware.accelerators.is_empty())?;
    let built = build(&known, Tier::Hardware, basis, &references.factors).ok()?;
    Some(central(&built.model(&run.registry_id)).energy.0)
}

/// Stated location-based emissions, or energy times the grid of the owner's country, where the compute does not come from hours.
fn emissions(references: &References, basis: &Basis, run: &TrainingRun) -> Option<f64> {
    run.train_flop.filter(|_| !is_from_hours(run))?;
    let stated = run.reported_emissions_kgco2e.filter(|_| run.emissions_basis != Some(EmissionsBasis::Market));
    if let Some(kg) = stated.filter(|kg| *kg > 0.0) {
        return Some(kg);
    }
    let (kwh, day) = (energy(references, basis, run)?, run.trained_on_day()?);
    let country = run.country.as_deref()?.split('|').next()?;
    let grid = references.factors.grid.value(country, day.year())?;
    Some(kwh * grid.gco2e_per_kwh / GRAMS_PER_KG)
}

/// A run of the registry with what is known of it; none without a date.
pub(super) fn published_run(accelerators: &Accelerators, owners: &Owners, published: &TrainingRun) -> Option<Run> {
    let mut run = Run::new(published.hub_id.as_deref().unwrap_or_default(), published.kind, published.modality);
    run.trained_on = Some(published.trained_on_day()?);
    published.registry_id.clone_into(&mut run.run_id);
    run.owner.name = published.hub_id.as_deref().and_then(|id| id.split_once('/')).map(|(owner, _)| owner.to_owned());
    run.owner.class = class_of_run(owners, published);
    run.owner.country = published.country.as_deref().and_then(|c| c.split('|').next()).map(str::to_owned);
    run.known.total_params = published.params.or(published.active_params);
    run.known.active_params = published.effective_params();
    run.known.train_flop = published.train_flop;
    run.known.train_flop_is_the_makers = published.flop_method.as_deref() == Some("reported");
    run.known.train_tokens = published.seen_tokens();
    run.known.mfu = published.mfu;
    run.hardware.accelerator_hours = published.accelerator_hours;
    run.size_word = names::size_word(&run.model_id);
    let text = published.accelerator.as_deref().unwrap_or_default();
    run.hardware.accelerators = hardware::read_hardware(accelerators, text, hardware::Context::Field).names();
    Some(run)
}

/// Every k-th run with known parameters, k such that at most `MAX_CATEGORY_ROWS` remain. Names that state a size are left out: a model that
/// is asked about has none, and those that have one are larger by half a dex. So are names with a layout that is no
/// encoder's: without encoders, whose names nearly all have one, those without were taken for language models (0.85 dex against 0.63). Of each owner few count: 1,400 translators of one recipe are
/// no category.
fn category_samples(inputs: &Inputs<'_, Fitting>) -> Result<Vec<Sample>> {
    let total = inputs.row_count::<TierRow>()?;
    let step = usize::try_from(total).unwrap_or(usize::MAX).div_ceil(MAX_CATEGORY_ROWS).max(1);
    let mut samples = Vec::new();
    for row in inputs.rows::<TierRow>()?.step_by(step) {
        let run = Run::from(row?);
        let Some(params) = run.known.active_params.filter(|_| run.kind.is_some()) else { continue };
        samples.push(Sample {
            id: run.run_id.clone(),
            owner: run.owner.name.clone().unwrap_or_else(|| run.model_id.clone()),
            house: None,
            response: log10(params),
            run,
        });
    }
    samples.extend(drawn_sizes(inputs.references()));
    samples.extend(sizes_beyond_text(inputs.references()));
    let layouts = &inputs.references().layouts;
    let is_encoder = |run: &Run| run.size_word.is_some_and(SizeWord::is_encoder);
    let tells_its_size = |run: &Run| {
        let id = &run.model_id;
        let says_layers = layers::params(id).is_some();
        names::size(id).is_some() || says_layers || !is_encoder(run) && layouts::params(layouts, id).is_some()
    };
    Ok(few_of_each_owner(samples.into_iter().filter(|sample| !tells_its_size(&sample.run))))
}

/// Sizes of the registry's open pre-trainings of images, sound, biology and the like: an index of language models shows none of them, and
/// would take theirs for those of language models. In a wide index they are few among its own.
fn sizes_beyond_text(references: &References) -> impl Iterator<Item = Sample> + '_ {
    let FactorTables { accelerators, owners, .. } = &references.factors;
    let open = |r: &&TrainingRun| r.kind == RunKind::Pretraining && r.open_weights == Some(true) && !r.modality.counts_tokens();
    references
        .registry
        .runs()
        .iter()
        .filter(open)
        .filter_map(move |r| registry_sample(accelerators, owners, r, r.effective_params()?))
}

/// Sizes of repositories that were drawn by lot: what a small index shows few of. The registry's models are large and would vouch for the
/// others.
fn drawn_sizes(references: &References) -> Vec<Sample> {
    let sample = |label: &RoleLabel| {
        let kind = match label.role {
            Role::Pretrained => RunKind::Pretraining,
            Role::Continued | Role::Finetuned => RunKind::FineTuning,
            Role::Adapter => RunKind::Adapter,
            Role::Merge | Role::Quantized | Role::Converted | Role::Empty | Role::Untrained => return None,
        };
        let size = label.safetensors_total.filter(|n| label.draw == Draw::Uniform && *n > 0)?;
        let mut run = Run::new(
            &label.model_id,
            kind,
            facts::modality(&normalize::labelled_record(label), label.pipeline_tag.as_deref(), None),
        );
        let owner = label.model_id.split_once('/').map(|(owner, _)| owner.to_owned());
        // Sizes follow the years; of an undated record nothing here tells the year.
        run.trained_on = Some(label.created_on.as_deref().and_then(Day::parse)?);
        run.owner.class = references.factors.owners.class(owner.as_deref());
        run.size_word = names::size_word(&label.model_id);
        #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
        let response = log10(size as f64);
        Some(Sample {
            id: label.model_id.clone(),
            owner: owner.unwrap_or_else(|| label.model_id.clone()),
            house: None,
            response,
            run,
        })
    };
    references.records.role_labels.iter().filter_map(sample).collect()
}

/// The intercept, the numeric terms, and an indicator for each category with enough rows, by name.
pub(super) fn terms_with_categories(terms: &[Term], categories: &[Category], samples: &[Sample]) -> Vec<Term> {
    let mut all: Vec<Term> = std::iter::once(Term::Intercept).chain(terms.iter().copied()).collect();
    let is_university = |sample: &Sample| sample.run.owner.class == OwnerClass::Academia;
    let of_text = |sample: &Sample| sample.run.modality.counts_tokens();
    let count = |is: &dyn Fn(&Sample) -> bool| samples.iter().filter(|sample| is(sample)).count();
    let of_universities = count(&|s| is_university(s) && of_text(s));
    let of_companies = count(&|s| s.run.owner.class == OwnerClass::Industry && s.run.is_pretraining() && of_text(s));
    for category in categories {
        let mut counts: BTreeMap<Term, usize> = BTreeMap::new();
        for sample in samples {
            let (term, is_baseline) = match category {
                Category::Modality => (Some(Term::IsModality(sample.run.modality)), sample.run.modality == Modality::Text),
                Category::Kind => (sample.run.kind.map(Term::IsKind), sample.run.is_pretraining()),
                Category::SizeWord => (sample.run.size_word.map(|word| Term::SaysSize(word.in_regressions())), false),
                Category::UniversitiesBeyondText => {
                    let is_told_apart = is_university(sample) && of_universities >= MIN_CATEGORY_ROWS;
                    (is_told_apart.then_some(Term::AcademiaBeyondText), of_text(sample))
                }
                Category::PersonsPretrainingsOfText => {
                    let is_person = sample.run.owner.class == OwnerClass::Unlisted && sample.run.is_pretraining();
                    let is_told_apart = is_person && of_companies >= MIN_CATEGORY_ROWS;
                    (is_told_apart.then_some(Term::UnlistedPretrainingOfText), sample.run.task != TaskGroup::Generation)
                }
                Category::Task => (Some(Term::IsTask(sample.run.task)), sample.run.task == TaskGroup::Labels),
            };
            if let Some(term) = term.filter(|_| !is_baseline) {
                *counts.entry(term).or_default() += 1;
            }
        }
        let mut enough: Vec<Term> = counts.into_iter().filter(|(_, n)| *n >= MIN_CATEGORY_ROWS).map(|(term, _)| term).collect();
        enough.sort_by_key(|term| term.name());
        all.extend(enough);
    }
    all
}
