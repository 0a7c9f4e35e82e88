"""Times the pipeline's stages on a synthetic index, beside DuckDB and Polars doing the comparable part, in one run.

    python benches/compare.py BINARY [ROWS]

The comparable part: an index as Parquet, and as JSON Lines, to one table of typed columns sorted by id, written as Parquet with zstd 3
and row groups of 131,072 rows. That is `raw_models`, which ingest writes; normalize makes `models` of it. Columns: id, instants, counts,
task, library, tags, size in safetensors and base models; from Parquet also licence and base models inside the JSON of `cardData`, which
Polars' reader of JSON Lines cannot keep whole. Outputs are compared column by column, value by value: exit status 1 where they differ.
Two things the pipeline does beyond the engines are allowed for: it trims texts, and it reads keys of cards in other spellings
("License"), whose rows are left out of the comparison of what a card can state.

Needs duckdb, polars and pyarrow, and the generator of ../shared/tools (HUGGING_CARBON_SHARED).
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ROW_GROUP = 131_072
# Columns of raw_models that each comparison fills.
OF_JSON_LINES = [
    "model_id",
    "created_at",
    "last_modified",
    "downloads_30d",
    "downloads_all_time",
    "likes",
    "pipeline_tag",
    "library",
    "tags",
    "safetensors_total",
    "hub_base_models",
]
OF_PARQUET = [*OF_JSON_LINES, "card_license", "card_base_models"]
# Those that a card can state.
OF_CARDS = ["pipeline_tag", "library", "card_license", "card_base_models"]
OTHER_SPELLINGS = r'"(License|LICENSE|Base_model|base-model|Pipeline_tag|pipeline-tag|Library_name|library-name)"\s*:'

DUCKDB = """
copy (
    select id as model_id,
        createdAt::timestamptz::timestamp_ms as created_at, lastModified::timestamptz::timestamp_ms as last_modified,
        downloads as downloads_30d, downloadsAllTime as downloads_all_time, likes, pipeline_tag, library_name as library,
        coalesce(tags, []) as tags, safetensors.total as safetensors_total,
        coalesce(list_transform(baseModels.models, lambda base: base.id), []) as hub_base_models{more}
    from {source} order by id
) to '{out}' (format parquet, codec 'zstd', compression_level 3, row_group_size 131072)
"""
DUCKDB_CARD = """,
        case json_type(cardData, '$.license') when 'VARCHAR' then cardData ->> '$.license'
            when 'ARRAY' then cardData ->> '$.license[0]' end as card_license,
        case json_type(cardData, '$.base_model') when 'VARCHAR' then [cardData ->> '$.base_model']
            when 'ARRAY' then cast(cardData -> '$.base_model' as varchar[]) else [] end as card_base_models"""
# What Polars and DuckDB are told of a record: what is not named is skipped.
JSON_SCHEMA = {
    "id": pl.String,
    "createdAt": pl.String,
    "lastModified": pl.String,
    "downloads": pl.Int64,
    "downloadsAllTime": pl.Int64,
    "likes": pl.Int64,
    "tags": pl.List(pl.String),
    "safetensors": pl.Struct({"total": pl.Int64}),
    "baseModels": pl.Struct({"models": pl.List(pl.Struct({"id": pl.String}))}),
    "pipeline_tag": pl.String,
    "library_name": pl.String,
}
DUCKDB_JSON = (
    "read_json('{path}', format = 'newline_delimited', columns = {{id: 'varchar', createdAt: 'varchar', lastModified: 'varchar', "
    "downloads: 'bigint', downloadsAllTime: 'bigint', likes: 'bigint', tags: 'varchar[]', safetensors: 'struct(total bigint)', "
    "baseModels: 'struct(models struct(id varchar)[])', pipeline_tag: 'varchar', library_name: 'varchar'}})"
)


def by_duckdb(source: Path, out: Path) -> None:
    connection = duckdb.connect()
    connection.sql("set preserve_insertion_order = false")
    if source.suffix == ".parquet":
        query = DUCKDB.format(source=f"read_parquet('{source}')", out=out, more=DUCKDB_CARD)
    else:
        query = DUCKDB.format(source=DUCKDB_JSON.format(path=source), out=out, more="")
    connection.sql(query)


def by_polars(source: Path, out: Path) -> None:
    is_parquet = source.suffix == ".parquet"
    frame = pl.scan_parquet(source) if is_parquet else pl.scan_ndjson(source, schema=JSON_SCHEMA)
    instant = lambda name: pl.col(name) if is_parquet else pl.col(name).str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ")
    empty = pl.lit([], dtype=pl.List(pl.String))
    columns = [
        pl.col("id").alias("model_id"),
        instant("createdAt").cast(pl.Datetime("ms")).alias("created_at"),
        instant("lastModified").cast(pl.Datetime("ms")).alias("last_modified"),
        pl.col("downloads").alias("downloads_30d"),
        pl.col("downloadsAllTime").alias("downloads_all_time"),
        pl.col("likes"),
        pl.col("pipeline_tag"),
        pl.col("library_name").alias("library"),
        pl.col("tags").fill_null(empty),
        pl.col("safetensors").struct.field("total").alias("safetensors_total"),
        pl.col("baseModels").struct.field("models").list.eval(pl.element().struct.field("id")).fill_null(empty).alias("hub_base_models"),
    ]
    if is_parquet:
        text = lambda key: pl.col("cardData").str.json_path_match(f"$.{key}")
        bases = text("base_model")
        is_list = bases.str.starts_with("[")
        columns += [
            pl.when(text("license").str.starts_with("[")).then(text("license[0]")).otherwise(text("license")).alias("card_license"),
            pl.when(is_list)
            .then(pl.when(is_list).then(bases).str.json_decode(pl.List(pl.String)))
            .when(bases.is_not_null())
            .then(pl.concat_list(bases))
            .otherwise(empty)
            .alias("card_base_models"),
        ]
    sink = frame.select(columns).sort("model_id")
    sink.sink_parquet(out, compression="zstd", compression_level=3, row_group_size=ROW_GROUP)


def children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measured(command: list[str]) -> tuple[float, float, float, str]:
    """Seconds by the clock, seconds of CPU and peak MB of a command, with what it wrote to stderr."""
    with tempfile.NamedTemporaryFile() as peak:
        begun, cpu = time.monotonic(), children_cpu()
        done = subprocess.run(["/usr/bin/time", "-f", "%M", "-o", peak.name, *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        seconds, cpu = time.monotonic() - begun, children_cpu() - cpu
        if done.returncode:
            sys.exit(f"{' '.join(command[:3])} failed:\n{done.stderr[-4000:]}")
        megabytes = int(Path(peak.name).read_text().split()[-1]) / 1024
    return seconds, cpu, megabytes, done.stderr


def line(what: str, rows: int, seconds: float, cpu: float, megabytes: float) -> None:
    print(f"  {what:<44} {seconds:>8.1f} s {cpu:>8.1f} s CPU {megabytes:>7,.0f} MB {rows / seconds:>12,.0f} rows/s", flush=True)


def plain(table: pa.Table, names: list[str]) -> dict[str, pa.ChunkedArray]:
    """Columns in one layout, so that only values are compared."""
    columns = {}
    for name in names:
        column = table[name]
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("ms"), safe=False) if column.type.tz is None else pc.cast(column, pa.timestamp("ms", tz="UTC")).cast(pa.timestamp("ms"))
        elif pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
            lists = column.cast(pa.large_list(pa.large_string())).combine_chunks()
            column = pa.LargeListArray.from_arrays(lists.offsets, pc.utf8_trim_whitespace(lists.values), mask=lists.is_null())
        elif pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
            column = pc.utf8_trim_whitespace(column.cast(pa.large_string()))
        columns[name] = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return columns


def differing(ours: Path, theirs: Path, names: list[str], odd: list[str]) -> list[str]:
    """Columns whose values differ, with an example; `odd` are ids whose cards have keys in other spellings."""
    a, b = (plain(pq.read_table(path, columns=names), names) for path in (ours, theirs))
    if len(a["model_id"]) != len(b["model_id"]):
        return [f"{len(a['model_id'])} and {len(b['model_id'])} rows"]
    common = pc.invert(pc.is_in(a["model_id"], pa.array(odd, pa.large_string())))
    out = []
    for name in names:
        x, y = (side[name].filter(common) if name in OF_CARDS else side[name] for side in (a, b))
        if x.equals(y):
            continue
        pairs = zip(x.to_pylist(), y.to_pylist(), strict=True)
        at, pair = next((i, p) for i, p in enumerate(pairs) if p[0] != p[1])
        out.append(f"{name} (row {at}: {pair[0]!r}, {pair[1]!r})"[:400])
    return out


def compare(binary: str, source: Path, root: Path, rows: int, odd: list[str]) -> list[str]:
    """One source through the pipeline and both engines; says what differs."""
    names = OF_PARQUET if source.suffix == ".parquet" else OF_JSON_LINES
    print(f"{source.name}: {rows:,} rows, {source.stat().st_size / 1e6:,.0f} MB")
    data = root / f"data-{source.suffix[1:]}"
    total = measured([binary, "run", "--source", str(source), "--data-dir", str(data)])
    for stage, seconds in re.findall(r'done stage="([a-z]*)" seconds="([0-9.]*)"', total[3]):
        print(f"    {stage:<42} {float(seconds):>8.1f} s")
    line("hugging-carbon, every stage", rows, *total[:3])
    alone = root / f"ingest-{source.suffix[1:]}"
    line("hugging-carbon, index to raw_models", rows, *measured([binary, "ingest", "--source", str(source), "--data-dir", str(alone)])[:3])
    line("hugging-carbon, raw_models to models", rows, *measured([binary, "normalize", "--source", str(source), "--data-dir", str(alone)])[:3])
    wrong = []
    for engine in ("duckdb", "polars"):
        out = root / f"{engine}-{source.suffix[1:]}.parquet"
        line(f"{engine}, index to a sorted table", rows, *measured([sys.executable, __file__, binary, "--engine", engine, str(source), str(out)])[:3])
        differ = differing(alone / "work" / "raw_models.parquet", out, names, odd)
        print(f"    {len(names)} columns: {'equal' if not differ else 'NOT EQUAL: ' + '; '.join(differ)}")
        wrong += [f"{engine} on {source.name}"] if differ else []
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binary")
    parser.add_argument("rows", nargs="?", type=int, default=int(os.environ.get("ROWS", "300000")))
    parser.add_argument("--engine", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_intermixed_args()
    if arguments.engine:
        engine, source, out = arguments.engine
        {"duckdb": by_duckdb, "polars": by_polars}[engine](Path(source), Path(out))
        return 0
    shared = Path(os.environ.get("HUGGING_CARBON_SHARED", "../shared"))
    generator = shared / "tools" / "gen_index.py"
    if not generator.exists():
        print(f"bench: {generator} is absent; set HUGGING_CARBON_SHARED", file=sys.stderr)
        return 1
    rows = arguments.rows
    print(f"{os.cpu_count()} processors; duckdb {duckdb.__version__}, polars {pl.__version__}")
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        parquet, lines = root / "index.parquet", root / "index.jsonl"
        command = [sys.executable, str(generator), "--n", str(rows), "--out", str(parquet), "--jsonl", str(lines)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        spelled = duckdb.execute("select id from read_parquet(?) where regexp_matches(cardData, ?)", [str(parquet), OTHER_SPELLINGS])
        odd = [row[0] for row in spelled.fetchall()]
        print(f"{len(odd):,} cards have keys in other spellings")
        wrong = [name for source in (parquet, lines) for name in compare(arguments.binary, source, root, rows, odd)]
    if wrong:
        print(f"not equal: {', '.join(wrong)}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
