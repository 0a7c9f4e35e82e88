//! Sides of images: `512`, `512x512`, `224 × 224`, `512px`.

use crate::evidence::quantity::tokens::{Kind, lex, text_at};

/// Smallest and largest side believed, in pixels.
const SIDES: std::ops::RangeInclusive<f64> = 16.0..=8192.0;

/// The side of a square, in pixels, that a value states; an error says why it states none.
///
/// # Errors
/// Two sides that differ, or a number that is no side.
pub fn side(value: &str) -> Result<Option<f64>, &'static str> {
    // "768,768" is a pair, and "1,024" one number.
    let pair = value.split_once(',').filter(|(a, b)| {
        let digits = |s: &str| s.trim_matches(|c: char| !c.is_ascii_digit()).len();
        digits(a) >= 3 && digits(b) >= 3
    });
    let spaced = pair.map(|(a, b)| format!("{a} , {b}"));
    let ts = lex(spaced.as_deref().unwrap_or(value));
    let number = |i: usize| ts.get(i).filter(|t| t.kind == Kind::Number).and_then(|t| t.value);
    let Some(at) = (0..ts.len().min(6)).find(|i| number(*i).is_some()) else { return Ok(None) };
    let Some(first) = number(at) else { return Ok(None) };
    let is_times = matches!(text_at(&ts, at + 1), "x" | "×" | "*" | ",");
    let second = if is_times { number(at + 2) } else { None };
    if second.is_some_and(|second| (second - first).abs() > 0.5) {
        return Err("images that are not square");
    }
    if !SIDES.contains(&first) || first.fract() != 0.0 {
        return Err("no side of an image");
    }
    Ok(Some(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_as_people_write_them() {
        for value in ["512", "512x512", "512 × 512 pixels", "512px", "(512, 512)", "`512x512`", "512,512"] {
            assert_eq!(side(value), Ok(Some(512.0)), "{value}");
        }
        assert_eq!((side("1,024"), side("1024,1024")), (Ok(Some(1024.0)), Ok(Some(1024.0))));
        assert_eq!(side("512x384 (4:3)"), Err("images that are not square"));
        assert_eq!((side("4k"), side("high")), (Err("no side of an image"), Ok(None)));
    }
}
