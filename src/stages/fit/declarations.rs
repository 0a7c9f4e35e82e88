//! The regressions as data: response, rows, terms, and the models that were tried and not kept.

use crate::domain::{RegressionId, RunKind, Term};

/// A categorical term, whose baseline has no indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    /// Modality; text is the baseline.
    Modality,
    /// Kind of run; pre-training is the baseline.
    Kind,
    /// Word of size in the name; none is the baseline.
    SizeWord,
    /// Group of the task; labels on texts are the baseline.
    Task,
    /// Universities' models beyond text, where there are rows of their language models to tell them from.
    UniversitiesBeyondText,
    /// Persons' pre-trainings of text, where there are rows of companies' to tell them from.
    PersonsPretrainingsOfText,
}

/// What a model that lost explains, in terms of what the kept one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Explained {
    /// The same.
    Same,
    /// Tokens, where the kept one explains samples.
    Tokens,
    /// Compute, where the kept one explains samples.
    Compute,
}

/// A regression.
pub(super) struct Declaration {
    pub(super) id: RegressionId,
    /// What is explained, with its unit.
    pub(super) response: &'static str,
    /// Which rows it is fitted on.
    pub(super) fitted_on: &'static str,
    /// Numeric terms beside the intercept.
    pub(super) terms: &'static [Term],
    pub(super) categories: &'static [Category],
    /// Term whose slope must be significant; none for a table of category means.
    pub(super) required: Option<Term>,
    /// Name of the model kept, and why.
    pub(super) kept: (&'static str, &'static str),
    /// Models that lost: name, terms, categories, why.
    pub(super) lost: &'static [Lost],
    /// Whether effects of families, shrunk, are tried beside the kept terms.
    pub(super) family_effects: Option<&'static str>,
}

/// A model that lost.
pub(super) struct Lost {
    pub(super) name: &'static str,
    pub(super) terms: &'static [Term],
    pub(super) categories: &'static [Category],
    pub(super) reason: &'static str,
    pub(super) of: Explained,
}

const FINE_TUNE_TERMS: &[Term] = &[Term::Size, Term::Academia, Term::UnlistedOwner, Term::IsKind(RunKind::Adapter)];

const fn lost(name: &'static str, terms: &'static [Term], categories: &'static [Category], reason: &'static str) -> Lost {
    Lost { name, terms, categories, reason, of: Explained::Same }
}

