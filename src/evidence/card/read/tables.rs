//! Tables: logs of trainers, keys with values, families of models of which only this repository's row counts.

use super::candidate::{Card, RANK_PAIR, RANK_TABLE, Spot};
use super::keys::{Key, key_of};
use super::passage::{BASE_SECTION, Passage};
use super::repository::FULL_NAME;
use super::values::{MAX_VALUE_TOKENS, header_unit};
use crate::domain::Field;
use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::card::parse::pair::norm_key;
use crate::evidence::hardware::Context;
use crate::evidence::quantity::digits::{DecimalSign, by_column};
use crate::evidence::quantity::numbers::first_quantity;
use crate::evidence::quantity::tokens::{Token, lex, lex_in, span, text_at};
use crate::evidence::quantity::units::{energy_unit, mass_unit};
use crate::evidence::vocabulary;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    /// A key of [`key_of`].
    Of(Key),
    /// Parameters without embeddings.
    NonEmbedding,
    /// Hours of devices.
    DeviceHours,
}

/// What a column holds, by its header.
fn column(header: &str) -> Option<Column> {
    let key = norm_key(header);
    let lower = header.to_lowercase();
    let words: Vec<&str> = key.split(' ').filter(|w| !w.is_empty()).collect();
    if words.is_empty() || words.len() > 12 {
        return None;
    }
    size_column(&key, &lower, &words).or_else(|| training_column(&key, &lower, &words, header))
}

/// Parameters of any kind.
fn size_column(key: &str, lower: &str, words: &[&str]) -> Option<Column> {
    if lower.contains("embedding") && lower.contains("non") {
        return Some(Column::NonEmbedding);
    }
    if words.iter().any(|w| w.starts_with("activ")) {
        return Some(Column::Of(Key::Active));
    }
    let is_size = vocabulary::keys().columns.params.contains(&key);
    let is_params = lower.contains("param") && words.len() <= 3 && !words.contains(&"per");
    (is_size || is_params).then_some(Column::Of(Key::Params))
}

/// What a training took.
fn training_column(key: &str, lower: &str, words: &[&str], header: &str) -> Option<Column> {
    let columns = &vocabulary::keys().columns;
    let has = |w: &str| words.contains(&w);
    let says = |parts: &[&str]| parts.iter().any(|p| lower.contains(p));
    if lower.contains("flop") && !lower.contains("/s") && !has("per") && !lower.contains("gflop") && !lower.contains("mflop") {
        return Some(Column::Of(Key::Flop));
    }
    let says_tokens = lower.contains("tokens") && (has("total") || lower.contains("train")) && !has("per");
    if columns.tokens.contains(&key) || says_tokens {
        return Some(Column::Of(Key::Tokens));
    }
    if columns.steps.contains(&key) {
        return Some(Column::Of(Key::Steps));
    }
    if columns.epochs.contains(&key) {
        return Some(Column::Of(Key::Epochs));
    }
    if columns.batch.contains(&key) {
        return Some(Column::Of(Key::GlobalBatch));
    }
    if says(&columns.carbon) && header_unit(header, mass_unit).is_some() {
        return Some(Column::Of(Key::Carbon));
    }
    if says(&columns.energy) && header_unit(header, energy_unit).is_some() {
        return Some(Column::Of(Key::Energy));
    }
    if says(&columns.device_hours) {
        return Some(Column::DeviceHours);
    }
    if says(&columns.hours) {
        return Some(Column::Of(Key::Hours));
    }
    if columns.hardware.contains(&key) {
        return Some(Column::Of(Key::Hardware));
    }
    columns.base.contains(&key).then_some(Column::Of(Key::Base))
}

/// Reads all tables of a card.
pub fn read_tables(card: &mut Card<'_>, passages: &[Passage<'_>]) {
    let mut at = 0;
    while let Some(first) = passages.get(at).map(|passage| passage.block) {
        if first.kind != BlockKind::TableRow {
            at += 1;
            continue;
        }
        let is_row = |p: &&Passage<'_>| p.block.kind == BlockKind::TableRow && p.block.table == first.table;
        let rows = passages.get(at..).unwrap_or_default().iter().take_while(is_row).count();
        read_table(card, passages.get(at..at + rows).unwrap_or_default());
        at += rows.max(1);
    }
}

