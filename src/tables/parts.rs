//! Some columns of a table as rows: who asks for a few of forty columns decodes those alone.

use super::{EstimateRow, LineageRow, ModelRow, Row, cell::TierNumber, read_field};
use crate::domain::{Flag, Modality, Quantiles, Role, RoleShares, Rule, Tier, TrainedOnSource};
use crate::error::Result;
use crate::units::Day;
use arrow::array::ArrayRef;
use arrow::datatypes::Field;

/// Some columns of the rows of a table, of the same names and types.
pub trait Part: Sized + Send + 'static {
    /// The rows they are of.
    type Of: Row;
    /// Fields of the columns.
    fn fields() -> Vec<Field>;
    /// Reads one row of these columns.
    ///
    /// # Errors
    /// A cell holds what this version does not know.
    fn from_columns(columns: &[ArrayRef], row: usize) -> Result<Self>;
}

macro_rules! part {
    ($(#[doc = $about:literal])+ struct $part:ident of $row:ident { $($field:ident : $type:ty,)+ }) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug)]
        pub struct $part {
            $(#[doc = concat!("As in [`", stringify!($row), "`].")] pub $field: $type,)+
        }

        impl Part for $part {
            type Of = $row;

            fn fields() -> Vec<Field> {
                use $crate::tables::cell::Columns;
                let mut fields = Vec::new();
                $(fields.extend(<$type as Columns>::fields(stringify!($field)));)+
                fields
            }

            fn from_columns(mut columns: &[ArrayRef], row: usize) -> Result<Self> {
                Ok(Self { $($field: read_field(&mut columns, row, $row::NAME, stringify!($field))?,)+ })
            }
        }
    };
}

part! {
    /// What totals ask of a repository.
    struct ModelPart of ModelRow {
        model_id: String,
        owner: Option<String>,
        downloads_30d: Option<i64>,
        downloads_all_time: Option<i64>,
        pipeline_tag: Option<String>,
        modality: Modality,
        license: Option<String>,
        total_params: Option<i64>,
        role: Role,
        role_rule: Rule,
        p: RoleShares,
        trained_on: Option<Day>,
        trained_on_source: Option<TrainedOnSource>,
        owner_country: Option<String>,
        in_cohort: bool,
    }
}

part! {
    /// What tells which trainings outside a cohort its models stand on.
    struct CarriedPart of ModelRow {
        downloads_30d: Option<i64>,
        downloads_all_time: Option<i64>,
        upstream_run_ids: Vec<String>,
    }
}

part! {
    /// What the wide row of a repository and its lineage ask of it.
    struct LineagePart of ModelRow {
        model_id: String,
        owner: Option<String>,
        downloads_30d: Option<i64>,
        downloads_all_time: Option<i64>,
        likes: Option<i64>,
        pipeline_tag: Option<String>,
        modality: Modality,
        license: Option<String>,
        total_params: Option<i64>,
        active_params: Option<i64>,
        role: Role,
        own_run_id: Option<String>,
        stands_on_run_id: Option<String>,
        upstream_run_ids: Vec<String>,
        lineage_is_complete: bool,
        trained_on: Option<Day>,
        owner_country: Option<String>,
        in_cohort: bool,
    }
}

part! {
    /// What they ask of its headline estimate.
    struct OwnPart of EstimateRow {
        model_id: String,
        tier: TierNumber,
        tier_name: Tier,
        train_flop: Quantiles,
        energy_kwh: Quantiles,
        emissions_kgco2e: Quantiles,
        atci_gco2e_per_pflop: Option<Quantiles>,
        embodied_kgco2e: Option<Quantiles>,
        water_l: Option<Quantiles>,
        accelerator: Option<String>,
        accelerator_is_fallback: Option<bool>,
        pue: Option<f64>,
        grid_gco2e_per_kwh: Option<f64>,
        grid_place: Option<String>,
        grid_is_owner_country: Option<bool>,
        grid_is_fallback: Option<bool>,
        flags: Vec<Flag>,
        method_version: i32,
    }
}

part! {
    /// What those that start from a run ask of its estimate.
    struct UpstreamPart of EstimateRow {
        run_id: String,
        train_flop: Quantiles,
        energy_kwh: Quantiles,
        emissions_kgco2e: Quantiles,
    }
}

part! {
    /// What a repository is told apart by in the report.
    struct MemberPart of ModelRow {
        model_id: String,
        owner: Option<String>,
        modality: Modality,
        role: Role,
        trained_on: Option<Day>,
        owner_country: Option<String>,
        in_cohort: bool,
    }
}

part! {
    /// What decides which repositories the explorer holds.
    struct DownloadsPart of ModelRow {
        model_id: String,
        downloads_30d: Option<i64>,
        downloads_all_time: Option<i64>,
        in_cohort: bool,
    }
}

part! {
    /// What the report sums of a headline estimate.
    struct StandInPart of EstimateRow {
        run_id: String,
        model_id: String,
        tier: TierNumber,
        emissions_kgco2e: Quantiles,
        accelerator_is_fallback: Option<bool>,
        power_is_fallback: Option<bool>,
        mfu_is_fallback: Option<bool>,
        pue_is_fallback: Option<bool>,
        grid_is_owner_country: Option<bool>,
        grid_is_fallback: Option<bool>,
    }
}

part! {
    /// What the explorer shows of a lineage.
    struct LineageMeanPart of LineageRow {
        model_id: String,
        lineage_emissions_kgco2e_mean: f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A column by another name or type would be missing in every table.
    #[test]
    fn parts_have_the_columns_of_their_rows() {
        fn check<P: Part>() {
            let schema = <P::Of as Row>::schema();
            let whole: BTreeSet<_> =
                schema.fields().iter().map(|f| (f.name().clone(), f.data_type().to_string(), f.is_nullable())).collect();
            for field in P::fields() {
                let column = (field.name().clone(), field.data_type().to_string(), field.is_nullable());
                assert!(whole.contains(&column), "{column:?}");
            }
        }
        check::<ModelPart>();
        check::<CarriedPart>();
        check::<LineagePart>();
        check::<OwnPart>();
        check::<UpstreamPart>();
        check::<MemberPart>();
        check::<DownloadsPart>();
        check::<StandInPart>();
        check::<LineageMeanPart>();
    }
}
