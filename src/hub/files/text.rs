//! Text of a file in whatever encoding editors save it.

/// Bytes of a text of which one may be none of UTF-8: a lone sign of another encoding costs its letter. In Latin-1 three in a hundred bytes of
/// French are accents; in Chinese, Japanese or Korean encodings nearly all bytes are none, and what is left is no text.
const BYTES_PER_BAD_ONE: usize = 50;
/// Bytes that may be none in a text of any length.
const BAD_ANYWAY: usize = 2;
/// What is wrong with a text that cannot be read.
pub(super) const NOT_UTF8: &str = "not UTF-8, and no mark tells its encoding: write it in UTF-8 (iconv -f ENCODING -t UTF-8 FILE), as GBK, Big5, Shift-JIS or latin-1 is not";

/// A text, and how much of it was none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text, with a sign in place of what is none.
    pub text: String,
    /// Bytes that are no part of a text.
    pub bad: usize,
    /// All bytes.
    of: usize,
}

impl Decoded {
    /// Whether what was lost is so little that the text is still the text: [`BYTES_PER_BAD_ONE`].
    #[must_use]
    pub const fn is_readable(&self) -> bool {
        self.bad <= BAD_ANYWAY || self.bad * BYTES_PER_BAD_ONE <= self.of
    }
}

/// The text: UTF-16 or UTF-32 where the file says so by its mark, else UTF-8, with a sign in place of what is none. The mark itself is no text.
#[must_use]
pub fn decode(bytes: &[u8]) -> Decoded {
    let of = bytes.len();
    let wide = |read: fn([u8; 2]) -> u16, from: &[u8]| {
        let (pairs, rest) = from.as_chunks::<2>();
        let units = pairs.iter().map(|pair| read(*pair));
        let (mut text, mut bad) = (String::with_capacity(from.len()), 2 * rest.len());
        for unit in char::decode_utf16(units) {
            bad += usize::from(unit.is_err()) * 2;
            text.push(unit.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        Decoded { text, bad, of }
    };
    let widest = |read: fn([u8; 4]) -> u32, from: &[u8]| {
        let (fours, rest) = from.as_chunks::<4>();
        let mut bad = rest.len();
        let sign = |four: &[u8; 4]| {
            char::from_u32(read(*four)).unwrap_or_else(|| {
                bad += 4;
                char::REPLACEMENT_CHARACTER
            })
        };
        let text = fours.iter().map(sign).collect();
        Decoded { text, bad, of }
    };
    match bytes {
        // Before UTF-16, whose mark is the first half of this one.
        [0xff, 0xfe, 0, 0, rest @ ..] => widest(u32::from_le_bytes, rest),
        [0, 0, 0xfe, 0xff, rest @ ..] => widest(u32::from_be_bytes, rest),
        [0xff, 0xfe, rest @ ..] => wide(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => wide(u16::from_be_bytes, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => narrow(rest),
        _ => narrow(bytes),
    }
}

/// UTF-8. A NUL is no text either: every other byte of UTF-16 without a mark is one.
fn narrow(bytes: &[u8]) -> Decoded {
    let nuls = memchr::memchr_iter(0, bytes).count();
    let bad = match std::str::from_utf8(bytes) {
        Ok(_) => nuls,
        Err(_) => nuls + bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum::<usize>(),
    };
    Decoded { text: String::from_utf8_lossy(bytes).into_owned(), bad, of: bytes.len() }
}

/// The text of [`decode`] alone.
#[must_use]
pub fn decode_text(bytes: &[u8]) -> String {
    decode(bytes).text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "---\nlicense: mit\n---\n# Modèle 🤗 8 kWh\n";

    #[test]
    fn marked_encodings_are_read() {
        let le: Vec<u8> = [0xfeff].into_iter().chain(TEXT.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = [0xfeff].into_iter().chain(TEXT.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        let wide_le: Vec<u8> = ['\u{feff}'].into_iter().chain(TEXT.chars()).flat_map(|c| u32::from(c).to_le_bytes()).collect();
        let wide_be: Vec<u8> = ['\u{feff}'].into_iter().chain(TEXT.chars()).flat_map(|c| u32::from(c).to_be_bytes()).collect();
        let marked = [b"\xef\xbb\xbf", TEXT.as_bytes()].concat();
        for bytes in [&le[..], &be, &wide_le, &wide_be, &marked, TEXT.as_bytes()] {
            let decoded = decode(bytes);
            assert_eq!((decoded.text.as_str(), decoded.bad), (TEXT, 0));
        }
        // Cut in the middle of a sign.
        let cut = decode(&le[..le.len() - 1]);
        assert!(cut.text.starts_with("---\nlicense: mit") && cut.is_readable());
    }

    /// Regression: cards in Chinese, Japanese and unmarked wide encodings were read with signs in place of all of their words, without a word.
    #[test]
    fn a_text_of_another_encoding_is_no_text() {
        // iconv -t GBK and -t SHIFT-JIS of the same words.
        let gbk = b"\xcc\xbc\xc5\xc5\xb7\xc5\xc1\xbf\xa3\xba1234 \xc7\xa7\xbf\xcb";
        let unmarked: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let french = "Le modèle a été entraîné à Paris".chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>();
        for bytes in [&gbk[..], &unmarked, &french] {
            assert!(!decode(bytes).is_readable(), "{:?}", decode(bytes));
        }
        let lone = [&b"Trained by Andr\xe9. "[..], &b"It took 8 kWh. ".repeat(20)].concat();
        let decoded = decode(&lone);
        assert!(decoded.is_readable() && decoded.bad == 1 && decoded.text.starts_with("Trained by Andr\u{fffd}"));
        assert_eq!(decode_text(b"Mod\xe8le"), "Mod\u{fffd}le");
    }
}
