"""Elastic's rule TOML (elastic/detection-rules): one rule a file, in the table ``[rule]``, or with
the keys of a rule at the top.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from kqlx.errors import place_of
from kqlx.malformed import MAX_NESTING, TOO_DEEP, is_too_deep, toml_problem, too_deep_at
from kqlx.regexes import late_regex
from kqlx.rules.formats import toml_positions
from kqlx.rules.kibana_objects import Kind, kind_of
from kqlx.rules.source_text import Broken, Entry, Position

SUFFIXES = (".toml",)

_HEADER = late_regex(
    r"^[ \t]*\[rule\][ \t]*(?:#.*)?$|^[ \t]*(?:rule[ \t]*[.=]|(?:query|rule_id)[ \t]*=)",
    re.MULTILINE,
)
_CONTROLS = late_regex(r"[\x00-\x08\x0b-\x1f\x7f]")


def looks_like(text: str) -> bool:
    return bool(_HEADER.search(text.replace("\r\n", "\n")))


def read(text: str) -> Iterator[Entry | Broken]:
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        yield _broken(text, error)
        return
    if is_too_deep(data, MAX_NESTING + 2):  # the document and the table of the rule
        yield _broken(text, RecursionError())
        return
    table = _rule_table(data)
    if table is None:
        yield Broken("no [rule] table, so this is not a detection rule", is_rule=False)
        return
    metadata = data.get("metadata")

    def find(key: str, value: str) -> Position:
        return Position(*toml_positions.beginning(text, key, value))

    yield Entry(table, data, metadata if isinstance(metadata, dict) else {}, find=find)


def _broken(text: str, error: ValueError | RecursionError) -> Broken:
    deep = too_deep_at(text, "toml")
    if deep >= 0:
        place = place_of(text, deep)
        return Broken(TOO_DEEP, place.line, place.column)
    if isinstance(error, RecursionError):  # by names with many full stops
        dots = [line.count(".") for line in text.split("\n")]
        return Broken(TOO_DEEP, dots.index(max(dots)) + 1 if max(dots) > MAX_NESTING // 2 else 0)
    reason, line, column = toml_problem(text, error)
    return Broken(f"not TOML: {reason}", line, column)


def replace(text: str, number: int, query: str) -> str | None:
    """What is found by its looks is proven by reading the result: all other values must be as
    before.
    """
    before = _values(text)
    table = _rule_table(before)
    assert table is not None, "a rule was read"
    old = table["query"]
    wanted = query + "\n" if old.endswith("\n") or "\n" in query else query
    for entry in toml_positions.entries(text, "query"):
        literal = _string(wanted).replace("\n", _line_feed(text, entry.start))
        new = text[: entry.start] + literal + text[entry.end :]
        try:
            table["query"] = wanted
            if _values(new) == before:
                return new
        except (tomllib.TOMLDecodeError, RecursionError):
            continue
    return None


def _rule_table(data: dict[str, Any]) -> dict[str, Any] | None:
    """The table that has the keys of a rule; None where there is none."""
    table = data.get("rule")
    if "rule" not in data and "query" in data and kind_of(data) is Kind.RULE:
        return data
    return table if isinstance(table, dict) else None


def _values(text: str) -> dict[str, Any]:
    """What TOML holds, floats as they are written: nan is not equal to itself."""
    return tomllib.loads(text, parse_float=str)


def _line_feed(text: str, start: int) -> str:
    """How the first line from there on ends."""
    end = text.find("\n", start)
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"


def _string(text: str) -> str:
    """A TOML string: as literal as the text allows."""
    literal = not _CONTROLS.search(text) and "'''" not in text and not text.endswith("'")
    if "\n" in text and literal:
        return f"'''\n{text}'''"
    if literal and "\n" not in text:
        plain = '"' not in text and "\\" not in text
        return f'"{text}"' if plain else f"'{text}'" if "'" not in text else f"'''{text}'''"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", escaped)
    return f'"""\n{escaped}"""' if "\n" in text else f'"{escaped}"'
