//! The regressions by name, and the terms they are made of.

use super::{Modality, RunKind, SizeWord, TaskGroup, closed_set};

closed_set! {
    /// A regression.
    enum RegressionId {
        /// Tokens of the pre-training of text models, by size and date.
        TokensFromParams = "tokens_from_params",
        /// Compute of pre-trainings, by size and date.
        ComputeFromParams = "compute_from_params",
        /// Compute of pre-trainings of images and pairs, by the FLOP of a forward pass.
        ComputeFromForwardFlop = "compute_from_forward_flop",
        /// Samples that fine-tunes, post-training and adapters see, by size, task and class of owner.
        FinetuneSamplesFromParams = "finetune_samples_from_params",
        /// Emissions of reported fine-tunes, by size.
        FinetuneFromSize = "finetune_from_size",
        /// Energy, by compute and date.
        EnergyFromCompute = "energy_from_compute",
        /// Emissions, by compute and date.
        EmissionsFromCompute = "emissions_from_compute",
        /// Size, by kind, modality and class of owner.
        ParamsFromCategory = "params_from_category",
    }
}

impl RegressionId {
    /// Whether estimates are made with it; the others are published as checks of the physical chain, and no estimate uses them
    /// (docs/method.md, section 5).
    #[must_use]
    pub const fn makes_estimates(self) -> bool {
        match self {
            Self::TokensFromParams
            | Self::ComputeFromParams
            | Self::ComputeFromForwardFlop
            | Self::FinetuneSamplesFromParams
            | Self::ParamsFromCategory => true,
            Self::FinetuneFromSize | Self::EnergyFromCompute | Self::EmissionsFromCompute => false,
        }
    }
}

/// A term of a regression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Term {
    /// One.
    Intercept,
    /// log10 of the active parameters.
    Size,
    /// log10 of the total parameters.
    TotalSize,
    /// log10 of the training compute in FLOP.
    Compute,
    /// log10 of the FLOP of the forward passes that one sample takes.
    ForwardFlop,
    /// Years since 2022-01-01.
    Years,
    /// Years since 2022-01-01, zero before: until Chinchilla (Hoffmann et al., March 2022) data sets followed the size of models, since
    /// then the year.
    YearsAfter2022,
    /// The same until the end of 2025: those of 2026 have not gone on to grow.
    Years2022To2026,
    /// Years since the middle of 2023, zero before.
    YearsAfterMid2023,
    /// Whether the modality is not text.
    NotText,
    /// Whether the owner is academic.
    Academia,
    /// Whether the owner is academic and the model is not counted in tokens: universities' models of molecules and images are smaller than their
    /// language models by more than companies' are.
    AcademiaBeyondText,
    /// Whether nobody lists the owner.
    UnlistedOwner,
    /// Whether nobody lists the owner and the run is a pre-training of texts to continue: language models that persons train from random
    /// weights are far smaller than those that they tune, and than companies' by more than their tunes are. Encoders have the sizes of theirs.
    UnlistedPretrainingOfText,
    /// Years since 2022-01-01, zero before, where nobody lists the owner.
    UnlistedYearsAfter2022,
    /// Years since 2022-01-01 until the end of 2025, where nobody lists the owner: persons' data have not grown with companies'.
    UnlistedYears2022To2026,
    /// log10 of the active parameters over a billion, where nobody lists the owner: a company gives its small models the tokens of the large
    /// ones, a person gives them what they can carry.
    UnlistedSize,
    /// Whether the owner is a person as far as anybody knows: unlisted, and no laboratory by size or name ([`TermValues::is_person`]).
    UnlistedPerson,
    /// Years since 2022-01-01 until the end of 2025, where the owner is a person.
    PersonYears2022To2026,
    /// log10 of the active parameters over a billion, where the owner is a person.
    PersonSize,
    /// Whether nobody lists the owner, who is a laboratory by size or name.
    UnlistedLaboratory,
    /// Square of log10 of the active parameters over ten billion, so that square and slope are not the same column.
    SizeSquared,
    /// log10 of the active parameters times years since 2022.
    SizeTimesYears,
    /// Whether the modality is this one.
    IsModality(Modality),
    /// Whether the kind of run is this one.
    IsKind(RunKind),
    /// Whether the name has a word of this size.
    SaysSize(SizeWord),
    /// Whether the task is of this group.
    IsTask(TaskGroup),
}

