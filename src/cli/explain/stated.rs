//! A training that is in no index, from what is stated on the command line: a [`Run`] as the stage `tier` makes them from evidence.

use clap::Args;
use hugging_carbon::domain::run::{Hardware, Known, Owner, Site};
use hugging_carbon::domain::{ClosedSet, Modality, Run, RunKind, Tier};
use hugging_carbon::error::{Error, Result};
use hugging_carbon::evidence::hardware::{Context, read_hardware};
use hugging_carbon::evidence::place::{PlaceTables, read_place};
use hugging_carbon::reference::Reference;
use hugging_carbon::stages::tier::reached_tiers;
use hugging_carbon::units::Day;

/// Name of the run: the draws are keyed by it, so that the same flags give the same figures.
const NAME: &str = "stated/training";

/// Most parameters or tokens believed: a hundred times all text there is.
const MOST_COUNTED: f64 = 1e18;
/// Most FLOP, device hours or kWh believed: a hundred thousand times the largest training known.
const MOST_STATED: f64 = 1e32;

/// What is stated of a training.
#[derive(Debug, Args)]
#[command(next_help_heading = "A training that is in no index")]
pub struct Stated {
    /// Parameters, e.g. 7e9 or 7B
    #[arg(long, value_name = "N", value_parser = large_count, allow_negative_numbers = true, conflicts_with_all = ["model_id", "record"])]
    params: Option<f64>,
    /// Parameters used per token, of a mixture of experts [default: all]
    #[arg(long, value_name = "N", value_parser = large_count, allow_negative_numbers = true, requires = "params")]
    active_params: Option<f64>,
    /// Tokens seen, each pass over the data counted, e.g. 2e12 or 2T
    #[arg(long, value_name = "N", value_parser = large_count, allow_negative_numbers = true, requires = "params")]
    tokens: Option<f64>,
    /// Training compute in FLOP
    #[arg(long, value_name = "FLOP", value_parser = positive, allow_negative_numbers = true, conflicts_with_all = ["model_id", "record"])]
    flop: Option<f64>,
    /// Accelerator, e.g. 'A100 80GB SXM'
    #[arg(long, value_name = "NAME", conflicts_with_all = ["model_id", "record"])]
    accelerator: Option<String>,
    /// Device hours: devices times hours
    #[arg(long, value_name = "HOURS", value_parser = positive, allow_negative_numbers = true, requires = "accelerator", conflicts_with_all = ["model_id", "record"])]
    hours: Option<f64>,
    /// Electricity of the facility in kWh
    #[arg(long, value_name = "KWH", value_parser = positive, allow_negative_numbers = true, conflicts_with_all = ["model_id", "record"])]
    kwh: Option<f64>,
    /// Model FLOP utilization, 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = share, conflicts_with_all = ["model_id", "record"])]
    mfu: Option<f64>,
    /// Year of training; the middle of it is taken
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i16).range(2012..=2040), conflicts_with_all = ["model_id", "record"])]
    year: Option<i16>,
    /// Place of training: country code or name, state, or cloud region
    #[arg(long, visible_alias = "place", value_name = "PLACE", conflicts_with_all = ["model_id", "record"])]
    country: Option<String>,
    /// Hub namespace of who trains: decides class, country and data centres where nothing else does
    #[arg(long, value_name = "NAME", conflicts_with_all = ["model_id", "record"])]
    owner: Option<String>,
    /// Kind of training
    #[arg(long, value_name = "KIND", default_value = "pretraining", value_parser = word::<RunKind>, conflicts_with_all = ["model_id", "record"])]
    kind: RunKind,
    /// What the model takes in and gives out
    #[arg(long, value_name = "MODALITY", default_value = "text", value_parser = word::<Modality>, conflicts_with_all = ["model_id", "record"])]
    modality: Modality,
}

/// A run with what was stated of it, in words.
pub struct StatedRun {
    pub run: Run,
    pub words: Vec<String>,
}

fn number(text: &str) -> std::result::Result<f64, String> {
    let plain: String = text.chars().filter(|c| *c != '_' && *c != ',').collect();
    plain.parse::<f64>().ok().filter(|x| x.is_finite()).ok_or_else(|| "a number such as 7e9 is wanted".to_owned())
}

