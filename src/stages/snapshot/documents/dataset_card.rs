//! The dataset card: front matter that lets `datasets.load_dataset` find the tables, then what a reader must know.

use super::{Sources, reliability};
use crate::domain::number::{grouped, number, percent};
use crate::domain::{GroupBy, closed_sets};
use crate::error::Result;
use crate::reference::EXTRA_GRID;
use crate::stages::snapshot::fallbacks::{Fallback, count_fallbacks};
use crate::stages::snapshot::manifest::Manifest;
use crate::tables::lookup::rows_of_text;
use crate::tables::{AggregateRow, TableInfo, published};
use std::fmt::Write as _;

/// The dataset card. Writing to a String cannot fail: the results of `write!` below are of that kind.
pub(super) fn dataset_card(sources: &Sources<'_>) -> Result<Vec<u8>> {
    let manifest = sources.manifest;
    let cohort = &manifest.headline.cohort;
    let mut coverage = rows_of_text::<AggregateRow>(sources.tables, "cohort", cohort)?;
    coverage.retain(|row| row.group_by == GroupBy::Coverage);
    let mut card = front_matter(manifest);
    summary(&mut card, manifest, &coverage, &count_fallbacks(sources.tables)?);
    card.push_str(&reliability::sections(cohort, sources.tables)?);
    card.push_str(SOURCES);
    if let Some(digest) = manifest.reference_files.get(EXTRA_GRID) {
        let _ = write!(
            card,
            "\nAn optional grid table (sha256 `{digest}`) was used beside those above: `estimates.grid_source` names it where it speaks, and \
             its own licence applies to those values.\n"
        );
    }
    tables(&mut card, manifest);
    words(&mut card);
    Ok(card.into_bytes())
}

fn front_matter(manifest: &Manifest) -> String {
    let mut card = String::from(
        "---\nlicense: cc-by-4.0\npretty_name: Hugging Carbon\ntags:\n- carbon-footprint\n- energy\n- training-compute\nconfigs:\n",
    );
    // `datasets` refuses a configuration without rows: an empty quarantine is a file, not a configuration.
    let has_rows = |info: &TableInfo| manifest.tables.get(info.name).is_some_and(|table| table.receipt.rows > 0);
    for info in published().into_iter().filter(has_rows) {
        let default = if info.name == "estimates" { "  default: true\n" } else { "" };
        let _ = write!(card, "- config_name: {0}\n  data_files: {0}.parquet\n{default}", info.name);
    }
    card
}

/// Kilograms as tonnes: whole ones with thousands separated, and three digits of what is less than a hundred.
fn tonnes(kg: f64) -> String {
    let tonnes = kg / 1000.0;
    if tonnes < 100.0 { number(tonnes) } else { grouped(tonnes) }
}

fn summary(card: &mut String, manifest: &Manifest, coverage: &[AggregateRow], fallbacks: &[Fallback]) {
    let Manifest { index_date, inputs, headline, .. } = manifest;
    let _ = write!(
        card,
        "---\n\n# Hugging Carbon, index of {index_date}\n\nWhat training the models of the Hugging Face Hub cost in FLOP, kWh and kg \
         CO2e. The unit of account is the training run,\ncounted once however many repositories carry it. Boundary: operational electricity of \
         the final run that produced the\npublished weights (accelerators, hosts, facility overhead), location-based, annual average life-cycle grid \
         factors. Outside it:\nembodied hardware, failed runs and experiments, data preparation, inference, market-based claims.\n\n"
    );
    let [p05, p50, p95, mean] = headline.emissions_kgco2e.map(tonnes);
    let _ = write!(
        card,
        "Cohort `{}`: {} models, {} runs, {p50} t CO2e (90 % interval {p05} to {p95}, mean {mean}).\n\n## Made from\n\n| file | what | records | sha256 |\n| --- | --- | --- | --- |\n",
        headline.cohort, headline.models, headline.runs
    );
    for input in inputs {
        let (name, kind) = (input.name.replace('|', "/"), input.kind.name());
        let _ = writeln!(card, "| {name} | {kind} | {} | `{}` |", input.records, input.sha256);
    }
    basis(card, manifest, coverage);
    card.push_str(
        "\n## What rests on fallbacks\n\nOf the runs of the cohort, where the emissions are a product of the factor.\n\n| what stands in | runs | of | share of emissions |\n| --- | --- | --- | --- |\n",
    );
    for f in fallbacks {
        let _ = writeln!(card, "| {} | {} | {} | {} |", f.factor, f.runs, f.of_runs, percent(f.share_of_emissions, 1));
    }
}

