"""Installs what `make dist` made, as a stranger would, and looks at what came along.

    python tests/acceptance/release.py DIST

From wheel to printed headline in an empty directory in under a minute; completions, man pages and licences in the archive; the bill of
materials against the schema of CycloneDX. Prints one line per check, or raises.
"""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

MINUTE_S = 60.0
# The headline of README.md, which another test compares with what `run` prints.
HEADLINE = next(line for line in (Path(__file__).parents[2] / "README.md").read_text().splitlines() if line.startswith("  emissions, t CO2e"))


def only(dist: Path, pattern: str) -> Path:
    [path] = dist.glob(pattern)
    return path


def clean(home: Path) -> dict[str, str]:
    """An environment without anybody's settings."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C"}


def wheel(dist: Path) -> str:
    path = only(dist, "*.whl")
    names = zipfile.ZipFile(path).namelist()
    assert any(name.endswith("licenses/LICENSES-THIRD-PARTY.txt") for name in names), names
    assert not [name for name in names if ".dist-info/" not in name and ".data/scripts/" not in name], names
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.monotonic()
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        pip = [folder / "venv/bin/pip", "install", "--quiet", "--no-index", "--disable-pip-version-check", path]
        subprocess.run(pip, check=True)
        installed = time.monotonic()
        (folder / "home").mkdir()
        (folder / "empty").mkdir()
        run = [folder / "venv/bin/hugging-carbon", "run"]
        said = subprocess.run(run, check=True, cwd=folder / "empty", env=clean(folder / "home"), capture_output=True, text=True).stdout
        ended = time.monotonic()
        assert HEADLINE in said, said
        # Nothing but the data directory.
        left = [path for name in ["home", "empty"] for path in (folder / name).iterdir()]
        assert left == [folder / "empty/data"], left
        assert ended - began < MINUTE_S, f"{ended - began:.1f} s from wheel to headline"
    size = path.stat().st_size / 1e6
    return f"{path.name}, {size:.1f} MB: {installed - began:.1f} s to install, {ended - installed:.1f} s to the headline"


def archive(dist: Path) -> str:
    path = only(dist, "*.tar.gz")
    with tempfile.TemporaryDirectory() as name:
        with tarfile.open(path) as tar:
            tar.extractall(name, filter="data")
        [top] = Path(name).iterdir()
        for file in ["LICENSE", "LICENSES-THIRD-PARTY.txt", "DATA-SOURCES.md", "README.md", "docs/install.md", "contrib/systemd/hugging-carbon.service"]:
            assert (top / file).stat().st_size > 0, file
        version = subprocess.run([top / "hugging-carbon", "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
        assert version in path.name, f"{version}: {path.name}"
        # The shell itself reads its completions.
        done = subprocess.run(
            ["bash", "-c", 'source "$1"; complete -p hugging-carbon', "bash", top / "completions/hugging-carbon.bash"],
            check=True, capture_output=True, text=True,
        )
        assert "-F _hugging" in done.stdout, done.stdout
        pages = sorted(p.name for p in (top / "man/man1").iterdir())
        assert "hugging-carbon.1" in pages and "hugging-carbon-run.1" in pages, pages
    return f"{path.name}, {path.stat().st_size / 1e6:.1f} MB: {len(pages)} man pages"


def bill_of_materials(dist: Path) -> str:
    text = only(dist, "*.cdx.json").read_text()
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert error is None, error
    document = json.loads(text)
    known = {c["bom-ref"] for c in document["components"]} | {document["metadata"]["component"]["bom-ref"]}
    for edge in document["dependencies"]:
        assert {edge["ref"], *edge["dependsOn"]} <= known, edge
    return f"{len(document['components'])} components, valid CycloneDX {document['specVersion']}"


def main() -> None:
    dist = Path(sys.argv[1])
    for check in [wheel, archive, bill_of_materials]:
        print(f"{check.__name__}: {check(dist)}")


if __name__ == "__main__":
    main()
