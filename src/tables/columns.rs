//! What a column holds, for readers of a table: description, unit and source, in the metadata of its field and in documents.

use super::TableInfo;
use arrow::datatypes::{DataType, Field, Schema};
use std::collections::HashMap;

/// Keys of a field's metadata.
const KEYS: [&str; 3] = ["description", "unit", "source"];

/// One column of a table.
#[derive(Clone, Copy, Debug)]
pub struct ColumnInfo<'a> {
    /// Name.
    pub name: &'a str,
    /// Arrow type.
    pub data_type: &'a DataType,
    /// Whether it may hold nulls.
    pub is_nullable: bool,
    /// Description.
    pub about: &'a str,
    /// Unit; absent for texts, shares, counts of rows and other numbers that have none.
    pub unit: Option<&'static str>,
    /// Where its values come from; absent for tables that are not published.
    pub source: Option<&'static str>,
}

impl TableInfo {
    /// The columns, in order.
    pub fn columns(&self) -> impl Iterator<Item = ColumnInfo<'_>> {
        self.schema.fields().iter().zip(&self.descriptions).map(|(field, about)| ColumnInfo {
            name: field.name(),
            data_type: field.data_type(),
            is_nullable: field.is_nullable(),
            about: about.trim(),
            unit: unit_of(field),
            source: source_of(self.name, field.name()),
        })
    }
}

/// The schema of a table from its fields, each with its description, unit and source as metadata.
pub(super) fn described(table: &str, fields: Vec<Field>, descriptions: &[String]) -> Schema {
    let describe = |(field, about): (Field, &String)| {
        let values = [Some(about.trim()), unit_of(&field), source_of(table, field.name())];
        let stated = KEYS.into_iter().zip(values).filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
        let metadata: HashMap<String, String> = stated.collect();
        field.with_metadata(metadata)
    };
    Schema::new(fields.into_iter().zip(descriptions).map(describe).collect::<Vec<Field>>())
}

/// Units by the end of a column's name, the suffix of a quantile left out.
const UNITS: [(&str, &str); 19] = [
    ("gco2e_per_pflop", "g CO2e/PFLOP"),
    ("gco2e_per_kwh", "g CO2e/kWh"),
    ("kgco2e", "kg CO2e"),
    ("kwh", "kWh"),
    ("_l", "L"),
    ("flop", "FLOP"),
    ("accelerator_hours", "h"),
    ("power_w", "W"),
    ("_dex", "dex"),
    ("dex_per_year", "dex/year"),
    ("_params", "parameters"),
    // Names of statistics, which are all of log10.
    ("residual_se", "dex"),
    ("loo_rmse", "dex"),
    ("grouped_cv_rmse", "dex"),
    ("grouped_cv_median_abs_error", "dex"),
    ("grouped_cv_bias", "dex"),
    ("held_out_error", "dex"),
    ("log10_ratio", "dex"),
    ("log_loss", "nat"),
];

/// The unit of a column, if it holds numbers that have one.
fn unit_of(field: &Field) -> Option<&'static str> {
    if !matches!(field.data_type(), DataType::Int32 | DataType::Int64 | DataType::Float64) {
        return None;
    }
    let column = field.name().as_str();
    let quantity = ["_p05", "_p50", "_p95", "_mean"].iter().find_map(|part| column.strip_suffix(part)).unwrap_or(column);
    UNITS.iter().find(|(ending, _)| quantity.ends_with(ending)).map(|(_, unit)| *unit)
}

const HUB: &str = "Hugging Face Hub index";
const RULES: &str = "rules of docs/method.md, section 2";
const CHAIN: &str = "simulation of docs/method.md, sections 4 to 6";
const FACTORS: &str = "evidence, else data/reference (docs/method.md, section 4)";
const FITS: &str = "least squares of docs/method.md, section 5";
const ROLES: &str = "regression on signs of docs/method.md, section 2";

