//! `hugging-carbon reference check`: what must hold of every factor table, how its rows are known, and what the tables cover.

use super::{FILES, Reference};
use crate::error::Result;
use std::collections::{BTreeMap, BTreeSet};

/// What must hold of one table.
struct Rules {
    file: &'static str,
    /// Columns that together are unique and ascending.
    key: &'static [&'static str],
    /// Columns that are never empty; a value without source or vintage is no reference.
    filled: &'static [&'static str],
    /// Columns that are numbers within bounds, or empty.
    ranges: &'static [(&'static str, f64, f64)],
    /// Pairs: where the first is filled, the second is.
    together: &'static [(&'static str, &'static str)],
}

const RULES: &[Rules] = &[
    Rules {
        file: "accelerators.csv",
        key: &["accelerator"],
        filled: &["accelerator", "vendor", "class"],
        // From a phone's chip to a rack; the largest published dense FP8 rate of one chip is below 2e4 TFLOP/s.
        ranges: &[
            ("tdp_w", 2.0, 30_000.0),
            ("memory_gb", 0.1, 2_000.0),
            ("fp32_tflops", 0.1, 5_000.0),
            ("tf32_tflops", 1.0, 50_000.0),
            ("fp16_tflops", 0.1, 200_000.0),
            ("bf16_tflops", 0.1, 200_000.0),
            ("fp8_tflops", 1.0, 200_000.0),
        ],
        together: &[
            ("tdp_w", "tdp_source"),
            ("fp32_tflops", "peak_source"),
            ("fp16_tflops", "peak_source"),
            ("bf16_tflops", "peak_source"),
            ("fp8_tflops", "peak_source"),
        ],
    },
    Rules {
        file: "agents.csv",
        key: &["environment"],
        filled: &["environment", "steps", "steps_per_second", "flop_per_step", "sd_dex", "derivation", "source", "vintage"],
        // From a table of numbers to a network of images.
        ranges: &[("steps", 1e3, 1e10), ("steps_per_second", 1.0, 1e6), ("flop_per_step", 1.0, 1e12), ("sd_dex", 0.05, 2.0)],
        together: &[],
    },
    Rules {
        file: "architectures.csv",
        key: &["architecture", "resolution"],
        filled: &["architecture", "resolution", "unit", "forward_flop", "source", "vintage"],
        // From a mobile network at 106 pixels to a video transformer; from a hundred thousand parameters to tens of billions.
        ranges: &[("resolution", 0.0, 4_096.0), ("forward_flop", 1e6, 1e16), ("params", 1e5, 1e11)],
        together: &[],
    },
    Rules {
        file: "cloud_regions.csv",
        key: &["provider", "region"],
        filled: &["provider", "region", "country", "grid_place", "source", "vintage"],
        ranges: &[("pue", 1.0, 2.0)],
        together: &[("pue", "pue_source")],
    },
    Rules {
        file: "continuation_labels.csv",
        key: &["model_id"],
        filled: &["model_id", "training", "certainty", "draw", "basis", "source", "vintage", "evidence"],
        ranges: &[("params", 1e6, 1e13)],
        together: &[],
    },
    Rules {
        file: "continued_runs.csv",
        key: &["model_id"],
        filled: &["model_id", "owner_kind", "params", "train_tokens", "derivation", "source", "vintage"],
        ranges: &[("params", 1e6, 1e12), ("train_tokens", 1e4, 1e13)],
        together: &[],
    },
    Rules {
        file: "datasets.csv",
        key: &["dataset"],
        filled: &["dataset", "unit", "source", "vintage"],
        ranges: &[("samples", 100.0, 1e12), ("tokens", 1e3, 1e14), ("hours", 1.0, 1e9)],
        together: &[],
    },
    Rules {
        file: "embodied.csv",
        key: &["part", "device"],
        filled: &[
            "device",
            "part",
            "chips",
            "stands_in",
            "kgco2e",
            "life_years",
            "use_share",
            "spread_factor",
            "boundary",
            "source",
            "vintage",
        ],
        // From a small card to a superchip with its share of a server; what is used is used some of the time.
        ranges: &[("kgco2e", 5.0, 20_000.0), ("life_years", 1.0, 15.0), ("use_share", 0.05, 1.0), ("spread_factor", 1.0, 10.0)],
        together: &[],
    },
    Rules {
        file: "finetunes.csv",
        key: &["model_id"],
        filled: &["model_id", "params", "params_source", "samples_seen", "task", "method", "source", "vintage"],
        // From one batch of a toy to a continued pre-training; tokens of a packed sequence.
        ranges: &[("params", 1e6, 1e12), ("samples_seen", 1.0, 1e10), ("sequence_length", 8.0, 1e6)],
        together: &[("trained_on", "trained_on_source")],
    },
    Rules {
        file: "grid_country_year.csv",
        key: &["place", "year"],
        filled: &["place", "name", "year", "gco2e_per_kwh", "basis", "flow", "source", "licence", "vintage"],
        ranges: &[("year", 1990.0, 2030.0), ("gco2e_per_kwh", 1.0, 1_500.0)],
        together: &[],
    },
    Rules {
        file: "grid_region_year.csv",
        key: &["place", "year"],
        filled: &["place", "name", "country", "year", "gco2e_per_kwh", "basis", "flow", "source", "licence", "vintage"],
        ranges: &[("year", 1990.0, 2030.0), ("gco2e_per_kwh", 1.0, 1_500.0)],
        together: &[],
    },
    Rules {
        file: "layouts.csv",
        key: &["words"],
        filled: &["words", "params", "source", "vintage"],
        ranges: &[("params", 1e6, 1e11), ("vocabulary", 1e3, 1e6), ("width", 64.0, 16_384.0)],
        together: &[],
    },
    Rules {
        file: "machine_types.csv",
        key: &["machine"],
        filled: &["machine", "provider", "accelerator", "count", "source", "vintage"],
        ranges: &[("count", 1.0, 512.0)],
        together: &[],
    },
    Rules {
        file: "market_based.csv",
        key: &["model_id"],
        filled: &["model_id", "kgco2e", "quote", "source", "source_url", "vintage"],
        ranges: &[("kgco2e", 0.0, 1e8), ("location_based_kgco2e", 0.0, 1e8)],
        together: &[],
    },
    Rules {
        file: "mfu.csv",
        key: &["model"],
        filled: &["model", "mfu", "source", "vintage"],
        ranges: &[("mfu", 0.01, 0.75)],
        together: &[],
    },
    Rules {
        file: "operators.csv",
        key: &["operator"],
        filled: &["operator", "class", "aliases", "source", "has_pue"],
        ranges: &[],
        together: &[],
    },
    Rules { file: "owners.csv", key: &["owner"], filled: &["owner", "country", "source", "vintage"], ranges: &[], together: &[] },
    Rules {
        file: "places.csv",
        key: &["name", "place", "kind"],
        filled: &["name", "place", "country", "kind", "source", "vintage"],
        ranges: &[],
        together: &[],
    },
    Rules {
        file: "post_training.csv",
        key: &["stage_group", "model"],
        filled: &["stage_group", "model", "share", "derivation", "source", "vintage"],
        ranges: &[("share", 1e-7, 5.0)],
        together: &[],
    },
    Rules {
        file: "power.csv",
        key: &["setting"],
        filled: &["setting", "accelerator", "vendor", "ratio", "kind", "source"],
        ranges: &[("ratio", 0.1, 2.0)],
        together: &[],
    },
    Rules {
        file: "recipes.csv",
        key: &["recipe"],
        filled: &["recipe", "source", "vintage"],
        // The longest schedule, of timm's smallest networks, has 3,600 epochs; the largest sample, of SigLIP, 4e10 pairs.
        ranges: &[("epochs", 0.01, 4_000.0), ("samples_seen", 1e3, 1e13), ("resolution", 16.0, 2_048.0), ("passes", 0.05, 20.0)],
        together: &[("epochs", "dataset"), ("passes", "derivation"), ("samples_seen", "derivation")],
    },
    Rules {
        file: "reported_finetunes.csv",
        key: &["model_id"],
        filled: &["model_id", "modality", "weight_bytes", "emissions_gco2e", "created_on", "source", "vintage"],
        ranges: &[("weight_bytes", 1e6, 1e11), ("emissions_gco2e", 1e-6, 1e6)],
        together: &[],
    },
    Rules {
        file: "sample_lengths.csv",
        key: &["task"],
        filled: &["task", "task_group", "length", "sd_dex", "derivation", "source", "vintage"],
        ranges: &[("length", 1.0, 1e5), ("sd_dex", 0.05, 1.0), ("image_side", 16.0, 4_096.0)],
        together: &[],
    },
    Rules {
        file: "pue.csv",
        key: &["operator", "year", "scope"],
        filled: &["operator", "class", "year", "pue", "source", "preferred"],
        ranges: &[("year", 2005.0, 2030.0), ("pue", 1.0, 2.5)],
        together: &[],
    },
    Rules {
        file: "registry_conflicts.csv",
        key: &["registry_id"],
        filled: &["registry_id", "check", "decision", "reason", "source", "vintage"],
        ranges: &[("ratio", 1e-6, 1e6)],
        together: &[],
    },
    Rules {
        file: "repository_facts.csv",
        key: &["model_id"],
        filled: &["model_id", "role", "confidence", "source", "vintage"],
        ranges: &[
            ("total_params", 1e3, 1e14),
            ("active_params", 1e3, 1e13),
            ("train_tokens", 1e3, 1e15),
            ("train_samples", 10.0, 1e13),
            ("train_flop", 1e9, 1e28),
            ("epochs", 0.01, 4_000.0),
            ("sequence_length", 1.0, 1e7),
            ("accelerator_count", 1.0, 400_000.0),
            ("wall_hours", 0.01, 20_000.0),
        ],
        together: &[],
    },
    Rules {
        file: "role_labels.csv",
        key: &["model_id"],
        filled: &["model_id", "role", "certainty", "draw", "basis", "owner_repositories", "named_as_base", "source", "vintage"],
        ranges: &[("owner_repositories", 1.0, 1e6), ("safetensors_total", 1.0, 1e14)],
        together: &[],
    },
    Rules {
        file: "small_runs.csv",
        key: &["model_id"],
        filled: &["model_id", "modality", "params", "trained_on", "derivation", "quote", "source", "vintage"],
        ranges: &[("params", 1e5, 1e12), ("train_tokens", 1e5, 1e14), ("train_flop", 1e12, 1e26)],
        together: &[],
    },
    Rules {
        file: "training_places.csv",
        key: &["organization", "place", "year"],
        filled: &["organization", "country", "place", "year", "runs", "models", "basis", "derivation", "source", "vintage"],
        ranges: &[("year", 2012.0, 2030.0), ("runs", 1.0, 100.0)],
        together: &[],
    },
    Rules {
        file: "training_runs.csv",
        key: &["registry_id"],
        filled: &["registry_id", "model", "modality", "kind", "source", "vintage"],
        ranges: &[
            ("params", 1e3, 1e14),
            ("active_params", 1e3, 1e13),
            ("train_flop", 1e9, 1e28),
            ("mfu", 0.005, 0.95),
            ("accelerator_count", 1.0, 400_000.0),
            ("wall_hours", 0.01, 20_000.0),
            ("energy_kwh", 0.01, 1e9),
        ],
        together: &[("energy_kwh", "energy_basis"), ("train_flop", "flop_method")],
    },
    Rules {
        file: "wue.csv",
        key: &["scope", "place", "year"],
        filled: &["scope", "place", "year", "l_per_kwh", "source", "vintage"],
        // Evaporation of reservoirs makes a country of hydropower the highest.
        ranges: &[("year", 2005.0, 2030.0), ("l_per_kwh", 0.0, 100.0)],
        together: &[],
    },
];
/// The column that every table has: how the figures of a row are known.
const EVIDENCE: &str = "evidence";
/// Problems shown of one table.
const SHOWN: usize = 5;

