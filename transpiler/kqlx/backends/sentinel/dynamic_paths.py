"""Paths in dynamic columns on which arrays lie, or may lie.

Property access on an array gives null (https://learn.microsoft.com/kusto/query/scalar-data-types/
dynamic?view=microsoft-sentinel), where Elasticsearch looks into every object of it. So the value is
looked for in the JSON text of what may be the first array, behind the keys that lead to it, in an
array or by itself. That finds it wherever it is; where a key of that name may stand elsewhere too,
it finds more, and a note says so. Below a not there is then the path without arrays, if it is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kqlx.backends.sentinel.boolean import FALSE, any_text
from kqlx.backends.sentinel.column_access import REGEX, SCAN, Cell, Way, kusto_type
from kqlx.backends.sentinel.dynamic_arrays import bare_values, inner_regex
from kqlx.backends.sentinel.patterns_and_ranges import FieldTests, joined
from kqlx.backends.sentinel.syntax import json_text, quote, regex, term_within
from kqlx.backends.text_backend import Text, described
from kqlx.elastic.type_names import INTEGERS, TEXTS
from kqlx.mappings.bound import Column
from kqlx.nodes import Compare, Equals, Exists, FieldTest, Like, Node, Pattern
from kqlx.notes import Effect

_IN_LIST = r'(?:\[(?:(?:[^\]"]|"(?:[^"\\]|\\.)*")*,)?)?'
"""Behind a key: the beginning of an array, and the values before the one that is looked for."""


@dataclass
class Paths(FieldTests):
    """Tests of cells from which a way leads on."""

    def equals(self, column: Column, node: Equals) -> Text:
        if self.has_way(column) and node.value.value is not None:
            return self.on_path(column, [node])
        return super().equals(column, node)

    def like(self, column: Column, node: Like) -> Text:
        return self.on_path(column, [node]) if self.has_way(column) else super().like(column, node)

    def exists(self, column: Column, node: Exists) -> Text:
        if self.has_way(column):
            return self.on_path(column, [node])
        return super().exists(column, node)

    def compare(self, column: Column, node: Compare) -> Text:
        if self.has_way(column) and node.value.value is not None:
            return self.on_path(column, [node])
        return super().compare(column, node)

    def has_way(self, column: Column) -> bool:
        return self.columns.cell(column).way is not None

    def paths(self, items: list[Node]) -> tuple[list[Text], list[Node]]:
        """The tests of values behind a way, one for each column, and the others of these
        alternatives.
        """
        by_column: dict[str, list[FieldTest]] = {}
        rest: list[Node] = []
        for item in items:
            if isinstance(item, Equals | Like) and self.is_on_path(item):
                by_column.setdefault(item.field.name, []).append(item)
            else:
                rest.append(item)
        return [self.on_path(self.column(tests[0]), tests) for tests in by_column.values()], rest

    def is_on_path(self, node: Equals | Like) -> bool:
        if isinstance(node.field, Pattern) or not self.has_way(self.column(node)):
            return False
        return not (isinstance(node, Equals) and node.value.value is None)

    def on_path(self, column: Column, tests: Sequence[FieldTest]) -> Text:
        """Some of the tests, which are all of this column."""
        cell = self.columns.cell(column)
        way = cell.way
        assert way is not None
        for test in tests:
            if not isinstance(test, Exists):
                self.refuse_valueless(cell, test)
        if not way.sure:
            self.tell(cell, way, tests[0])
            if self.negative:
                return self.surely_on_path(column, way, tests)
        if not isinstance(tests[0], Exists) and (
            not cell.is_string or cell.column.type == "ip" or self.is_text(cell.column)
        ):
            return any_text([self.typed_on_path(cell, way, test) for test in tests])
        values: list[tuple[str, ...]] = []
        texts: list[Text] = []
        for test in tests:
            if isinstance(test, Equals):
                values.append((test.value.name,))
            elif isinstance(test, Like) and any(test.pattern.parts):
                values.append(joined(test.pattern.parts))
            elif isinstance(test, Compare):
                texts.append(self.compared_on_path(cell, way, test))
            else:
                texts.append(self.any_on_path(cell, way))
        if values:
            valued = [test for test in tests if isinstance(test, Equals | Like)]
            folds = self.folds(cell, valued)
            texts.append(self.valued_on_path(cell, way, values, folds=folds))
        return any_text(texts)

    def typed_on_path(self, cell: Cell, way: Way, test: FieldTest) -> Text:
        """A value that is no keyword."""
        if isinstance(test, Compare):
            return self.compared_on_path(cell, way, test)
        simple = cell.column.type in INTEGERS | {"boolean"}
        if isinstance(test, Equals) and simple:
            literal = self.scalar(cell, test)
            return self.valued_on_path(cell, way, [(literal,)], folds=False) if literal else FALSE
        if isinstance(test, Like) and not self.is_text(cell.column):
            why = "Elasticsearch finds nothing by it"
            self.refuse(test.span, f"a wildcard on {described(cell.column)}", why)
        message = f"Kusto cannot compare the values of {described(cell.column)}, within an array"
        assert isinstance(test, Equals | Like)
        return self.widened(message, test, self.any_on_path(cell, way))

    def tell(self, cell: Cell, way: Way, test: FieldTest) -> None:
        """That the test may be met by another key of the name."""
        name = cell.column.field or cell.column.name
        lie = "lie" if not way.plain else "may lie"
        if self.negative and not way.plain:
            message = f"arrays {lie} on the way to {name}; below a not the test is left out"
        elif self.negative:
            message = f"arrays {lie} on the way to {name}; below a not none is looked into"
        else:
            message = (
                f"arrays {lie} on the way to {name}: it is looked for in the text of {cell.raw},"
                f" behind any key {way.keys[-1]} there"
            )
        self.note("array-on-the-way", Effect.WIDER, message, test.span)

    def surely_on_path(self, column: Column, way: Way, tests: Sequence[FieldTest]) -> Text:
        """Something that holds only where the tests do: of the path without arrays."""
        if not way.plain:
            return FALSE
        return any_text([self.field_test(without_arrays(column, test), test) for test in tests])

    def field_test(self, column: Column, test: FieldTest) -> Text:
        match test:
            case Equals():
                return self.equals(column, test)
            case Like():
                return self.like(column, test)
            case Exists():
                return self.exists(column, test)
            case Compare():
                return self.compare(column, test)

    def any_on_path(self, cell: Cell, way: Way) -> Text:
        # Of all values of JSON null alone begins with this letter.
        pattern = _chain(way) + r"(?:[^n\[{]|\[+[^\]\[n]|\{[^}])"
        return Text(f"{cell.access} matches regex {quote(pattern)}", rank=REGEX)

    def compared_on_path(self, cell: Cell, way: Way, test: Compare) -> Text:
        """Of a plain path its own test; of what may lie in arrays, that there is a value."""
        somewhere = self.any_on_path(cell, way)
        message = f"Kusto cannot compare the values of {cell.column.name} within an array"
        if not way.plain:
            return self.widened(message, test, somewhere)
        in_arrays = Text(f"(isnull({way.plain}) and {somewhere.text})", rank=REGEX)
        return any_text([self.field_test(without_arrays(cell.column, test), test), in_arrays])

    def valued_on_path(
        self, cell: Cell, way: Way, values: list[tuple[str, ...]], *, folds: bool
    ) -> Text:
        bare = [found for parts in values for found in bare_values(parts)]
        only = values[0][0] if len(values) == 1 and len(values[0]) == 1 else ""
        if only and not bare and not way.listed and len(way.keys) == 1 and cell.is_string:
            operator = "contains" if folds else "contains_cs"
            needle = f'"{json_text(way.keys[0])}":"{json_text(only)}"'
            return Text(f"{cell.access} {operator} {quote(needle)}", rank=SCAN)
        if not cell.is_string:
            bare = [regex(parts[0]) for parts in values]
        texts = list(dict.fromkeys(map(inner_regex, values))) if cell.is_string else []
        marked = (
            [f'"(?:{"|".join(texts)})"' if len(texts) > 1 else f'"{texts[0]}"'] if texts else []
        )
        either = "|".join([*marked, *dict.fromkeys(bare)])
        either = f"(?:{either})" if len(marked) + len(bare) > 1 or folds else either
        either = f"(?i{either[2:]}" if folds else either
        pattern = f"{_chain(way)}{_IN_LIST if way.listed else ''}{either}[,\\]}}]"
        text = f"{cell.access} matches regex {quote(pattern)}"
        term = term_within(values[0]) if len(values) == 1 else ""
        if term and not bare and json_text("".join(values[0])) == "".join(values[0]):
            text = f"{cell.access} has{'' if folds else '_cs'} {quote(term)} and {text}"
            return Text(f"({text})", rank=REGEX)
        return Text(text, rank=REGEX)


def _chain(way: Way) -> str:
    """The keys on the way, the last with the colon before its value. What is the only key of its
    name below needs no others before it.
    """
    keys = way.keys[-1:] if way.sure else way.keys
    return ".*".join(f'"{regex(json_text(key))}":' for key in keys)


def without_arrays(column: Column, test: FieldTest) -> Column:
    """The column as a path without arrays; at its end there may be one of texts."""
    listed = kusto_type(column.type) == "string" and column.type not in TEXTS | {"ip"}
    if isinstance(test, Compare) or not listed:
        return replace(column, layout="column", arrays=(), below="")
    return replace(column, layout="many", declared=False, arrays=(), below="")
