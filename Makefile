# Every developer's and CI's entry: `make help` lists the targets.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
LOCKER := $(VENV)/lock/bin/uv
COMPILE := $(LOCKER) pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --no-emit-index-url
SOURCES := services tests
# More arguments for pytest: make test ARGS="-k settlement"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install demo up test check bench lint format lock reset clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / \
		{printf "  \033[1mmake %-8s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Make .venv with everything pinned; quick when nothing changed

$(INSTALLED): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Making $(VENV) from requirements-dev.lock; the first time takes a minute."
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --requirement requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation --editable .
	@touch $@

demo: install ## Start the whole hub and tell its story, in one minute
	@$(BIN)/hub demo

up: install ## Start the whole hub and keep it running
	@$(BIN)/hub up

test: install ## Run every test, on the RabbitMQ and PostgreSQL that answer
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile \
		--no-loadscope-reorder $(ARGS)

check: lint ## Run lint and the tests that need no server
	@$(BIN)/python -m pytest --quiet tests/unit tests/architecture $(ARGS)

bench: install ## Measure the real stack on this machine, beside pgbench
	@$(BIN)/python -m tests.benchmarks $(ARGS)

lint: install ## Check style, types and layers
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check --quiet $(SOURCES) || \
		{ echo "Not formatted: run make format"; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: install ## Put every file into the one layout
	@$(BIN)/ruff check --fix --quiet $(SOURCES) || true
	@$(BIN)/ruff format $(SOURCES)

lock: $(LOCKER) ## Choose the newest versions that pyproject.toml allows
	@$(COMPILE) --upgrade --output-file requirements.lock pyproject.toml
	@$(COMPILE) --upgrade --constraint requirements.lock --group dev \
		--output-file requirements-dev.lock pyproject.toml

$(LOCKER):
	@$(PYTHON) -m venv $(VENV)/lock
	@$(VENV)/lock/bin/python -m pip install --quiet --disable-pip-version-check uv

reset: install ## Delete the embedded hub's data in .hub
	@$(BIN)/python -m services.hub.embedded .hub
	@rm -rf .hub

clean: ## Delete .venv and every cache; data in .hub stay
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache build *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
