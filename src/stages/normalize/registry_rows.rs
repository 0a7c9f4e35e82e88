//! Which repository a row of the registry speaks of. The registry names one repository per run; where the index has the family
//! otherwise, the row belongs to the run whose stage it describes, once.

use super::References;
use crate::domain::{Role, RunKind, in_lower_case};
use crate::lineage::{self, Placement, RepoFacts};
use crate::reference::TrainingRun;
use rustc_hash::{FxHashMap, FxHashSet};

/// A count of the registry and one of the index that differ by less are of one model.
const SAME_MODEL: f64 = 0.1;

/// Rows of the registry that another repository carries than the one they name.
#[derive(Debug, Default)]
pub(super) struct RegistryRows {
    /// Row of a repository that the registry does not name.
    adopted: FxHashMap<usize, usize>,
    /// Repositories that the registry names for the pre-training of another: their base.
    given_up: FxHashMap<usize, usize>,
}

impl RegistryRows {
    /// The row that a repository carries for another.
    pub(super) fn adopted(&self, i: usize) -> Option<usize> {
        self.adopted.get(&i).copied()
    }

    /// Whether a repository carries a row for another.
    pub(super) fn is_adopted(&self, row: usize) -> bool {
        self.adopted.values().any(|r| *r == row)
    }

    /// The repository that carries the pre-training by which the registry lists this one.
    pub(super) fn given_up(&self, i: usize) -> Option<usize> {
        self.given_up.get(&i).copied()
    }

    /// Settles all rows. Positions are those of `facts`; `params` are the best figures for parameters.
    pub(super) fn settle(references: &References, facts: &[RepoFacts], placements: &[Placement], params: &[Option<i64>]) -> Self {
        let mut rows = Self::default();
        rows.give_to_originals(references, facts, placements);
        rows.give_to_bases(references, facts, placements, params);
        rows.give_to_continued_bases(references, facts, placements);
        rows.adopt_absent(references, facts, placements, params);
        rows
    }

    /// Where the registry names another format (Llama-2-7b-hf), the original has the row.
    fn give_to_originals(&mut self, references: &References, facts: &[RepoFacts], placements: &[Placement]) {
        for (i, root) in roots_without_a_row(facts, placements) {
            let other_format = placements[i].role == Role::Converted && placements[i].own_run.is_none();
            let registered = facts[i].registry_kind == Some(RunKind::Pretraining) && other_format;
            if registered && let Some(r) = references.registry.position(&facts[i].model_id) {
                self.adopted.insert(root, r);
            }
        }
    }

    /// Where the registry names a chat model for a pre-training (Qwen3-8B) and the index has the base it stands on, the base has the
    /// row: the chat model was only post-trained. A base that the registry names itself keeps its own row.
    fn give_to_bases(&mut self, references: &References, facts: &[RepoFacts], placements: &[Placement], params: &[Option<i64>]) {
        for (i, placement) in placements.iter().enumerate().take(facts.len()) {
            let is_post_trained = placement.own_run.is_some_and(|kind| kind != RunKind::Pretraining);
            if facts[i].registry_kind != Some(RunKind::Pretraining) || !is_post_trained {
                continue;
            }
            let Some(root) = placement.root.filter(|root| *root < facts.len() && facts[*root].same_house(&facts[i])) else {
                continue;
            };
            let Some(r) = references.registry.position(&facts[i].model_id) else { continue };
            let row = &references.registry.runs()[r];
            let of_root = references.registry.by_hub_id(&facts[root].model_id);
            // Where the base has a row and another compute (stablelm-3b-4e1t, stable-code-3b), each row is of its own run.
            let own_figure = of_root.is_some_and(|base| base.train_flop.zip(row.train_flop).is_none_or(|(a, b)| far(a, b)));
            if own_figure || differs(params[root], row) {
                continue;
            }
            self.given_up.insert(i, root);
            if of_root.is_none() {
                self.adopted.entry(root).or_insert(r);
            }
        }
    }

    /// Where the registry names a chat model for a continued pre-training (DeepSeek-Coder-V2-Instruct) and the index has the base of that name, the
    /// base has the row.
    fn give_to_continued_bases(&mut self, references: &References, facts: &[RepoFacts], placements: &[Placement]) {
        for (i, f) in facts.iter().enumerate().filter(|(_, f)| f.registry_continued) {
            let of_name = |base: &usize| {
                let b = &facts[*base];
                b.same_owner(f) && b.registry_kind.is_none() && family(&b.model_id) == family(&f.model_id)
            };
            let is_tuned = placements[i].role == Role::Finetuned;
            let Some(base) = placements[i].base.filter(|base| is_tuned && *base < facts.len() && of_name(base)) else { continue };
            if let Some(r) = references.registry.position(&f.model_id) {
                self.given_up.insert(i, base);
                self.adopted.entry(base).or_insert(r);
            }
        }
    }

