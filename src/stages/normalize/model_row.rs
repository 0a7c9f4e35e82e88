//! One model: its row, and the evidence about it.

use super::corrections::MetCorrection;
use super::index::{Index, named};
use super::read_cards::Card;
use super::reported::{from_card, is_of_training, names_hardware, refuse_what_the_text_contradicts, reported};
use super::size::{Known, active_params, said_params, total_params};
use super::{References, Settings};
use crate::domain::source::CohortMetric;
use crate::domain::{EvidenceSource, Field, Modality, Role, RunKind, TrainedOnSource, address};
use crate::evidence::Extracted;
use crate::evidence::index::{arithmetic, facts, looked_up, names};
use crate::lineage::{Placement, families, run_id};
use crate::reference::{RepositoryFact, TrainingRun};
use crate::tables::{ModelRow, RawModelRow};
use crate::units::Day;

/// A repository may be made some weeks before its training ends.
const MOST_DAYS_AFTER: i32 = 31;

/// The row and the evidence of the `i`-th model.
pub(super) fn model_row(
    settings: &Settings,
    references: &References,
    index: &Index,
    i: usize,
    raw: &RawModelRow,
    card: Option<&Card>,
) -> (ModelRow, Vec<Extracted>) {
    let placement = &index.placements[i];
    let known = known(references, index, i, raw);
    let (mut extracted, (named_total, named_active)) = (Vec::new(), named(raw));
    let indexed = total_params(references, index, i, raw, known, named_total, &mut extracted);
    #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
    let size = indexed.map(|(n, _)| n as f64);
    let mut said = card.map(|card| from_card(references, index, i, placement, size, card)).unwrap_or_default();
    let total = indexed.or_else(|| said_params(placement, &said));
    let active = active_params(index, i, raw, known, named_active, (total, &said), &mut extracted);
    let date = trained_on(raw, known, placement, &mut said);
    if let Some((day, source, quote)) = date.as_ref().filter(|(_, source, _)| *source != TrainedOnSource::Card) {
        extracted.push(date_evidence(*day, *source, quote, known));
    }
    extracted.extend(known_of_tables(references, index, i, known, &extracted));
    extracted.extend(reported(references, index, i, placement, raw));
    extracted.extend(said.into_iter().chain(known_by_name(references, index, i, placement, raw)));
    extracted.extend(tokens_by_name(index, i, placement, raw));
    refuse_what_the_text_contradicts(&mut extracted);
    let (upstream_run_ids, lineage_is_complete) = upstream_runs(index, i);
    let row = ModelRow {
        model_id: raw.model_id.clone(),
        owner: owner(raw).map(str::to_owned),
        created_at: raw.created_at,
        last_modified: raw.last_modified,
        downloads_30d: raw.downloads_30d,
        downloads_all_time: raw.downloads_all_time,
        likes: raw.likes,
        pipeline_tag: raw.pipeline_tag.clone(),
        modality: modality(raw, index.task(i), known.registry),
        library: raw.library.clone(),
        license: raw.card_license.clone().or_else(|| license_tag(raw)),
        gated: raw.gated.clone(),
        arxiv_id: facts::arxiv_id(raw),
        total_params: total.map(|(n, _)| n),
        active_params: active.or(total.map(|(n, _)| n)),
        params_source: total.map(|(_, source)| source),
        role: placement.role,
        role_rule: placement.role_rule,
        p: index.shares[i],
        base_model_ids: index.facts[i].base_ids.clone(),
        own_run_id: placement.own_run.map(|kind| run_id(&raw.model_id, kind)),
        stands_on_run_id: placement.root.map(|r| run_id(index.id(r), RunKind::Pretraining)),
        upstream_run_ids,
        lineage_is_complete,
        trained_on: date.as_ref().map(|(day, _, _)| *day),
        possible_years: date.is_none().then(|| index.possible_years(references, i, raw)).flatten(),
        trained_on_source: date.map(|(_, source, _)| source),
        owner_country: owner_country(references, raw, known),
        in_cohort: downloads(settings.metric, raw).is_some_and(|d| d > settings.min),
    };
    (row, extracted)
}

/// What the tables of looked-up facts know of the `i`-th model and of the base whose pre-training it carries.
fn known<'r>(references: &'r References, index: &Index, i: usize, raw: &RawModelRow) -> Known<'r> {
    let fact = |id: &str| references.repository_facts.fact(id);
    let of_base = index.carried_base(i).and_then(fact).filter(|fact| fact.role == Role::Pretrained);
    Known { registry: index.registered(references, i), fact: fact(&raw.model_id), of_base }
}