impl Term {
    /// Terms without a parameter, with their words.
    const PLAIN: &'static [(Self, &'static str)] = &[
        (Self::Intercept, "intercept"),
        (Self::Size, "log10_active_params"),
        (Self::TotalSize, "log10_total_params"),
        (Self::Compute, "log10_train_flop"),
        (Self::ForwardFlop, "log10_forward_flop"),
        (Self::Years, "years_since_2022"),
        (Self::YearsAfter2022, "years_after_2022"),
        (Self::Years2022To2026, "years_2022_to_2026"),
        (Self::YearsAfterMid2023, "years_after_mid_2023"),
        (Self::NotText, "not_text"),
        (Self::Academia, "academia"),
        (Self::AcademiaBeyondText, "academia_beyond_text"),
        (Self::UnlistedOwner, "unlisted_owner"),
        (Self::UnlistedPretrainingOfText, "unlisted_pretraining_of_text"),
        (Self::UnlistedYearsAfter2022, "unlisted_years_after_2022"),
        (Self::UnlistedYears2022To2026, "unlisted_years_2022_to_2026"),
        (Self::UnlistedSize, "unlisted_size_over_1e9"),
        (Self::UnlistedPerson, "unlisted_person"),
        (Self::PersonYears2022To2026, "person_years_2022_to_2026"),
        (Self::PersonSize, "person_size_over_1e9"),
        (Self::UnlistedLaboratory, "unlisted_laboratory"),
        (Self::SizeSquared, "size_squared"),
        (Self::SizeTimesYears, "size_x_years"),
    ];

    /// Whether the term is how large the model is: the term that errors of a regression are sorted by.
    #[must_use]
    pub fn is_size(self) -> bool {
        self == Self::Size || self == Self::ForwardFlop
    }

    /// The word in tables.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::IsModality(modality) => format!("modality={}", modality.name()),
            Self::IsKind(kind) => format!("kind={}", kind.name()),
            Self::SaysSize(word) => format!("size_word={}", word.name()),
            Self::IsTask(group) => format!("task={}", group.name()),
            Self::Intercept
            | Self::Size
            | Self::TotalSize
            | Self::Compute
            | Self::ForwardFlop
            | Self::Years
            | Self::YearsAfter2022
            | Self::Years2022To2026
            | Self::YearsAfterMid2023
            | Self::NotText
            | Self::Academia
            | Self::AcademiaBeyondText
            | Self::UnlistedOwner
            | Self::UnlistedPretrainingOfText
            | Self::UnlistedYearsAfter2022
            | Self::UnlistedYears2022To2026
            | Self::UnlistedSize
            | Self::UnlistedPerson
            | Self::PersonYears2022To2026
            | Self::PersonSize
            | Self::UnlistedLaboratory
            | Self::SizeSquared
            | Self::SizeTimesYears => {
                Self::PLAIN.iter().find(|(term, _)| *term == self).map(|(_, word)| (*word).to_owned()).unwrap_or_default()
            }
        }
    }

    /// The term of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word.split_once('=') {
            Some(("modality", modality)) => Modality::parse(modality).map(Self::IsModality),
            Some(("kind", kind)) => RunKind::parse(kind).map(Self::IsKind),
            Some(("size_word", word)) => SizeWord::parse(word).map(Self::SaysSize),
            Some(("task", group)) => TaskGroup::parse(group).map(Self::IsTask),
            Some(_) => None,
            None => Self::PLAIN.iter().find(|(_, w)| *w == word).map(|(term, _)| *term),
        }
    }
}

/// Years from 2022-01-01 to 2026-01-01.
const YEARS_TO_2026: f64 = 4.0;

