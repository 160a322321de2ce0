"""Kibana KQL → Microsoft Sentinel KQL (Kusto): a table and one ``where`` a conjunct, the cheap ones
first.

Every test is written by the type of its column, since Kusto checks types when it compiles. What it
cannot say is replaced by something that matches more, below a ``not`` by something that matches
less, so that no event is missed; a note says so. Fidelity and speed rest on
https://learn.microsoft.com/kusto/query/best-practices?view=microsoft-sentinel.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from kqlx.backends.base import kinds_of
from kqlx.backends.contained_tests import without_contained
from kqlx.backends.looked_up import asks_looked_up, without_looked_up
from kqlx.backends.sentinel.boolean import FALSE, TRUE
from kqlx.backends.sentinel.column_access import OBJECTS, Cell, united
from kqlx.backends.sentinel.conditions import ConditionWriter
from kqlx.backends.sentinel.folders import with_folders
from kqlx.backends.sentinel.multiple_sources import TableQuery, WrittenSource, tables
from kqlx.backends.sentinel.named_values import NamedValues
from kqlx.backends.sentinel.result_columns import plain_name
from kqlx.backends.target import Options
from kqlx.backends.text_backend import Text
from kqlx.fragments import Piece
from kqlx.hints import Argument, Hint
from kqlx.mappings.bound import Bound
from kqlx.nodes import Always, And, Equals, Node, Or, conjuncts
from kqlx.notes import Effect
from kqlx.records import replace
from kqlx.regexes import late_regex

_UNITED = re.escape(f"parse_json({united('NAME')})")
_UNITED = _UNITED.replace("NAME", r"(?P<united>\w+)", 1).replace("NAME", "(?P=united)")
_JSON_READ = late_regex(rf'parse_json\(column_ifexists\("(?P<own>\w+)", ""\)\)|{_UNITED}')
"""JSON that is read once, under a name."""

_MOST_TAKEN_OUT, _MOST_READ = 2, 3
"""What is used so often gets a name: a part of a text, and a value below a dynamic column."""

DEFAULT_TABLE = "Events"

_LOOKED_UP = 100
"""What is added to the cost of a test that asks for what is looked up: it comes last."""


def query_of(bound: Bound, options: Options, values: NamedValues) -> WrittenSource:
    """The query for the rows of a bound tree; long lists are among the ``values``. Raises
    UnsupportedError.
    """
    writer = ConditionWriter(bound, options, values=values)
    written: list[tuple[Text, list[Piece]]] = []
    node = bound.node
    if And in kinds_of(node):
        node = without_contained(node, writer.compares_whole)
        node = with_folders(node, writer.joined.is_whole_text)
    asks = asks_looked_up(bound)
    for item in conjuncts(node):
        if _is_sure(item, bound):
            continue
        before, text = len(writer.pieces), writer.conjunct(item)
        if asks(item):
            text = replace(text, rank=text.rank + _LOOKED_UP)
            written += [(one, []) for one in _before_lookups(item, asks, writer)]
        written.append((text, writer.pieces[before:]))
        writer.asked(item)
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
    named = {**_json_names(texts), **_names_of_parts(writer, texts)}
    names = tables(table or DEFAULT_TABLE)
    if any(name.startswith("_Im_") for name in names):
        from kqlx.backends.sentinel.parser_parameters import with_parameters

        names = tuple(with_parameters(name, conjuncts(node)) for name in names)
    query = TableQuery(names, tuple(_steps(writer, texts, named)))
    pieces = (*writer.aside, *(piece for _, found in written for piece in found))
    if named:
        pieces = tuple(_with_names(piece, named) for piece in pieces)
    return WrittenSource(query, tuple(writer.finished_notes()), pieces=pieces)


def _before_lookups(
    item: Node, asks: Callable[[Node], bool], writer: ConditionWriter
) -> list[Text]:
    """What a conjunct asks of the rows before anything is looked up for them."""
    left = without_looked_up(item, asks)
    if isinstance(left, Always):
        return []
    beside = ConditionWriter(writer.bound, writer.options, values=writer.values)
    return [beside.conjunct(one) for one in conjuncts(left)]


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
        lines = (_by_names(text, named) for text in conjunct.alternatives)
        text = _by_names(conjunct.text, named)
        yield writer.line(replace(conjunct, text=text, alternatives=tuple(lines)))


def _by_names(text: str, named: Mapping[str, str]) -> str:
    for expression, name in named.items():
        text = text.replace(expression, name)
    return text


def _with_names(piece: Piece, named: Mapping[str, str]) -> Piece:
    """The piece as it stands behind the steps that give names."""
    inner = tuple(_with_names(one, named) for one in piece.inner)
    return Piece(_by_names(piece.made, named), piece.spans, inner)


def _json_names(texts: list[Text]) -> dict[str, str]:
    """JSON in a column that a table may lack, or that tables have in different types, by what reads
    it.
    """
    return {
        match[0]: _name_of_json(match)
        for text in texts
        if "parse_json(" in text.text
        for match in _JSON_READ.finditer(text.text)
    }


def _names_of_parts(writer: ConditionWriter, texts: list[Text]) -> dict[str, str]:
    """What is taken out of a column for several tests, by what takes it out."""
    found: dict[str, str] = {}
    for column in writer.bound.columns.values():
        expression, name = _part(writer.columns.cell(column))
        if not expression or expression in found or _JSON_READ.search(expression):
            continue
        times = sum(text.text.count(expression) for text in texts)
        if times >= (_MOST_TAKEN_OUT if column.extract else _MOST_READ):
            found[expression] = writer.columns.free_name(name)
    # One may be within another.
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


def _part(cell: Cell) -> tuple[str, str]:
    """What takes a part out of a column, with its name: ``RemoteUrlHost`` of a part of a text,
    ``EventData_TargetImage`` of a value below a dynamic column; the JSON of objects. "" of a
    column.
    """
    column = cell.column
    if column.extract:
        return cell.access, "".join(part[:1].upper() + part[1:] for part in column.name.split("."))
    if cell.form in OBJECTS and cell.key_path is None:
        path = cell.raw.replace("parse_json(", "").replace(")", "")
        return f"tostring({cell.raw})", f"{plain_name(path)}_json"
    if cell.form != "column" or cell.access == cell.raw:
        return "", ""
    return cell.access, plain_name(column.name)


def _name_of_json(match: re.Match[str]) -> str:
    """``Log`` of ``log_s``: a custom column's name without the letter for its type; one that a
    union would split keeps its name.
    """
    return match["united"] or match["own"].removesuffix("_s").capitalize()
