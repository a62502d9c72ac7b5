# `make report` and `make test` install what they need into .venv, then do what they say;
# `make bench` likewise into .bench-venv, since the libraries it races are nobody else's business.

# Snakemake runs the environment's Python by its path, unquoted.
ifneq ($(words $(CURDIR)),1)
$(error the path of this checkout holds a space, which Snakemake cannot work with: "$(CURDIR)". \
	Move or clone it to a path without one)
endif

PYTHON ?= python3
VENV := .venv
PIP_INSTALL := -m pip install -qq --disable-pip-version-check
RUNTIME := $(VENV)/.runtime-installed
DEVELOPMENT := $(VENV)/.development-installed
BENCH_VENV := .bench-venv
BENCH := $(BENCH_VENV)/.installed
EXAMPLES_VENV := .examples-venv
EXAMPLES := $(EXAMPLES_VENV)/.installed

.PHONY: report glance test test-faults test-slurm test-browser test-bench test-examples test-soundness \
	test-mutation bench lint clean

report: $(RUNTIME)
	@$(VENV)/bin/snakemake

# In two processes: most of the time goes into steps that run one after another on one core.
test: lint
	$(VENV)/bin/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder

# What a user, a disk or a machine can do wrong, by the hundred: docs/faults.md has the table.
test-faults: $(DEVELOPMENT)
	PYTHONPATH=scripts $(VENV)/bin/python -m tests.faults --write docs/faults.md

# Brings up a one-node SLURM of its own from Debian's packages; needs root.
test-slurm: $(DEVELOPMENT)
	sh tests/slurm/install.sh $(VENV)/bin/python
	$(VENV)/bin/python -m pytest -m slurm tests/slurm

# Looks at the tiny study's report in Debian's Chromium, or at a page: make test-browser PAGE=FILE.
test-browser: $(DEVELOPMENT)
	sh tests/browser/install.sh $(VENV)/bin/python
	$(VENV)/bin/python -m pytest -m browser tests/browser $(if $(PAGE),--page $(PAGE))

# Races flowcheck against a plain loop and other libraries: bench/README.md. BENCH_OPTIONS=--quick
# does so in miniature.
bench: $(BENCH)
	$(BENCH_VENV)/bin/python -m bench $(BENCH_OPTIONS)

# README's first figure, and the numbers it shows, from the default study.
glance: $(RUNTIME)
	$(VENV)/bin/snakemake results/figures/glance.png
	cp results/figures/glance.png results/figures/glance.npz docs/

test-bench: $(BENCH)
	$(BENCH_VENV)/bin/python -m pytest -m bench tests/bench

# Whether the samplers are right, by simulation; and whether the tests of what computes would notice
# a fault: half a minute, and about an hour.
test-soundness: $(DEVELOPMENT)
	$(VENV)/bin/python -m pytest -m soundness tests/soundness

test-mutation: $(DEVELOPMENT)
	$(VENV)/bin/python -m tests.mutation $(MUTATION_OPTIONS)

# The examples that take models from NumPyro and PyMC, in an environment of their own.
test-examples: $(EXAMPLES)
	$(EXAMPLES_VENV)/bin/python -m pytest -m examples tests/examples

lint: $(DEVELOPMENT)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/snakefmt --check Snakefile workflow/rules
	$(VENV)/bin/snakemake --lint

clean:
	rm -rf $(VENV) $(BENCH_VENV) $(EXAMPLES_VENV) .snakemake

$(RUNTIME): requirements.lock requirements-hashed.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "flowcheck needs Python 3.11 or newer: make report PYTHON=python3.12, say"; exit 1; }
	@echo "Installing the pinned environment into $(VENV): a minute or two, 1.6 GB"
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python $(PIP_INSTALL) --no-deps --require-hashes -r requirements-hashed.lock
	@$(VENV)/bin/python $(PIP_INSTALL) -r requirements.lock
	@touch $@

$(DEVELOPMENT): requirements-dev.lock $(RUNTIME)
	@$(VENV)/bin/python $(PIP_INSTALL) --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

$(BENCH): requirements.lock bench/requirements.lock
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python $(PIP_INSTALL) -r requirements.lock -r bench/requirements.lock
	touch $@

$(EXAMPLES): requirements.lock examples/requirements.lock
	$(PYTHON) -m venv $(EXAMPLES_VENV)
	$(EXAMPLES_VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
		-r requirements.lock -r examples/requirements.lock
	touch $@
