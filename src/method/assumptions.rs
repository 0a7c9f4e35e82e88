//! Constants of method version 1 that are judgements rather than formulas, each with its reason. Spreads are standard deviations
//! of natural logarithms unless the name says dex (log10).

/// Natural log of ten: dex to natural log units.
pub const LN_10: f64 = std::f64::consts::LN_10;

/// Fine-tunes of another house's model reach a lower MFU than the published pre-training runs (docs/method.md, section 4: "smaller for fine-tunes on one
/// GPU"): small batches, no sharding work. No survey exists; half of the published centre is used, with the spread below.
pub const FINE_TUNE_MFU_FACTOR: f64 = 0.5;
/// Spread of the MFU of a fine-tune: a factor of two either way covers 90 %.
pub const FINE_TUNE_MFU_SD: f64 = 0.42;
/// Spread of a stated MFU: which FLOP the authors counted, and whether it is a mean over the run.
pub const MFU_STATED_SD: f64 = 0.05;
/// Part of the MFU's uncertainty that all rows share: the published runs are those whose authors had reason to publish.
pub const MFU_SHARED_SD: f64 = 0.10;
/// Utilization over all device hours of a training, over the one that is published, which most houses measured at full speed: hours hold restarts,
/// evaluations and slow weeks, too. Median of the 15 rows of mfu.csv whose training has compute and hours that were not got from each other
/// (0.66 to 1.31; data/reference/mfu.md).
pub const MFU_OVER_HOURS: f64 = 0.91;
/// MFU above this has not been published for training (Epoch AI lists none above 0.65).
pub const MFU_MAX: f64 = 0.75;
/// FLOP from which on the registry's runs show what trainings of the scale of a pre-training run on: eight H100 do 7e21 in a month at the
/// median utilization of published pre-trainings (8 x 989e12 FLOP/s x 0.33 x 2.63e6 s), so that beyond it no single machine is at work: none of
/// the 197 with a number of accelerators had eight or fewer.
pub const AT_SCALE_FLOP: f64 = 1e22;
/// Utilization over all stated device hours, of a training at that scale, below which they hold more than the training: half of the lowest of the registry's
/// pre-trainings of text of 1e5 device hours or more whose compute is counted without them (EXAONE 4.0 1.2B, 0.141; 26 runs, median 0.30).
/// Llama 3.2 1B and 3B, with 0.05 and 0.11, are none of these: their hours hold the teacher that they were distilled from, and emissions
/// confirm them.
pub const LEAST_MFU_OF_A_CLUSTER: f64 = 0.07;
/// Houses that all houses together count as where those of a country are few (data/reference/training_places.csv). A judgement.
pub const PLACE_SHRINKAGE_HOUSES: f64 = 2.0;
/// Trainings that the houses of a country together count as beside a house's own. With each row left out the log loss is 0.99, 0.99 and 1.02 at
/// a half, one and two (1.25 without a house's own rows, 1.87 with its country at 0.999).
pub const PLACE_PRIOR_TRAININGS: f64 = 1.0;
/// Places that are less likely than this are left out.
pub const LEAST_PLACE_SHARE: f64 = 0.01;
/// Accelerators of one machine: HGX and DGX boards of NVIDIA, and a TPU slice v3-8, have eight.
pub const DEVICES_OF_A_MACHINE: f64 = 8.0;
/// log10 of the FLOP at which the regression of several machines on compute is centred (`reference/chip_use.rs`): its origin moves no prediction.
pub const LOG_FLOP_OF_MACHINES: f64 = 21.0;
/// Years apart at which a training of a house tells half as much of another. Chosen with the two below, of half a year, one and two, half a dex,
/// one and no end, and 1, 2 and 3 trainings, by the error of the 139 trainings since 2024 whose house had released before: 0.410 dex (root
/// mean square) by the regression alone, 0.369 with the house's earlier releases (2026-11-30; the 27 choices lie between 0.367 and 0.415).
pub const HOUSE_HALF_LIFE_YEARS: f64 = 1.0;
/// The same in dex of active parameters: houses train their models of all sizes on the same tokens, and the regression does not.
pub const HOUSE_HALF_LIFE_DEX: f64 = 0.5;
/// Trainings of no deviation that are added to those of a house.
pub const HOUSE_SHRINKAGE_TRAININGS: f64 = 2.0;

/// Steps in which the probability of several machines is taken, so that runs share their draws: a twentieth moves the utilization of a
/// fine-tune by 3.5 %.
pub const STEPS_OF_SCALE: f64 = 20.0;

/// Part of the host power ratio that all rows share; the rest is the spread between the measured rows.
pub const POWER_SHARED_SD: f64 = 0.08;
/// Least spread of the host power ratio when fewer than three measurements stand behind it.
pub const POWER_OWN_SD: f64 = 0.15;