/// Rows of a table by how their figures are known. A row of several figures counts by the weakest of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EvidenceCounts {
    /// Read in the named source or file, or in a document that quotes it word for word or cites its page.
    pub seen: usize,
    /// From memory, or from a document that was named and not opened.
    pub memory: usize,
    /// Chosen or worked out by us, or a constant that the named tool or author chose.
    pub assumption: usize,
}

impl EvidenceCounts {
    /// Counts one row; false when the value is none of the three.
    fn add(&mut self, value: &str) -> bool {
        match value {
            "seen" => self.seen += 1,
            "memory" => self.memory += 1,
            "assumption" => self.assumption += 1,
            _ => return false,
        }
        true
    }
}

/// One table's result.
#[derive(Debug)]
pub struct TableReport {
    /// File name.
    pub file: &'static str,
    /// Rows.
    pub rows: usize,
    /// The same rows by how their figures are known.
    pub evidence: EvidenceCounts,
    /// What does not hold, with row numbers.
    pub problems: Vec<String>,
}

/// The result of a check.
#[derive(Debug)]
pub struct Report {
    /// Per table.
    pub tables: Vec<TableReport>,
    /// Problems between tables.
    pub between: Vec<String>,
    /// What is covered: name and figure.
    pub coverage: Vec<(String, String)>,
}

