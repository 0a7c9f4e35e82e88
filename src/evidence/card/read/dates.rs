//! Dates of trainings, as year and month, or a day where one is stated.

use crate::evidence::quantity::tokens::{Kind, Token, text_at};
use crate::evidence::quantity::units::month_of;

/// Years in which models on the Hub were trained.
const YEARS: std::ops::RangeInclusive<f64> = 2015.0..=2030.0;

/// Between two dates.
const MONTHS_APART: [&str; 5] = ["to", "and", "until", "bis", "–"];

/// The first date: year and month of `March 2023`, the day of `2023-03-14`.
#[must_use]
pub fn date_in(ts: &[Token<'_>]) -> Option<String> {
    let year = |i: usize| {
        let t = ts.get(i).filter(|t| t.kind == Kind::Number && t.text.len() == 4)?;
        t.value.filter(|v| YEARS.contains(v)).map(|_| t.text.as_ref())
    };
    (0..ts.len()).find_map(|i| {
        let t = ts.get(i)?;
        if t.kind == Kind::Word && t.upper {
            let month = month_of(t.text.as_ref())?;
            return (i + 1..i + 5).find_map(year).map(|y| format!("{y}-{month:02}"));
        }
        let y = year(i)?;
        let sign = ts.get(i + 1).filter(|s| s.is_any(&["-", "/"]))?;
        let m = ts.get(i + 2).filter(|m| m.text.len() == 2)?.value.filter(|m| (1.0..=12.0).contains(m))?;
        let day = ts.get(i + 4).filter(|d| d.glued && d.text.len() == 2)?.value.filter(|d| (1.0..=31.0).contains(d))?;
        // A span of days has no day of its own: "2023-03-01 - 2023-04-12".
        let is_span = text_at(ts, i + 5) == "-" || MONTHS_APART.contains(&text_at(ts, i + 5));
        let date = || if is_span { format!("{y}-{m:02}") } else { format!("{y}-{m:02}-{day:02}") };
        (text_at(ts, i + 3) == sign.text.as_ref()).then(date)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::quantity::tokens::lex;

    #[test]
    fn dates_as_people_write_them() {
        assert_eq!(date_in(&lex("happened in early March 2023")), Some("2023-03".into()));
        assert_eq!(date_in(&lex("between May and June 2024")), Some("2024-05".into()));
        assert_eq!(date_in(&lex("2022-12-31")), Some("2022-12-31".into()));
        assert_eq!(date_in(&lex("2021/06/09")), Some("2021-06-09".into()));
        assert_eq!(date_in(&lex("2022-12-31 to 2023-01-15")), Some("2022-12".into()));
        assert_eq!(date_in(&lex("we may see 2048 tokens")), None);
    }
}