/// Spread of PUE where the operator publishes it: sites of one fleet differ by a few percent.
pub const PUE_OPERATOR_SD: f64 = 0.03;
/// Spread of PUE among the operators of a class: 1.1 to 1.2 covers the hyperscalers (docs/method.md, section 4).
pub const PUE_CLASS_SD: f64 = 0.06;
/// Spread of PUE - 1 sites around the survey average: 1.1 to 2.1 covers most of the Uptime respondents.
pub const PUE_SURVEY_SD: f64 = 0.12;
/// Part of the PUE's uncertainty that all rows share.
pub const PUE_SHARED_SD: f64 = 0.02;

/// Spread of a grid value when the state, province or cloud region of training is stated: contracts and hours within a year.
pub const GRID_STATED_REGION_SD: f64 = 0.10;
/// Spread of a grid value when the country of training is stated, or each of the countries where an owner may have trained: regions within a
/// country.
pub const GRID_STATED_COUNTRY_SD: f64 = 0.20;
/// Spread of each country of a mixture of those of published runs, which are where their makers are: regions, and training abroad.
pub const GRID_OWNER_COUNTRY_SD: f64 = 0.35;
/// Spread when no country is known and the world's average stands in.
pub const GRID_WORLD_SD: f64 = 0.55;
/// Part of the grid's uncertainty that all rows share: life-cycle factors of the table.
pub const GRID_SHARED_SD: f64 = 0.05;

/// Spread of a reported emission in natural log: software trackers are within some 20 % of meters.
pub const REPORTED_EMISSIONS_SD: f64 = 0.20;
/// Spread of a reported energy.
pub const REPORTED_ENERGY_SD: f64 = 0.10;
/// Spread of stated device hours: rounding, restarts, and what the chip draws on that workload. From the back-test: nine measured
/// energies differ from hours times power by 0.147 dex (0.34) in the root mean square, of which power and PUE explain 0.21. That root mean
/// square is itself known from nine errors alone, so that a tenth lies within Student's 1.833 of it nine times in ten, and not within a
/// normal's 1.645: the square root of (0.34 x 1.833 / 1.645)^2 - 0.21^2.
pub const STATED_HOURS_SD: f64 = 0.315;

/// Spread of compute counted from architecture and recipe: within a factor of 2 nine times in ten, log10(2) / 1.645 dex. The forward pass
/// is known to some percent; restarts, growing images, teachers and crops are not. Nine published estimates differ from it by 0.28 dex
/// (data/reference/recipes.md), which holds their own error of about 0.29.
pub const FLOP_COUNTED_SD_DEX: f64 = 0.18;
/// Spread of compute that Epoch AI rates "confident", read as within a factor of 3 nine times in ten: log10(3) / 1.645 dex.
pub const FLOP_CONFIDENT_SD_DEX: f64 = 0.29;
/// The same for "likely", read as within a factor of 10.
pub const FLOP_LIKELY_SD_DEX: f64 = 0.61;
/// The same for "speculative" and unrated figures, read as within a factor of 30.
pub const FLOP_SPECULATIVE_SD_DEX: f64 = 0.90;

/// Fewest and most training tokens per active parameter published for text pre-training (docs/method.md, section 5).
pub const TOKENS_PER_PARAM: (f64, f64) = (1.0, 20_000.0);

/// Most tokens believed of a pre-training that states none: twice the most that an open model of the registry has stated since Chinchilla
/// (Inkling, 4.5e13, July 2026; a data test compares). The largest models of 2026 would draw more, which nobody has shown.
pub const MOST_TOKENS: f64 = 9e13;

/// Most compute over 6 N believed of a model that hears or speaks: twice the most of the registry's pre-trainings with open weights (wav2vec 2.0
/// large, 2.0e12; a data test compares). Seconds of sound are some tens of positions each, and nobody has stated more than 1e7 hours.
pub const MOST_POSITIONS_OF_SOUND: f64 = 4.1e12;

/// First year of the token regression: what was trained before follows no law of scale (Kaplan et al. 2020 is its start).
pub const TOKENS_FIT_SINCE_YEAR: i32 = 2020;
/// A modification that takes a third of the original's compute counts as a new model (guidelines of the European Commission on
/// general-purpose AI models, July 2025; docs/method.md, section 8). What is called a fine-tune here stays below it.
pub const FINE_TUNE_MAX_SHARE_OF_PRETRAINING: f64 = 1.0 / 3.0;

