"""What the notebooks of this folder share: which snapshot they read, its tables, and how intervals are drawn."""

import json
import os
from pathlib import Path

import matplotlib.pyplot as plt
import polars as pl
from IPython.display import display

QUANTILES = ("p05", "p50", "p95", "mean")
EMISSIONS = [f"emissions_kgco2e_{q}" for q in QUANTILES]
# Okabe and Ito: told apart by colour-blind readers, too. Documented figures are full, imputed ones hatched.
DOCUMENTED = {"color": "#0072b2", "label": "documented (tiers 1 to 4)"}
TOTAL = {"color": "#777777"}
IMPUTED = {"facecolor": "white", "edgecolor": "#d55e00", "hatch": "////", "label": "imputed (tiers 5 and 6)"}


class Snapshot:
    """One snapshot: the directory given, else the one `HUGGING_CARBON_SNAPSHOT` names, else the newest of `../data/snapshots`."""

    def __init__(self, path=None):
        path = Path(path or os.environ.get("HUGGING_CARBON_SNAPSHOT", "../data/snapshots/latest"))
        # Where the file system has no symbolic links, a file names the newest version instead of the link `latest`.
        pointer = path.with_name("latest.json")
        if path.name == "latest" and not path.is_symlink() and not path.exists() and pointer.is_file():
            path = path.with_name(json.loads(pointer.read_text(encoding="utf-8"))["version"])
        if not (path / "manifest.json").is_file():
            raise FileNotFoundError(
                f"no snapshot at {path.absolute()}: build one with `hugging-carbon run`, "
                "or set HUGGING_CARBON_SNAPSHOT to the directory of a snapshot"
            )
        # Follow the link once: all tables come from one version even if another is published meanwhile.
        self.path = path.resolve()
        self.manifest = json.loads((self.path / "manifest.json").read_text(encoding="utf-8"))
        self.cohort = self.manifest["headline"]["cohort"]

    def read(self, table, columns=None):
        """A table, or some columns of it."""
        return pl.read_parquet(self.path / f"{table}.parquet", columns=columns)

    def groups(self, group_by, cohort=None):
        """Totals by group, the largest mean first; their means add up to that of the cohort."""
        chosen = pl.col("cohort") == (cohort or self.cohort), pl.col("group_by") == group_by
        return self.read("aggregates").filter(*chosen).sort(EMISSIONS[3], "group", descending=[True, False])

    def runs(self):
        """The runs of the cohort with what their repository is, the largest mean first."""
        models = self.read("models").filter("in_cohort")
        trained = self.read("estimates").filter(pl.col("tier") > 0)
        runs = trained.join(models, on="model_id", validate="m:1")
        return runs.sort(EMISSIONS[3], "run_id", descending=[True, False])


def tonnes(rows, *columns):
    """The columns named, and emissions in tonnes."""
    return rows.select(*columns, *[(pl.col(c) / 1000).round_sig_figs(4).alias(f"t_{q}") for c, q in zip(EMISSIONS, QUANTILES)])


def show(rows):
    """A whole table with whole texts."""
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=200, fmt_str_lengths=1000, tbl_hide_dataframe_shape=True):
        display(rows)


def draw(rows, label, title):
    """Bars of medians in tonnes with whiskers from the 5th to the 95th percentile, the first row at the top.

    Rows with a `tier` show whether they are documented or imputed.
    """
    if rows.is_empty():
        print(f"{title}: nothing")
        return
    figure, axes = plt.subplots(figsize=(9, 1.2 + 0.32 * rows.height), layout="constrained")
    low, mid, high = (rows[c] / 1000 for c in EMISSIONS[:3])
    looks = [DOCUMENTED if tier <= 4 else IMPUTED for tier in rows["tier"]] if "tier" in rows.columns else [TOTAL] * rows.height
    for look in (DOCUMENTED, IMPUTED, TOTAL):
        places = [y for y, chosen in enumerate(looks) if chosen is look]
        if places:
            axes.barh(places, mid.gather(places).to_list(), **look)
    whiskers = [(mid - low).to_list(), (high - mid).to_list()]
    axes.errorbar(mid.to_list(), range(rows.height), xerr=whiskers, fmt="none", ecolor="#333333", capsize=3)
    # A dollar sign would begin a formula.
    axes.set_yticks(range(rows.height), [str(name).replace("$", r"\$") for name in rows[label]])
    axes.set(xlim=(0, None), xlabel="t CO2e, median with p05 to p95", title=title)
    axes.invert_yaxis()
    if "tier" in rows.columns:
        axes.legend(frameon=False)
    plt.show()
