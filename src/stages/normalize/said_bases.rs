//! Where only a card says that weights come from: which of the bases it names are repositories, and what it calls the repository.

use super::References;
use super::read_cards::{Card, Opened};
use crate::domain::Field;
use crate::evidence::card::{About, CardRole, Origin, SaidBase};
use crate::evidence::index::params;
use crate::hub::record::is_valid_id;
use crate::lineage::{self, RepoFacts};
use crate::method::assumptions::TOKENS_PER_PARAM;
use crate::method::chain;
use crate::tables::RawModelRow;
use crate::units::{Params, Tokens};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// Whether neither record nor registry says anything of the repository's base or training.
fn is_silent(references: &References, raw: &RawModelRow) -> bool {
    raw.hub_base_models.is_empty()
        && raw.card_base_models.is_empty()
        && lineage::tags::stated_bases(&raw.tags).1.is_empty()
        && references.registry.by_hub_id(&raw.model_id).is_none()
}

/// The origin in a card, and whether the card states a pre-training instead, where neither record nor registry says anything of the
/// repository's base or training.
pub(super) fn told_by_card(references: &References, raw: &RawModelRow, card: Option<&Card>) -> (Origin, bool) {
    let Some(card) = card.filter(|_| is_silent(references, raw)).map(Card::opened) else { return (Origin::default(), false) };
    let origin = card.said_origin(references, &raw.model_id);
    let states = origin == Origin::default() && states_a_pretraining(references, raw, &card);
    (origin, states)
}

/// Whether a card states tokens or compute of its model's own training on the scale of a pre-training: a token per parameter at least
/// (`TOKENS_PER_PARAM`), where nothing states a base.
fn states_a_pretraining(references: &References, raw: &RawModelRow, card: &Opened<'_>) -> bool {
    let about = About { model_id: &raw.model_id, role: CardRole::OwnTraining, base_ids: &[], total_params: None };
    let rows = card.extract(references, &about);
    let stated = |field: Field| rows.iter().find(|e| e.field == field && e.reject_reason.is_none()).and_then(|e| e.value);
    let named = || params::from_name(&raw.model_id, None).0.and_then(|e| e.value);
    let counted = params::from_files(raw, false, false).and_then(|e| e.value);
    let Some(n) = counted.or_else(named).or_else(|| stated(Field::TotalParams)) else { return false };
    let least = TOKENS_PER_PARAM.0 * n;
    stated(Field::TrainTokens).is_some_and(|tokens| tokens >= least)
        || stated(Field::TrainFlop).is_some_and(|flop| flop >= chain::training_flop(Params(n), Tokens(least)).0)
}

/// Gives repositories the bases and roles that their cards state, by position in the index.
pub(super) fn settle_said_origins(references: &References, facts: &mut [RepoFacts], said: &BTreeMap<usize, Origin>) {
    let known = Known::new(references, facts, said.values().flat_map(|origin| &origin.bases));
    for (i, origin) in said {
        facts[*i].said_role = origin.role;
    }
    let settled: Vec<(usize, Vec<String>)> = said
        .iter()
        .filter(|(i, _)| facts[**i].base_ids.is_empty())
        .map(|(i, origin)| {
            let own = &facts[*i].model_id;
            let mut ids: Vec<String> = Vec::new();
            for id in origin.bases.iter().filter_map(|base| known.repository(base)).filter(|id| !id.eq_ignore_ascii_case(own)) {
                if !ids.iter().any(|seen| seen.eq_ignore_ascii_case(&id)) {
                    ids.push(id);
                }
            }
            (*i, ids)
        })
        .filter(|(_, ids)| !ids.is_empty())
        .collect();
    for (i, ids) in settled {
        let facts = &mut facts[i];
        facts.base_count = ids.len();
        facts.base_ids = ids;
        facts.bases_from_card = true;
    }
}

/// Repositories that are known by what cards call them: a few thousand names, whatever the size of the index.
struct Known {
    /// Ids by lower-case id.
    ids: FxHashMap<String, String>,
    /// Repositories by lower-case name without namespace, those of listed owners before others.
    names: FxHashMap<String, Named>,
    owners: FxHashSet<String>,
}

