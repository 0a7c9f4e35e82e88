//! Decoding and encoding of large tables beside the work on their rows, each on a thread of its own.

use crate::error::{Error, Result};
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

/// Parts that wait between two threads.
const WAITING: usize = 2;

fn spawn<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> Result<JoinHandle<T>> {
    Builder::new().name(name.to_owned()).spawn(work).map_err(|e| Error::Internal(format!("no thread for '{name}': {e}")))
}

fn joined<T>(thread: JoinHandle<T>) -> T {
    // A panic is a bug of ours wherever it happens: the status says so.
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// What an iterator yields, some items ahead of who asks.
pub(crate) struct Ahead<T> {
    items: Receiver<T>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Ahead<T> {
    /// Starts to ask `items`. Who drops this ends the thread.
    ///
    /// # Errors
    /// The system has no thread left.
    pub(crate) fn new(name: &str, items: impl Iterator<Item = T> + Send + 'static) -> Result<Self> {
        let (sender, receiver) = sync_channel(WAITING);
        let thread = spawn(name, move || {
            for item in items {
                if sender.send(item).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { items: receiver, thread: Some(thread) })
    }
}

impl<T> Iterator for Ahead<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let item = self.items.recv().ok();
        if item.is_none() {
            // Without this a panic over there would look like the end of the table.
            self.thread.take().into_iter().for_each(joined);
        }
        item
    }
}

/// Something that takes items one after the other on a thread of its own.
pub(super) struct Beside<T, S> {
    items: Option<SyncSender<T>>,
    thread: Option<JoinHandle<Result<S>>>,
}

impl<T: Send + 'static, S: Send + 'static> Beside<T, S> {
    /// Hands `sink` over to a thread that gives it every item by `take`, up to the first error.
    ///
    /// # Errors
    /// The system has no thread left.
    pub(super) fn new(name: &str, mut sink: S, take: impl Fn(&mut S, T) -> Result<()> + Send + 'static) -> Result<Self> {
        let (sender, receiver) = sync_channel::<T>(WAITING);
        let thread = spawn(name, move || {
            for item in receiver {
                take(&mut sink, item)?;
            }
            Ok(sink)
        })?;
        Ok(Self { items: Some(sender), thread: Some(thread) })
    }

    /// Hands an item over.
    ///
    /// # Errors
    /// That of an item before: the thread has ended with it.
    pub(super) fn give(&mut self, item: T) -> Result<()> {
        if self.items.as_ref().is_some_and(|items| items.send(item).is_ok()) {
            return Ok(());
        }
        self.end().map(drop)
    }

    /// Waits until everything is taken, and returns the sink.
    ///
    /// # Errors
    /// That of an item.
    pub(super) fn end(&mut self) -> Result<S> {
        self.items = None;
        let ended = || Error::Internal("a table's thread was asked again after its end".into());
        joined(self.thread.take().ok_or_else(ended)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_in_their_order_and_a_reader_may_leave_early() {
        assert!(Ahead::new("count", 0..1000).unwrap().eq(0..1000));
        assert_eq!(Ahead::new("count", 0..).unwrap().nth(10), Some(10));
    }

    #[test]
    #[should_panic(expected = "over there")]
    fn a_panic_is_not_the_end_of_the_items() {
        let items = (0..10).inspect(|i| assert!(*i < 5, "over there"));
        let _ = Ahead::new("panics", items).unwrap().count();
    }

    #[test]
    fn an_error_comes_back_with_a_later_item_or_at_the_end() {
        let refuse = |sum: &mut i32, item: i32| {
            *sum += item;
            if *sum > 5 { Err(Error::Internal("full".into())) } else { Ok(()) }
        };
        let mut fits = Beside::new("sum", 0, refuse).unwrap();
        (0..3).for_each(|i| fits.give(i).unwrap());
        assert_eq!(fits.end().unwrap(), 3);
        let mut overflows = Beside::new("sum", 0, refuse).unwrap();
        let first = (0..100).find_map(|i| overflows.give(i).err()).expect("the sink is full at the fourth item");
        assert!(first.to_string().contains("full"), "{first}");
        assert!(overflows.end().is_err());
    }
}
