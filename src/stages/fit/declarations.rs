//! The regressions as data: response, rows, terms, and the models that were tried and lost.

use crate::stages::run_model::{
    CATEGORY_FIT, COMPUTE_FIT, EMISSIONS_FIT, ENERGY_FIT, FINE_TUNE_EMISSIONS_FIT, FINE_TUNE_FIT, SIZE_TERM, TOKENS_FIT,
};

/// A categorical term: column and baseline.
pub(super) type Category = (&'static str, &'static str);

/// A regression.
pub(super) struct Declaration {
    pub(super) id: &'static str,
    /// What is explained, with its unit.
    pub(super) response: &'static str,
    /// Which rows it is fitted on.
    pub(super) fitted_on: &'static str,
    /// Numeric terms beside the intercept.
    pub(super) terms: &'static [&'static str],
    pub(super) categories: &'static [Category],
    /// Term whose slope must be significant; none for a table of category means.
    pub(super) required: Option<&'static str>,
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
    pub(super) terms: &'static [&'static str],
    pub(super) categories: &'static [Category],
    pub(super) reason: &'static str,
}

const fn lost(name: &'static str, terms: &'static [&'static str], categories: &'static [Category], reason: &'static str) -> Lost {
    Lost { name, terms, categories, reason }
}

/// log10 C of the runs that energy and emissions follow.
const FLOP_TERM: &str = "log10_train_flop";
const YEARS: &str = "years_since_2022";
const GROWTH: &str = "years_after_2022";
const MODALITY: Category = ("modality", "text");

/// In the order they are fitted: the fine-tunes need the token regression.
pub(super) const DECLARATIONS: &[Declaration] = &[
    Declaration {
        id: TOKENS_FIT,
        response: "log10(train_tokens)",
        fitted_on: "registry pre-trainings of text and multimodal models since 2020 with open weights and stated tokens, save speculative \
                    ones and those whose 6 N D misses their counted compute fivefold",
        terms: &[SIZE_TERM, GROWTH, "academia"],
        categories: &[],
        required: Some(SIZE_TERM),
        kept: ("size, date from 2022, academia", "least error of the models whose every term has a sign that a reader expects"),
        lost: &[
            lost("mean", &[], &[], "what is known without any term"),
            lost("size", &[SIZE_TERM], &[], "the data sets grew a hundredfold in four years"),
            lost(
                "size, date, academia",
                &[SIZE_TERM, YEARS, "academia"],
                &[],
                "a trend carried back before Chinchilla misses encoders fivefold",
            ),
            lost("size, date from 2022", &[SIZE_TERM, GROWTH], &[], "universities train prototypes on a tenth of the tokens"),
            lost(
                "total size, date from 2022, academia",
                &["log10_total_params", GROWTH, "academia"],
                &[],
                "tokens follow active parameters better",
            ),
            lost(
                "size, date from 2022, academia, modality",
                &[SIZE_TERM, GROWTH, "academia"],
                &[MODALITY],
                "multimodal models share the text law",
            ),
            lost(
                "size, date from 2022, academia, size squared",
                &[SIZE_TERM, GROWTH, "academia", "size_squared"],
                &[],
                "gains less than a hundredth of a dex",
            ),
            lost(
                "size, date from 2022, academia, size x date",
                &[SIZE_TERM, GROWTH, "academia", "size_x_years"],
                &[],
                "no gain, and it extrapolates wildly",
            ),
            lost(
                "size, date from 2022, academia, bend of mid-2023",
                &[SIZE_TERM, GROWTH, "academia", "years_after_mid_2023"],
                &[],
                "less error below a billion parameters, more above ten billion, where the total is, and more bias",
            ),
        ],
        family_effects: Some("a family's other releases say little more than its owner's class and the date"),
    },
    Declaration {
        id: COMPUTE_FIT,
        response: "log10(train_flop)",
        fitted_on: "registry pre-trainings with open weights and compute not derived from 6 N D",
        terms: &[SIZE_TERM, YEARS, "academia"],
        categories: &[],
        required: Some(SIZE_TERM),
        kept: (
            "size, date, academia",
            "vision, sound, video, biology and images share it: indicators for them raise the held-out error",
        ),
        lost: &[
            lost("mean", &[], &[], "what is known without any term"),
            lost("size", &[SIZE_TERM], &[], "compute grew with the years at every size"),
            lost("size, date", &[SIZE_TERM, YEARS], &[], "universities train with less"),
            lost("size, date, modality", &[SIZE_TERM, YEARS], &[MODALITY], "six more coefficients on some dozen rows each"),
            lost(
                "size, date, academia, modality",
                &[SIZE_TERM, YEARS, "academia"],
                &[MODALITY],
                "six more coefficients on some dozen rows each",
            ),
            lost(
                "size, date, academia, not text",
                &[SIZE_TERM, YEARS, "academia", "not_text"],
                &[],
                "what is not text takes no more at its size",
            ),
            lost(
                "size, date, academia, size x date",
                &[SIZE_TERM, YEARS, "academia", "size_x_years"],
                &[],
                "wins by the text rows, for which the token regression is used, and extrapolates wildly",
            ),
            lost("size, date, academia, size squared", &[SIZE_TERM, YEARS, "academia", "size_squared"], &[], "raises the error"),
        ],
        family_effects: Some("few families have two rows"),
    },
    Declaration {
        id: FINE_TUNE_FIT,
        response: "log10(train_flop)",
        fitted_on: "registry fine-tunes and post-trainings below a third of the tokens the token regression gives their size and date, and \
                    AutoTrain repositories with tracked emissions, whose compute the physical chain implies; adapters are given 4/6 of it",
        terms: &[SIZE_TERM, "academia", "unlisted_owner"],
        categories: &[],
        required: Some(SIZE_TERM),
        kept: ("size, class of owner", "what a person spends on a fine-tune is four orders below what a published one takes"),
        lost: &[
            lost("mean", &[], &[], "what is known without any term"),
            lost("size", &[SIZE_TERM], &[], "persons and companies in one line"),
            lost("size, date", &[SIZE_TERM, YEARS], &[], "persons and companies in one line"),
            lost(
                "size, date, class of owner",
                &[SIZE_TERM, YEARS, "academia", "unlisted_owner"],
                &[],
                "gains a hundredth of a dex; its slope is the history of one service, whose machines changed from 2021 to 2023",
            ),
            lost(
                "size, class of owner, not text",
                &[SIZE_TERM, "academia", "unlisted_owner", "not_text"],
                &[],
                "images take no more than texts at their size",
            ),
        ],
        family_effects: None,
    },
    Declaration {
        id: FINE_TUNE_EMISSIONS_FIT,
        response: "log10(emissions_kgco2e)",
        fitted_on: "AutoTrain repositories with tracked emissions (reported_finetunes.csv)",
        terms: &[SIZE_TERM, YEARS],
        categories: &[MODALITY],
        required: Some(SIZE_TERM),
        kept: ("size, date, modality", "METHOD.md section 5; estimates use its rows by way of finetune_compute_from_params"),
        lost: &[
            lost("mean", &[], &[], "what is known without any term"),
            lost("size", &[SIZE_TERM], &[], "the service changed its machines over the years"),
            lost("size, date", &[SIZE_TERM, YEARS], &[], "images differ from texts"),
        ],
        family_effects: None,
    },
    Declaration {
        id: ENERGY_FIT,
        response: "log10(energy_kwh)",
        fitted_on: "registry runs with stated energy, or with stated device hours and chip, and compute that is not counted from those hours",
        terms: &[FLOP_TERM, YEARS],
        categories: &[],
        required: Some(FLOP_TERM),
        kept: ("compute, date", "METHOD.md section 5; a check of the physical chain, which estimates use instead"),
        lost: &[lost("compute", &[FLOP_TERM], &[], "chips became more efficient")],
        family_effects: None,
    },
    Declaration {
        id: EMISSIONS_FIT,
        response: "log10(emissions_kgco2e)",
        fitted_on: "registry runs with stated location-based emissions, or with stated energy or hours and a country, and compute that is not \
                    counted from those hours",
        terms: &[FLOP_TERM, YEARS],
        categories: &[],
        required: Some(FLOP_TERM),
        kept: (
            "compute, date",
            "METHOD.md section 5: the trend of ATCI; a check of the physical chain, which estimates use instead",
        ),
        lost: &[lost("compute", &[FLOP_TERM], &[], "chips became more efficient, and moved to other grids")],
        family_effects: None,
    },
    Declaration {
        id: CATEGORY_FIT,
        response: "log10(active_params)",
        fitted_on: "runs of the index with known parameters, evenly by id, at most 5,000, and the registry's runs with open weights",
        terms: &["academia", "unlisted_owner"],
        categories: &[("kind", "pretraining"), MODALITY],
        required: None,
        kept: ("kind, modality, class of owner", "every category that has rows speaks for itself"),
        lost: &[
            lost("mean", &[], &[], "what is known without any term"),
            lost("kind", &[], &[("kind", "pretraining")], "encoders of images are small"),
            lost("kind, modality", &[], &[("kind", "pretraining"), MODALITY], "companies train larger models"),
        ],
        family_effects: None,
    },
];
