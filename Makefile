# make run          build, run the pipeline offline on data/sample, print the headline
# make test         formatting, clippy, unit, integration and documentation tests, notebooks
# make acceptance   the checks on the real files of ../shared/data (HUGGING_CARBON_SHARED)
# make bench        speed and memory on synthetic indexes of any size, beside DuckDB and Polars
# make dist         wheel, archive and bill of materials in target/dist
# make docs         API documentation
#
# One profile serves everything: the dependencies are built once, in release.

CARGO  ?= cargo
PYTHON ?= python3
# Cargo knows where its target directory is (CARGO_TARGET_DIR, .cargo/config.toml); the virtual environment lives in it.
TARGET := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)
VENV   := $(TARGET)/notebook-venv
BIN    := $(TARGET)/release/hugging-carbon

.PHONY: run build test lint unit reference notebooks acceptance pages dist bench docs clean

run: build
	$(BIN) run

build:
	$(CARGO) build --release

test: lint unit reference notebooks

# Tests are compiled before anything else: a clean machine builds the dependencies here, once.
unit:
	$(CARGO) test --release

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --release --all-targets -- -D warnings

$(VENV)/ready: notebooks/requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r notebooks/requirements.txt
	touch $@

# Every factor table validated, and what the tables cover.
reference: build
	$(BIN) reference check

# Notebooks run on snapshots of the sample made by the binary of this checkout, apart from anybody's data/snapshots: one of an index that
# lacks an owner and the cards, and then the one of the sample.
NOTEBOOK_DATA := $(TARGET)/notebook-data
notebooks: build $(VENV)/ready
	mkdir -p $(NOTEBOOK_DATA)
	grep -v '"id":"xai-org/' data/sample/models.jsonl > $(NOTEBOOK_DATA)/older.jsonl
	$(BIN) -q run --source $(NOTEBOOK_DATA)/older.jsonl --data-dir $(NOTEBOOK_DATA) > /dev/null
	$(BIN) -q run --data-dir $(NOTEBOOK_DATA)
	HUGGING_CARBON_SNAPSHOT=$(abspath $(NOTEBOOK_DATA))/snapshots/latest HUGGING_CARBON_PROGRAM=$(abspath $(BIN)) \
		$(VENV)/bin/python notebooks/execute.py

$(TARGET)/acceptance-venv/ready: tests/acceptance/requirements.txt
	$(PYTHON) -m venv $(TARGET)/acceptance-venv
	$(TARGET)/acceptance-venv/bin/pip install --quiet --disable-pip-version-check -r tests/acceptance/requirements.txt
	touch $@

# The regressions again with statsmodels, on the design matrices that the snapshot of the frozen index publishes; a snapshot as other tools read it,
# and the sample's rows as they write them; the snippets of docs/engines.md on real cards; the stand-in Hub as the official client meets it;
# recipes; a release, installed.
acceptance: build $(TARGET)/acceptance-venv/ready
	$(CARGO) test --release --test acceptance -- --ignored --nocapture
	$(CARGO) test --release --test nights --test faults -- --ignored --nocapture
	$(BIN) -q run --source $${HUGGING_CARBON_SHARED:-../shared}/data/hub/models_2026-05.parquet --data-dir $(TARGET)/acceptance-data >/dev/null
	$(TARGET)/acceptance-venv/bin/python tests/acceptance/statsmodels_check.py $(TARGET)/acceptance-data/snapshots/latest
	$(TARGET)/acceptance-venv/bin/python tests/acceptance/snapshot_readers.py $(TARGET)/acceptance-data/snapshots/latest
	$(MAKE) pages
	$(TARGET)/acceptance-venv/bin/python tests/acceptance/index_writers.py $(BIN)
	$(TARGET)/acceptance-venv/bin/python tests/acceptance/engines.py $(BIN) $${HUGGING_CARBON_SHARED:-../shared}
	$(CARGO) build --release --example stand_in_hub
	$(TARGET)/acceptance-venv/bin/python tests/acceptance/python_client.py $(TARGET)/release/examples/stand_in_hub \
		$${HUGGING_CARBON_SHARED:-../shared}/data/hub/models_2026-05.api.jsonl.gz
	$(TARGET)/acceptance-venv/bin/python tests/acceptance/hostile.py $(BIN)
	$(TARGET)/acceptance-venv/bin/python tests/acceptance/recipes.py $(BIN)
	$(MAKE) dist
	$(TARGET)/acceptance-venv/bin/python tests/acceptance/release.py $(TARGET)/dist

# The pages of the wide index, made beside the frozen one, in Chromium: validators, axe, print, questions of readers by keyboard, hostile names
# and quotes. Needs node, npm and Chromium (CHROMIUM names it), and is left out without them.
PAGES := $(TARGET)/pages
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
export CHROMIUM
pages: build
	@if [ -z "$(CHROMIUM)" ] || ! command -v npm >/dev/null; then echo "pages: left out, there is no npm or no Chromium"; else \
	set -e; mkdir -p $(PAGES)/pictures; cp tests/acceptance/pages/* $(PAGES)/; \
	hub=$${HUGGING_CARBON_SHARED:-../shared}/data/hub; \
	$(BIN) -q run --source $$hub/models_2026-05.parquet --data-dir $(PAGES)/older > /dev/null; \
	HUGGING_CARBON_COHORT_METRIC=downloads_30d HUGGING_CARBON_LIMITS_MAX_QUARANTINE_FRACTION=0.05 \
		$(BIN) -q run --source $$hub/wide_2026-10.api.jsonl.gz --data-dir $(PAGES)/newer > /dev/null; \
	for page in report explorer; do \
		$(BIN) -q $$page $(PAGES)/newer/snapshots/latest --since $(PAGES)/older/snapshots/latest -o $(PAGES)/$$page.html; done; \
	$(BIN) -q diff $(PAGES)/older/snapshots/latest $(PAGES)/newer/snapshots/latest --format html > $(PAGES)/diff.html; \
	HOSTILE_PAGES=$(abspath $(PAGES))/hostile $(CARGO) test --release --test report --test explorer hostile; \
	cd $(PAGES) && npm install --silent --no-audit --no-fund && CHANGES=diff.html node check.mjs report.html explorer.html pictures hostile; fi

# What a release is made of, for this machine; .github/workflows/release.yml does the same on an older C library.
dist: build $(TARGET)/acceptance-venv/ready
	rm -rf $(TARGET)/dist
	$(PYTHON) contrib/release/third_party.py check
	$(PYTHON) contrib/release/third_party.py texts > LICENSES-THIRD-PARTY.txt
	$(TARGET)/acceptance-venv/bin/maturin build --release --locked --out $(TARGET)/dist
	mkdir -p $(TARGET)/dist && $(PYTHON) contrib/release/third_party.py sbom > $(TARGET)/dist/hugging-carbon.cdx.json
	contrib/release/archive.sh $(BIN) $(TARGET)/dist $$(uname -m)-linux

# ROWS says how many rows the index has (300,000).
# With a program that is there already, BIN=/path/to/hugging-carbon, nothing is built and the comparison alone runs.
ifeq ($(origin BIN),command line)
bench: $(TARGET)/acceptance-venv/ready
	$(TARGET)/acceptance-venv/bin/python benches/compare.py $(BIN)
else
bench: build $(TARGET)/acceptance-venv/ready
	$(CARGO) bench --bench cards --bench draws --bench lineage --profile release
	$(TARGET)/acceptance-venv/bin/python benches/compare.py $(BIN)
endif

docs:
	$(CARGO) doc --release --no-deps

clean:
	rm -rf data/hub data/work data/snapshots
