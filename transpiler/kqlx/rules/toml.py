"""Elastic rule TOML (elastic/detection-rules) → Rule."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kqlx.errors import RuleError
from kqlx.rules import places
from kqlx.rules.check import check
from kqlx.rules.model import Rule, Skipped

# Types of rules whose query is never in Kibana KQL
# (https://www.elastic.co/docs/solutions/security/detect-and-alert).
_LANGUAGES = {"eql": "eql", "esql": "esql"}


def read(path: Path) -> Rule | Skipped:
    """The rule of a file, or the reason why it is passed over.

    Raises RuleError where the file cannot be read, is not TOML or is not a rule.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RuleError(f"{path}: not UTF-8 at byte {error.start}", readable=False) from None
    except OSError as error:
        raise RuleError(f"{path}: {error.strerror or error}", readable=False) from None
    try:
        data = tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
        reason = f"{str(error)[:1].lower()}{str(error)[1:]}"
        raise RuleError(f"{path}: not TOML: {reason}", readable=False) from None
    except RecursionError:
        raise RuleError(f"{path}: nested too deeply", readable=False) from None
    table = data.get("rule")
    if not isinstance(table, dict):
        raise RuleError(f"{path}: no [rule] table, so this is not a detection rule", readable=False)
    check(path, table)
    metadata = data.get("metadata")
    return _rule(path, text, table, metadata if isinstance(metadata, dict) else {})


def _rule(
    path: Path, text: str, table: dict[str, Any], metadata: Mapping[str, Any]
) -> Rule | Skipped:
    kind = table.get("type", "query")
    if kind == "machine_learning":
        where = _line(text, "type", kind)
        return Skipped(path, f"{where}a machine learning rule has no query to convert")
    language = _LANGUAGES.get(kind) or table.get("language", "kuery")
    if language != "kuery":
        where = _line(text, "language", language) or _line(text, "type", kind)
        return Skipped(
            path, f"{where}the query is in {language!r}, and kqlx reads kuery (Kibana KQL)"
        )
    query = table.get("query")
    if not isinstance(query, str):
        raise RuleError(
            f"{path}: the [rule] table has no query", hint='add query = "..." to [rule]'
        )
    if not query.strip():
        raise RuleError(f"{path}: the query is empty: it would match every event")
    first_line, first_column = places.beginning(text, "query", query)
    return Rule(
        name=table.get("name", path.stem),
        query=query,
        id=table.get("rule_id", ""),
        language=language,
        type=kind,
        path=path,
        first_line=first_line,
        first_column=first_column,
        data=table,
        metadata=metadata,
    )


def _line(text: str, key: str, value: str) -> str:
    """The beginning of a message about a key, or nothing where its line cannot be told."""
    entry = places.find(text, key, value)
    return f"line {entry.line}: " if entry else ""
