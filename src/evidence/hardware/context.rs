//! What kind of text is read.

/// Where a text comes from: in a field for hardware a bare `T4` is a chip, in prose it needs a word of hardware beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// A field or column that holds hardware.
    Field,
    /// Running text.
    Prose,
}
