# `make help` prints one line for each target.

PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test check format bench bench-analysis doctor lock clean

help:  ## Print this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/ -/' | sed 's/^/make /'

run: .venv/server  ## Set everything up and start Beholder with the demonstration study
	@$(BIN)/beholder run

test: .venv/dev check  ## Set everything up, check the code and run every test
	@$(BIN)/pytest

check: .venv/dev  ## Style, types and the rules of who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: .venv/dev  ## Format the code and mend what can be mended
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: .venv/dev  ## Run the benchmarks that the README quotes
	@for file in $(filter-out %/filled_study.py,$(wildcard benchmarks/*.py)); do \
	    echo "== $$file"; $(BIN)/python $$file || exit 1; done

bench-analysis: .venv/dev  ## Time the default analysis beside its bars and beside sureal
	@$(BIN)/python benchmarks/analysis.py

doctor: .venv/server  ## Say what is wrong with this set-up
	@$(BIN)/beholder doctor

lock:  ## Pin all dependencies again (needs uv)
	uv pip compile -q --universal --generate-hashes --python-version 3.11 \
	    --custom-compile-command "make lock" pyproject.toml -o requirements/server.txt
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --extra dev \
	    --custom-compile-command "make lock" -c requirements/server.txt \
	    pyproject.toml -o requirements/dev.txt

clean:  ## Remove the environment and caches; data stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# --- environments ---

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "Beholder needs Python 3.11 or newer; name one with: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv .venv \
	    || { echo "Python cannot make environments; on Debian install the package python3-venv."; exit 1; }

.venv/server: .venv/bin/python requirements/server.txt pyproject.toml
	@echo "Installing what Beholder needs (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/server.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/dev: .venv/server requirements/dev.txt
	@echo "Installing what the tests need (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@