/// In the order they are fitted: the fine-tunes need the token regression.
pub(super) const DECLARATIONS: &[Declaration] = &[
    Declaration {
        id: RegressionId::TokensFromParams,
        response: "log10(train_tokens)",
        fitted_on: "registry pre-trainings of text and multimodal models since 2020 with open weights and stated tokens, save speculative \
                    ones and those whose 6 N D misses their counted compute fivefold, and pre-trainings of small houses by their cards",
        terms: &[
            Term::Size,
            Term::Years2022To2026,
            Term::Academia,
            Term::UnlistedPerson,
            Term::PersonYears2022To2026,
            Term::PersonSize,
            Term::UnlistedLaboratory,
        ],
        categories: &[],
        required: Some(Term::Size),
        kept: (
            "size, date from 2022 to 2025, class of owner, size and date of persons, unlisted laboratories",
            "least error of the models whose every term has a sign that a reader expects",
        ),
        lost: &[
            lost(
                "size, date from 2022 to 2025, class of owner, size and date of unlisted owners",
                &[
                    Term::Size,
                    Term::Years2022To2026,
                    Term::Academia,
                    Term::UnlistedOwner,
                    Term::UnlistedYears2022To2026,
                    Term::UnlistedSize,
                ],
                &[],
                "laboratories that nobody lists would train as persons do",
            ),
            lost("mean", &[], &[], "what is known without any term"),
            lost("size", &[Term::Size], &[], "the data sets grew a hundredfold in four years"),
            lost(
                "size, date from 2022 to 2025, class of owner",
                &[Term::Size, Term::Years2022To2026, Term::Academia, Term::UnlistedOwner],
                &[],
                "persons' data sets have not grown with companies': of 27 models since 2023 it gives a hundredfold of what the cards state",
            ),
            lost(
                "size, date from 2022 to 2025, class of owner, date of unlisted owners",
                &[Term::Size, Term::Years2022To2026, Term::Academia, Term::UnlistedOwner, Term::UnlistedYears2022To2026],
                &[],
                "a person's small model would see the tokens of a large one",
            ),
            lost(
                "size, date from 2022, class of owner",
                &[Term::Size, Term::YearsAfter2022, Term::Academia, Term::UnlistedOwner],
                &[],
                "the data sets of 2026 are no larger than those of 2025, and it would go on to twice what anybody has stated",
            ),
            lost(
                "size, date, academia",
                &[Term::Size, Term::Years, Term::Academia],
                &[],
                "a trend carried back before Chinchilla misses encoders fivefold",
            ),
            lost(
                "size, date from 2022",
                &[Term::Size, Term::YearsAfter2022],
                &[],
                "universities train prototypes on a tenth of the tokens",
            ),
            lost(
                "size, date from 2022, academia",
                &[Term::Size, Term::YearsAfter2022, Term::Academia],
                &[],
                "persons and small houses train on less than companies at the same size",
            ),
            lost(
                "size, date from 2022, class of owner, date of unlisted owners",
                &[Term::Size, Term::YearsAfter2022, Term::Academia, Term::UnlistedOwner, Term::UnlistedYearsAfter2022],
                &[],
                "the data sets of 2026 are no larger than those of 2025, and a person's small model would see the tokens of a large one",
            ),
            lost(
                "total size, date from 2022, academia",
                &[Term::TotalSize, Term::YearsAfter2022, Term::Academia],
                &[],
                "tokens follow active parameters better",
            ),
            lost(
                "size, date from 2022, academia, modality",
                &[Term::Size, Term::YearsAfter2022, Term::Academia],
                &[Category::Modality],
                "multimodal models share the text law",
            ),
            lost(
                "size, date from 2022, academia, size squared",
                &[Term::Size, Term::YearsAfter2022, Term::Academia, Term::SizeSquared],
                &[],
                "gains less than a hundredth of a dex",
            ),
            lost(
                "size, date from 2022, academia, size x date",
                &[Term::Size, Term::YearsAfter2022, Term::Academia, Term::SizeTimesYears],
                &[],
                "no gain, and it extrapolates wildly",
            ),
            lost(
                "size, date from 2022, academia, bend of mid-2023",
                &[Term::Size, Term::YearsAfter2022, Term::Academia, Term::YearsAfterMid2023],
                &[],
                "less error below a billion parameters, more above ten billion, where the total is, and more bias",
            ),
        ],
        family_effects: Some("a family's other releases say little more than its owner's class and the date"),
    },
    Declaration {
        id: RegressionId::ComputeFromParams,
        response: "log10(train_flop)",
        fitted_on: "registry pre-trainings with open weights and compute not derived from 6 N D, and pre-trainings of small houses by their \
                    cards",
        terms: &[Term::Size, Term::Years, Term::Academia, Term::UnlistedOwner],
        categories: &[],
        required: Some(Term::Size),
        kept: (
            "size, date, class of owner",
            "vision, sound, video, biology and images share it: indicators for them raise the held-out error",
        ),
        lost: &[
            lost("mean", &[], &[], "what is known without any term"),
            lost("size", &[Term::Size], &[], "compute grew with the years at every size"),
            lost("size, date", &[Term::Size, Term::Years], &[], "universities train with less"),
            lost(
                "size, date, academia",
                &[Term::Size, Term::Years, Term::Academia],
                &[],
                "persons and small houses train with less than companies at the same size",
            ),
            lost(
                "size, date, modality",
                &[Term::Size, Term::Years],
                &[Category::Modality],
                "six more coefficients on some dozen rows each",
            ),
            lost(
                "size, date, academia, modality",
                &[Term::Size, Term::Years, Term::Academia],
                &[Category::Modality],
                "six more coefficients on some dozen rows each",
            ),
            lost(
                "size, date, academia, not text",
                &[Term::Size, Term::Years, Term::Academia, Term::NotText],
                &[],
                "what is not text takes no more at its size",
            ),
            lost(
                "size, date, academia, size x date",
                &[Term::Size, Term::Years, Term::Academia, Term::SizeTimesYears],
                &[],
                "wins by the text rows, for which the token regression is used, and extrapolates wildly",
            ),
            lost(
                "size, date, academia, size squared",
                &[Term::Size, Term::Years, Term::Academia, Term::SizeSquared],
                &[],
                "raises the error",
            ),
        ],
        family_effects: Some("few families have two rows"),
    },
    Declaration {
        id: RegressionId::ComputeFromForwardFlop,
        response: "log10(train_flop)",
        fitted_on: "recipes of recipes.csv that start from random weights, of images and pairs, one row each: geometric means over the \
                    architectures that the tables know for it; owners are the papers and repositories they are from",
        terms: &[Term::ForwardFlop],
        categories: &[],
        required: Some(Term::ForwardFlop),
        kept: (
            "FLOP of a forward pass",
            "least median error at sources that it has not seen; a name gives it at the resolution of training",
        ),
        lost: &[
            lost("mean", &[], &[], "what is known without any term"),
            lost("size", &[Term::Size], &[], "as good on average, worse in the middle, and blind to resolution"),
            lost(
                "FLOP of a forward pass, date",
                &[Term::ForwardFlop, Term::Years],
                &[],
                "the date is that of the paper, and raises the error",
            ),
            lost("FLOP of a forward pass, size", &[Term::ForwardFlop, Term::Size], &[], "gains two thousandths of a dex"),
        ],
        family_effects: None,
    },
    Declaration {
        id: RegressionId::FinetuneSamplesFromParams,
        response: "log10(train_samples)",
        fitted_on: "fine-tunes whose cards state the samples they saw (finetunes.csv), at most five of an owner, and registry fine-tunes and \
                    post-trainings below a third of the tokens the token regression gives their size and date, whose samples are their \
                    compute over 6 N and the usual length of a sample (sample_lengths.csv)",
        terms: FINE_TUNE_TERMS,
        categories: &[Category::Task],
        required: Some(Term::Size),
        kept: (
            "size, class of owner, adapter, task",
            "least error but for terms that gain a hundredth of a dex; adapters are few, and kept apart because the range of sizes seen is theirs",
        ),
        lost: &[
            lost("mean", &[], &[], "what is known without any term"),
            lost("size", &[Term::Size], &[], "persons and companies in one line"),
            lost(
                "size, class of owner",
                &[Term::Size, Term::Academia, Term::UnlistedOwner],
                &[],
                "trainings on sound see three times the samples of those on text",
            ),
            lost(
                "size, class of owner, task",
                &[Term::Size, Term::Academia, Term::UnlistedOwner],
                &[Category::Task],
                "the same error; adapters would be taken for full fine-tunes",
            ),
            lost(
                "size, class of owner, adapter, task, date",
                &[Term::Size, Term::Academia, Term::UnlistedOwner, Term::IsKind(RunKind::Adapter), Term::Years],
                &[Category::Task],
                "no gain, and most rows are of two years",
            ),
            lost(
                "size, class of owner, adapter, task, size squared",
                &[Term::Size, Term::Academia, Term::UnlistedOwner, Term::IsKind(RunKind::Adapter), Term::SizeSquared],
                &[Category::Task],
                "gains less than a hundredth of a dex, and carries a bend on",
            ),
            Lost {
                of: Explained::Tokens,
                ..lost(
                    "tokens by size, class of owner, adapter, task",
                    FINE_TUNE_TERMS,
                    &[Category::Task],
                    "samples times length has the error of the length too",
                )
            },
            Lost {
                of: Explained::Compute,
                ..lost(
                    "compute by size, class of owner, adapter, task",
                    FINE_TUNE_TERMS,
                    &[Category::Task],
                    "the same as tokens, because the size is a term",
                )
            },
        ],
        family_effects: None,
    },
    Declaration {
        id: RegressionId::FinetuneFromSize,
        response: "log10(emissions_kgco2e)",
        fitted_on: "AutoTrain repositories with tracked emissions (reported_finetunes.csv)",
        terms: &[Term::Size, Term::Years],
        categories: &[Category::Modality],
        required: Some(Term::Size),
        kept: ("size, date, modality", "docs/method.md, section 5; a check of the estimates of fine-tunes, which do not use it"),
        lost: &[
            lost("mean", &[], &[], "what is known without any term"),
            lost("size", &[Term::Size], &[], "the service changed its machines over the years"),
            lost("size, date", &[Term::Size, Term::Years], &[], "images differ from texts"),
        ],
        family_effects: None,
    },
    Declaration {
        id: RegressionId::EnergyFromCompute,
        response: "log10(energy_kwh)",
        fitted_on: "registry runs with stated energy, or with stated device hours and chip, and compute that is not counted from those hours",
        terms: &[Term::Compute, Term::Years],
        categories: &[],
        required: Some(Term::Compute),
        kept: ("compute, date", "docs/method.md, section 5; a check of the physical chain, which estimates use instead"),
        lost: &[lost("compute", &[Term::Compute], &[], "chips became more efficient")],
        family_effects: None,
    },
    Declaration {
        id: RegressionId::EmissionsFromCompute,
        response: "log10(emissions_kgco2e)",
        fitted_on: "registry runs with stated location-based emissions, or with stated energy or hours and a country, and compute that is not \
                    counted from those hours",
        terms: &[Term::Compute, Term::Years],
        categories: &[],
        required: Some(Term::Compute),
        kept: (
            "compute, date",
            "docs/method.md, section 5: the trend of ATCI; a check of the physical chain, which estimates use instead",
        ),
        lost: &[lost("compute", &[Term::Compute], &[], "chips became more efficient, and moved to other grids")],
        family_effects: None,
    },
    Declaration {
        id: RegressionId::ParamsFromCategory,
        response: "log10(active_params)",
        fitted_on: "runs of the index with known parameters, evenly by id, at most 5,000, dated repositories with known sizes drawn by \
                    lot from another index (role_labels.csv), and open pre-trainings beyond text of the registry; those whose names \
                    state no size, at most five of an owner",
        terms: &[Term::Years, Term::Academia, Term::UnlistedOwner],
        categories: &[
            Category::Kind,
            Category::Modality,
            Category::SizeWord,
            Category::UniversitiesBeyondText,
            Category::PersonsPretrainingsOfText,
        ],
        required: None,
        kept: (
            "kind, modality, class of owner, universities beyond text, persons' pre-trainings of text, word of size, date",
            "every category that has rows speaks for itself, and models grew with the years",
        ),
        lost: &[
            lost("mean", &[], &[], "what is known without any term"),
            lost("kind", &[], &[Category::Kind], "encoders of images are small"),
            lost("kind, modality", &[], &[Category::Kind, Category::Modality], "companies train larger models"),
            lost(
                "kind, modality, class of owner",
                &[Term::Academia, Term::UnlistedOwner],
                &[Category::Kind, Category::Modality],
                "a name that says tiny or large means it",
            ),
            lost(
                "kind, modality, class of owner, word of size",
                &[Term::Academia, Term::UnlistedOwner],
                &[Category::Kind, Category::Modality, Category::SizeWord],
                "puts universities' models of molecules, images and sound half a dex to one dex too high",
            ),
            lost(
                "kind, modality, class of owner, universities beyond text, word of size",
                &[Term::Academia, Term::UnlistedOwner],
                &[Category::Kind, Category::Modality, Category::SizeWord, Category::UniversitiesBeyondText],
                "takes the models of 2020 and of 2026 for one population",
            ),
            lost(
                "kind, modality, class of owner, universities beyond text, word of size, date",
                &[Term::Years, Term::Academia, Term::UnlistedOwner],
                &[Category::Kind, Category::Modality, Category::SizeWord, Category::UniversitiesBeyondText],
                "puts language models that persons train from random weights a dex too high where an index shows many",
            ),
        ],
        family_effects: None,
    },
];
