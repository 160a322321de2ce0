"""Fields beside the query: where a rule's counts, terms, entities and details find their values.

A field that a query only tests may be a predicate or a part of a column; here its values are asked
for, so that it must have a column of its own, or a path in one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kqlx.backends.base import Options
from kqlx.backends.sentinel_columns import OBJECTS, Columns, ecs_cell, kusto_type
from kqlx.backends.sentinel_syntax import WIDTH, fold, identifier, quote
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.captures import captures
from kqlx.mappings.choose import name_of_values
from kqlx.mappings.pack import FieldSpec
from kqlx.notes import Effect, Note

if TYPE_CHECKING:
    from kqlx.backends.sentinel_columns import Cell

_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Values:
    """The values of a field: the expression for them, and its Kusto type.

    ``name`` is a plain name for them in the result; "" says that the field is the same on all
    events. ``several`` says that an event may have more than one: ``text`` is then an array.
    ``notes`` are what those must tell who count or compare them.
    """

    field: str
    name: str = ""
    text: str = ""
    type: str = "string"
    several: bool = False
    notes: tuple[Note, ...] = ()

    @property
    def is_column(self) -> bool:
        """Whether the result has them under that name as it is."""
        return self.text in (self.name, f"['{self.name}']")

    @property
    def present(self) -> str:
        """A test that an event has a value, after the array was taken apart."""
        if self.several:
            return f"isnotempty({self.name})"
        return f"isnotempty({self.text})" if self.type == "string" else f"isnotnull({self.text})"

    @property
    def grouped(self) -> str:
        """The values behind ``by``."""
        if self.several:
            return self.name
        plain = self.is_column or self.text.startswith("['")
        return self.text if plain else f"{self.name} = {self.text}"


def values_of(bound: Bound, field: str, counted: bool = False) -> Values | None:
    """Where the values of a field are; None where the table does not have them as such. Those that
    are ``counted`` may be a part of a column.
    """
    columns = Columns(bound, Options())
    if bound.pack is None or bound.destination is None:
        column = bound.column(field)
        return _values(field, ecs_cell(columns, column), kusto_type(column.type))
    spec = bound.destination.field(field)
    notes = _notes(field, spec) if spec is not None else ()
    parts = captures(spec) if counted and spec is not None else ()
    if spec is not None and spec.any and (parts or not (spec.part or spec.fits or spec.given)):
        return _first_of(spec.any, field, bound, columns, parts)
    name = name_of_values(bound.pack, bound.destination, field)
    if name is None and spec is not None and spec.column and parts:
        whole = _cell(spec.column, field, bound, columns)
        return replace(_taken_out(field, whole, parts), notes=notes) if whole else None
    if not name:
        return None if name is None else Values(field)
    cell = _cell(name, field, bound, columns)
    return (
        replace(_values(field, cell, kusto_type(cell.column.type)), notes=notes) if cell else None
    )


def _notes(field: str, spec: FieldSpec) -> tuple[Note, ...]:
    if spec.counted_by is not None:
        message = f"{field} is told apart by {spec.counted_by}, whose values are others"
        return (Note("counted-by", Effect.SAME, message),)
    told = spec.note
    return (Note(told.code, told.effect, told.message, hint=told.hint),) if told else ()


def _taken_out(field: str, whole: Cell, expressions: tuple[str, ...]) -> Values:
    """The part of a column that the first of the expressions that matches takes out."""
    each = _extracts(whole, expressions)
    text = each[0] if len(each) == 1 else f"coalesce({', '.join(each)})"
    return Values(field, "_".join(re.findall(r"[A-Za-z0-9]+", field)), text)


def _extracts(whole: Cell, expressions: tuple[str, ...]) -> list[str]:
    return [
        f"extract({quote(f'(?is){expression}')}, 1, {whole.access})" if expression else whole.access
        for expression in expressions
    ]


def _cell(name: str, field: str, bound: Bound, columns: Columns) -> Cell | None:
    """The cell of a column of the pack; None for what is scattered in an array of objects."""
    assert bound.pack is not None and bound.destination is not None
    spec = bound.destination.column(name)
    if spec.form in OBJECTS:
        return None
    column = Column(
        name,
        spec.type or bound.pack.type(field) or bound.type(field) or "keyword",
        form=spec.form,
        field=field,
        json=spec.json,
        port=spec.port,
        optional=spec.optional,
        path=spec.path,
        keys=spec.keys,
    )
    return columns.pack_cell(column)


def _first_of(
    names: tuple[str, ...], field: str, bound: Bound, columns: Columns, parts: tuple[str, ...]
) -> Values | None:
    """The first of several columns that an event has, or of what is taken out of them."""
    found = [_cell(name, field, bound, columns) for name in names]
    cells = [cell for cell in found if cell is not None and cell.form == "column"]
    if len(cells) < len(names) or not all(cell.is_string for cell in cells):
        return None
    message = f"{field} is the first of {', '.join(names)} that an event has"
    joined = Note("columns-joined", Effect.SAME, message)
    each = [text for c in cells for text in (_extracts(c, parts) if parts else [c.access])]
    text = f"coalesce({', '.join(each)})"
    first = _values(field, cells[0], "string")
    return Values(field, f"{first.name}_or_other", text, notes=(joined,))


def _values(field: str, cell: Cell, type: str) -> Values:
    name = cell.column.name
    plain = name if _PLAIN.fullmatch(name) else re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")
    plain = plain if _PLAIN.fullmatch(plain) else f"Field_{plain}"
    if cell.form in ("array", "many"):
        whole = cell.raw
        if cell.form == "many":
            whole = f'iff(gettype({whole}) == "array", {whole}, pack_array({whole}))'
        return Values(field, f"{plain}_value", whole, type, several=True)
    return Values(field, plain, cell.access, type)


def as_column(values: Values) -> str:
    """``extend`` text that gives the values a plain name; "" where they have it."""
    same = values.text in (values.name, identifier(values.name))
    return "" if same else f"{values.name} = {values.text}"


def extended(shown: Iterable[Values]) -> list[str]:
    """The command that gives values plain names, where they have none."""
    made = [text for values in shown if (text := as_column(values))]
    return [extend(made)] if made else []


def extend(made: Sequence[str]) -> str:
    """``extend`` on a line, or a line for each column of a long one."""
    whole = f"| extend {', '.join(made)}"
    if len(whole) <= WIDTH:
        return whole
    return "| extend\n    " + ",\n    ".join(fold(text, " " * 8) for text in made)
