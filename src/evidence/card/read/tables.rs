//! Tables: logs of trainers, keys with values, families of models of which only this repository's row counts.

use crate::evidence::card::decide::sections::{BASE_SECTION, FULL_NAME, Sections};
use crate::evidence::card::parse::markdown::{Block, BlockKind};
use crate::evidence::card::read::bases::links_in;
use crate::evidence::card::read::candidate::{Card, RANK_PAIR, RANK_TABLE, Spot, header_unit};
use crate::evidence::card::read::keys::{Key, key_of, norm_key};
use crate::evidence::hardware::Context;
use crate::evidence::quantity::numbers::first_quantity;
use crate::evidence::quantity::tokens::{lex, span, text_at};
use crate::evidence::quantity::units::{energy_unit, mass_unit};

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

fn column(header: &str) -> Option<Column> {
    let key = norm_key(header);
    let lower = header.to_lowercase();
    let words: Vec<&str> = key.split(' ').filter(|w| !w.is_empty()).collect();
    let has = |w: &str| words.contains(&w);
    if words.is_empty() || words.len() > 12 {
        return None;
    }
    if lower.contains("embedding") && lower.contains("non") {
        return Some(Column::NonEmbedding);
    }
    if words.iter().any(|w| w.starts_with("activ")) {
        return Some(Column::Of(Key::Active));
    }
    let is_size =
        matches!(key.as_str(), "model size" | "size" | "参数 parameter" | "参数量" | "参数数量" | "参数" | "number of params");
    if is_size || (lower.contains("param") && words.len() <= 3 && !has("per")) {
        return Some(Column::Of(Key::Params));
    }
    if lower.contains("flop") && !lower.contains("/s") && !has("per") && !lower.contains("gflop") && !lower.contains("mflop") {
        return Some(Column::Of(Key::Flop));
    }
    let is_tokens = matches!(
        key.as_str(),
        "tokens"
            | "training tokens"
            | "# tokens"
            | "tokens seen"
            | "trained tokens"
            | "pretraining tokens"
            | "pre training tokens"
            | "total tokens"
            | "train tokens"
            | "token count"
            | "number of training tokens"
    );
    if is_tokens || (lower.contains("tokens") && (has("total") || lower.contains("train")) && !has("per")) {
        return Some(Column::Of(Key::Tokens));
    }
    if matches!(key.as_str(), "steps" | "number of steps" | "training steps" | "train steps" | "# steps" | "total steps") {
        return Some(Column::Of(Key::Steps));
    }
    if matches!(key.as_str(), "epochs" | "number of epochs" | "training epochs" | "num epochs") {
        return Some(Column::Of(Key::Epochs));
    }
    if matches!(key.as_str(), "batch size" | "global batch size") {
        return Some(Column::Of(Key::GlobalBatch));
    }
    let says = |parts: &[&str]| parts.iter().any(|p| lower.contains(p));
    if says(&["co2", "carbon", "emission"]) && header_unit(header, mass_unit).is_some() {
        return Some(Column::Of(Key::Carbon));
    }
    if says(&["energy", "kwh", "mwh"]) && header_unit(header, energy_unit).is_some() {
        return Some(Column::Of(Key::Energy));
    }
    if says(&["gpu hour", "gpu-hour", "tpu hour", "device hour"]) {
        return Some(Column::DeviceHours);
    }
    if says(&["training time", "train time"]) {
        return Some(Column::Of(Key::Hours));
    }
    let is_hardware = matches!(
        key.as_str(),
        "hardware" | "hardware type" | "gpus" | "gpu" | "training hardware" | "gpu type" | "accelerators" | "accelerator"
    );
    if is_hardware {
        return Some(Column::Of(Key::Hardware));
    }
    (key == "base model").then_some(Column::Of(Key::Base))
}

/// Words of a header that tell a table of data.
const DATA_HEADERS: &[&str] = &[
    "corpus",
    "corpora",
    "dataset",
    "datasets",
    "documents",
    "sentences",
    "source",
    "language",
    "split",
    "subset",
    "examples",
    "domain",
    "sources",
];

/// Reads all tables of a card.
pub fn read(card: &mut Card<'_>, blocks: &[Block], sections: &Sections) {
    let mut at = 0;
    while let Some(first) = blocks.get(at) {
        if first.kind != BlockKind::TableRow {
            at += 1;
            continue;
        }
        let more =
            blocks.get(at..).unwrap_or_default().iter().take_while(|b| b.kind == BlockKind::TableRow && b.table == first.table);
        let rows: Vec<&Block> = more.collect();
        at += rows.len().max(1);
        table(card, &rows, sections);
    }
}

fn spot<'a>(row: &'a Block, rank: u8, reason: Option<&'static str>) -> Spot<'a> {
    Spot { block: row, quote: (row.from, row.to), rank, reason }
}