/// The total in its two parts, and what the records tell.
fn basis(card: &mut String, manifest: &Manifest, coverage: &[AggregateRow]) {
    card.push_str(
        "\n## Documented and imputed\n\nDocumented: something of the training is stated (tiers 1 to 4). Imputed: from size, date and who trains \
         alone (tiers 5 and 6), with roles as\nprobabilities where nothing certain decides them.\n\n| part | models | runs | t CO2e, median | 90 % interval | mean |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for (name, total) in &manifest.headline.by_basis {
        let [p05, p50, p95, mean] = total.emissions_kgco2e.map(tonnes);
        let _ = writeln!(card, "| {name} | {} | {} | {p50} | {p05} to {p95} | {mean} |", total.models, total.runs);
    }
    if let Some(outside) = &manifest.headline.outside {
        let [p05, p50, p95, mean] = outside.emissions_kgco2e.map(tonnes);
        let _ = writeln!(
            card,
            "\nA run counts with the repository that owns it. Not in the total: {p50} t ({p05} to {p95}, mean {mean}) of what models \
             of the cohort stand on\nand whose own repositories are not in it ({} {}; `aggregates`, group_by `upstream`).",
            outside.runs,
            if outside.runs == 1 { "training" } else { "trainings" }
        );
    }
    card.push_str(
        "\nWhat the records of the cohort tell of role, size and date (`aggregates`, group_by `coverage`), and what each stratum adds:\n\n\
         | told | models | runs | t CO2e, mean | share |\n| --- | --- | --- | --- | --- |\n",
    );
    for row in coverage {
        let _ = writeln!(
            card,
            "| {} | {} | {} | {} | {} |",
            row.group,
            row.models,
            row.runs,
            tonnes(row.emissions_kgco2e.mean),
            percent(row.share_of_total, 1)
        );
    }
}

fn tables(card: &mut String, manifest: &Manifest) {
    card.push_str("\n## Tables\n");
    for info in published() {
        let rows = manifest.tables.get(info.name).map_or(0, |table| table.receipt.rows);
        let _ = write!(
            card,
            "\n### {}\n\n{} {rows} rows; key: {}.\n\n| column | type | meaning |\n| --- | --- | --- |\n",
            info.name,
            info.about.trim(),
            info.key.join(", ")
        );
        for (field, about) in info.schema.fields().iter().zip(&info.descriptions) {
            let _ = writeln!(card, "| {} | {} | {} |", field.name(), field.data_type().to_string().replace('|', "/"), about.trim());
        }
    }
}

/// Every word that stands for a member of a closed set, with its meaning.
fn words(card: &mut String) {
    card.push_str("\n## Words in the tables\n");
    for set in closed_sets() {
        let _ = write!(card, "\n### {}\n\n| word | meaning |\n| --- | --- |\n", set.name);
        for (word, meaning) in set.members {
            let _ = writeln!(card, "| {word} | {} |", meaning.trim());
        }
    }
}

/// Sources and licences of everything inside.
const SOURCES: &str = "\n## Sources and licences\n\n| what | source | licence |\n| --- | --- | --- |\n\
| repository metadata | Hugging Face Hub model index (hub-stats dump or listing API) | Apache-2.0 for hub-stats; facts |\n\
| published training runs | Epoch AI, Data on AI Models, epoch.ai/data (editions 2026-03-30 and 2026-07-19) | CC BY 4.0 |\n\
| published training runs | observational scaling laws tables; sloth data v2 | Apache-2.0; MIT |\n\
| tracked fine-tunes | AutoTrain cards as collected in GAISSA-UPC/ML-GAISSALabel (2023-12-31) | Apache-2.0 |\n\
| reported footprints | the models' own papers and cards, cited per row in evidence.quote | facts |\n\
| grid intensity of countries | Our World in Data, from Ember and the Energy Institute | CC BY 4.0 |\n\
| grid intensity of US states | U.S. Energy Information Administration | public domain |\n\
| grid intensity of Chinese provinces | Ministry of Ecology and Environment by way of CodeCarbon | MIT; facts |\n\
| grid intensity of cloud regions | Google Cloud, region carbon data | Apache-2.0 |\n\
| names of places | GeoNames | CC BY 4.0 |\n\
| accelerators, MFU | Epoch AI, ML hardware (2026-07-19); vendors' data sheets | CC BY 4.0; facts |\n\
| power and PUE | Patterson et al. 2021 by way of LLMCarbon; operators' reports; Uptime surveys | Apache-2.0; facts |\n\nEvery row of `evidence` names its source and quotes it; `estimates.grid_source` names the source of each grid value. This dataset is\nlicensed CC BY 4.0: attribute Hugging Carbon and the sources above.\n";
