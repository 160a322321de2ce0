"""Expressions of ``eval`` for the values of a column: all of them, a part of each, the first of
several columns, without the texts that stand for no value.

https://help.splunk.com/splunk-enterprise/spl-search-reference/10.0/evaluation-functions
"""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from kqlx.backends.spl.name_value_arrays import PAIRS, has_name, value_of_object
from kqlx.backends.spl.search_capability import NULL
from kqlx.backends.spl.syntax import WIDTH, eval_name, quote
from kqlx.backends.spl.where import WhereWriter
from kqlx.backends.target import Options
from kqlx.backends.text_backend import Group
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.extraction import Expression
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.value_conditions import IPV4_IN_IPV6, spelt_apart
from kqlx.records import dataclass

FIRST_GROUP = "\\1"
_LISTS = frozenset({"elements", "array", "many"})


@dataclass(frozen=True, slots=True)
class ValueExpressions:
    """Those of the columns of a bound tree's data source."""

    bound: Bound

    def condition(self, tree: Bound) -> str:
        """The tests of a bound tree as a condition."""
        test = WhereWriter(tree, Options()).condition(tree.node)
        return f"({test.text})" if test.group is Group.OR else test.text

    def null_texts(self, column: str) -> tuple[str, ...]:
        """The texts that stand in a column for no value: those of the pack, and JSON's null."""
        destination = self.bound.destination
        absent = destination.absent_in(column) if destination else ()
        written = destination is not None and destination.column(column).null_text
        return (*absent, NULL) if self._has_json_nulls and not written else absent

    def listed(self, name: str) -> str:
        """The values of a list, each once, without those that stand for none."""
        values = eval_name(name)
        if texts := self.null_texts(name):
            tests = " AND ".join(f"{values}!={quote(text)}" for text in texts)
            values = f"mvfilter({tests})"
        return f"mvdedup({values})"

    @property
    def _has_json_nulls(self) -> bool:
        return bool(self.bound.place.get("json"))

    def first_of(self, field: str, spec: FieldSpec, parts: tuple[Expression, ...]) -> str:
        """The first of several columns of which a text does not stand for none."""
        names = [self.present(field, column, parts) for column in spec.any_of]
        if len(spec.joined_columns) == len(names):
            rest = [self.present(field, column, ()) for column in spec.joined_columns]
            both = [
                f"{one}.{quote(chr(92))}.{behind}" for one, behind in zip(names, rest, strict=True)
            ]
            names = [text for pair in zip(both, names, strict=True) for text in pair]
        value = f"coalesce({', '.join(names)})"
        if len(value) > WIDTH - 20:
            value = f"coalesce({f',{chr(10)}        '.join(names)})"
        return value

    def present(self, field: str, column: str, parts: tuple[Expression, ...]) -> str:
        """What is taken out of a column, or all of it, null where a text stands for none."""
        like = self.bound.destination.column(column) if self.bound.destination else None
        if "{}" in column and not parts and self.pair(column) is None:
            return self.listed(column)
        if like is not None and like.json and not parts:
            text = like.json if isinstance(like.json, str) else column.partition(".")[0]
            value = f"spath({eval_name(text)}, {quote(column.removeprefix(f'{text}.'))})"
            return without_texts(value, self.null_texts(column))
        value = self.part(column, parts) if parts else self.whole(field, column)
        return without_texts(value, self.null_texts(column))

    def whole(self, field: str, column: str) -> str:
        """The value of a column, of an address in the one spelling that Elasticsearch has of it."""
        if (pair := self.pair(column)) is not None:
            return first_value(pair)
        value = eval_name(column)
        like = spelt_apart(self.bound, field, column)
        if like is None:
            return value
        if like.ipv4_mapped:
            value = f"replace({value}, {quote(IPV4_IN_IPV6)}, {quote(FIRST_GROUP)})"
        for word, named in like.words.items():
            value = f"if({eval_name(column)}={quote(word)}, {quote(named)}, {value})"
        return value

    def pair(self, column: str) -> Column | None:
        """The column, where it stands for a name and a value in an array; None for others."""
        like = self.bound.destination.column(column) if self.bound.destination else None
        if like is None or like.layout not in PAIRS:
            return None
        return Column(column, layout=like.layout, keys=like.keys, json=like.json)

    def is_list(self, column: str) -> bool:
        """Whether an event may have several values of a column."""
        if self.pair(column) is not None:
            return False
        like = self.bound.destination.column(column) if self.bound.destination else None
        return "{}" in column or (like is not None and like.layout in _LISTS)

    def part(
        self, column: str, expressions: tuple[Expression, ...], mark: str | None = None
    ) -> str:
        """What the first of the expressions that matches takes out of a column, or what stands
        there before a mark: of a list of each value, for match() and split() are not documented
        for several.
        """
        pair = self.pair(column)
        name = eval_name(column) if pair is None else first_value(pair)
        if mark:
            value = f"mvindex(split({name}, {quote(mark)}), 0)"
        else:
            value = _taken_out(name, expressions)
        if not self.is_list(column):
            return value
        value = without_texts(value, self.null_texts(column))
        return f"mvdedup(mvmap({eval_name(column)}, {value}))"


def first_value(column: Column) -> str:
    """The value of the first object that is that of the pair."""
    objects, value = eval_name(column.pair.path), value_of_object(column)
    return f"mvindex(mvmap({objects}, if({has_name(column)}, {value}, null())), 0)"


def without_texts(value: str, texts: Iterable[str]) -> str:
    """The value of an expression, null where it is one of the texts that stand for none."""
    for text in texts:
        value = f"nullif({value}, {quote(text)})"
    return value


def is_in(column: str, values: Iterable[str]) -> str:
    """The condition of ``eval`` that a column has one of the values, on lines of about 100
    columns.
    """
    listed = ", ".join(map(quote, values))
    whole = f"in({eval_name(column)}, {listed})"
    return "\n        ".join(wrap(whole, WIDTH - 8, break_long_words=False, break_on_hyphens=False))


def _taken_out(name: str, expressions: tuple[Expression, ...]) -> str:
    """What the first of the expressions that matches takes out of a value."""
    value = "null()"
    for expression in reversed(expressions):
        if not expression:
            value = name
            continue
        whole = quote(f"(?is){expression.whole}")
        taken = f"replace({name}, {whole}, {quote(FIRST_GROUP)})"
        # Where nothing matches, replace() leaves the whole.
        value = taken if value == name else f"if(match({name}, {whole}), {taken}, {value})"
    return value
