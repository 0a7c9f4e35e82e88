//! Mixtures of chips that stand in for an accelerator that nothing states, and their names in tables.

use super::{RunKind, closed_set};
use std::fmt;

closed_set! {
    /// For what a mixture of chips is.
    enum MixtureRole {
        /// Pre-training.
        Pretraining = "pretraining",
        /// Any training of the scale of a pre-training (1e22 FLOP or more): consumers' cards and the chips of notebooks took no part in those.
        PretrainingAtScale = "pretraining_at_scale",
        /// Google's own chips, on which Google trains, whatever the kind of training.
        GoogleTpu = "google_tpu",
        /// Anything that starts from weights.
        FineTuning = "fine_tuning",
    }
}

impl MixtureRole {
    /// The role of a kind of run.
    #[must_use]
    pub const fn of_kind(kind: Option<RunKind>) -> Self {
        match kind {
            Some(RunKind::Pretraining) => Self::Pretraining,
            Some(RunKind::Continued | RunKind::PostTraining | RunKind::FineTuning | RunKind::Adapter) | None => Self::FineTuning,
        }
    }
}

/// A mixture of what registry runs of a role and year used, with the share of it that is what trainings at scale used. Its name in tables is
/// `mixture:<role>:<year>` or, with such a share, `mixture:<role>+<share>_at_scale:<year>`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChipMixture {
    /// Whose chips.
    pub role: MixtureRole,
    /// Share of the chips that is that of trainings at scale, between 0 and 1; 0 where all are those of the role.
    pub share_at_scale: f64,
    /// Year of the runs.
    pub year: i32,
}

impl ChipMixture {
    /// What names of mixtures begin with.
    const PREFIX: &str = "mixture:";

    /// The chips of one role.
    #[must_use]
    pub const fn one(role: MixtureRole, year: i32) -> Self {
        Self { role, share_at_scale: 0.0, year }
    }

    /// The mixture of a name; none where the name is that of chips.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (chips, year) = name.strip_prefix(Self::PREFIX)?.rsplit_once(':')?;
        let (role, share) = match chips.split_once('+') {
            Some((role, share)) => (role, share.strip_suffix("_at_scale")?.parse().ok()?),
            None => (chips, 0.0),
        };
        Some(Self { role: MixtureRole::parse(role)?, share_at_scale: share, year: year.parse().ok()? })
    }

    /// The mixture of one role that most of the chips are from.
    #[must_use]
    pub const fn larger_part(self) -> Self {
        let role = if self.share_at_scale > 0.5 { MixtureRole::PretrainingAtScale } else { self.role };
        Self::one(role, self.year)
    }
}

impl fmt::Display for ChipMixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, share_at_scale, year } = self;
        write!(f, "{}{role}", Self::PREFIX)?;
        if *share_at_scale > 0.0 {
            write!(f, "+{share_at_scale:.2}_at_scale")?;
        }
        write!(f, ":{year}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for role in MixtureRole::ALL {
            for share_at_scale in [0.0, 0.05, 0.95] {
                let mixture = ChipMixture { role: *role, share_at_scale, year: 2024 };
                assert_eq!(ChipMixture::parse(&mixture.to_string()), Some(mixture));
            }
        }
        let named = ChipMixture { role: MixtureRole::FineTuning, share_at_scale: 0.8, year: 2024 };
        assert_eq!(named.to_string(), "mixture:fine_tuning+0.80_at_scale:2024");
        let chips = ["NVIDIA A100 SXM4 40GB | NVIDIA A100 SXM4 80GB", "mixture:2024", "mixture:fine_tuning+half_at_scale:2024", ""];
        assert!(chips.iter().all(|name| ChipMixture::parse(name).is_none()));
    }

    /// Regression: every share of chips at scale was a total of its own, 337 of the wide index instead of 81.
    #[test]
    fn a_mixture_of_two_goes_with_its_larger_part() {
        let of =
            |share_at_scale| ChipMixture { role: MixtureRole::FineTuning, share_at_scale, year: 2024 }.larger_part().to_string();
        assert_eq!(of(0.8), "mixture:pretraining_at_scale:2024");
        assert_eq!([of(0.2), of(0.5), of(0.0)], ["mixture:fine_tuning:2024"; 3].map(str::to_owned));
    }
}
