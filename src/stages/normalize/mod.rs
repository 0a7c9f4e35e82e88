//! normalize: typed records become models, runs and evidence.
//!
//! Two passes over `raw_models` and `raw_cards`, which are sorted by id: the first gathers the few facts lineage needs (of a card its
//! bases, where nothing else states any), the second writes, so that the index itself is never in memory.

mod contexts;
mod continuations;
mod corrections;
mod experts;
mod index;
mod model_row;
mod new_sizes;
mod read_cards;
mod records;
mod registry_rows;
mod repo_facts;
mod reported;
mod role_labels;
mod roles;
mod said_bases;
mod series;
mod sisters;
mod size;
mod undated;

pub use self::continuations::labelled as labelled_continuation;
pub use self::corrections::{CorrectionCounts, MET_ANOTHER_VALUE, MetCorrection, review_corrections};
pub use self::read_cards::{card_reader, card_rows};
pub use self::repo_facts::repo_facts;
pub use self::role_labels::{labelled, labelled_record, role_model};

use self::index::Index;
use self::model_row::model_row;
use self::read_cards::NO_READING;
use self::records::{Chunk, Records, UNREAD_FOR_LINEAGE, UNREAD_FOR_ROWS};
use self::roles::Likelihood;
use super::{merged, vocabulary_digests};
use crate::domain::source::CohortMetric;
use crate::domain::{Field, LinkPass, RunKind};
use crate::engine::{Digests, Inputs, Outputs, Stage, in_blocks, stage};
use crate::error::{Error, Result};
use crate::evidence::Extracted;
use crate::evidence::card::CardTables;
use crate::evidence::place::PlaceTables;
use crate::lineage::{Placement, run_id};
use crate::reference::{
    Accelerators, ContinuationLabel, Corrections, Layouts, Operators, Owners, Places, Reference, Regions, Registry,
    RepositoryFacts, RoleLabel, Table, Trainings,
};
use crate::tables::io::TableWriter;
use crate::tables::{CardReadingRow, EvidenceRow, ModelRow, RawCardRow, RawModelRow, RoleTermRow, Row, RowBuilders, RunRow};
use arrow::array::RecordBatch;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

stage! {
    /// Derives models, runs and evidence from the typed records.
    struct Normalize = "normalize" version 18
    reads [RawModelRow, RawCardRow, CardReadingRow]
    writes [ModelRow, RunRow, EvidenceRow, RoleTermRow]
    follows []
}

/// What the stage reads of the configuration.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Which download count the cohort is cut by.
    #[serde(rename = "cohort.metric")]
    pub metric: CohortMetric,
    /// Strictly more than this.
    #[serde(rename = "cohort.min")]
    pub min: i64,
    /// Whether roles are those of the ordered rules, taken as certain, to see what the probabilities decide.
    #[serde(rename = "method.certain_roles")]
    pub certain_roles: bool,
    /// Passes of the linking that are left out.
    #[serde(rename = "method.without_link_passes")]
    pub without_link_passes: Vec<LinkPass>,
}

/// The reference tables that records and cards are read with.
#[derive(Clone, Debug)]
pub struct References {
    /// Accelerators.
    pub accelerators: Table<Accelerators>,
    /// Names of places.
    pub places: Table<Places>,
    /// Which country each region lies in.
    pub regions: Table<Regions>,
    /// Names of operators.
    pub operators: Table<Operators>,
    /// Owners.
    pub owners: Table<Owners>,
    /// Published runs.
    pub registry: Table<Registry>,
    /// Architectures, data sets and recipes beyond text.
    pub trainings: Table<Trainings>,
    /// Sizes of layouts.
    pub layouts: Table<Layouts>,
    /// Reviewed corrections.
    pub corrections: Table<Corrections>,
    /// What was looked up of well-known repositories.
    pub repository_facts: Table<RepositoryFacts>,
    /// Records whose role is known.
    pub role_labels: Table<Vec<RoleLabel>>,
    /// Trainings on another's weights of which it is known what they were.
    pub continuation_labels: Table<Vec<ContinuationLabel>>,
}

