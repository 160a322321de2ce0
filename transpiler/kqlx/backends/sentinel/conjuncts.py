"""Conditions that must all hold, in their order, and the names that parts of them have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from kqlx.backends.looked_up import asks_looked_up, without_looked_up
from kqlx.backends.sentinel.boolean import FALSE, TRUE
from kqlx.backends.sentinel.column_access import OBJECTS, Cell, united
from kqlx.backends.sentinel.conditions import ConditionWriter
from kqlx.backends.sentinel.result_columns import plain_name
from kqlx.backends.text_backend import Text
from kqlx.fragments import Piece
from kqlx.nodes import Always, FreeText, Node, Not, conjuncts, walk
from kqlx.notes import Effect
from kqlx.records import replace
from kqlx.regexes import late_regex

_UNITED = re.escape(f"parse_json({united('NAME')})")
_UNITED = _UNITED.replace("NAME", r"(?P<united>\w+)", 1).replace("NAME", "(?P=united)")
JSON_READ = late_regex(rf'parse_json\(column_ifexists\("(?P<own>\w+)", ""\)\)|{_UNITED}')
"""JSON that is read once, under a name."""

_MOST_TAKEN_OUT, _MOST_READ = 2, 3
"""What is used so often gets a name: a part of a text, and a value below a dynamic column."""

_LOOKED_UP = 100
"""What is added to the cost of a test that asks for what is looked up: it comes last."""


def conjuncts_of(writer: ConditionWriter, items: Iterable[Node]) -> tuple[list[Text], list[Piece]]:
    """The conditions that must all hold, the cheap ones first, and their pieces."""
    written: list[tuple[Text, list[Piece]]] = []
    asks = asks_looked_up(writer.bound)
    for item in items:
        before, text = len(writer.pieces), writer.conjunct(item)
        if asks(item):
            text = replace(text, rank=text.rank + _LOOKED_UP)
            _tell_of_free_text(item, writer)
            written += [(one, []) for one in _before_lookups(item, asks, writer)]
        written.append((text, writer.pieces[before:]))
        writer.asked(item)
    written = sorted((one for one in written if one[0] != TRUE), key=lambda one: one[0].rank)
    texts = [text for text, _ in written]
    if FALSE in texts:
        return [FALSE], []
    return texts, [piece for _, found in written for piece in found]


def _before_lookups(
    item: Node, asks: Callable[[Node], bool], writer: ConditionWriter
) -> list[Text]:
    """What a conjunct asks of the rows before anything is looked up for them."""
    left = without_looked_up(item, asks)
    if isinstance(left, Always):
        return []
    beside = ConditionWriter(writer.bound, writer.options, values=writer.values)
    return [beside.conjunct(one) for one in conjuncts(left)]


def _tell_of_free_text(item: Node, writer: ConditionWriter) -> None:
    """A value without a field, beside a test of what is looked up, is looked for there too."""
    values = [part for part in walk(item) if isinstance(part, FreeText)]
    if not values or writer.bound.place.get("free_text"):
        return
    effect = Effect.DIFFERENT if any(isinstance(p, Not) for p in walk(item)) else Effect.WIDER
    message = "a value without a field is also looked for in what is looked up"
    writer.note("approximated", effect, message, values[0].span)


def names_of_parts(writer: ConditionWriter, texts: list[Text]) -> dict[str, str]:
    """What is taken out of a column for several tests, by what takes it out."""
    found: dict[str, str] = {}
    for column in writer.bound.columns.values():
        expression, name = _part(writer.columns.cell(column))
        if not expression or expression in found or JSON_READ.search(expression):
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


def with_names(conjunct: Text, named: Mapping[str, str]) -> Text:
    """The condition with what has a name by its name."""
    alternatives = tuple([by_names(text, named) for text in conjunct.alternatives])
    return replace(conjunct, text=by_names(conjunct.text, named), alternatives=alternatives)


def by_names(text: str, named: Mapping[str, str]) -> str:
    for expression, name in named.items():
        text = text.replace(expression, name)
    return text