/// What the terms of a regression are read from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TermValues {
    /// log10 of the active parameters; zero when unknown.
    pub log10_active_params: f64,
    /// log10 of the total parameters; zero when unknown.
    pub log10_total_params: f64,
    /// log10 of the training compute in FLOP; zero when unknown.
    pub log10_train_flop: f64,
    /// log10 of the FLOP of the forward passes that one sample takes; zero when unknown.
    pub log10_forward_flop: f64,
    /// Years since 2022-01-01, within the years that the published runs cover.
    pub years_since_2022: f64,
    /// Modality.
    pub modality: Modality,
    /// Class of the owner.
    pub owner_class: super::OwnerClass,
    /// Whether the owner is named like a laboratory.
    pub is_named_like_a_laboratory: bool,
    /// Kind of run; none for a repository that trained nothing.
    pub kind: Option<RunKind>,
    /// What the name says of the size without a number.
    pub size_word: Option<SizeWord>,
    /// Group of the task.
    pub task: TaskGroup,
}

/// log10 of the parameters from which nobody pre-trains alone. Of the pre-trainings with tokens since 2023 whose owners nobody lists the largest
/// of a person has 1.7e9; the smallest of the others above it 2.2e9.
const BEYOND_A_PERSON: f64 = 9.301_029_995_663_981;
/// log10 of the parameters from which a name like a laboratory's counts: below, groups at universities train what persons do.
const LABORATORY_BY_NAME: f64 = 9.0;

impl TermValues {
    /// Whether the owner is a person as far as anybody knows: not listed, and neither a size beyond a person's nor, from a billion parameters
    /// on, a name tells of a laboratory.
    #[must_use]
    pub fn is_person(&self) -> bool {
        let size = self.log10_active_params;
        let is_laboratory = size >= BEYOND_A_PERSON || self.is_named_like_a_laboratory && size >= LABORATORY_BY_NAME;
        self.owner_class == super::OwnerClass::Unlisted && !is_laboratory
    }

