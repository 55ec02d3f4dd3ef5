# Each target sets up what it needs on a bare Debian machine with CPython >= 3.11 and pip; `make help` lists them.
# Stamps in .venv make the second run quick; they follow pyproject.toml.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
WORKERS ?= 2
PYTEST_ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
REFERENCE ?= $(VENV)/reference/bin/python

.PHONY: help run test bench docs lint clean

help: ## Say what the targets do
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

run: $(VENV)/.core ## Write the brief of tungsten for the EU; the last line is its path
	@$(BIN)/ytterby brief tungsten --for EU
	@printf '%s\n' "$(CURDIR)/tungsten-EU.html"

test: $(VENV)/.test ## Lint, types, then all tests; pytest's closing line comes last
	@bash tools/chromium.sh
	@bash tools/postgres.sh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

bench: $(VENV)/.bench $(VENV)/.reference ## Run every script in benchmarks/; fails at the end where a budget is broken
	@failed=0; for script in benchmarks/*.py; do \
	    echo "== $$script"; beside=(); \
	    if [ "$$script" = benchmarks/geopolrisk.py ] && [ -x $(REFERENCE) ]; then beside=(--reference-python $(REFERENCE)); fi; \
	    $(BIN)/python "$$script" "$${beside[@]}" || failed=1; \
	done; exit $$failed

docs: $(VENV)/.docs ## Build the documentation into site/, refusing broken links and pages that lag behind the tables
	$(BIN)/python tools/make_schema_docs.py --check
	$(BIN)/python tools/make_data_card.py --check
	$(BIN)/python tools/make_cli_docs.py --check
	$(BIN)/python tools/make_coverage.py --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lint: $(VENV)/.test ## Lint, format check and types only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean: ## Remove the environment, caches and what the targets wrote
	rm -rf $(VENV) build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks
	rm -f tungsten-EU.html tungsten-EU.md tungsten-EU-*.svg
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.made: tools/venv.sh
	@PYTHON="$(PYTHON)" bash tools/venv.sh make "$(VENV)"
	@touch $@

$(VENV)/.core: pyproject.toml $(VENV)/.made
	@bash tools/venv.sh install "$(VENV)" -e .
	@touch $@

$(VENV)/.test: pyproject.toml $(VENV)/.made
	@bash tools/venv.sh install "$(VENV)" -e '.[test,dev]'
	@touch $@ $(VENV)/.core

$(VENV)/.bench: pyproject.toml $(VENV)/.made
	@bash tools/venv.sh install "$(VENV)" -e '.[bench,xlsx]'
	@touch $@ $(VENV)/.core

# geopolrisk-py 2.0.1 needs Python 3.11 and an environment of its own; without uv or network it is left out.
$(VENV)/.reference: $(VENV)/.made
	@if [ -x $(REFERENCE) ] || { $(BIN)/uv venv --quiet --python 3.11 $(VENV)/reference && \
	    $(BIN)/uv pip install --quiet --python $(REFERENCE) 'geopolrisk-py==2.0.1' 'pandas<=2.3.3'; }; then touch $@; \
	else echo "geopolrisk-py cannot be had here; its comparison is left out."; fi

$(VENV)/.docs: pyproject.toml $(VENV)/.made
	@bash tools/venv.sh install "$(VENV)" -e '.[docs]'
	@touch $@ $(VENV)/.core
