//! Model cards: front matter and text to rows of evidence, accepted or refused with a reason.
//!
//! A card is hostile input. It is cut at a cap, parsed once into blocks (`parse`), read block by block into candidate figures (`read`):
//! keys with values, table rows, code, sentences; then it is decided which of them are this model's training (`decide`). Nothing looks at
//! the card as a whole again, so the work is linear in its size. Cards are data, never instructions.

mod about;
mod asked;
mod bases;
mod cut;
mod decide;
mod origin;
mod parse;
mod read;
mod readings;

#[cfg(test)]
mod page;
#[cfg(test)]
pub(super) mod tests;

pub use self::about::{About, CardRole, CardTables};
pub use self::asked::Context;
pub use self::bases::{SaidBase, said_origin};
pub use self::cut::{CutCard, cut};
pub use self::origin::Origin;
pub use self::readings::{Reading, Readings, read_for_all};

use self::asked::Answer;
use self::decide::accept::{FRONT_MATTER, Fact, TABLE, TEXT, accept};
use self::decide::choose::{add_tool, choose, refuse_figures_of_others, refuse_sums, refuse_totals_beside};
use self::decide::consistency::refuse_contradictions;
use self::decide::continued::refuse_counts_from_the_base;
use self::decide::data::accept_data;
use self::decide::passes::add_products_of_passes;
use self::decide::products::accept_products;
use self::decide::rescue::{accept_beside, add_sequels};
use self::decide::samples::{RECIPE_SAMPLES, add_samples};
use self::decide::sections::Sections;
use self::decide::stages::accept_stages;
use self::decide::unclaimed::accept_unclaimed;
use self::parse::block::{Block, BlockKind};
use self::parse::front_matter::BASE_MODEL;
use self::read::candidate::Card;
use self::read::declared::names_declared;
use self::read::eastern_bases::eastern_bases;
use self::read::front_matter::read_front_matter;
use self::read::read_passages;
use self::read::recipe::{RECIPE, read_recipe};
use self::read::repository::{Repository, size_of};
use super::quantity::digits::{by_words, may_be_open};
use super::{Extracted, vocabulary};

/// Largest card read, in bytes; the largest of 12,000 real ones is smaller.
pub const MAX_CARD_BYTES: usize = 1 << 20;
/// Words of the text by which its language is known.
const LANGUAGE_WORDS: usize = 1500;
/// Characters of the text in which the model's subject is looked for.
const SUBJECT_CHARS: usize = 2000;

/// The extractor of a name.
#[must_use]
pub fn extractor_called(name: &str) -> Option<&'static str> {
    let all = [FRONT_MATTER, TABLE, TEXT, RECIPE, RECIPE_SAMPLES];
    all.into_iter().find(|extractor| *extractor == name)
}

/// Whether a card is larger than what is read of it.
#[must_use]
pub fn is_cut(card: &str) -> bool {
    card.len() > MAX_CARD_BYTES
}

/// Evidence in a card. At most one row of a field is accepted; the rest say why not.
#[must_use]
pub fn extract(tables: CardTables<'_>, card: &str, about: &About<'_>) -> Vec<Extracted> {
    extract_of_cut(tables, &CutCard::new(card), about)
}

/// The same, of a card that is cut already.
#[must_use]
pub fn extract_of_cut(tables: CardTables<'_>, card: &CutCard<'_>, about: &About<'_>) -> Vec<Extracted> {
    extract_asking(tables, card, about).0
}

