//! Chains of bases end.

use crate::lineage::model::Graph;

/// What is known of a node while chains are followed.
#[derive(Clone, Copy, PartialEq)]
enum Visit {
    Unseen,
    /// On the chain that is being followed.
    Underway,
    Done,
}

/// Removes one link of every cycle, at the member that comes first by id, so that every chain ends.
pub(super) fn cut_cycles(graph: &mut Graph<'_>) {
    let mut visits = vec![Visit::Unseen; graph.len()];
    for start in 0..graph.len() {
        let mut path = Vec::new();
        let mut current = start;
        while visits[current] == Visit::Unseen {
            visits[current] = Visit::Underway;
            path.push(current);
            match graph.placements[current].base {
                Some(base) => current = base,
                None => break,
            }
        }
        if visits[current] == Visit::Underway && graph.placements[current].base.is_some() {
            let from = path.iter().position(|i| *i == current).unwrap_or(0);
            if let Some(&first) = path[from..].iter().min_by_key(|i| graph.node(**i).model_id.as_str()) {
                tracing::warn!(
                    model = graph.node(first).model_id,
                    "base models form a cycle, its first member is taken as having none"
                );
                graph.placements[first].base = None;
            }
        }
        for i in path {
            visits[i] = Visit::Done;
        }
    }
}
