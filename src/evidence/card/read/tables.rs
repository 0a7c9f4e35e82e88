//! Tables: logs of trainers, keys with values, families of models of which only this repository's row counts.

use super::candidate::{Card, RANK_PAIR, RANK_TABLE, Spot};
use super::cells::{add_batch_of_row, add_cell};
use super::columns::{Column, column};
use super::designators::Designators;
use super::key_tables::{KeyTable, key_table};
use super::keys::{Key, read_key};
use super::naming::Name;
use super::passage::{BASE_SECTION, Passage};
use super::prose::read_prose;
use super::recipe::keys::{RecipeKey, recipe_key};
use super::repository::{Repository, name_tokens, size_of};
use super::rows::{add_up, beside_base, find_own, is_value, own_column, points, unique_best, value_column};
use super::stages::stage_columns;
use super::templates::bound_in;
use super::unclaimed::note_rows;
use crate::domain::Field;
use crate::evidence::card::about::CardRole;
use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::card::parse::pair::norm_key;
use crate::evidence::quantity::digits::{DecimalSign, by_cells, by_column};
use crate::evidence::quantity::numbers::first_quantity;
use crate::evidence::quantity::tokens::{Kind, lex};
use crate::evidence::vocabulary;

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
        let (known, table) = (card.candidates.len(), passages.get(at..at + rows).unwrap_or_default());
        read_table(card, table);
        note_rows(card, table, known);
        at += rows.max(1);
    }
}

fn spot<'a>(row: &'a Block, rank: u8, reason: Option<&'static str>) -> Spot<'a> {
    Spot { block: row, quote: (row.from, row.to), rank, reason }
}

fn read_table(card: &mut Card<'_>, all: &[Passage<'_>]) {
    let rows: Vec<Passage<'_>> = all.iter().filter(|row| !row.block.is_header).copied().collect();
    if is_without_names(card, all) {
        // "| 8 x A100 | 120 h |": each row is a line of figures, which say themselves what they are.
        for row in all {
            read_prose(card, row, &row.block.text, 0);
        }
        return;
    }
    // A table of one row, which Markdown takes for its header.
    let rows = if rows.is_empty() { all.to_vec() } else { rows };
    let Some(first) = rows.first().map(|row| row.block) else { return };
    let headers: Vec<String> = first.header.iter().map(|h| norm_key(h)).collect();
    let find = |name: &str| headers.iter().position(|h| h == name);
    if let Some((epoch, step)) = find("epoch").zip(find("step")) {
        trainer_log(card, &rows, epoch, step);
        return;
    }
    let columns = columns_of(card, first);
    let width = rows.iter().map(|row| row.block.cells.len()).max().unwrap_or(0);
    let of_data = headers.iter().any(|h| h.split(' ').any(|w| vocabulary::keys().columns.of_data.contains(&w)));
    // "| | Base model | Our modification |": columns of models.
    let columns_are_fields =
        !first.is_header && (columns.iter().skip(1).any(Option::is_some) && beside_base(&card.own, &first.header).is_none());
    let key = key_column(&card.own, &first.header);
    let tells = |row: &&Passage<'_>| row.block.cells.len() >= 2 && row_tells(card, row.block, key);
    let keyed = if columns_are_fields { 0 } else { rows.iter().take(MOST_KEYED).filter(tells).count() };
    // "| | Fox-1B | Fox-4B |": columns are models, however few.
    let named: Vec<usize> = first.header.iter().skip(1).map(|h| Name::of_cell(&card.own, h).rank()).collect();
    let are_models = keyed >= 2 && width == 3 && !columns_are_fields && (unique_best(&named, 2).is_some() || have_sizes(first));
    let blocks: Vec<&Block> = rows.iter().map(|row| row.block).collect();
    let keyed_by = key_table(&card.own, &blocks).filter(|_| !columns_are_fields && !are_models);
    if are_models {
        columns_of_models(card, &rows, first);
    } else if let Some(columns) = keyed_by {
        keys_and_values(card, all, of_data, columns);
    } else if keyed >= 1 && width <= 3 && !columns_are_fields {
        // The header may itself be a pair.
        keys_and_values(card, all, of_data, KeyTable::plain(&first.header));
    } else if keyed >= 2 && width > 3 && !columns_are_fields {
        columns_of_models(card, &rows, first);
    } else if columns.iter().any(Option::is_some) {
        family(card, &rows, &columns, of_data);
    }
}