    /// The value of a term.
    #[must_use]
    pub fn value(&self, term: Term) -> f64 {
        let indicator = |is: bool| if is { 1.0 } else { 0.0 };
        let size = self.log10_active_params;
        match term {
            Term::Intercept => 1.0,
            Term::Size => size,
            Term::TotalSize => self.log10_total_params,
            Term::Compute => self.log10_train_flop,
            Term::ForwardFlop => self.log10_forward_flop,
            Term::Years => self.years_since_2022,
            Term::Years2022To2026 => self.years_since_2022.clamp(0.0, YEARS_TO_2026),
            Term::YearsAfter2022 => self.years_since_2022.max(0.0),
            Term::YearsAfterMid2023 => (self.years_since_2022 - 1.5).max(0.0),
            Term::NotText => indicator(self.modality != Modality::Text),
            Term::Academia => indicator(self.owner_class == super::OwnerClass::Academia),
            Term::AcademiaBeyondText => self.value(Term::Academia) * indicator(!self.modality.counts_tokens()),
            Term::UnlistedOwner => indicator(self.owner_class == super::OwnerClass::Unlisted),
            Term::UnlistedPretrainingOfText => {
                let is_pretraining = self.value(Term::IsKind(RunKind::Pretraining));
                self.value(Term::UnlistedOwner) * is_pretraining * indicator(self.task == TaskGroup::Generation)
            }
            Term::UnlistedYearsAfter2022 => self.value(Term::UnlistedOwner) * self.value(Term::YearsAfter2022),
            Term::UnlistedYears2022To2026 => self.value(Term::UnlistedOwner) * self.value(Term::Years2022To2026),
            Term::UnlistedSize => self.value(Term::UnlistedOwner) * (size - 9.0),
            Term::UnlistedPerson => indicator(self.is_person()),
            Term::PersonYears2022To2026 => self.value(Term::UnlistedPerson) * self.value(Term::Years2022To2026),
            Term::PersonSize => self.value(Term::UnlistedPerson) * (size - 9.0),
            Term::UnlistedLaboratory => self.value(Term::UnlistedOwner) - self.value(Term::UnlistedPerson),
            Term::SaysSize(word) => indicator(self.size_word.map(SizeWord::in_regressions) == Some(word)),
            Term::SizeSquared => (size - 10.0) * (size - 10.0),
            Term::SizeTimesYears => size * self.years_since_2022,
            Term::IsModality(modality) => indicator(self.modality == modality),
            Term::IsKind(kind) => indicator(self.kind == Some(kind)),
            Term::IsTask(group) => indicator(self.task == group),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::OwnerClass;

    #[test]
    fn words_lead_back_to_their_term() {
        let categories = [
            Term::IsModality(Modality::Audio),
            Term::IsKind(RunKind::PostTraining),
            Term::SaysSize(SizeWord::Huge),
            Term::IsTask(TaskGroup::TextToText),
        ];
        for term in Term::PLAIN.iter().map(|(term, _)| *term).chain(categories) {
            assert_eq!(Term::parse(&term.name()), Some(term));
        }
        for unknown in ["", "size", "modality=smell", "kind=", "task=", "colour=red"] {
            assert_eq!(Term::parse(unknown), None, "{unknown}");
        }
    }

    /// A pre-training of images by a university, 1e9 parameters, on 2024-07-01, that is 2.5 years after 2022.
    #[test]
    fn values_by_hand() {
        let values = TermValues {
            log10_active_params: 9.0,
            log10_total_params: 9.5,
            log10_train_flop: 21.0,
            log10_forward_flop: 10.0,
            years_since_2022: 2.5,
            modality: Modality::Vision,
            owner_class: OwnerClass::Academia,
            is_named_like_a_laboratory: false,
            kind: Some(RunKind::Pretraining),
            size_word: Some(SizeWord::Large),
            task: TaskGroup::Images,
        };
        for (term, expected) in [
            (Term::Intercept, 1.0),
            (Term::Size, 9.0),
            (Term::Compute, 21.0),
            (Term::ForwardFlop, 10.0),
            (Term::YearsAfterMid2023, 1.0),
            (Term::NotText, 1.0),
            (Term::AcademiaBeyondText, 1.0),
            (Term::UnlistedOwner, 0.0),
            (Term::SizeSquared, 1.0),
            (Term::SizeTimesYears, 22.5),
            (Term::IsModality(Modality::Vision), 1.0),
            (Term::IsKind(RunKind::FineTuning), 0.0),
            (Term::SaysSize(SizeWord::Large), 1.0),
            (Term::UnlistedYearsAfter2022, 0.0),
            (Term::IsTask(TaskGroup::Images), 1.0),
        ] {
            assert_eq!(values.value(term), expected, "{term:?}");
        }
        let persons =
            TermValues { owner_class: OwnerClass::Unlisted, modality: Modality::Text, task: TaskGroup::Generation, ..values };
        assert_eq!(persons.value(Term::UnlistedPretrainingOfText), 1.0);
        for other in [
            TermValues { owner_class: OwnerClass::Industry, ..persons },
            TermValues { kind: Some(RunKind::FineTuning), ..persons },
            // Regression: a stranger's encoder (marathi-distilbert, masked words) had a language model's 1.6e6 parameters.
            TermValues { task: TaskGroup::Labels, ..persons },
            TermValues { task: TaskGroup::Embedding, modality: Modality::Embedding, ..persons },
        ] {
            assert_eq!(other.value(Term::UnlistedPretrainingOfText), 0.0, "{other:?}");
        }
        let larger = TermValues { log10_active_params: 10.5, ..persons };
        assert_eq!([persons, larger, values].map(|of| of.value(Term::UnlistedSize)), [0.0, 1.5, 0.0]);
        assert_eq!([persons, values].map(|of| of.value(Term::UnlistedYears2022To2026)), [2.5, 0.0]);
        // 10^10.5 parameters are nobody's alone; 1e9 are a laboratory's where its name says so, 1e8 are not.
        let named = TermValues { is_named_like_a_laboratory: true, ..persons };
        let small = TermValues { log10_active_params: 8.0, ..named };
        assert_eq!([persons, larger, named, small, values].map(|of| of.value(Term::UnlistedPerson)), [1.0, 0.0, 0.0, 1.0, 0.0]);
        assert_eq!([persons, larger, named, values].map(|of| of.value(Term::UnlistedLaboratory)), [0.0, 1.0, 1.0, 0.0]);
        assert_eq!([persons, small, larger].map(|of| of.value(Term::PersonSize)), [0.0, -1.0, 0.0]);
        let in_year = |years_since_2022, term| TermValues { years_since_2022, ..values }.value(term);
        assert_eq!(in_year(-3.0, Term::YearsAfter2022), 0.0);
        assert_eq!([-3.0, 2.5, 4.6].map(|years| in_year(years, Term::Years2022To2026)), [0.0, 2.5, 4.0]);
    }
}