fn spot<'a>(row: &'a Block, rank: u8, reason: Option<&'static str>) -> Spot<'a> {
    Spot { block: row, quote: (row.from, row.to), rank, reason }
}

fn read_table(card: &mut Card<'_>, all: &[Passage<'_>]) {
    let rows: Vec<Passage<'_>> = all.iter().filter(|row| !row.block.is_header).copied().collect();
    let Some(first) = rows.first().map(|row| row.block) else { return };
    let headers: Vec<String> = first.header.iter().map(|h| norm_key(h)).collect();
    let find = |name: &str| headers.iter().position(|h| h == name);
    if let Some((epoch, step)) = find("epoch").zip(find("step")) {
        trainer_log(card, &rows, epoch, step);
        return;
    }
    let columns: Vec<Option<Column>> = first.header.iter().map(|h| column(h)).collect();
    let width = rows.iter().map(|row| row.block.cells.len()).max().unwrap_or(0);
    let of_data = headers.iter().any(|h| h.split(' ').any(|w| vocabulary::keys().columns.of_data.contains(&w)));
    let keyed = rows.iter().filter(|row| row.block.cells.len() >= 2 && row_key(row.block).is_some()).count();
    let columns_are_fields = columns.iter().skip(1).any(Option::is_some);
    if keyed >= 1 && width <= 3 && !columns_are_fields {
        // The header may itself be a pair.
        keys_and_values(card, all, of_data);
    } else if keyed >= 2 && width > 3 && !columns_are_fields {
        columns_of_models(card, &rows, first);
    } else if columns.iter().any(Option::is_some) {
        family(card, &rows, &columns, of_data);
    }
}

/// The key in the first cell of a row.
fn row_key(b: &Block) -> Option<Key> {
    b.cells.first().and_then(|c| key_of(&norm_key(c)))
}

/// Rows are keys with values.
fn keys_and_values(card: &mut Card<'_>, rows: &[Passage<'_>], of_data: bool) {
    for row in rows {
        let b = row.block;
        let [name, value, ..] = b.cells.as_slice() else { continue };
        let data = (of_data && row_key(b) == Some(Key::Tokens)).then_some("data set size");
        let spot = spot(b, RANK_PAIR, row.refused.or(data));
        card.add_pair(&spot, name, value, &b.labelled_links(0, b.text.len()));
    }
}

/// Rows are keys, columns are models: this one's.
fn columns_of_models(card: &mut Card<'_>, rows: &[Passage<'_>], first: &Block) {
    let scores: Vec<usize> = first.header.iter().enumerate().map(|(i, h)| if i > 0 { card.own.score(h) } else { 0 }).collect();
    let Some(own) = unique_best(&scores, 2) else { return };
    for row in rows {
        if let Some((name, value)) = row.block.cells.first().zip(row.block.cells.get(own)) {
            card.add_pair(&spot(row.block, RANK_PAIR, row.refused), name, value, &[]);
        }
    }
}

/// Index of the only highest score.
fn unique_best(scores: &[usize], least: usize) -> Option<usize> {
    let best = scores.iter().copied().max().filter(|s| *s >= least)?;
    let mut at = scores.iter().enumerate().filter(|(_, s)| **s == best).map(|(i, _)| i);
    let first = at.next()?;
    at.next().is_none().then_some(first)
}

/// The last row of a trainer's log: where the training ended.
fn trainer_log(card: &mut Card<'_>, rows: &[Passage<'_>], epoch: usize, step: usize) {
    let number = |b: &Block, at: usize| b.cells.get(at).and_then(|c| Some((first_quantity(&lex(c))?, c.clone())));
    for row in rows.iter().rev() {
        let b = row.block;
        let Some(((passes, passes_written), (steps, steps_written))) = number(b, epoch).zip(number(b, step)) else { continue };
        let at = spot(b, RANK_PAIR + 1, row.refused);
        card.add(&at, Field::Epochs, Some(passes.value), &passes_written, None);
        card.add(&at.after(1), Field::TrainSteps, Some(steps.value), &steps_written, None);
        return;
    }
}