/// Where columns come from: table, columns (none: all that are not listed above), source. The first line that applies decides.
const SOURCES: &[(&str, &[&str], &str)] = &[
    ("aggregates", &[], "totals of draws, docs/method.md, section 8"),
    ("around_electricity", &["market_based_runs", "market_based_kgco2e"], "data/reference/market_based.csv"),
    ("around_electricity", &[], "totals of draws x data/reference/embodied.csv and wue.csv, docs/method.md, section 8"),
    ("backtest", &[], "back-test of docs/method.md, section 7"),
    ("backtest_runs", &["truth"], "data/reference/training_runs.csv or the repository's card"),
    ("backtest_runs", &[], "back-test of docs/method.md, section 7"),
    ("compute_bounds", &[], "data/reference/training_runs.csv and small_runs.csv"),
    ("estimates", ESTIMATE_IDS, RULES),
    ("estimates", ESTIMATE_FACTORS, FACTORS),
    ("estimates", AROUND, AROUND_TABLES),
    ("estimates", &[], CHAIN),
    ("estimates_by_tier", ESTIMATE_IDS, RULES),
    ("estimates_by_tier", ESTIMATE_FACTORS, FACTORS),
    ("estimates_by_tier", AROUND, AROUND_TABLES),
    ("estimates_by_tier", &[], CHAIN),
    ("evidence", &[], "as the columns source and locator say"),
    ("lineage", &["model_id"], HUB),
    ("lineage", &["own_run_id", "upstream_run_ids", "is_complete"], RULES),
    ("lineage", &[], "sums of means of estimates over own_run_id and upstream_run_ids"),
    ("model_footprint", HUB_COLUMNS, HUB),
    ("model_footprint", &["total_params", "active_params"], "as models.params_source says"),
    ("model_footprint", &["trained_on"], "as models.trained_on_source says"),
    ("model_footprint", &["owner_country"], OWNERS),
    ("model_footprint", &["modality", "role", "in_cohort", "own_run_id", "stands_on_run_id"], RULES),
    ("model_footprint", ESTIMATE_FACTORS, FACTORS),
    ("model_footprint", &["market_based_kgco2e"], "data/reference/market_based.csv"),
    ("model_footprint", &["upstream_runs", "lineage_is_complete", "lineage_train_flop_mean", "lineage_energy_kwh_mean"], LINEAGE),
    ("model_footprint", &["lineage_emissions_kgco2e_mean"], LINEAGE),
    ("model_footprint", &[], "table estimates"),
    ("models", HUB_COLUMNS, HUB),
    ("models", &["base_model_ids"], HUB),
    ("models", &["total_params", "active_params"], "as params_source says"),
    ("models", &["trained_on"], "as trained_on_source says"),
    ("models", &["owner_country"], OWNERS),
    ("models", &[], RULES),
    ("quarantine", &[], "the pinned source files"),
    ("regression_candidates", &[], FITS),
    ("regression_covariances", &[], FITS),
    ("regression_observations", &[], "data/reference and repositories, as docs/method.md, section 5 says"),
    ("regression_terms", &[], FITS),
    ("regressions", &[], FITS),
    ("role_reliability", &[], ROLES),
    ("role_scores", &[], ROLES),
    ("role_terms", &[], ROLES),
    ("runs", &[], RULES),
    ("sensitivity", &[], "simulation with one factor set otherwise, docs/method.md, section 6"),
    ("trend", &[], "least squares on trend_months, docs/method.md, section 8"),
    ("trend_months", &[], "totals of draws, docs/method.md, section 8"),
];

const OWNERS: &str = "data/reference/owners.csv";
const LINEAGE: &str = "table lineage";
const AROUND_TABLES: &str = "data/reference/embodied.csv and wue.csv (docs/method.md, section 8)";
/// Columns of estimates about what surrounds the electricity.
const AROUND: &[&str] = &[
    "embodied_kgco2e_p05",
    "embodied_kgco2e_p50",
    "embodied_kgco2e_p95",
    "embodied_kgco2e_mean",
    "water_l_p05",
    "water_l_p50",
    "water_l_p95",
    "water_l_mean",
    "embodied_source",
    "embodied_is_fallback",
    "water_source",
    "water_on_site_is_fallback",
    "water_off_site_is_fallback",
];
/// Columns that repeat what the index states.
const HUB_COLUMNS: &[&str] = &[
    "model_id",
    "owner",
    "created_at",
    "last_modified",
    "downloads_30d",
    "downloads_all_time",
    "likes",
    "pipeline_tag",
    "library",
    "license",
    "gated",
    "arxiv_id",
];
const ESTIMATE_IDS: &[&str] = &["run_id", "model_id"];
/// Columns of estimates that hold a factor, where it comes from, or whether it is a fallback.
const ESTIMATE_FACTORS: &[&str] = &[
    "accelerator",
    "accelerator_source",
    "accelerator_is_fallback",
    "power_w",
    "power_source",
    "power_is_fallback",
    "mfu",
    "mfu_is_fallback",
    "pue",
    "pue_source",
    "pue_is_fallback",
    "grid_gco2e_per_kwh",
    "grid_place",
    "grid_year",
    "grid_basis",
    "grid_source",
    "grid_is_owner_country",
    "grid_is_fallback",
];

