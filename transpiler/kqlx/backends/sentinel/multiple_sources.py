"""Queries for several data sources as one, by ``union`` of named tables; what they count, they
count together.

https://learn.microsoft.com/kusto/query/union-operator?view=microsoft-sentinel
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kqlx.backends.sentinel.ingestion_time import by_table
from kqlx.backends.sentinel.syntax import LITERAL, identifier
from kqlx.errors import UnsupportedError

UNION = "union isfuzzy=true"
"""A table that a workspace lacks is passed over; else a rule that names it could not be created
(https://github.com/Azure/Azure-Sentinel/issues/4007)."""

_COUNTING = "\n| summarize"
_LET = re.compile(r"let (\w+) = .*?;\n", re.DOTALL)


def tables(named: object) -> str:
    """How a query begins that reads one table, or several with the same columns."""
    if not isinstance(named, list):
        return identifier(str(named))
    names = [identifier(str(name)) for name in named]
    return names[0] if len(names) == 1 else f"{UNION} {', '.join(names)}"


def without_lists(query: str) -> tuple[str, str, str]:
    """The definitions that a query begins with, its first line, and the lines after it."""
    start = 0
    while match := _LET.match(query, start):
        start = match.end()
    head, _, body = query[start:].partition("\n")
    return query[:start], head, body


def join(queries: Sequence[str]) -> str:
    """One query: tables side by side where their tests are the same, else each with its own.

    Raises UnsupportedError where they do not count the same.
    """
    lists: dict[str, str] = {}
    bodies: list[tuple[str, str]] = []
    counted: set[str] = set()
    for query in queries:
        text = query
        while match := _LET.match(text):
            text = text[match.end() :]
            name = _free(match[1], match[0], lists)
            text = _renamed(text, match[1], name)
            lists[name] = match[0].replace(match[1], name, 1)
        text, mark, counts = text.partition(_COUNTING)
        counted.add(mark + counts)
        head, _, body = text.partition("\n")
        bodies.append((head, body))
    if len(counted) > 1:
        raise UnsupportedError(
            "cannot convert a rule that counts for several data sources in different ways",
            code="sources-not-joined",
            hint="name one with --source",
        )
    return "".join(lists.values()) + by_table(_union(bodies)) + counted.pop()


def _free(name: str, definition: str, lists: dict[str, str]) -> str:
    """The name, or where another list has it, one that no list has."""
    chosen, number = name, 2
    while chosen in lists and lists[chosen] != definition.replace(name, chosen, 1):
        chosen, number = f"{name}_{number}", number + 1
    return chosen


def _renamed(text: str, old: str, new: str) -> str:
    """The query with a name changed, literals left alone."""
    found = re.compile(rf"{LITERAL}|\b{old}\b", re.DOTALL)
    return found.sub(lambda match: new if match[0] == old else match[0], text)


def _union(bodies: list[tuple[str, str]]) -> str:
    if len({body for _, body in bodies}) == 1:
        heads = [head.removeprefix(f"{UNION} ") for head, _ in bodies]
        names = dict.fromkeys(name for head in heads for name in head.split(", "))
        body = bodies[0][1]
        return f"{UNION} {', '.join(names)}" + (f"\n{body}" if body else "")
    parts = [f"{head}\n{body}" if body else head for head, body in bodies]
    inner = ",\n".join("(" + part.replace("\n", "\n    ") + ")" for part in parts)
    return f"{UNION}\n    " + inner.replace("\n(", "\n    (")
