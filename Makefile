# POSIX sh and any GNU make from 3.81; everything runs in .venv, which "make setup" makes from the lock.
BIN = .venv/bin

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test lab lint lock bench sample clean FORCE

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: .venv/.installed ## make .venv with the locked dependencies (PYTHON=... chooses the interpreter)

demo: setup ## run the main job on the embedded default into build/demo
	$(BIN)/funnelml demo build/demo

test: setup ## run the tests
	$(BIN)/python -m pytest

lab: setup ## open JupyterLab on the notebooks
	$(BIN)/jupyter lab --notebook-dir=notebooks

lint: setup ## ruff, mypy, import contracts, file sizes, notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_sizes.py
	$(BIN)/python scripts/check_notebooks.py

lock: ## remake requirements.lock from pyproject.toml (needs uv)
	sh scripts/make_lock.sh

bench: setup ## run every benchmark
	@set -e; for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python "$$file"; done

sample: setup ## remake data/sample from its seed
	$(BIN)/python scripts/make_sample.py

clean: ## remove .venv, builds and caches; data, models and runs stay
	rm -rf .venv build dist .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# a stamp beside an interpreter that does not run is worth nothing
ifneq ($(shell .venv/bin/python -c 'print(1)' 2>/dev/null),1)
.venv/.locked: FORCE
endif

.venv/.locked: requirements.lock
	@rm -f .venv/.locked .venv/.installed
	sh scripts/make_venv.sh
	@touch $@

.venv/.installed: .venv/.locked pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

FORCE:
