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
	@set -e; for file in $(wildcard benchmarks/*.py); do echo "== $$file"; $(BIN)/python "$$file"; done

sample: setup ## remake data/sample from its seed
	$(BIN)/python scripts/make_sample.py

clean: ## remove .venv, builds and caches; data, models and runs stay
	rm -rf .venv build dist .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# the stamp holds the folder: a .venv that was moved, or whose interpreter is gone, is made again
ifneq ($(shell .venv/bin/python -c '' 2>/dev/null && cat .venv/.locked 2>/dev/null),$(CURDIR))
.venv/.locked: FORCE
endif

.venv/.locked: requirements.lock
	@rm -f .venv/.locked .venv/.installed
	sh scripts/make_venv.sh
	@printf '%s\n' "$(CURDIR)" >$@

.venv/.installed: .venv/.locked pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

FORCE:
