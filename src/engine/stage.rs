//! What a stage is: a pure function of what it declares.
//!
//! The declaration is a type. [`Inputs`](super::Inputs) gives rows only of tables that the stage [`Reads`], settings and reference tables
//! only of the types it names, and facts only of stages it [`Follows`]; the fingerprint is made of the same declaration. A stage that reads
//! what it does not declare does not compile:
//!
//! ```compile_fail,E0277
//! use hugging_carbon::engine::{Inputs, Reads};
//! use hugging_carbon::stages::tier::Tiering;
//! use hugging_carbon::tables::EstimateRow;
//!
//! // `tier` declares models, runs and evidence; estimates come after it.
//! fn peek(inputs: &Inputs<'_, Tiering>) {
//!     let _ = inputs.rows::<EstimateRow>();
//! }
//! ```
//!
//! ```
//! use hugging_carbon::engine::Inputs;
//! use hugging_carbon::stages::tier::Tiering;
//! use hugging_carbon::tables::ModelRow;
//!
//! fn peek(inputs: &Inputs<'_, Tiering>) {
//!     let _ = inputs.rows::<ModelRow>();
//! }
//! ```

use super::Inputs;
use super::fingerprint::{self, Freshness};
use super::outputs::Outputs;
use super::run::Workspace;
use super::state::{Record, State};
use crate::error::{Error, Result};
use crate::store::sha256_bytes;
use crate::tables::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::Path;

/// Name, version, tables and predecessors of a stage, as [`stage!`](crate::engine::stage) declares them.
pub trait Declared: Sized + 'static {
    /// Name, also the subcommand.
    const NAME: &'static str;
    /// Raised whenever the stage's logic changes its output.
    const VERSION: u32;
    /// Tables read.
    const READS: &'static [&'static str];
    /// Tables written.
    const WRITES: &'static [&'static str];
    /// Stages whose facts are read.
    const FOLLOWS: &'static [&'static str];
}

/// The stage reads the table of `R`.
pub trait Reads<R: Row>: Declared {}
/// The stage writes the table of `R`.
pub trait Writes<R: Row>: Declared {}
/// The stage reads the facts of `S`.
pub trait Follows<S: Stage>: Declared {}

/// Reference tables of a stage: what they hold is its own matter, their digests are the engine's.
pub trait Digests: Send + Sync {
    /// SHA-256 of every file behind the tables, by name.
    fn digests(&self) -> BTreeMap<String, String>;
}

impl Digests for () {
    fn digests(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
}

/// What a stage tells later ones beside its tables.
pub trait Facts: Serialize + DeserializeOwned {
    /// Digest of what a later stage can learn from it.
    ///
    /// # Errors
    /// A value cannot be written as JSON (a bug).
    fn fingerprint(&self) -> Result<String> {
        Ok(sha256_bytes(&serde_json::to_vec(self).map_err(|e| Error::Internal(format!("facts: {e}")))?))
    }
}

impl Facts for () {}

/// A stage of the pipeline.
pub trait Stage: Declared {
    /// The settings it reads; what is serialized of them enters the fingerprint.
    type Settings: Serialize + Send + Sync;
    /// The reference tables it reads.
    type References: Digests;
    /// What it tells later stages.
    type Facts: Facts;

    /// Reads `inputs`, writes every declared table.
    ///
    /// # Errors
    /// Whatever stops the run; outputs so far are dropped.
    fn run(inputs: &Inputs<'_, Self>, outputs: &mut Outputs<'_, Self>) -> Result<Self::Facts>;

    /// Shows to the world what `run` prepared, once the stage's tables and record are on disk. The engine calls it last: when it fails,
    /// nothing else has changed, and when it is done, nothing is left that could fail.
    ///
    /// # Errors
    /// What was prepared cannot be shown.
    fn conclude(_inputs: &Inputs<'_, Self>, _facts: &Self::Facts) -> Result<()> {
        Ok(())
    }

