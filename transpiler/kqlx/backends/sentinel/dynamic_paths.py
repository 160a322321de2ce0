"""Paths in dynamic columns on which arrays lie, or may lie.

Property access on an array gives null (https://learn.microsoft.com/kusto/query/scalar-data-types/
dynamic?view=microsoft-sentinel), where Elasticsearch looks into every object of it. So the value is
looked for in the JSON text of what may be the first array, behind the keys that lead to it, in an
array or by itself. That finds it wherever it is; where a key of that name may stand elsewhere too,
it finds more, and a note says so. Below a not there is then the path without arrays, if it is one.
"""

from __future__ import annotations

from collections.abc import Sequence

from kqlx.backends.sentinel.boolean import FALSE, any_text
from kqlx.backends.sentinel.column_access import REGEX, SCAN, Cell, Columns, KeyPath, kusto_type
from kqlx.backends.sentinel.dynamic_arrays import bare_values, inner_regex
from kqlx.backends.sentinel.existence import widened_in_array
from kqlx.backends.sentinel.field_tests import FieldTests
from kqlx.backends.sentinel.letter_case import ignores_case
from kqlx.backends.sentinel.syntax import json_text, quote, regex, term_within
from kqlx.backends.text_backend import Text, TextBackend
from kqlx.elastic.type_names import INTEGERS, TEXTS
from kqlx.mappings.bound import Column
from kqlx.nodes import Compare, Equals, Exists, FieldTest, Like, asked_pattern
from kqlx.notes import Effect
from kqlx.patterns import Pattern, Shape
from kqlx.records import dataclass, replace

_IN_LIST = r'(?:\[(?:(?:[^\]"]|"(?:[^"\\]|\\.)*")*,)?)?'
"""Behind a key: the beginning of an array, and the values before the one that is looked for."""


