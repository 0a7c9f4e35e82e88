//! Numbers of the command line, as people write them, within what a training can be.

use hugging_carbon::reference::possible::MOST_ENERGY_KWH;

type Read = Result<f64, String>;

/// Fewest parameters and tokens believed: a network of the 1980s, and a page of text.
const LEAST_COUNTED: f64 = 1e3;
/// Most parameters believed: above the largest model announced, 1.74e14 (BaGuaLu, 2022, a demonstration).
const MOST_PARAMS: f64 = 2e14;
/// Most tokens believed: a judgement, two hundred times the most that an open model has stated (4.5e13).
const MOST_TOKENS: f64 = 1e16;
/// Most FLOP believed: a judgement, two hundred times the largest training known (Grok 4, 5e26).
const MOST_FLOP: f64 = 1e29;
/// Least FLOP believed: a judgement, a hundredth of what a network of the least size takes for a page of text (6 x 1e3 x 1e3).
const LEAST_FLOP: f64 = 6e4;
/// Least device hours believed: 4 ms. A step of a small network takes as long.
const LEAST_HOURS: f64 = 1e-6;
/// Least electricity believed: 4 mJ, what a device of a watt takes in those 4 ms.
const LEAST_KWH: f64 = 1e-9;
/// Most device hours believed: a judgement, a hundred thousand devices for a thousand years.
const MOST_HOURS: f64 = 1e12;

/// What letters and words behind a number multiply it by.
const MULTIPLES: [(&str, f64); 8] =
    [("thousand", 1e3), ("million", 1e6), ("billion", 1e9), ("trillion", 1e12), ("k", 1e3), ("m", 1e6), ("b", 1e9), ("t", 1e12)];

fn number(text: &str, form: &str) -> Read {
    let plain = with_a_point(text)?;
    let number = plain.trim().parse::<f64>().ok().filter(|x| x.is_finite());
    number
        .ok_or_else(|| format!("{form} is wanted"))
        .and_then(|x| if x > 0.0 { Ok(x) } else { Err("it must be above zero".to_owned()) })
}

/// The text with a point as its decimal sign and without marks of groups. Three digits behind the only comma may be thousands or
/// thousandths: a factor of a thousand that nobody would see in the result, so it is refused.
fn with_a_point(text: &str) -> Result<String, String> {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    let Some((whole, rest)) = plain.split_once(',') else { return Ok(plain) };
    let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).count();
    let first = whole.trim_start().trim_start_matches('+');
    let is_group = |part: &str| part.len() == 3 && digits(part) == 3;
    let (groups, end) = rest.split_at(rest.rfind(',').map_or(0, |at| at + 1));
    let last = digits(end);
    let starts_groups = (1..=3).contains(&first.len()) && digits(first) == first.len() && !first.starts_with('0');
    let are_groups = starts_groups && groups.split_terminator(',').all(is_group) && last == 3;
    let unambiguous = !groups.is_empty() || end[last..].starts_with('.');
    if are_groups && unambiguous {
        return Ok(plain.replace(',', ""));
    }
    if are_groups {
        let behind = &end[last..];
        let (thousands, point) = (format!("{whole}{end}"), format!("{whole}.{}{behind}", &end[..last]));
        return Err(format!("'{}' may be {thousands} or {point}: write the one that is meant", plain.trim()));
    }
    // One comma behind a whole number: a decimal sign, as most of the world writes it. Points before it are marks of groups.
    let grouped = first.split('.').collect::<Vec<_>>();
    let is_decimal = groups.is_empty()
        && last > 0
        && !end[last..].contains('.')
        && digits(grouped[0]) == grouped[0].len()
        && !grouped[0].is_empty()
        && (grouped.len() == 1 || ((1..=3).contains(&grouped[0].len()) && grouped[1..].iter().all(|part| is_group(part))));
    if is_decimal { Ok(format!("{}.{end}", whole.replace('.', ""))) } else { Err(format!("'{}' is no number", plain.trim())) }
}

/// A number with the letter that names of models have, or the word: 350M, 7B, 15T, 7 billion.
fn counted(text: &str) -> Read {
    let lower = text.trim().to_lowercase();
    let multiple = MULTIPLES.iter().find_map(|(word, times)| Some((lower.strip_suffix(word)?, *times)));
    let (digits, times) = multiple.unwrap_or((lower.as_str(), 1.0));
    number(digits, "a number such as 7e9, 7B or '7 billion'").map(|x| x * times)
}

fn at_most(x: f64, most: f64, what: &str) -> Read {
    if x <= most { Ok(x) } else { Err(format!("more than {most:e} {what}")) }
}

fn not_below(x: f64, least: f64, what: &str) -> Read {
    if x >= least { Ok(x) } else { Err(format!("less than {least:e} {what} is no training")) }
}

fn at_least(x: f64, what: &str) -> Read {
    if x >= LEAST_COUNTED { Ok(x) } else { Err(format!("fewer than {LEAST_COUNTED} {what}; 7 billion is 7e9 or 7B")) }
}

