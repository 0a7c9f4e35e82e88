//! Numbers in Chinese characters before a unit of time or of passes, which are written without a space: `耗时三天`, `十八小时`, `半天`, `三轮`.

use crate::evidence::vocabulary;

/// A number inside a word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Numeral {
    /// First byte.
    pub(super) from: usize,
    /// Byte behind the last.
    pub(super) to: usize,
    /// Value.
    pub(super) value: f64,
}

/// What a number stands before. `日` by itself is a date as often as a time.
const UNITS: [&str; 24] = [
    "个小时",
    "個小時",
    "小时",
    "小時",
    "時間",
    "天",
    "日間",
    "日半",
    "周",
    "週間",
    "星期",
    "个星期",
    "个月",
    "個月",
    "ヶ月",
    "か月",
    "カ月",
    "分钟",
    "分鐘",
    "个多小时",
    "多小时",
    "轮",
    "輪",
    "エポック",
];
/// Of them, those that "half" stands before.
const HALVED: [&str; 9] = ["个小时", "個小時", "小时", "小時", "天", "日", "个月", "個月", "時間"];
/// Words that make one day of `一日`.
const WHOLE: [&str; 3] = ["丸", "まる", "約"];

/// The first number in a word that stands before one of the units.
pub(super) fn cjk_numeral(word: &str) -> Option<Numeral> {
    word.char_indices().find_map(|(from, c)| {
        let begins = digit(c).is_some() || matches!(c, '十' | '百' | '半');
        // The second character of a number begins none.
        let before = word.get(..from).unwrap_or_default();
        let continues = before.ends_with(|c: char| digit(c).is_some() || matches!(c, '十' | '百'));
        if !begins || continues {
            return None;
        }
        let rest = word.get(from..)?;
        if c == '半' {
            let to = from + c.len_utf8();
            let behind_unit = UNITS.iter().chain(&HALVED).any(|unit| before.ends_with(unit));
            let unit = word.get(to..)?;
            return (!behind_unit && HALVED.iter().any(|name| unit.starts_with(name))).then_some(Numeral { from, to, value: 0.5 });
        }
        let len = rest.find(|c: char| digit(c).is_none() && !matches!(c, '十' | '百'))?;
        let (digits, unit) = rest.split_at_checked(len)?;
        let whole = unit.starts_with('日') && WHOLE.iter().any(|word| before.ends_with(word));
        let is_time = whole || UNITS.iter().any(|name| unit.starts_with(name));
        let value = value_of(digits)?;
        (is_time && value > 0.0).then_some(Numeral { from, to: from + len, value })
    })
}

/// "我用两张": a number in characters with its counter at the end of a word, or before a word for devices: what stands before, the number and
/// what stands behind it.
#[must_use]
pub fn cjk_count(word: &str) -> Option<(&str, u32, &str)> {
    if word.is_ascii() {
        return None;
    }
    let words = vocabulary::hardware();
    // What stands behind a counter for it to count devices, where no other script does.
    let counter = word.char_indices().map(|(at, _)| at).find(|at| {
        let behind = words.counters.iter().find_map(|counter| word.get(*at..)?.strip_prefix(counter));
        behind.is_some_and(|behind| behind.is_empty() || words.counted_cjk.iter().any(|device| behind.starts_with(device)))
    })?;
    let (before, behind) = word.split_at_checked(counter)?;
    let digits = before.trim_end_matches(|c: char| digit(c).is_some() || matches!(c, '十' | '百'));
    let (before, digits) = before.split_at_checked(digits.len())?;
    let value = value_of(digits).filter(|value| *value >= 1.0 && *value <= 999.0)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // A whole number below a thousand.
    Some((before, value as u32, behind))
}

fn digit(c: char) -> Option<f64> {
    Some(match c {
        '一' => 1.0,
        '二' | '两' | '兩' => 2.0,
        '三' => 3.0,
        '四' => 4.0,
        '五' => 5.0,
        '六' => 6.0,
        '七' => 7.0,
        '八' => 8.0,
        '九' => 9.0,
        _ => return None,
    })
}

/// `十八`, `二十四`, `一百二十`. None for what is no number of that form.
fn value_of(digits: &str) -> Option<f64> {
    let (mut total, mut last) = (0.0, None);
    for c in digits.chars() {
        match c {
            '百' => (total, last) = (total + last? * 100.0, None),
            '十' => (total, last) = (total + last.unwrap_or(1.0) * 10.0, None),
            _ if last.is_some() => return None,
            _ => last = digit(c),
        }
    }
    Some(total + last.unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_characters() {
        let read = |word: &str| cjk_numeral(word).map(|n| n.value);
        for (word, value) in [
            ("耗时三天", 3.0),
            ("十八小时", 18.0),
            ("二十四个小时", 24.0),
            ("一百二十小时", 120.0),
            ("约半天", 0.5),
            ("三日間かかりました", 3.0),
            ("丸一日", 1.0),
            ("训练三轮", 3.0),
        ] {
            assert_eq!(read(word), Some(value), "{word}");
        }
        for word in ["十一月二十日", "一个模型", "天半", "统一", "第三"] {
            assert_eq!(read(word), None, "{word}");
        }
    }
}
