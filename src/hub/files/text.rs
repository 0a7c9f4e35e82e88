//! Text of a file in whatever encoding editors save it.

/// The text: UTF-16 where the file says so by its mark, else UTF-8, with a sign in place of what is none. The mark itself is no text.
#[must_use]
pub fn decode_text(bytes: &[u8]) -> String {
    let units = |read: fn([u8; 2]) -> u16, from: &[u8]| {
        let (pairs, _) = from.as_chunks::<2>();
        String::from_utf16_lossy(&pairs.iter().map(|pair| read(*pair)).collect::<Vec<u16>>())
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => units(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => units(u16::from_be_bytes, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_encodings_are_read() {
        let text = "---\nlicense: mit\n---\n# Modèle 🤗 8 kWh\n";
        let le: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        for bytes in [&le[..], &be, &marked, text.as_bytes()] {
            assert_eq!(decode_text(bytes), text);
        }
        // Cut in the middle of a sign, and no text at all.
        assert!(decode_text(&le[..le.len() - 1]).starts_with("---\nlicense: mit"));
        assert_eq!(decode_text(b"Mod\xe8le"), "Mod\u{fffd}le");
    }
}
