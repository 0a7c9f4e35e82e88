//! Cards that were read elsewhere, before lineage was known: every reading of a card as rows, and the rows as the card they stand for.

use super::References;
use super::contexts::Asked;
use super::corrections::apply_corrections;
use super::index::apply_fact;
use super::reported::refuse_by_tables;
use super::{evidence_rows, repo_facts};
use crate::domain::Role;
use crate::engine::Declared;
use crate::error::{Error, Result};
use crate::evidence::Extracted;
use crate::evidence::card::{self, About, CardRole, CutCard, Origin, Reading, Readings, SaidBase, said_origin};
use crate::lineage;
use crate::stages::{merged, vocabulary_digests};
use crate::store::sha256_bytes;
use crate::tables::{CardReadingRow, RawCardRow, RawModelRow, Reader};

/// Digits of a digest that name a table or a list of words.
const SHORT_DIGEST: usize = 12;
/// Before a base that is an id for certain, and before one that is a name.
const ID: &str = "id ";
/// Why figures of a card that was read elsewhere do not count.
pub(super) const NO_READING: &str = "the evidence has no reading of this card for what the index tells of the repository";
/// See [`ID`].
const NAME: &str = "name ";
/// Before the role that a card gives its repository, which stands among the bases.
const ROLE: &str = "role ";

/// Who reads cards: this version, with these tables.
#[must_use]
pub fn card_reader(references: &References) -> Reader {
    let References { accelerators, places, regions, operators, .. } = references;
    let tables = [accelerators.digests(), places.digests(), regions.digests(), operators.digests(), vocabulary_digests()];
    let digests = merged(tables).into_iter().map(|(name, sha256)| (name, sha256.chars().take(SHORT_DIGEST).collect()));
    Reader::new(super::Normalize::VERSION, digests.collect())
}

/// Every reading of a card, as rows. `raw` is the record, as far as it is known.
#[must_use]
pub fn card_rows(references: &References, reader: &str, raw: &RawModelRow, text: &str) -> Vec<CardReadingRow> {
    let mut facts = repo_facts(references, raw);
    if let Some(fact) = references.repository_facts.fact(&raw.model_id) {
        apply_fact(fact, &mut facts);
    }
    apply_corrections(&references.corrections, &mut facts);
    let role = match lineage::roles::role(&facts).0 {
        Role::Pretrained => CardRole::OwnTraining,
        Role::Continued | Role::Finetuned | Role::Adapter => CardRole::FineTune,
        Role::Merge | Role::Quantized | Role::Converted | Role::Empty | Role::Untrained => CardRole::Copy,
    };
    #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
    let total_params = facts.rough_params.map(|n| n as f64);
    let about = About { model_id: &raw.model_id, role, base_ids: &facts.base_ids, total_params };
    let Readings { said_origin, readings } = card::read_for_all(references.card_tables(), text, &about);
    let blank = CardReadingRow {
        is_cut: card::is_cut(text),
        ..CardReadingRow::without_evidence(raw.model_id.clone(), sha256_bytes(text.as_bytes()), reader.to_owned())
    };
    let asked = Asked::by(&readings);
    let mut rows = Vec::new();
    for (number, reading) in (0..).zip(readings) {
        let contexts = reading.contexts.iter().map(|context| asked.shortened(context)).collect();
        add_reading(references, &blank, number, reading, contexts, &mut rows);
    }
    let of_card = i32::try_from(rows.len()).unwrap_or(i32::MAX);
    for (position, row) in (0..).zip(&mut rows) {
        (row.position, row.rows_of_card) = (position, of_card);
    }
    if let Some(first) = rows.first_mut() {
        let role = said_origin.role.map(|role| format!("{ROLE}{role}"));
        let bases = said_origin.bases.into_iter().map(|base| format!("{}{}", if base.is_id { ID } else { NAME }, base.name));
        first.contexts.splice(0..0, asked.text());
        first.said_bases = role.into_iter().chain(bases).collect();
    }
    rows
}

fn add_reading(
    references: &References,
    blank: &CardReadingRow,
    number: i32,
    reading: Reading,
    contexts: Vec<String>,
    rows: &mut Vec<CardReadingRow>,
) {
    let first = rows.len();
    let blank = CardReadingRow { reading: number, ..blank.clone() };
    let mut found = reading.rows;
    found.iter_mut().for_each(|row| refuse_by_tables(references, row));
    let written: Vec<String> = found.iter().map(|row| row.as_written.clone()).collect();
    for (row, written) in evidence_rows(&blank.model_id, None, found).into_iter().zip(written) {
        let value_as_it_stands = Some(written).filter(|written| *written != row.value_as_written);
        rows.push(CardReadingRow { value_as_it_stands, ..blank.clone().with_evidence(row) });
    }
    if rows.len() == first {
        rows.push(blank);
    }
    rows[first].contexts = contexts;
}

