"""Patterns: tests of values with wildcards, by the operator of Kusto that says each best.

Strings are never null, and the string operators are true or false for every value
(https://learn.microsoft.com/kusto/query/datatypes-string-operators?view=microsoft-sentinel).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kqlx.backends.sentinel.array_expressions import expression_fits
from kqlx.backends.sentinel.boolean import all_text
from kqlx.backends.sentinel.column_access import (
    INDEXED,
    OBJECTS,
    PATH,
    REGEX,
    SCAN,
    Cell,
)
from kqlx.backends.sentinel.dynamic_arrays import (
    element_fits,
    value_below_fits,
    value_fits,
    value_regex,
)
from kqlx.backends.sentinel.existence import Existence
from kqlx.backends.sentinel.letter_case import ignores_case
from kqlx.backends.sentinel.syntax import quote, term_within
from kqlx.backends.sentinel.text_fields import TextFields
from kqlx.backends.text_backend import Text, TextBackend
from kqlx.nodes import Exists, Like, Regexp
from kqlx.patterns import ANY_ONE, ANY_RUN, Pattern, Shape
from kqlx.records import dataclass
from kqlx.regexes import late_regex
from kqlx.regular_expressions import compiled, longest_literals, searching

_OPERATORS = {
    Shape.PREFIX: "startswith",
    Shape.SUFFIX: "endswith",
    Shape.CONTAINS: "contains",
}
_TERM = late_regex(r"[A-Za-z0-9]{4,}")
"""What Kusto's ``has`` looks for as a whole term."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """Tests of values with wildcards, with the notes and the polarity of the ``backend``."""

    backend: TextBackend
    existence: Existence
    terms: Mapping[str, Collection[str]]
    """By column the terms that other tests of the query ask for."""

    def like(self, cell: Cell, node: Like) -> Text:
        pattern = node.pattern.collapsed()
        if self.backend.is_text(cell.column):
            return TextFields(self.backend).test(cell, node)
        if pattern.shape is Shape.ANYTHING:
            return self.existence.exists(cell, node)
        folds = ignores_case(self.backend, cell, [node])
        if cell.column.type == "flattened":
            return value_below_fits(cell, pattern, folds=folds)
        if cell.form in OBJECTS:
            return element_fits(cell, pattern, folds=folds)
        if cell.form in ("array", "many"):
            return value_fits(cell, pattern, folds=folds)
        return self.whole_value(cell, pattern, folds)

    def regexp(self, cell: Cell, node: Regexp) -> Text:
        """A regular expression of a whole value: of a string column, or in an array."""
        folds = ignores_case(self.backend, cell, [node])
        if cell.form != "column":
            return expression_fits(cell, node.regexp, folds=folds)
        found, has_dot = searching(node.regexp)
        flags = ("i" if folds else "") + ("s" if has_dot else "")
        expression = quote(f"(?{flags}){found}" if flags else found)
        test = Text(f"{cell.access} matches regex {expression}", rank=REGEX)
        if compiled(node.regexp).fullmatch(""):  # as a missing value is
            present = self.existence.exists(cell, Exists(node.field, node.span))
            test = all_text([present, test])
        around = Pattern.between_stars(["", *longest_literals(node.regexp), ""])
        if not self.backend.negative and (term := term_within(around)):
            cased = "" if folds else "_cs"
            return all_text([Text(f"{cell.access} has{cased} {quote(term)}", rank=REGEX), test])
        return test

    def whole_value(self, cell: Cell, pattern: Pattern, folds: bool) -> Text:
        """A whole value of a string column with a pattern."""
        cased = "" if folds else "_cs"
        if cell.column.layout == "words" and _is_word(pattern):
            return Text(f"{cell.access} has{cased} {quote(pattern.text)}", rank=INDEXED)
        if operator := _OPERATORS.get(pattern.shape):
            rank = PATH if operator == "startswith" else SCAN
            return Text(f"{cell.access} {operator}{cased} {quote(pattern.text)}", rank=rank)
        if pattern.tokens == (ANY_ONE, ANY_RUN):  # any text that is not empty
            return Text(f"isnotempty({cell.access})")
        flags = "(?is)" if folds else "(?s)"
        expression = quote(flags + value_regex(pattern))
        test = Text(f"{cell.access} matches regex {expression}", rank=REGEX)
        term = term_within(pattern)
        if term and term not in self.terms.get(cell.access, ()):
            return all_text([Text(f"{cell.access} has{cased} {quote(term)}", rank=REGEX), test])
        return test


def _is_word(pattern: Pattern) -> bool:
    """Whether a pattern looks for letters and digits anywhere in a text."""
    return pattern.shape is Shape.CONTAINS and bool(_TERM.fullmatch(pattern.text))
