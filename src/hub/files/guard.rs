//! Decoding of files by a library that gives up on some damaged ones by a panic: the file is at fault then, and no bug of this program.

use super::parquet::damaged;
use crate::error::Result;
use arrow::array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::Path;
use std::sync::Once;

thread_local! {
    /// Whether a panic of this thread is an answer about a file.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Decodes something of a file; a panic on the way says that the file is damaged.
///
/// # Errors
/// The library panicked.
pub(super) fn guarded<T>(path: &Path, decode: impl FnOnce() -> T) -> Result<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            if !IS_GUARDED.get() {
                before(info);
            }
        }));
    });
    let was_guarded = IS_GUARDED.replace(true);
    let decoded = catch_unwind(AssertUnwindSafe(decode));
    IS_GUARDED.set(was_guarded);
    decoded.map_err(|panic| damaged(path, &format!("its decoder gave up: {}", said(&*panic))))
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}

/// The batches of a Parquet file, up to the first that cannot be decoded.
pub(super) fn batches(reader: ParquetRecordBatchReader, path: &Path) -> impl Iterator<Item = Result<RecordBatch>> + use<> {
    let (mut reader, path) = (Some(reader), path.to_owned());
    std::iter::from_fn(move || {
        let open = reader.as_mut()?;
        let batch = match guarded(&path, || open.next()) {
            Ok(Some(Ok(batch))) => return Some(Ok(batch)),
            Ok(None) => None,
            Ok(Some(Err(e))) => Some(Err(damaged(&path, &e))),
            Err(e) => Some(Err(e)),
        };
        reader = None;
        batch
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_answer_about_the_file() {
        let path = Path::new("models.parquet");
        assert_eq!(guarded(path, || 3).unwrap(), 3);
        let zero = std::hint::black_box(0_u32);
        let said = guarded(path, || 3 / zero).unwrap_err().to_string();
        assert!(said.contains("truncated or damaged") && said.contains("divide by zero"), "{said}");
        assert!(!IS_GUARDED.get());
    }
}