_NOT_KEYWORDS = TEXTS | {"ip"}
"""Types of columns of text that are not compared as whole texts."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Tests of cells with a key path, with the notes and the polarity of the ``backend``.
    What is asked of the path without arrays is one of the ``field_tests``.
    """

    backend: TextBackend
    columns: Columns
    field_tests: FieldTests

    def any_test(self, cell: Cell, tests: Sequence[FieldTest]) -> Text:
        """That some of the tests holds, which are all of this cell."""
        key_path = cell.key_path
        assert key_path is not None
        if not key_path.sure:
            self.note_arrays(cell, key_path, tests[0])
            if self.backend.negative:
                return self.surely_on_path(cell, key_path, tests)
        if not isinstance(tests[0], Exists) and (
            not cell.is_string or cell.column.type == "ip" or self.backend.is_text(cell.column)
        ):
            return any_text([self.typed_on_path(cell, key_path, test) for test in tests])
        values: list[Pattern] = []
        texts: list[Text] = []
        for test in tests:
            if isinstance(test, Equals):
                values.append(asked_pattern(test))
            elif isinstance(test, Like) and test.pattern.shape is not Shape.ANYTHING:
                values.append(test.pattern.collapsed())
            elif isinstance(test, Compare):
                texts.append(self.compared_on_path(cell, key_path, test))
            else:
                texts.append(self.any_on_path(cell, key_path))
        if values:
            valued = [test for test in tests if isinstance(test, Equals | Like)]
            folds = ignores_case(self.backend, cell, valued)
            texts.append(self.valued_on_path(cell, key_path, values, folds=folds))
        return any_text(texts)

    def typed_on_path(self, cell: Cell, key_path: KeyPath, test: FieldTest) -> Text:
        """A value that is no keyword."""
        if isinstance(test, Compare):
            return self.compared_on_path(cell, key_path, test)
        simple = cell.column.type in INTEGERS or cell.column.type == "boolean"
        if isinstance(test, Equals) and simple:
            literal = self.field_tests.equality.scalar(cell, test)
            asked = [Pattern.of(literal)]
            return self.valued_on_path(cell, key_path, asked, folds=False) if literal else FALSE
        assert isinstance(test, Equals | Like)
        return widened_in_array(self.backend, cell, test, self.any_on_path(cell, key_path))

    def note_arrays(self, cell: Cell, key_path: KeyPath, test: FieldTest) -> None:
        """Notes that the test may be met by another key of the name."""
        name = cell.column.field or cell.column.name
        arrays = "arrays lie" if not key_path.plain else "arrays may lie"
        if self.backend.negative and not key_path.plain:
            message = f"{name}: {arrays} on its path; under `not` the test is dropped"
        elif self.backend.negative:
            message = f"{name}: {arrays} on its path; under `not` values in arrays are not seen"
        else:
            message = (
                f"{name}: {arrays} on its path, so its values are matched in the JSON text of"
                f" {cell.raw}, after any key {key_path.keys[-1]}"
            )
        self.backend.note("array-on-the-way", Effect.WIDER, message, test.span)

    def surely_on_path(self, cell: Cell, key_path: KeyPath, tests: Sequence[FieldTest]) -> Text:
        """Something that holds only where the tests do: of the path without arrays."""
        if not key_path.plain:
            return FALSE
        return any_text([self.without_arrays(cell, test) for test in tests])

    def without_arrays(self, cell: Cell, test: FieldTest) -> Text:
        """The test of the path as if no arrays were on it."""
        return self.field_tests.test(self.columns.cell(without_arrays(cell.column, test)), test)

    def any_on_path(self, cell: Cell, key_path: KeyPath) -> Text:
        """That there is some value, an array or object without values being none."""
        # Of all values of JSON null alone begins with this letter.
        pattern = _chain(key_path) + r"(?:[^n\[{]|\[+[^\]\[n]|\{[^}])"
        return Text(f"{cell.access} matches regex {quote(pattern)}", rank=REGEX)

    def compared_on_path(self, cell: Cell, key_path: KeyPath, test: Compare) -> Text:
        """Of a plain path its own test; of what may lie in arrays, that there is a value."""
        somewhere = self.any_on_path(cell, key_path)
        if not key_path.plain:
            return widened_in_array(self.backend, cell, test, somewhere)
        in_arrays = Text(f"(isnull({key_path.plain}) and {somewhere.text})", rank=REGEX)
        return any_text([self.without_arrays(cell, test), in_arrays])

    def valued_on_path(
        self, cell: Cell, key_path: KeyPath, values: list[Pattern], *, folds: bool
    ) -> Text:
        """That a value is there which fits one of these."""
        bare = [found for value in values for found in bare_values(value, folds=folds)]
        only = values[0].text if len(values) == 1 and values[0].is_text else ""
        if only and not bare and not key_path.listed and len(key_path.keys) == 1 and cell.is_string:
            operator = "contains" if folds else "contains_cs"
            needle = f'"{json_text(key_path.keys[0])}":"{json_text(only)}"'
            return Text(f"{cell.access} {operator} {quote(needle)}", rank=SCAN)
        if not cell.is_string:
            bare = [regex(value.text) for value in values]
        texts = list(dict.fromkeys(map(inner_regex, values))) if cell.is_string else []
        marked = (
            [f'"(?:{"|".join(texts)})"' if len(texts) > 1 else f'"{texts[0]}"'] if texts else []
        )
        either = "|".join([*marked, *dict.fromkeys(bare)])
        either = f"(?:{either})" if len(marked) + len(bare) > 1 or folds else either
        either = f"(?i{either[2:]}" if folds else either
        pattern = f"{_chain(key_path)}{_IN_LIST if key_path.listed else ''}{either}[,\\]}}]"
        text = f"{cell.access} matches regex {quote(pattern)}"
        term = term_within(values[0]) if len(values) == 1 else ""
        if term and not bare and json_text(values[0].text) == values[0].text:
            text = f"{cell.access} has{'' if folds else '_cs'} {quote(term)} and {text}"
            return Text(f"({text})", rank=REGEX)
        return Text(text, rank=REGEX)


def _chain(key_path: KeyPath) -> str:
    """The keys on the way, the last with the colon before its value. What is the only key of its
    name below needs no others before it.
    """
    keys = key_path.keys[-1:] if key_path.sure else key_path.keys
    return ".*".join(f'"{regex(json_text(key))}":' for key in keys)


def without_arrays(column: Column, test: FieldTest) -> Column:
    """The column as a path without arrays; at its end there may be one of texts."""
    listed = kusto_type(column.type) == "string" and column.type not in _NOT_KEYWORDS
    if isinstance(test, Compare) or not listed:
        return replace(column, layout="column", arrays=(), below="")
    return replace(column, layout="many", declared=False, arrays=(), below="")