/// Parameters.
pub fn large_count(text: &str) -> Read {
    counted(text).and_then(|x| at_least(x, "is no size of a model")).and_then(|x| at_most(x, MOST_PARAMS, "is no size of a model"))
}

/// Tokens.
pub fn text_size(text: &str) -> Read {
    counted(text).and_then(|x| at_least(x, "tokens train nothing")).and_then(|x| at_most(x, MOST_TOKENS, "tokens were never seen"))
}

/// FLOP.
pub fn positive(text: &str) -> Read {
    number(text, "a number such as 1e24")
        .and_then(|x| at_most(x, MOST_FLOP, "FLOP were never spent"))
        .and_then(|x| not_below(x, LEAST_FLOP, "FLOP"))
}

/// Device hours.
pub fn hours(text: &str) -> Read {
    number(text, "a number such as 184320")
        .and_then(|x| at_most(x, MOST_HOURS, "device hours were never spent"))
        .and_then(|x| not_below(x, LEAST_HOURS, "device hours"))
}

/// Kilowatt-hours.
pub fn kwh(text: &str) -> Read {
    number(text, "a number of kWh such as 5e5")
        .and_then(|x| at_most(x, MOST_ENERGY_KWH, "kWh were never spent on a training"))
        .and_then(|x| not_below(x, LEAST_KWH, "kWh"))
}

/// A share, or a percentage with its sign.
pub fn share(text: &str) -> Read {
    let form = "a share such as 0.4 or 40%";
    let percent = text.trim().strip_suffix('%');
    let share = percent.map_or_else(|| number(text, form), |digits| number(digits, form).map(|x| x / 100.0))?;
    if share <= 1.0 { Ok(share) } else { Err(format!("it must be at most 1; {form} is wanted")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_people_write_them() {
        for (text, right) in [
            ("7e9", 7e9),
            ("7B", 7e9),
            ("1.5 b", 1.5e9),
            ("350m", 3.5e8),
            ("7_000_000", 7e6),
            ("7 billion", 7e9),
            ("1.5 Trillion", 1.5e12),
        ] {
            assert_eq!(large_count(text), Ok(right), "{text}");
        }
        assert_eq!(text_size("15T"), Ok(1.5e13));
        for text in ["", "b", "7x", "-7B", "0", "nan", "inf", "7\u{e9}", "billion"] {
            assert!(large_count(text).is_err(), "{text}");
        }
    }

    /// Regression: 7 parameters, 2 tokens, 1e15 parameters and 1e18 tokens were taken without a word.
    #[test]
    fn what_no_training_can_be_is_refused() {
        for text in ["7", "1e15", "1e30"] {
            assert!(large_count(text).unwrap_err().contains("no size of a model"), "{text}");
        }
        assert!(text_size("2").is_err() && text_size("1e18").is_err());
        assert!(positive("1e33").is_err() && kwh("1e30").is_err() && hours("1e20").is_err());
    }

    /// Regression: the comma of "7,5B" was dropped, and a model of 75 billion parameters estimated.
    #[test]
    fn a_comma_is_a_decimal_sign_or_marks_thousands_and_is_never_dropped() {
        for (text, right) in [
            ("7,5B", 7.5e9),
            ("1,5 T", 1.5e12),
            ("7,25 billion", 7.25e9),
            ("0,500B", 5e8),
            ("1,5e9", 1.5e9),
            ("1,234,567", 1_234_567.0),
            ("12,345.5", 12_345.5),
            ("1.234.567,5", 1_234_567.5),
            ("1234,5", 1_234.5),
            ("1234,567", 1_234.567),
        ] {
            assert_eq!(large_count(text), Ok(right), "{text}");
        }
        assert_eq!((kwh("1,5"), hours("10,5"), share("37,5%"), share("0,4")), (Ok(1.5), Ok(10.5), Ok(0.375), Ok(0.4)));
        let why = kwh("1,500").unwrap_err();
        assert!(why.contains("1500") && why.contains("1.500"), "{why}");
        let why = large_count("1,500B").unwrap_err();
        assert!(why.contains("may be"), "{why}");
        for text in [",5", "1,", "1,,5", "1,23,456", "1,2,3", "1,5.5", "1.5,5", "0,123,456", ",", "1,x"] {
            assert!(kwh(text).is_err(), "{text}");
        }
    }

    /// Regression: 1e-3 FLOP, 1e-300 kWh and 1e-300 hours were estimated.
    #[test]
    fn amounts_that_train_nothing_are_refused() {
        for refused in [positive("1e-3"), kwh("1e-300"), hours("1e-300")] {
            assert!(refused.unwrap_err().contains("no training"));
        }
        assert_eq!((kwh("0.001"), hours("0.01")), (Ok(0.001), Ok(0.01)));
    }

    #[test]
    fn a_share_may_be_a_percentage() {
        assert_eq!((share("0.4"), share("40%"), share("40 %")), (Ok(0.4), Ok(0.4), Ok(0.4)));
        assert!(share("40").unwrap_err().contains("40%") && share("140%").is_err() && share("0").is_err());
    }
}