/// Spread, in dex per dex, that a fine-tune's samples gain outside the sizes that the regression has seen. Measured on finetunes.csv: fitted
/// on rows up to 4e8 or 1e9 parameters, the rows above (0.7 dex further on average) miss by 1.14 and 1.12 dex in the root mean square,
/// where the rows inside miss by 0.90 and 0.92; the difference of squares is that of 0.82 and 0.86 dex per dex.
pub const BEYOND_SEEN_SD_PER_DEX: f64 = 0.85;

/// Spread of the steps that the name of an agent states: restarts, and what was trained before.
pub const STEPS_NAMED_SD_DEX: f64 = 0.2;
/// Spread of the steps of an environment that an agent does in a second: a laptop against a server, one environment against sixteen beside
/// each other. The times of issues in data/reference/agents.csv lie between 100 and 8,000 a second for small networks.
pub const STEPS_PER_SECOND_SD_DEX: f64 = 0.45;

/// Largest encoder or translator that was pre-trained in the open, rounded up: UL2 has 2e10 parameters, ESM-2 1.5e10, mT5-XXL 1.3e10, XLM-R XXL
/// 1.07e10. (NLLB, a mixture of 5.4e10, says its size.) A size that is drawn does not go beyond: one draw in a hundred at 1e12 parameters
/// made the mean of a stranger's BERT a thousand tonnes.
pub const LARGEST_ENCODER: f64 = 2e10;
/// The same where the name says small, base or large: those of mT5 (arXiv 2010.11934, table 2: 3e8, 5.8e8, 1.23e9), the largest encoders of these words,
/// rounded up.
pub const LARGEST_ENCODERS_BY_WORD: [f64; 3] = [3.1e8, 6e8, 1.3e9];

/// From this many parameters on, a model of this year or later is taken for a mixture of experts where nothing states its active
/// parameters: of the registry's open pre-trainings of text since 2025 with 7.5e10 parameters and more all but one are (Command A, 1.1e11);
/// a data test counts them.
pub const LEAST_LARGE_MIXTURE: f64 = 7.5e10;
/// Above this, a model is taken for a mixture whatever its date: the largest dense open model of the registry is Llama 3.1 405B, and all
/// eleven above 4.1e11 are mixtures.
pub const LARGEST_DENSE: f64 = 4.1e11;
/// The largest dense model that was published, open or not: PaLM, 5.4e11 (Chowdhery et al. 2022, arXiv 2204.02311).
pub const LARGEST_DENSE_PUBLISHED: f64 = 5.4e11;
/// See [`LEAST_LARGE_MIXTURE`]; in 2024 seven of fifteen were dense.
pub const MIXTURES_SINCE_YEAR: i32 = 2025;

/// Most compute published for an open model of text, rounded up; a data test compares it with the registry. A log-normal has no end,
/// but computers do: without it one draw in a thousand of a repository of unknown size outweighs the Hub.
pub const MOST_FLOP_TEXT: f64 = 1e26;
/// Most compute published for an open model of images, video, sound or biology (Step-Video-T2V, 4.1e24), rounded up; a data test
/// compares it with the registry.
pub const MOST_FLOP_BEYOND_TEXT: f64 = 5e24;
/// Years since 2022 over which the registry's runs lie, and one more: no trend is carried beyond.
pub const TREND_YEARS: (f64, f64) = (-10.0, 5.5);
/// Training date of a run of which nothing tells the date, as year and as years since 2022: the middle of the frozen index.
pub const ASSUMED_YEAR: (i32, f64) = (2024, 2.5);

/// ATCI of published runs lies between these (docs/method.md, section 1); outside, a row is flagged.
pub const ATCI_BAND_GCO2E_PER_PFLOP: (f64, f64) = (0.03, 5.0);

/// Share of a programme's compute that its final runs took: Olmo 3 puts experiments and failed runs at 82 % (docs/method.md, section 1). Used
/// for a scenario outside the headline only.
pub const PROGRAMME_SHARE_OF_FINAL_RUNS: f64 = 0.18;
/// Factor either way within which the water per kWh is taken to lie nine times in ten. Averages of one country differ by it: 3.14 L/kWh
/// (World Resources Institute 2020) against 7.6 (LBNL 2016) off site for the United States, by how much of a reservoir's evaporation is
/// counted. Used outside the headline only.
pub const WATER_SPREAD_FACTOR: f64 = 2.5;
/// Compute in FLOP from which a model is presumed of general purpose (guidelines of the European Commission, July 2025), and from which
/// of systemic risk (Regulation (EU) 2024/1689, Article 51).
pub const EU_AI_ACT_FLOP: [f64; 2] = [1e23, 1e25];
/// Estimates this close to a threshold do not decide (the same guidelines accept an error of 30 %).
pub const EU_AI_ACT_BAND: f64 = 0.3;
