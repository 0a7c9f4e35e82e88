//! Roles as probabilities, where nothing certain decides: read from the signs of each record, before runs are made of them.

use super::References;
use super::continuations::Continuations;
use super::index::Index;
use super::new_sizes::KnownSizes;
use super::role_labels::{RegisteredHouses, owner_class, role_terms};
use super::sisters::Sisters;
use crate::domain::run::LEAST_TRAINED;
use crate::domain::{Role, RoleShares, Rule, RunKind, in_lower_case};
use crate::evidence::Extracted;
use crate::lineage::role_model::RoleModel;
use crate::lineage::signs::{LEAST_LINKED, NEW_SIZE_ODDS, SISTER_PRETRAINED, Signs, Traits};
use crate::lineage::{self, Resolution, roles};
use crate::tables::RoleTermRow;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};

/// Signs named in the evidence of a role.
const SHOWN_REASONS: usize = 6;

/// What the likelihoods are read with: the regression, and what the index shows beside each record.
pub(super) struct Likelihood {
    model: RoleModel,
    owners: FxHashMap<String, u32>,
    /// Repositories by what [`alike_key`] reads, with their library and whichever they have.
    alike: FxHashMap<u64, u32>,
    bases: FxHashMap<String, u32>,
    /// Whose pre-trainings the registry has.
    registered_houses: RegisteredHouses,
    /// What decided of each repository beside its record, before the likelihood did.
    links: Vec<Link>,
    /// What was trained on another's weights.
    continuations: Continuations,
}

/// What other repositories say of one.
struct Link {
    /// Rule by which another repository decided.
    by: Option<Rule>,
    /// Whether a base of a billion parameters or more is known.
    has_large_base: bool,
    /// Whether that base has one itself.
    base_has_a_base: bool,
    /// Whether it is a large model of a listed house whose size no older one has.
    has_a_new_size: bool,
    /// Whether its owner has a certain pre-training whose name differs in the size alone.
    has_a_pretrained_sister: bool,
}

impl Likelihood {
    fn new(model: RoleModel, index: &Index, resolution: &Resolution, references: &References) -> Self {
        // Placements of absent models stand behind those of the repositories.
        let rules = index.facts.par_iter().zip(&resolution.placements[..index.facts.len()]);
        let size = |at: usize| index.facts.get(at).or_else(|| resolution.absent.get(at - index.facts.len()))?.rough_params;
        #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
        let is_large = |n: i64| n as f64 >= LEAST_LINKED;
        let has_large_base = |facts: &lineage::RepoFacts, base: Option<usize>| {
            base.is_some_and(|base| facts.rough_params.or_else(|| size(base)).is_some_and(is_large))
        };
        let sizes = KnownSizes::new(&index.facts, resolution);
        let sisters = Sisters::new(&index.facts, &resolution.placements);
        Self {
            model,
            owners: owner_counts(index),
            alike: alike_counts(index),
            bases: base_counts(index),
            registered_houses: RegisteredHouses::of(references),
            continuations: Continuations::new(index, resolution, references),
            links: rules
                .enumerate()
                .map(|(i, (facts, p))| Link {
                    by: linked_by(facts, p.role_rule),
                    has_large_base: has_large_base(facts, p.base),
                    base_has_a_base: p.base.is_some_and(|base| resolution.placements[base].base.is_some()),
                    has_a_new_size: p.base.is_none() && sizes.is_new(i),
                    has_a_pretrained_sister: p.base.is_none() && sisters.have(facts),
                })
                .collect(),
        }
    }

    /// Its coefficients.
    pub(super) fn terms(&self) -> Vec<RoleTermRow> {
        let mut rows = role_terms(&self.model);
        rows.extend_from_slice(self.continuations.terms());
        rows.sort_by(|a, b| (&a.term, a.role.name()).cmp(&(&b.term, b.role.name())));
        rows
    }

