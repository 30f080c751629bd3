# Two commands: `make run` shows the whole product, `make test` proves it. Both leave .venv/bin/suggest behind.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TORCH := torch==2.13.0
PYTEST := $(BIN)/python -m pytest
export OMP_NUM_THREADS ?= 1

.PHONY: run test test-first test-browser test-faults lint bench clean constraints help
.DEFAULT_GOAL := help

help:
	@echo "make run    the whole loop on one page: installs, starts, prints one address"
	@echo "make test   everything that must hold: lint, types, layers, tests in a real browser"
	@echo "make bench  the measurements behind the README, in bench/"
	@echo "make clean  removes .venv, caches and the demo's data"

run: $(VENV)/.installed
	@$(BIN)/suggest demo

# Lint runs beside the first part, and what is killed beside what is clicked: either leaves a core idle now and then.
test: $(VENV)/.installed-test
	@.ci/chromium $(BIN) >/dev/null
	@$(MAKE) --no-print-directory -j2 lint test-first
	@$(MAKE) --no-print-directory -j2 test-browser test-faults

test-first: $(VENV)/.installed-test
	@echo "== tests"
	@$(PYTEST) -n 2 --dist loadfile -m "not browser and not faults"

test-browser: $(VENV)/.installed-test
	@echo "== tests in a real browser"
	@SUGGEST_CHROMIUM="$$(.ci/chromium $(BIN))" $(PYTEST) -n 2 --dist loadfile -m "browser and not faults"

test-faults: $(VENV)/.installed-test
	@echo "== tests with faults"
	@$(PYTEST) -m faults

lint: $(VENV)/.installed-test
	@echo "== lint, format, types, layers"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.installed-test
	@set -e; for script in bench/[a-z]*.py; do echo "== $$script"; $(BIN)/python $$script; done

clean:
	rm -rf $(VENV) .demo build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What is installed now, without ourselves and without anything that names a place.
constraints: $(VENV)/.installed-test
	@{ head -1 constraints.txt; $(BIN)/python -m pip freeze --exclude-editable \
		| sed -nE 's/^([A-Za-z0-9._-]+==[^+ @]+).*/\1/p' | grep -iv '^suggest-loop==' | LC_ALL=C sort -f; } > constraints.new
	@mv constraints.new constraints.txt

$(BIN)/python:
	@echo "== a Python environment in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "Python cannot make environments here; on Debian: apt-get install python3-venv"; exit 1; }

# torch first: the rest would otherwise pull in whatever build they find. Nothing is compiled ahead: that takes a minute,
# and Python does it for the tenth of the files that are ever imported.
$(VENV)/.installed: pyproject.toml constraints.txt .ci/install | $(BIN)/python
	@echo "== installing $(TORCH), the largest part"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile --constraint constraints.txt "$(TORCH)"
	@echo "== installing Suggest and what it stands on"
	@.ci/install $(BIN) .
	@touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt .ci/install | $(VENV)/.installed
	@echo "== installing what the tests need"
	@.ci/install $(BIN) ".[test]"
	@touch $@
