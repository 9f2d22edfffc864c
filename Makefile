# `make run` serves the site and `make test` runs the tests; `make help` lists the rest.
# Everything is made in .venv/ and var/ (DATA_DIR); neither is in git.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Installs the packages of a list. pip takes half a package for a whole one, so an installation that was
# interrupted is written over.
define install
@touch $(VENV)/.installing
@$(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes \
	$(if $(wildcard $(VENV)/.installing),--ignore-installed) -r $(1) || { \
	echo "The packages cannot be installed: check the network and run the same command again." >&2; exit 1; }
@rm $(VENV)/.installing
endef
# The source package, for the examples in it: the CommonMark specification's and the parser's own.
EXAMPLES = $(BIN)/python -m pip --disable-pip-version-check download --quiet --no-deps --require-hashes \
	--no-binary markdown-it-py --dest $(VENV)/examples
COMPILE := uv pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.11 --no-header

.PHONY: run help test coverage deep scan newest bench fixture lint markup format types hooks lock clean

# A virtual environment that was made by half, or whose Python was replaced, is made again.
ifneq (,$(wildcard $(VENV)))
ifneq (sound,$(shell $(BIN)/python -c 'import pip' 2>/dev/null && echo sound))
$(info $(VENV) cannot be used: it was made by half, or its Python was replaced. It is made again.)
$(shell rm -rf $(VENV))
endif
endif

# The driver for PostgreSQL is installed only if DATABASE_URL names PostgreSQL.
ifneq (,$(findstring postgres,$(DATABASE_URL)))
RUNTIME := $(VENV)/.runtime $(VENV)/.postgres
else
RUNTIME := $(VENV)/.runtime
endif

run: $(RUNTIME)  ## Set up what is missing and serve the site (default)
	@exec $(BIN)/python manage.py serve

help:  ## List the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target line; do \
		printf '  make %-10s %s\n' "$$target" "$$line"; done

PYTEST := python -m pytest
test: $(VENV)/.dev  ## Run the tests
	@$(BIN)/$(PYTEST) -n auto

# The floor is `fail_under` in pyproject.toml. Processes that the tests start are counted.
coverage: $(VENV)/.dev  ## Run the tests and check that they still cover the code
	@$(BIN)/python -m coverage erase
	@$(MAKE) --no-print-directory test PYTEST="python -m coverage run -m pytest"
	@$(BIN)/python -m coverage combine --quiet
	@$(BIN)/python -m coverage report

# The long forms of tests that `make test` runs briefly, on SQLite and, if TEST_POSTGRES_URL
# names a server, on PostgreSQL: random verbs from many workers (figures: docs/editing.md),
# damaged files, round trips, killed imports (figures: docs/fixtures.md), continuous publishing
# (figures: docs/performance.md), every odd value in every field of every form, requests of any bytes,
# inputs that take long to read or that nobody would think of, an attack, and every fault of the night
# (docs/security.md).
LONG := STORM_WORKERS=8 STORM_STEPS=400 FUZZ_EXAMPLES=10000 ROUND_TRIPS=500 KILLS=100 STALE_PUBLICATIONS=1000 CRAWL=all GROWTH=all
DEEP := tests/publishing/test_storm.py tests/interchange/test_fuzz.py tests/interchange/test_round_trip.py tests/interchange/test_kill.py tests/public/test_never_stale.py tests/test_crawl.py tests/backups/test_backup.py tests/test_requests.py tests/test_properties.py

FUZZ_SECONDS := 600
deep: $(VENV)/.dev  ## Run the long forms of random tests, for hours
	$(LONG) $(BIN)/python -m pytest -n 0 $(DEEP)
	@if [ -n "$$TEST_POSTGRES_URL" ]; then DATABASE_URL="$$TEST_POSTGRES_URL" $(LONG) $(BIN)/python -m pytest -n 0 $(DEEP); else echo "PostgreSQL was left out: set TEST_POSTGRES_URL to include it."; fi
	$(BIN)/python benchmarks/comparison.py
	$(BIN)/python benchmarks/siege.py --check
	$(BIN)/python benchmarks/faults.py sqlite postgresql
	$(BIN)/python benchmarks/recovery.py
	$(LONG) $(BIN)/python -m tests.growth
	$(call install,requirements-fuzz.lock)
	@$(BIN)/python -c 'import atheris' || { echo "Fuzzing by coverage was left out: atheris needs Python 3.11."; exit 0; }; \
	for target in markdown comparison question names identifiers parameters front; do \
		$(BIN)/python -m tests.fuzz $$target -max_total_time=$(FUZZ_SECONDS) -max_len=400 || exit 1; done

scan: $(RUNTIME)  ## Let Bandit and Wapiti look for holes (docs/security.md)
	@.ci/scan

newest:  ## Run the tests on the newest Python and Django that can be installed here
	@.ci/newest

# BENCH takes options, such as BENCH="--sizes 10,1000 --write"; benchmarks/speed.py lists them.
bench: $(VENV)/.dev  ## Measure speed beside nginx and a bare WSGI function (needs wrk and nginx)
	@$(BIN)/python benchmarks/speed.py $(BENCH)

fixture: $(RUNTIME)  ## Rewrite fixtures/initial.json in its canonical form (docs/fixtures.md)
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; export DATA_DIR="$$folder" DATABASE_URL=; \
	$(BIN)/python manage.py migrate -v0 && \
	$(BIN)/python manage.py import_fixture -v0 fixtures/initial.json && \
	$(BIN)/python manage.py export_fixture fixtures/initial.json

lint: $(VENV)/.dev markup  ## Check style
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

# The layout of templates, styles and scripts; `make format` writes it.
CHECK := --check
markup: $(VENV)/.dev
	$(BIN)/djangofmt $(CHECK) templates/admin
	$(BIN)/djangofmt $(CHECK) --profile jinja templates/public $(wildcard templates/*/*.svg static/*/*.svg)
	$(BIN)/oxfmt $(CHECK) static
	@! LC_ALL=C.UTF-8 grep -rnE '.{121}' templates static || { echo "These lines are longer than 120 characters." >&2; exit 1; }

format: $(VENV)/.dev  ## Correct style where a program can
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .
	$(MAKE) markup CHECK=

types: $(VENV)/.dev  ## Check types
	$(BIN)/python -m mypy

hooks: $(VENV)/.dev  ## Check style and types before each commit (installs a git hook)
	$(BIN)/python -m pre_commit install

lock:  ## Pin the newest allowed versions in requirements*.lock (needs uv)
	$(COMPILE) requirements.txt -o requirements.lock
	$(COMPILE) requirements-postgres.txt -c requirements.lock -o requirements-postgres.lock
	$(COMPILE) requirements-dev.txt -c requirements.lock -c requirements-postgres.lock -o requirements-dev.lock

clean:  ## Delete what was installed and cached; var/ stays
	rm -rf $(VENV) $(VENV)-newest $(VENV)-scan .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than 3.11. Name a newer one, for example: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments. Run  apt-get install python3-venv  and try again." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "The folder $(VENV) cannot be made: check that you may write to this folder." >&2; exit 1; }

$(VENV)/.runtime: requirements.lock | $(BIN)/python
	@echo "Installing the packages that the site needs into $(VENV) …"
	$(call install,requirements.lock)
	@touch $@

$(VENV)/.postgres: requirements-postgres.lock $(VENV)/.runtime
	$(call install,requirements-postgres.lock)
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing the packages that the tests need into $(VENV) …"
	$(call install,requirements-dev.lock)
	@sed -n '/^markdown-it-py==/,/# via/p' requirements.lock > $(VENV)/examples.txt
	@$(EXAMPLES) -r $(VENV)/examples.txt || echo "The parser's examples cannot be fetched: the tests that read them will be skipped." >&2
	@touch $@
