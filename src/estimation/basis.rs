//! What every run's model is built from: regressions, mixtures, and the trainings that others start from.

use super::FactorTables;
use super::build::build;
use super::factors::Mixtures;
use super::fits::Fits;
use crate::domain::Run;
use crate::error::Result;
use crate::method::calibration::ErrorLaw;
use crate::method::simulate::central;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What every run's model is built from, read once.
#[derive(Debug)]
pub struct Basis {
    /// Regressions.
    pub fits: Fits,
    /// Mixtures of chips and places.
    pub mixtures: Arc<Mixtures>,
    /// The pre-trainings that others start from, by run id.
    pub roots: FxHashMap<String, Root>,
}

/// What a training hands on to those that start from it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Root {
    /// Central compute in FLOP.
    pub flop: f64,
    /// Its chips, where they are stated.
    pub accelerators: Vec<String>,
}

impl Basis {
    /// Of given regressions, without any pre-training that others start from.
    #[must_use]
    pub fn with_fits(fits: Fits, mixtures: Arc<Mixtures>) -> Self {
        Self { fits, mixtures, roots: FxHashMap::default() }
    }

    /// What tiers 1 to 3 need, which ask no regression.
    #[must_use]
    pub fn without_fits(tables: &FactorTables) -> Self {
        Self::with_fits(Fits::new(BTreeMap::new(), ErrorLaw::new(&[])), Arc::new(Mixtures::new(tables)))
    }

    /// With the regressions, and `roots`, the trainings that others may start from: post-trainings are a share of theirs.
    ///
    /// # Errors
    /// A regression is not usable.
    pub fn with_roots(fits: Fits, tables: &FactorTables, roots: impl IntoIterator<Item = Run>) -> Result<Self> {
        let mut basis = Self::with_fits(fits, Arc::new(Mixtures::new(tables)));
        for run in roots.into_iter().filter(|run| run.kind.is_some()) {
            let built = build(&run, run.tier(), &basis, tables)?;
            let flop = central(&built.model(&run.run_id)).flop.0;
            basis.roots.insert(run.run_id, Root { flop, accelerators: run.hardware.accelerators });
        }
        Ok(basis)
    }
}
