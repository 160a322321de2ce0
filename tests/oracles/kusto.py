"""Microsoft's analyser of Kusto (npm @kusto/language-service-next), by a process of Node.js that
is started once and asked line by line.
"""

from __future__ import annotations

import atexit
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from threading import Timer
from typing import Any

from tests.conftest import missing

ENGINES = Path(__file__).parents[1] / "engines"
TABLES = Path(__file__).parent / "sentinel_tables.json"
TIMEOUT = 300
"""Seconds after which an analyser that does not answer is ended."""


def there() -> bool:
    """Whether the analyser is installed."""
    installed = (ENGINES / "node_modules/@kusto/language-service-next").is_dir()
    return installed and shutil.which("node") is not None


def analyse(
    queries: Sequence[str],
    schema: Mapping[str, Mapping[str, str]] | None = None,
    own: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None,
) -> list[list[str]]:
    """By query the analyser's complaints: none where Sentinel would take it.

    ``schema`` is {table: {column: Kusto type}}, by default the tables that the packs use; ``own``
    has that of queries which are on others.
    """
    if shutil.which("node") is None:
        missing("Node.js is not installed")
    if not (ENGINES / "node_modules/@kusto/language-service-next").is_dir():
        missing("Microsoft's analyser is not installed (make setup, with Node.js)")
    process = _analyser()
    limit = Timer(TIMEOUT, process.kill)
    limit.start()
    try:
        return [_ask(process, query, (own or {}).get(query, schema)) for query in queries]
    finally:
        limit.cancel()


def _ask(process: subprocess.Popen[str], query: str, schema: object) -> list[str]:
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps({"query": query, "schema": schema}) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    assert line, f"the analyser ended with status {process.wait()} at: {query}"
    answer: dict[str, Any] = json.loads(line)
    return [*answer["errors"], *answer["warnings"]]


@cache
def _analyser() -> subprocess.Popen[str]:
    """The process, which ends with this one."""
    process = subprocess.Popen(
        ["node", str(ENGINES / "kusto.js"), str(TABLES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )

    @atexit.register
    def end() -> None:
        process.kill()
        process.communicate()

    return process