impl References {
    /// Those of a set of reference tables.
    #[must_use]
    pub fn new(reference: &Reference) -> Self {
        Self {
            accelerators: reference.accelerators.clone(),
            places: reference.places.clone(),
            regions: reference.regions.clone(),
            operators: reference.operators.clone(),
            owners: reference.owners.clone(),
            registry: reference.registry.clone(),
            trainings: reference.trainings.clone(),
            layouts: reference.layouts.clone(),
            corrections: reference.corrections.clone(),
            repository_facts: reference.repository_facts.clone(),
            role_labels: reference.role_labels.clone(),
            continuation_labels: reference.continuation_labels.clone(),
        }
    }

    fn place_tables(&self) -> PlaceTables<'_> {
        PlaceTables { places: &self.places, regions: &self.regions, operators: &self.operators }
    }

    fn card_tables(&self) -> CardTables<'_> {
        CardTables { accelerators: &self.accelerators, places: self.place_tables() }
    }
}

impl Digests for References {
    fn digests(&self) -> BTreeMap<String, String> {
        let Self {
            accelerators,
            places,
            regions,
            operators,
            owners,
            registry,
            trainings,
            layouts,
            corrections,
            repository_facts,
            role_labels,
            continuation_labels,
        } = self;
        merged([
            accelerators.digests(),
            places.digests(),
            regions.digests(),
            operators.digests(),
            owners.digests(),
            registry.digests(),
            trainings.digests(),
            layouts.digests(),
            corrections.digests(),
            repository_facts.digests(),
            role_labels.digests(),
            continuation_labels.digests(),
            vocabulary_digests(),
        ])
    }
}

/// What the stage tells later ones.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Normalized {
    /// What the reviewed corrections met.
    pub corrections: CorrectionCounts,
}

impl crate::engine::Facts for Normalized {}

impl Stage for Normalize {
    type Settings = Settings;
    type References = References;
    type Facts = Normalized;

    fn run(inputs: &Inputs<'_, Self>, outputs: &mut Outputs<'_, Self>) -> Result<Normalized> {
        let (settings, references) = (inputs.settings(), inputs.references());
        let mut records = Records::of(inputs, UNREAD_FOR_LINEAGE)?;
        let index = Index::gather(|| records.next_block(), references, settings)?;
        drop(records);
        outputs.write::<RoleTermRow>(index.likelihood.as_ref().map_or_else(Vec::new, Likelihood::terms))?;
        let mut writers = Writers::new(outputs)?;
        let mut meter = inputs.meter(index.facts.len() as u64, "normalize");
        let mut records = Records::of(inputs, UNREAD_FOR_ROWS)?;
        // Reading cards is most of the work; rayon keeps the order of an indexed iterator.
        in_blocks(
            || records.next_block(),
            |_, chunks: &[Chunk]| chunks.par_iter().map(|chunk| Derived::of(chunk, settings, references, &index)).collect(),
            |block| {
                writers.write(block)?;
                meter.set(writers.written as u64);
                Ok(())
            },
        )?;
        writers.finish(outputs)?;
        Ok(Normalized { corrections: CorrectionCounts::counted(index.corrections.values().flatten()) })
    }
}

/// What becomes of a chunk of records, in columns: rows are made and taken apart on one thread.
struct Derived {
    models: RecordBatch,
    runs: RecordBatch,
    evidence: RecordBatch,
    /// The first repository whose card was not read for what the index tells of it, and how many there are.
    unread: Option<(String, u64)>,
}

impl Derived {
    fn of(chunk: &Chunk, settings: &Settings, references: &References, index: &Index) -> Result<Self> {
        let mut models = <ModelRow as Row>::Builders::default();
        let mut runs = <RunRow as Row>::Builders::default();
        let mut evidence = <EvidenceRow as Row>::Builders::default();
        let mut unread: Option<(String, u64)> = None;
        for (i, raw, card) in chunk.records() {
            let raw = raw?;
            if i >= index.facts.len() {
                return Err(Error::Internal("raw_models changed between two passes".into()));
            }
            let (row, extracted) = model_row(settings, references, index, i, &raw, card);
            let own = sorted_by_key(evidence_rows(&raw.model_id, raw.commit.as_deref(), extracted));
            let has_reading = |e: &EvidenceRow| !e.reject_reason.as_deref().is_some_and(|why| why.starts_with(NO_READING));
            if !own.iter().all(has_reading) {
                unread.get_or_insert_with(|| (row.model_id.clone(), 0)).1 += 1;
            }
            own.into_iter().for_each(|e| evidence.push(e));
            if let Some(run) = run_row(index, &index.placements[i], &row) {
                runs.push(run);
            }
            models.push(row);
        }
        Ok(Self { models: models.finish()?, runs: runs.finish()?, evidence: evidence.finish()?, unread })
    }
}

