"""Refits every regression of a snapshot with statsmodels and numpy and compares all that is published about it.

    python tests/acceptance/statsmodels_check.py SNAPSHOT

Design matrix, response and owners come from `regression_observations`; the published figures from `regressions`,
`regression_terms` and `regression_observations.held_out_error`. The trends of `trend` are refitted from `trend_months`, and the years
they are tested on predicted again. Prints one line per regression with its worst relative
difference. Exit status 1 when a figure disagrees, with the list on stderr; 2 when the snapshot cannot be read.
Written against statsmodels 0.15.0 and polars 2.1.0; needs numpy and scipy beside them.
"""

import argparse
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.stats import t as student_t
from statsmodels.stats.diagnostic import het_breuschpagan
from statsmodels.stats.outliers_influence import OLSInfluence
from statsmodels.stats.stattools import durbin_watson, jarque_bera

# Largest relative difference (docs/method.md, section 5). Published p values have 12 significant digits: 5e-12 of it is rounding.
RELATIVE_TOLERANCE = 1e-8
# p values that differ by less are both lost to underflow.
P_UNDERFLOW = 1e-300
# Most folds of the cross-validation by owner (src/method/regression.rs, MAX_FOLDS).
MAX_FOLDS = 50
# Singular values of a design with columns of unit length below which a column is a combination of others.
DEPENDENT = 1e-11

Array = NDArray[np.float64]


class Figure(NamedTuple):
    """One published figure and what it should be; None where there is none."""

    name: str
    published: float | None
    expected: float | None
    is_p: bool = False

    def difference(self) -> float:
        """Relative difference; infinite when one side is missing or not finite."""
        if self.published is None and self.expected is None:
            return 0.0
        if self.published is None or self.expected is None:
            return math.inf
        if not (math.isfinite(self.published) and math.isfinite(self.expected)):
            return math.inf
        gap = abs(self.published - self.expected)
        if gap == 0.0 or (self.is_p and gap <= P_UNDERFLOW):
            return 0.0
        return gap / abs(self.expected) if self.expected != 0.0 else math.inf


class Regression(NamedTuple):
    """What a snapshot holds of one regression."""

    row: dict[str, Any]
    terms: dict[str, dict[str, Any]]
    observation_ids: list[str]
    owners: list[str]
    x: Array
    y: Array
    held_out_errors: list[float | None]


def read(snapshot: Path) -> Iterator[Regression]:
    """Every regression of a snapshot, in the order of the table."""
    regressions = pl.read_parquet(snapshot / "regressions.parquet")
    terms = pl.read_parquet(snapshot / "regression_terms.parquet")
    observations = pl.read_parquet(snapshot / "regression_observations.parquet")
    for row in regressions.iter_rows(named=True):
        of_it = pl.col("regression_id") == row["regression_id"]
        rows = observations.filter(of_it)
        yield Regression(
            row=row,
            terms={term["term"]: term for term in terms.filter(of_it).iter_rows(named=True)},
            observation_ids=rows["observation_id"].to_list(),
            owners=rows["owner"].to_list(),
            x=np.array(rows["terms"].to_list(), dtype=np.float64),
            y=rows["response"].to_numpy(),
            held_out_errors=rows["held_out_error"].to_list(),
        )


def structural_faults(regression: Regression) -> list[str]:
    """What keeps the tables from describing one and the same fit."""
    row = regression.row
    shape = (row["n"], row["k"])
    faults = []
    if regression.x.shape != shape or len(row["terms"]) != row["k"]:
        faults.append(f"n and k are {shape}, the design is {regression.x.shape}, terms has {len(row['terms'])} names")
    if set(regression.terms) != set(row["terms"]):
        faults.append(f"regression_terms has {sorted(regression.terms)}, terms has {sorted(row['terms'])}")
    if sorted(row["fitted_ids"]) != sorted(regression.observation_ids):
        faults.append("fitted_ids are not the observations of regression_observations")
    return faults


