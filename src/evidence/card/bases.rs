//! The bases that a card states, read alone and before anything else: lineage needs them of every repository whose record names none.

use super::origin::{Origin, may_say_an_origin, origin_in};
use super::parse::front_matter::BASE_MODEL;
use super::read::bases::repo_of;
use super::read::repository::Repository;
use super::{About, CardRole, CardTables, CutCard, extract_of_cut};
use crate::domain::{EvidenceSource, Field};
use crate::evidence::{Extracted, vocabulary};

/// A base as a card states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaidBase {
    /// Id, or a name as the text has it.
    pub name: String,
    /// Whether it is an id for certain: of the front matter, or an address on the Hub.
    pub is_id: bool,
}

/// Where a card says that the weights come from: the bases of the front matter, else what the text says of the repository's origin (see
/// [`origin`](super::origin)), else the base that it names. A text that only says "based on" tells of an architecture as often as of weights, and
/// counts for nothing here.
#[must_use]
pub fn said_origin(tables: CardTables<'_>, model_id: &str, card: &CutCard<'_>) -> Origin {
    let stated: Vec<String> = card.front.texts(BASE_MODEL).into_iter().filter(|id| !id.trim().is_empty()).collect();
    if !stated.is_empty() {
        let bases = stated.into_iter().map(|name| SaidBase { name: name.trim().to_owned(), is_id: true }).collect();
        return Origin { role: None, bases };
    }
    let about = About { model_id, role: CardRole::OwnTraining, base_ids: &[], total_params: None };
    if may_say_an_origin(&card.body)
        && let Some(origin) = origin_in(&Repository::new(&about), card.blocks())
    {
        return origin;
    }
    // Most cards speak of no base: reading them whole for this alone would double the time.
    if !says_trained_from(&card.body) {
        return Origin::default();
    }
    let rows = extract_of_cut(tables, card, &about);
    let is_said = |row: &&Extracted| {
        row.field == Field::BaseModel
            && row.reject_reason.is_none()
            && row.source == EvidenceSource::CardText
            && says_trained_from(&row.quote.to_lowercase())
    };
    let said = rows.into_iter().find(|row| is_said(&row));
    let bases =
        said.map(|row| SaidBase { is_id: has_address(&row.quote, &row.as_written), name: row.as_written }).into_iter().collect();
    Origin { role: None, bases }
}

/// Whether a text, in lower case, says that weights were the start, by a phrase or a key.
fn says_trained_from(lower: &str) -> bool {
    let bases = &vocabulary::card().bases;
    // "Is based on" tells of an architecture as often as of weights.
    let phrases = bases.plain.iter().chain(bases.marked.iter()).filter(|phrase| !phrase.ends_with("based on"));
    phrases.map(|phrase| phrase.replace(" - ", "-")).any(|phrase| lower.contains(&phrase))
        || vocabulary::keys().keys.base.iter().any(|key| lower.contains(key))
}

/// Whether a quote has the address of a repository on the Hub.
fn has_address(quote: &str, id: &str) -> bool {
    quote
        .split(['(', '<', '"', ' '])
        .filter_map(repo_of)
        .any(|repo| repo.trim_end_matches([')', '.', ',']).eq_ignore_ascii_case(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::tests::card_tables;
    use crate::reference::Reference;

    fn said(card: &str) -> Vec<(String, bool)> {
        let reference = Reference::load().unwrap();
        said_origin(card_tables(&reference), "x/mine", &CutCard::new(card)).bases.into_iter().map(|b| (b.name, b.is_id)).collect()
    }

    #[test]
    fn bases_of_front_matter_and_text() {
        let id = |name: &str| vec![(name.to_owned(), true)];
        let name = |name: &str| vec![(name.to_owned(), false)];
        assert_eq!(said("---\nbase_model: a/b\n---\n# Mine"), id("a/b"));
        let merged: Vec<(String, bool)> = ["a/b", "c/d"].map(|id| (id.to_owned(), true)).into();
        assert_eq!(said("---\nbase_model:\n- a/b\n- c/d\n---\n# Mine"), merged);
        let card = "This model is a fine-tuned version of [dbmdz/bert-base-german-cased](https://huggingface.co/dbmdz/bert-base-german-cased) on news.";
        assert_eq!(said(card), id("dbmdz/bert-base-german-cased"));
        assert_eq!(said("This model is fine-tuned from Phind-CodeLlama-34B-v1 and achieves 73.8%"), name("Phind-CodeLlama-34B-v1"));
        assert_eq!(said("- **Finetuned from model:** unsloth/phi-4"), name("unsloth/phi-4"));
    }

    #[test]
    fn an_architecture_is_no_base() {
        for card in [
            "The model is based on [RoBERTa](https://huggingface.co/FacebookAI/roberta-base).",
            "Derived from [T5](https://huggingface.co/google-t5/t5-base) by a new objective.",
            "You can fine-tune it for tagging.",
            "",
        ] {
            assert_eq!(said(card), Vec::new(), "{card}");
        }
    }
}
