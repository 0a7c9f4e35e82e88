//! What lineage needs to know of a record.

use super::References;
use super::index::{as_a_mark, registry_kind, size_of_another};
use crate::domain::{Relation, RunKind, in_lower_case};
use crate::evidence::Extracted;
use crate::evidence::index::{arithmetic, names, params};
use crate::hub::record::is_valid_id;
use crate::lineage::{self, RepoFacts};
use crate::tables::RawModelRow;
use std::sync::Arc;

/// A multiple of this is a size that somebody wrote down, not a count of weights: layers and vocabularies have no such totals.
const ROUND_PARAMS: i64 = 1_000_000;

/// What lineage needs to know of a record, corrections aside.
#[must_use]
pub fn repo_facts(references: &References, raw: &RawModelRow) -> RepoFacts {
    let registry = references.registry.by_hub_id(&raw.model_id);
    let weights = params::weights(raw);
    let number = |e: Option<Extracted>| e.and_then(|e| e.value);
    let of_another = size_of_another(&raw.model_id).is_some();
    let size = names::size(&raw.model_id);
    let named = || size.as_ref().filter(|_| !of_another).and_then(|size| size.total);
    let counted = params::count_of_files(raw, lineage::names::says_quantized(&raw.model_id), of_another);
    let of_architecture = || number(arithmetic::params(&references.trainings, &raw.model_id, raw.library.as_deref()));
    let total = counted.or(registry.and_then(|r| r.params)).or_else(of_architecture).or_else(named);
    let (tag_relation, tag_bases) = lineage::tags::stated_bases(&raw.tags);
    let stated = |text: &Option<String>| text.as_deref().and_then(Relation::parse);
    let relation = stated(&raw.card_base_relation).or(stated(&raw.hub_base_relation)).or(tag_relation);
    let base_count = raw.card_base_models.len().max(raw.hub_base_models.len()).max(tag_bases.len());
    let mut base_ids = base_ids(raw, tag_bases);
    if base_ids.is_empty() {
        base_ids.extend(registry.and_then(|r| r.base_model.clone()).filter(|id| is_valid_id(id)));
    }
    base_ids.shrink_to_fit();
    let signals = raw.tags.iter().filter(|t| !t.contains(':')).filter_map(|t| in_lower_case(t, lineage::tags::signal));
    RepoFacts {
        model_id: raw.model_id.clone(),
        created_ms: raw.created_at.map(|t| t.0),
        architecture: architecture(raw).map(Arc::from),
        params: weights.params,
        #[allow(clippy::cast_possible_truncation)] // Bounded by the extractors and the registry's data test.
        rough_params: total.map(|n| n as i64),
        #[allow(clippy::cast_possible_truncation)] // Bounded by the extractors.
        exact_params: counted.map(|n| n as i64).filter(|n| raw.gguf_total.is_none() && n % ROUND_PARAMS != 0),
        downloads: raw.downloads_30d,
        listed_owner: raw.model_id.split_once('/').is_some_and(|(owner, _)| references.owners.country(owner).is_some()),
        house: raw.model_id.split_once('/').and_then(|(owner, _)| references.owners.house(owner)),
        float_weights: weights.float_weights,
        gguf: raw.gguf_total.is_some(),
        // What a record, a source or a whole column does not have says nothing: only a list of files can show that there are no weights.
        has_weights: raw.has_weight_files,
        library: raw.library.as_deref().map(|word| word.to_lowercase().into()),
        pipeline_tag: raw.pipeline_tag.as_deref().map(Arc::from),
        series_task: None,
        base_ids,
        base_count,
        bases_from_card: false,
        said_role: None,
        says_fine_tuning: says_fine_tuning(raw),
        relation,
        signals: signals.collect(),
        registry_kind: registry.map(registry_kind),
        registry_continued: registry.is_some_and(|r| r.kind == RunKind::Continued),
        named_size: size.as_ref().and_then(as_a_mark),
        looked_up_role: None,
        corrected_role: None,
        correction_met_another_role: false,
    }
}

/// `co2_eq_emissions.training_type` is "pre-training" or "fine-tuning" by the Hub's documentation.
fn says_fine_tuning(raw: &RawModelRow) -> bool {
    let card: Option<serde_json::Value> = raw.co2_json.as_deref().and_then(|json| serde_json::from_str(json).ok());
    card.and_then(|c| c.get("training_type")?.as_str().map(|t| t.to_lowercase().contains("fine"))).unwrap_or(false)
}

/// Bases as the index states them, the Hub's resolution first (it follows renames), without repeats.
fn base_ids(raw: &RawModelRow, from_tags: Vec<String>) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for id in raw.hub_base_models.iter().cloned().chain(from_tags).chain(raw.card_base_models.iter().cloned()) {
        if !ids.iter().any(|seen| seen.eq_ignore_ascii_case(&id)) && is_valid_id(&id) {
            ids.push(id);
        }
    }
    ids
}

fn architecture(raw: &RawModelRow) -> Option<String> {
    if raw.architecture.is_some() {
        return raw.architecture.as_deref().map(str::to_lowercase);
    }
    let named = lineage::tags::architecture(raw.tags.iter().map(|t| t.to_lowercase()))?;
    (raw.pipeline_tag.as_deref() != Some(named.as_str())).then_some(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;
    use crate::hub::record::empty_row;
    use crate::lineage::roles::role;
    use crate::reference::Reference;

    fn facts(raw: &RawModelRow) -> RepoFacts {
        repo_facts(&References::new(&Reference::load().unwrap()), raw)
    }

    fn raw(id: &str) -> RawModelRow {
        RawModelRow { model_id: id.to_owned(), ..empty_row("t") }
    }

    /// Regression: an index with ids, dates and downloads only had 32 kt instead of 252, because a record without tags, library, task
    /// and size was taken for one without weights.
    #[test]
    fn a_record_of_which_only_the_id_is_known_is_not_empty() {
        for id in ["EleutherAI/gpt-j-6b", "a/b", "bigscience/bloom-7b1"] {
            let facts = facts(&raw(id));
            assert_eq!(facts.has_weights, None, "{id}");
            assert_ne!(role(&facts).0, Role::Empty, "{id}");
        }
    }

    /// Regression: a card with a footprint and nothing else was taken for a repository without weights, whatever its files.
    #[test]
    fn only_a_list_of_files_says_that_there_are_no_weights() {
        let with = |has_weight_files| RawModelRow {
            tags: vec!["co2_eq_emissions".into(), "region:us".into()],
            has_weight_files,
            ..raw("course/green-ai")
        };
        assert_eq!(role(&facts(&with(Some(false)))).0, Role::Empty);
        assert_eq!(role(&facts(&with(Some(true)))).0, Role::Pretrained);
        assert_eq!(role(&facts(&with(None))).0, Role::Pretrained);
    }

    #[test]
    fn sizes_that_somebody_rounded_are_not_exact() {
        let total = |n| RawModelRow { safetensors_total: Some(n), ..raw("a/b") };
        assert_eq!(facts(&total(27_356_728_560)).exact_params, Some(27_356_728_560));
        assert_eq!(facts(&total(27_000_000_000)).exact_params, None);
        let head = RawModelRow { safetensors_total: Some(1_100_000_017), ..raw("z-lab/gpt-oss-120b-DFlash") };
        assert_eq!((facts(&head).exact_params, facts(&head).rough_params), (Some(1_100_000_017), Some(1_100_000_017)));
        assert_eq!(facts(&raw("z-lab/gpt-oss-120b-DFlash")).rough_params, None);
    }
}
