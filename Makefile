# The only way to run anything. `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
SHELL := /bin/sh
.DEFAULT_GOAL := help

DASHBOARD := src/justpaid/dashboard_assets/index.html
DASHBOARD_SOURCES := $(shell find dashboard/src dashboard/index.html dashboard/vite.config.ts -type f 2>/dev/null)
NODE_MODULES := dashboard/node_modules/.package-lock.json
# Node trusts what the system trusts, as pip does.
NPM := cd dashboard && PATH="$(CURDIR)/$(BIN):$$PATH" NODE_OPTIONS=--use-system-ca npm

.PHONY: help install dev demo serve lint format test e2e screenshots faults prove check bench lock clean

help:  ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: install  ## Start everything, run a finance workflow through the API, show the result
	$(BIN)/justpaid demo

prove: install  ## Try the guarantees on a throwaway instance, and print what was seen (a minute)
	$(BIN)/justpaid prove

serve: install  ## Start the service on an embedded PostgreSQL (data in ./.data)
	$(BIN)/justpaid serve --data-dir .data

install: $(VENV)/.installed $(DASHBOARD)  ## Install the service into .venv, pinned by hash

dev: $(VENV)/.dev-installed $(DASHBOARD)  ## Install what developers need on top

$(UV): requirements-build.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "Python 3.11 to 3.13 is needed; name one with: make PYTHON=python3.12 …"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.lock
	@touch $(UV)

$(VENV)/.installed: $(UV) requirements.lock pyproject.toml
	$(UV) pip install --quiet --require-hashes -r requirements.lock -r requirements-build.lock
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev-installed: $(VENV)/.installed requirements-dev.lock
	$(UV) pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

$(NODE_MODULES): $(UV) dashboard/package-lock.json
	$(NPM) ci --silent
	@touch $@

$(DASHBOARD): $(NODE_MODULES) $(DASHBOARD_SOURCES)
	$(NPM) run --silent build
	@touch $@

lint: dev  ## Format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(NPM) run --silent check

format: dev  ## Write the format and the safe fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: dev  ## Run all tests with coverage, but those in a browser (make e2e)
	$(NPM) run --silent test
	$(BIN)/pytest --ignore=tests/e2e -n 2 --dist loadfile --cov --cov-report=term:skip-covered

e2e: dev  ## Walk the dashboard in a real browser, on the real service
	$(BIN)/pytest tests/e2e

screenshots: dev  ## Take every page of the dashboard into dashboard/screenshots
	$(BIN)/python -m tests.e2e npm run --silent screenshots

faults: dev  ## Kill API and workers a thousand times at random, and show what held (10 minutes)
	$(BIN)/python -m tests.faults.soak

check: lint test e2e  ## What must be green before a commit lands

bench: dev  ## Measure against floors in the same run; figures go to docs/performance.md
	$(BIN)/python -m bench

lock: $(UV)  ## Pin all dependencies anew, by hash and without addresses
	$(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate requirements-build.in -o requirements-build.lock
	$(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate pyproject.toml -o requirements.lock
	$(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate pyproject.toml --extra dev -o requirements-dev.lock

clean:  ## Remove what was installed and built
	rm -rf $(VENV) dashboard/node_modules $(DASHBOARD) src/justpaid/dashboard_assets/assets .ruff_cache .pytest_cache .hypothesis htmlcov .coverage*
