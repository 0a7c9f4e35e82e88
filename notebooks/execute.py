"""Executes every notebook of this folder in a fresh kernel; the notebooks themselves are never written.

    python notebooks/execute.py [--keep DIR]

Prints one line per notebook. Exit status 1 when a notebook fails, stores outputs, is too long, or cannot be read; the error of the
failing cell goes to stderr. `--keep` saves the executed copies. `HUGGING_CARBON_SNAPSHOT` chooses the snapshot.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal

FOLDER = Path(__file__).resolve().parent
CELL_TIMEOUT_SECONDS = 300
# A notebook answers one question; what several need stands in snapshot.py.
MOST_LINES_OF_CODE = 60
COLOUR_CODES = re.compile(r"\x1b\[[0-9;]*m")


def execute(path, keep):
    """Runs one notebook on a copy in memory. Raises what nbclient raises, or ValueError."""
    notebook = nbformat.read(path, as_version=4)
    stored = [i for i, cell in enumerate(notebook.cells) if cell.get("outputs") or cell.get("execution_count")]
    if stored:
        raise ValueError(f"cells {stored} store outputs; clear them before committing")
    lines = sum(bool(line.strip()) for cell in notebook.cells if cell.cell_type == "code" for line in cell.source.splitlines())
    if lines > MOST_LINES_OF_CODE:
        raise ValueError(f"{lines} lines of code, at most {MOST_LINES_OF_CODE} are meant")
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        timeout=CELL_TIMEOUT_SECONDS,
        startup_timeout=CELL_TIMEOUT_SECONDS,
        resources={"metadata": {"path": str(FOLDER)}},
    )
    try:
        client.execute()
    finally:
        if keep:
            nbformat.write(notebook, keep / path.name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, metavar="DIR", help="save the executed copies here")
    keep = parser.parse_args().keep
    if keep:
        if keep.resolve() == FOLDER:
            parser.error("--keep must not be the folder of the notebooks")
        keep.mkdir(parents=True, exist_ok=True)
    snapshot = os.environ.get("HUGGING_CARBON_SNAPSHOT")
    if snapshot:
        # Kernels run in this folder; a relative path is meant from where the command was given.
        os.environ["HUGGING_CARBON_SNAPSHOT"] = os.path.abspath(snapshot)
    paths = sorted(FOLDER.glob("*.ipynb"))
    if not paths:
        print(f"no notebook in {FOLDER}", file=sys.stderr)
        return 1
    failed = 0
    with tempfile.TemporaryDirectory(prefix="notebooks-") as clean:
        # A profile of the person's own must not change what a notebook does.
        os.environ["IPYTHONDIR"] = clean
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        for path in paths:
            begun = time.monotonic()
            try:
                execute(path, keep)
                outcome = "ok"
            except (CellControlSignal, RuntimeError, ValueError, nbformat.ValidationError) as error:
                outcome = "FAILED"
                failed += 1
                print(COLOUR_CODES.sub("", str(error)), file=sys.stderr)
            print(f"{path.name}: {outcome} ({time.monotonic() - begun:.1f} s)", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
