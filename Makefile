# What a fresh clone needs: Python 3.11 or newer, pip and make.
#
#   make demo     set everything up and caption the pairs that come with the package
#   make test     set everything up and run the tests (without those marked slow, gpu, network, browser, java)
#   make check    everything that must hold before a change goes in
#   make docs     write the generated part of the documentation
#   make study    put the paper's claims to the test, up to six hours on two cores (QUICK=1: 30 minutes)
#
# PYTHON chooses the interpreter, VENV the virtual environment, JOBS how many tests run at once, one thread each:
# make test PYTHON=python3.13 VENV=/tmp/env JOBS=8

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
JOBS ?= 2
NOT_HERE := not slow and not gpu and not network and not browser and not java

.PHONY: demo test check docs study clean
.DELETE_ON_ERROR:

test check: export OMP_NUM_THREADS := 1

demo: $(VENV)/.installed
	$(BIN)/blip2idc demo

test: $(VENV)/.installed
	$(BIN)/python -m pytest -m "$(NOT_HERE)" --numprocesses $(JOBS) --dist loadfile

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python docs/generate.py --check
	$(BIN)/python -m pytest -m "$(NOT_HERE)" --numprocesses $(JOBS) --dist loadfile

docs: $(VENV)/.installed
	$(BIN)/python docs/generate.py

study: $(VENV)/.installed
	$(BIN)/python -m benchmarks.study $(if $(QUICK),--quick)

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests benchmarks docs -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# the stamps make a second run start at once; they are older than the files that say what to install after an update
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@ $(VENV)/.installed

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: $(PYTHON) is older than 3.11 or missing; choose one with make PYTHON=/path/to/python3.11" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
