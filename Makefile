# The two commands of the README are "make demo" and "make test"; each sets up by itself, with the
# versions that locks/ names. PYTHON says with which Python (3.11 or newer), VENV in which folder:
#   make test PYTHON=/usr/bin/python3 VENV=.venv-debian

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
TOOLS  := tests/engines/.venv
NODE   := tests/engines/node_modules/.package-lock.json
LATEST := .venv-latest
BENCH  := .venv-bench

# Where PYTHON is not said an environment of any Python will do.
ENVIRONMENT := $(PYTHON) tests/environment.py $(if $(filter file,$(origin PYTHON)),--any-python)
OLD := "kqlx needs Python 3.11 or newer, and $(PYTHON) is older: make PYTHON=... names another"

# What of the tests is about reading: the language, rule files, the words of errors, the goldens.
ON_ELASTICSEARCH := $(wildcard tests/elasticsearch/test_server_*.py)
LANGUAGE := $(addprefix tests/, kql eql conversion/test_goldens.py elastic/test_words.py \
    package/test_regexes.py rules/test_malformed.py rules/test_rule_files.py rules/test_rule_formats.py \
    rules/test_rule_paths.py lint/test_lint.py cli/test_cli.py docs/test_docs.py)

# The tests that "make test-deep" and "make test-latest" run.
TESTS ?= tests

.PHONY: python setup demo test test-deep test-elasticsearch test-language test-latest lock check format bench scoreboard grammar packs clean

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and $(OLD))'

setup: python $(NODE)
	@$(ENVIRONMENT) $(VENV) locks/test.txt --project
	@$(ENVIRONMENT) $(TOOLS) locks/engines.txt --optional \
	    "no contentctl and AppInspect: the tests that need Splunk's tools will be skipped"

# Splunk's own tools want an older pydantic than the rest, hence an environment of their own; Microsoft's
# analyser of Kusto and validator of SARIF and pyright come by npm.
$(NODE): tests/engines/package-lock.json
	@if command -v npm >/dev/null; then \
	    npm ci --prefix tests/engines --no-audit --no-fund --loglevel=error && touch $@; \
	 else echo "no Node.js: the tests that need Microsoft's analyser, its validator of SARIF or pyright will be skipped"; fi

# The demo needs the project alone, not the tools of its tests.
demo: python
	@$(ENVIRONMENT) $(VENV) locks/run.txt locks/language.txt locks/test.txt --project
	@$(BIN)/python tests/demo.py

test: check
	$(BIN)/python -m pytest --numprocesses=auto

# The drawn tests at ten times their size, and every value of stored and of real events: hours on two
# cores. Parts of it: make test-deep TESTS=tests/sigma
test-deep: setup
	DEEP=1 WHOLE_EVENTS=1 PAIRS_SHARE=1 $(BIN)/python -m pytest --numprocesses=auto $(TESTS)

# What we say of queries, asked of a real Elasticsearch: by Java and Maven, which gets it at the first time.
test-elasticsearch: setup
	$(BIN)/python -m pytest --numprocesses=0 -m elasticsearch $(ON_ELASTICSEARCH)

# On another Python, in little time: make test-language PYTHON=/usr/bin/python3 VENV=.venv-debian
test-language: python $(NODE)
	@$(ENVIRONMENT) $(VENV) locks/language.txt locks/test.txt --project
	$(BIN)/python -m pytest --numprocesses=auto -k "not pysigma" $(LANGUAGE)

# With the newest versions that pyproject.toml allows, where they are others than the locked ones.
test-latest: setup
	@mkdir -p $(LATEST); $(BIN)/python tests/locks.py latest $(LATEST)/locks; status=$$?; \
	if [ $$status -ne 1 ]; then exit $$status; fi; \
	$(ENVIRONMENT) $(LATEST)/environment $(LATEST)/locks/test.txt --project && \
	$(LATEST)/environment/bin/python -m pytest --numprocesses=auto $(TESTS)

# Writes the locks anew, with the newest versions.
lock: setup
	$(BIN)/python tests/locks.py write

check: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: setup
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Beside pySigma's command line, in an environment of its own; SIGMA=... names another.
SIGMA ?= $(BENCH)/bin/sigma
bench: setup
	@$(ENVIRONMENT) $(BENCH) locks/bench.txt --optional \
	    "no pySigma command line: a cold start will be compared with python -c pass alone"
	SIGMA='$(SIGMA)' $(BIN)/python -m tests.bench

# What becomes of all rules in a folder: make scoreboard CORPUS=DIR
scoreboard: setup
	@CORPUS='$(CORPUS)' $(BIN)/python -m tests.scoreboard

grammar packs: setup
	$(BIN)/python -m kqlx.frontends.generate_tables
	$(BIN)/python -m kqlx.mappings.compile_packs

clean:
	rm -rf $(VENV) $(TOOLS) $(LATEST) $(BENCH) tests/engines/node_modules
