//! A training that is in no index, from what is stated on the command line: a [`Run`] as the stage `tier` makes them from evidence.

use super::possible::refuse_what_cannot_be;
use super::quantities::{hours, kwh, large_count, positive, share, text_size};
use super::remarks::remarks;
use clap::Args;
use hugging_carbon::domain::run::{Hardware, Known, Owner, Site};
use hugging_carbon::domain::{ClosedSet, Modality, Rating, Run, RunKind, Tier};
use hugging_carbon::error::{Error, Result};
use hugging_carbon::evidence::hardware::{Context, read_hardware};
use hugging_carbon::evidence::place::{PlaceTables, read_place};
use hugging_carbon::reference::Reference;
use hugging_carbon::stages::tier::reached_tiers;
use hugging_carbon::units::Day;

/// Name of the run: the draws are keyed by it, so that the same flags give the same figures.
const NAME: &str = "stated/training";

/// What is stated of a training.
#[derive(Debug, Args)]
#[command(next_help_heading = "A training that is in no index")]
pub struct Stated {
    /// Parameters, e.g. 7e9, 7B or '7 billion'
    #[arg(long, value_name = "N", value_parser = large_count, allow_negative_numbers = true, conflicts_with_all = ["model_id", "record"])]
    params: Option<f64>,
    /// Parameters used per token, of a mixture of experts [default: all]
    #[arg(long, value_name = "N", value_parser = large_count, allow_negative_numbers = true, requires = "params")]
    active_params: Option<f64>,
    /// Tokens seen, each pass over the data counted, e.g. 2e12 or 2T
    #[arg(long, value_name = "N", value_parser = text_size, allow_negative_numbers = true, requires = "params")]
    tokens: Option<f64>,
    /// Training compute in FLOP
    #[arg(long, value_name = "FLOP", value_parser = positive, allow_negative_numbers = true, conflicts_with_all = ["model_id", "record"])]
    flop: Option<f64>,
    /// Accelerator, e.g. 'A100 80GB SXM'
    #[arg(long, value_name = "NAME", conflicts_with_all = ["model_id", "record"])]
    pub accelerator: Option<String>,
    /// Device hours: devices times hours
    #[arg(long, value_name = "HOURS", value_parser = hours, allow_negative_numbers = true, requires = "accelerator", conflicts_with_all = ["model_id", "record"])]
    pub hours: Option<f64>,
    /// Electricity of the facility in kWh
    #[arg(long, value_name = "KWH", value_parser = kwh, allow_negative_numbers = true, conflicts_with_all = ["model_id", "record"])]
    kwh: Option<f64>,
    /// Model FLOP utilization, e.g. 0.4 or 40%
    #[arg(long, value_name = "SHARE", value_parser = share, conflicts_with_all = ["model_id", "record"])]
    mfu: Option<f64>,
    /// Year of training; the middle of it is taken
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i16).range(2012..=2040), conflicts_with_all = ["model_id", "record"])]
    pub year: Option<i16>,
    /// Place of training: a country by its name or ISO 3166 code (Germany, DE, DEU), a state (Delaware, US-DE), or a cloud region
    #[arg(long, visible_alias = "place", value_name = "PLACE", conflicts_with_all = ["model_id", "record"])]
    pub country: Option<String>,
    /// Hub namespace of who trains: decides class, country and data centres where nothing else does
    #[arg(long, value_name = "NAME", conflicts_with_all = ["model_id", "record"])]
    owner: Option<String>,
    /// Kind of training: pretraining, continued, post_training, fine_tuning or adapter
    #[arg(long, value_name = "KIND", default_value = "pretraining", value_parser = word::<RunKind>, conflicts_with_all = ["model_id", "record"])]
    kind: RunKind,
    /// What the model takes in and gives out: text, embedding, vision, image_generation, audio, video, multimodal, biology or other
    #[arg(long, value_name = "MODALITY", default_value = "text", value_parser = word::<Modality>, conflicts_with_all = ["model_id", "record"])]
    modality: Modality,
}

/// Key of a place, with the country's name where it is one.
fn place_name(place: &str, reference: &Reference) -> String {
    let name = reference.grid.names().find(|(_, code)| *code == place).map(|(name, _)| format!(" ({name})"));
    format!("{place}{}", name.unwrap_or_default())
}

/// A run with what was stated of it, in words.
pub struct StatedRun {
    pub run: Run,
    pub words: Vec<String>,
}

fn word<S: ClosedSet>(text: &str) -> std::result::Result<S, String> {
    let words: Vec<&str> = S::ALL.iter().map(|member| member.word()).collect();
    // People write fine-tuning, too.
    S::of_word(&text.replace('-', "_")).ok_or_else(|| format!("one of {} is wanted", words.join(", ")))
}

