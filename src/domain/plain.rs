//! Texts that others wrote, as they may be shown: nothing hides, and nothing turns the line around.

/// A text in which control characters, marks that change the direction of writing and what is no character have become U+FFFD, and white
/// space a space.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(shown).collect()
}

/// The same with the line breaks kept.
#[must_use]
pub fn plain_lines(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { c } else { shown(c) }).collect()
}

fn shown(c: char) -> char {
    if c.is_whitespace() {
        ' '
    } else if is_shown(c) {
        c
    } else {
        '\u{fffd}'
    }
}

fn is_shown(c: char) -> bool {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let hides = matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{ad}'
        | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}');
    let none = matches!(c, '\u{fdd0}'..='\u{fdef}') || (c as u32) & 0xfffe == 0xfffe;
    !(c.is_control() || turns || hides || none)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_or_turns_is_seen() {
        assert_eq!(plain("a\u{202e}b\u{0}c\nd\u{feff}"), "a\u{fffd}b\u{fffd}c d\u{fffd}");
        // Operators that are not seen, fillers, and what keeps letters together.
        assert_eq!(plain("a\u{2063}b\u{3164}c\u{34f}d\u{206f}"), "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}");
        assert_eq!(plain_lines("a\tb\n\u{1b}[31m"), "a b\n\u{fffd}[31m");
    }
}
