# The two commands of the README are "make demo" and "make test"; each sets up by itself.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
TOOLS  := tests/engines/.venv

.PHONY: setup demo test check format bench scoreboard grammar clean

setup: $(STAMP) $(TOOLS)/.installed

$(STAMP): pyproject.toml tests/engines/package.json
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "kqlx needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	$(BIN)/python -m compileall -q transpiler
	@if command -v npm >/dev/null; then npm install --prefix tests/engines --no-package-lock --no-audit --no-fund --loglevel=error; \
	 else echo "no Node.js: the tests that need Microsoft's analyser will be skipped"; fi
	@touch $@

# Splunk's own tools want an older pydantic than the rest: an environment of their own, for the tests.
$(TOOLS)/.installed: tests/engines/requirements.txt
	$(PYTHON) -m venv $(TOOLS)
	@if $(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<; then touch $@; \
	 else echo "no contentctl and AppInspect: the tests that need Splunk's tools will be skipped"; fi

# The demo needs the project alone, not the tools of its tests.
$(BIN)/kqlx: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "kqlx needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	$(BIN)/python -m compileall -q transpiler
	@touch $@

demo: $(BIN)/kqlx
	@$(BIN)/python tests/demo.py

test: check
	$(BIN)/python -m pytest --numprocesses=auto

check: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: setup
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: setup
	$(BIN)/python tests/bench.py

# What becomes of all rules in a folder: make scoreboard CORPUS=DIR
scoreboard: setup
	@CORPUS='$(CORPUS)' $(BIN)/python tests/scoreboard.py

grammar: setup
	$(BIN)/python -m kqlx.frontends.write_tables
	$(BIN)/python -m kqlx.mappings.write_packs

clean:
	rm -rf $(VENV) $(TOOLS) tests/engines/node_modules