def inference(regression: Regression) -> Iterator[Figure]:
    """Coefficients with HC3 inference, and the statistics of the whole fit."""
    row, x, y = regression.row, regression.x, regression.y
    classical = sm.OLS(y, x).fit()
    robust = sm.OLS(y, x).fit(cov_type="HC3", use_t=True)
    low, high = robust.conf_int(0.05).T
    for j, name in enumerate(row["terms"]):
        term = regression.terms[name]
        yield Figure(f"estimate of {name}", term["estimate"], classical.params[j])
        yield Figure(f"std_error_hc3 of {name}", term["std_error_hc3"], robust.bse[j])
        yield Figure(f"t_statistic of {name}", term["t_statistic"], robust.tvalues[j])
        yield Figure(f"p_value of {name}", term["p_value"], robust.pvalues[j], is_p=True)
        yield Figure(f"ci95_low of {name}", term["ci95_low"], low[j])
        yield Figure(f"ci95_high of {name}", term["ci95_high"], high[j])
    yield Figure("r2", row["r2"], classical.rsquared)
    yield Figure("r2_adjusted", row["r2_adjusted"], classical.rsquared_adj)
    yield Figure("residual_se", row["residual_se"], math.sqrt(classical.scale))
    has_slopes = x.shape[1] > 1
    lm, lm_p = het_breuschpagan(classical.resid, x, robust=True)[:2] if has_slopes else (None, None)
    yield Figure("f_statistic", row["f_statistic"], classical.fvalue if has_slopes else None)
    yield Figure("f_p_value", row["f_p_value"], classical.f_pvalue if has_slopes else None, is_p=True)
    yield Figure("breusch_pagan", row["breusch_pagan"], lm)
    yield Figure("breusch_pagan_p_value", row["breusch_pagan_p_value"], lm_p, is_p=True)
    statistic, p = jarque_bera(classical.resid)[:2]
    yield Figure("jarque_bera", row["jarque_bera"], statistic)
    yield Figure("jarque_bera_p_value", row["jarque_bera_p_value"], p, is_p=True)
    yield Figure("condition_number", row["condition_number"], np.linalg.cond(x))
    yield Figure("loo_rmse", row["loo_rmse"], root_mean_square(OLSInfluence(classical).resid_press))


def cross_validation(regression: Regression) -> Iterator[Figure]:
    """Errors with whole owners held out, one by one and summed up."""
    errors = held_out_errors(regression.x, regression.y, regression.owners)
    for name, published, error in zip(regression.observation_ids, regression.held_out_errors, errors, strict=True):
        yield Figure(f"held_out_error of {name}", published, error)
    known = np.array([error for error in errors if error is not None])
    row = regression.row
    yield Figure("grouped_cv_rmse", row["grouped_cv_rmse"], root_mean_square(known) if known.size else None)
    median = float(np.median(np.abs(known))) if known.size else None
    yield Figure("grouped_cv_median_abs_error", row["grouped_cv_median_abs_error"], median)


def held_out_errors(x: Array, y: Array, owners: list[str]) -> list[float | None]:
    """Response less the prediction of a fit without the fold of the observation's owner; None where that cannot be fitted.

    Owners sorted by name are dealt out to at most MAX_FOLDS folds in turn.
    """
    folds = {owner: i % MAX_FOLDS for i, owner in enumerate(sorted(set(owners)))}
    if len(folds) < 2:
        return [None] * len(owners)
    fold_of = np.array([folds[owner] for owner in owners])
    errors: list[float | None] = [None] * len(owners)
    for fold in range(max(folds.values()) + 1):
        coefficients = least_squares(x[fold_of != fold], y[fold_of != fold])
        if coefficients is not None:
            for i in np.flatnonzero(fold_of == fold):
                errors[i] = float(y[i] - x[i] @ coefficients)
    return errors


def least_squares(x: Array, y: Array) -> Array | None:
    """Coefficients by singular values on columns of unit length; None without full rank or a degree of freedom."""
    n, k = x.shape
    norms = np.linalg.norm(x, axis=0)
    if n <= k or (norms == 0.0).any():
        return None
    coefficients, _, rank, _ = np.linalg.lstsq(x / norms, y, rcond=DEPENDENT)
    return coefficients / norms if rank == k else None


