# `make run` needs only Python 3.11 or newer: everything else is installed into .venv.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
CODE := app model tsuzuki packages/python tests benchmarks scripts examples
# The first of these that is new enough makes the virtual environment; PYTHON=/path/to/python chooses another.
PYTHON ?= python3 python3.13 python3.12 python3.11 python
# Further arguments of run, test, train, bench and release: make train ARGS="my/recipe.toml --out build/mine"
ARGS =

.DEFAULT_GOAL := help
.PHONY: help run test check format train-setup train bench docs container release lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.runtime ## install what serving needs, then serve on http://127.0.0.1:8000
	$(BIN)/python -m app $(ARGS)

test: $(VENV)/.dev ## run the tests, two files at a time
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(ARGS)

check: $(VENV)/.dev ## check format, lint, types and import contracts
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev ## format the code and repair what lint can repair
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

train-setup: $(VENV)/.train ## install what training needs, without the packages of the tests

train: ARGS = model/en/recipe.toml --out build/en
train: $(VENV)/.train ## train the English model into build/en (ARGS replaces recipe and folder)
	$(BIN)/python -m model.train $(ARGS)

bench: $(VENV)/.dev ## measure speed
	$(BIN)/python -m benchmarks $(ARGS)

docs: $(VENV)/.dev ## build the documentation as a site, into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

container: $(VENV)/.dev ## build the images with buildah and try them with podman; needs root and Debian
	$(BIN)/python -m scripts.container

release: $(VENV)/.dev ## make wheel, source distribution, npm package, image and list of parts in dist/
	$(BIN)/python -m scripts.release $(ARGS)

# The development lock comes first and binds the other: one version of each package, whoever installs it.
LOCK = build/uv/bin/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-annotate --no-emit-index-url --custom-compile-command "make lock"

lock: build/uv/bin/uv ## renew the three lock files
	$(LOCK) --extra train --extra test --extra check --extra docs --output-file requirements-dev.lock
	$(LOCK) --extra redis --extra postgresql --constraint requirements-dev.lock --output-file requirements.lock
	$(LOCK) --extra train --constraint requirements-dev.lock --output-file requirements-train.lock

clean: ## remove the virtual environment and caches; models trained into build/ stay
	rm -rf $(VENV) build/uv dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# $(call make-venv,folder): a virtual environment there, unless a whole one is there already.
define make-venv
@test -x $(1)/bin/pip || { \
	for python in $(PYTHON); do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "$$python -m venv $(1)"; exec $$python -m venv $(1); \
		fi; \
	done; \
	echo "Tsuzuki needs Python 3.11 or newer; tried: $(PYTHON). Set PYTHON=/path/to/python." >&2; exit 1; }
endef

# --no-deps: the lock names every package, so anything it lacks is an error in the lock.
$(VENV)/.runtime: pyproject.toml requirements.lock
	$(call make-venv,$(VENV))
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps -e .
	@touch $@

$(VENV)/.train: $(VENV)/.runtime requirements-train.lock
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements-train.lock
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

build/uv/bin/uv:
	$(call make-venv,build/uv)
	build/uv/bin/python -m pip install --quiet uv