/// What a model takes in and gives out. Where nothing tells, a house's own family of language models does (`Mistral-Large-Instruct-2407`).
fn modality(raw: &RawModelRow, task: Option<&str>, registry: Option<&TrainingRun>) -> Modality {
    let told = facts::modality(raw, task, registry);
    let is_silent = task.is_none_or(|task| task == facts::NO_TASK) && raw.library.is_none();
    let (owner, name) = raw.model_id.split_once('/').unwrap_or(("", &raw.model_id));
    let at_home = || families::named(name).is_some_and(|named| families::is_home(named.family, owner));
    if told == Modality::Other && registry.is_none() && is_silent && at_home() { Modality::Text } else { told }
}

/// What the tables of architectures and recipes know of the repository's name, else of the nearest base's.
fn known_by_name(references: &References, index: &Index, i: usize, placement: &Placement, raw: &RawModelRow) -> Vec<Extracted> {
    let library = raw.library.as_deref();
    let mut rows = arithmetic::of_own_name(&references.trainings, &raw.model_id, library);
    // Fine-tunes of text, embeddings among them, are counted by their own tokens.
    if rows.is_empty() && !facts::modality(raw, index.task(i), None).counts_tokens() {
        let bases = index.chain(i).flat_map(|at| &index.facts[at].base_ids);
        let mut known = bases.map(|base| arithmetic::of_base_name(&references.trainings, base, library));
        rows = known.find(|rows| !rows.is_empty()).unwrap_or_default();
    }
    for row in rows.iter_mut().filter(|_| placement.own_run.is_none()) {
        row.reject_reason = Some(format!("the repository trained nothing itself (role {})", placement.role.name()));
    }
    rows
}

/// The tokens that the name states; refused where they are those of another training: a copy's, a base's whose name states them too, or
/// those of what was tuned, where only custom says that they are tokens.
fn tokens_by_name(index: &Index, i: usize, placement: &Placement, raw: &RawModelRow) -> Option<Extracted> {
    let named = names::tokens(&raw.model_id)?;
    let states_them = |id: &str| names::tokens(id).is_some_and(|of_base| of_base.value == named.value);
    let is_bases = || {
        let stated = index.facts[i].base_ids.iter().map(String::as_str);
        index.chain(i).skip(1).map(|at| index.id(at)).chain(stated).any(states_them)
    };
    let refused = match placement.own_run {
        None => Some(format!("the repository trained nothing itself (role {})", placement.role.name())),
        Some(_) if is_bases() => Some("the tokens in the name are those of its base".to_owned()),
        Some(RunKind::Pretraining) => None,
        Some(_) if placement.role == Role::Continued => None,
        Some(_) => (!named.is_said).then(|| "trillions behind a size are those of a pre-training".to_owned()),
    };
    Some(Extracted { reject_reason: refused, ..names::tokens_from_name(&raw.model_id, &named) })
}

fn license_tag(raw: &RawModelRow) -> Option<String> {
    raw.tags.iter().find_map(|t| t.strip_prefix("license:")).map(str::to_owned)
}

fn owner(raw: &RawModelRow) -> Option<&str> {
    raw.model_id.split_once('/').map(|(owner, _)| owner)
}

fn owner_country(references: &References, raw: &RawModelRow, known: Known<'_>) -> Option<String> {
    let listed = owner(raw).and_then(|o| references.owners.country(o)).map(|(iso, _)| iso);
    let registered = || known.registry.and_then(|run| run.country.as_deref()?.split('|').next());
    let looked_up = || known.fact.and_then(|fact| fact.country.as_deref());
    listed.or_else(registered).or_else(looked_up).map(str::to_owned)
}

/// Downloads by the metric of the cohort.
fn downloads(metric: CohortMetric, raw: &RawModelRow) -> Option<i64> {
    match metric {
        CohortMetric::DownloadsAllTime => raw.downloads_all_time,
        CohortMetric::Downloads30d => raw.downloads_30d,
    }
}

