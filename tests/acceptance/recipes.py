"""Checks the recipes of contrib/ and the workflows with the tools of those who read them.

    python tests/acceptance/recipes.py BINARY

Units with `systemd-analyze verify` and `security`, the container file with hadolint, workflows with the schema of GitHub and zizmor,
`deny.toml` and what is linked with cargo-deny (advisories where their database is at hand: CARGO_HOME/advisory-dbs);
the DAG and the loop of the workflow are run with exit statuses of a program that stands in. Prints one line per check. Exit status 1
when one fails. systemd-analyze is part of the Debian package systemd; without it its checks are left out, and a line says so.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import types
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTRIB = ROOT / "contrib"
WORKFLOWS = [ROOT / ".github/workflows/release.yml", CONTRIB / "github/nightly.yml"]
TOOLS = Path(sys.executable).parent
# Exposure from 0 (safe) to 10, times ten as `systemd-analyze --threshold` has it. 1.2 and 0.5 were reached with systemd 252; what is
# left of the service is the network and the host's file system, which it needs.
MOST_EXPOSED = {"hugging-carbon.service": 15, "hugging-carbon-after.service": 15, "hugging-carbon-failed@.service": 10}


def run(*command: str | Path, **how) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, **how)


def must(*command: str | Path, **how) -> str:
    done = run(*command, **how)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def units(binary: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for unit in [*CONTRIB.glob("systemd/*.service"), *CONTRIB.glob("systemd/*.timer")]:
            # verify wants the program to be where the unit says.
            (folder / unit.name).write_text(unit.read_text().replace("/usr/local/bin/hugging-carbon", str(binary)))
        names = ["./hugging-carbon.service", "./hugging-carbon-after.service", "./hugging-carbon.timer"]
        names.append("./hugging-carbon-failed@hugging-carbon.service")
        said = must("systemd-analyze", "verify", "--man=no", *names, cwd=folder)
        assert not said.strip(), said
        for unit, most in MOST_EXPOSED.items():
            must("systemd-analyze", "security", "--offline=true", f"--threshold={most}", f"./{unit}", cwd=folder)


def container(_: Path) -> None:
    recipe = CONTRIB / "container/Containerfile"
    must(TOOLS / "hadolint", recipe)
    text = recipe.read_text()
    copied = [word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE) for word in line.split()]
    ignored = Path(f"{recipe}.dockerignore").read_text().split()
    assert {f"!{path}" for path in copied} | {"*"} == set(ignored), "what is copied is what is sent to the engine"
    with tempfile.TemporaryDirectory() as name:
        context = Path(name)
        for path in copied:
            (context / path).parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (ROOT / path).is_dir() else shutil.copy
            copy(ROOT / path, context / path)
        must("cargo", "metadata", "--locked", "--offline", "--format-version", "1", "--no-deps", cwd=context)
        # Modules of tests are not compiled there.
        for source in (path for path in (context / "src").rglob("*.rs") if path.name != "tests.rs"):
            for path in re.findall(r'include_(?:str|bytes)!\("([^"]+)"\)', source.read_text()):
                assert (source.parent / path).exists(), f"{source}: {path} is not in the image's build"


def workflows(_: Path) -> None:
    must(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    must(TOOLS / "zizmor", "--offline", "--pedantic", "--quiet", *WORKFLOWS)


def supply_chain(_: Path) -> None:
    database = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo")) / "advisory-dbs"
    advisories = ["advisories"] if list(database.glob("*/crates")) else []
    # A build fetches what its own platform needs; the licences of all are checked.
    must("cargo", "fetch", "--locked", cwd=ROOT)
    deny = [TOOLS / "cargo-deny", "--offline", "--locked"]
    must(*deny, "check", "bans", "licenses", "sources", *advisories, cwd=ROOT)
    with tempfile.TemporaryDirectory() as name:
        # That it bites: without a licence that much is under, and without a duplicate that is known.
        for line in ['  "MIT",\n', '  { crate = "base64@0.22.1", reason = "hf-hub and its Xet client" },\n']:
            text = (ROOT / "deny.toml").read_text()
            assert line in text, line
            (Path(name) / "deny.toml").write_text(text.replace(line, ""))
            done = run(*deny, "check", "--config", Path(name) / "deny.toml", "bans", "licenses", "sources", cwd=ROOT)
            assert done.returncode != 0, f"passes without {line.strip()}"


def stand_in(folder: Path, statuses: list[int]) -> None:
    """A program `hugging-carbon` that ends with one status after the other, and a `sleep` that does not."""
    (folder / "left").write_text("\n".join(map(str, statuses)) + "\n")
    program = '#!/bin/sh\ncd "$(dirname "$0")"\necho "$@" > called\nstatus=$(head -n 1 left)\nsed -i 1d left\nexit "$status"\n'
    for name, text in [("hugging-carbon", program), ("sleep", "#!/bin/sh\n")]:
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


def nightly_loop(_: Path) -> None:
    text = (CONTRIB / "github/nightly.yml").read_text()
    block = text.split("for pause in", 1)[1].split("      - name:", 1)[0]
    script = "for pause in" + "\n".join(line.removeprefix("          ") for line in block.splitlines())
    cases = [([0], 0, 0), ([4, 0], 0, 0), ([4, 4, 3], 3, 0), ([1, 0], 1, 1), ([4, 4, 4, 4, 0], 4, 1)]
    for statuses, expected, left in cases:
        with tempfile.TemporaryDirectory() as name:
            stand_in(Path(name), statuses)
            environment = {"PATH": f"{name}:{os.environ['PATH']}", "GITHUB_STEP_SUMMARY": f"{name}/summary"}
            done = run("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script, env=environment)
            assert done.returncode == expected, f"{statuses}: {done.returncode} {done.stderr}"
            assert len((Path(name) / "left").read_text().split()) == left, f"{statuses}: tried as often as is said"


def dag(_: Path) -> None:
    retried, final, called = type("AirflowException", (Exception,), {}), type("AirflowFailException", (Exception,), {}), []

    def task(**settings):
        return lambda function: lambda: called.append((settings, function))

    modules = {
        "pendulum": {"datetime": lambda *day: day, "duration": lambda **time: time},
        "airflow": {},
        "airflow.exceptions": {"AirflowException": retried, "AirflowFailException": final},
        "airflow.sdk": {"dag": lambda **_: lambda function: function, "task": task},
    }
    for name, content in modules.items():
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(content)
    exec(compile((CONTRIB / "airflow/hugging_carbon.py").read_text(), "hugging_carbon.py", "exec"), {})
    [(settings, function)] = called
    assert settings["retries"] >= 1
    path = os.environ["PATH"]
    for status, expected in [(0, None), (4, retried), (3, final), (1, final)]:
        with tempfile.TemporaryDirectory() as name:
            stand_in(Path(name), [status])
            os.environ["PATH"] = f"{name}:{path}"
            try:
                function()
                raised = None
            except Exception as error:
                raised = type(error)
            os.environ["PATH"] = path
            assert raised is expected, f"{status}: {raised}"
            words = (Path(name) / "called").read_text()
            # Regression: without a configuration it was a run of the sample.
            assert "--config /etc/hugging-carbon/pipeline.toml --data-dir /var/lib/hugging-carbon" in words, words


def cron(_: Path) -> None:
    lines = [line for line in (CONTRIB / "cron/hugging-carbon").read_text().splitlines() if line and not line.startswith("#")]
    jobs = [line for line in lines if not re.match(r"[A-Z_]+=", line)]
    assert len(jobs) == 2, jobs
    for job in jobs:
        minute, hour, *rest, user, program = job.split(maxsplit=7)[:7]
        assert rest == ["*", "*", "*"] and user == "hugging-carbon" and program.startswith("/"), job
        assert minute.isdigit() and all(part.isdigit() for part in hour.split(",")), job
        assert "%" not in job, "cron turns % into a new line"


def configuration(binary: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        must(binary, "--config", CONTRIB / "pipeline.toml", "--data-dir", Path(name) / "data", "status")


def commands(binary: Path) -> None:
    """Every command line of units and cron names the data directory, and one that runs the stages the configuration, without which
    it would be a run of the sample. What runs beside a run is taken by the program: on an empty directory it says what is missing."""
    where = {"${STATE_DIRECTORY}", "/var/lib/hugging-carbon"}
    texts = [path.read_text() for path in [*CONTRIB.glob("systemd/*.service"), CONTRIB / "cron/hugging-carbon"]]
    lines = re.findall(r"(?:^|[ =])/usr/local/bin/hugging-carbon (.*)$", "\n".join(texts), re.MULTILINE)
    assert len(lines) == 5, lines
    for line in lines:
        words = line.removesuffix(">/dev/null").split()
        assert words[words.index("--data-dir") + 1] in where, line
        assert "run" not in words or words[words.index("--config") + 1] == "/etc/hugging-carbon/pipeline.toml", line
        with tempfile.TemporaryDirectory() as name:
            words = [name if word in where else word.replace("${STATE_DIRECTORY}", name) for word in words]
            if "run" in words:
                words = [*words[: words.index("run")], "status"]
                words[words.index("--config") + 1] = str(CONTRIB / "pipeline.toml")
            done = run(binary, *words)
            assert done.returncode in (0, 1) and "unexpected argument" not in done.stderr, f"{line}: {done.returncode} {done.stderr}"


def main() -> int:
    binary = Path(sys.argv[1]).resolve()
    checks: list[Callable[[Path], None]] = [container, workflows, supply_chain, nightly_loop, dag, cron, configuration, commands]
    if shutil.which("systemd-analyze"):
        checks.insert(0, units)
    else:
        print("units: left out, there is no systemd-analyze (apt-get install systemd)")
    failed = 0
    for check in checks:
        try:
            check(binary)
            print(f"{check.__name__}: as it should be")
        except AssertionError as error:
            failed += 1
            print(f"{check.__name__}: {error}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
