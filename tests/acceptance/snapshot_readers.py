"""Reads a snapshot in the ways that docs/loading.md shows, and validates its descriptions with the tools of their formats.

    python tests/acceptance/snapshot_readers.py SNAPSHOT

Runs every Python block of the page in the snapshot's directory, then `mlcroissant validate` and frictionless' validation of metadata and
of the first rows of each table. Its reader of Parquet counts no bytes, gives lists as arrays of numpy, which are no lists to it, and what is
null in a column of integers as NaN, which is no integer to it: these errors are left out, the last only of columns whose Parquet has nulls.
The block of R is parsed where there is R, and run where R has arrow and dplyr.
Prints one line per block. Exit status 1 when one fails, with its error on stderr. Spark needs Java; without it its block is left out.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import frictionless
import pyarrow.parquet

PAGE = Path(__file__).parents[2] / "docs" / "loading.md"


def blocks() -> list[tuple[str, str]]:
    """Title and code of every Python block."""
    found, title = [], ""
    for part in re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)[1:]:
        title = part.splitlines()[0]
        found += [(title, code) for code in re.findall(r"```python\n(.*?)```", part, flags=re.DOTALL)]
    return found


def run(title: str, command: list[str], snapshot: Path) -> bool:
    """Runs a command in the snapshot's directory."""
    with tempfile.TemporaryDirectory() as cache:
        env = os.environ | {"HF_HOME": cache, "HF_HUB_OFFLINE": "1"}
        done = subprocess.run(command, cwd=snapshot, capture_output=True, text=True, env=env)
    print(f"{title}: {'ok' if done.returncode == 0 else 'FAILED'}")
    if done.returncode != 0:
        print(done.stdout + done.stderr, file=sys.stderr)
    return done.returncode == 0


# Rows of each table that frictionless checks. It reads some tens of rows a second, and what a schema can get wrong shows in any of them.
ROWS = 200


def integers_with_nulls(file: Path) -> set[str]:
    """Columns of integers of which a row is null, by the statistics of the file."""
    table = pyarrow.parquet.ParquetFile(file)
    groups = [table.metadata.row_group(at) for at in range(table.num_row_groups)]
    found = set()
    for group in groups:
        for column in (group.column(at) for at in range(group.num_columns)):
            field = table.schema_arrow.field(column.path_in_schema.split(".")[0])
            has_nulls = column.statistics is None or column.statistics.null_count
            if pyarrow.types.is_integer(field.type) and has_nulls:
                found.add(field.name)
    return found


def row_errors(snapshot: Path) -> list[str]:
    """What frictionless finds in the tables."""
    found = []
    package = frictionless.Package(str(snapshot / "datapackage.json"))
    for resource in package.resources:
        lists = {field.name for field in resource.schema.fields if field.type == "array"}
        nulls = integers_with_nulls(snapshot / resource.path)
        checklist = frictionless.Checklist(skip_errors=["byte-count"])
        for task in resource.validate(checklist, limit_errors=100_000, limit_rows=ROWS).tasks:
            is_null = lambda e: e.field_name in nulls and str(e.cell) == "nan"  # noqa: E731
            wrong = [e for e in task.errors if not (e.type == "type-error" and (e.field_name in lists or is_null(e)))]
            found += [f"{resource.name}: {error.message[:200]}" for error in wrong[:5]]
    return found


def r_block(snapshot: Path) -> list[bool]:
    """Parses the block of R, and runs it where its packages are."""
    if shutil.which("Rscript") is None:
        print("R: left out, there is no R")
        return []
    (code,) = re.findall(r"```r\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    results = [run("R, parsed", ["Rscript", "-e", "invisible(parse(text = commandArgs(TRUE)[1]))", code], snapshot)]
    has = "q(status = !(requireNamespace('arrow', quietly = TRUE) && requireNamespace('dplyr', quietly = TRUE)))"
    if subprocess.run(["Rscript", "-e", has], capture_output=True).returncode != 0:
        print("R: not run, it has no arrow or no dplyr")
        return results
    return [*results, run("R", ["Rscript", "-e", code], snapshot)]


def main() -> int:
    snapshot = Path(sys.argv[1]).resolve()
    results = []
    for title, code in blocks():
        if title == "Spark" and shutil.which("java") is None:
            print("Spark: left out, there is no Java")
            continue
        results.append(run(title, [sys.executable, "-c", code], snapshot))
    results += r_block(snapshot)
    validate = "from mlcroissant.scripts.cli import main; main()"
    results.append(run("mlcroissant validate", [sys.executable, "-c", validate, "validate", "--jsonld", "croissant.json"], snapshot))
    package = json.loads((snapshot / "datapackage.json").read_text())
    errors = list(frictionless.Package.metadata_validate(package))
    print(f"frictionless metadata: {'ok' if not errors else errors}")
    wrong = row_errors(snapshot)
    print(f"frictionless rows: {'ok' if not wrong else wrong}")
    return 0 if all(results) and not errors and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
