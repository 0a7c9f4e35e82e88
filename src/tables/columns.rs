//! What a column holds, for readers of a table: its description and unit.

use super::TableInfo;
use arrow::datatypes::DataType;

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
}

impl TableInfo {
    /// The columns, in order.
    pub fn columns(&self) -> impl Iterator<Item = ColumnInfo<'_>> {
        self.schema.fields().iter().zip(&self.descriptions).map(|(field, about)| ColumnInfo {
            name: field.name(),
            data_type: field.data_type(),
            is_nullable: field.is_nullable(),
            about: about.trim(),
            unit: is_number(field.data_type()).then(|| unit_of(field.name())).flatten(),
        })
    }
}

fn is_number(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Int32 | DataType::Int64 | DataType::Float64)
}

/// Units by the end of a column's name, the suffix of a quantile left out.
const UNITS: [(&str, &str); 17] = [
    ("gco2e_per_pflop", "g CO2e/PFLOP"),
    ("gco2e_per_kwh", "g CO2e/kWh"),
    ("kgco2e", "kg CO2e"),
    ("kwh", "kWh"),
    ("flop", "FLOP"),
    ("accelerator_hours", "h"),
    ("power_w", "W"),
    ("_dex", "dex"),
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

/// The unit of a column of numbers.
fn unit_of(column: &str) -> Option<&'static str> {
    let quantity = ["_p05", "_p50", "_p95", "_mean"].iter().find_map(|part| column.strip_suffix(part)).unwrap_or(column);
    UNITS.iter().find(|(ending, _)| quantity.ends_with(ending)).map(|(_, unit)| *unit)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("n", None),
        ] {
            assert_eq!(unit_of(column), unit, "{column}");
        }
    }
}
