"""Writes the rows of the sample in the ways that people's tools write an index, and compares the tables made from each.

    python tests/acceptance/index_writers.py BINARY

Each way is a file or directory from pyarrow, polars, pandas, DuckDB or Spark, or JSON in another spelling. The tables below must have
the same bytes as those from the Hub's own records; `evidence` quotes the records, so its rows are compared without quote and locator.
Prints one line per way. Exit status 1 when a table differs, with the list on stderr. Spark needs Java; without it its way is left out,
and a line says so.
"""

import datetime
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
TABLES = ["models", "runs", "lineage", "estimates"]
NESTED = ["cardData", "safetensors", "gguf", "baseModels", "siblings"]
INSTANTS = ["createdAt", "lastModified"]

Record = dict[str, Any]


def records() -> list[Record]:
    """The sample's records, each with all keys."""
    rows = [json.loads(line) for line in (SAMPLE / "models.jsonl").read_text().splitlines()]
    keys = list(dict.fromkeys(key for row in rows for key in row))
    return [{key: row.get(key) for key in keys} for row in rows]


def instant(text: str | None) -> datetime.datetime | None:
    return None if text is None else datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def with_text(rows: list[Record]) -> list[Record]:
    """Nested values as JSON in a string."""
    text = lambda key, value: json.dumps(value) if key in NESTED and value is not None else value
    return [{key: text(key, value) for key, value in row.items()} for row in rows]


def snake(key: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in key)


def arrow_table(rows: list[Record], text: pa.DataType, tags: pa.DataType, stamp: pa.DataType) -> pa.Table:
    """A table with JSON text in the nested columns, and the given types for texts, lists and instants."""
    columns: dict[str, pa.Array] = {}
    for key in rows[0]:
        values = [row[key] for row in rows]
        if key in INSTANTS:
            columns[key] = pa.array([instant(v) for v in values], type=stamp)
        elif key == "tags":
            columns[key] = pa.array(values, type=tags)
        elif key in ("downloads", "downloadsAllTime", "likes"):
            columns[key] = pa.array(values, type=pa.int64())
        else:
            columns[key] = pa.array(values, type=pa.string()).cast(text)
    return pa.table(columns)


def with_structs(rows: list[Record]) -> pa.Table:
    """A table whose nested columns are structs, maps and lists."""
    table = arrow_table(with_text(rows), pa.string(), pa.list_(pa.string()), pa.timestamp("us", tz="UTC"))
    counts = lambda value: None if value is None else {**value, "parameters": list((value.get("parameters") or {}).items())}
    safetensors = pa.struct([("parameters", pa.map_(pa.string(), pa.int64())), ("total", pa.int64())])
    bases = pa.struct([("relation", pa.string()), ("models", pa.list_(pa.struct([("id", pa.string())])))])
    files = pa.list_(pa.struct([("rfilename", pa.string())]))
    for key, kind, values in [
        ("safetensors", safetensors, [counts(row["safetensors"]) for row in rows]),
        ("baseModels", bases, [row["baseModels"] for row in rows]),
        ("siblings", files, [row["siblings"] for row in rows]),
    ]:
        table = table.set_column(table.schema.get_field_index(key), key, pa.array(values, type=kind))
    return table


