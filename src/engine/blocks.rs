//! Rows in blocks: while one is worked on, the one before is written and the next one read.

use crate::error::Result;

/// Takes everything through `read`, `work` and `write`, block by block and in order. `read` gives the next block, empty at the end; `work`
/// is told how many rows came before the block, and runs beside the other two.
///
/// # Errors
/// The first of any of the three.
pub fn in_blocks<I: Send + Sync, O: Send>(
    mut read: impl FnMut() -> Result<Vec<I>> + Send,
    work: impl Fn(usize, &[I]) -> Result<Vec<O>> + Sync,
    mut write: impl FnMut(Vec<O>) -> Result<()> + Send,
) -> Result<()> {
    let (mut block, mut worked, mut first) = (read()?, Vec::new(), 0);
    while !block.is_empty() {
        let (now, next) = rayon::join(
            || work(first, &block),
            || {
                write(std::mem::take(&mut worked))?;
                read()
            },
        );
        first += block.len();
        (worked, block) = (now?, next?);
    }
    write(worked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn blocks(n: usize) -> impl FnMut() -> Result<Vec<usize>> {
        let mut numbers = 0..n;
        move || Ok(numbers.by_ref().take(10).collect())
    }

    #[test]
    fn every_row_once_and_in_order() {
        for n in [0, 1, 10, 95] {
            let mut written = Vec::new();
            let work = |first: usize, block: &[usize]| {
                assert_eq!(block.first(), Some(&first));
                Ok(block.iter().map(|i| i * i).collect())
            };
            let write = |rows: Vec<usize>| {
                written.extend(rows);
                Ok(())
            };
            in_blocks(blocks(n), work, write).unwrap();
            assert_eq!(written, (0..n).map(|i| i * i).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_error_of_any_step_ends_it() {
        let fails =
            |at: usize| move |rows: &[usize]| rows.contains(&at).then(|| Error::Internal(at.to_string())).map_or(Ok(()), Err);
        let none = usize::MAX;
        for (work, write) in [(25, none), (none, 25), (95, none), (none, 94)] {
            let done = in_blocks(blocks(96), |_, rows| fails(work)(rows).map(|()| rows.to_vec()), |rows| fails(write)(&rows));
            assert!(done.unwrap_err().to_string().contains(&work.min(write).to_string()));
        }
    }
}
