//! `rows`: Arrow IPC on stdin, Arrow IPC on stdout, so that an engine can spread over machines what is per record.

use super::{Cli, resolve};
use arrow::array::RecordBatch;
use arrow::ipc::writer::StreamWriter;
use hugging_carbon::error::{Error, Result};
use hugging_carbon::hub::files::{Carded, CardedColumns};
use hugging_carbon::reference::Reference;
use hugging_carbon::stages::normalize::{References, card_reader, card_rows};
use hugging_carbon::tables::batches::open_ipc_stream;
use hugging_carbon::tables::{CardReadingRow, Row, RowBuilders};
use rayon::prelude::*;
use std::io::{BufReader, BufWriter, IsTerminal};
use std::sync::Arc;

/// Rows read at a time: with a card of some kilobytes each, what is held beside the engine's own batch stays near ten megabytes.
const BLOCK_ROWS: usize = 1_024;
/// What messages call the two ends.
const STDIN: &str = "<stdin>";
/// See [`STDIN`].
const STDOUT: &str = "<stdout>";

/// `rows evidence`: cards to rows of evidence.
pub fn evidence(cli: &Cli) -> Result<()> {
    if std::io::stdin().is_terminal() || std::io::stdout().is_terminal() {
        return Err(Error::input(
            "rows evidence reads and writes Arrow IPC streams, and one end is a terminal",
            STDIN,
            "hugging-carbon rows evidence < in.arrow > out.arrow; docs/engines.md has examples",
        ));
    }
    refuse_needless(cli)?;
    let config = resolve(cli)?.config;
    let references = References::new(&Reference::load_with(config.reference.extra_grid.as_deref())?);
    let reader = card_reader(&references);
    let (schema, reader) = (Arc::new(reader.schema()), reader.short());
    let input = open_ipc_stream(BufReader::with_capacity(1 << 20, std::io::stdin()), STDIN.to_owned())?;
    let mut columns = CardedColumns::new(&input.schema, STDIN)?;
    let mut output = match StreamWriter::try_new(BufWriter::with_capacity(1 << 20, std::io::stdout().lock()), &schema) {
        Ok(output) => output,
        Err(e) => return ended(&e),
    };
    let (mut before, mut rows, mut cards, mut refused) = (0, 0, 0, 0);
    for batch in input {
        let batch = batch?;
        for from in (0..batch.num_rows()).step_by(BLOCK_ROWS) {
            let block = batch.slice(from, BLOCK_ROWS.min(batch.num_rows() - from));
            let records = columns.records(&block, before + from)?;
            cards += records.len();
            refused += records.iter().filter(|record| record.is_err()).count();
            let made = block_rows(&references, &reader, records)?;
            rows += made.num_rows();
            let made = made.with_schema(Arc::clone(&schema))?;
            if let Err(e) = output.write(&made) {
                return ended(&e);
            }
        }
        before += batch.num_rows();
        // An engine may wait for what it sent before it sends more.
        if let Err(e) = output.flush() {
            return ended(&e);
        }
    }
    if let Err(e) = output.finish().and_then(|()| output.flush()) {
        return ended(&e);
    }
    if refused > 0 {
        tracing::warn!(
            refused,
            of = cards,
            "cards without a usable id give no evidence: their rows say why in the column 'refused'"
        );
    }
    if !columns.unreadable().is_empty() {
        tracing::warn!(columns = columns.unreadable().join(", "), "columns of another type than the index has were not read");
    }
    tracing::info!(rows_in = before, cards = cards - refused, refused, rows_out = rows, "cards read");
    Ok(())
}

/// Flags that say where a pipeline's inputs and tables are, of which a filter between two streams has none.
fn refuse_needless(cli: &Cli) -> Result<()> {
    let given = [("--source", &cli.global.source), ("--cards", &cli.global.cards), ("--evidence", &cli.global.evidence)];
    match given.into_iter().find(|(_, path)| path.is_some()) {
        Some((flag, _)) => Err(Error::usage(
            format!("{flag} means nothing to `rows evidence`: cards come on standard input, rows go to standard output"),
            flag,
            "leave it out: hugging-carbon rows evidence < in.arrow > out.arrow",
        )),
        None => Ok(()),
    }
}

/// The readings of some cards, in their order.
fn block_rows(references: &References, reader: &str, cards: Vec<Carded>) -> Result<RecordBatch> {
    // rayon keeps the order of an indexed iterator.
    let read: Vec<Vec<CardReadingRow>> = cards
        .into_par_iter()
        .map(|card| match card {
            Ok((record, text)) => card_rows(references, reader, &record, &text),
            Err(unusable) => {
                let row = CardReadingRow::without_evidence(unusable.raw, String::new(), reader.to_owned());
                vec![CardReadingRow { refused: Some(format!("{}: {}", unusable.locator, unusable.reason)), ..row }]
            }
        })
        .collect();
    let mut builders = <CardReadingRow as Row>::Builders::default();
    read.into_iter().flatten().for_each(|row| builders.push(row));
    builders.finish()
}

/// Why no more can be written. A reader that went away has not got all rows, which a job must learn.
fn ended(e: &arrow::error::ArrowError) -> Result<()> {
    match e {
        arrow::error::ArrowError::IoError(_, io) => Err(Error::input(
            format!("the rows cannot be written: {io}"),
            STDOUT,
            "whoever reads them must read to the end, or the disk that they go to needs room; then run it again from the first card",
        )),
        other => Err(Error::Internal(format!("arrow: {other}"))),
    }
}