    fn signs<'a>(&self, index: &'a Index, references: &References, i: usize) -> Signs<'a> {
        let (facts, signs) = (&index.facts[i], index.signs[i]);
        let count = |counts: &FxHashMap<String, u32>, key: &str| in_lower_case(key, |key| counts.get(key).copied());
        Signs {
            facts,
            traits: Traits {
                owner_class: owner_class(&references.owners, facts),
                owner_repositories: count(&self.owners, facts.owner()).unwrap_or(1),
                owner_alike: self.alike.get(&alike_key(facts, facts.library.is_some())).copied().unwrap_or(1),
                named_as_base: count(&self.bases, &facts.model_id).unwrap_or(0),
                downloads: signs.downloads,
                names_a_paper: signs.names_a_paper,
                names_data: signs.names_data,
                has_tags: signs.has_tags,
                linked_by: self.links[i].by,
                registry_has_its_house: self.registered_houses.have(facts),
            },
            has_large_base: self.links[i].has_large_base,
            base_has_a_base: self.links[i].base_has_a_base,
            has_a_new_size: self.links[i].has_a_new_size,
            has_a_pretrained_sister: self.links[i].has_a_pretrained_sister,
        }
    }

    /// Why the likeliest role of a repository is likely, as evidence; none where something certain decides.
    pub(super) fn evidence(&self, index: &Index, references: &References, i: usize) -> Option<Extracted> {
        let shares = &index.shares[i];
        if shares.is_certain() {
            return None;
        }
        if let Some(of_a_base) = self.continuations.evidence(index, references, i) {
            return Some(of_a_base);
        }
        let role = shares.likeliest();
        let reasons = self.model.reasons(&self.signs(index, references, i), role);
        let (pro, contra): (Vec<_>, Vec<_>) = reasons.iter().take(SHOWN_REASONS).partition(|(_, logit)| *logit > 0.0);
        let said = |what: &str, signs: &[&(&str, f64)]| {
            let signs: Vec<String> = signs.iter().map(|(sign, logit)| format!("{sign} {logit:+.2}")).collect();
            if signs.is_empty() { String::new() } else { format!("; {what}: {}", signs.join(", ")) }
        };
        let mut likely: Vec<(Role, f64)> =
            Role::ALL.iter().map(|role| (*role, shares.share(*role))).filter(|(_, p)| *p >= 0.01).collect();
        likely.sort_by(|a, b| b.1.total_cmp(&a.1));
        let new_size = if self.links[i].has_a_new_size {
            format!("; a size that no older model has: odds x {NEW_SIZE_ODDS:.0}")
        } else {
            String::new()
        };
        let sister = if self.links[i].has_a_pretrained_sister {
            format!("; a pre-training of another size has its name: {SISTER_PRETRAINED:.2} at least")
        } else {
            String::new()
        };
        let likely: Vec<String> = likely.iter().map(|(role, p)| format!("{role} {p:.2}")).collect();
        let quote =
            format!("{}{}{}{new_size}{sister}", likely.join(", "), said(&format!("for {role}"), &pro), said("against", &contra));
        Some(Extracted::likely_role(role, shares.share(role), quote, "role_model"))
    }
}

/// Sets the probabilities of every repository's roles, the likeliest as its role where no certain rule decided, and the runs anew. Without
/// a `model` the rules alone decide.
pub(super) fn settle_roles(index: &mut Index, resolution: &mut Resolution, references: &References, model: Option<RoleModel>) {
    settle_what_is_stated(index, resolution);
    let Some(model) = model else {
        let placed = resolution.placements.iter().take(index.facts.len());
        index.shares = placed.map(|placement| RoleShares::certain(placement.role)).collect();
        return;
    };
    let likelihood = Likelihood::new(model, index, resolution, references);
    let shares: Vec<RoleShares> = (0..index.facts.len())
        .into_par_iter()
        .map(|i| {
            let placement = &resolution.placements[i];
            if placement.role_rule.is_certain() {
                let open = likelihood.continuations.shares(index, references, i);
                return open.unwrap_or_else(|| RoleShares::certain(placement.role));
            }
            likelihood.model.shares(&likelihood.signs(index, references, i))
        })
        .collect();
    for (placement, shares) in resolution.placements.iter_mut().zip(&shares) {
        let likeliest = shares.likeliest();
        if likeliest != placement.role && likeliest != Role::Pretrained && placement.role_rule.is_certain() {
            // The rule tells of the base, and the likelihood what was done on it.
            placement.role = likeliest;
        } else if likeliest != placement.role {
            (placement.role, placement.role_rule) = (likeliest, Rule::LikeliestRole);
            if likeliest == Role::Pretrained {
                placement.base = None;
                placement.more_bases = Box::default();
            }
        }
    }
    lineage::assign_runs(&index.facts, resolution);
    for (i, shares) in shares.iter().enumerate() {
        let trained: f64 = Role::ALL.iter().filter(|role| role.is_trained()).map(|role| shares.share(*role)).sum();
        let placement = &mut resolution.placements[i];
        if placement.own_run.is_none() && !shares.is_certain() && trained >= LEAST_TRAINED {
            placement.own_run = shares.likeliest_of(Role::is_trained).map(kind_without_base);
        }
    }
    (index.shares, index.likelihood) = (shares, Some(likelihood));
}

