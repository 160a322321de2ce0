"""Kibana KQL → Microsoft Sentinel KQL (Kusto): a table and one ``where`` a conjunct, the cheap ones
first.

Every test is written by the type of its column, since Kusto checks types when it compiles. What it
cannot say is replaced by something that matches more, below a ``not`` by something that matches
less, so that no event is missed; a note says so. Fidelity and speed rest on
https://learn.microsoft.com/kusto/query/best-practices?view=microsoft-sentinel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from kqlx.backends.contained_tests import without_contained
from kqlx.backends.plain_groups import plain_groups
from kqlx.backends.sentinel.conditions import ConditionWriter
from kqlx.backends.sentinel.conjuncts import (
    JSON_READ,
    by_names,
    conjuncts_of,
    names_of_parts,
    with_names,
)
from kqlx.backends.sentinel.folders import with_folders
from kqlx.backends.sentinel.multiple_sources import TableQuery, WrittenSource, tables
from kqlx.backends.sentinel.named_values import NamedValues
from kqlx.backends.target import Options
from kqlx.backends.text_backend import Text
from kqlx.fragments import Piece
from kqlx.hints import Argument, Hint
from kqlx.mappings.bound import Bound
from kqlx.nodes import And, Equals, Node, Or, conjuncts, kinds_of
from kqlx.notes import Effect

DEFAULT_TABLE = "Events"


def query_of(
    bound: Bound, options: Options, values: NamedValues, *, keeps_arrival: bool = False
) -> WrittenSource:
    """The query for the rows of a bound tree; long lists are among the ``values``. Where it puts
    records together, ``keeps_arrival`` asks for the time at which they arrived. Raises
    UnsupportedError.
    """
    writer = ConditionWriter(bound, options, values=values)
    node = bound.node
    if And in kinds_of(node):
        node = plain_groups(without_contained(node, writer.compares_whole))
        node = with_folders(node, writer.joined.is_whole_text)
    table = options.table or bound.place.get("table")
    if table is None:
        message = f"table not known; {DEFAULT_TABLE} stands for a table with ECS column names"
        writer.note(
            "table-unknown", Effect.SAME, message, hint=Hint(Argument("table"), " names it")
        )
    named: dict[str, str] = {}
    if records := bound.records:
        from kqlx.backends.sentinel.joined_records import joined_steps

        steps = joined_steps(writer, node, records, keeps_arrival=keeps_arrival)
        pieces = [*writer.aside, *writer.pieces]
    else:
        items = [item for item in conjuncts(node) if not _is_sure(item, bound)]
        texts, pieces = conjuncts_of(writer, items)
        pieces = [*writer.aside, *pieces]
        named = {**_json_names(texts), **names_of_parts(writer, texts)}
        steps = [*_steps(writer, texts, named)]
    names = tables(table or DEFAULT_TABLE)
    if any(name.startswith("_Im_") for name in names):
        from kqlx.backends.sentinel.parser_parameters import with_parameters

        names = tuple(with_parameters(name, conjuncts(node)) for name in names)
    query = TableQuery(names, tuple(steps))
    if named:
        pieces = [_piece_with_names(piece, named) for piece in pieces]
    return WrittenSource(query, tuple(writer.finished_notes()), pieces=tuple(pieces))


def _is_sure(node: Node, bound: Bound) -> bool:
    """Whether it asks for rows of any of the tables that are read."""
    read = bound.place.get("table")
    if not isinstance(read, list) or not isinstance(node, Or):
        return False
    tests = [item for item in node.items if isinstance(item, Equals) and item.field.name == "Type"]
    return {item.value.name for item in tests} >= {*map(str, read)}


def _steps(writer: ConditionWriter, texts: list[Text], named: Mapping[str, str]) -> Iterator[str]:
    """The conjuncts; what has a name is read once, before the first of them that needs it."""
    read: set[str] = set()
    for conjunct in texts:
        if not named:
            yield writer.line(conjunct)
            continue
        for expression, name in named.items():
            if expression in conjunct.text and name not in read:
                read.add(name)
                yield f"| extend {name} = {expression}"
        yield writer.line(with_names(conjunct, named))


def _piece_with_names(piece: Piece, named: Mapping[str, str]) -> Piece:
    """The piece as it stands behind the steps that give names."""
    inner = tuple(_piece_with_names(one, named) for one in piece.inner)
    return Piece(by_names(piece.made, named), piece.spans, inner)


def _json_names(texts: list[Text]) -> dict[str, str]:
    """JSON in a column that a table may lack, or that tables have in different types, by what reads
    it.
    """
    return {
        match[0]: _name_of_json(match)
        for text in texts
        if "parse_json(" in text.text
        for match in JSON_READ.finditer(text.text)
    }


def _name_of_json(match: re.Match[str]) -> str:
    """``Log`` of ``log_s``: a custom column's name without the letter for its type; one that a
    union would split keeps its name.
    """
    return match["united"] or match["own"].removesuffix("_s").capitalize()
