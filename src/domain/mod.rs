//! The closed sets of the domain as types: what a run is, what is known of it, and the words that stand for it in tables.
//!
//! A member's doc comment is its published meaning: the dataset card lists every set with it. A `match` on a set names every member, so
//! that a new one makes the compiler list every place to think about.

pub mod address;
pub mod chip_mixture;
pub mod comparison;
pub mod field;
pub mod flag;
pub mod group;
pub mod link_pass;
mod lower_case;
pub mod modality;
pub mod number;
pub mod owner;
pub mod place;
pub mod plain;
pub mod quantiles;
pub mod rating;
pub mod regression;
pub mod role;
pub mod role_method;
pub mod role_shares;
pub mod rule;
pub mod run;
pub mod sample;
pub mod size_word;
pub mod source;
pub mod steps;
pub mod task;
pub mod tier;

pub use chip_mixture::{ChipMixture, MixtureRole};
pub use comparison::Comparison;
pub use field::{EvidenceSource, Field, ParamsSource, TrainedOnSource};
pub use flag::Flag;
pub use group::GroupBy;
pub use link_pass::LinkPass;
pub use lower_case::in_lower_case;
pub use modality::Modality;
pub use owner::{OwnerClass, is_named_like_a_laboratory};
pub use place::{GridBasis, PlaceMixture};
pub use quantiles::Quantiles;
pub use rating::{EmissionsBasis, Rating, WORD_OF_THE_MAKERS, estimated_by_others};
pub use regression::{RegressionId, Term};
pub use role::{Relation, Role};
pub use role_method::{RoleMethod, Shown};
pub use role_shares::RoleShares;
pub use rule::Rule;
pub use run::{Run, RunKind, RunShares, TrainingStage};
pub use sample::SampleUnit;

pub use size_word::SizeWord;
pub use source::{CohortMetric, SourceKind};
pub use steps::{Beside, Step, Way};
pub use task::TaskGroup;
pub use tier::Tier;

/// Version of the method this build implements (docs/method.md). `method.version` pins it.
pub const METHOD_VERSION: i32 = 2;

/// Most characters of a quote that is published.
pub const MAX_QUOTE_CHARS: usize = 200;

/// A closed set of words: its members, their published names, and what each means.
pub trait ClosedSet: Copy + Ord + std::fmt::Debug + 'static {
    /// Name of the set, as the dataset card heads it.
    const SET: &'static str;
    /// Every member, in the order of declaration.
    const ALL: &'static [Self];

    /// The word in tables.
    fn word(self) -> &'static str;
    /// What the member means: its doc comment.
    fn meaning(self) -> &'static str;

    /// The member of a word.
    #[must_use]
    fn of_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|member| member.word() == word)
    }
}

/// Declares a closed set: an enum whose members carry their published word and, as doc comment, their meaning.
macro_rules! closed_set {
    (
        $(#[doc = $about:literal])+
        enum $set:ident {
            $($(#[doc = $doc:literal])+ $member:ident = $word:literal,)+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $set {
            $($(#[doc = $doc])+ $member,)+
        }

        impl $set {
            /// Every member, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$member,)+];

            /// The word in tables.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$member => $word,)+
                }
            }

            /// The member of a word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$member),)+
                    _ => None,
                }
            }
        }

        impl $crate::domain::ClosedSet for $set {
            const SET: &'static str = stringify!($set);
            const ALL: &'static [Self] = Self::ALL;

            fn word(self) -> &'static str {
                self.name()
            }

            fn meaning(self) -> &'static str {
                match self {
                    $(Self::$member => concat!($($doc),+),)+
                }
            }

            fn of_word(word: &str) -> Option<Self> {
                Self::parse(word)
            }
        }

        impl std::fmt::Display for $set {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl serde::Serialize for $set {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $set {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&word).ok_or_else(|| {
                    let words: Vec<&str> = Self::ALL.iter().map(|member| member.name()).collect();
                    serde::de::Error::custom(format!("'{word}' is none of: {}", words.join(", ")))
                })
            }
        }
    };
}
pub(crate) use closed_set;

/// One set with the words and meanings of its members, for the dataset card.
#[derive(Clone, Debug)]
pub struct SetInfo {
    /// Name of the set.
    pub name: &'static str,
    /// Word and meaning of each member.
    pub members: Vec<(&'static str, &'static str)>,
}

fn info<S: ClosedSet>() -> SetInfo {
    SetInfo { name: S::SET, members: S::ALL.iter().map(|m| (m.word(), m.meaning())).collect() }
}

/// Every set whose words stand in published tables.
#[must_use]
pub fn closed_sets() -> Vec<SetInfo> {
    vec![
        info::<Tier>(),
        info::<RunKind>(),
        info::<Role>(),
        info::<Rule>(),
        info::<RoleMethod>(),
        info::<Shown>(),
        info::<Modality>(),
        info::<Field>(),
        info::<EvidenceSource>(),
        info::<ParamsSource>(),
        info::<TrainedOnSource>(),
        info::<GridBasis>(),
        info::<GroupBy>(),
        info::<RegressionId>(),
        info::<Comparison>(),
        info::<Flag>(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_unique_and_lead_back() {
        for set in closed_sets() {
            let mut words: Vec<&str> = set.members.iter().map(|(word, _)| *word).collect();
            assert!(words.len() > 1, "{}", set.name);
            assert!(set.members.iter().all(|(word, meaning)| !word.is_empty() && meaning.trim().len() > 5), "{}", set.name);
            words.sort_unstable();
            words.dedup();
            assert_eq!(words.len(), set.members.len(), "{}", set.name);
        }
        for role in Role::ALL {
            assert_eq!(Role::parse(role.name()), Some(*role));
        }
        assert_eq!(Role::parse("Pretrained"), None);
    }
}
