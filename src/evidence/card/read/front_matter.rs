//! What the front matter of a card says of its training.

use super::candidate::{Card, RANK_FRONT_MATTER, Spot};
use super::clauses::time_of_training;
use super::clouds::provider_in;
use super::rates::rate_in;
use crate::domain::Field;
use crate::evidence::card::about::CardRole;
use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::card::parse::front_matter::{
    BASE_MODEL, CLOUD, EMISSIONS, Front, HARDWARE, HOURS, PLACE, PROVIDER, key_range,
};
use crate::evidence::hardware::Context;
use crate::evidence::index::emissions;
use crate::evidence::quantity::tokens::lex;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The front matter while it is read.
struct FrontMatter<'f> {
    front: &'f Front,
    source: &'f str,
    block: Block,
    /// Why a copy's figures are not its own.
    copy: Option<&'static str>,
}

impl FrontMatter<'_> {
    fn spot(&self, key: &str, reason: Option<&'static str>) -> Spot<'_> {
        Spot { block: &self.block, quote: key_range(self.source, self.front, key), rank: RANK_FRONT_MATTER, reason }
    }
}

/// Reads the front matter of a card whose text is `source`.
pub fn read_front_matter(card: &mut Card<'_>, front: &Front, source: &str) {
    let block = Block::plain(BlockKind::FrontMatter, source, front.from, front.to);
    let copy = (card.own.role == CardRole::Copy).then_some("copy: the base model's figure");
    let matter = FrontMatter { front, source, block, copy };
    if let Some(first) = front.texts(BASE_MODEL).first().filter(|b| !b.trim().is_empty()) {
        card.add(&matter.spot(BASE_MODEL, None), Field::BaseModel, None, first, None);
    }
    let co2 = front.fields.get(EMISSIONS);
    if let Some(value) = co2 {
        add_emissions(card, &matter, value);
    }
    // Beside the emissions, or by mistake at the top.
    let merged;
    let side = match co2 {
        Some(Value::Object(fields)) => fields,
        Some(Value::Array(items)) => {
            merged =
                items.iter().filter_map(Value::as_object).flatten().map(|(k, v)| (k.clone(), v.clone())).collect::<Map<_, _>>();
            &merged
        }
        _ => &front.fields,
    };
    add_side_fields(card, &matter, side, co2.is_some());
}

/// Emissions and energy of `co2_eq_emissions`.
fn add_emissions(card: &mut Card<'_>, matter: &FrontMatter<'_>, value: &Value) {
    // "10 g per epoch"
    let written = value.get("emissions").unwrap_or(value).as_str().unwrap_or_default();
    let spot = matter.spot(EMISSIONS, matter.copy.or_else(|| rate_in(&lex(written))));
    for row in emissions::extract(&value.to_string()) {
        if !matches!(row.field, Field::EmissionsKgco2e | Field::EnergyKwh) {
            continue;
        }
        let mut candidate = super::candidate::candidate(&spot, row.field, row.value, &row.as_written, None);
        // The guards of the field itself come first.
        candidate.reason = row.reject_reason.map(Cow::Owned).or(candidate.reason);
        card.candidates.push(candidate);
    }
}

/// Hardware, hours, place, cloud and tool, which stand beside the emissions.
fn add_side_fields(card: &mut Card<'_>, matter: &FrontMatter<'_>, side: &Map<String, Value>, has_emissions: bool) {
    let copy = matter.copy;
    let text = |key: &str| side.get(key).or_else(|| matter.front.fields.get(key)).map(plain).filter(|t| !t.trim().is_empty());
    if let Some(hardware) = text(HARDWARE) {
        card.add_hardware(&matter.spot(HARDWARE, copy), &hardware, Context::Field);
    }
    if let Some(hours) = text(HOURS) {
        let stated = time_of_training(&card.own, &hours);
        card.add_hours(&matter.spot(HOURS, copy.or(stated.reason)), "hours used", stated.text);
    }
    if let Some(place) = text(PLACE) {
        card.add_place(&matter.spot(PLACE, copy), &place);
    }
    if let Some(provider) = text(CLOUD).or_else(|| text(PROVIDER)).and_then(|t| provider_in(&t.to_lowercase(), false)) {
        let key = if side.contains_key(CLOUD) { CLOUD } else { PROVIDER };
        card.add(&matter.spot(key, copy), Field::CloudProvider, None, provider, None);
    }
    let about = text("source").unwrap_or_default().to_lowercase().replace(' ', "");
    let tool = if about.contains("codecarbon") {
        Some("CodeCarbon")
    } else {
        (about.contains("mlco2") || about.contains("impactcalculator")).then_some("ML CO2 Impact calculator")
    };
    if let Some(tool) = tool.filter(|_| has_emissions) {
        card.add(&matter.spot("source", copy), Field::MeasurementTool, None, tool, None);
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
