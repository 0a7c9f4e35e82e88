//! Evidence that a card gives, in its field for emissions and in its text, with the guards that need lineage.

use super::References;
use super::index::Index;
use super::read_cards::Card;
use crate::domain::{EvidenceSource, Field, Role, RunKind};
use crate::evidence::card::{About, CardRole};
use crate::evidence::index::emissions;
use crate::evidence::place::read_place;
use crate::evidence::{Extracted, hardware};
use crate::lineage::{self, Placement};
use crate::tables::RawModelRow;
use crate::units::GRAMS_PER_KG;

/// Relative difference within which a field and a text state one figure, rounded.
const AGREES_WITHIN: f64 = 0.05;

/// Evidence in `co2_eq_emissions`, with the guards that need lineage.
pub(super) fn reported(
    references: &References,
    index: &Index,
    i: usize,
    placement: &Placement,
    raw: &RawModelRow,
) -> Vec<Extracted> {
    let mut rows = raw.co2_json.as_deref().map(emissions::extract).unwrap_or_default();
    let inherited = index.emissions.get(&i).and_then(|kg| {
        let linked = index.chain(i).skip(1).find(|b| index.emissions.get(b) == Some(kg));
        let copied = index
            .first_with
            .get(&kg.to_bits())
            .copied()
            .filter(|first| *first != i && index.facts[*first].owner() != index.facts[i].owner());
        linked.or(copied)
    });
    for row in &mut rows {
        // Whoever copies a base's card copies its energy with the emissions.
        refuse_figure(index, placement, inherited.filter(|_| is_of_training(row.field)), row);
        refuse_by_tables(references, row);
    }
    rows
}

/// The field of the index holds grams by definition, and CodeCarbon's kilograms by mistake: where the card's text states a figure with its
/// unit, the text wins and the field is refused.
pub(super) fn refuse_what_the_text_contradicts(extracted: &mut [Extracted]) {
    let accepted = |e: &&Extracted| e.field == Field::EmissionsKgco2e && e.reject_reason.is_none();
    let text =
        extracted.iter().filter(accepted).find(|e| e.source == EvidenceSource::CardText).map(|e| (e.value, e.as_written.clone()));
    let Some((Some(kg), written)) = text else { return };
    for e in extracted
        .iter_mut()
        .filter(|e| e.field == Field::EmissionsKgco2e && e.source == EvidenceSource::CardYaml && e.reject_reason.is_none())
    {
        let agrees = e.value.is_some_and(|value| (value / kg - 1.0).abs() <= AGREES_WITHIN);
        if !agrees {
            let thousandfold = e.value.is_some_and(|value| (kg / value / GRAMS_PER_KG - 1.0).abs() <= AGREES_WITHIN);
            let why = if thousandfold { "kilograms in a field for grams" } else { "conflicts with the text" };
            e.reject_reason = Some(format!("{why}: the card's text says {written}"));
        }
    }
}

/// Evidence in a card's text, with the guards that need lineage.
pub(super) fn from_card(
    references: &References,
    index: &Index,
    i: usize,
    placement: &Placement,
    total_params: Option<f64>,
    card: &Card,
) -> Vec<Extracted> {
    // Where nothing certain makes it a fine-tune, and its own record does not say so, the card is read as that of a model of its own.
    let is_guessed = !index.shares[i].is_certain() && lineage::roles::role(&index.facts[i]).0 == Role::Pretrained;
    let role = match placement.role {
        // Also the copy by which a pre-training is known: its card tells of that.
        _ if placement.own_run == Some(RunKind::Pretraining) => CardRole::OwnTraining,
        Role::Pretrained => CardRole::OwnTraining,
        Role::Continued | Role::Finetuned | Role::Adapter if is_guessed => CardRole::OwnTraining,
        Role::Continued | Role::Finetuned | Role::Adapter => CardRole::FineTune,
        Role::Merge | Role::Quantized | Role::Converted | Role::Empty | Role::Untrained => CardRole::Copy,
    };
    let about = About { model_id: &index.facts[i].model_id, role, base_ids: &index.facts[i].base_ids, total_params };
    let mut rows = card.extract(references, &about);
    for row in &mut rows {
        let may_inherit = row.field == Field::EmissionsKgco2e && !index.emissions.contains_key(&i);
        let inherited = index.chain(i).skip(1).find(|b| may_inherit && index.emissions.get(b).copied() == row.value);
        refuse_figure(index, placement, inherited, row);
        refuse_by_tables(references, row);
        if card.is_cut() && row.reject_reason.is_none() {
            row.locator = format!("{} (card cut at 1 MiB)", row.locator);
        }
    }
    rows
}

/// Refuses a figure of a repository that trained nothing, or that is the same as of the repository it is `inherited` from.
fn refuse_figure(index: &Index, placement: &Placement, inherited: Option<usize>, row: &mut Extracted) {
    let refused = if is_of_training(row.field) && placement.own_run.is_none() {
        Some(format!("the repository trained nothing itself (role {})", placement.role.name()))
    } else {
        inherited.map(|b| format!("inherited: the same figure as {}", index.facts[b].model_id))
    };
    row.reject_reason = row.reject_reason.take().or(refused);
}

/// Refuses a chip or a place of a card that the reference tables do not tell.
pub(super) fn refuse_by_tables(references: &References, row: &mut Extracted) {
    if row.reject_reason.is_some() {
        return;
    }
    if row.field == Field::Accelerator && !names_hardware(references, &row.as_written) {
        row.reject_reason = Some("names no accelerator of the reference table".into());
    } else if row.field == Field::Country || row.field == Field::CloudRegion {
        row.reject_reason = refuse_place(references, &row.as_written);
    }
}

/// Whether a field is a figure of a training, which a repository that trained nothing cannot have.
pub(super) fn is_of_training(field: Field) -> bool {
    match field {
        Field::EmissionsKgco2e
        | Field::EnergyKwh
        | Field::AcceleratorHours
        | Field::TrainFlop
        | Field::TrainTokens
        | Field::TrainSamples => true,
        Field::Accelerator
        | Field::AcceleratorCount
        | Field::WallHours
        | Field::TrainSteps
        | Field::BatchSize
        | Field::Epochs
        | Field::SequenceLength
        | Field::ImageSize
        | Field::ForwardFlop
        | Field::TotalParams
        | Field::ActiveParams
        | Field::Mfu
        | Field::Precision
        | Field::Country
        | Field::CloudRegion
        | Field::CloudProvider
        | Field::TrainedOn
        | Field::Role
        | Field::BaseModel
        | Field::MeasurementTool => false,
    }
}

pub(super) fn names_hardware(references: &References, text: &str) -> bool {
    !hardware::read_hardware(&references.accelerators, text, hardware::Context::Field).chips.is_empty()
}

/// A place that the grid tables cannot tell, or that the text only assumes.
fn refuse_place(references: &References, text: &str) -> Option<String> {
    let place = read_place(references.place_tables(), text, hardware::Context::Field);
    if place.is_assumed {
        return Some("the text says that the place is assumed".into());
    }
    match place.grid_places.as_slice() {
        [_] => None,
        [] if place.operator.is_some() => None,
        [] => Some("names no place of the reference tables".into()),
        several => Some(format!("can mean {}", several.join(" or "))),
    }
}
