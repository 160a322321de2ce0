"""Kibana KQL → Microsoft Sentinel KQL (Kusto): a table and one ``where`` a conjunct, the cheap ones
first.

Every test is written by the type of its column, since Kusto checks types when it compiles. What it
cannot say is replaced by something that matches more, below a ``not`` by something that matches
less, so that no event is missed; a note says so. Fidelity and speed rest on
https://learn.microsoft.com/kusto/query/best-practices?view=microsoft-sentinel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kqlx.backends.sentinel.boolean import FALSE, TRUE
from kqlx.backends.sentinel.column_access import united
from kqlx.backends.sentinel.conditions import ConditionWriter
from kqlx.backends.sentinel.multiple_sources import TableQuery, WrittenSource, tables
from kqlx.backends.sentinel.named_values import NamedValues
from kqlx.backends.target import Options
from kqlx.backends.text_backend import Text
from kqlx.fragments import Piece
from kqlx.hints import Argument, Hint
from kqlx.mappings.bound import Bound
from kqlx.nodes import conjuncts
from kqlx.notes import Effect
from kqlx.records import replace
from kqlx.regexes import late_regex

_UNITED = re.escape(f"parse_json({united('NAME')})")
_UNITED = _UNITED.replace("NAME", r"(?P<united>\w+)", 1).replace("NAME", "(?P=united)")
_JSON_READ = late_regex(rf'parse_json\(column_ifexists\("(?P<own>\w+)", ""\)\)|{_UNITED}')
"""JSON that is read once, under a name."""

DEFAULT_TABLE = "Events"


def query_of(bound: Bound, options: Options, values: NamedValues) -> WrittenSource:
    """The query for the rows of a bound tree; long lists are among the ``values``. Raises
    UnsupportedError.
    """
    writer = ConditionWriter(bound, options, values=values)
    written: list[tuple[Text, list[Piece]]] = []
    for item in conjuncts(bound.node):
        before, text = len(writer.pieces), writer.conjunct(item)
        written.append((text, writer.pieces[before:]))
    written = sorted((one for one in written if one[0] != TRUE), key=lambda one: one[0].rank)
    texts = [text for text, _ in written]
    if FALSE in texts:
        written, texts = [], [FALSE]
    table = options.table or bound.place.get("table")
    if table is None:
        message = f"table not known; {DEFAULT_TABLE} stands for a table with ECS column names"
        writer.note(
            "table-unknown", Effect.SAME, message, hint=Hint(Argument("table"), " names it")
        )
    query = TableQuery(tables(table or DEFAULT_TABLE), tuple(_steps(writer, texts)))
    pieces = (*writer.aside, *(piece for _, found in written for piece in found))
    if any("| extend " in step for step in query.steps):
        pieces = tuple(map(_with_json_names, pieces))
    return WrittenSource(query, tuple(writer.finished_notes()), pieces=pieces)


def _steps(writer: ConditionWriter, texts: list[Text]) -> Iterator[str]:
    """The conjuncts; JSON in a column that a table may lack, or that tables have in different
    types, is read once, before the first of them that looks into it.
    """
    read: set[str] = set()
    for conjunct in texts:
        if "parse_json(" not in conjunct.text:
            yield writer.line(conjunct)
            continue
        for match in _JSON_READ.finditer(conjunct.text):
            if match[0] not in read:
                read.add(match[0])
                yield f"| extend {_name_of_json(match)} = {match[0]}"
        lines = (_JSON_READ.sub(_name_of_json, text) for text in conjunct.alternatives)
        text = _JSON_READ.sub(_name_of_json, conjunct.text)
        yield writer.line(replace(conjunct, text=text, alternatives=tuple(lines)))


def _with_json_names(piece: Piece) -> Piece:
    """The piece as it stands behind the step that reads JSON once."""
    text = _JSON_READ.sub(_name_of_json, piece.made)
    return Piece(text, piece.spans, tuple(map(_with_json_names, piece.inner)))


def _name_of_json(match: re.Match[str]) -> str:
    """``Log`` of ``log_s``: a custom column's name without the letter for its type; one that a
    union would split keeps its name.
    """
    return match["united"] or match["own"].removesuffix("_s").capitalize()