impl Report {
    /// Number of problems.
    #[must_use]
    pub fn problems(&self) -> usize {
        self.between.len() + self.tables.iter().map(|t| t.problems.len()).sum::<usize>()
    }
}

/// Checks the tables that are part of the binary.
#[must_use]
pub fn check() -> Report {
    let tables = FILES.iter().map(|(file, text)| check_table(file, text)).collect();
    let (between, coverage) = match Reference::load() {
        Ok(reference) => (references(&reference), coverage(&reference)),
        Err(e) => (vec![e.to_string()], Vec::new()),
    };
    Report { tables, between, coverage }
}

fn check_table(file: &'static str, text: &str) -> TableReport {
    let mut report = TableReport { file, rows: 0, evidence: EvidenceCounts::default(), problems: Vec::new() };
    let Some(rules) = RULES.iter().find(|r| r.file == file) else {
        report.problems.push("no rules are written for this table".into());
        return report;
    };
    if let Err(e) = check_rows(rules, text, &mut report) {
        report.problems.push(format!("not readable as CSV: {e}"));
    }
    if report.problems.len() > SHOWN {
        let more = report.problems.len() - SHOWN;
        report.problems.truncate(SHOWN);
        report.problems.push(format!("and {more} more"));
    }
    report
}

fn check_rows(rules: &Rules, text: &str, report: &mut TableReport) -> Result<(), csv::Error> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    let position = |column: &str| header.iter().position(|h| h == column);
    let used = rules.key.iter().chain(rules.filled).copied().chain(rules.ranges.iter().map(|r| r.0)).chain([EVIDENCE]);
    let missing: Vec<&str> = used.filter(|c| position(c).is_none()).collect();
    if !missing.is_empty() {
        report.problems.push(format!("columns are missing: {}", missing.join(", ")));
        return Ok(());
    }
    let mut last: Option<Vec<SortKey>> = None;
    for record in reader.records() {
        let record = record?;
        report.rows += 1;
        let row = report.rows + 1;
        let cell = |column: &str| position(column).and_then(|i| record.get(i)).unwrap_or_default();
        let key: Vec<SortKey> = rules.key.iter().map(|c| SortKey::new(cell(c))).collect();
        if last.as_ref().is_some_and(|last| *last >= key) {
            report.problems.push(format!(
                "row {row}: key '{}' is not above the one before",
                rules.key.iter().map(|c| cell(c)).collect::<Vec<_>>().join("', '")
            ));
        }
        last = Some(key);
        for column in rules.filled.iter().filter(|c| cell(c).trim().is_empty()) {
            report.problems.push(format!("row {row}: {column} is empty"));
        }
        let evidence = cell(EVIDENCE);
        if !report.evidence.add(evidence) {
            report.problems.push(format!("row {row}: evidence = '{evidence}' is none of seen, memory, assumption"));
        }
        for (column, low, high) in rules.ranges {
            let text = cell(column);
            if !text.is_empty() && !text.parse::<f64>().is_ok_and(|v| (*low..=*high).contains(&v)) {
                report.problems.push(format!("row {row}: {column} = {text} is outside {low} to {high}"));
            }
        }
        for (value, source) in rules.together {
            if !cell(value).is_empty() && cell(source).is_empty() {
                report.problems.push(format!("row {row}: {value} without {source}"));
            }
        }
    }
    Ok(())
}