/// Most rows of a table without names.
const MOST_WITHOUT_NAMES: usize = 6;

/// Whether a table names neither rows nor columns: every cell of it, its header's too, is a figure with its unit, or a chip.
fn is_without_names(card: &Card<'_>, all: &[Passage<'_>]) -> bool {
    let is_figure = |cell: &String| {
        let ts = lex(cell);
        let says_unit = ts.iter().any(|t| t.kind == Kind::Word);
        let chip = || (0..ts.len()).any(|i| card.is_chip(&ts, i));
        cell.len() <= MOST_NAME && says_unit && (is_value(cell) || chip())
    };
    let header = all.first().filter(|first| first.block.is_header && all.len() <= MOST_WITHOUT_NAMES);
    header.is_some() && all.iter().all(|row| row.block.cells.len() > 1 && row.block.cells.iter().all(is_figure))
}

/// What the columns hold. A time or a number of steps is a training's under such a heading, or beside what only a training has.
fn columns_of(card: &Card<'_>, first: &Block) -> Vec<Option<Column>> {
    let columns: Vec<Option<Column>> = first.header.iter().map(|h| column(card, h)).collect();
    let named = || columns.iter().zip(first.header.iter()).filter_map(|(c, header)| Some((c.as_ref()?, header)));
    // A table of lengths of sequences beside tokens or batches is of trainings.
    let counts = |c: &Column| matches!(c, Column::Of(Key::Tokens | Key::GlobalBatch | Key::Epochs));
    let of_model = |c: &Column| *c == Column::Of(Key::Params) && card.own.role == CardRole::OwnTraining;
    let of_lengths = named().any(|(c, _)| *c == Column::Length) && named().any(|(c, _)| counts(c) || of_model(c));
    // Batches beside steps are of trainings and of nothing else.
    let has = |column: Column| columns.contains(&Some(column));
    let of_recipe = (has(Column::Of(Key::GlobalBatch)) || has(Column::DeviceBatch)) && has(Column::Of(Key::Steps));
    let of_training = first.under.training || of_recipe || named().any(|(c, header)| c.tells_training(header));
    let is_length = |c: &Column| *c == Column::Length && of_lengths;
    // Steps beside passes are of trainings, too.
    let has_passes = columns.contains(&Some(Column::Of(Key::Epochs)));
    let is_steps = |c: &Column| *c == Column::Of(Key::Steps) && has_passes;
    let kept =
        |(c, header): (&Option<Column>, &String)| c.filter(|c| of_training || is_length(c) || is_steps(c) || !c.is_vague(header));
    columns.iter().zip(first.header.iter()).map(kept).collect()
}

/// Whether the headers behind the first are models of several sizes, none of which need be this one.
fn have_sizes(first: &Block) -> bool {
    let names = first.header.get(1..).unwrap_or_default();
    names.len() > 1 && names.iter().all(|name| name_tokens(name).iter().any(|t| size_of(t).is_some()))
}

/// The key in a cell of a row.
fn row_key(b: &Block, at: usize) -> Option<Key> {
    b.cells.get(at).and_then(|c| read_key(&norm_key(c))).map(|asked| asked.key)
}

/// Rows of a table that are asked for keys.
const MOST_KEYED: usize = 100;
/// Longest first cell that says what a row holds, in bytes.
const MOST_NAME: usize = 60;

/// The column of the keys: the last before the columns of the models, where the rows stand in groups: "| Group | Key | Elk-2B | Elk-9B |".
fn key_column(own: &Repository, header: &[String]) -> usize {
    let is_model = |h: &String| Name::of_cell(own, h).rank() > 0 || Designators::in_words(&name_tokens(h)).has_size();
    let models = header.iter().filter(|h| is_model(h)).count();
    let first = header.iter().position(is_model).unwrap_or(0);
    if models > 1 && first == 2 { 1 } else { 0 }
}

/// Whether the cell of the key of a row says what the others are.
fn row_tells(card: &Card<'_>, b: &Block, key: usize) -> bool {
    (key == 0 && row_key(b, 0).is_some())
        || b.cells.get(key).is_some_and(|name| key > 0 && read_key(&norm_key(name)).is_some())
        || b.cells.get(key).is_some_and(|name| name.len() <= MOST_NAME && column(card, name).is_some())
}

