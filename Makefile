# Two commands do all the set-up: `make demo` and `make test`. The plain equivalents stand in README.md.
PYTHON ?= python3
BIN := .venv/bin
export PORT ?= 8000
# A database is named, and not asked: none has to be started for it.
DESCRIBE := DATABASE_URL=postgres:///unused $(BIN)/python manage.py spectacular --validate --fail-on-warn
WORKERS ?= 2

.PHONY: help demo run test check bench openapi lock clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*## /\t/'

demo: .venv/installed  ## set up everything and serve two seeded organisations; PROVIDER=frontegg plays one beside
	@$(BIN)/python manage.py demo $(if $(PROVIDER),--provider $(PROVIDER))

run: .venv/installed  ## serve with reload on change, on the demo's database
	$(BIN)/python manage.py migrate --verbosity 0
	$(BIN)/python manage.py runserver $(PORT)

test: .venv/installed-dev  ## the whole suite on its own embedded PostgreSQL
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: .venv/installed-dev  ## format, lint, types, imports, migrations, deployment settings
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(DESCRIBE) | diff docs/openapi.yaml - || { echo "docs/openapi.yaml differs: run make openapi"; exit 1; }
	DJANGO_SETTINGS_MODULE=config.settings.prod SECRET_KEY=check-$$(head -c 40 /dev/urandom | base64 | tr -d '\n') \
	BASE_DOMAIN=example.com DATABASE_URL=postgres:///unused $(BIN)/python manage.py check --deploy --fail-level WARNING

bench: .venv/installed-bench  ## product, textbook peer and bare SQL beside each other; ARGS="--quick", ARGS="list-by-grants"
	$(BIN)/python -m bench $(ARGS)

openapi: .venv/installed-dev  ## write the API's description, docs/openapi.yaml
	$(DESCRIBE) > docs/openapi.yaml

lock:  ## compile requirements/*.in into hashed lists
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --universal --python-version 3.11 requirements/base.in -o requirements/base.txt
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --universal --python-version 3.11 requirements/dev.in -o requirements/dev.txt
	$(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --universal --python-version 3.11 requirements/bench.in -o requirements/bench.txt

clean:  ## remove the environment and the embedded database
	rm -rf .venv .data

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: requirements/base.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/base.txt
	@touch $@

.venv/installed-dev: requirements/dev.txt .venv/installed
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

.venv/installed-bench: requirements/bench.txt .venv/installed
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/bench.txt
	@touch $@
