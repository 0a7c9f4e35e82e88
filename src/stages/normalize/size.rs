//! Parameters of a model: total with its source, and those used per token.

use super::References;
use super::index::{Index, size_of_another};
use crate::domain::{Field, ParamsSource, Role};
use crate::evidence::Extracted;
use crate::evidence::index::{arithmetic, facts, layers, layouts, looked_up, params};
use crate::lineage::Placement;
use crate::lineage::names::{says_layers_and_width, says_quantized};
use crate::method::assumptions::{LARGEST_DENSE, LEAST_LARGE_MIXTURE, MIXTURES_SINCE_YEAR};
use crate::method::simulate::pow10;
use crate::reference::{RepositoryFact, TrainingRun};
use crate::tables::RawModelRow;
use crate::units::TimestampMs;
use libm::log10;

/// Relative difference below which two counts are of weights of one shape: heads, adapters and tied embeddings make it.
const SAME_SIZE: f64 = 0.05;

/// What is known of a repository beside its record.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// The registry's run.
    pub(super) registry: Option<&'a TrainingRun>,
    /// What was looked up.
    pub(super) fact: Option<&'a RepositoryFact>,
    /// What was looked up of the base whose pre-training it carries.
    pub(super) of_base: Option<&'a RepositoryFact>,
}

/// Total parameters with their source, by the order of docs/method.md, section 2; `named` is what the name states. Copies and adapters have
/// their base's.
pub(super) fn total_params(
    references: &References,
    index: &Index,
    i: usize,
    raw: &RawModelRow,
    known: Known<'_>,
    named: Option<Extracted>,
    extracted: &mut Vec<Extracted>,
) -> Option<(i64, ParamsSource)> {
    let placement = &index.placements[i];
    let from_base = || {
        let base = index.bases_of_its_size(i).find(|b| index.params[*b].is_some())?;
        #[allow(clippy::cast_precision_loss)]
        Some(from_base(index, i, Field::TotalParams, index.params[base]? as f64, base))
    };
    let from_registry = || {
        let run = known.registry?;
        facts::from_registry(run, false).into_iter().find(|e| e.field == Field::TotalParams && e.reject_reason.is_none())
    };
    let inherits = placement.role.copies_weights() || placement.role == Role::Adapter;
    let says_packed = placement.role == Role::Quantized || says_quantized(&raw.model_id);
    let of_another = size_of_another(&raw.model_id).is_some();
    let looked_up = || known.fact.and_then(|fact| Some(looked_up::size(fact, Field::TotalParams, fact.total_params?)));
    let from_architecture = || arithmetic::params(&references.trainings, &raw.model_id, raw.library.as_deref());
    let (said, refused) = split(named);
    let from_files = || params::from_files(raw, says_packed, of_another);
    let from_layers = || layers::params(&raw.model_id).filter(|_| !of_another && placement.role != Role::Untrained);
    let own = || from_files().or_else(from_registry).or_else(looked_up).or_else(from_architecture).or(said).or_else(from_layers);
    let from_derived = || index.shown_by.get(&i).map(|(n, by)| params::from_derived(*n, index.id(*by)));
    // Whoever tells layers and width chose them, and what a head drafts for is not its size.
    let is_of_its_layout = !of_another && placement.role != Role::Untrained && !says_layers_and_width(&raw.model_id);
    let from_layout = || layouts::params(&references.layouts, &raw.model_id).filter(|_| is_of_its_layout);
    let known = if inherits { from_base().or_else(own) } else { own().or_else(from_derived).or_else(from_base) };
    let chosen = known.or_else(from_layout);
    extracted.extend(refused);
    let chosen = chosen?;
    #[allow(clippy::cast_possible_truncation)] // Bounded by the extractors.
    let n = chosen.value? as i64;
    let source = ParamsSource::parse(chosen.extractor)?;
    extracted.push(chosen);
    Some((n, source))
}

/// A figure of a base, with whether the record itself names that base.
fn from_base(index: &Index, i: usize, field: Field, value: f64, base: usize) -> Extracted {
    let (facts, base_id) = (&index.facts[i], &index.facts[base].model_id);
    let is_stated = !facts.bases_from_card && facts.base_ids.iter().any(|id| id.eq_ignore_ascii_case(base_id));
    params::from_base(field, value, base_id, is_stated)
}

/// Evidence that counts, and evidence that was refused.
fn split(evidence: Option<Extracted>) -> (Option<Extracted>, Option<Extracted>) {
    match evidence {
        Some(e) if e.reject_reason.is_some() => (None, Some(e)),
        counts => (counts, None),
    }
}