/// The name of a model and the first characters of its card, lower case. What a card says of its own emissions makes them no subject of the
/// model: the text ends where it speaks of training or of the environment.
fn head_of(model_id: &str, blocks: &[Block]) -> String {
    let mut head = format!("{} ", model_id.to_lowercase());
    let mut left = SUBJECT_CHARS;
    let tools = &vocabulary::card().repository.footprint_tools;
    let is_of_the_model = |b: &&Block| !b.under.training && !b.under.environment && !tools.is_within(&b.text.to_lowercase());
    for b in blocks.iter().take_while(is_of_the_model) {
        if left == 0 {
            break;
        }
        if let Some(text) = b.text.get(..b.text.len().min(left)).filter(|text| text.is_ascii()) {
            head.push_str(&text.to_ascii_lowercase());
            left -= text.len();
            if left > 0 {
                head.push('\n');
                left -= 1;
            }
            continue;
        }
        let text: String = b.text.chars().flat_map(char::to_lowercase).chain(['\n']).take(left).collect();
        left = left.saturating_sub(text.chars().count());
        head.push_str(&text);
    }
    head
}

/// Evidence in a card, with what was asked of the repository's size and bases to read it.
fn extract_asking(tables: CardTables<'_>, cut: &CutCard<'_>, about: &About<'_>) -> (Vec<Extracted>, Vec<Answer>) {
    let words = &vocabulary::card().repository;
    let CutCard { source, front, body, .. } = cut;
    let blocks = cut.blocks();
    let mut own = Repository::new(about);
    own.add_bases_of_card(front.texts(BASE_MODEL));
    let title = blocks.iter().find(|b| b.kind == BlockKind::Heading).map(|b| b.text.to_lowercase()).unwrap_or_default();
    // A few phrases in a long text: one search each is faster than one for all.
    let says_tuned =
        words.fine_tune_phrases.iter().any(|p| body.contains(p)) || words.fine_tune_titles.iter().any(|p| title.contains(p));
    let eastern = if own.role == CardRole::Copy { Vec::new() } else { eastern_bases(body) };
    if own.role == CardRole::OwnTraining && (says_tuned || !eastern.is_empty()) {
        own.role = CardRole::FineTune;
    }
    for name in names_declared(&own, blocks) {
        match name.as_slice() {
            [word] => match size_of(word).filter(|_| own.designators().count_sizes() != 1) {
                Some(size) => own.declare_size(size),
                None => own.add_alias(name),
            },
            _ => own.add_alias(name),
        }
    }
    let head = head_of(about.model_id, blocks);
    let passages = Sections::new(&own, blocks).passages(blocks);
    let co2_subject = words.climate_subjects.is_within(&head);
    let mut card = Card::new(tables, own, co2_subject);
    if blocks.iter().any(|b| may_be_open(&b.text)) || front.fields.values().any(|value| may_be_open(&value.to_string())) {
        card.sign = by_words(body.split(|c: char| !c.is_alphabetic()).take(LANGUAGE_WORDS));
    }
    card.eastern_bases = eastern;
    card.is_setfit = body.contains("setfit");
    read_front_matter(&mut card, front, source);
    read_passages(&mut card, &passages, body);
    read_recipe(&mut card, &passages, body);
    let trained_itself = card.own.role == CardRole::OwnTraining;
    let recipe = std::mem::take(&mut card.recipe);
    let unclaimed = std::mem::take(&mut card.unclaimed);
    let mut facts: Vec<Fact> = card.candidates.into_iter().map(|candidate| accept(candidate, source)).collect();
    accept_stages(&mut facts);
    refuse_sums(&mut facts);
    refuse_totals_beside(&mut facts);
    refuse_counts_from_the_base(&mut facts);
    refuse_figures_of_others(&mut facts);
    add_sequels(&mut facts);
    choose(&mut facts);
    accept_data(&mut facts, trained_itself);
    accept_products(&mut facts);
    add_products_of_passes(&mut facts);
    refuse_contradictions(&mut facts, tables.accelerators);
    accept_unclaimed(&mut facts, unclaimed, source, tables.accelerators);
    accept_beside(&mut facts, tables.accelerators);
    add_samples(&mut facts, &recipe, source);
    add_tool(&mut facts, card.tools.into_iter().next().map(|tool| accept(tool, source)));
    (facts.into_iter().map(|fact| fact.row).collect(), card.own.asked())
}
