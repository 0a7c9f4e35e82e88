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
/// Most device hours believed: a judgement, a hundred thousand devices for a thousand years.
const MOST_HOURS: f64 = 1e12;

/// What letters and words behind a number multiply it by.
const MULTIPLES: [(&str, f64); 8] =
    [("thousand", 1e3), ("million", 1e6), ("billion", 1e9), ("trillion", 1e12), ("k", 1e3), ("m", 1e6), ("b", 1e9), ("t", 1e12)];

fn number(text: &str, form: &str) -> Read {
    let plain: String = text.chars().filter(|c| *c != '_' && *c != ',').collect();
    let number = plain.trim().parse::<f64>().ok().filter(|x| x.is_finite());
    number
        .ok_or_else(|| format!("{form} is wanted"))
        .and_then(|x| if x > 0.0 { Ok(x) } else { Err("it must be above zero".to_owned()) })
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
    number(text, "a number such as 1e24").and_then(|x| at_most(x, MOST_FLOP, "FLOP were never spent"))
}

/// Device hours.
pub fn hours(text: &str) -> Read {
    number(text, "a number such as 184320").and_then(|x| at_most(x, MOST_HOURS, "device hours were never spent"))
}

/// Kilowatt-hours.
pub fn kwh(text: &str) -> Read {
    number(text, "a number of kWh such as 5e5").and_then(|x| at_most(x, MOST_ENERGY_KWH, "kWh were never spent on a training"))
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

    #[test]
    fn a_share_may_be_a_percentage() {
        assert_eq!((share("0.4"), share("40%"), share("40 %")), (Ok(0.4), Ok(0.4), Ok(0.4)));
        assert!(share("40").unwrap_err().contains("40%") && share("140%").is_err() && share("0").is_err());
    }
}
