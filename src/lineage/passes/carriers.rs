//! Post-trained releases that would each carry a pre-training that nobody released, where their house has the base, or another of them,
//! under a name that begins alike.

use super::compare::{NAMED_SIZE, relative, seniority};
use super::join::{is_trained, join};
use crate::domain::{Role, Rule};
use crate::lineage::model::Graph;
use crate::lineage::names;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// Difference of a count to a size in a name, which is rounded and leaves embeddings out (`MiMo-7B` has 7.83e9).
const COUNT_TO_NAME: f64 = 0.15;

/// `Bielik-PL-11B-v3.0-Instruct` of `Bielik-11B-v3-Base`; of `MiniCPM-2B-sft-fp32` and `MiniCPM-2B-dpo-fp32` the first carries.
pub(super) fn carriers_of_one_house(graph: &mut Graph<'_>) {
    let carriers: Vec<usize> = (0..graph.facts.len()).filter(|i| carries(graph, *i)).collect();
    let mut houses: FxHashMap<(String, String), House> = FxHashMap::default();
    for i in &carriers {
        houses.extend(key(graph, *i).map(|key| (key, House::default())));
    }
    let trained = (0..graph.facts.len()).into_par_iter().filter(|i| is_trained(graph, *i));
    let of_a_house = |i: usize| Some((key(graph, i).filter(|key| houses.contains_key(key))?, Line::of(graph, i)?, i));
    let members: Vec<((String, String), Line, usize)> = trained.filter_map(of_a_house).collect();
    for (key, line, i) in members {
        houses.entry(key).or_default().add(line, i);
    }
    houses.par_iter_mut().for_each(|(_, house)| house.sort(graph));
    for i in carriers {
        let Some((line, house)) = Line::of(graph, i).zip(key(graph, i).and_then(|key| houses.get_mut(&key))) else { continue };
        if let Some(head) = house.head(graph, i, line) {
            join(graph, i, head, Rule::SiblingSameStem);
        }
    }
}

/// Whether a release that is not registered, and has no base, would carry a pre-training.
fn carries(graph: &Graph<'_>, i: usize) -> bool {
    graph.node(i).registry_kind.is_none() && graph.placements[i].base.is_none() && graph.carries_pretraining(i)
}

fn is_root(graph: &Graph<'_>, i: usize) -> bool {
    matches!(graph.placements[i].role, Role::Pretrained | Role::Continued)
}

/// House and first word of a name.
fn key(graph: &Graph<'_>, i: usize) -> Option<(String, String)> {
    let f = graph.node(i);
    let house = f.house.as_deref().unwrap_or(f.owner());
    Some((house.to_lowercase(), names::tokens(f.name()).first()?.to_string()))
}

/// What tells of names of one first word whether they are of one line.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Line {
    params: i64,
    is_counted: bool,
    version: Option<(u32, u32)>,
}

impl Line {
    /// None without a size.
    fn of(graph: &Graph<'_>, i: usize) -> Option<Self> {
        let f = graph.node(i);
        Some(Self { params: f.rough_params?, is_counted: f.params.is_some(), version: names::version_of_line(f.name()) })
    }

    /// Whether the sizes agree, and the versions before them, where both have one.
    fn is_like(self, other: Self) -> bool {
        let within = if self.is_counted && other.is_counted { NAMED_SIZE } else { COUNT_TO_NAME };
        relative(self.params, other.params) <= within && self.version.zip(other.version).is_none_or(|(a, b)| a == b)
    }
}

/// The members of a house by their lines: houses release one size many times.
#[derive(Default)]
struct House(FxHashMap<Line, Members>);

/// Members of one line, the most senior last: what is no head any more is dropped from the end.
#[derive(Default)]
struct Members {
    roots: Vec<usize>,
    others: Vec<usize>,
}

impl House {
    fn add(&mut self, line: Line, i: usize) {
        self.0.entry(line).or_default().others.push(i);
    }

    fn sort(&mut self, graph: &Graph<'_>) {
        for Members { roots, others } in self.0.values_mut() {
            others.sort_unstable_by(|a, b| seniority(graph.node(*b)).cmp(&seniority(graph.node(*a))));
            (*roots, *others) = others.iter().partition(|i| is_root(graph, **i));
        }
    }