/// Adds a cell by the name of its row: as a column of that name, where the name says no more, else as a key with its value.
fn add_named(card: &mut Card<'_>, spot: &Spot<'_>, name: &str, value: &str, of_training: bool) {
    let kind = column(card, name).filter(|kind| of_training || !kind.is_vague(name));
    let is_number = lex(value).iter().all(|t| t.kind != Kind::Word);
    let by_column = |kind: &Column| match read_key(&norm_key(name)).map(|asked| asked.key) {
        None => true,
        Some(Key::Hours) => *kind == Column::Time || *kind == Column::DeviceHours,
        Some(Key::Hardware) => is_number,
        Some(_) => false,
    };
    match kind.filter(by_column) {
        Some(kind) => {
            let evaluated = spot.block.under.evaluation && !name.to_lowercase().contains("train");
            let spot = spot.refused(evaluated.then_some("evaluation or inference")).refused(bound_in(name));
            add_cell(card, &spot, kind, name, value, card.sign);
        }
        None => {
            let links = spot.block.labelled_links(0, spot.block.text.len());
            card.add_pair_of(spot, name, value, &links, of_training);
        }
    }
}

/// Whether a row says that the table is of trainings.
fn tells_training(card: &Card<'_>, rows: &[Passage<'_>], key: usize) -> bool {
    rows.iter().filter_map(|row| row.block.cells.get(key)).any(|name| column(card, name).is_some_and(|c| c.tells_training(name)))
}

/// Rows are keys with values.
fn keys_and_values(card: &mut Card<'_>, rows: &[Passage<'_>], of_data: bool, at: KeyTable) {
    let before = card.sign;
    card.sign = sign_of_table(card.sign, rows);
    let blocks: Vec<&Block> = rows.iter().map(|row| row.block).filter(|b| !b.is_header || rows.len() == 1).collect();
    let has_key = |key: Key| blocks.iter().any(|b| row_key(b, at.key) == Some(key));
    let has_batch = has_key(Key::Batch) || has_key(Key::GlobalBatch);
    // "| batch | 32 |", "| steps | 650k |", "| GPU | one RTX 4090 |", "| time | 110 hours |".
    let is_sheet = has_key(Key::Steps) && has_batch && (has_key(Key::Hardware) || has_key(Key::Hours));
    let is_recipe = is_sheet || (has_key(Key::Epochs) && has_batch);
    let of_training = blocks.first().is_some_and(|b| b.under.training) || is_recipe || tells_training(card, rows, at.key);
    if blocks.first().is_some_and(|b| add_stages(card, rows, b, of_training)) {
        card.sign = before;
        return;
    }
    let (column, unsaid) = match value_column(&card.own, &blocks) {
        _ if at.key > 0 => (at.value(), None),
        Ok(column) => (column, None),
        Err(why) => (1, Some(why)),
    };
    for row in rows {
        let b = row.block;
        let Some((name, value)) = b.cells.get(at.key).zip(b.cells.get(column)) else { continue };
        let data = (of_data && row_key(b, at.key) == Some(Key::Tokens)).then_some("data set size");
        // "Energy | 336 | kWh"
        let unit = at.unit.filter(|_| column == at.value()).and_then(|unit| b.cells.get(unit));
        let with_unit = unit.map(|unit| format!("{value} {unit}"));
        let value = with_unit.as_ref().unwrap_or(value);
        let unsaid = unsaid.filter(|_| !is_shared(b));
        add_named(card, &spot(b, RANK_PAIR, row.refused.or(data).or(unsaid)), name, value, of_training);
    }
    card.sign = before;
}

/// "| Batch size | 256 | 256 |": whether a row gives all of its columns one value, of what all stages and models of a table may share.
#[must_use]
pub fn is_shared(b: &Block) -> bool {
    let Some((name, values)) = b.cells.split_first() else { return false };
    let norm = norm_key(name);
    let key = read_key(&norm).map(|asked| asked.key);
    let lengths = matches!(recipe_key(&norm), Some(RecipeKey::Length | RecipeKey::ModelLength | RecipeKey::Accumulation));
    let shares = lengths || matches!(key, Some(Key::Batch | Key::GlobalBatch | Key::Hardware | Key::Precision));
    shares && values.len() > 1 && values.windows(2).all(|w| matches!(w, [a, b] if a.trim() == b.trim() && !a.trim().is_empty()))
}

