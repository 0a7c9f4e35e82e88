//! Dates of trainings, as year and month.

use crate::evidence::quantity::tokens::{Kind, Token, text_at};
use crate::evidence::quantity::units::month_of;

/// Years in which models on the Hub were trained.
const YEARS: std::ops::RangeInclusive<f64> = 2015.0..=2030.0;

/// Year and month of the first date: `March 2023`, `2023-03`.
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
        (text_at(ts, i + 3) == sign.text.as_ref()).then(|| format!("{y}-{m:02}"))
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
        assert_eq!(date_in(&lex("2022-12-31")), Some("2022-12".into()));
        assert_eq!(date_in(&lex("we may see 2048 tokens")), None);
    }
}
