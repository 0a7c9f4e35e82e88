"""Hands the program what is made to exhaust it, and measures what it takes.

    python tests/acceptance/hostile.py BINARY

Each case is an index or a file of cards of a gigabyte or more once unpacked, or nested or wide beyond reason. The program has to end by
itself, with status 0 or 1, name the file where it refuses it, and stay below 2 GB of memory and a minute of one processor: what the clock
says depends on what else the machine does, so it only ends what waits without end. Prints one line per case; exit status 1 when one
fails. Needs 3 GB of disk.
"""

import gzip
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

MOST_BYTES = 2_000_000_000
MOST_SECONDS = 60.0
PATIENCE_SECONDS = 1_800
GIGABYTE = 10**9
SAMPLE = Path(__file__).parents[2] / "data/sample/models.jsonl"
RECORD = SAMPLE.read_bytes().splitlines()[0]


def plain_file(path: Path) -> IO[bytes]:
    return path.open("wb")


def gzip_file(path: Path) -> IO[bytes]:
    return gzip.open(path, "wb", compresslevel=6)


def zstd_file(path: Path) -> pa.CompressedOutputStream:
    return pa.CompressedOutputStream(str(path), "zstd")


def repeated(path: Path, piece: bytes, total: int, head: bytes = b"", tail: bytes = b"", packing: Callable = plain_file) -> Path:
    block = piece * max(1, (1 << 20) // len(piece))
    with packing(path) as file:
        file.write(head)
        for _ in range(total // len(block)):
            file.write(block)
        file.write(tail)
    return path


def apart(work: Callable[[], object]) -> None:
    """Does something in a process of its own: what is measured of a program begins with what its parent took."""
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0


@contextmanager
def ended_after(pid: int, seconds: float) -> Iterator[None]:
    """Kills a process that is still there after so many seconds."""
    timer = threading.Timer(seconds, os.kill, (pid, signal.SIGKILL))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def wide_record(keys: int) -> bytes:
    return json.dumps(json.loads(RECORD) | {f"key_{i}": i for i in range(keys)}).encode()


def parquet(path: Path, columns: dict, **options) -> Path:
    pq.write_table(pa.table({"id": ["a/b", "c/d"], "likes": [1, 2], "downloads": [3, 4]} | columns), path, **options)
    return path


def cases(folder: Path) -> Iterator[tuple[str, list[str], str]]:
    """Name, arguments of `run`, and what the message has; nothing where the run has to be a good one."""
    index = lambda path: ["--source", str(path)]
    cards = lambda path: ["--cards", str(path)]
    opening = b'{"id":"a/b","card":"'
    made: list[tuple[str, Callable[[Path], Path], Callable[[Path], list[str]], str]] = [
        ("a line of 1 GB", lambda p: repeated(p, b"x", GIGABYTE, b'{"id":"'), index, "64 MiB"),
        ("an array whose record never ends", lambda p: repeated(p, b"[", GIGABYTE, b'[{"id":'), index, "64 MiB"),
        ("a card in a line of 1 GB", lambda p: repeated(p, b"x", GIGABYTE, opening), cards, "64 MiB"),
        ("gzip: a line of 3 GB", lambda p: repeated(p, b"x", 3 * GIGABYTE, b'{"id":"', packing=gzip_file), index, "64 MiB"),
        ("gzip: 3 GB of blanks", lambda p: repeated(p, b" ", 3 * GIGABYTE, packing=gzip_file), index, "200 times its size"),
        ("gzip: 3 GB of blank lines", lambda p: repeated(p, b"\n", 3 * GIGABYTE, RECORD, packing=gzip_file), index, "200 times its size"),
        ("gzip: 1e9 empty records", lambda p: repeated(p, b"{}\n", 3 * GIGABYTE, RECORD + b"\n", packing=gzip_file), index, "records refused"),
        ("zstd: 3 GB of blank lines", lambda p: repeated(p, b"\n", 3 * GIGABYTE, RECORD, packing=zstd_file), index, "200 times its size"),
        ("gzip: a card of 3 GB", lambda p: repeated(p, b"x", 3 * GIGABYTE, opening, packing=gzip_file), cards, "64 MiB"),
        ("JSON of 1e6 levels", lambda p: repeated(p, b'{"a":', 5 << 20, RECORD[:-1] + b',"cardData":', b"}\n"), index, "nested deeper"),
        ("a record of 1e5 keys", lambda p: p.write_bytes(SAMPLE.read_bytes() + wide_record(100_000)) and p, index, ""),
        (
            "Parquet of 1e5 columns",
            lambda p: parquet(p, {f"c{i}": [1, 2] for i in range(100_000)}, use_dictionary=False, write_statistics=False),
            index,
            "columns",
        ),
        (
            "Parquet: zstd of 1 GB",
            lambda p: parquet(p, {"cardData": ["a" * GIGABYTE, ""]}, compression="zstd", use_dictionary=False, write_statistics=False),
            index,
            "unpacks",
        ),
    ]
    for name, make, arguments, message in made:
        path = folder / "models"
        apart(lambda: make(path))
        yield name, arguments(path), message
        path.unlink()
    for name, piece in [("a card of 50 MB", b"Trained on 8 A100 for 3 days. "), ("a card of 50 MB of >", b">"), ("and of [", b"[")]:
        directory = folder / "cards/openai-community/gpt2"
        directory.mkdir(parents=True, exist_ok=True)
        repeated(directory / "README.md", piece, 50_000_000)
        yield name, cards(folder / "cards"), ""


def main() -> int:
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case, arguments, message in cases(folder):
            log = folder / "log"
            command = [sys.argv[1], "-q", "--data-dir", str(folder / "data"), *arguments, "run", "--until", "tier"]
            began = time.monotonic()
            with log.open("wb") as out:
                pid = os.posix_spawn(command[0], command, {"PATH": os.environ["PATH"], "HOME": name}, file_actions=[
                    (os.POSIX_SPAWN_DUP2, out.fileno(), 1),
                    (os.POSIX_SPAWN_DUP2, out.fileno(), 2),
                ])
                with ended_after(pid, PATIENCE_SECONDS):
                    _, code, usage = os.wait4(pid, 0)
            clock, seconds, peak = time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
            status, said = os.waitstatus_to_exitcode(code), log.read_text(errors="replace")
            is_good = status == (1 if message else 0) and message in said and seconds < MOST_SECONDS and peak < MOST_BYTES
            print(f"{case}: status {status}, {seconds:.1f} s of a processor, {clock:.1f} s, {peak / 1e6:.0f} MB", flush=True)
            if not is_good:
                failed += 1
                print(f"  expected {message or 'a good run'!r}: {said[:2000]}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