/// Adds the columns "Stage 1 | Stage 2", "SFT | DPO | Total", each as a stage of one training, or their sum. Returns whether the table has such
/// columns.
fn add_stages(card: &mut Card<'_>, rows: &[Passage<'_>], first: &Block, of_training: bool) -> bool {
    let Some(stages) = stage_columns(&card.own, &first.header) else { return false };
    for row in rows.iter().filter(|row| !row.block.is_header) {
        for (value, part) in row.block.cells.iter().skip(1).zip(&stages) {
            if let Some(name) = row.block.cells.first() {
                add_named(card, &spot(row.block, RANK_PAIR, row.refused.or(part.refusal())), name, value, of_training);
            }
        }
    }
    true
}

/// Rows are keys, columns are models: this one's.
fn columns_of_models(card: &mut Card<'_>, rows: &[Passage<'_>], first: &Block) {
    let of_training = first.under.training || tells_training(card, rows, 0);
    let Some(own) = own_column(&card.own, &first.header) else {
        if !add_stages(card, rows, first, of_training) {
            for row in rows.iter().filter(|row| is_shared(row.block)) {
                if let [name, value, ..] = row.block.cells.as_slice() {
                    add_named(card, &spot(row.block, RANK_PAIR, row.refused), name, value, of_training);
                }
            }
        }
        return;
    };
    let key = key_column(&card.own, &first.header);
    for row in rows {
        if let Some((name, value)) = row.block.cells.get(key).zip(row.block.cells.get(own)) {
            add_named(card, &spot(row.block, RANK_PAIR, row.refused), name, value, of_training);
        }
    }
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
    let blocks: Vec<&Block> = rows.iter().map(|row| row.block).collect();
    if let Some(at) = points(&blocks) {
        points_of_one(card, rows, columns, &at);
        return;
    }
    let found = find_own(&card.own, &blocks);
    let signs = signs(card, rows, columns);
    let of_speed = rows.first().is_some_and(|row| is_of_speed(row.block));
    for (i, row) in rows.iter().enumerate() {
        let is_own = found.own == Some(i);
        let section = row.refused.filter(|r| !(is_own && found.full_name && *r == BASE_SECTION));
        for (c, kind) in columns.iter().enumerate() {
            let Some((kind, cell)) = kind.zip(row.block.cells.get(c)) else { continue };
            let telling = kind.is_amount() || matches!(kind, Column::Of(Key::Tokens | Key::Params | Key::Steps));
            if !is_own && !telling && !found.is_stage(i) {
                continue;
            }
            let header = row.block.header.get(c).map_or("", String::as_str);
            let data = of_data && matches!(kind, Column::Of(Key::Tokens | Key::Params));
            let says_training = header.to_lowercase().contains("train");
            let evaluated = (kind.is_of_a_run() || of_speed) && !says_training && row.block.under.evaluation;
            let reason = section
                .or(evaluated.then_some("evaluation or inference"))
                .or_else(|| found.refuse(i))
                .or(data.then_some("data set size"));
            let sign = signs.get(c).copied().unwrap_or_default();
            add_cell(card, &spot(row.block, RANK_TABLE, reason), kind, header, cell, sign);
        }
        if is_own {
            let evaluated = (row.block.under.evaluation && !row.block.under.training).then_some("evaluation or inference");
            add_batch_of_row(card, &spot(row.block, RANK_TABLE, section.or(evaluated)), columns);
        }
    }
}

/// Whether a table tells how fast a model answers: its chips are those of a use.
fn is_of_speed(first: &Block) -> bool {
    let is_speed = |header: &String| norm_key(header).split(' ').any(|w| vocabulary::keys().columns.speeds.contains(&w));
    first.header.iter().any(is_speed)
}

/// What the commas and points of each column are: `124 M` beside `1,017 B` tells, else the language of the card.
fn signs(card: &Card<'_>, rows: &[Passage<'_>], columns: &[Option<Column>]) -> Vec<DecimalSign> {
    let sizes = |c: usize| by_column(rows.iter().filter_map(|row| row.block.cells.get(c)).map(String::as_str));
    let sign_of =
        |c: usize, kind: &Option<Column>| if *kind == Some(Column::Of(Key::Params)) { sizes(c) } else { DecimalSign::Unknown };
    let all = sign_of_table(card.sign, rows);
    columns.iter().enumerate().map(|(c, kind)| sign_of(c, kind).or(all)).collect()
}

