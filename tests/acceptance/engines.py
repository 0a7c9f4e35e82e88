"""Runs the snippets of docs/engines.md on real cards, and compares what the pipeline makes of their evidence with what it makes of the cards.

    python tests/acceptance/engines.py BINARY [SHARED]

The cards are those of SHARED/data/cards (12,929; where the folder is absent, the sample's), the index has a record for each: every second
states the base model of its card, as the Hub does. Each engine writes its evidence; every published table must have the bytes of a run on
the cards. Of Spark's rows it also checks that what the pipeline publishes of a card is one of the readings. Prints one line per engine;
exit status 1 when a table differs. Spark needs Java, Ray has to be installed: without, a line says that it is left out.
"""

import gzip
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[2]
PARTS = 4
CARD_EXTRACTORS = ["card_text", "card_table", "card_front_matter", "recipe", "recipe_samples"]


def snippets() -> dict[str, str]:
    """The blocks of the page by the comment they begin with."""
    blocks = re.findall(r"```python\n# (\S+)\n(.*?)```", (ROOT / "docs" / "engines.md").read_text(), re.DOTALL)
    return dict(blocks)


def real_cards(shared: Path) -> list[dict[str, str]]:
    path = shared / "data" / "cards" / "model_cards.jsonl.gz"
    if path.exists():
        lines = gzip.open(path, "rt").read().splitlines()
    else:
        print(f"engines: {path} is absent, the sample's cards are used")
        lines = (ROOT / "data" / "sample" / "cards" / "cards.jsonl").read_text().splitlines()
    # One card of an id, as a table of an engine has it; ids that differ in case only are one repository.
    cards = {card["id"].lower(): {"id": card["id"], "card": card["card"]} for card in map(json.loads, lines)}
    return list(cards.values())


def record(number: int, card: dict[str, str]) -> dict[str, object]:
    """A record of the index with little more than an id, or with the card's own base."""
    out: dict[str, object] = {
        "id": card["id"],
        "createdAt": f"202{number % 5}-0{1 + number % 9}-11T00:00:00.000Z",
        "downloads": 10 * number,
        "downloadsAllTime": 100 * number,
        "likes": number % 50,
        "tags": [],
    }
    base = re.search(r"^base_model:\s*([\w./-]+)\s*$", card["card"][:4000], re.MULTILINE)
    if base and number % 2:
        out["cardData"] = {"base_model": base.group(1)}
    if number % 3 == 0:
        out["safetensors"] = {"parameters": {"F32": 10**7 * (1 + number % 997)}, "total": 10**7 * (1 + number % 997)}
    return out


def tables(binary: str, root: Path, name: str, arguments: list[str]) -> dict[str, str]:
    """SHA-256 of every published table of a run."""
    data = root / f"data-{name}"
    command = [binary, "-q", "run", "--source", str(root / "index.jsonl"), "--data-dir", str(data), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    if done.returncode:
        sys.exit(f"{name}: {done.stderr}")
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted((data / "snapshots" / "latest").glob("*.parquet"))}


def compare_rows(published: Path, made: Path) -> str:
    """Every published row of a card is a row of one of its readings: same key, value, unit and quote."""
    columns = ["evidence_id", "value", "unit", "quote", "source", "locator"]
    rows = lambda table: {tuple(row[c] for c in columns) for row in table.to_pylist()}
    ours = ds.dataset(published).to_table(filter=ds.field("extractor").isin(CARD_EXTRACTORS) & ds.field("source").isin(["card_yaml", "card_text"]))
    theirs = rows(ds.dataset(made).to_table(columns, filter=ds.field("evidence_id").is_valid()))
    whole = [row for row in rows(ours) if not row[5].endswith("(card cut at 1 MiB)")]
    missing = [row for row in whole if row not in theirs]
    if missing or not whole:
        sys.exit(f"of {len(whole)} published rows {len(missing)} are in no reading: {missing[:3]}")
    return f"{len(whole)} published rows of cards are among {len(theirs)} rows read"


def run_snippet(name: str, code: str, place: Path, binary: str) -> float:
    """Runs a snippet in a directory of its own, with the cards of three parts beside it."""
    place.mkdir()
    (place / "carbon_rows.py").write_text(snippets()["carbon_rows.py"])
    (place / "snippet.py").write_text(code)
    (place / "cards.parquet").symlink_to(place.parent / "cards.parquet")
    path = f"{Path(binary).resolve().parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(place), "PYSPARK_PYTHON": sys.executable, "RAY_USAGE_STATS_ENABLED": "0"}
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "snippet.py"], cwd=place, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{name}: {done.stderr[-4000:]}")
    return time.monotonic() - begun


def left_out(name: str) -> str | None:
    if name == "spark" and shutil.which("java") is None:
        return "no Java"
    if name in ("ray", "dask") and importlib.util.find_spec(name) is None:
        return f"{name} is not installed"
    return None


def main() -> int:
    binary = sys.argv[1]
    shared = Path(sys.argv[2] if len(sys.argv) > 2 else ROOT.parent / "shared")
    differing = []
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        cards = real_cards(shared)
        (root / "index.jsonl").write_text("".join(json.dumps(record(n, card)) + "\n" for n, card in enumerate(cards)))
        (root / "cards.jsonl").write_text("".join(json.dumps(card) + "\n" for card in cards))
        (root / "cards.parquet").mkdir()
        for part in range(PARTS):
            pq.write_table(pa.Table.from_pylist(cards[part::PARTS]), root / "cards.parquet" / f"part-{part}.parquet")
        right = tables(binary, root, "cards", ["--cards", "cards.jsonl"])
        for name, code in snippets().items():
            if name == "carbon_rows.py":
                continue
            if why := left_out(name):
                print(f"{name}: left out, {why}")
                continue
            place = root / name
            seconds = run_snippet(name, code, place, binary)
            made = next(path for path in [place / "evidence", place / "evidence.parquet"] if path.exists())
            got = tables(binary, root, name, ["--evidence", str(made)])
            differ = [table for table, digest in right.items() if got.get(table) != digest]
            print(f"{name}: {len(cards)} cards in {seconds:.1f} s, {'the same tables' if not differ else 'differs in ' + ', '.join(differ)}")
            differing += [name] if differ else []
            if name == "spark":
                print(f"spark: {compare_rows(root / 'data-cards' / 'snapshots' / 'latest' / 'evidence.parquet', made)}")
    if differing:
        print(f"not the same tables: {', '.join(differing)}", file=sys.stderr)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
