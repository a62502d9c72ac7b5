# `make report` and `make test` install what they need into .venv, then do what they say.

PYTHON ?= python3
VENV := .venv
RUNTIME := $(VENV)/.runtime-installed
DEVELOPMENT := $(VENV)/.development-installed

.PHONY: report test test-slurm test-browser lint clean

report: $(RUNTIME)
	$(VENV)/bin/snakemake
	@echo "The report: $(CURDIR)/results/report.html"

test: lint
	$(VENV)/bin/python -m pytest

# Brings up a one-node SLURM of its own from Debian's packages; needs root.
test-slurm: $(DEVELOPMENT)
	sh tests/slurm/install.sh
	$(VENV)/bin/python -m pytest -m slurm tests/slurm

# Looks at the tiny study's report in Debian's Chromium, or at a page: make test-browser PAGE=FILE.
test-browser: $(DEVELOPMENT)
	sh tests/browser/install.sh $(VENV)/bin/python
	$(VENV)/bin/python -m pytest -m browser tests/browser $(if $(PAGE),--page $(PAGE))

lint: $(DEVELOPMENT)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/snakefmt --check Snakefile workflow/rules
	$(VENV)/bin/snakemake --lint

clean:
	rm -rf $(VENV) .snakemake

$(RUNTIME): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "flowcheck needs Python 3.11 or newer: make report PYTHON=python3.12, say"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	touch $@

$(DEVELOPMENT): requirements-dev.lock $(RUNTIME)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	touch $@
