# Two commands matter: `make run` serves the site, `make test` runs the tests.
# Everything is made in .venv/ and var/ (DATA_DIR); neither is in git.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes
# The source package, for the examples in it: the CommonMark specification's and the parser's own.
EXAMPLES = $(BIN)/python -m pip --disable-pip-version-check download --quiet --no-deps --require-hashes \
	--no-binary markdown-it-py --dest $(VENV)/examples
COMPILE := uv pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.11 --no-header

.PHONY: run test bench deep fixture lint markup types lock clean

# What runs the site; with PostgreSQL's driver when DATABASE_URL asks for it.
ifneq (,$(findstring postgres,$(DATABASE_URL)))
RUNTIME := $(VENV)/.runtime $(VENV)/.postgres
else
RUNTIME := $(VENV)/.runtime
endif

run: $(RUNTIME)
	@exec $(BIN)/python manage.py serve

test: $(VENV)/.dev
	@$(BIN)/python -m pytest -n auto

# The long form of what the tests do briefly, on SQLite and, when TEST_POSTGRES_URL names a
# server, on PostgreSQL: verbs at random from many workers (figures: docs/editing.md), files
# spoiled in every way, content out and in again, imports killed (figures: docs/fixtures.md),
# an editor who publishes without a pause (figures: docs/performance.md).
LONG := STORM_WORKERS=8 STORM_STEPS=400 FUZZ_EXAMPLES=10000 ROUND_TRIPS=500 KILLS=100 STALE_PUBLICATIONS=1000
DEEP := tests/publishing/test_storm.py tests/interchange/test_fuzz.py tests/interchange/test_round_trip.py tests/interchange/test_kill.py tests/public/test_never_stale.py

deep: $(VENV)/.dev
	$(LONG) $(BIN)/python -m pytest -n 0 $(DEEP)
	@if [ -n "$$TEST_POSTGRES_URL" ]; then DATABASE_URL="$$TEST_POSTGRES_URL" $(LONG) $(BIN)/python -m pytest -n 0 $(DEEP); else echo "PostgreSQL was left out: set TEST_POSTGRES_URL to include it."; fi
	$(BIN)/python benchmarks/comparison.py

# How fast it is, beside nginx and a bare WSGI function: needs wrk and nginx. BENCH takes
# options, such as BENCH="--sizes 10,1000 --write"; benchmarks/speed.py lists them.
bench: $(VENV)/.dev
	@$(BIN)/python benchmarks/speed.py $(BENCH)

# Writes fixtures/initial.json in the form of docs/fixtures.md, from what it holds.
fixture: $(RUNTIME)
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; export DATA_DIR="$$folder" DATABASE_URL=; \
	$(BIN)/python manage.py migrate -v0 && \
	$(BIN)/python manage.py import_fixture -v0 fixtures/initial.json && \
	$(BIN)/python manage.py export_fixture fixtures/initial.json

lint: $(VENV)/.dev markup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# The layout of templates, styles and scripts; `make markup CHECK=` writes it.
CHECK := --check
markup: $(VENV)/.dev
	$(BIN)/djangofmt $(CHECK) templates/admin
	$(BIN)/djangofmt $(CHECK) --profile jinja templates/public $(wildcard templates/*/*.svg static/*/*.svg)
	$(BIN)/oxfmt $(CHECK) static
	@! LC_ALL=C.UTF-8 grep -rnE '.{121}' templates static || { echo "These lines are longer than 120 characters." >&2; exit 1; }

types: $(VENV)/.dev
	$(BIN)/mypy

lock:
	$(COMPILE) requirements.txt -o requirements.lock
	$(COMPILE) requirements-postgres.txt -c requirements.lock -o requirements-postgres.lock
	$(COMPILE) requirements-dev.txt -c requirements.lock -c requirements-postgres.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than 3.11: name a newer one, for example make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python cannot make virtual environments here: run  apt-get install python3-venv  and try again." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "The folder $(VENV) could not be made here: is this folder writable?" >&2; exit 1; }

$(VENV)/.runtime: requirements.lock | $(BIN)/python
	@echo "Installing what the site needs into $(VENV) …"
	@$(PIP) -r requirements.lock || { echo "Packages could not be installed: is the network there? Run the same command again." >&2; exit 1; }
	@touch $@

$(VENV)/.postgres: requirements-postgres.lock $(VENV)/.runtime
	@$(PIP) -r requirements-postgres.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing what the tests need into $(VENV) …"
	@$(PIP) -r requirements-dev.lock || { echo "Packages could not be installed: is the network there? Run the same command again." >&2; exit 1; }
	@sed -n '/^markdown-it-py==/,/# via/p' requirements.lock > $(VENV)/examples.txt
	@$(EXAMPLES) -r $(VENV)/examples.txt || echo "The parser's examples could not be fetched: the tests that read them are left out." >&2
	@touch $@
