//! Tokens of continued pre-trainings by who does them (data/reference/continued_runs.csv).

use crate::domain::OwnerClass;
use crate::error::{Error, Result};
use crate::method::fitting::root_mean_square;
use crate::method::simulate::pow10;
use libm::log10;
use serde::Deserialize;

/// Parameters from which a model is a language model of today and no encoder.
const LARGE: f64 = 1e9;
/// Fewest rows that a centre rests on.
const LEAST_ROWS: usize = 8;
/// Least spread in dex: who states tokens trains longer than who does not. A judgement; small encoders, whose cards were taken as they come,
/// spread by 1.4.
const LEAST_SD_DEX: f64 = 1.0;

/// Who goes on with a pre-training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OwnerKind {
    /// Persons and communities, of whom no list of owners knows.
    Person,
    /// Companies and institutes, on another house's weights.
    Company,
    /// Universities and their institutes.
    Academic,
}

/// A row of continued_runs.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct ContinuedRun {
    /// Hub id.
    pub model_id: String,
    /// Who.
    pub owner_kind: OwnerKind,
    /// Parameters.
    pub params: f64,
    /// Tokens seen, each pass counted.
    pub train_tokens: f64,
}

/// Tokens of a kind of owner: median, and standard deviation of log10.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UsualTokens {
    /// Geometric mean.
    pub median: f64,
    /// Standard deviation of log10.
    pub sd_dex: f64,
}

/// Tokens by kind of owner.
#[derive(Debug)]
pub struct ContinuedRuns {
    persons: [UsualTokens; 2],
    companies: UsualTokens,
    academic: UsualTokens,
}

impl ContinuedRuns {
    pub(super) fn new(rows: &[ContinuedRun]) -> Result<Self> {
        let usual =
            |is: &dyn Fn(&ContinuedRun) -> bool| usual(rows.iter().filter(|row| is(row)).map(|row| log10(row.train_tokens)));
        let person = |large: bool| usual(&|row| row.owner_kind == OwnerKind::Person && (row.params >= LARGE) == large);
        let of = |kind| usual(&|row| row.owner_kind == kind);
        Ok(Self {
            persons: [person(false)?, person(true)?],
            companies: of(OwnerKind::Company)?,
            academic: of(OwnerKind::Academic)?,
        })
    }

    /// Tokens that a continued pre-training of `params` parameters on another house's weights takes.
    #[must_use]
    pub fn tokens(&self, class: OwnerClass, params: f64) -> UsualTokens {
        match class {
            OwnerClass::Industry => self.companies,
            OwnerClass::Academia => self.academic,
            OwnerClass::Unlisted => self.persons[usize::from(params >= LARGE)],
        }
    }
}

fn usual(logs: impl Iterator<Item = f64>) -> Result<UsualTokens> {
    let logs: Vec<f64> = logs.collect();
    if logs.len() < LEAST_ROWS {
        return Err(Error::Internal("continued_runs.csv: too few rows of a kind of owner".into()));
    }
    #[allow(clippy::cast_precision_loss)] // Some dozen rows.
    let mean = logs.iter().sum::<f64>() / logs.len() as f64;
    let errors: Vec<f64> = logs.iter().map(|log| log - mean).collect();
    let sd_dex = root_mean_square(&errors).unwrap_or_default().max(LEAST_SD_DEX);
    Ok(UsualTokens { median: pow10(mean), sd_dex })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    /// By hand from the table: persons' encoders see tens of millions of tokens, their language models some ten billion, companies and
    /// universities more.
    #[test]
    fn tokens_by_who_goes_on() {
        let runs = Reference::load().unwrap().continued_runs;
        let tokens = |class, n| runs.tokens(class, n).median;
        let (small, large) = (tokens(OwnerClass::Unlisted, 1.25e8), tokens(OwnerClass::Unlisted, 8e9));
        assert!((1e7..2e8).contains(&small) && (5e9..3e10).contains(&large), "{small:e} {large:e}");
        assert!(tokens(OwnerClass::Academia, 8e9) > large && tokens(OwnerClass::Industry, 8e9) > large);
    }

    /// 1e7 to 1e9 around 1e8: a geometric mean of 1e8; the spread of three equal figures is the least.
    #[test]
    fn centre_and_spread_by_hand() {
        let of = |logs: &[f64]| usual(logs.iter().copied()).unwrap();
        let wide = of(&[6.0, 10.0, 6.0, 10.0, 6.0, 10.0, 6.0, 10.0]);
        assert!((wide.median / 1e8 - 1.0).abs() < 1e-9 && (wide.sd_dex - 2.0).abs() < 1e-12);
        assert_eq!(of(&[8.0; 8]).sd_dex, LEAST_SD_DEX);
        assert!(usual([8.0].into_iter()).is_err());
    }
}
