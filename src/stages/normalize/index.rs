//! The first pass: what lineage needs of every repository, gathered small enough to be held, and resolved.

use super::corrections::{MetCorrection, apply_corrections};
use super::experts::{StatedActive, active_on_total};
use super::model_row::{date_told_otherwise, looked_up_day};
use super::read_cards::Card;
use super::records::Chunk;
use super::registry_rows::RegistryRows;
use super::repo_facts::repo_facts;
use super::role_labels::{RecordSigns, role_model};
use super::roles::{Likelihood, settle_roles};
use super::said_bases::{settle_said_origins, told_by_card};
use super::series::share_tasks;
use super::size::Known;
use super::undated::{Fields, UndatedYears, fields};
use super::{References, Settings};
use crate::domain::{Field, Role, RoleShares, Rule, RunKind};
use crate::engine::in_blocks;
use crate::error::Result;
use crate::evidence::Extracted;
use crate::evidence::card::Origin;
use crate::evidence::index::facts::CREATED_AT_FLOOR_MS;
use crate::evidence::index::names::NameSize;
use crate::evidence::index::params;
use crate::evidence::index::{emissions, names};
use crate::hub::record::is_valid_id;
use crate::lineage::family_years::FamilyYears;
use crate::lineage::{self, Placement, RepoFacts, Resolution, Words};
use crate::reference::{CorrectedField, RepositoryFact, TrainingRun};
use crate::tables::RawModelRow;
use crate::units::{Day, TimestampMs};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// Nodes of a chain that are looked through one by one.
const SHORT_CHAIN: usize = 16;

/// What the first pass gathers, by position in `raw_models`.
pub(super) struct Index {
    pub(super) facts: Vec<RepoFacts>,
    /// Models that are named as bases or registered, and are not in the index; their positions follow those of the repositories.
    absent: Vec<RepoFacts>,
    words: Words,
    pub(super) placements: Vec<Placement>,
    /// What of each record only the likelihood of its role asks for.
    pub(super) signs: Vec<RecordSigns>,
    /// What the probabilities were read with.
    pub(super) likelihood: Option<Likelihood>,
    /// Parameters of repositories that state none, by what was made of them: the count, and whose it is.
    pub(super) shown_by: FxHashMap<usize, (f64, usize)>,
    /// Probabilities of each repository's roles.
    pub(super) shares: Vec<RoleShares>,
    /// Best own figure for total parameters.
    pub(super) params: Vec<Option<i64>>,
    /// Stated active parameters.
    pub(super) active: Vec<Option<f64>>,
    /// Reported emissions in kg.
    pub(super) emissions: FxHashMap<usize, f64>,
    /// Same figure to four digits, first to report it.
    pub(super) first_with: FxHashMap<u64, usize>,
    pub(super) active_on_total: Option<(f64, f64, usize)>,
    /// Active parameters that are stated, by size.
    pub(super) stated_active: StatedActive,
    /// Which runs of the registry belong to other repositories than those it names.
    rows: RegistryRows,
    /// Years that an undated repository may be of.
    undated: UndatedYears,
    /// First years of the families that names state.
    family_years: FamilyYears,
    /// What the reviewed corrections met, by position of the repository.
    pub(super) corrections: BTreeMap<usize, Vec<MetCorrection>>,
}

/// What is kept of one record.
struct Gathered {
    facts: RepoFacts,
    signs: RecordSigns,
    active: Option<f64>,
    emissions: Option<f64>,
    met: Vec<MetCorrection>,
}

impl Gathered {
    fn of_record(references: &References, raw: &RawModelRow, card_states_a_pretraining: bool) -> Self {
        // The labelled records have downloads of 30 days; which count the cohort is cut by is no sign.
        let downloads = raw.downloads_30d.or(raw.downloads_all_time);
        let fact = references.repository_facts.fact(&raw.model_id);
        let registered = references.registry.by_hub_id(&raw.model_id).and_then(|r| r.active_params);
        let is_own = size_of_another(&raw.model_id).is_none();
        let named = || names::size(&raw.model_id).filter(|_| is_own).and_then(|size| size.active);
        let mut facts = repo_facts(references, raw);
        if let Some(fact) = fact {
            apply_fact(fact, &mut facts);
        }
        let met = apply_corrections(&references.corrections, &mut facts);
        let reported = raw.co2_json.as_deref().map(emissions::extract).unwrap_or_default();
        let reported = reported.iter().find(|e| e.field == Field::EmissionsKgco2e && e.reject_reason.is_none());
        Self {
            facts,
            signs: RecordSigns { card_states_a_pretraining, ..RecordSigns::of_record(raw, downloads) },
            active: registered.or(fact.and_then(|f| f.active_params)).or_else(named),
            emissions: reported.and_then(|e| e.value),
            met,
        }
    }
}

/// What is read of one record and its card.
struct Read {
    origin: Origin,
    gathered: Gathered,
    /// Of a repository without a date: which fields its record has, and the year that the registry or a fact tells.
    undated: Option<(Fields, Option<i32>)>,
}

impl Read {
    fn of_chunk(references: &References, chunk: &Chunk) -> Result<Vec<Self>> {
        chunk.records().map(|(_, raw, card)| Ok(Self::of_record(references, &raw?, card))).collect()
    }

    fn of_record(references: &References, raw: &RawModelRow, card: Option<&Card>) -> Self {
        let (origin, states) = told_by_card(references, raw, card);
        let undated = raw.created_at.is_none().then(|| {
            let registry = references.registry.by_hub_id(&raw.model_id);
            let known = Known { registry, fact: references.repository_facts.fact(&raw.model_id), of_base: None };
            (fields(raw), date_told_otherwise(raw, known).map(Day::year))
        });
        Self { origin, gathered: Gathered::of_record(references, raw, states), undated }
    }
}

impl Index {
    /// Gathers the facts of every record, with the bases that only its card states, applies corrections, and resolves the lineage.
    pub(super) fn gather(
        blocks: impl FnMut() -> Result<Vec<Chunk>> + Send,
        references: &References,
        settings: &Settings,
    ) -> Result<Self> {
        let mut index = Self {
            facts: Vec::new(),
            absent: Vec::new(),
            words: Words::default(),
            placements: Vec::new(),
            signs: Vec::new(),
            likelihood: None,
            shown_by: FxHashMap::default(),
            shares: Vec::new(),
            params: Vec::new(),
            active: Vec::new(),
            emissions: FxHashMap::default(),
            first_with: FxHashMap::default(),
            active_on_total: active_on_total(references),
            stated_active: StatedActive::default(),
            rows: RegistryRows::default(),
            undated: UndatedYears::default(),
            family_years: FamilyYears::default(),
            corrections: BTreeMap::new(),
        };
        let mut said: BTreeMap<usize, Origin> = BTreeMap::new();
        in_blocks(
            blocks,
            |_, chunks: &[Chunk]| chunks.par_iter().map(|chunk| Read::of_chunk(references, chunk)).collect(),
            |read: Vec<Vec<Read>>| {
                for Read { origin, gathered, undated } in read.into_iter().flatten() {
                    if origin != Origin::default() {
                        said.insert(index.facts.len(), origin);
                    }
                    if let Some((fields, year)) = undated {
                        index.undated.add(fields, year);
                    }
                    index.add(gathered);
                }
                Ok(())
            },
        )?;
        settle_said_origins(references, &mut index.facts, &said);
        share_tasks(&mut index.facts);
        // What the likelihood learns does not depend on the index.
        let (mut resolution, model) = rayon::join(
            || lineage::resolve(&index.facts, known(references), &name_size, &settings.without_link_passes),
            || (!settings.certain_roles).then(|| role_model(references)),
        );
        settle_roles(&mut index, &mut resolution, references, model);
        let Resolution { placements, absent } = resolution;
        (index.placements, index.absent) = (placements, absent);
        index.shown_by = index.sizes_shown_by_others();
        index.count_members();
        index.find_first_reports();
        index.family_years = family_years(references, &index.facts);
        index.rows = RegistryRows::settle(references, &index.facts, &index.placements, &index.params);
        index.stated_active = StatedActive::new(&index.facts, &index.active);
        Ok(index)
    }

    /// The registry's run for a repository: its own, or the one it carries for an absent sibling.
    pub(super) fn registered<'r>(&self, references: &'r References, i: usize) -> Option<&'r TrainingRun> {
        let own = references.registry.by_hub_id(&self.facts[i].model_id);
        let adopted = || self.rows.adopted(i).map(|r| &references.registry.runs()[r]);
        // What it carries for a base that it names, and that the index lacks.
        let of_base = || {
            let r = references.registry.position(self.carried_base(i)?).filter(|r| !self.rows.is_adopted(*r))?;
            Some(&references.registry.runs()[r]).filter(|run| run.kind == RunKind::Pretraining)
        };
        own.or_else(adopted).or_else(of_base)
    }

    /// Id of the absent base whose pre-training a repository carries.
    pub(super) fn carried_base(&self, i: usize) -> Option<&str> {
        let carries = self.placements[i].own_run == Some(RunKind::Pretraining) && self.placements[i].role != Role::Pretrained;
        let last = self.chain(i).last().filter(|_| carries)?;
        self.placements[last].base.filter(|base| *base >= self.facts.len()).map(|base| self.id(base))
    }

    /// The repository whose pre-training the registry's row of another describes: its base, of the same house.
    pub(super) fn row_describes(&self, i: usize) -> Option<&str> {
        self.rows.given_up(i).map(|root| self.id(root))
    }

    /// Years that the training of an undated repository may be of, none before the newest of its bases, nor before the family that its name
    /// states.
    pub(super) fn possible_years(&self, references: &References, i: usize, raw: &RawModelRow) -> Option<Vec<i32>> {
        let bases = self.chain(i).filter_map(|at| self.placements[at].base);
        let of_bases = bases.filter_map(|base| self.year(references, base)).max();
        self.undated.possible(raw, of_bases.max(self.family_years.least(self.facts[i].name())))
    }

    /// Year of a model, of the index or absent: what the registry or a fact tells, else that of its repository where the Hub dates it.
    fn year(&self, references: &References, i: usize) -> Option<i32> {
        let facts = self.facts.get(i).or_else(|| self.absent.get(i - self.facts.len()))?;
        let registered = || references.registry.by_hub_id(&facts.model_id)?.trained_on_day();
        let looked_up = || looked_up_day(references.repository_facts.fact(&facts.model_id)?);
        registered().or_else(looked_up).or_else(|| created_on(facts)).map(Day::year)
    }

    /// The task of a record, or of its series.
    pub(super) fn task(&self, i: usize) -> Option<&str> {
        self.facts[i].task()
    }

    fn add(&mut self, gathered: Gathered) {
        let i = self.facts.len();
        let Gathered { facts, signs, active, emissions, met } = gathered;
        if !met.is_empty() {
            self.corrections.insert(i, met);
        }
        self.signs.push(signs);
        self.params.push(facts.rough_params);
        self.facts.push(facts.sharing(&mut self.words));
        self.active.push(active);
        self.emissions.extend(emissions.map(|kg| (i, kg)));
    }

    /// A figure of four or more digits that several namespaces report is copied; the Hub's own, a registered or the earliest
    /// repository has the original.
    fn find_first_reports(&mut self) {
        let mut reporters: Vec<(usize, f64)> = self.emissions.iter().map(|(i, kg)| (*i, *kg)).collect();
        reporters.sort_by_key(|(i, _)| {
            let facts = &self.facts[*i];
            let canonical = lineage::names::canonical_owners().contains(&facts.owner().to_lowercase().as_str());
            (!canonical, facts.registry_kind.is_none(), facts.created_ms.unwrap_or(i64::MAX), *i)
        });
        for (i, kg) in reporters {
            if significant_digits(kg) >= 4 {
                self.first_with.entry(kg.to_bits()).or_insert(i);
            }
        }
    }

    /// Repository, then its bases, nearest first, as far as they are in the index.
    pub(super) fn chain(&self, from: usize) -> impl Iterator<Item = usize> + '_ {
        let n = self.facts.len();
        std::iter::successors(Some(from), |i| self.placements[*i].base).take(64).filter(move |i| *i < n)
    }

    /// The bases from which a repository has its size, nearest first. A head that drafts for a target has none, and passes none on.
    pub(super) fn bases_of_its_size(&self, from: usize) -> impl Iterator<Item = usize> + '_ {
        let is_draft = |i: usize| self.placements[i].role_rule == Rule::DraftHead;
        let mut behind_a_draft = is_draft(from);
        self.chain(from).skip(1).take_while(move |i| {
            let taken = !behind_a_draft;
            behind_a_draft |= is_draft(*i);
            taken
        })
    }

    /// Repositories whose runs are upstream of a repository's weights, each once, and whether every chain of bases ends in a run of the
    /// index.
    pub(super) fn upstream(&self, i: usize) -> (Vec<usize>, bool) {
        let n = self.facts.len();
        let mut owners: Vec<usize> = Vec::new();
        // Most chains are short; merges of merges are not.
        let (mut met, mut seen): (Vec<usize>, FxHashSet<usize>) = (Vec::new(), FxHashSet::default());
        let mut complete = true;
        let mut open: Vec<usize> = vec![i];
        while let Some(at) = open.pop() {
            let is_new = if met.len() < SHORT_CHAIN { !met.contains(&at) } else { !met.contains(&at) && seen.insert(at) };
            if !is_new {
                continue;
            }
            if met.len() < SHORT_CHAIN {
                met.push(at);
            }
            let placement = &self.placements[at];
            if at != i && at < n && placement.own_run.is_some() {
                owners.push(at);
            }
            let before = open.len();
            open.extend(placement.bases());
            // The end of a chain: a pre-training, carried by a head where the base is absent, or something unknown.
            if open.len() == before {
                match placement.root {
                    Some(root) if root < n => open.push(root),
                    _ => complete = false,
                }
            }
        }
        (owners, complete)
    }

    /// Counts of copies in full precision, else the commonest count of fine-tunes, for the repositories that they state as their base and
    /// that have no size of their own.
    fn sizes_shown_by_others(&self) -> FxHashMap<usize, (f64, usize)> {
        // By count: what shows it, copies first, and how often.
        let mut shown: BTreeMap<usize, BTreeMap<i64, (bool, usize, usize)>> = BTreeMap::new();
        for (by, placement) in self.placements.iter().enumerate().take(self.facts.len()) {
            let Some(base) = placement.base.filter(|base| *base < self.facts.len() && self.params[*base].is_none()) else {
                continue;
            };
            let is_copy = placement.role == Role::Converted;
            let is_tune = matches!(placement.role, Role::Finetuned | Role::Continued) && placement.role_rule != Rule::DraftHead;
            let Some(n) = self.facts[by].params.filter(|_| (is_copy || is_tune) && placement.role_rule.is_certain()) else {
                continue;
            };
            let (copied, count, _) = shown.entry(base).or_default().entry(n).or_insert((false, 0, by));
            (*copied, *count) = (*copied || is_copy, *count + 1);
        }
        let commonest = |counts: BTreeMap<i64, (bool, usize, usize)>| {
            let (n, (_, _, by)) = counts.into_iter().max_by_key(|(n, (copied, count, _))| (*copied, *count, -n))?;
            #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
            Some((n as f64, by))
        };
        shown.into_iter().filter_map(|(base, counts)| Some((base, commonest(counts)?))).collect()
    }

    /// Repositories whose weights rest on each repository's run, itself included. What is likeliest empty or untrained has no such weights, and
    /// counts where it owns the run: what it may have trained is its own.
    fn count_members(&mut self) {
        let mut members = vec![0_usize; self.facts.len()];
        for i in 0..self.facts.len() {
            members[i] += usize::from(self.placements[i].own_run.is_some());
            if matches!(self.placements[i].role, Role::Empty | Role::Untrained) {
                continue;
            }
            for owner in self.upstream(i).0 {
                members[owner] += 1;
            }
        }
        for (placement, count) in self.placements.iter_mut().zip(members) {
            placement.members = count;
            // A merge of several is a member of each, and of none by its chain of bases.
            if count > 1 && placement.group_rule == Rule::SingleRepository {
                placement.group_rule = Rule::BaseModelLinks;
            }
        }
    }

    /// Id of a node, in the index or absent.
    pub(super) fn id(&self, i: usize) -> &str {
        self.facts.get(i).map_or_else(|| self.absent[i - self.facts.len()].model_id.as_str(), |f| f.model_id.as_str())
    }
}

/// What was looked up of a repository goes before what its record states: role and base together.
pub(super) fn apply_fact(fact: &RepositoryFact, facts: &mut RepoFacts) {
    facts.looked_up_role = Some(fact.role);
    let from_scratch = fact.role == Role::Pretrained;
    if let Some(base) = fact.base_model.as_ref().filter(|id| is_valid_id(id) && !from_scratch) {
        (facts.base_ids, facts.base_count) = (vec![base.clone()], 1);
    }
    if from_scratch {
        (facts.base_ids, facts.base_count) = (Vec::new(), 0);
    }
    #[allow(clippy::cast_possible_truncation)] // Bounded by the table's check.
    if facts.params.is_none() {
        facts.rough_params = fact.total_params.map(|n| n as i64).or(facts.rough_params);
    }
}

/// Total and active parameters by the name; refused where the size is another model's.
pub(super) fn named(raw: &RawModelRow) -> (Option<Extracted>, Option<Extracted>) {
    let counts_steps = || lineage::roles::is_task_of_agents(raw.pipeline_tag.as_deref()).then_some(COUNTS_STEPS);
    let (total, active) = params::from_name(&raw.model_id, None);
    let is_small = total.as_ref().and_then(|e| e.value).is_some_and(|n| n < LEAST_LANGUAGE_MODEL);
    let refused = size_of_another(&raw.model_id).or_else(|| counts_steps().filter(|_| is_small));
    let because = |e: Extracted| Extracted { reject_reason: refused.map(str::to_owned), ..e };
    (total.map(because), active.map(because))
}