/// A repository of a name.
struct Named {
    id: String,
    /// Whether a listed owner or the registry has it.
    is_listed: bool,
    /// Whether no other of the same standing has the name.
    is_alone: bool,
}

impl Known {
    fn new<'a>(references: &References, facts: &[RepoFacts], said: impl Iterator<Item = &'a SaidBase>) -> Self {
        let mut wanted: FxHashSet<String> = FxHashSet::default();
        let mut wanted_owners: FxHashSet<String> = FxHashSet::default();
        for base in said {
            let lower = base.name.to_lowercase();
            wanted_owners.extend(lower.split_once('/').map(|(owner, _)| owner.to_owned()));
            wanted.insert(lower.rsplit('/').next().unwrap_or_default().to_owned());
        }
        let mut known = Self { ids: FxHashMap::default(), names: FxHashMap::default(), owners: FxHashSet::default() };
        let registered = references.registry.runs().iter().filter_map(|run| Some((run.hub_id.as_deref()?, true)));
        for (id, is_listed) in registered.chain(facts.iter().map(|f| (f.model_id.as_str(), f.listed_owner))) {
            let lower = id.to_lowercase();
            let (owner, name) = lower.split_once('/').unwrap_or(("", &lower));
            if wanted_owners.contains(owner) {
                known.owners.insert(owner.to_owned());
            }
            if wanted.contains(name) {
                let is_listed = is_listed || lineage::names::is_canonical(owner);
                known.add_name(name, Named { id: id.to_owned(), is_listed, is_alone: true });
                known.ids.insert(lower.clone(), id.to_owned());
            }
        }
        known
    }

    fn add_name(&mut self, name: &str, new: Named) {
        let Some(old) = self.names.get_mut(name) else {
            self.names.insert(name.to_owned(), new);
            return;
        };
        if old.id.eq_ignore_ascii_case(&new.id) {
            old.is_listed |= new.is_listed;
        } else if new.is_listed && !old.is_listed {
            *old = new;
        } else if new.is_listed == old.is_listed {
            // Two of the same standing: the name says too little.
            old.is_alone = false;
        }
    }

    /// The id of the repository that a card means. An id that nobody knows counts where it is one for certain, or its owner is known.
    fn repository(&self, base: &SaidBase) -> Option<String> {
        let lower = base.name.to_lowercase();
        if let Some(id) = self.ids.get(&lower) {
            return Some(id.clone());
        }
        match lower.split_once('/') {
            Some((owner, _)) => (is_valid_id(&base.name) && (base.is_id || self.owners.contains(owner))).then(|| base.name.clone()),
            None => self.names.get(&lower).filter(|named| named.is_alone).map(|named| named.id.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    fn settled(name: &str, is_id: bool) -> Vec<String> {
        let repo = |id: &str, listed_owner| RepoFacts { model_id: id.to_owned(), listed_owner, ..RepoFacts::default() };
        let mut facts = vec![
            repo("dbmdz/bert-base-german-cased", false),
            repo("copier/twice-named", false),
            repo("other/twice-named", false),
            repo("google-bert/bert-base-cased", false),
            repo("copier/bert-base-cased", false),
            repo("x/mine", false),
        ];
        let bases = vec![SaidBase { name: name.to_owned(), is_id }];
        let said = BTreeMap::from([(5, Origin { role: None, bases })]);
        settle_said_origins(&References::new(&Reference::load().unwrap()), &mut facts, &said);
        facts.pop().unwrap().base_ids
    }

    #[test]
    fn only_repositories_become_bases() {
        let none: Vec<String> = Vec::new();
        assert_eq!(settled("DBMDZ/bert-base-german-cased", false), ["dbmdz/bert-base-german-cased"]);
        assert_eq!(settled("bert-base-german-cased", false), ["dbmdz/bert-base-german-cased"]);
        assert_eq!(settled("bert-base-cased", false), ["google-bert/bert-base-cased"]);
        assert_eq!(settled("dbmdz/gone", false), ["dbmdz/gone"]);
        assert_eq!(settled("nobody/gone", true), ["nobody/gone"]);
        assert_eq!(settled("nobody/gone", false), none);
        assert_eq!(settled("twice-named", false), none);
        assert_eq!(settled("gpt-2 large", false), none);
        assert_eq!(settled("X/mine", true), none);
    }
}