/// The tables that have rows for every repository.
struct Writers {
    models: TableWriter<ModelRow>,
    runs: TableWriter<RunRow>,
    evidence: TableWriter<EvidenceRow>,
    /// Repositories written.
    written: usize,
    /// As in [`Derived`], of all.
    unread: Option<(String, u64)>,
}

impl Writers {
    fn new(outputs: &Outputs<'_, Normalize>) -> Result<Self> {
        Ok(Self { models: outputs.writer()?, runs: outputs.writer()?, evidence: outputs.writer()?, written: 0, unread: None })
    }

    /// The rows of the next repositories.
    fn write(&mut self, block: Vec<Derived>) -> Result<()> {
        for Derived { models, runs, evidence, unread } in block {
            if let Some((first, cards)) = unread {
                self.unread.get_or_insert((first, 0)).1 += cards;
            }
            self.written += models.num_rows();
            self.evidence.append(evidence)?;
            self.runs.append(runs)?;
            self.models.append(models)?;
        }
        Ok(())
    }

    fn finish(self, outputs: &mut Outputs<'_, Normalize>) -> Result<()> {
        if let Some((model, cards)) = self.unread {
            warn_of_unread(&model, cards);
        }
        outputs.done::<ModelRow>(self.models.finish()?);
        outputs.done::<RunRow>(self.runs.finish()?);
        outputs.done::<EvidenceRow>(self.evidence.finish()?);
        Ok(())
    }
}

/// Says that readings made elsewhere lack what the index tells of `cards` repositories, `model` the first of them.
fn warn_of_unread(model: &str, cards: u64) {
    tracing::warn!(
        cards,
        model,
        "{NO_READING}; their figures are refused, as the table evidence says\n  way out: make it again with the columns of the index \
         beside id and card (tags, baseModels, cardData, safetensors), or give the cards themselves: [cards] path"
    );
}

/// Rows of evidence in the order of the extractors. One that found a field several times has its rows numbered from the second on.
fn evidence_rows(model_id: &str, commit: Option<&str>, extracted: Vec<Extracted>) -> Vec<EvidenceRow> {
    // A repository has a handful of rows.
    let keys: Vec<(Field, &'static str)> = extracted.iter().map(|e| (e.field, e.extractor)).collect();
    let row = extracted.into_iter().enumerate().map(|(at, e)| {
        let nth = keys[..=at].iter().filter(|key| **key == keys[at]).count();
        let mut row = e.into_row(model_id, commit);
        if nth > 1 {
            row.evidence_id = format!("{}#{nth}", row.evidence_id);
        }
        row
    });
    row.collect()
}

fn sorted_by_key(mut rows: Vec<EvidenceRow>) -> Vec<EvidenceRow> {
    rows.sort_by(|a, b| a.evidence_id.cmp(&b.evidence_id));
    rows
}

fn run_row(index: &Index, placement: &Placement, row: &ModelRow) -> Option<RunRow> {
    let kind = placement.own_run?;
    let parent = placement.parent.filter(|p| kind != RunKind::Pretraining && *p < index.facts.len()).and_then(|p| {
        let kind = index.placements[p].own_run?;
        Some(run_id(&index.facts[p].model_id, kind))
    });
    Some(RunRow {
        run_id: run_id(&row.model_id, kind),
        model_id: row.model_id.clone(),
        kind,
        parent_run_id: parent,
        member_count: i64::try_from(placement.members).unwrap_or(i64::MAX),
        group_rule: placement.group_rule,
    })
}