impl Stated {
    /// Says what is missing where flags are given and none that a training is estimated by.
    ///
    /// # Errors
    /// That is so.
    pub fn refuse_nothing_to_go_by(&self) -> Result<()> {
        if self.params.or(self.flop).or(self.hours).or(self.kwh).is_some() {
            return Ok(());
        }
        let given = [
            (self.accelerator.is_some(), "--accelerator"),
            (self.mfu.is_some(), "--mfu"),
            (self.year.is_some(), "--year"),
            (self.country.is_some(), "--country"),
            (self.owner.is_some(), "--owner"),
        ];
        let given: Vec<&str> = given.into_iter().filter(|(is_given, _)| *is_given).map(|(_, flag)| flag).collect();
        let remedy = "give the size (--params), or the compute (--flop), or --accelerator and --hours, or the electricity (--kwh); \
                      or MODEL_ID, for a model of the index";
        let place = if given.is_empty() { "command line".to_owned() } else { given.join(", ") };
        Err(Error::usage("nothing tells how large the training was", place, remedy))
    }

    /// The run, with every text read as evidence is read.
    ///
    /// # Errors
    /// A place or an accelerator is not known, more parameters are used than there are, or the figures cannot be those of one training.
    pub fn run(&self, reference: &Reference) -> Result<StatedRun> {
        if let (Some(all), Some(active)) = (self.params, self.active_params)
            && active > all
        {
            let what = "more parameters used per token than there are";
            return Err(Error::usage(what, "--active-params", "give all parameters with --params, those used per token here"));
        }
        let owner = self.owner.as_deref();
        let mut run = Run {
            owner: Owner {
                name: self.owner.clone(),
                class: reference.owners.class(owner),
                country: owner.and_then(|owner| reference.owners.country(owner)).map(|(country, _)| country.to_owned()),
            },
            trained_on: self.year.and_then(|year| Day::from_ymd(year, 7, 1)),
            known: Known {
                total_params: self.params,
                active_params: self.active_params.or(self.params),
                train_tokens: self.tokens,
                train_flop: self.flop,
                // Who knows his own training states it as makers do whose figure a registry rates as confident.
                train_flop_confidence: self.flop.map(|_| Rating::Confident.confidence()),
                energy_kwh: self.kwh,
                mfu: self.mfu,
                ..Known::default()
            },
            place: self.site(reference)?,
            hardware: Hardware { accelerators: self.accelerators(reference)?, accelerator_hours: self.hours },
            ..Run::new(NAME, self.kind, self.modality)
        };
        refuse_what_cannot_be(&run, reference)?;
        run.tiers = reached_tiers(&mut run);
        Ok(StatedRun { words: self.words(&run, reference), run })
    }

    fn site(&self, reference: &Reference) -> Result<Site> {
        let Some(text) = &self.country else { return Ok(Site::default()) };
        let Reference { places, regions, operators, .. } = reference;
        // What names a country is one, also where the same letters are a state's: DE is Germany, and Delaware is US-DE.
        let key = text.trim().to_uppercase();
        let of_grid = || regions.key(&key);
        if let Some(place) = places.country(text).or_else(of_grid) {
            return Ok(Site { grid_place: Some(place.to_owned()), ..Site::default() });
        }
        let place = read_place(PlaceTables { places, regions, operators }, text, Context::Field);
        match place.settled().map(str::to_owned) {
            Some(settled) => Ok(Site { grid_place: Some(settled), operator: place.operator, cloud_region: place.cloud_region }),
            None => {
                let remedy = "give a country by its name or code (France, FR, FRA), a state (Oregon, US-OR), or a cloud region such as europe-west1";
                Err(Error::usage(format!("no place '{text}' is known, or it can be several"), "--country", remedy))
            }
        }
    }

    fn accelerators(&self, reference: &Reference) -> Result<Vec<String>> {
        let Some(text) = &self.accelerator else { return Ok(Vec::new()) };
        let names = read_hardware(&reference.accelerators, text, Context::Field).names();
        if names.is_empty() {
            let remedy = "take a name of the column accelerator of data/reference/accelerators.csv, such as 'A100 SXM4 80GB'";
            return Err(Error::usage(format!("no accelerator '{text}' is known"), "--accelerator", remedy));
        }
        Ok(names)
    }

    fn words(&self, run: &Run, reference: &Reference) -> Vec<String> {
        let text = crate::cli::text::number;
        let figure = |value: Option<f64>, what: &str| value.map(|value| format!("{} {what}", text(value)));
        let mut words = vec![format!("{} of {}", run.kind.map(RunKind::word).unwrap_or_default(), self.modality.word())];
        words.extend(
            [
                figure(self.params, "parameters"),
                figure(self.active_params, "parameters used per token"),
                figure(self.tokens, "tokens"),
                figure(self.flop, "FLOP"),
                self.accelerator.as_ref().map(|name| format!("accelerator {name}: {}", run.hardware.accelerators.join(" | "))),
                figure(self.hours, "device hours"),
                figure(self.kwh, "kWh of the facility"),
                figure(self.mfu, "of the peak rate (MFU)"),
                self.year.map(|year| format!("trained in {year}: 1 July is taken")),
                run.place.grid_place.as_ref().map(|place| format!("place {}", place_name(place, reference))),
                self.owner.as_ref().map(|owner| format!("owner {owner}: {}", run.owner.class.word())),
            ]
            .into_iter()
            .flatten(),
        );
        words.extend(remarks(self, run, reference));
        debug_assert!(run.tier() != Tier::NoTraining);
        words
    }
}
