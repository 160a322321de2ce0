"""Elastic rule TOML (elastic/detection-rules) → Rule."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from kqlx.errors import RuleError
from kqlx.rules.model import Rule, Skipped


def read(path: Path) -> Rule | Skipped:
    """The rule of a file, or the reason why it is passed over.

    Raises RuleError where the file cannot be read, is not TOML or is not a rule.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RuleError(f"{path}: not UTF-8 at byte {error.start}", readable=False) from None
    except OSError as error:
        raise RuleError(f"{path}: {error.strerror or error}", readable=False) from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RuleError(
            f"{path}: not TOML: {str(error)[:1].lower()}{str(error)[1:]}", readable=False
        ) from None
    table = data.get("rule")
    if not isinstance(table, dict):
        raise RuleError(f"{path}: no [rule] table, so this is not a detection rule", readable=False)
    return _rule(path, text, table, data.get("metadata", {}))


def _rule(path: Path, text: str, table: dict[str, Any], metadata: Any) -> Rule | Skipped:
    name = str(table.get("name", path.stem))
    kind = str(table.get("type", "query"))
    language = str(table.get("language", "" if kind == "machine_learning" else "kuery"))
    line = _line_of(text, "language") or _line_of(text, "type") or 1
    if kind == "machine_learning":
        return Skipped(path, f"line {line}: a machine learning rule has no query to convert")
    if language != "kuery":
        return Skipped(
            path, f"line {line}: the query is in {language!r}, and kqlx reads kuery (Kibana KQL)"
        )
    query = table.get("query")
    if not isinstance(query, str):
        raise RuleError(
            f"{path}: the [rule] table has no query", hint='add query = "..." to [rule]'
        )
    first_line, first_column = _beginning(text, query)
    return Rule(
        name=name,
        query=query,
        id=str(table.get("rule_id", "")),
        language=language,
        type=kind,
        path=path,
        first_line=first_line,
        first_column=first_column,
        data=table,
        metadata=metadata if isinstance(metadata, dict) else {},
    )


def _line_of(text: str, key: str) -> int | None:
    for number, line in enumerate(text.splitlines(), 1):
        if line.replace(" ", "").startswith(f"{key}="):
            return number
    return None


def _beginning(text: str, query: str) -> tuple[int, int]:
    """Line and column where the query's text begins, if it stands in the file as it is; else its
    key.
    """
    text = text.replace("\r\n", "\n")
    place = text.find(query)
    if not query or place < 0:
        return _line_of(text, "query") or 1, 1
    return text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
