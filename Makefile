# Everything a newcomer needs: `make run` and `make test`. Both set up what is missing first.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_VENV := .venv-bench
BENCH_READY := $(BENCH_VENV)/.ready
# Twice as many processes as the least of processors: many tests wait. Long files come first in the order of names.
PYTEST ?= -n 4 --dist loadfile --no-loadscope-reorder
RESOLVE := --generate-hashes --no-emit-index-url --python-version 3.11

.DEFAULT_GOAL := help

.PHONY: help
help: ## list what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: setup
setup: $(READY) ## make .venv with everything that the lock file names, and fetch Apache Kafka

$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { \
	  echo "Python 3.11 is needed, and $(PYTHON) was not found. Install it, or say where it is: make PYTHON=/path/to/python3.11"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12), (3, 13)))' || { \
	  echo "Python 3.11 to 3.13 is needed; $(PYTHON) is $$($(PYTHON) --version). Say which to use: make PYTHON=python3.11"; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) has no venv module. On Debian and Ubuntu: apt-get install python3.11-venv"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the packages of requirements.lock into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m listener.embedded.kafka --prefetch
	@touch $(READY)

.PHONY: run
run: setup ## run everything on this machine on a simulated company, until Ctrl-C
	@$(BIN)/listener up --simulate

.PHONY: test
test: setup ## run all tests
	@$(BIN)/python -m pytest $(PYTEST)

.PHONY: screenshots
screenshots: setup ## take the pictures of docs/images/console anew (SHOTS="now sources" for some)
	@PYTHONPATH=src:tests $(BIN)/python tests/browser/console_screenshots.py $(SHOTS)

.PHONY: chaos
chaos: setup ## disturb an installation and account for every mention (CHAOS="--seed 7 --minutes 5")
	@$(BIN)/listener chaos $(CHAOS)

.PHONY: bench
bench: setup $(BENCH_READY) ## measure beside others that do the same work (BENCH="stage1 --quick")
	@$(BENCH_VENV)/bin/python -m bench $(or $(BENCH),all)

$(BENCH_READY): bench/requirements.lock pyproject.toml
	@test -x $(BENCH_VENV)/bin/python || $(PYTHON) -m venv $(BENCH_VENV)
	@echo "installing the packages of bench/requirements.lock into $(BENCH_VENV) ..."
	@$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r bench/requirements.lock
	@$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(BENCH_READY)

.PHONY: lint
lint: setup ## style, types and import directions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

.PHONY: format
format: setup ## put the code into its form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: schemas
schemas: setup ## write schemas/*.json from the contracts
	@$(BIN)/python -m listener.schemas schemas

.PHONY: package
package: setup ## build the wheel and the source package into dist/
	@$(BIN)/python -m build --no-isolation --outdir dist

.PHONY: lock
lock: ## resolve the dependencies anew (needs uv)
	@uv pip compile -q --extra accurate --extra analysis --extra bluesky --extra dev --extra embedded --extra oidc --extra train $(RESOLVE) pyproject.toml -o requirements.lock
	@uv pip compile -q --extra oidc $(RESOLVE) -c requirements.lock pyproject.toml -o deploy/requirements-runtime.lock
	@echo hatchling | uv pip compile -q --no-annotate $(RESOLVE) -c requirements.lock - -o deploy/requirements-build.lock
	@uv pip compile -q --extra embedded --extra train $(RESOLVE) -c requirements.lock --override bench/overrides.in pyproject.toml bench/requirements.in -o bench/requirements.lock

.PHONY: clean
clean: ## remove what was built; keeps .listener/, where the data are
	@rm -rf $(VENV) $(BENCH_VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