/// What the reference tables know of a repository beyond what was chosen before: the registry's run, looked-up facts, reviewed corrections,
/// and the likelihood of its role.
fn known_of_tables(references: &References, index: &Index, i: usize, known: Known<'_>, chosen: &[Extracted]) -> Vec<Extracted> {
    let mut rows = Vec::new();
    if let Some(run) = known.registry {
        rows.extend(known_of_registry(references, run, index.row_describes(i), chosen));
    }
    if let Some(fact) = known.fact {
        let names_a_chip = fact.accelerator.as_deref().is_some_and(|text| names_hardware(references, text));
        rows.extend(looked_up::from_fact(fact, names_a_chip));
    }
    if let Some(base) = known.of_base {
        let own: Vec<Field> = rows.iter().map(|e| e.field).collect();
        let of_base = looked_up::from_fact(base, false).into_iter();
        rows.extend(of_base.filter(|e| is_of_one_run(e.field) && !own.contains(&e.field)));
    }
    rows.extend(index.likelihood.as_ref().and_then(|likelihood| likelihood.evidence(index, references, i)));
    rows.extend(index.corrections.get(&i).into_iter().flatten().filter_map(MetCorrection::evidence));
    rows
}

/// Runs upstream of a model by key, and whether every chain of bases ends in a run of the index.
fn upstream_runs(index: &Index, i: usize) -> (Vec<String>, bool) {
    let (upstream, is_complete) = index.upstream(i);
    let mut runs: Vec<String> =
        upstream.into_iter().filter_map(|at| Some(run_id(index.id(at), index.placements[at].own_run?))).collect();
    runs.sort();
    (runs, is_complete)
}

/// What the registry states of a run beyond what was chosen before; an active count that was passed over exceeds the total. Where the row
/// is about the pre-training of another repository, `describes`, its figures of a training are that one's.
fn known_of_registry(references: &References, run: &TrainingRun, describes: Option<&str>, chosen: &[Extracted]) -> Vec<Extracted> {
    let names_a_chip = run.accelerator.as_deref().is_some_and(|text| names_hardware(references, text));
    let mut known = facts::from_registry(run, names_a_chip);
    known.retain(|e| !chosen.iter().any(|o| (o.field, o.extractor) == (e.field, e.extractor)));
    for e in known.iter_mut().filter(|e| e.field == Field::ActiveParams) {
        e.reject_reason = e.reject_reason.take().or_else(|| Some("more than the total".into()));
    }
    if let Some(base) = describes {
        for e in known.iter_mut().filter(|e| is_of_one_run(e.field)) {
            e.reject_reason = e.reject_reason.take().or_else(|| Some(format!("of the training that {base} carries")));
        }
    }
    known
}

/// Whether a field is a figure of one run. The accelerator is none: a house trains on the same chips before and after.
fn is_of_one_run(field: Field) -> bool {
    is_of_training(field) || matches!(field, Field::AcceleratorCount | Field::WallHours | Field::Epochs | Field::Mfu)
}

/// Date of training, the card's between the registry's and those of paper and repository. A card that dates a training after its
/// repository speaks of another.
fn trained_on(
    raw: &RawModelRow,
    known: Known<'_>,
    placement: &Placement,
    said: &mut [Extracted],
) -> Option<(Day, TrainedOnSource, String)> {
    let by_index = facts::trained_on(raw, known.registry, placement.role == Role::Pretrained);
    // Who carries the pre-training of a base is as old as that.
    let of_base = looked_up_date(known.of_base).filter(|_| known.registry.is_none());
    let otherwise = match by_index {
        _ if of_base.is_some() => of_base,
        Some((day, source @ (TrainedOnSource::Registry | TrainedOnSource::CreatedAt | TrainedOnSource::Arxiv), quote)) => {
            Some((day, source, quote))
        }
        other => looked_up_date(known.fact).or(other),
    };
    let registered = otherwise.as_ref().is_some_and(|(_, source, _)| *source == TrainedOnSource::Registry);
    let row = said.iter_mut().find(|e| e.field == Field::TrainedOn && e.reject_reason.is_none() && placement.own_run.is_some());
    let Some((row, day)) = row.and_then(|row| month(&row.as_written).map(|day| (row, day))) else {
        return otherwise;
    };
    if raw.created_at.is_some_and(|t| day.0 > t.day().0 + MOST_DAYS_AFTER) {
        row.reject_reason = Some("after the repository was made".into());
        return otherwise;
    }
    if registered { otherwise } else { Some((day, TrainedOnSource::Card, row.quote.clone())) }
}