    /// Why what the stage told no longer holds in the world outside (a source, a published directory); none when it does.
    ///
    /// # Errors
    /// The world cannot be looked at.
    fn outdated(_inputs: &Inputs<'_, Self>, _facts: &Self::Facts) -> Result<Option<String>> {
        Ok(None)
    }
}

/// Declares a stage: its type, name, version, and the tables and facts that its functions can reach.
macro_rules! stage {
    (
        $(#[doc = $about:literal])+
        struct $stage:ident = $name:literal version $version:literal
        reads [$($read:ty),* $(,)?]
        writes [$($write:ty),* $(,)?]
        follows [$($follow:ty),* $(,)?]
    ) => {
        $(#[doc = $about])+
        #[derive(Debug)]
        pub struct $stage;

        impl $crate::engine::Declared for $stage {
            const NAME: &'static str = $name;
            const VERSION: u32 = $version;
            const READS: &'static [&'static str] = &[$(<$read as $crate::tables::Row>::NAME),*];
            const WRITES: &'static [&'static str] = &[$(<$write as $crate::tables::Row>::NAME),*];
            const FOLLOWS: &'static [&'static str] = &[$(<$follow as $crate::engine::Declared>::NAME),*];
        }
        $(impl $crate::engine::Reads<$read> for $stage {})*
        $(impl $crate::engine::Writes<$write> for $stage {})*
        $(impl $crate::engine::Follows<$follow> for $stage {})*
    };
}
pub(crate) use stage;

/// A stage with the settings and reference tables it runs with.
pub struct Bound<S: Stage> {
    /// Settings.
    pub settings: S::Settings,
    /// Reference tables.
    pub references: S::References,
}

/// A stage as the engine sees it.
pub trait Step {
    /// Name of the stage.
    fn name(&self) -> &'static str;
    /// Tables written.
    fn writes(&self) -> &'static [&'static str];
    /// Parts of the fingerprint by name, from what is declared.
    ///
    /// # Errors
    /// The settings cannot be written as JSON (a bug).
    fn parts(&self, state: &State) -> Result<BTreeMap<String, String>>;
    /// Whether the stage's record still holds.
    ///
    /// # Errors
    /// The world outside cannot be looked at.
    fn freshness(&self, workspace: &Workspace, state: &State) -> Result<Freshness>;
    /// Runs the stage into a directory and returns its record.
    ///
    /// # Errors
    /// Those of the stage.
    fn run(&self, workspace: &Workspace, state: &State, into: &Path) -> Result<Record>;
    /// Shows to the world what the stage prepared.
    ///
    /// # Errors
    /// Those of the stage.
    fn conclude(&self, workspace: &Workspace, state: &State, record: &Record) -> Result<()>;
}

impl<S: Stage> Step for Bound<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn writes(&self) -> &'static [&'static str] {
        S::WRITES
    }

    fn parts(&self, state: &State) -> Result<BTreeMap<String, String>> {
        fingerprint::parts::<S>(&self.settings, &self.references, state)
    }

    fn freshness(&self, workspace: &Workspace, state: &State) -> Result<Freshness> {
        let record = state.record(S::NAME);
        let by_record = fingerprint::compare(record, &self.parts(state)?, S::WRITES, workspace)?;
        let (Freshness::Fresh, Some(record)) = (&by_record, record) else { return Ok(by_record) };
        let Ok(facts) = serde_json::from_value::<S::Facts>(record.facts.clone()) else {
            return Ok(Freshness::Stale("its facts are of another version".into()));
        };
        let inputs = Inputs::new(&self.settings, &self.references, workspace, state);
        Ok(S::outdated(&inputs, &facts)?.map_or(Freshness::Fresh, Freshness::Stale))
    }

    fn run(&self, workspace: &Workspace, state: &State, into: &Path) -> Result<Record> {
        let inputs = Inputs::new(&self.settings, &self.references, workspace, state);
        let mut outputs = Outputs::new(into);
        let facts = S::run(&inputs, &mut outputs)?;
        let facts_sha256 = facts.fingerprint()?;
        let facts = serde_json::to_value(&facts).map_err(|e| Error::Internal(format!("facts of '{}': {e}", S::NAME)))?;
        Ok(Record { parts: self.parts(state)?, outputs: outputs.receipts()?, facts, facts_sha256 })
    }

    fn conclude(&self, workspace: &Workspace, state: &State, record: &Record) -> Result<()> {
        let facts = serde_json::from_value(record.facts.clone())
            .map_err(|e| Error::Internal(format!("facts of '{}' are not what it told: {e}", S::NAME)))?;
        S::conclude(&Inputs::new(&self.settings, &self.references, workspace, state), &facts)
    }
}