/// Where a column's values come from.
fn source_of(table: &str, column: &str) -> Option<&'static str> {
    SOURCES
        .iter()
        .find(|(of, columns, _)| *of == table && (columns.is_empty() || columns.contains(&column)))
        .map(|(_, _, source)| *source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::published;

    #[test]
    fn units_follow_from_names() {
        for (column, unit) in [
            ("energy_kwh_p95", Some("kWh")),
            ("lineage_emissions_kgco2e_mean", Some("kg CO2e")),
            ("atci_gco2e_per_pflop_p50", Some("g CO2e/PFLOP")),
            ("grid_gco2e_per_kwh", Some("g CO2e/kWh")),
            ("largest_flop", Some("FLOP")),
            ("share_of_total", None),
            ("pue", None),
            ("water_l_p50", Some("L")),
            ("n", None),
        ] {
            assert_eq!(unit_of(&Field::new(column, DataType::Float64, false)), unit, "{column}");
        }
        assert_eq!(unit_of(&Field::new("chosen_flop", DataType::Utf8, false)), None);
    }

    /// Regression: descriptions listed the words by hand, and lacked those that came later (`untrained`, `repository_facts`).
    #[test]
    fn columns_of_a_closed_set_name_all_its_words() {
        use crate::domain::{ClosedSet, EvidenceSource, GridBasis, GroupBy, ParamsSource, Role, RunKind, Tier, TrainedOnSource};
        fn words<S: ClosedSet>() -> Vec<&'static str> {
            S::ALL.iter().map(|member| member.word()).collect()
        }
        let tables = published();
        for (table, column, words) in [
            ("models", "role", words::<Role>()),
            ("models", "params_source", words::<ParamsSource>()),
            ("models", "trained_on_source", words::<TrainedOnSource>()),
            ("runs", "kind", words::<RunKind>()),
            ("evidence", "source", words::<EvidenceSource>()),
            ("estimates", "tier_name", words::<Tier>()),
            ("estimates", "grid_basis", words::<GridBasis>()),
            ("aggregates", "group_by", words::<GroupBy>()),
        ] {
            let of_table = tables.iter().find(|info| info.name == table).unwrap();
            let about = of_table.columns().find(|info| info.name == column).unwrap().about.to_owned();
            let listed: Vec<&str> = about.split("One of: ").nth(1).unwrap().trim_end_matches('.').split(", ").collect();
            assert_eq!(listed, words, "{table}.{column}: {about}");
        }
        // A set of many words is named, and the dataset card lists it.
        let sets = crate::domain::closed_sets();
        let long: Vec<String> = tables
            .iter()
            .flat_map(|info| {
                info.columns().filter_map(|c| Some(c.about.split("words of '").nth(1)?.to_owned())).collect::<Vec<_>>()
            })
            .collect();
        assert!(long.len() > 3);
        for about in long {
            let set = about.split('\'').next().unwrap();
            assert!(sets.iter().any(|listed| listed.name == set), "{set}");
        }
    }

    #[test]
    fn every_published_column_has_its_description_and_source_in_the_schema() {
        let mut listed: Vec<(&str, &str)> =
            SOURCES.iter().flat_map(|(table, columns, _)| columns.iter().map(|column| (*table, *column))).collect();
        for table in published() {
            for (field, column) in table.schema.fields().iter().zip(table.columns()) {
                let place = format!("{}.{}", table.name, column.name);
                let stated = |key: &str| field.metadata().get(key).map(String::as_str);
                assert!(stated("description").is_some_and(|text| text.len() > 3), "{place}");
                assert_eq!((stated("unit"), stated("source")), (column.unit, column.source), "{place}");
                assert!(column.source.is_some(), "{place}");
                listed.retain(|listed| *listed != (table.name, column.name));
            }
        }
        // `HUB_COLUMNS` and the lists of estimates serve several tables; whatever else is listed is a column.
        listed.retain(|(_, column)| !HUB_COLUMNS.contains(column) && !ESTIMATE_FACTORS.contains(column));
        assert_eq!(listed, []);
    }
}