/// Total parameters by the card, where nothing better is known. An adapter's card tells of the adapter or of its base, and nobody knows which.
pub(super) fn said_params(placement: &Placement, said: &[Extracted]) -> Option<(i64, ParamsSource)> {
    let row = said.iter().find(|e| e.field == Field::TotalParams && e.reject_reason.is_none())?;
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // Bounded by the range.
    let n = row.value.filter(|n| (*params::PLAUSIBLE.start() as f64..=*params::PLAUSIBLE.end() as f64).contains(n))? as i64;
    (placement.role != Role::Adapter).then_some((n, ParamsSource::Card))
}

/// Whether a model whose active parameters nothing states is a mixture of experts: its record says so, or its size is one that only mixtures
/// have had, or have had since 2025. What was trained from a base is as old as the oldest base of its size, and of a dense architecture is
/// none.
fn is_mixture(index: &Index, i: usize, raw: &RawModelRow, total: f64) -> bool {
    if params::is_dense(raw, index.facts[i].architecture.as_deref()) {
        return false;
    }
    #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
    let is_as_large = |b: &usize| index.params[*b].is_some_and(|n| (n as f64 / total - 1.0).abs() < SAME_SIZE);
    let of_bases = index.bases_of_its_size(i).filter(is_as_large).filter_map(|b| index.facts[b].created_ms.map(TimestampMs));
    let oldest = raw.created_at.into_iter().chain(of_bases).map(|t| t.day().year()).min();
    let is_recent = oldest.is_some_and(|year| year >= MIXTURES_SINCE_YEAR);
    params::is_mixture_of_experts(raw) || total > LARGEST_DENSE || is_recent && total >= LEAST_LARGE_MIXTURE
}

/// Active parameters where they differ from the total; `named` is what the name states, `by_card` what the card says of the
/// total's model.
pub(super) fn active_params(
    index: &Index,
    i: usize,
    raw: &RawModelRow,
    known: Known<'_>,
    named: Option<Extracted>,
    (total, by_card): (Option<(i64, ParamsSource)>, &[Extracted]),
    extracted: &mut Vec<Extracted>,
) -> Option<i64> {
    #[allow(clippy::cast_precision_loss)]
    let total = total.map(|(n, _)| n as f64);
    let fits = |active: f64| total.is_none_or(|n| active <= n);
    let from_registry = known.registry.and_then(|run| {
        facts::from_registry(run, false).into_iter().find(|e| e.field == Field::ActiveParams && e.reject_reason.is_none())
    });
    let from_base = || {
        let base = index.bases_of_its_size(i).find(|b| index.active[*b].is_some())?;
        #[allow(clippy::cast_precision_loss)]
        let base_total = index.params[base]? as f64;
        let same = total.is_none_or(|n| (n / base_total - 1.0).abs() < SAME_SIZE);
        same.then(|| from_base(index, i, Field::ActiveParams, index.active[base].unwrap_or_default(), base))
    };
    let from_sibling = || {
        let facts = &index.facts[i];
        if params::is_dense(raw, facts.architecture.as_deref()) {
            return None;
        }
        let of_house = || index.stated_active.of_house(facts, total.filter(|n| is_mixture(index, i, raw, *n))?);
        let (active, by) = index.stated_active.of_same_count(facts).or_else(of_house).filter(|(_, by)| *by != i)?;
        Some(params::active_of_sibling(active, index.id(by)))
    };
    let from_regression = || {
        let (intercept, slope, n) = index.active_on_total?;
        let total = total.filter(|n| is_mixture(index, i, raw, *n))?;
        Some(params::active_from_regression(total, pow10(intercept + slope * log10(total)), n))
    };
    let fitting = |e: &Extracted| e.value.is_some_and(fits);
    let looked_up = known.fact.and_then(|fact| Some(looked_up::size(fact, Field::ActiveParams, fact.active_params?)));
    let (said, refused) = split(named);
    extracted.extend(refused);
    let stated = from_registry.filter(fitting).or_else(|| looked_up.filter(fitting)).or_else(|| said.filter(fitting));
    let is_said = |e: &&Extracted| e.field == Field::ActiveParams && e.reject_reason.is_none() && fitting(e);
    if stated.is_none()
        && let Some(n) = by_card.iter().find(is_said).and_then(|e| e.value)
    {
        // The card's row is among the evidence already.
        #[allow(clippy::cast_possible_truncation)]
        return Some(n as i64);
    }
    let of_another = || from_base().filter(fitting).or_else(|| from_sibling().filter(fitting));
    let chosen = stated.or_else(of_another).or_else(|| from_regression().filter(fitting))?;
    #[allow(clippy::cast_possible_truncation)]
    let n = chosen.value? as i64;
    extracted.push(chosen);
    Some(n)
}
