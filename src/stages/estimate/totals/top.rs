//! The largest runs of every cohort: the tail is heavy, and a reader should see how much a few runs decide.

use super::sums::{Figures, Row, Totals};
use super::{COHORTS, Cohorts, Item, Key, figures};
use crate::domain::{GroupBy, Run};
use crate::error::{Error, Result};
use crate::estimation::build;
use crate::method::draws::{Draws, simulate};
use crate::stages::estimate::BLOCK_ROWS;
use crate::stages::estimate::rows::Given;
use rayon::prelude::*;

/// Sizes of the groups of largest runs.
const TOP: [usize; 4] = [1, 10, 100, 1000];
/// The largest of them.
const MOST: usize = TOP[TOP.len() - 1];

/// Something that may be among the largest of its cohorts.
struct Candidate<T> {
    cohorts: Cohorts,
    size: f64,
    /// Its number among all that were seen.
    number: usize,
    what: T,
}

/// The largest so far of every cohort, the earlier one first where they are equal. A few times as many are held as are wanted.
struct Largest<T> {
    candidates: Vec<Candidate<T>>,
    most: usize,
    /// Of each cohort the size that a later one has to exceed; zero to begin with, because what emitted nothing is not large.
    least: [f64; COHORTS],
    seen: usize,
}

impl<T> Largest<T> {
    fn new(most: usize) -> Self {
        Self { candidates: Vec::new(), most, least: [0.0; COHORTS], seen: 0 }
    }

    /// Takes the next one; `what` is asked for only where it may be among the largest.
    fn add(&mut self, cohorts: Cohorts, size: f64, what: impl FnOnce() -> T) {
        let number = self.seen;
        self.seen += 1;
        if (0..COHORTS).any(|cohort| cohorts.hold(cohort) && size > self.least[cohort]) {
            self.candidates.push(Candidate { cohorts, size, number, what: what() });
            if self.candidates.len() > 2 * COHORTS * self.most {
                self.let_go();
            }
        }
    }

    /// Positions of the largest of a cohort, the largest first.
    fn ranked(&self, cohort: usize) -> Vec<usize> {
        let candidate = |at: &usize| &self.candidates[*at];
        let mut ranked: Vec<usize> = (0..self.candidates.len()).filter(|at| candidate(at).cohorts.hold(cohort)).collect();
        ranked.sort_unstable_by(|a, b| {
            let (a, b) = (candidate(a), candidate(b));
            b.size.total_cmp(&a.size).then(a.number.cmp(&b.number))
        });
        ranked.truncate(self.most);
        ranked
    }

    /// Forgets those that are no longer among the largest.
    fn let_go(&mut self) {
        let mut is_large = vec![false; self.candidates.len()];
        for cohort in 0..COHORTS {
            let ranked = self.ranked(cohort);
            if let Some(last) = ranked.get(self.most - 1) {
                self.least[cohort] = self.candidates[*last].size;
            }
            ranked.into_iter().for_each(|at| is_large[at] = true);
        }
        let mut is_large = is_large.into_iter();
        self.candidates.retain(|_| is_large.next().unwrap_or_default());
    }
}

/// The largest runs by mean emissions, without their draws: some thousand runs.
pub(super) struct LargestRuns(Largest<(Run, Figures)>);

impl LargestRuns {
    pub(super) fn new() -> Self {
        Self(Largest::new(MOST))
    }

    /// Takes the run of the next repository; one that trained nothing emitted nothing.
    pub(super) fn add(&mut self, cohorts: Cohorts, item: &Item<'_>) {
        self.0.add(cohorts, item.estimate.emissions_kgco2e.mean, || (item.run.clone(), figures(item.estimate)));
    }

    /// Draws them again and adds them to the groups of the largest, in the order of their rows.
    pub(super) fn add_to(&self, totals: &mut Totals, given: &Given<'_>) -> Result<()> {
        let candidates = &self.0.candidates;
        let mut keys: Vec<Vec<Key<'_>>> = candidates.iter().map(|_| Vec::new()).collect();
        for cohort in 0..COHORTS {
            for (rank, at) in self.0.ranked(cohort).into_iter().enumerate() {
                let groups = TOP.iter().filter(|n| rank < **n);
                keys[at].extend(groups.map(|n| (GroupBy::Top, format!("top_{n}").into(), Cohorts::only(cohort))));
            }
        }
        let mut draws: Vec<Draws> = Vec::new();
        draws.resize_with(BLOCK_ROWS, Draws::default);
        let largest: Vec<(&(Run, Figures), Vec<Key<'_>>)> =
            candidates.iter().map(|candidate| &candidate.what).zip(keys).filter(|(_, keys)| !keys.is_empty()).collect();
        for block in largest.chunks(BLOCK_ROWS) {
            block.par_iter().zip(&mut draws).try_for_each(|(((run, _), _), draws)| {
                let built = build(run, run.tier(), given.basis, &given.references.factors)?;
                simulate(&built.model(&run.run_id), &given.shared, draws);
                Ok::<_, Error>(())
            })?;
            let rows: Vec<Row<'_>> = block
                .iter()
                .zip(&draws)
                .map(|(((_, figures), keys), draws)| Row { keys: keys.clone(), figures: *figures, draws: Some(draws) })
                .collect();
            totals.add(&rows, None);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::rng::Stream;

    /// 2,000 sizes of which many are equal and some are zero, in all mixtures of cohorts: the same as from a sort of all.
    #[test]
    fn the_largest_are_those_of_a_sort_of_all_however_many_were_let_go() {
        let words: Vec<[u32; 4]> = (0..2000).map(|i| Stream::new(3, "largest").words(i, 0)).collect();
        let rows: Vec<(Cohorts, f64)> =
            words.iter().map(|[a, b, ..]| (Cohorts(1 | u8::try_from(a % 4).unwrap() << 1), f64::from(b % 300))).collect();
        let mut largest = Largest::new(20);
        for (number, (cohorts, size)) in rows.iter().enumerate() {
            largest.add(*cohorts, *size, || number);
        }
        assert!(largest.candidates.len() <= 120);
        for cohort in 0..COHORTS {
            let mut expected: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].0.hold(cohort) && rows[*row].1 > 0.0).collect();
            expected.sort_by(|a, b| rows[*b].1.total_cmp(&rows[*a].1).then(a.cmp(b)));
            expected.truncate(20);
            let got: Vec<usize> = largest.ranked(cohort).into_iter().map(|at| largest.candidates[at].what).collect();
            assert_eq!(got, expected, "{cohort}");
        }
    }
}