/// Why a number in the name of an agent is no size.
const COUNTS_STEPS: &str = "a number of steps, or of episodes, of an agent";
/// Numbers below in the name of what was trained by reinforcement are no size.
const LEAST_LANGUAGE_MODEL: f64 = 1e8;

/// Why a size in an id is another model's.
pub(super) fn size_of_another(model_id: &str) -> Option<&'static str> {
    lineage::names::size_of_another(name_of(model_id))
}

/// The size in a name as a mark of its family: also the active parameters alone ("Scout-17B-16E").
pub(super) fn name_size(model_id: &str) -> Option<f64> {
    as_a_mark(&names::size(model_id)?)
}

/// The size of a name that tells families apart.
pub(super) fn as_a_mark(size: &NameSize) -> Option<f64> {
    size.total.or(size.active)
}

/// The registered models, for those that the index lacks but its repositories rest on.
fn known(references: &References) -> Vec<RepoFacts> {
    let mut nodes: Vec<RepoFacts> = registered(references);
    // A corrected base of a model that neither the registry nor the index holds makes a node of its own.
    for correction in references.corrections.rows().iter().filter(|c| c.field == CorrectedField::BaseModel) {
        let base_ids = vec![correction.value.clone()];
        match nodes.iter_mut().find(|n| n.model_id.eq_ignore_ascii_case(&correction.model_id)) {
            Some(node) => node.base_ids = base_ids,
            None => nodes.push(RepoFacts {
                named_size: name_size(&correction.model_id),
                model_id: correction.model_id.clone(),
                base_ids,
                ..RepoFacts::default()
            }),
        }
    }
    nodes
}

fn registered(references: &References) -> Vec<RepoFacts> {
    let runs = references.registry.runs().iter();
    runs.filter_map(|run| {
        let model_id = run.hub_id.clone()?;
        let owner = model_id.split('/').next().unwrap_or_default();
        #[allow(clippy::cast_possible_truncation)] // Bounded by the registry's data test.
        Some(RepoFacts {
            listed_owner: references.owners.country(owner).is_some(),
            house: references.owners.house(owner),
            named_size: name_size(&model_id),
            rough_params: run.params.map(|n| n as i64),
            created_ms: run.trained_on_day().map(|day| i64::from(day.0) * 86_400_000),
            registry_kind: Some(registry_kind(run)),
            registry_continued: run.kind == RunKind::Continued,
            base_ids: run.base_model.iter().filter(|id| is_valid_id(id)).cloned().collect(),
            model_id,
            ..RepoFacts::default()
        })
    })
    .collect()
}

/// First years of families, by the pre-trainings that the registry and looked-up facts date, and by what the Hub dates of listed owners: a
/// paper comes after the weights now and then.
fn family_years(references: &References, repositories: &[RepoFacts]) -> FamilyYears {
    let runs = references.registry.runs().iter().filter(|run| run.kind == RunKind::Pretraining);
    let registered = runs.filter_map(|run| Some((run, run.trained_on_day()?.year()))).flat_map(|(run, year)| {
        let names = std::iter::once(run.model.as_str()).chain(run.hub_id.as_deref().map(name_of));
        names.map(move |name| (name, year))
    });
    let facts = references.repository_facts.rows().filter(|fact| fact.role == Role::Pretrained);
    let looked_up = facts.filter_map(|fact| Some((name_of(&fact.model_id), looked_up_day(fact)?.year())));
    let of_listed = repositories.iter().filter(|facts| facts.listed_owner);
    let created = of_listed.filter_map(|facts| Some((facts.name(), created_on(facts)?.year())));
    FamilyYears::new(registered.chain(looked_up).chain(created))
}

/// When the Hub says that a repository was made; none at the floor, which means "on or before".
fn created_on(facts: &RepoFacts) -> Option<Day> {
    facts.created_ms.filter(|ms| *ms > CREATED_AT_FLOOR_MS).map(|ms| TimestampMs(ms).day())
}

/// An id without its namespace.
fn name_of(model_id: &str) -> &str {
    model_id.rsplit('/').next().unwrap_or(model_id)
}

/// Continued pre-trainings start from weights.
pub(super) fn registry_kind(run: &TrainingRun) -> RunKind {
    if run.kind == RunKind::Continued { RunKind::FineTuning } else { run.kind }
}

fn significant_digits(x: f64) -> usize {
    let text = format!("{x:e}");
    text.split('e').next().unwrap_or_default().bytes().filter(u8::is_ascii_digit).count()
}