    /// The most senior root of a like line; without one, the most senior release that carries a pre-training, of those before `i`.
    fn head(&mut self, graph: &Graph<'_>, i: usize, line: Line) -> Option<usize> {
        let elder = |a: Option<usize>, b: Option<usize>| a.into_iter().chain(b).min_by_key(|h| seniority(graph.node(*h)));
        let (mut root, mut carrier) = (None, None);
        for members in self.0.iter_mut().filter(|(other, _)| line.is_like(**other)).map(|(_, members)| members) {
            root = elder(root, most_senior(&mut members.roots, i, |h| is_root(graph, h)));
            carrier = elder(carrier, most_senior(&mut members.others, i, |h| carries(graph, h)));
        }
        let own = seniority(graph.node(i));
        root.or(carrier.filter(|h| !is_root(graph, i) && seniority(graph.node(*h)) < own))
    }
}

/// The last of the members, other than `i`, that may still be a head. A link that was made is not undone: what may no more is dropped.
fn most_senior(members: &mut Vec<usize>, i: usize, may_be_head: impl Fn(usize) -> bool) -> Option<usize> {
    while members.pop_if(|h| !may_be_head(*h)).is_some() {}
    members.iter().rev().copied().find(|h| *h != i && may_be_head(*h))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lineage::model::{IdMap, Placement, RepoFacts};
    use proptest::prelude::*;

    /// The head by a walk over all of a house.
    fn walked(graph: &Graph<'_>, i: usize) -> Option<usize> {
        let own = Line::of(graph, i)?;
        let rank = |h: usize| (!is_root(graph, h), seniority(graph.node(h)));
        let is_like = |h: usize| Line::of(graph, h).is_some_and(|line| own.is_like(line));
        let fits = |h: &usize| *h != i && is_like(*h) && (is_root(graph, *h) || carries(graph, *h) && rank(*h) < rank(i));
        (0..graph.facts.len()).filter(|h| is_trained(graph, *h) && fits(h)).min_by(|a, b| rank(*a).cmp(&rank(*b)))
    }

    proptest! {
        /// One after the other, as links are made, lines give the head that a walk over all gives.
        #[test]
        fn lines_give_what_a_walk_over_all_gives(rows in prop::collection::vec((0_i64..5, 0_i64..4, 0_u8..4, any::<bool>(), 0_u8..3), 2..40)) {
            let facts: Vec<RepoFacts> = rows
                .iter()
                .enumerate()
                .map(|(at, (params, weeks, _, is_counted, version))| {
                    let size = (*params > 0).then_some(1_000_000_000 + params * 60_000_000);
                    let version = if *version == 0 { String::new() } else { format!("-v{version}") };
                    RepoFacts {
                        model_id: format!("house/line{version}-x{}", (at * 7919) % 101),
                        params: size.filter(|_| *is_counted),
                        rough_params: size,
                        created_ms: (*weeks > 0).then_some(weeks * 1_000),
                        listed_owner: true,
                        ..RepoFacts::default()
                    }
                })
                .collect();
            let placement = |role: &u8| match role {
                0 => Placement::new(Role::Pretrained, Rule::NoSignOfABase),
                1 => Placement::new(Role::Continued, Rule::PostTrainingToken),
                2 => Placement::new(Role::Finetuned, Rule::PostTrainingToken),
                _ => Placement::new(Role::Finetuned, Rule::FinetuneOfAQuantizedCopy),
            };
            let placements: Vec<Placement> = rows.iter().map(|(_, _, role, _, _)| placement(role)).collect();
            let graph = || Graph {
                facts: &facts,
                absent: Vec::new(),
                placements: placements.clone(),
                shown_elsewhere: FxHashMap::default(),
                by_id: IdMap::default(),
            };
            let mut expected = graph();
            for i in 0..facts.len() {
                if carries(&graph(), i) && let Some(head) = walked(&expected, i) {
                    join(&mut expected, i, head, Rule::SiblingSameStem);
                }
            }
            let mut got = graph();
            carriers_of_one_house(&mut got);
            prop_assert_eq!(got.placements, expected.placements);
        }
    }
}