/// What the values of a table say of its commas and points, of which nobody can read them another way: "1.234,5" beside "456.789".
/// A number with both signs tells more than the language of the card, and that more than the others.
fn sign_of_table(of_card: DecimalSign, rows: &[Passage<'_>]) -> DecimalSign {
    let is_value = |cell: &&String| cell.trim_start_matches(['~', '≈', ' ', '*']).starts_with(|c: char| c.is_ascii_digit());
    let values = || rows.iter().flat_map(|row| row.block.cells.iter().skip(1)).filter(is_value).map(String::as_str);
    by_cells(values().filter(|cell| cell.contains(',') && cell.contains('.'))).or(of_card).or(by_cells(values()))
}

/// Rows are points of one training: the last holds all of it, where the column adds up.
fn points_of_one(card: &mut Card<'_>, rows: &[Passage<'_>], columns: &[Option<Column>], at: &[f64]) {
    let Some(last) = rows.last() else { return };
    // The repository of a checkpoint stops on the way.
    let is_point = ["step", "ckpt", "checkpoint"].iter().any(|w| card.own.letters.contains(w));
    for (c, kind) in columns.iter().enumerate() {
        let Some((kind, cell)) = kind.zip(last.block.cells.get(c)) else { continue };
        let value = |row: &Passage<'_>| row.block.cells.get(c).and_then(|c| first_quantity(&lex(c))).map(|q| q.value);
        let values: Vec<f64> = rows.iter().filter_map(value).collect();
        // Lengths end where the training ends; amounts may be of each point alone.
        let whole = !kind.is_amount() || add_up(at, &values);
        let evaluated = kind.is_amount() && last.block.under.evaluation;
        let reason = last
            .refused
            .or(evaluated.then_some("evaluation or inference"))
            .or(is_point.then_some("the card of one of several checkpoints"))
            .or((!whole).then_some("one of several rows of one training, which do not add up"));
        let header = last.block.header.get(c).map_or("", String::as_str);
        let sign = card.sign;
        add_cell(card, &spot(last.block, RANK_TABLE, reason), kind, header, cell, sign);
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
        assert!(own.iter().any(|r| r.value == Some(539_000.0) && r.reject_reason.as_deref() == Some("the sum of several rows")));
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

    const DISTILLED: &str = "# Nemo\n\n## Computational load\n\nCumulative compute : 1.48E+24 FLOPS\n\nEstimate energy and emissions for model training: 724.0 MWh\n\n| | # of tokens | Compute [FLOPS] | Energy [MWh] |\n|---|---|---|---|\n| 12B Base Pre-training | 20T | 1.45E+24 | 708.3 |\n| 9B Pruning & Distillation | 480B | 3.28E+22 | 15.7 |\n| Total | 20.6T | 1.48E+24 | 724.0 |\n";

    #[test]
    fn the_row_of_the_stage_and_never_the_sum() {
        let own = rows("nv-lab/Nemo-9B-Base", CardRole::FineTune, DISTILLED);
        assert_eq!(
            (accepted(&own, Field::EnergyKwh), accepted(&own, Field::TrainFlop)),
            (Some(15_700.0), Some(3.28e22)),
            "{own:?}"
        );
        assert_eq!(accepted(&own, Field::TrainTokens), Some(480e9));
        // The table does not name it: neither the sum nor the line that repeats the sum counts.
        let other = rows("nv-lab/Nemo-4B", CardRole::FineTune, DISTILLED);
        assert_eq!((accepted(&other, Field::EnergyKwh), accepted(&other, Field::TrainFlop)), (None, None), "{other:?}");
        let phases = "## Emissions\n\n| Phase | GPU hours | CO2 (kg) |\n|---|---|---|\n| Pre-training | 9000 | 1200 |\n| Fine-tuning | 40 | 5.5 |\n| Total | 9040 | 1205.5 |\n\n- Carbon Emitted: 1205.5 kg\n";
        let tuned = rows("org/fox-sft", CardRole::FineTune, phases);
        assert_eq!(
            (accepted(&tuned, Field::EmissionsKgco2e), accepted(&tuned, Field::AcceleratorHours)),
            (Some(5.5), Some(40.0)),
            "{tuned:?}"
        );
        let stages = "## Emissions\n\n| Stage | GPU hours |\n|---|---|\n| Stage 1 | 900 |\n| Stage 2 | 100 |\n| Total | 1000 |\n";
        let whole = rows("org/fox", CardRole::OwnTraining, stages);
        assert_eq!(accepted(&whole, Field::AcceleratorHours), Some(1000.0), "{whole:?}");
    }

    #[test]
    fn two_models_in_columns() {
        let card = "## Training\n\n| | Elk-2B | Elk-9B |\n|---|---|---|\n| GPU hours | 11k (H100) | 52k (H100) |\n| Energy | 9 MWh | 41 MWh |\n";
        for (id, hours, kwh) in [("org/Elk-2B", 11e3, 9e3), ("org/Elk-9B", 52e3, 41e3)] {
            let own = rows(id, CardRole::OwnTraining, card);
            assert_eq!(
                (accepted(&own, Field::AcceleratorHours), accepted(&own, Field::EnergyKwh)),
                (Some(hours), Some(kwh)),
                "{own:?}"
            );
        }
    }

    #[test]
    fn units_in_cells_and_the_time_on_the_wall() {
        let card = "## Training\n\n| Model | Wall time | Energy | Emissions |\n|---|---|---|---|\n| fox-small | 9 hours | 4.2 kWh | 1700 g |\n| fox-large | 90 hours | 42 kWh | 17 kg |\n";
        let own = rows("org/fox-small", CardRole::OwnTraining, card);
        assert_eq!(accepted(&own, Field::WallHours), Some(9.0), "{own:?}");
        assert_eq!((accepted(&own, Field::EnergyKwh), accepted(&own, Field::EmissionsKgco2e)), (Some(4.2), Some(1.7)), "{own:?}");
        let rates = card.replace("Wall time", "Training time per epoch").replace("Emissions", "Emissions per query");
        let own = rows("org/fox-small", CardRole::OwnTraining, &rates);
        assert_eq!((accepted(&own, Field::WallHours), accepted(&own, Field::EmissionsKgco2e)), (None, None), "{own:?}");
        let evaluated = card.replace("## Training", "## Evaluation");
        assert_eq!(accepted(&rows("org/fox-small", CardRole::OwnTraining, &evaluated), Field::EmissionsKgco2e), None);
    }

    #[test]
    fn points_of_one_training_end_with_all_of_it() {
        let sums = "## Training\n\n| Checkpoint | GPU hours | CO2 (kg) |\n|---|---|---|\n| 1000 | 10 | 2.1 |\n| 2000 | 20 | 4.2 |\n| 4000 | 41 | 8.3 |\n";
        let own = rows("org/fox", CardRole::OwnTraining, sums);
        assert_eq!(
            (accepted(&own, Field::AcceleratorHours), accepted(&own, Field::EmissionsKgco2e)),
            (Some(41.0), Some(8.3)),
            "{own:?}"
        );
        // Each epoch took a little longer: nothing adds up.
        let each = "## Training\n\n| Epoch | GPU hours |\n|---|---|\n| 1 | 10.0 |\n| 2 | 10.4 |\n| 3 | 10.9 |\n";
        assert_eq!(accepted(&rows("org/fox", CardRole::OwnTraining, each), Field::AcceleratorHours), None);
        assert_eq!(accepted(&rows("org/fox-step1000", CardRole::OwnTraining, sums), Field::AcceleratorHours), None);
    }

    /// Issue 14: tables whose first row is a figure, and no header.
    #[test]
    fn a_table_without_names_is_lines_of_figures() {
        let read = |card: &str, field| {
            let about = About { model_id: "org/m", role: CardRole::OwnTraining, base_ids: &[], total_params: None };
            let rows: Vec<Extracted> = extract(card_tables(&Reference::load().unwrap()), card, &about);
            rows.into_iter().find(|r| r.field == field && r.reject_reason.is_none()).and_then(|r| r.value)
        };
        let bare = "# m\n\n## Training\n\n| 8 x A100 | 120 h | 45 kWh |\n|---|---|---|\n";
        let fields = [Field::AcceleratorCount, Field::WallHours, Field::EnergyKwh];
        assert_eq!(fields.map(|field| read(bare, field)), [Some(8.0), Some(120.0), Some(45.0)]);
        assert_eq!(read("# m\n\n## Training\n\n| Time | 120 h |\n|---|---|\n", Field::WallHours), Some(120.0));
        // Of a table of speeds nothing is a training's.
        assert_eq!(read("# m\n\n## Results\n\n| 7 A100 | 120 min |\n|---|---|\n| 8 T4 | 300 min |\n", Field::WallHours), None);
    }
}
