#!/usr/bin/env bash
# Speed and memory of a whole run on synthetic indexes, Parquet and JSON Lines.
#   benches/run.sh BINARY [ROWS]
# Needs the generator of ../shared/tools (HUGGING_CARBON_SHARED) and a Python with pyarrow (PYTHON).
set -euo pipefail
binary=$1
rows=${2:-${ROWS:-300000}}
shared=${HUGGING_CARBON_SHARED:-../shared}
python=${PYTHON:-python3}
generator=$shared/tools/gen_index.py
if [ ! -r "$generator" ]; then
  echo "bench: $generator is absent; set HUGGING_CARBON_SHARED" >&2
  exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" "$generator" --n "$rows" --out "$work/index.parquet" --jsonl "$work/index.jsonl" >&2
for source in "$work/index.parquet" "$work/index.jsonl"; do
  data=$work/data-${source##*.}
  begun=$(date +%s.%N)
  /usr/bin/time -f '%M' -o "$work/memory" "$binary" run --source "$source" --data-dir "$data" >/dev/null 2>"$work/log"
  ended=$(date +%s.%N)
  awk -v n="$rows" -v a="$begun" -v b="$ended" -v kb="$(tail -n 1 "$work/memory")" -v f="${source##*/}" \
    'BEGIN { printf "%-16s %9d rows  %6.1f s  %9.0f rows/s  %6.0f MB peak\n", f, n, b - a, n / (b - a), kb / 1024 }'
  sed -n 's/.*done stage="\([a-z]*\)" seconds="\([0-9.]*\)".*/    \1 \2 s/p' "$work/log"
done
