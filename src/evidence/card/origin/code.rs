//! What code in a card tells of where its weights come from: the configuration of a merge, and calls that put an adapter on a base.

use super::Origin;
use crate::domain::Role;
use crate::evidence::card::bases::SaidBase;
use crate::evidence::card::read::repository::Repository;
use crate::evidence::vocabulary;
use crate::hub::record::is_valid_id;

/// Fewest models of a list of parts.
const LEAST_PARTS: usize = 2;

/// Where a block of code says that this repository's weights come from.
pub(super) fn origin(own: &Repository, code: &str) -> Option<Origin> {
    let merge = || merged_parts(own, code).map(|bases| Origin { role: Some(Role::Merge), bases });
    loaded_adapter(own, code).or_else(merge).map(|mut origin| {
        for base in std::mem::take(&mut origin.bases) {
            origin.add(base);
        }
        origin
    })
}

/// The parts that the configuration of a merge names, of layers, of whole models or of experts; none of other code, and of a configuration
/// with this repository among its parts, which shows what a reader may do with it.
pub(super) fn merged_parts(own: &Repository, code: &str) -> Option<Vec<SaidBase>> {
    let words = &vocabulary::card().merges;
    let by_method = words.method.iter().any(|key| values(code, key).any(|value| words.methods.contains(&value)));
    if !by_method && !words.experts.iter().any(|key| values(code, key).any(|value| !value.is_empty())) {
        return None;
    }
    let parts: Vec<&str> = words.parts.iter().flat_map(|key| values(code, key)).collect();
    if parts.iter().any(|id| id.eq_ignore_ascii_case(&own.id)) {
        return None;
    }
    Some(parts.into_iter().filter(|id| is_on_the_hub(id)).map(certain).collect())
}

/// Models of a list in code: `["a/b", "c/d"]`.
pub(super) fn listed_parts(own: &Repository, code: &str) -> Vec<SaidBase> {
    let lists = code.match_indices('[').filter_map(|(at, _)| code.get(at + 1..)?.split_once(']').map(|(list, _)| list));
    let parts = lists.map(|list| {
        let items = list.split(',').map(str::trim).filter(|item| !item.is_empty());
        items.map(|item| quoted(item).next().filter(|id| is_on_the_hub(id))).collect::<Option<Vec<&str>>>().unwrap_or_default()
    });
    let found = parts.into_iter().find(|list| list.len() >= LEAST_PARTS).unwrap_or_default();
    if found.iter().any(|id| id.eq_ignore_ascii_case(&own.id)) {
        return Vec::new();
    }
    found.into_iter().map(certain).collect()
}

fn certain(id: &str) -> SaidBase {
    SaidBase { name: id.to_owned(), is_id: true }
}

/// Whether a path in code is the id of a repository and none of a disk.
fn is_on_the_hub(path: &str) -> bool {
    let owner = path.split_once('/').map(|(owner, _)| owner.to_lowercase());
    owner.is_some_and(|owner| !vocabulary::card().merges.directories.contains(&owner.as_str())) && is_valid_id(path)
}

/// The values of a key, up to what cannot be part of an id: `model: "a/b+c/lora"  # the first`.
fn values<'c>(code: &'c str, key: &'static str) -> impl Iterator<Item = &'c str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    code.lines().filter(|line| !line.trim_start().starts_with('#')).flat_map(move |line| {
        line.match_indices(key).filter_map(move |(at, _)| {
            let (before, behind) = (line.get(..at)?, line.get(at + key.len()..)?);
            let value = behind.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?;
            let value = value.trim_start().trim_start_matches(['"', '\'']);
            let end = value.find(|c: char| c.is_whitespace() || "+,}]\"'#".contains(c)).unwrap_or(value.len());
            value.get(..end).filter(|_| !before.ends_with(is_part))
        })
    })
}

/// Code that puts this repository's weights on another's: `PeftModel.from_pretrained(model, "this/one")`.
fn loaded_adapter(own: &Repository, code: &str) -> Option<Origin> {
    let words = &vocabulary::card().origins;
    let lower = code.to_lowercase();
    let adapts = words.adapter_loaders.iter().any(|loader| {
        lower.match_indices(loader).any(|(at, _)| {
            let call = lower.get(at..).unwrap_or_default();
            call.get(..call.find(')').unwrap_or(call.len()))
                .is_some_and(|call| quoted(call).any(|id| id.eq_ignore_ascii_case(&own.id)))
        })
    });
    if !adapts {
        return None;
    }
    let base = code.match_indices("from_pretrained(").find_map(|(at, _)| {
        let call = code.get(at..)?;
        let id = quoted(call.get(..call.find(')')?)?).next()?;
        let is_other = id.contains('/') && is_valid_id(id) && !id.eq_ignore_ascii_case(&own.id);
        is_other.then(|| certain(id))
    });
    base.map(|base| Origin { role: Some(Role::Adapter), bases: vec![base] })
}

/// Texts between quotation marks.
fn quoted(call: &str) -> impl Iterator<Item = &str> {
    call.split(['"', '\'']).skip(1).step_by(2)
}