/// A model's card as the stage has it.
pub(super) enum Card {
    /// Its text.
    Text(RawCardRow),
    /// What was read of it elsewhere.
    Read {
        /// The readings.
        readings: Readings,
        /// Whether it was longer than what is read.
        is_cut: bool,
    },
}

impl Card {
    /// The card of a model's rows, which are sorted by position.
    pub(super) fn of_rows(rows: Vec<CardReadingRow>) -> Result<Option<Self>> {
        let Some(first) = rows.first() else { return Ok(None) };
        let (is_cut, model_id) = (first.is_cut, first.model_id.clone());
        let broken = || {
            Error::input(
                "evidence of a card that this version does not write",
                &model_id,
                "make it again: hugging-carbon rows evidence < in.arrow > out.arrow",
            )
        };
        let said_origin = origin_of(&first.said_bases).ok_or_else(broken)?;
        let asked = Asked::split(&first.contexts).0;
        let mut readings: Vec<Reading> = Vec::new();
        let mut number = None;
        for row in rows {
            if number != Some(row.reading) {
                number = Some(row.reading);
                let contexts = Asked::split(&row.contexts).1.iter().map(|text| asked.parse(text)).collect::<Option<Vec<_>>>();
                readings.push(Reading { contexts: contexts.ok_or_else(broken)?, rows: Vec::new() });
            }
            if row.evidence_id.is_some()
                && let Some(reading) = readings.last_mut()
            {
                reading.rows.push(extracted(row).ok_or_else(broken)?);
            }
        }
        Ok(Some(Self::Read { readings: Readings { said_origin, readings }, is_cut }))
    }

    /// Whether it was longer than what is read of it.
    pub(super) fn is_cut(&self) -> bool {
        match self {
            Self::Text(card) => card.is_cut,
            Self::Read { is_cut, .. } => *is_cut,
        }
    }

    /// The card, cut once for whatever is asked of it.
    pub(super) fn opened(&self) -> Opened<'_> {
        match self {
            Self::Text(card) => Opened::Cut(CutCard::new(&card.card)),
            Self::Read { readings, .. } => Opened::Read(readings),
        }
    }

    /// What it states of a repository.
    pub(super) fn extract(&self, references: &References, about: &About<'_>) -> Vec<Extracted> {
        self.opened().extract(references, about)
    }
}

/// A card that is asked several questions.
pub(super) enum Opened<'a> {
    /// Its text.
    Cut(CutCard<'a>),
    /// What was read of it elsewhere.
    Read(&'a Readings),
}

impl Opened<'_> {
    /// Where it says that the weights come from.
    pub(super) fn said_origin(&self, references: &References, model_id: &str) -> Origin {
        match self {
            Self::Cut(card) => said_origin(references.card_tables(), model_id, card),
            Self::Read(readings) => readings.said_origin.clone(),
        }
    }

    /// What it states of a repository. Where it was read elsewhere and no reading is for this repository, what the nearest one found is
    /// refused, with the reason.
    pub(super) fn extract(&self, references: &References, about: &About<'_>) -> Vec<Extracted> {
        let readings = match self {
            Self::Cut(card) => return card::extract_of_cut(references.card_tables(), card, about),
            Self::Read(readings) => readings,
        };
        if let Some(rows) = readings.rows_for(about) {
            return rows.to_vec();
        }
        let size = about.total_params.map_or_else(|| "no size".to_owned(), |n| format!("{n} parameters"));
        let reason = format!("{NO_READING}: {}, {size}, bases [{}]", about.role.name(), about.base_ids.join(", "));
        let mut rows = readings.nearest(about.role).map(|reading| reading.rows.clone()).unwrap_or_default();
        for row in &mut rows {
            row.reject_reason.get_or_insert_with(|| reason.clone());
        }
        rows
    }
}

fn origin_of(texts: &[String]) -> Option<Origin> {
    let mut origin = Origin::default();
    for text in texts {
        match text.strip_prefix(ROLE) {
            Some(role) => origin.role = Some(Role::parse(role)?),
            None => origin.bases.push(said_base(text)?),
        }
    }
    Some(origin)
}

fn said_base(text: &str) -> Option<SaidBase> {
    let base = |name: &str, is_id| SaidBase { name: name.to_owned(), is_id };
    text.strip_prefix(ID).map(|name| base(name, true)).or_else(|| text.strip_prefix(NAME).map(|name| base(name, false)))
}

fn extracted(row: CardReadingRow) -> Option<Extracted> {
    let field = row.field?;
    Some(Extracted {
        field,
        value: row.value,
        unit: field.unit(),
        as_written: row.value_as_it_stands.or(row.value_as_written)?,
        source: row.source?,
        locator: row.locator?,
        source_url: None,
        quote: row.quote?,
        extractor: card::extractor_called(&row.extractor?)?,
        confidence: row.confidence?,
        reject_reason: row.reject_reason,
    })
}