fn positive(text: &str) -> std::result::Result<f64, String> {
    number(text).and_then(|x| match x {
        x if x > MOST_STATED => Err(format!("more than {MOST_STATED:e} was never spent")),
        x if x > 0.0 => Ok(x),
        _ => Err("it must be above zero".to_owned()),
    })
}

/// A count with the letter that names of models have: 350M, 7B, 15T.
fn large_count(text: &str) -> std::result::Result<f64, String> {
    let (digits, times) = match text.trim_end().char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&text[..at], 1e3),
        Some((at, 'm' | 'M')) => (&text[..at], 1e6),
        Some((at, 'b' | 'B')) => (&text[..at], 1e9),
        Some((at, 't' | 'T')) => (&text[..at], 1e12),
        _ => (text, 1.0),
    };
    positive(digits.trim_end()).and_then(|x| {
        if x * times <= MOST_COUNTED {
            Ok(x * times)
        } else {
            Err(format!("more than {MOST_COUNTED:e} is no size of a model or text"))
        }
    })
}

fn share(text: &str) -> std::result::Result<f64, String> {
    positive(text).and_then(|x| if x <= 1.0 { Ok(x) } else { Err("it must be at most 1".to_owned()) })
}

fn word<S: ClosedSet>(text: &str) -> std::result::Result<S, String> {
    let words: Vec<&str> = S::ALL.iter().map(|member| member.word()).collect();
    S::of_word(text).ok_or_else(|| format!("one of {} is wanted", words.join(", ")))
}

impl Stated {
    /// The run, with every text read as evidence is read.
    ///
    /// # Errors
    /// A place or an accelerator is not known, or more parameters are used than there are.
    pub fn run(&self, reference: &Reference) -> Result<StatedRun> {
        if let (Some(all), Some(active)) = (self.params, self.active_params)
            && active > all
        {
            let what = "more parameters used per token than there are";
            return Err(Error::input(what, "--active-params", "give all parameters with --params, those used per token here"));
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
                energy_kwh: self.kwh,
                mfu: self.mfu,
                ..Known::default()
            },
            place: self.site(reference)?,
            hardware: Hardware { accelerators: self.accelerators(reference)?, accelerator_hours: self.hours },
            ..Run::new(NAME, self.kind, self.modality)
        };
        run.tiers = reached_tiers(&mut run);
        Ok(StatedRun { words: self.words(&run), run })
    }

    fn site(&self, reference: &Reference) -> Result<Site> {
        let Some(text) = &self.country else { return Ok(Site::default()) };
        let Reference { places, grid, operators, .. } = reference;
        let place = read_place(PlaceTables { places, grid, operators }, text, Context::Field);
        match place.settled().map(str::to_owned) {
            Some(settled) => Ok(Site { grid_place: Some(settled), operator: place.operator, cloud_region: place.cloud_region }),
            None => {
                let remedy =
                    "give an ISO 3166 code such as FRA, the name of a country or state, or a cloud region such as europe-west1";
                Err(Error::input(format!("no place '{text}' is known, or it can be several"), "--country", remedy))
            }
        }
    }

    fn accelerators(&self, reference: &Reference) -> Result<Vec<String>> {
        let Some(text) = &self.accelerator else { return Ok(Vec::new()) };
        let names = read_hardware(&reference.accelerators, text, Context::Field).names();
        if names.is_empty() {
            let remedy = "take a name of the column accelerator of data/reference/accelerators.csv, such as 'A100 SXM4 80GB'";
            return Err(Error::input(format!("no accelerator '{text}' is known"), "--accelerator", remedy));
        }
        Ok(names)
    }

    fn words(&self, run: &Run) -> Vec<String> {
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
                run.place.grid_place.as_ref().map(|place| format!("place {place}")),
                self.owner.as_ref().map(|owner| format!("owner {owner}: {}", run.owner.class.word())),
            ]
            .into_iter()
            .flatten(),
        );
        debug_assert!(run.tier() != Tier::NoTraining);
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_names_of_models_have_them() {
        for (text, right) in [("7e9", 7e9), ("7B", 7e9), ("1.5 b", 1.5e9), ("350m", 3.5e8), ("15T", 1.5e13), ("7_000_000", 7e6)] {
            assert_eq!(large_count(text), Ok(right), "{text}");
        }
        for text in ["", "b", "7x", "-7B", "0", "1e19", "nan", "inf", "7é"] {
            assert!(large_count(text).is_err(), "{text}");
        }
        assert!(positive("1e33").is_err() && share("1.1").is_err());
    }
}