/// What cards state of a pre-training, and the original whose copy or chat model the registry names, are not matters of likelihood.
fn settle_what_is_stated(index: &Index, resolution: &mut Resolution) {
    for i in 0..index.facts.len() {
        let placement = &mut resolution.placements[i];
        if placement.role == Role::Pretrained && index.signs[i].card_states_a_pretraining {
            placement.role_rule = Rule::CardStatesAPretraining;
        }
        let facts = &index.facts[i];
        let is_registered = facts.registry_kind == Some(RunKind::Pretraining);
        let is_copy = placement.role == Role::Converted;
        let original = placement.base.filter(|base| is_registered && *base < index.facts.len());
        // The registry names the chat model of a house; what it tells of is the pre-training of the base beside it.
        let is_of_the_house =
            |base: usize| placement.role == Role::Finetuned && index.facts[base].owner().eq_ignore_ascii_case(facts.owner());
        if let Some(original) = original.filter(|base| is_copy || is_of_the_house(*base))
            && resolution.placements[original].role == Role::Pretrained
        {
            resolution.placements[original].role_rule = Rule::RegistryPretraining;
        }
    }
}

/// Rule by which another repository decided, if its own facts did not.
fn linked_by(facts: &lineage::RepoFacts, rule: Rule) -> Option<Rule> {
    (roles::role(facts).1 != rule).then_some(rule)
}

/// Kind of the run of a repository whose base nobody knows.
fn kind_without_base(role: Role) -> RunKind {
    match role {
        Role::Pretrained => RunKind::Pretraining,
        Role::Adapter => RunKind::Adapter,
        Role::Continued | Role::Finetuned | Role::Merge | Role::Quantized | Role::Converted | Role::Empty | Role::Untrained => {
            RunKind::FineTuning
        }
    }
}

/// Repositories by owner, lower case.
fn owner_counts(index: &Index) -> FxHashMap<String, u32> {
    let mut counts: FxHashMap<String, u32> = FxHashMap::default();
    for facts in &index.facts {
        add_one(&mut counts, facts.owner());
    }
    counts
}

/// Repositories by owner, task, library and size in the name, and by the others without the library, for those whose record has none: of what
/// one owner made hundreds of times, one recipe made all.
fn alike_counts(index: &Index) -> FxHashMap<u64, u32> {
    let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
    let keys = index.facts.iter().flat_map(|facts| [alike_key(facts, true), alike_key(facts, false)]);
    keys.for_each(|key| *counts.entry(key).or_default() += 1);
    counts
}

fn alike_key(facts: &lineage::RepoFacts, with_library: bool) -> u64 {
    let mut hasher = FxHasher::default();
    in_lower_case(facts.owner(), |owner| owner.hash(&mut hasher));
    let library = with_library.then_some(facts.library.as_deref());
    (facts.task(), library, facts.named_size.map(f64::to_bits)).hash(&mut hasher);
    hasher.finish()
}

/// How many repositories name an id as their base, by the id in lower case.
fn base_counts(index: &Index) -> FxHashMap<String, u32> {
    let mut counts: FxHashMap<String, u32> = FxHashMap::default();
    for facts in &index.facts {
        for id in &facts.base_ids {
            add_one(&mut counts, id);
        }
    }
    counts
}

fn add_one(counts: &mut FxHashMap<String, u32>, text: &str) {
    in_lower_case(text, |lower| match counts.get_mut(lower) {
        Some(count) => *count += 1,
        None => drop(counts.insert(lower.to_owned(), 1)),
    });
}
