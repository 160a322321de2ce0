"""Columns of a result: the values of a field that a rule counts, compares or shows, and the
commands that give them plain names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kqlx.backends.sentinel.column_access import cast, kusto_type
from kqlx.backends.sentinel.syntax import WIDTH, fold, identifier, quote
from kqlx.elastic import ecs
from kqlx.notes import Note
from kqlx.records import dataclass, replace
from kqlx.regexes import late_regex

_PLAIN = late_regex(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True, slots=True)
class FieldValues:
    """The values of a field: the expression for them, and its Kusto type.

    ``name`` is a plain name for them in the result; "" says that the field is the same on all
    events, and ``expression`` is then that value. ``multivalue`` says that an event may have more
    than one: ``expression`` is then an array, and ``stored`` what events have, which may also be a
    single value. ``array`` is one of objects, each of which has its value in ``expression`` as the
    key of ``ELEMENT``. ``notes`` are what those must tell who count or compare them. ``absent`` are
    texts that stand for no value. ``long`` says that a command of its own should make them first.
    ``given`` is a condition without which a value is none of the field's.
    """

    field: str
    name: str = ""
    expression: str = ""
    type: str = "string"
    multivalue: bool = False
    stored: str = ""
    array: str = ""
    notes: tuple[Note, ...] = ()
    absent: tuple[str, ...] = ()
    long: bool = False
    given: str = ""

    @property
    def is_column(self) -> bool:
        """Whether the result has them under that name as it is."""
        return self.expression in (self.name, f"['{self.name}']")

    @property
    def present(self) -> str:
        """A test that an event has a value, after the array was taken apart."""
        if self.multivalue:
            return f"isnotempty({self.name})"
        if self.type != "string":
            return f"isnotnull({self.expression})"
        if not self.absent:
            return f"isnotempty({self.expression})"
        return f"{self.expression} !in ({', '.join(map(quote, ('', *self.absent)))})"

    @property
    def grouped(self) -> str:
        """The values behind ``by``."""
        if self.multivalue:
            return self.name
        plain = self.is_column or self.expression.startswith("['")
        return self.expression if plain else f"{self.name} = {self.expression}"


def plain_name(name: str) -> str:
    """A name that needs no brackets in entities and details."""
    plain = name if _PLAIN.fullmatch(name) else re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")
    return plain if _PLAIN.fullmatch(plain) else f"Field_{plain}"


def in_common(values: FieldValues, whole: bool = False) -> FieldValues:
    """The values, of an array those that were taken apart or the ``whole``, under the name and of
    the type that they have for all data sources of a rule: ``union`` would rename columns of one
    name and two types.
    """
    if whole and values.multivalue:
        name = plain_name(values.field)
        return replace(values, name=name, expression=values.stored, stored=f"{name}_set")
    type = ecs.types().get(values.field, "keyword")
    type = "keyword" if kusto_type(type) == "dynamic" else type
    text = identifier(values.name) if values.multivalue else values.expression
    same = values.type == kusto_type(type)
    return replace(
        values,
        name=plain_name(values.field),
        expression=text if same else cast(text, type),
        type=kusto_type(type),
        multivalue=False,
    )


def as_column(values: FieldValues) -> str:
    """``extend`` text that gives the values a plain name; "" where they have it."""
    same = values.expression in (values.name, identifier(values.name))
    return "" if same else f"{values.name} = {values.expression}"


def extended(shown: Iterable[FieldValues]) -> list[str]:
    """The command that gives values plain names, where they have none."""
    made = [text for values in shown if (text := as_column(values))]
    return [extend([*dict.fromkeys(made)])] if made else []


def extend(made: Sequence[str]) -> str:
    """``extend`` on a line, or a line for each column of a long one."""
    return columns_made("extend", made)


def columns_made(operator: str, made: Sequence[str]) -> str:
    whole = f"| {operator} {', '.join(made)}"
    if len(whole) <= WIDTH:
        return whole
    return f"| {operator}\n    " + ",\n    ".join(fold(text, " " * 8) for text in made)


def underscored(field: str) -> str:
    return "_".join(re.findall(r"[A-Za-z0-9]+", field))


def distinct_count(values: FieldValues) -> str:
    """The column with the number of different values."""
    return f"{values.name}_count"