    /// The registry names the base repository (Kimi-K2-Base). Where the index lacks it, the repository that carries its pre-training is
    /// the one of the same namespace, stem and size.
    fn adopt_absent(&mut self, references: &References, facts: &[RepoFacts], placements: &[Placement], params: &[Option<i64>]) {
        let registered = references.registry.runs().iter().filter_map(|run| run.hub_id.as_deref());
        let mut missing: FxHashSet<String> = registered.map(str::to_lowercase).collect();
        for f in facts {
            in_lower_case(&f.model_id, |id| missing.remove(id));
        }
        let mut absent: FxHashMap<(String, String), usize> = FxHashMap::default();
        for (r, run) in references.registry.runs().iter().enumerate().filter(|(_, run)| run.kind == RunKind::Pretraining) {
            if let Some(id) = run.hub_id.as_deref().filter(|id| missing.contains(&id.to_lowercase())) {
                absent.entry(family(id)).or_insert(r);
            }
        }
        let houses: FxHashSet<String> = absent.keys().map(|(owner, _)| owner.clone()).collect();
        for (i, (f, placement)) in facts.iter().zip(placements).enumerate() {
            if !in_lower_case(f.owner(), |owner| houses.contains(owner)) {
                continue;
            }
            let carries = placement.own_run == Some(RunKind::Pretraining);
            if !carries || f.registry_kind.is_some() || self.adopted.contains_key(&i) {
                continue;
            }
            let Some(&r) = absent.get(&family(&f.model_id)) else { continue };
            let run = &references.registry.runs()[r];
            if run.params.is_some() && params[i].is_some() && !differs(params[i], run) {
                self.adopted.insert(i, r);
                absent.remove(&family(&f.model_id));
            }
        }
    }
}

/// Repositories with the root of their weights, where the registry does not name the root and both are of one house.
fn roots_without_a_row<'a>(facts: &'a [RepoFacts], placements: &'a [Placement]) -> impl Iterator<Item = (usize, usize)> + 'a {
    (0..facts.len()).filter_map(|i| {
        let root = placements[i].root.filter(|root| *root < facts.len() && facts[*root].registry_kind.is_none())?;
        facts[root].same_house(&facts[i]).then_some((i, root))
    })
}

/// Namespace and stem of an id.
fn family(id: &str) -> (String, String) {
    let (owner, name) = id.split_once('/').unwrap_or(("", id));
    (owner.to_lowercase(), lineage::names::stem(name))
}

/// Whether two figures are not the same one.
fn far(a: f64, b: f64) -> bool {
    (a / b - 1.0).abs() >= SAME_MODEL
}

/// Whether a known size contradicts a row's.
fn differs(params: Option<i64>, run: &TrainingRun) -> bool {
    #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
    let apart = |n: i64, registered: f64| far(n as f64, registered);
    params.zip(run.params).is_some_and(|(n, registered)| apart(n, registered))
}

#[cfg(test)]
mod tests {
    use super::super::repo_facts::repo_facts;
    use super::*;
    use crate::hub::record::empty_row;
    use crate::lineage::resolve;
    use crate::reference::Reference;
    use crate::tables::RawModelRow;

    /// Which run of the registry each repository carries, and whose pre-training the row of its name describes.
    fn settled(ids: &[&str]) -> Vec<(Option<String>, Option<String>)> {
        let references = References::new(&Reference::load().unwrap());
        let raw = |id: &str| RawModelRow { model_id: id.to_owned(), ..empty_row("t") };
        let facts: Vec<RepoFacts> = ids.iter().map(|id| repo_facts(&references, &raw(id))).collect();
        let placements = resolve(&facts, Vec::new(), &|_| None, &[]).placements;
        let rows = RegistryRows::settle(&references, &facts, &placements, &vec![None; facts.len()]);
        let name = |r: usize| references.registry.runs()[r].hub_id.clone().unwrap_or_default();
        (0..ids.len()).map(|i| (rows.adopted(i).map(name), rows.given_up(i).map(|root| ids[root].to_owned()))).collect()
    }

    /// Regression: Qwen3-8B had its family's 1.8e24 FLOP as a post-training, on top of 6.6e23 estimated for Qwen3-8B-Base.
    #[test]
    fn a_registered_pretraining_is_the_bases_where_the_index_has_it() {
        for (chat, base) in [
            ("Qwen/Qwen3-8B", "Qwen/Qwen3-8B-Base"),
            ("deepseek-ai/DeepSeek-V3", "deepseek-ai/DeepSeek-V3-Base"),
            ("zai-org/GLM-4.5", "zai-org/GLM-4.5-Base"),
            ("google/gemma-3-27b-it", "google/gemma-3-27b-pt"),
            ("HuggingFaceTB/SmolLM3-3B", "HuggingFaceTB/SmolLM3-3B-Base"),
        ] {
            let rows = settled(&[chat, base]);
            assert_eq!(rows, [(None, Some(base.to_owned())), (Some(chat.to_owned()), None)], "{chat}");
            assert_eq!(settled(&[chat]), [(None, None)], "{chat}");
        }
    }

    /// Regression: the 6e12 tokens of DeepSeek-Coder-V2-Base were also those of its chat model, which the registry names: 529 t and 89 t.
    #[test]
    fn a_registered_continuation_is_the_bases_where_the_index_has_it() {
        let (chat, base) = ("deepseek-ai/DeepSeek-Coder-V2-Instruct", "deepseek-ai/DeepSeek-Coder-V2-Base");
        assert_eq!(settled(&[chat, base]), [(None, Some(base.to_owned())), (Some(chat.to_owned()), None)]);
        assert_eq!(settled(&[chat]), [(None, None)]);
    }

    /// stable-code-3b and the base it continues are registered with figures of their own.
    #[test]
    fn a_base_with_a_row_of_its_own_keeps_it_and_so_does_the_other() {
        let rows = settled(&["stabilityai/stable-code-3b", "stabilityai/stablelm-3b-4e1t"]);
        assert!(rows.iter().all(|(adopted, given_up)| adopted.is_none() && given_up.is_none()), "{rows:?}");
    }
}
