//! At most one accepted row a field: by standing, then by order, and by the rule for emissions that two places state.

use crate::evidence::card::read::candidate::{Card, Fact, RANK_FRONT_MATTER, RANK_PROSE};
use std::collections::BTreeMap;

/// Two figures that differ by less are one, rounded.
const SAME: f64 = 0.02;
/// Fields of which several figures in prose, none better than the other, mean that none is known: stages, or several models.
const STRICT: &[&str] = &["train_steps", "epochs", "wall_hours", "train_tokens", "emissions_kgco2e"];

/// Whether two figures are the same.
#[must_use]
pub fn same(a: Option<f64>, b: Option<f64>) -> bool {
    a.zip(b).is_some_and(|(a, b)| (a - b).abs() <= SAME * a.abs().max(b.abs()))
}

/// Refuses all but one accepted row of every field.
pub fn choose(card: &mut Card<'_>) {
    let mut fields: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
    for (i, fact) in card.facts.iter().enumerate().filter(|(_, f)| f.row.reject_reason.is_none()) {
        fields.entry(fact.row.field).or_default().push(i);
    }
    for (field, mut candidates) in fields {
        candidates.sort_by_key(|i| (card.facts.get(*i).map_or(u8::MAX, |f| f.rank), *i));
        let Some(first) = candidates.first().and_then(|i| card.facts.get(*i)) else { continue };
        let (rank, value) = (first.rank, first.row.value);
        let get = |i: &usize| card.facts.get(*i);
        let text = candidates.iter().copied().find(|i| get(i).is_some_and(|f| f.rank > RANK_FRONT_MATTER));
        // Emissions: the unit words of the text win over front matter that is not the same figure.
        let overruled = field == "emissions_kgco2e"
            && rank == RANK_FRONT_MATTER
            && text.and_then(|i| card.facts.get(i)).is_some_and(|f| !same(f.row.value, value));
        let chosen = if overruled { text } else { candidates.first().copied() };
        let differs = STRICT.contains(&field)
            && rank >= RANK_PROSE
            && candidates.iter().filter_map(get).filter(|f| f.rank <= rank + 1).any(|f| !same(f.row.value, value));
        let Some(written) = chosen.and_then(|i| card.facts.get(i)).map(described) else { continue };
        for i in candidates {
            let Some(fact) = card.facts.get_mut(i) else { continue };
            if differs {
                fact.row.reject_reason = Some("several figures of the same standing disagree".to_owned());
            } else if Some(i) != chosen {
                let conflict = overruled && fact.rank == RANK_FRONT_MATTER;
                let why = if conflict { "conflicts with the text" } else { "another figure was chosen" };
                fact.row.reject_reason = Some(format!("{why}: {written}"));
            }
        }
    }
    add_tool(card);
}

fn described(fact: &Fact) -> String {
    let short: String = fact.row.as_written.chars().take(60).collect();
    format!("{short} ({})", fact.row.locator)
}

/// A tool counts when the text states what it measured: templates name the calculator anyway.
fn add_tool(card: &mut Card<'_>) {
    let accepted = |f: &Fact, fields: &[&str]| f.row.reject_reason.is_none() && fields.contains(&f.row.field);
    let measured = card.facts.iter().any(|f| f.rank > RANK_FRONT_MATTER && accepted(f, &["emissions_kgco2e", "energy_kwh"]));
    let known = card.facts.iter().any(|f| accepted(f, &["measurement_tool"]));
    if let Some(mut tool) = (!card.tools.is_empty()).then(|| card.tools.remove(0)) {
        if !measured {
            tool.row.reject_reason.get_or_insert_with(|| "names a tool, but no figure of this model's".to_owned());
        } else if known {
            tool.row.reject_reason.get_or_insert_with(|| "another figure was chosen: front matter".to_owned());
        }
        card.facts.push(tool);
    }
}
