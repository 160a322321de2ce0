"""Expressions of Kusto for the values of a pack's columns: all of a column, a part of it, the first
of several, without the texts that stand for no value.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from kqlx.backends.sentinel.column_access import OBJECTS, Cell, Columns
from kqlx.backends.sentinel.syntax import quote
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.extraction import captures, cut_at
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.pack import Destination
from kqlx.mappings.value_conditions import IPV4_IN_IPV6, spelt_apart
from kqlx.records import dataclass, replace

_FIRST_GROUP = "\\1"


@dataclass(frozen=True)
class ValueExpressions:
    """Those of the columns of a destination. ``field`` is everywhere the field of Elastic's whose
    values are asked for.
    """

    bound: Bound
    destination: Destination

    @cached_property
    def _columns(self) -> Columns:
        return Columns(self.bound)

    def absent_in(self, names: Sequence[str]) -> tuple[str, ...]:
        """The texts that stand for no value in these columns."""
        absent = [text for name in names for text in self.destination.absent_in(name)]
        return tuple(dict.fromkeys(absent))

    def column(self, name: str, field: str) -> Column:
        """A column of the pack, of the type of the field where it has none of its own."""
        of_field = self.destination.field(field)
        spec = self.destination.column(name, of_field is not None and of_field.below)
        is_substitute = of_field is not None and of_field.counted_by == name
        type = None if is_substitute else self.bound.type(field)
        return Column(
            name,
            spec.type or type or "keyword",
            layout=spec.layout,
            field=field,
            json=spec.json,
            port=spec.port,
            optional=spec.optional,
            united=spec.united,
            path=spec.path,
            keys=spec.keys,
            escaped=spec.layout == "xml",
            arrays=spec.arrays,
            below=spec.below,
            extract=spec.extract,
        )

    def cell(self, name: str, field: str) -> Cell | None:
        """The cell of a column; None for what is scattered in an array of objects."""
        column = self.column(name, field)
        if column.layout in OBJECTS - {"path"}:
            return None
        cell = self._columns.pack_cell(column)
        if cell.key_path is None:
            return cell
        if not cell.key_path.plain:
            return None
        return self._columns.pack_cell(replace(column, layout="column", below=""))

    def has_arrays_on_the_way(self, name: str, field: str) -> bool:
        """Whether values lie in arrays, or may lie, that an expression does not see."""
        column = self.column(name, field)
        return column.layout == "path" and self._columns.pack_cell(column).key_path is not None

    def whole_cell(self, name: str, field: str) -> Cell:
        """The cell of a column as the pack lays it out, arrays on the way and all."""
        return self._columns.pack_cell(self.column(name, field))

    def whole(self, cell: Cell, field: str) -> str:
        """The value of a cell, of an address in the one spelling that Elasticsearch has of it."""
        return self._in_one_spelling(cell.access, cell.column.name, field)

    def _in_one_spelling(self, text: str, name: str, field: str) -> str:
        like = spelt_apart(self.bound, field, name)
        if like is None:
            return text
        one = text
        if like.ipv4_mapped:
            one = f"replace_regex({one}, {quote(IPV4_IN_IPV6)}, {quote(_FIRST_GROUP)})"
        for word, named in like.words.items():
            one = f"iff({text} == {quote(word)}, {quote(named)}, {one})"
        return one

    def text(self, spec: FieldSpec, field: str) -> str | None:
        """The expression for a field that is a column of texts, the first of several that has more
        than a text that stands for none, or a part; None where there is none.
        """
        spec = replace(spec, guard="")
        each = []
        for name in spec.any_of or filter(None, [spec.column]):
            cell = self.cell(name, field)
            if cell is None or cell.form != "column":
                return None
            text = cell.access if cell.is_string else f"tostring({cell.access})"
            text = self._in_one_spelling(text, name, field)
            if spec.any_of and (absent := self.destination.absent_in(name)):
                text = f'iff({text} {_is_one_of(absent)}, "", {text})'
            part = _part(spec, text)
            if part is None:
                return None
            each.append(part)
        return first_filled(each) if each else None


def _part(spec: FieldSpec, text: str) -> str | None:
    """The part of a text that a field is, or all of it; None where no expression takes it out."""
    if mark := cut_at(spec):
        return f"tostring(split({text}, {quote(mark)})[0])"
    if not (spec.value_part or spec.value_patterns or spec.joined_columns):
        return text
    parts = captures(spec)
    return first_filled(taken_out(text, parts)) if parts else None


def taken_out(text: str, expressions: Sequence[str]) -> list[str]:
    """What each of the regular expressions takes out of a text; an empty one stands for it all."""
    return [
        f"extract({quote(f'(?is){expression}')}, 1, {text})" if expression else text
        for expression in expressions
    ]


def first_filled(texts: Sequence[str]) -> str:
    """The first of these expressions that is not empty."""
    return texts[0] if len(texts) == 1 else f"coalesce({', '.join(texts)})"


def chosen(pairs: Sequence[str], others: str) -> str:
    """The value behind the first condition that holds, of conditions and values in turn, else the
    ``others``.
    """
    return f"{'case' if pairs[2:] else 'iff'}({', '.join([*pairs, others])})"


def _is_one_of(texts: Sequence[str]) -> str:
    return f"== {quote(texts[0])}" if len(texts) == 1 else f"in ({', '.join(map(quote, texts))})"