/// Rows are models, columns are fields: this model's row, and what tells most of the others, refused.
fn family(card: &mut Card<'_>, rows: &[Passage<'_>], columns: &[Option<Column>], of_data: bool) {
    let score = |row: &Passage<'_>| row.block.cells.iter().take(2).map(|c| card.own.score(c)).max().unwrap_or(0);
    let scores: Vec<usize> = rows.iter().map(score).collect();
    // "124 M" beside "1,017 B": the column tells what its commas are.
    let sizes = |c: usize| by_column(rows.iter().filter_map(|row| row.block.cells.get(c)).map(String::as_str));
    let sign_of =
        |c: usize, kind: &Option<Column>| if *kind == Some(Column::Of(Key::Params)) { sizes(c) } else { DecimalSign::Unknown };
    let signs: Vec<DecimalSign> = columns.iter().enumerate().map(|(c, kind)| sign_of(c, kind).or(card.sign)).collect();
    let named = scores.iter().any(|s| *s > 0);
    let own = unique_best(&scores, 1).or((!named && rows.len() == 1).then_some(0));
    for (i, row) in rows.iter().enumerate() {
        let is_own = own == Some(i);
        let full_name = is_own && scores.get(i).is_some_and(|s| *s >= FULL_NAME);
        let section = row.refused.filter(|r| !(full_name && *r == BASE_SECTION));
        for (c, kind) in columns.iter().enumerate() {
            let Some((kind, cell)) = kind.zip(row.block.cells.get(c)) else { continue };
            let telling = matches!(kind, Column::DeviceHours | Column::Of(Key::Carbon | Key::Tokens | Key::Params | Key::Flop));
            if !is_own && !telling {
                continue;
            }
            let data = of_data && matches!(kind, Column::Of(Key::Tokens | Key::Params));
            let reason = section.or((!is_own).then_some("another model's row")).or(data.then_some("data set size"));
            let header = row.block.header.get(c).map_or("", String::as_str);
            let spot = spot(row.block, RANK_TABLE, reason);
            cell_value(card, &spot, kind, header, &lex_in(cell, signs.get(c).copied().unwrap_or_default()), cell);
        }
    }
}

