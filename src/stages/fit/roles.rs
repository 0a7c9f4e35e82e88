//! What the likelihood of roles is worth, as normalize has learnt it: its log loss beside that of hard rules and of the shares of the roles, and how
//! often a role is what its probability says, always with owners held out.

use super::super::normalize;
use crate::domain::role_shares::ROLES;
use crate::domain::{Role, RoleMethod, RoleShares, Shown};
use crate::lineage::role_model::{self, HeldOut, Labelled, Learning, RIDGE, RoleModel};
use crate::lineage::roles;
use crate::tables::{RoleReliabilityRow, RoleScoreRow, RoleTermRow};
use libm::log;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// Bins of a probability.
const TENTHS: usize = 10;

/// Both tables.
pub(super) struct RoleTables {
    pub(super) scores: Vec<RoleScoreRow>,
    pub(super) reliability: Vec<RoleReliabilityRow>,
}

impl RoleTables {
    /// Of the labelled records, with the coefficients that were learnt from them all.
    pub(super) fn new(references: &normalize::References, terms: &[RoleTermRow]) -> Self {
        let labelled = normalize::labelled(references);
        let learning = Learning { ridge: RIDGE, masks: true };
        let known: FxHashMap<(&str, Role), f64> = terms.iter().map(|row| ((row.term.as_str(), row.role), row.estimate)).collect();
        let whole = RoleModel::of_coefficients(&labelled, |term, role| known.get(&(term, role)).copied());
        let ways = [
            (RoleMethod::Regression, learning),
            (RoleMethod::RegressionThirdOfTheRidge, Learning { ridge: RIDGE / 3.0, ..learning }),
            (RoleMethod::RegressionThreeTimesTheRidge, Learning { ridge: RIDGE * 3.0, ..learning }),
            (RoleMethod::RegressionWithoutMasks, Learning { masks: false, ..learning }),
        ];
        let held_out = role_model::held_out(&labelled, &whole, &ways.map(|(_, learning)| learning));
        let mut scores: Vec<RoleScoreRow> =
            ways.iter().zip(&held_out).flat_map(|((method, _), shares)| score(&labelled, *method, shares)).collect();
        let by_rule = |row: &Labelled| roles::role(&row.facts).0;
        scores.extend(score(&labelled, RoleMethod::HardRules, &by_share(&labelled, by_rule)));
        scores.extend(score(&labelled, RoleMethod::ClassShares, &by_share(&labelled, |_| Role::Pretrained)));
        scores.sort_by_key(|row| (row.method.name(), row.shown.name()));
        Self { scores, reliability: reliability(&labelled, &held_out[0]) }
    }
}

/// Shares of the roles among the records of other owners that have the same class, each role counted once more than it was seen. The class
/// is asked of the record as it is, and masked.
fn by_share(labelled: &[Labelled], class: impl Fn(&Labelled) -> Role) -> Vec<HeldOut> {
    let position = |role: Role| Role::ALL.iter().position(|r| *r == role).unwrap_or(0);
    let folds = role_model::folds(labelled);
    let classes: [Vec<Role>; 2] =
        [labelled.iter().map(&class).collect(), labelled.iter().map(|row| class(&row.masked())).collect()];
    let shares = |at: usize, classes: &[Role]| {
        let mut counts = [1.0; ROLES];
        for (other, row) in labelled.iter().enumerate() {
            if folds[other] != folds[at] && classes[other] == classes[at] {
                counts[position(row.role)] += row.counts;
            }
        }
        RoleShares::from_weights(&counts).unwrap_or_else(|| RoleShares::certain(classes[at]))
    };
    (0..labelled.len()).map(|at| [shares(at, &classes[0]), shares(at, &classes[1])]).collect()
}

fn score(labelled: &[Labelled], method: RoleMethod, held_out: &[HeldOut]) -> Vec<RoleScoreRow> {
    let counted = || labelled.iter().filter(|row| row.counts > 0.0);
    let owners: BTreeSet<String> = counted().map(Labelled::owner).collect();
    let weight: f64 = labelled.iter().map(|row| row.counts).sum();
    [Shown::AsItIs, Shown::IdTaskDownloads]
        .into_iter()
        .enumerate()
        .map(|(version, shown)| {
            let rows = || labelled.iter().zip(held_out).map(|(row, shares)| (row, &shares[version]));
            let loss: f64 = rows().map(|(row, shares)| -row.counts * log(shares.share(row.role).max(1e-300))).sum();
            let right: f64 = rows().filter(|(row, shares)| shares.likeliest() == row.role).map(|(row, _)| row.counts).sum();
            RoleScoreRow {
                method,
                shown,
                n: i64::try_from(counted().count()).unwrap_or(i64::MAX),
                owners: i64::try_from(owners.len()).unwrap_or(i64::MAX),
                log_loss: loss / weight,
                accuracy: right / weight,
            }
        })
        .collect()
}

fn reliability(labelled: &[Labelled], held_out: &[HeldOut]) -> Vec<RoleReliabilityRow> {
    let mut table = Vec::new();
    for (version, shown) in [Shown::AsItIs, Shown::IdTaskDownloads].into_iter().enumerate() {
        for role in Role::ALL {
            for tenth in 0..TENTHS {
                let rows: Vec<(&Labelled, f64)> = labelled
                    .iter()
                    .zip(held_out)
                    .filter(|(row, _)| row.counts > 0.0)
                    .map(|(row, shares)| (row, shares[version].share(*role)))
                    .filter(|(_, p)| tenth_of(*p) == tenth)
                    .collect();
                let weight: f64 = rows.iter().map(|(row, _)| row.counts).sum();
                if rows.is_empty() {
                    continue;
                }
                table.push(RoleReliabilityRow {
                    shown,
                    role: *role,
                    tenth: i32::try_from(tenth).unwrap_or(i32::MAX),
                    n: i64::try_from(rows.len()).unwrap_or(i64::MAX),
                    mean_probability: rows.iter().map(|(row, p)| row.counts * p).sum::<f64>() / weight,
                    observed_share: rows.iter().filter(|(row, _)| row.role == *role).map(|(row, _)| row.counts).sum::<f64>()
                        / weight,
                });
            }
        }
    }
    table.sort_by_key(|row| (row.shown.name(), row.role.name(), row.tenth));
    table
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // 0 to 9.
fn tenth_of(p: f64) -> usize {
    ((p * TENTHS as f64) as usize).min(TENTHS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::softmax::{ENOUGH_FOR_PROBABILITIES, EXACT};
    use crate::reference::Reference;

    /// The fits of the folds end earlier than the one whose coefficients are published.
    #[test]
    fn probabilities_of_the_folds_are_those_of_exact_fits() {
        let reference = Reference::load().unwrap();
        let labelled = normalize::labelled(&normalize::References::new(&reference));
        let learning = Learning { ridge: RIDGE, masks: true };
        let whole = RoleModel::learn(&labelled, learning);
        let [enough, exact] = [ENOUGH_FOR_PROBABILITIES, EXACT]
            .map(|tolerance| role_model::held_out_within(&labelled, &whole, &[learning], tolerance).remove(0));
        for (a, b) in enough.iter().flatten().zip(exact.iter().flatten()) {
            for role in Role::ALL {
                assert!((a.share(*role) - b.share(*role)).abs() < 1e-4, "{role:?}: {} {}", a.share(*role), b.share(*role));
            }
        }
    }

    #[test]
    fn a_probability_lies_in_its_tenth() {
        assert_eq!([0.0, 0.0999, 0.1, 0.55, 0.9999, 1.0].map(tenth_of), [0, 0, 1, 5, 9, 9]);
    }
}
