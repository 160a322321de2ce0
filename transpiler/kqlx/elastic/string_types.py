"""The field types of texts: whole values with and without letter case, values whose patterns are
split at white space, and texts that are split into words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kqlx.elastic.field_types import (
    COMPARISONS,
    FieldType,
    Test,
    any_piece,
    any_test,
    asked_text,
    text_of,
)
from kqlx.elastic.text_analysis import lower, lower_ascii, words
from kqlx.nodes import Literal, Operator, Pattern

if TYPE_CHECKING:
    from kqlx.regular_expressions import Item


class Keyword(FieldType):
    """Whole values, exactly; ranges in the order of code points, which is that of UTF-8
    (https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/keyword). A pattern is
    held against the whole value, line feeds and all, as Kibana's ``wildcard`` query does where it
    knows the field to be a keyword; without that knowledge it would split the pattern at spaces.
    """

    def folded(self) -> FieldType:
        return Caseless(lower_ascii)

    def any_of(self, wanted: Sequence[Literal]) -> Test | None:
        if len(wanted) == 1:
            only = asked_text(wanted[0])
            return lambda value: (value if value.__class__ is str else text_of(value)) == only
        all_of_them = frozenset([asked_text(literal) for literal in wanted])
        return lambda value: (value if value.__class__ is str else text_of(value)) in all_of_them

    def like(self, pattern: Pattern) -> Test | None:
        fit = pattern.matcher()
        return lambda value: fit(value if value.__class__ is str else text_of(value))

    def compare(self, op: Operator, bound: Literal) -> Test | None:
        stands, text = COMPARISONS[op], asked_text(bound)
        return lambda value: stands(text_of(value), text)

    def regexp(self, expression: Item) -> Test | None:
        from kqlx.regular_expressions import compiled

        fits = compiled(expression).fullmatch
        return lambda value: fits(text_of(value)) is not None


class Parted(Keyword):
    """Whole values too, but a pattern is split at its white space, and one piece is enough; what
    stands between two pieces with stars is one value.
    """

    def whole(self) -> FieldType:
        return Keyword()

    def like(self, pattern: Pattern) -> Test | None:
        return any_piece(self, pattern, super().like)


class Caseless(FieldType):
    """A keyword with both sides in lower case: with the normalizer ``lowercase``, or as
    ``case_insensitive`` asks it, which folds the letters of ASCII alone.
    """

    def __init__(self, lower: Callable[[str], str] = lower) -> None:
        self.lower = lower

    def any_of(self, wanted: Sequence[Literal]) -> Test | None:
        lower = self.lower
        all_of_them = frozenset([lower(asked_text(literal)) for literal in wanted])
        return lambda value: lower(text_of(value)) in all_of_them

    def like(self, pattern: Pattern) -> Test | None:
        lower = self.lower
        fit = pattern.map_literals(lower).matcher()
        return lambda value: fit(lower(text_of(value)))

    def compare(self, op: Operator, bound: Literal) -> Test | None:
        lower = self.lower
        stands, text = COMPARISONS[op], lower(asked_text(bound))
        return lambda value: stands(lower(text_of(value)), text)

    def regexp(self, expression: Item) -> Test | None:
        from kqlx.regular_expressions import compiled

        fits, lower = compiled(expression, ignore_case=True).fullmatch, self.lower
        return lambda value: fits(lower(text_of(value))) is not None


class Text(FieldType):
    """Words. An unquoted value matches by any of its words, a quoted one by all of them in a row
    within one value
    (https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-match-query and
    .../query-dsl-match-query-phrase); a value without words matches nothing.

    A pattern is split at white space; each piece with a star must fit a single word, each piece
    without one is a value of its own, and one piece is enough
    (https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-query-string-query).
    A range needs one word within it; its bound is taken as it is, in its own case.
    """

    def any_of(self, wanted: Sequence[Literal]) -> Test | None:
        tests = [test for literal in wanted if (test := _text_equals(literal))]
        return any_test(tests)

    def like(self, pattern: Pattern) -> Test | None:
        return any_piece(self, pattern, _any_word_fits)

    def compare(self, op: Operator, bound: Literal) -> Test | None:
        stands, text = COMPARISONS[op], asked_text(bound)
        return lambda value: any(stands(word, text) for word in words(text_of(value)))

    def regexp(self, expression: Item) -> Test | None:
        from kqlx.regular_expressions import compiled

        fits = compiled(expression).fullmatch
        return lambda value: any(map(fits, words(text_of(value))))


def _text_equals(literal: Literal) -> Test | None:
    wanted = words(asked_text(literal))
    if not wanted:
        return None
    if not literal.phrase:
        any_of = frozenset(wanted)
        return lambda value: not any_of.isdisjoint(words(text_of(value)))
    first, length = wanted[0], len(wanted)

    def has_phrase(value: Any) -> bool:
        found = words(text_of(value))
        return any(found[i : i + length] == wanted for i, word in enumerate(found) if word == first)

    return has_phrase


def _any_word_fits(pattern: Pattern) -> Test:
    fit = pattern.map_literals(lower).matcher()
    return lambda value: any(map(fit, words(text_of(value))))
