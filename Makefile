# Commands of the project. `make run` and `make test` need nothing but Python 3.11+ and make.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
PORT   ?= 8501
# A result that is also written to a file must not hide that the command failed.
SHELL = /bin/bash
.SHELLFLAGS = -o pipefail -c
# One BLAS thread: faster for the small fits here, and the same on every machine.
export OPENBLAS_NUM_THREADS = 1
export OMP_NUM_THREADS = 1

.PHONY: run staff-demo test check ci benchmarks fuzz faults load audit lock sbom format coverage screens ship clean help

help: ## List the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/app.stamp: requirements.txt
	@echo "Making the virtual environment and installing (once, about a minute) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make run PYTHON=/path/to/python3.11"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: $(VENV)/app.stamp requirements-dev.txt
	@echo "Installing what the tests need (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

run: $(VENV)/app.stamp ## Open the dashboard at http://localhost:8501, on the data that ships with the project
	@$(BIN)/python -m etl ensure
	@echo "Dashboard: http://localhost:$(PORT)   (Ctrl+C stops it)"
	@$(BIN)/python -m asgi --port $(PORT)

staff-demo: $(VENV)/dev.stamp ## The same with staff pages and a sign-in provider on this machine
	@$(BIN)/python -m etl ensure
	@$(BIN)/python -m staff_demo --port $(PORT)

test: $(VENV)/dev.stamp ## Python tests (under 5 minutes)
	@$(BIN)/python -m pytest -n 3 --dist worksteal --timeout 240 -m "not browser and not slow"

format: $(VENV)/dev.stamp ## Format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

check: $(VENV)/dev.stamp ## Format, lint, types, make test
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy evaluation etl disclosure
	@$(MAKE) --no-print-directory test

ci: $(VENV)/dev.stamp ## Real browser, faults, coverage of intervals, quick benchmarks (under 20 minutes)
	@$(BIN)/python -m pytest -n 2 --dist loadfile --timeout 600 -m "slow and not browser"
	@$(BIN)/python -m pytest -n 2 --timeout 600 tests/browser
	@$(BIN)/python -m pytest --timeout 600 -m browser tests/trust
	@$(MAKE) --no-print-directory benchmarks

benchmarks: $(VENV)/dev.stamp ## Quick runs of the benchmarks, each beside a peer or a limit; full ones: python -m benchmarks.NAME
	@$(BIN)/python -m etl ensure
	@for name in evaluation etl reports; do $(BIN)/python -m benchmarks.$$name --quick || exit 1; done

coverage: $(VENV)/dev.stamp ## The full coverage table of the intervals (about an hour); committed under benchmarks/results
	@$(BIN)/python -m benchmarks.coverage --results benchmarks/results

screens: $(VENV)/dev.stamp ## Pictures of every page and report into docs/screens (needs Chromium, pdftoppm)
	@$(BIN)/python -m tests.browser.screens
	@$(BIN)/python -m tests.reports.screens

ship: $(VENV)/app.stamp ## Recompute the counts in data/ from the City's records: make ship DATA=FOLDER
	@$(BIN)/python -m etl ship --minneapolis $(DATA)/minneapolis --new-york $(DATA)/nyc

fuzz: $(VENV)/dev.stamp ## An hour of changed inputs at each door; what breaks one is kept in tests/trust/found
	@$(BIN)/python -m tests.trust.fuzz --minutes 60 | tee benchmarks/results/fuzz.txt

faults: $(VENV)/dev.stamp ## Kill the writers of uploads and of releases 200 times each, and the whole fault list
	@$(BIN)/python -m tests.trust.kills --kills 200 --builds 200 | tee benchmarks/results/kills.txt
	@$(BIN)/python -m pytest tests/trust/test_faults.py tests/trust/test_backup.py tests/trust/test_behind_proxy.py

load: $(VENV)/app.stamp ## Council night: 200 people clicking, beside plain `streamlit run`; the heaviest page, also with two processes; 10,000 runs
	@$(BIN)/python -m benchmarks.load --sessions 200 --compare --json benchmarks/results/load.json
	@$(BIN)/python -m benchmarks.load --sessions 200 --page results --json benchmarks/results/load.json
	@$(BIN)/python -m benchmarks.load --sessions 200 --page results --processes 2 --json benchmarks/results/load.json
	@$(BIN)/python -m benchmarks.load --sessions 200 --seconds 300 --json benchmarks/results/load.json

audit: $(VENV)/dev.stamp ## Known faults of the pinned packages (needs a network)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit && $(BIN)/pip-audit -r requirements.txt

lock: $(VENV)/dev.stamp ## Pins with hashes for a server, as requirements.lock (needs a network)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-tools
	@$(BIN)/python -m deploy.lock requirements.txt requirements.lock

sbom: $(VENV)/app.stamp ## Bill of materials of what is installed, as sbom.json
	@$(BIN)/python -m deploy.sbom sbom.json

clean: ## Remove the virtual environment and everything built
	rm -rf $(VENV) var .pytest_cache .mypy_cache .ruff_cache