def trends(snapshot: Path) -> Iterator[tuple[str, list[Figure]]]:
    """Every trend: fitted again on the months before its end, and asked for the months of the year after."""
    months = pl.read_parquet(snapshot / "trend_months.parquet").filter(pl.col("is_fitted"))
    for row in pl.read_parquet(snapshot / "trend.parquet").iter_rows(named=True):
        of_it = months.filter((pl.col("basis") == row["basis"]) & (pl.col("cohort") == row["cohort"])).sort("month")
        year = of_it["month"].str.slice(0, 4).cast(pl.Int32).to_numpy()
        x = sm.add_constant(year - 2022 + (of_it["month"].str.slice(5, 2).cast(pl.Int32).to_numpy() - 0.5) / 12)
        y = np.log10(of_it["emissions_kgco2e_mean"].to_numpy())
        is_past = (of_it["month"] <= row["fitted_through"]).to_numpy()
        robust = sm.OLS(y[is_past], x[is_past]).fit(cov_type="HC3", use_t=True)
        low, high = robust.conf_int(0.05)[1]
        figures = [
            Figure("n", row["n"], int(is_past.sum())),
            Figure("intercept", row["intercept"], robust.params[0]),
            Figure("slope", row["slope_dex_per_year"], robust.params[1]),
            Figure("std_error_hc3", row["slope_std_error_hc3_dex_per_year"], robust.bse[1]),
            Figure("p_value", row["slope_p_value"], robust.pvalues[1], is_p=True),
            Figure("growth", row["growth_per_year"], 10 ** robust.params[1]),
            Figure("ci95_low", row["growth_per_year_ci95_low"], 10**low),
            Figure("ci95_high", row["growth_per_year_ci95_high"], 10**high),
            Figure("r2", row["r2"], robust.rsquared),
            Figure("residual_se", row["residual_se"], math.sqrt(robust.scale)),
            Figure("durbin_watson", row["durbin_watson"], float(durbin_watson(robust.resid))),
        ]
        is_next = year == year[is_past].max() + 1
        if row["held_out_n"] is not None:
            next_x, truth = x[is_next], y[is_next]
            error = next_x @ robust.params - truth
            line = np.einsum("ij,jk,ik->i", next_x, robust.cov_params(), next_x)
            half = student_t.ppf(0.95, is_past.sum() - 2) * np.sqrt(robust.scale + line)
            figures += [
                Figure("held_out_n", row["held_out_n"], int(is_next.sum())),
                Figure("held_out_bias", row["held_out_bias_dex"], float(np.median(error))),
                Figure("held_out_error", row["held_out_median_abs_error_dex"], float(np.median(np.abs(error)))),
                Figure("held_out_coverage", row["held_out_coverage_90"], float(np.mean(np.abs(error) <= half))),
            ]
        yield f"trend of {row['basis']} to {row['fitted_through']}", figures


def root_mean_square(errors: Array) -> float:
    """Root of the mean square."""
    return math.sqrt(float(np.mean(np.square(errors))))


def main() -> int:
    """Checks one snapshot; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("snapshot", type=Path, metavar="SNAPSHOT", help="directory of a snapshot")
    snapshot = parser.parse_args().snapshot
    try:
        regressions = list(read(snapshot))
    except (OSError, pl.exceptions.PolarsError) as error:
        print(f"cannot read the regressions of {snapshot}: {error}", file=sys.stderr)
        return 2
    if not regressions:
        print(f"{snapshot} holds no regression", file=sys.stderr)
        return 2
    disagreements: list[str] = []
    for regression in regressions:
        name = regression.row["regression_id"]
        faults = structural_faults(regression)
        if faults:
            disagreements.extend(f"{name}: {fault}" for fault in faults)
            print(f"{name}: not compared, its tables disagree")
            continue
        figures = [*inference(regression), *cross_validation(regression)]
        worst = max(figures, key=Figure.difference)
        print(
            f"{name}: n {regression.row['n']}, k {regression.row['k']}, {len(figures)} figures, "
            f"worst relative difference {worst.difference():.1e} ({worst.name})"
        )
        disagreements.extend(
            f"{name}: {figure.name} is {figure.published}, should be {figure.expected} ({figure.difference():.1e})"
            for figure in figures
            if not figure.difference() <= RELATIVE_TOLERANCE
        )
    for name, figures in trends(snapshot):
        worst = max(figures, key=Figure.difference)
        print(f"{name}: {len(figures)} figures, worst relative difference {worst.difference():.1e} ({worst.name})")
        disagreements.extend(
            f"{name}: {figure.name} is {figure.published}, should be {figure.expected} ({figure.difference():.1e})"
            for figure in figures
            if not figure.difference() <= RELATIVE_TOLERANCE
        )
    if disagreements:
        print(f"{len(disagreements)} disagree by more than {RELATIVE_TOLERANCE:.0e}:", *disagreements, sep="\n  ", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
