//! Some columns of a table as rows: who asks for a few of forty columns decodes those alone.

use super::{EstimateRow, ModelRow, Row, cell::TierNumber};
use crate::domain::{Modality, Quantiles, Role, RoleShares, Rule, TrainedOnSource};
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

            #[allow(unused_assignments)] // Nothing is read behind the last field.
            fn from_columns(columns: &[ArrayRef], row: usize) -> Result<Self> {
                use $crate::tables::cell::Columns;
                let mut first = 0;
                Ok(Self {
                    $($field: {
                        let cells = columns.get(first..first + <$type as Columns>::WIDTH).unwrap_or_default();
                        first += <$type as Columns>::WIDTH;
                        <$type as Columns>::read(cells, row).ok_or_else(|| $crate::tables::unknown_cell($row::NAME, stringify!($field)))?
                    },)+
                })
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
    /// What totals ask of a headline estimate.
    struct EstimatePart of EstimateRow {
        model_id: String,
        tier: TierNumber,
        train_flop: Quantiles,
        energy_kwh: Quantiles,
        emissions_kgco2e: Quantiles,
        atci_gco2e_per_pflop: Option<Quantiles>,
        accelerator: Option<String>,
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
        check::<EstimatePart>();
    }
}
