//! Where records begin and end in a text that comes in pieces.

use memchr::memchr_iter;
use std::ops::Range;

/// Finds record boundaries across buffer refills.
pub(super) struct Splitter {
    array: bool,
    /// Records (array) or lines (JSON Lines) begun so far.
    pub(super) count: u64,
    /// The array's closing bracket was seen.
    pub(super) closed: bool,
    /// Something follows the closing bracket.
    pub(super) trailing: bool,
    opened: bool,
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// Start of the record being scanned, relative to the buffer.
    start: Option<usize>,
}

impl Splitter {
    pub(super) fn new(array: bool) -> Self {
        Self {
            array,
            count: 0,
            closed: false,
            trailing: false,
            opened: false,
            depth: 0,
            in_string: false,
            escaped: false,
            start: None,
        }
    }

    /// Spans of the complete records in `buffer`, of which `scanned` bytes were seen before, and how many bytes are done with.
    pub(super) fn split(&mut self, buffer: &[u8], scanned: usize, at_end: bool) -> (Vec<(u64, Range<usize>)>, usize) {
        if self.array { self.split_array(buffer, scanned, at_end) } else { self.split_lines(buffer, scanned, at_end) }
    }

    fn split_lines(&mut self, buffer: &[u8], scanned: usize, at_end: bool) -> (Vec<(u64, Range<usize>)>, usize) {
        let mut spans = Vec::new();
        let mut start = 0;
        let mut line = |span: Range<usize>| {
            self.count += 1;
            let text = buffer[span.clone()].trim_ascii();
            let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
            if !text.is_empty() {
                spans.push((self.count, span));
            }
        };
        for end in memchr_iter(b'\n', &buffer[scanned..]).map(|at| scanned + at) {
            line(start..end);
            start = end + 1;
        }
        if at_end && start < buffer.len() {
            line(start..buffer.len());
            start = buffer.len();
        }
        (spans, start)
    }

    /// A record ends where its brackets balance outside strings, or at the comma after a bare value (which is then refused
    /// by the parser, with its number).
    fn split_array(&mut self, buffer: &[u8], scanned: usize, at_end: bool) -> (Vec<(u64, Range<usize>)>, usize) {
        let mut spans = Vec::new();
        for (i, &byte) in buffer.iter().enumerate().skip(scanned) {
            if self.in_string {
                if self.escaped {
                    self.escaped = false;
                } else if byte == b'\\' {
                    self.escaped = true;
                } else if byte == b'"' {
                    self.in_string = false;
                }
                continue;
            }
            if !self.opened {
                self.opened = byte == b'[';
                continue;
            }
            if self.closed {
                // Pages that were written one behind the other are one list.
                self.closed = byte != b'[';
                self.trailing |= self.closed && !byte.is_ascii_whitespace();
                continue;
            }
            match byte {
                b'{' | b'[' => {
                    self.start.get_or_insert(i);
                    self.depth += 1;
                }
                b'}' | b']' if self.depth > 0 => self.depth -= 1,
                b']' | b',' if self.depth == 0 => {
                    if let Some(start) = self.start.take() {
                        self.count += 1;
                        spans.push((self.count, start..i));
                    }
                    self.closed |= byte == b']';
                }
                b'"' => {
                    self.start.get_or_insert(i);
                    self.in_string = true;
                }
                b if !b.is_ascii_whitespace() => {
                    self.start.get_or_insert(i);
                }
                _ => {}
            }
        }
        let consumed = if at_end { buffer.len() } else { self.start.unwrap_or(buffer.len()) };
        if let Some(start) = &mut self.start {
            *start -= consumed.min(*start);
        }
        (spans, consumed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds `text` in pieces of `step` bytes, as a slow source would.
    fn split_in_steps(text: &[u8], array: bool, step: usize) -> (Vec<String>, bool) {
        let mut splitter = Splitter::new(array);
        let mut buffer = Vec::new();
        let mut out = Vec::new();
        let mut chunks = text.chunks(step);
        loop {
            let before = buffer.len();
            let chunk = chunks.next();
            buffer.extend_from_slice(chunk.unwrap_or_default());
            let (spans, consumed) = splitter.split(&buffer, before, chunk.is_none());
            out.extend(spans.iter().map(|(_, s)| String::from_utf8(buffer[s.clone()].trim_ascii().to_vec()).unwrap()));
            buffer.drain(..consumed);
            if chunk.is_none() {
                return (out, splitter.closed);
            }
        }
    }

    proptest! {
        /// Wherever the reads fall, the records are those serde_json writes.
        #[test]
        fn records_do_not_depend_on_where_reads_fall(
            names in prop::collection::vec(r#"[a-z"\\\[\]{},\n]{0,12}"#, 0..12),
            step in 1_usize..40,
        ) {
            let records: Vec<String> =
                names.iter().map(|n| serde_json::json!({"id": n, "list": [1, {"x": n}]}).to_string()).collect();
            let array = format!(" [{}] ", records.join(" , "));
            let (got, closed) = split_in_steps(array.as_bytes(), true, step);
            prop_assert_eq!(&got, &records);
            prop_assert!(closed);
            let lines = records.join("\n");
            prop_assert_eq!(split_in_steps(lines.as_bytes(), false, step).0, records);
        }

        #[test]
        fn arrays_one_behind_the_other_are_one(step in 1_usize..40) {
            let (got, closed) = split_in_steps(b"[{\"id\":\"a\"}]\n[]\n[{\"id\":\"b\"},{\"id\":\"c\"}]", true, step);
            prop_assert_eq!(got, [r#"{"id":"a"}"#, r#"{"id":"b"}"#, r#"{"id":"c"}"#]);
            prop_assert!(closed);
        }

        #[test]
        fn an_array_cut_short_is_noticed(cut in 0_usize..30) {
            let whole = br#"[{"id":"a"},{"id":"b","x":[1]}]"#;
            prop_assume!(cut < whole.len());
            prop_assert!(!split_in_steps(&whole[..cut], true, 7).1);
        }
    }
}