/// Date that something else than its own repository tells: the registry, a looked-up fact, a paper.
pub(super) fn date_told_otherwise(raw: &RawModelRow, known: Known<'_>) -> Option<Day> {
    let undated = RawModelRow { created_at: None, ..raw.clone() };
    let by_index = facts::trained_on(&undated, known.registry, true);
    by_index.map(|(day, _, _)| day).or_else(|| looked_up_date(known.fact).map(|(day, _, _)| day))
}

/// Day that was looked up.
pub(super) fn looked_up_day(fact: &RepositoryFact) -> Option<Day> {
    month(&fact.year_and_month()?)
}

/// Date that was looked up: what a repository at the Hub's floor, or without a date, does not tell.
fn looked_up_date(fact: Option<&RepositoryFact>) -> Option<(Day, TrainedOnSource, String)> {
    let fact = fact?;
    let day = looked_up_day(fact)?;
    let text = fact.trained_on.as_deref().unwrap_or_default();
    Some((day, TrainedOnSource::RepositoryFacts, format!("{text}; {}, {} ({})", fact.source, fact.vintage, fact.evidence)))
}

/// The day of `2023-03-14`, the first day of `2023-03`.
fn month(text: &str) -> Option<Day> {
    if text.matches('-').count() > 1 {
        return Day::parse(text);
    }
    let (year, month) = text.split_once('-')?;
    let (month, day) = month.split_once('-').unwrap_or((month, "1"));
    Day::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

fn date_evidence(day: Day, source: TrainedOnSource, quote: &str, known: Known<'_>) -> Extracted {
    let (kind, extractor, confidence) = match source {
        TrainedOnSource::Registry => (EvidenceSource::Registry, "registry", 0.9),
        TrainedOnSource::RepositoryFacts => (EvidenceSource::RepositoryFacts, looked_up::EXTRACTOR, 0.7),
        TrainedOnSource::Card => (EvidenceSource::CardText, "card_text", 0.7),
        TrainedOnSource::Arxiv => (EvidenceSource::HubIndex, "arxiv_tag", 0.8),
        TrainedOnSource::CreatedAt | TrainedOnSource::CreatedAtFloor => (EvidenceSource::HubIndex, "created_at", 0.5),
    };
    let locator = match source {
        TrainedOnSource::Registry => "training_runs.csv:trained_on",
        TrainedOnSource::RepositoryFacts => "repository_facts.csv:trained_on",
        TrainedOnSource::Card | TrainedOnSource::Arxiv | TrainedOnSource::CreatedAt | TrainedOnSource::CreatedAtFloor => {
            "tags, createdAt"
        }
    };
    Extracted {
        field: Field::TrainedOn,
        value: Some(f64::from(day.0)),
        unit: "days since 1970-01-01",
        as_written: day.to_string(),
        source: kind,
        locator: locator.into(),
        source_url: match source {
            TrainedOnSource::Registry => known.registry.and_then(|run| run.page(Field::TrainedOn)),
            TrainedOnSource::RepositoryFacts => known.of_base.or(known.fact).and_then(|fact| fact.source_url.clone()),
            TrainedOnSource::Arxiv => quote.strip_prefix("arxiv:").and_then(address::paper),
            TrainedOnSource::Card | TrainedOnSource::CreatedAt | TrainedOnSource::CreatedAtFloor => None,
        },
        quote: quote.to_owned(),
        extractor,
        confidence,
        reject_reason: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::record::empty_row;

    /// Regression: Mistral Large 2 (library vllm, no task) without its row in the registry was no language model, and given 1.2e23 of its
    /// 2.1e25 FLOP.
    #[test]
    fn silent_records_of_a_family_at_home_are_language_models() {
        let of = |id: &str, library: Option<&str>, task: Option<&str>| {
            modality(&RawModelRow { model_id: id.to_owned(), library: library.map(str::to_owned), ..empty_row("t") }, task, None)
        };
        assert_eq!(of("mistralai/Mistral-Large-Instruct-2407", Some("vllm"), None), Modality::Text);
        assert_eq!(of("mistralai/Mistral-Large-Instruct-2407", Some("vllm"), Some("other")), Modality::Text);
        assert_eq!(of("mistralai/Mistral-Large-Instruct-2407", None, None), Modality::Text);
        assert_eq!(of("somebody/mistral-portraits", None, None), Modality::Other);
        assert_eq!(of("mistralai/Mistral-Voice", None, Some("text-to-speech")), Modality::Audio);
    }
}
