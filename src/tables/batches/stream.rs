//! Arrow IPC streams, also several one behind the other, as `cat` makes them of what several machines wrote.

use super::{Batches, IPC_STREAM, damaged};
use crate::error::{Error, IoContext, Result};
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema};
use arrow::ipc::reader::StreamReader;
use std::cell::RefCell;
use std::io::{Chain, Cursor, Read};
use std::rc::Rc;
use std::sync::Arc;

/// A source that a reader of one stream and whoever looks behind that stream read from, and whether its end was met.
struct Shared<R>(Rc<RefCell<(R, bool)>>);

impl<R> Clone for Shared<R> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<R: Read> Read for Shared<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let (source, has_ended) = &mut *self.0.borrow_mut();
        let read = source.read(buffer)?;
        *has_ended |= read == 0 && !buffer.is_empty();
        Ok(read)
    }
}

impl<R> Shared<R> {
    fn has_ended(&self) -> bool {
        self.0.borrow().1
    }
}

/// One stream: the first bytes, which were looked at, and the source behind them.
type One<R> = StreamReader<Chain<Cursor<Vec<u8>>, Shared<R>>>;

/// Streams one behind the other.
struct Streams<R> {
    source: Shared<R>,
    /// The stream that is read; none behind the last, and behind an error.
    current: Option<One<R>>,
    schema: Arc<Schema>,
    place: String,
}

/// The batches of an IPC stream, and of those of the same columns behind it; `place` is what messages call it.
///
/// # Errors
/// It does not begin as an IPC stream.
pub fn open_ipc_stream<R: Read + 'static>(reader: R, place: String) -> Result<Batches> {
    let mut source = Shared(Rc::new(RefCell::new((reader, false))));
    let start = start_of(&mut source, &place)?;
    if start != IPC_STREAM {
        let what = if start.is_empty() { "is empty" } else { "is no Arrow IPC stream" };
        let found = String::from_utf8_lossy(&start).into_owned();
        return Err(Error::input(
            format!("the input {what}; it begins with {found:?}"),
            place,
            "write it with pyarrow.ipc.new_stream, or with any engine's writer of the IPC streaming format; an IPC file, Parquet \
             or JSON is read by none of these commands: docs/engines.md has examples",
        ));
    }
    let current = begin(start, source.clone(), &place)?;
    let schema = current.schema();
    Ok(Batches { schema: Arc::clone(&schema), batches: Box::new(Streams { source, current: Some(current), schema, place }) })
}

/// The bytes by which a stream is told; fewer where the source ends.
fn start_of<R: Read>(source: &mut Shared<R>, place: &str) -> Result<Vec<u8>> {
    let mut start = Vec::new();
    source.take(IPC_STREAM.len() as u64).read_to_end(&mut start).at_path("cannot read", place)?;
    Ok(start)
}

fn begin<R: Read>(start: Vec<u8>, source: Shared<R>, place: &str) -> Result<One<R>> {
    StreamReader::try_new(Cursor::new(start).chain(source), None).map_err(|e| damaged(place, &e))
}

/// What decides whether two streams are parts of one table; notes of their writers do not.
fn columns(schema: &Schema) -> Vec<(&str, &DataType)> {
    schema.fields().iter().map(|field| (field.name().as_str(), field.data_type())).collect()
}

impl<R: Read> Streams<R> {
    /// The stream behind the one that ended; none where the source ends.
    fn behind(&mut self) -> Result<Option<One<R>>> {
        let start = start_of(&mut self.source, &self.place)?;
        if start.is_empty() {
            return Ok(None);
        }
        if start != IPC_STREAM {
            return Err(Error::input(
                "something follows the end of the stream, and it is no other stream",
                &self.place,
                "write the stream again with nothing behind it; streams of the same columns may follow each other",
            ));
        }
        let next = begin(start, self.source.clone(), &self.place)?;
        if columns(&next.schema()) != columns(&self.schema) {
            return Err(Error::input(
                "a stream with other columns follows the first",
                &self.place,
                "send the streams one by one, or write all of them with the same columns and types",
            ));
        }
        Ok(Some(next))
    }
}

impl<R: Read> Iterator for Streams<R> {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.current.as_mut()?.next() {
                Some(Ok(batch)) => return Some(Ok(batch)),
                Some(Err(e)) => {
                    self.current = None;
                    return Some(Err(damaged(&self.place, &e)));
                }
                None => {}
            }
            self.current = None;
            // Who is stopped between two batches leaves a stream that looks whole but for the mark.
            if self.source.has_ended() {
                return Some(Err(Error::input(
                    "the stream ends without the mark of its end: whoever wrote it may have been stopped in the middle",
                    &self.place,
                    "write it again whole, and close the writer: pyarrow's `with new_stream(...)`, or its close(), writes the mark",
                )));
            }
            match self.behind() {
                Ok(next) => self.current = next,
                Err(e) => return Some(Err(e)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::StringArray;
    use arrow::ipc::writer::StreamWriter;

    fn stream(name: &str, texts: &[&str]) -> Vec<u8> {
        let column: arrow::array::ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
        let batch = RecordBatch::try_from_iter([(name, column)]).unwrap();
        let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.into_inner().unwrap()
    }

    /// Rows of a text, or why it is refused.
    fn rows(bytes: Vec<u8>) -> Result<usize, String> {
        let batches = open_ipc_stream(Cursor::new(bytes), "<stdin>".to_owned()).map_err(|e| e.to_string())?;
        batches.map(|batch| batch.map(|batch| batch.num_rows())).sum::<Result<usize>>().map_err(|e| e.to_string())
    }

    /// Regression: of streams one behind the other the first alone was read, and nothing said so.
    #[test]
    fn streams_one_behind_the_other_are_all_read() {
        let (one, two) = (stream("id", &["a", "b"]), stream("id", &["c"]));
        assert_eq!(rows([one.clone(), two.clone(), one.clone()].concat()), Ok(5));
        // Regression: evidence that a job had written when it failed, cut between two batches, was taken for all of it.
        for cut in [one[..one.len() - 8].to_vec(), [one.clone(), two[..two.len() - 8].to_vec()].concat()] {
            let said = rows(cut).unwrap_err();
            assert!(said.contains("without the mark of its end") && said.contains("way out"), "{said}");
        }
        let said = rows([one.clone(), stream("name", &["c"])].concat()).unwrap_err();
        assert!(said.contains("other columns") && said.contains("way out"), "{said}");
        for behind in [&b"x"[..], b"PAR1PAR1", &[0; 16]] {
            let said = rows([one.clone(), behind.to_vec()].concat()).unwrap_err();
            assert!(said.contains("something follows the end of the stream"), "{said}");
        }
        let cut = [one.clone(), two[..two.len() / 2].to_vec()].concat();
        assert!(rows(cut).unwrap_err().contains("ends too early"));
    }

    /// Regression: "requires the zstd feature" told a user nothing that he can do.
    #[test]
    fn compressed_batches_are_named_with_the_way_out() {
        for codec in ["lz4", "zstd"] {
            let said = format!("Invalid argument error: {codec} IPC compression requires the {codec} feature");
            let said = damaged("<stdin>", &said).to_string();
            assert!(said.contains(&format!("compressed inside ({codec})")) && said.contains("compression=None"), "{said}");
            assert!(!said.contains("feature "), "{said}");
        }
    }
}
