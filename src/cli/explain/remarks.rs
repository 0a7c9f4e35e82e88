//! What is stated on the command line, is possible, and is not what anybody has seen: a remark behind it, since a person is there to see it.

use super::stated::Stated;
use crate::cli::text::{count, number};
use hugging_carbon::domain::Run;
use hugging_carbon::estimation::implied_mfu;
use hugging_carbon::evidence::hardware::{Context, read_hardware};
use hugging_carbon::method::assumptions::MFU_MAX;
use hugging_carbon::reference::Reference;
use hugging_carbon::reference::places::{ALPHA_2, Meaning, words};
use hugging_carbon::reference::registry::TrainingRun;

/// How every remark begins.
const BEWARE: &str = "beware: ";

/// The remarks on what is stated.
pub fn remarks(stated: &Stated, run: &Run, reference: &Reference) -> Vec<String> {
    let found = [
        utilization(run, reference),
        stated_utilization(run),
        tokens(run, reference),
        year_to_come(stated, reference),
        year_before_the_chip(stated, run, reference),
        devices(stated, reference),
        place(stated, run, reference),
    ];
    found.into_iter().flatten().map(|text| format!("{BEWARE}{text}")).collect()
}

/// The remarks on the run of a record, whose figures are what its fields and its card state.
pub fn remarks_on_run(run: &Run, reference: &Reference) -> Vec<String> {
    let found = [utilization(run, reference), stated_utilization(run), tokens(run, reference)];
    found.into_iter().flatten().map(|text| format!("{BEWARE}{text}")).collect()
}

fn utilization(run: &Run, reference: &Reference) -> Option<String> {
    let mfu = implied_mfu(run, &reference.accelerators).filter(|mfu| *mfu > MFU_MAX)?;
    Some(format!("compute, device hours and chips mean an MFU of {}, and none above {MFU_MAX} was ever published", number(mfu)))
}

fn stated_utilization(run: &Run) -> Option<String> {
    let mfu = run.known.mfu.filter(|mfu| *mfu > MFU_MAX)?;
    Some(format!("an MFU of {} is stated, and none above {MFU_MAX} was ever published", number(mfu)))
}

/// Tokens beyond those of any run of the registry.
fn tokens(run: &Run, reference: &Reference) -> Option<String> {
    let most = reference.registry.runs().iter().filter_map(TrainingRun::seen_tokens).fold(0.0, f64::max);
    let tokens = run.known.train_tokens.filter(|tokens| *tokens > most)?;
    Some(format!(
        "{} tokens are {} times the most that was ever published ({})",
        number(tokens),
        number(tokens / most),
        number(most)
    ))
}

/// The year of a date in ISO 8601.
fn year_of(date: &str) -> Option<i16> {
    date.get(..4)?.parse().ok()
}

/// A year later than the one after the newest published run: what the tables know ends before it.
fn year_to_come(stated: &Stated, reference: &Reference) -> Option<String> {
    let newest = reference.registry.runs().iter().filter_map(|row| year_of(row.trained_on.as_deref()?)).max()?;
    let year = stated.year.filter(|year| *year > newest + 1)?;
    Some(format!(
        "{year} is to come, and the tables of this build end with {newest}: chips, grids and data centres of their last years are taken"
    ))
}

/// A year in which none of the chips could be bought.
fn year_before_the_chip(stated: &Stated, run: &Run, reference: &Reference) -> Option<String> {
    let released = |name: &String| year_of(reference.accelerators.get(name)?.release_date.as_deref()?);
    let years: Option<Vec<i16>> = run.hardware.accelerators.iter().map(released).collect();
    let first = years?.into_iter().min()?;
    let year = stated.year.filter(|year| *year < first)?;
    Some(format!("the accelerator was released in {first}, after the training of {year}"))
}

/// Devices that are counted beside the name: hours are those of all of them.
fn devices(stated: &Stated, reference: &Reference) -> Option<String> {
    let (text, hours) = (stated.accelerator.as_deref()?, stated.hours?);
    let devices = read_hardware(&reference.accelerators, text, Context::Field).count.filter(|devices| *devices > 1)?;
    let (hours, all) = (number(hours), number(hours * f64::from(devices)));
    Some(format!(
        "--hours are device hours, those of all devices together: if each of the {} ran for {hours} hours, they are {all}",
        count(u64::from(devices))
    ))
}

/// A name that other places have as well. Codes are no names: what they mean is in the help.
fn place(stated: &Stated, run: &Run, reference: &Reference) -> Option<String> {
    let taken = run.place.grid_place.as_deref().filter(|_| run.place.cloud_region.is_none())?;
    let rows = reference.places.meanings(&words(stated.country.as_deref()?).join(" ")).iter().filter_map(|meaning| match meaning {
        Meaning::Place(at) => reference.places.rows().get(*at),
        Meaning::CloudRegion(_) => None,
    });
    let rows = rows.filter(|row| !["state_code", "country_code", ALPHA_2].contains(&row.kind.as_str()));
    let mut others: Vec<&str> = rows.map(|row| row.place.as_str()).filter(|key| *key != taken).collect();
    others.sort_unstable();
    others.dedup();
    (!others.is_empty()).then(|| {
        format!("other places have this name: {}; {taken} is taken, give the code of the one that is meant", others.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use crate::cli::{Cli, Command};
    use clap::Parser;
    use hugging_carbon::reference::Reference;

    /// What is said of flags, behind what they state.
    fn remarked(flags: &[&str]) -> Vec<String> {
        let args = [&["hugging-carbon", "explain"], flags].concat();
        let Command::Explain(args) = Cli::try_parse_from(args).unwrap().command else { return Vec::new() };
        let words = args.stated.run(&Reference::load().unwrap()).unwrap().words;
        words.into_iter().filter(|text| text.starts_with(super::BEWARE)).collect()
    }

    /// Regression: all of these were taken without a word.
    #[test]
    fn what_was_never_seen_is_remarked_on() {
        for (flags, part) in [
            (&["--params", "7B", "--mfu", "0.9"][..], "an MFU of 0.900 is stated"),
            // 7e15 / 4.5e13 = 155.6.
            (&["--params", "7B", "--tokens", "7e15"], "156 times the most"),
            (&["--params", "7B", "--year", "2031"], "2031 is to come"),
            (&["--params", "7B", "--accelerator", "H100", "--year", "2015"], "released in 2022"),
            (&["--accelerator", "8x H100", "--hours", "1000"], "they are 8,000"),
            (&["--kwh", "1000", "--country", "Georgia"], "US-GA; GEO is taken"),
            (&["--kwh", "1000", "--country", "Congo"], "COG; COD is taken"),
        ] {
            let said = remarked(flags);
            assert!(said.len() == 1 && said[0].contains(part), "{flags:?}: {said:?}");
        }
        let usual =
            ["--params", "7B", "--tokens", "2T", "--mfu", "0.4", "--accelerator", "H100", "--year", "2025", "--country", "DE"];
        assert_eq!(remarked(&usual), [""; 0]);
    }
}