def json_lines(path: Path, rows: list[Record]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def frame(rows: list[Record]) -> pd.DataFrame:
    return pd.DataFrame({key: pd.Series([row[key] for row in rows], dtype=object) for key in rows[0]})


def by_spark(rows: list[Record], path: Path) -> None:
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    kinds = {"tags": "array<string>", "downloads": "bigint", "downloadsAllTime": "bigint", "likes": "bigint"}
    schema = ", ".join(f"`{key}` {kinds.get(key, 'string')}" for key in rows[0])
    values = [tuple(row.values()) for row in with_text(rows)]
    spark.createDataFrame(values, schema).repartition(3).write.parquet(str(path))
    spark.stop()


def by_duckdb(rows: list[Record], path: Path) -> None:
    source = path.with_suffix(".json")
    json_lines(source, with_text(rows))
    duckdb.sql(f"copy (select * from read_json('{source}', sample_size=-1)) to '{path}' (format parquet, codec 'brotli')")
    source.unlink()


def ways() -> list[tuple[str, str, Callable[[list[Record], Path], None]]]:
    plain, tags, milliseconds = pa.string(), pa.list_(pa.string()), pa.timestamp("ms", tz="UTC")
    write = pq.write_table
    large = (pa.large_string(), pa.large_list(pa.large_string()), pa.timestamp("us"))
    epoch = lambda unit: lambda row: {
        key: int(instant(value).timestamp() * unit) if key in INSTANTS and value else value for key, value in row.items()
    }
    return [
        ("snake case", "index.jsonl", lambda rows, to: json_lines(to, [{snake(k): v for k, v in r.items()} for r in rows])),
        ("card data as text", "index.jsonl", lambda rows, to: json_lines(to, with_text(rows))),
        ("upper case", "index.jsonl", lambda rows, to: json_lines(to, [{k.upper(): v for k, v in r.items()} for r in rows])),
        ("epoch seconds", "index.jsonl", lambda rows, to: json_lines(to, list(map(epoch(1), rows)))),
        ("epoch milliseconds", "index.jsonl", lambda rows, to: json_lines(to, list(map(epoch(1000), rows)))),
        ("pyarrow, zstd", "index.parquet", lambda rows, to: write(arrow_table(with_text(rows), plain, tags, milliseconds), to, compression="zstd")),
        ("pyarrow, large types, gzip, page v2", "index.parquet", lambda rows, to: write(arrow_table(with_text(rows), *large), to, compression="gzip", data_page_version="2.0")),
        ("pyarrow, dictionaries, LZ4, INT96", "index.parquet", lambda rows, to: write(arrow_table(with_text(rows), pa.dictionary(pa.int32(), plain), tags, pa.timestamp("ns")), to, compression="lz4", use_deprecated_int96_timestamps=True)),
        ("pyarrow, string views", "index.parquet", lambda rows, to: write(arrow_table(with_text(rows), pa.string_view(), tags, milliseconds), to, compression="none")),
        ("pyarrow, structs and maps", "index.parquet", lambda rows, to: write(with_structs(rows), to, compression="brotli")),
        ("folded by Hive", "index.parquet", lambda rows, to: write(arrow_table(with_text(rows), plain, tags, milliseconds).rename_columns([k.lower() for k in rows[0]]), to)),
        ("polars", "index.parquet", lambda rows, to: pl.DataFrame(with_text(rows), infer_schema_length=None).write_parquet(to)),
        ("pandas", "index.parquet", lambda rows, to: frame(with_text(rows)).to_parquet(to)),
        ("DuckDB", "index.parquet", by_duckdb),
        ("Spark", "index", by_spark),
    ]


def digests(binary: str, source: Path, data: Path) -> dict[str, str]:
    """SHA-256 of each table of a snapshot of the source."""
    # Without cards: they are not what is compared.
    command = [binary, "-q", "run", "--source", str(source), "--data-dir", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"run": done.stderr.strip()}
    snapshot = data / "snapshots" / "latest"
    out = {name: hashlib.sha256((snapshot / f"{name}.parquet").read_bytes()).hexdigest() for name in TABLES}
    evidence = pl.read_parquet(snapshot / "evidence.parquet").drop("quote", "locator", strict=False)
    out["evidence"] = hashlib.sha256(evidence.write_csv().encode()).hexdigest() if not evidence.is_empty() else "none"
    return out


def main() -> int:
    binary = sys.argv[1]
    rows = records()
    wrong = []
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        json_lines(root / "index.jsonl", rows)
        right = digests(binary, root / "index.jsonl", root / "hub")
        if "run" in right:
            print(right["run"], file=sys.stderr)
            return 1
        for number, (name, file, write) in enumerate(ways()):
            if name == "Spark" and shutil.which("java") is None:
                print(f"{name}: left out, no Java")
                continue
            place = root / str(number)
            place.mkdir()
            write(rows, place / file)
            got = digests(binary, place / file, place / "data")
            differ = [f"{table}: {digest}" if table == "run" else table for table, digest in got.items() if right.get(table) != digest]
            print(f"{name}: {'the same tables' if not differ else 'differs in ' + ', '.join(differ)}")
            wrong += [name] if differ else []
    if wrong:
        print(f"not the same tables: {', '.join(wrong)}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
