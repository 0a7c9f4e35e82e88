//! How two repositories compare: sizes, architectures, ages.

use crate::lineage::model::RepoFacts;
use crate::lineage::names;

/// Relative difference of parameter counts within which two repositories can share a run (docs/method.md, section 2).
pub(super) const SAME_SIZE: f64 = 0.005;
/// The same where a name says that they do: a longer vocabulary or a dropped head changes a count by some percent.
pub(super) const NAMED_SIZE: f64 = 0.10;
/// From this size on, a pre-training by somebody who is no listed organization is rarer than a fine-tune without a link.
pub(super) const LARGE_PARAMS: i64 = 1_000_000_000;
/// A base may have been announced this long before its repository was opened.
pub(super) const BASE_MAY_BE_YOUNGER_MS: i64 = 14 * 86_400_000;

/// Relative difference of two parameter counts.
pub(super) fn relative(a: i64, b: i64) -> f64 {
    #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
    let (a, b) = (a as f64, b as f64);
    (a - b).abs() / a.max(b).max(1.0)
}

/// Whether two counts are known and the same.
pub(super) fn same_size(a: Option<i64>, b: Option<i64>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a > 0 && b > 0 && relative(a, b) <= SAME_SIZE)
}

/// Whether sizes do not contradict each other by more than `within`; unknown ones do not.
pub(super) fn sizes_agree(a: &RepoFacts, b: &RepoFacts, within: f64) -> bool {
    match (a.rough_params, b.rough_params) {
        (Some(a), Some(b)) => relative(a, b) <= within,
        _ => true,
    }
}

/// Whether architectures do not contradict each other; unknown ones do not.
pub(super) fn architectures_agree(a: &RepoFacts, b: &RepoFacts) -> bool {
    match (&a.architecture, &b.architecture) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

/// Sort key for "the original": registered, not a mirror's, earliest, then by id.
pub(super) fn seniority(f: &RepoFacts) -> (bool, bool, i64, &str) {
    (f.registry_kind.is_none(), names::is_mirror(f.owner()), f.created_ms.unwrap_or(i64::MAX), f.model_id.as_str())
}

/// A base must be older than what was trained from it, as far as dates are known.
pub(super) fn old_enough(base: &RepoFacts, f: &RepoFacts) -> bool {
    match (base.created_ms, f.created_ms) {
        (Some(base), Some(own)) => base <= own + BASE_MAY_BE_YOUNGER_MS,
        _ => true,
    }
}