fn table(card: &mut Card<'_>, all: &[&Block], sections: &Sections) {
    let rows: Vec<&Block> = all.iter().filter(|b| !b.is_header).copied().collect();
    let Some(first) = rows.first() else { return };
    let headers: Vec<String> = first.header.iter().map(|h| norm_key(h)).collect();
    let find = |name: &str| headers.iter().position(|h| h == name);
    if let Some((epoch, step)) = find("epoch").zip(find("step")) {
        trainer_log(card, &rows, epoch, step, sections);
        return;
    }
    let columns: Vec<Option<Column>> = first.header.iter().map(|h| column(h)).collect();
    let width = rows.iter().map(|b| b.cells.len()).max().unwrap_or(0);
    let of_data = headers.iter().any(|h| h.split(' ').any(|w| DATA_HEADERS.contains(&w)));
    let key = |b: &Block| b.cells.first().and_then(|c| key_of(&norm_key(c)));
    let keyed = rows.iter().filter(|b| b.cells.len() >= 2 && key(b).is_some()).count();
    let columns_are_fields = columns.iter().skip(1).any(Option::is_some);
    if keyed >= 1 && width <= 3 && !columns_are_fields {
        // The header may itself be a pair.
        for b in all {
            let [name, value, ..] = b.cells.as_slice() else { continue };
            let data = (of_data && key(b) == Some(Key::Tokens)).then_some("data set size");
            let spot = spot(b, RANK_PAIR, sections.refuse(b).or(data));
            card.add_pair(&spot, name, value, &links_in(b, 0, b.text.len()));
        }
        return;
    }
    if keyed >= 2 && width > 3 && !columns_are_fields {
        // Columns are models: this one's.
        let scores: Vec<usize> = first.header.iter().enumerate().map(|(i, h)| if i > 0 { card.own.score(h) } else { 0 }).collect();
        let Some(own) = unique_best(&scores, 2) else { return };
        for b in &rows {
            if let Some((name, value)) = b.cells.first().zip(b.cells.get(own)) {
                card.add_pair(&spot(b, RANK_PAIR, sections.refuse(b)), name, value, &[]);
            }
        }
        return;
    }
    if columns.iter().any(Option::is_some) {
        family(card, &rows, &columns, of_data, sections);
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
fn trainer_log(card: &mut Card<'_>, rows: &[&Block], epoch: usize, step: usize, sections: &Sections) {
    let number = |b: &Block, at: usize| b.cells.get(at).and_then(|c| Some((first_quantity(&lex(c))?, c.clone())));
    for b in rows.iter().rev() {
        let Some(((passes, passes_written), (steps, steps_written))) = number(b, epoch).zip(number(b, step)) else { continue };
        let at = spot(b, RANK_PAIR + 1, sections.refuse(b));
        card.add(&at, "epochs", Some(passes.value), &passes_written, None);
        card.add(&at.after(1), "train_steps", Some(steps.value), &steps_written, None);
        return;
    }
}

fn family(card: &mut Card<'_>, rows: &[&Block], columns: &[Option<Column>], of_data: bool, sections: &Sections) {
    let scores: Vec<usize> = rows.iter().map(|b| b.cells.iter().take(2).map(|c| card.own.score(c)).max().unwrap_or(0)).collect();
    let named = scores.iter().any(|s| *s > 0);
    let own = unique_best(&scores, 1).or((!named && rows.len() == 1).then_some(0));
    for (i, b) in rows.iter().enumerate() {
        let is_own = own == Some(i);
        let full_name = is_own && scores.get(i).is_some_and(|s| *s >= FULL_NAME);
        let section = sections.refuse(b).filter(|r| !(full_name && *r == BASE_SECTION));
        for (c, kind) in columns.iter().enumerate() {
            let Some((kind, cell)) = kind.zip(b.cells.get(c)) else { continue };
            let telling = matches!(kind, Column::DeviceHours | Column::Of(Key::Carbon | Key::Tokens | Key::Params | Key::Flop));
            if !is_own && !telling {
                continue;
            }
            let data = of_data && matches!(kind, Column::Of(Key::Tokens | Key::Params));
            let reason = section.or((!is_own).then_some("another model's row")).or(data.then_some("data set size"));
            let header = b.header.get(c).map_or("", String::as_str);
            let spot = spot(b, RANK_TABLE, reason);
            cell_value(card, &spot, kind, header, cell);
        }
    }
}

fn cell_value(card: &mut Card<'_>, spot: &Spot<'_>, kind: Column, header: &str, cell: &str) {
    let all = lex(cell);
    let ts = span(&all, 0, crate::evidence::card::read::candidate::MAX_VALUE_TOKENS);
    let q = first_quantity(ts);
    match (kind, q) {
        (Column::Of(Key::Params), Some(q)) if q.scaled || q.value > 1e5 => {
            if matches!(text_at(ts, q.to), "gb" | "mb" | "gib") {
                return;
            }
            // An exact count before a rounded one.
            let exact = !q.scaled && q.value > 1e6;
            let spot = Spot { rank: spot.rank - u8::from(exact), ..*spot }.refused(card.own.wrong_size(q.value));
            card.add_quantity(&spot, "total_params", q.value, cell, &q);
        }
        (Column::NonEmbedding, Some(q)) => {
            card.add_quantity(&spot.refused(Some("non-embedding parameters")), "total_params", q.value, cell, &q);
        }
        (Column::Of(Key::Active), Some(q)) if q.value > 1e5 => card.add_quantity(spot, "active_params", q.value, cell, &q),
        (Column::Of(Key::Flop), _) => card.add_flop(spot, ts, cell),
        (Column::Of(Key::Tokens), Some(q)) if q.value >= 1e7 => card.add_quantity(spot, "train_tokens", q.value, cell, &q),
        (Column::Of(Key::Steps), Some(q)) if q.value >= 10.0 => card.add_quantity(spot, "train_steps", q.value, cell, &q),
        (Column::Of(Key::Epochs), Some(q)) => card.add_quantity(spot, "epochs", q.value, cell, &q),
        (Column::Of(Key::GlobalBatch), Some(q)) => card.add_quantity(spot, "batch_size", q.value, cell, &q),
        (Column::Of(Key::Carbon), Some(_)) => card.add_carbon(spot, header, cell, ts),
        (Column::Of(Key::Energy), Some(_)) => card.add_energy(spot, header, cell, ts),
        (Column::DeviceHours, Some(q)) => card.add_quantity(spot, "accelerator_hours", q.value, cell, &q),
        (Column::Of(Key::Hours), _) => card.add_hours(spot, header, cell),
        (Column::Of(Key::Hardware), _) => {
            card.add_hardware(spot, cell, Context::Field);
        }
        (Column::Of(Key::Base), _) => {
            let links: Vec<(String, String)> = links_in(spot.block, 0, spot.block.text.len())
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
    use crate::evidence::Extracted;
    use crate::evidence::card::{About, CardRole, extract};
    use crate::reference::Reference;

    fn rows(id: &str, role: CardRole, card: &str) -> Vec<Extracted> {
        extract(&Reference::load().unwrap(), card, &About { model_id: id, role, base_ids: &[], total_params: None })
    }

    fn accepted(rows: &[Extracted], field: &str) -> Option<f64> {
        rows.iter().find(|r| r.field == field && r.reject_reason.is_none()).and_then(|r| r.value)
    }

    const LLAMA: &str = "# Llama 2\n\n||Time (GPU hours)|Power Consumption (W)|Carbon Emitted(tCO2eq)|\n|---|---|---|---|\n|Llama 2 7B|184320|400|31.22|\n|Llama 2 13B|368640|400|62.44|\n|Llama 2 70B|1720320|400|291.42|\n|Total|3311616||539.00|\n";

    #[test]
    fn a_family_table_gives_this_models_row() {
        let own = rows("meta-llama/Llama-2-7b", CardRole::OwnTraining, LLAMA);
        assert_eq!(accepted(&own, "accelerator_hours"), Some(184_320.0));
        assert_eq!(accepted(&own, "emissions_kgco2e"), Some(31_220.0));
        assert!(own.iter().any(|r| r.value == Some(539_000.0) && r.reject_reason.as_deref() == Some("another model's row")));
        let copy = rows("TheBloke/Llama-2-7b-GGML", CardRole::Copy, LLAMA);
        assert!(copy.iter().all(|r| r.reject_reason.is_some()) && !copy.is_empty());
    }

    #[test]
    fn the_last_row_of_a_trainer_log() {
        let card = "### Training results\n\n| Training Loss | Epoch | Step | Validation Loss |\n|:--|:--|:--|:--|\n| 0.1129 | 1.0 | 170 | 0.4 |\n| 0.0129 | 3.0 | 510 | 0.3 |\n";
        let own = rows("x/ner", CardRole::FineTune, card);
        assert_eq!((accepted(&own, "epochs"), accepted(&own, "train_steps")), (Some(3.0), Some(510.0)));
    }

    #[test]
    fn a_corpus_is_not_tokens_seen() {
        let card = "| Corpora | Number of documents | Number of tokens | Size (GB) |\n|---|---|---|---|\n| BNE | 201,080,084 | 135,733,450,668 | 570GB |\n";
        assert_eq!(accepted(&rows("PlanTL-GOB-ES/gpt2-base-bne", CardRole::OwnTraining, card), "train_tokens"), None);
    }

    #[test]
    fn two_columns_are_keys_and_values() {
        let card = "## Training\n\n| **Hyperparameter** | **Value** | **Comment** |\n|---|---|---|\n| Precision | `bfloat16` | |\n| Batch size | 2304 | 30B tokens ramp-up |\n";
        let own = rows("tiiuae/falcon-7b", CardRole::OwnTraining, card);
        assert_eq!(accepted(&own, "batch_size"), Some(2304.0));
        assert!(own.iter().any(|r| r.field == "precision" && r.as_written == "bf16"));
    }
}