fn cell_value(card: &mut Card<'_>, spot: &Spot<'_>, kind: Column, header: &str, all: &[Token<'_>], cell: &str) {
    let ts = span(all, 0, MAX_VALUE_TOKENS);
    let q = first_quantity(ts);
    match (kind, q) {
        (Column::Of(Key::Params), Some(q)) if q.scaled || q.value > 1e5 => {
            if vocabulary::keys().columns.file_sizes.contains(&text_at(ts, q.to)) {
                return;
            }
            // An exact count before a rounded one.
            let exact = !q.scaled && q.value > 1e6;
            let spot = Spot { rank: spot.rank - u8::from(exact), ..*spot }.refused(card.own.wrong_size(q.value));
            card.add_quantity(&spot, Field::TotalParams, q.value, cell, &q);
        }
        (Column::NonEmbedding, Some(q)) => {
            card.add_quantity(&spot.refused(Some("non-embedding parameters")), Field::TotalParams, q.value, cell, &q);
        }
        (Column::Of(Key::Active), Some(q)) if q.value > 1e5 => card.add_quantity(spot, Field::ActiveParams, q.value, cell, &q),
        (Column::Of(Key::Flop), _) => card.add_flop(spot, ts, cell),
        (Column::Of(Key::Tokens), Some(q)) if q.value >= 1e7 => card.add_quantity(spot, Field::TrainTokens, q.value, cell, &q),
        (Column::Of(Key::Steps), Some(q)) if q.value >= 10.0 => card.add_quantity(spot, Field::TrainSteps, q.value, cell, &q),
        (Column::Of(Key::Epochs), Some(q)) => card.add_quantity(spot, Field::Epochs, q.value, cell, &q),
        (Column::Of(Key::GlobalBatch), Some(q)) => card.add_quantity(spot, Field::BatchSize, q.value, cell, &q),
        (Column::Of(Key::Carbon), Some(_)) => card.add_carbon(spot, header, cell, ts),
        (Column::Of(Key::Energy), Some(_)) => card.add_energy(spot, header, cell, ts),
        (Column::DeviceHours, Some(q)) => card.add_quantity(spot, Field::AcceleratorHours, q.value, cell, &q),
        (Column::Of(Key::Hours), _) => card.add_hours(spot, header, cell),
        (Column::Of(Key::Hardware), _) => {
            card.add_hardware(spot, cell, Context::Field);
        }
        (Column::Of(Key::Base), _) => {
            let links: Vec<(String, String)> = spot
                .block
                .labelled_links(0, spot.block.text.len())
                .into_iter()
                .filter(|(label, _)| cell.contains(label.as_str()))
                .collect();
            card.add_base(&Spot { reason: None, ..*spot }, cell, &links, None, 6);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::Field;
    use crate::evidence::Extracted;
    use crate::evidence::card::tests::card_tables;
    use crate::evidence::card::{About, CardRole, extract};
    use crate::reference::Reference;

    fn rows(id: &str, role: CardRole, card: &str) -> Vec<Extracted> {
        extract(card_tables(&Reference::load().unwrap()), card, &About { model_id: id, role, base_ids: &[], total_params: None })
    }

    fn accepted(rows: &[Extracted], field: Field) -> Option<f64> {
        rows.iter().find(|r| r.field == field && r.reject_reason.is_none()).and_then(|r| r.value)
    }

    const LLAMA: &str = "# Llama 2\n\n||Time (GPU hours)|Power Consumption (W)|Carbon Emitted(tCO2eq)|\n|---|---|---|---|\n|Llama 2 7B|184320|400|31.22|\n|Llama 2 13B|368640|400|62.44|\n|Llama 2 70B|1720320|400|291.42|\n|Total|3311616||539.00|\n";

    #[test]
    fn a_family_table_gives_this_models_row() {
        let own = rows("meta-llama/Llama-2-7b", CardRole::OwnTraining, LLAMA);
        assert_eq!(accepted(&own, Field::AcceleratorHours), Some(184_320.0));
        assert_eq!(accepted(&own, Field::EmissionsKgco2e), Some(31_220.0));
        assert!(own.iter().any(|r| r.value == Some(539_000.0) && r.reject_reason.as_deref() == Some("another model's row")));
        let copy = rows("TheBloke/Llama-2-7b-GGML", CardRole::Copy, LLAMA);
        assert!(copy.iter().all(|r| r.reject_reason.is_some()) && !copy.is_empty());
    }

    #[test]
    fn the_last_row_of_a_trainer_log() {
        let card = "### Training results\n\n| Training Loss | Epoch | Step | Validation Loss |\n|:--|:--|:--|:--|\n| 0.1129 | 1.0 | 170 | 0.4 |\n| 0.0129 | 3.0 | 510 | 0.3 |\n";
        let own = rows("x/ner", CardRole::FineTune, card);
        assert_eq!((accepted(&own, Field::Epochs), accepted(&own, Field::TrainSteps)), (Some(3.0), Some(510.0)));
    }

    #[test]
    fn a_corpus_is_not_tokens_seen() {
        let card = "| Corpora | Number of documents | Number of tokens | Size (GB) |\n|---|---|---|---|\n| BNE | 201,080,084 | 135,733,450,668 | 570GB |\n";
        assert_eq!(accepted(&rows("PlanTL-GOB-ES/gpt2-base-bne", CardRole::OwnTraining, card), Field::TrainTokens), None);
    }

    #[test]
    fn two_columns_are_keys_and_values() {
        let card = "## Training\n\n| **Hyperparameter** | **Value** | **Comment** |\n|---|---|---|\n| Precision | `bfloat16` | |\n| Batch size | 2304 | 30B tokens ramp-up |\n";
        let own = rows("tiiuae/falcon-7b", CardRole::OwnTraining, card);
        assert_eq!(accepted(&own, Field::BatchSize), Some(2304.0));
        assert!(own.iter().any(|r| r.field == Field::Precision && r.as_written == "bf16"));
    }
}
