"""An object of a rule file → Rule, or the reason why it is none of ours to convert."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kqlx.errors import RuleError
from kqlx.frontends import EQL, KUERY, known_language, language_of_file, languages, names_language
from kqlx.rules.model import Rule, Skipped
from kqlx.rules.source_text import Entry
from kqlx.rules.validate import check, plain

# Types of rules whose query is in a language of their own
# (https://www.elastic.co/docs/solutions/security/detect-and-alert).
_LANGUAGES = {"eql": "eql", "esql": "esql"}


def build(entry: Entry, path: Path | None, name: str, format: str) -> Rule | Skipped:
    """Raises RuleError where a key has the wrong type, or there is no query."""
    where = f"{name}:{entry.line}" if entry.line else name
    table = {key: value for key, value in entry.table.items() if value is not None}
    table |= _new_terms(table)
    check(where, table)
    table = plain(where, table)
    kind = table.get("type", "query")
    if kind == "machine_learning":
        reason = "a machine learning rule has no query to convert"
        line = _line(entry, ("type", kind))
        return Skipped(path or Path(name), reason, "machine learning", line)
    default = language_of_file(path) if format == "query" else KUERY
    guessed = format == "query" and not names_language(path) and _is_eql(table.get("query"))
    if guessed:
        default = EQL
    language = _LANGUAGES.get(kind) or table.get("language", default)
    if known_language(language) is None:
        known = ", ".join(f"{one.name} ({one.title})" for one in languages())
        reason = f"the query is in {language!r}, and kqlx reads {known}"
        line = _line(entry, ("language", language), ("type", kind))
        return Skipped(path or Path(name), reason, language, line)
    query = _query(table, where, entry)
    at = entry.find("query", query)
    return Rule(
        name=table.get("name", "" if path is None else path.stem),
        query=query,
        id=table.get("rule_id", ""),
        language=language,
        type=kind,
        path=path,
        first_line=at.line,
        first_column=at.column,
        indent=at.indent,
        data={} if format == "query" else table,
        metadata=plain(where, entry.metadata, "metadata"),
        document=entry.document,
        format=format,
        line=entry.line,
        number=entry.number,
        guessed=guessed,
    )


def _is_eql(query: object) -> bool:
    from kqlx.frontends.language_guess import looks_like_eql

    return isinstance(query, str) and looks_like_eql(query)


def _new_terms(table: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that Kibana has for new terms, from the table that Elastic's rule TOML says them in:
    ``field`` is Kibana's key, ``value`` its value, and the window's is a list of one such table.
    """
    found: dict[str, Any] = {}
    place = table.get("new_terms")
    while isinstance(place, dict):
        if isinstance(place.get("field"), str) and "value" in place:
            found[place["field"]] = place["value"]
        windows = place.get("history_window_start")
        place = windows[0] if isinstance(windows, list) and windows else None
    wanted = ("new_terms_fields", "history_window_start")
    return {key: found[key] for key in wanted if key in found and key not in table}


def _query(table: Mapping[str, Any], where: str, entry: Entry) -> str:
    query = table.get("query")
    if query is None and table.get("filters"):
        return ""  # Kibana's default: every event that the filters let pass
    if not isinstance(query, str):
        saved = table.get("saved_id")
        if saved:
            raise RuleError(f"{where}: the rule has no query of its own: it runs a saved one")
        kind = "the [rule] table" if entry.table is not entry.document else "the rule"
        raise RuleError(f"{where}: {kind} has no query", hint="add it under the key query")
    if not query.strip() and not table.get("filters"):
        raise RuleError(f"{where}: the query is empty: it would match every event")
    return query


def _line(entry: Entry, *pairs: tuple[str, str]) -> int:
    """The line of the first of these keys with these values that can be told; else that of the
    object, 0 where that is the whole file.
    """
    return next(
        (at.line for key, value in pairs if (at := entry.find(key, value)).line), entry.line
    )
