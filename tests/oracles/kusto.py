"""Microsoft's analyser of Kusto (npm @kusto/language-service-next), by a process of Node.js."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.conftest import missing

ENGINES = Path(__file__).parents[1] / "engines"
TABLES = Path(__file__).parent / "sentinel_tables.json"


def there() -> bool:
    """Whether the analyser is installed."""
    installed = (ENGINES / "node_modules/@kusto/language-service-next").is_dir()
    return installed and shutil.which("node") is not None


def analyse(
    queries: Sequence[str],
    schema: Mapping[str, Mapping[str, str]] | None = None,
    folder: Path | None = None,
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
    tables = TABLES
    if schema is not None:
        assert folder is not None
        tables = folder / "schema.json"
        tables.write_text(json.dumps(schema), encoding="utf-8")
    asked = [{"query": query, "schema": (own or {}).get(query)} for query in queries]
    lines = "\n".join(map(json.dumps, asked))
    run = subprocess.run(
        ["node", str(ENGINES / "kusto.js"), str(tables)],
        input=lines,
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=300,
    )
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(answers) == len(queries)
    return [answer["errors"] + answer["warnings"] for answer in answers]