/// Years sort as numbers, everything else by its letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortKey {
    Number(i64),
    Text(String),
}

impl SortKey {
    fn new(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Text(text.to_owned()), Self::Number)
    }
}

/// What the loaders do not already refuse: names that one table takes from another.
fn references(reference: &Reference) -> Vec<String> {
    let mut problems = Vec::new();
    for row in reference.owners.rows() {
        if !reference.grid.has(&row.country) {
            problems.push(format!("owners.csv: {}: country {} is in no grid table", row.owner, row.country));
        }
        if let Some(operator) = row.pue_operator.as_deref().filter(|o| !reference.pue.has_operator(o)) {
            problems.push(format!("owners.csv: {}: operator {operator} is not in pue.csv", row.owner));
        }
    }
    for row in reference.power.rows() {
        if reference.accelerators.get(&row.accelerator).is_none() {
            problems.push(format!("power.csv: {}: {} is not in accelerators.csv", row.setting, row.accelerator));
        }
    }
    problems
}

fn coverage(reference: &Reference) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = Vec::new();
    let mut add = |what: &str, figure: String| out.push((what.to_owned(), figure));
    let chips = reference.accelerators.rows();
    let mut vendors: BTreeMap<&str, usize> = BTreeMap::new();
    for chip in chips {
        *vendors.entry(&chip.vendor).or_default() += 1;
    }
    add("accelerators", format!("{} from {} vendors", chips.len(), vendors.len()));
    let usable = chips.iter().filter(|c| c.training_peak().is_some() && c.tdp().is_some()).count();
    add("accelerators with peak and TDP", usable.to_string());
    add("machine types", reference.accelerators.machines().count().to_string());
    let texts: Vec<&str> = reference.registry.runs().iter().filter_map(|r| r.accelerator.as_deref()).collect();
    let named = texts.iter().filter(|text| text.split(',').all(|part| reference.accelerators.named(part).is_some())).count();
    add("registry runs whose hardware is in the table", format!("{named} of {}", texts.len()));
    let countries: BTreeSet<&str> = reference.grid.names().map(|(_, place)| place).collect();
    add("countries with grid intensity", countries.len().to_string());
    add("states, provinces and cloud regions with their own", reference.regions.count().to_string());
    add("names of places", reference.places.rows().len().to_string());
    add("cloud regions", reference.places.regions().len().to_string());
    let own_pue = reference.places.regions().iter().filter(|r| r.pue.is_some()).count();
    add("cloud regions with their own PUE", own_pue.to_string());
    let with_figure = chips.iter().filter(|c| reference.embodied.rate(&c.accelerator).is_some_and(|rate| !rate.is_fallback));
    add("accelerators with embodied emissions of their own", with_figure.count().to_string());
    add("owners with a country", reference.owners.rows().count().to_string());
    out
}

#[cfg(test)]
mod tests;
