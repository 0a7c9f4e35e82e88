"""What is linked into the program: its licences against deny.toml, their texts, and a CycloneDX bill of materials.

    third_party.py check             licences, sources and duplicates as deny.toml has them; exit 1 where one does not hold
    third_party.py texts  > FILE     one text per licence and copyright, with the crates it is of
    third_party.py sbom   > FILE     CycloneDX 1.6 JSON

Reads `cargo metadata --locked --offline` and the sources of the crates; needs nothing but Python 3.11 and cargo. The same Cargo.lock
gives the same bytes.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = "x86_64-unknown-linux-gnu"
NAMES_OF_TEXTS = re.compile(r"(licen[sc]e|copying|notice|unlicense|copyright)", re.IGNORECASE)
# Crates that were published without their text: where the same text of the same authors is.
TEXT_IS_IN = {"alloc-stdlib": "alloc-no-stdlib", "polars-parquet-format": "polars"}


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments, "--locked", "--offline"], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def linked():
    """The program, the packages that are compiled for it on Linux, by name and version, and what each of all these depends on."""
    metadata = json.loads(cargo("metadata", "--format-version", "1", "--filter-platform", TARGET))
    # `cargo metadata` knows no features per target, `cargo tree` does; "no-dev" leaves what runs while compiling.
    tree = cargo("tree", "--edges", "no-dev", "--target", TARGET, "--prefix", "none", "--no-dedupe", "--format", "{p}").splitlines()
    compiled = {tuple(line.split()[:2]) for line in tree if line}
    packages = {p["id"]: p for p in metadata["packages"] if (p["name"], f"v{p['version']}") in compiled}
    needs = {}
    for node in metadata["resolve"]["nodes"]:
        if node["id"] in packages:
            below = [d["pkg"] for d in node["deps"] if any(kind["kind"] != "dev" for kind in d["dep_kinds"])]
            needs[node["id"]] = [i for i in below if i in packages]
    root = packages.pop(metadata["resolve"]["root"])
    order = sorted(packages.values(), key=lambda p: (p["name"], p["version"]))
    return root, order, {package["id"]: needs[package["id"]] for package in [root, *order]}


def allowed(expression, allow):
    """Whether an SPDX expression can be met with the licences allowed. `/` is what crates wrote before SPDX: or."""
    words = re.findall(r"\(|\)|[^\s()]+", re.sub(r"\s*/\s*", " OR ", expression))

    def either():
        met = both()
        while words and words[0] == "OR":
            words.pop(0)
            met = both() or met
        return met

    def both():
        met = one()
        while words and words[0] == "AND":
            words.pop(0)
            met = one() and met
        return met

    def one():
        word = words.pop(0)
        if word == "(":
            met = either()
            words.pop(0)
            return met
        if words and words[0] == "WITH":
            words.pop(0)
            word = f"{word} WITH {words.pop(0)}"
        return word in allow

    return either()


def check(packages):
    rules = tomllib.loads((ROOT / "deny.toml").read_text())
    wrong, versions = [], {}
    for package in packages:
        name = f"{package['name']} {package['version']}"
        licence = package["license"]
        if not licence or not allowed(licence, rules["licenses"]["allow"]):
            wrong.append(f"{name}: licence '{licence}' is not allowed: see [licenses] of deny.toml")
        source = (package["source"] or "a path").removeprefix("registry+")
        if source not in rules["sources"]["allow-registry"]:
            wrong.append(f"{name}: comes from {source}: see [sources] of deny.toml")
        versions.setdefault(package["name"], []).append(package["version"])
    skipped = {entry["crate"] for entry in rules["bans"]["skip"]}
    for name, several in sorted(versions.items()):
        left = [version for version in several if f"{name}@{version}" not in skipped]
        if len(left) > 1:
            wrong.append(f"{name}: {', '.join(left)}: take one, or say in [bans] skip of deny.toml why both")
    present = {f"{package['name']}@{package['version']}" for package in packages}
    wrong += [f"{name}: is skipped in deny.toml and not linked any more" for name in sorted(skipped - present)]
    print("\n".join(wrong) if wrong else f"{len(packages)} crates: licences, sources and duplicates are as deny.toml has them")
    return 1 if wrong else 0


def texts_of(package, by_name):
    """The licence texts of a crate, those of the C sources it carries among them."""
    folder = Path(package["manifest_path"]).parent
    deep = package["name"].endswith("-sys")
    found = []
    for path in sorted(folder.rglob("*") if deep else folder.iterdir()):
        if path.is_file() and NAMES_OF_TEXTS.match(path.name) and path.suffix.lower() in ("", ".md", ".txt", ".mit", ".apache"):
            found.append(path.read_text(errors="replace").replace("\r\n", "\n").strip())
        elif path.is_file() and re.match(r"license[-_.]", path.name, re.IGNORECASE) and path.suffix not in (".html", ".py", ".rs", ".pl"):
            found.append(path.read_text(errors="replace").replace("\r\n", "\n").strip())
    if not found and package["name"] in TEXT_IS_IN:
        found = texts_of(by_name[TEXT_IS_IN[package["name"]]], by_name)
    if not found and "Apache-2.0" in package["license"]:
        found = [(ROOT / "LICENSE").read_text().strip()]
    return found


def texts(root, packages):
    by_name = {package["name"]: package for package in packages}
    of_text, without = {}, []
    for package in packages:
        found = texts_of(package, by_name)
        if not found:
            without.append(package["name"])
        for text in found:
            # Lines are wrapped differently from crate to crate.
            key = " ".join(text.split())
            of_text.setdefault(key, (text, []))[1].append(f"{package['name']} {package['version']} ({package['license']})")
    if without:
        sys.exit(f"no licence text: {', '.join(without)}: add where it is to TEXT_IS_IN")
    print(f"{root['name']} {root['version']} links the crates below. The data in it: data/README.md of its repository.\n")
    for text, crates in sorted(of_text.values(), key=lambda entry: entry[1]):
        print(f"{'=' * 80}\n" + "\n".join(dict.fromkeys(crates)) + f"\n{'-' * 80}\n{text}\n")
    return 0


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package, checksums):
    entry = {
        "type": "library",
        "bom-ref": purl(package),
        "name": package["name"],
        "version": package["version"],
        "purl": purl(package),
        "licenses": [{"expression": re.sub(r"\s*/\s*", " OR ", package["license"])}],
    }
    if package["description"]:
        entry["description"] = " ".join(package["description"].split())
    checksum = checksums.get((package["name"], package["version"]))
    if checksum:
        entry["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if package["repository"]:
        entry["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return entry


def sbom(root, packages, needs):
    lock = (ROOT / "Cargo.lock").read_bytes()
    checksums = {(p["name"], p["version"]): p.get("checksum") for p in tomllib.loads(lock.decode())["package"]}
    names = {package["id"]: purl(package) for package in [root, *packages]}
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        # From what is described, not from a clock: the same lock file gives the same document.
        "serialNumber": f"urn:uuid:{uuid.UUID(bytes=hashlib.sha256(lock).digest()[:16], version=4)}",
        "version": 1,
        "metadata": {"component": component(root, {}) | {"type": "application"}},
        "components": [component(package, checksums) for package in packages],
        "dependencies": [{"ref": names[i], "dependsOn": sorted({names[n] for n in below})} for i, below in needs.items()],
    }
    print(json.dumps(document, indent=1, ensure_ascii=False))
    return 0


def main():
    root, packages, needs = linked()
    commands = {
        "check": lambda: check(packages),
        "texts": lambda: texts(root, packages),
        "sbom": lambda: sbom(root, packages, needs),
    }
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    return commands[sys.argv[1]]()


if __name__ == "__main__":
    os.environ.setdefault("CARGO_TERM_COLOR", "never")
    sys.exit(main())
