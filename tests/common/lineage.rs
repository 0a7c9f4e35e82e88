//! Scores of roles and run groups against the hand-checked facts of tests/data/lineage_facts.csv.

use hugging_carbon::tables::ModelRow;
use std::collections::HashMap;
use std::path::PathBuf;

/// How well roles and groups agree with the facts of one half.
pub struct Score {
    /// Which half of the facts.
    pub half: &'static str,
    /// Facts that are in the index.
    pub n: usize,
    /// Share of roles that agree.
    pub roles_right: f64,
    /// Share of pairs put on one run that belong on one.
    pub precision: f64,
    /// Share of pairs that belong on one run and were put on one.
    pub recall: f64,
    /// Roles that differ.
    pub wrong: Vec<String>,
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: {} facts, roles {:.1} % (aim 97), pairs: precision {:.1} % (aim 98), recall {:.1} % (aim 95)",
            self.half,
            self.n,
            100.0 * self.roles_right,
            100.0 * self.precision,
            100.0 * self.recall
        )
    }
}

/// Scores the rows of `models` that the facts of a half, rated as certain, speak of.
pub fn score(models: &[ModelRow], half: &'static str) -> Score {
    let by_id: HashMap<&str, &ModelRow> = models.iter().map(|m| (m.model_id.as_str(), m)).collect();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/lineage_facts.csv");
    let facts: Vec<csv::StringRecord> = csv::Reader::from_path(path).unwrap().records().map(Result::unwrap).collect();
    let known: Vec<(&csv::StringRecord, &ModelRow)> =
        facts.iter().filter(|f| &f[4] == half && &f[5] == "high").filter_map(|f| Some((f, *by_id.get(&f[0])?))).collect();
    let wrong: Vec<String> = known
        .iter()
        .filter(|(f, m)| m.role.name() != &f[2])
        .map(|(f, m)| format!("{}: {} ({}), a person says {}: {}", &f[0], m.role, m.role_rule, &f[2], &f[6]))
        .collect();
    let grouped: Vec<(&str, Option<&str>)> =
        known.iter().filter(|(f, _)| !f[3].is_empty()).map(|(f, m)| (&f[3], m.stands_on_run_id.as_deref())).collect();
    let (mut both, mut only_ours, mut only_theirs) = (0_u32, 0_u32, 0_u32);
    for (i, a) in grouped.iter().enumerate() {
        for b in &grouped[i + 1..] {
            match (a.0 == b.0, a.1.is_some() && a.1 == b.1) {
                (true, true) => both += 1,
                (false, true) => only_ours += 1,
                (true, false) => only_theirs += 1,
                (false, false) => {}
            }
        }
    }
    #[allow(clippy::cast_precision_loss)] // Some hundred facts.
    let right = 1.0 - wrong.len() as f64 / known.len().max(1) as f64;
    let share = |of: u32| f64::from(both) / f64::from((both + of).max(1));
    Score { half, n: known.len(), roles_right: right, precision: share(only_ours), recall: share(only_theirs), wrong }
}
