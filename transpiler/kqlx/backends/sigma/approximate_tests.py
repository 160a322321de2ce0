"""What a Sigma selection can say of a single test: exactly, or by something that surely matches
more, or below a ``not`` less.

A selection compares whole values without regard to letter case, with the wildcards ``*`` and ``?``,
networks, and numbers; any value of a list may match. It cannot compare texts or dates by order,
split a text into words, tell the objects of a list apart, or test fields by a part of their name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kqlx.backends.sigma.approximate_numbers import Numbers
from kqlx.backends.sigma.nested_groups import ORDERED
from kqlx.backends.sigma.words import (
    is_part_of_word,
    pattern_between_blanks,
    phrase_between_blanks,
    pieces_of,
)
from kqlx.backends.text_backend import described
from kqlx.elastic.type_names import DATES, NUMBERS
from kqlx.mappings.bound import Column
from kqlx.nodes import (
    Compare,
    Equals,
    Exists,
    FieldTest,
    Like,
    Literal,
    Never,
    Node,
    Pattern,
    any_of,
)
from kqlx.notes import Effect


@dataclass
class Leaves(Numbers):
    """Replaces a single test that no selection can say by one that it can."""

    def column(self, node: FieldTest) -> Column:
        column = super().column(node)
        if "|" in column.name or not column.name:
            why = "a bar begins a modifier" if column.name else "a selection needs one"
            self.refuse(node.span, f'the field name "{column.name}"', why)
        return column

    def leaf(self, column: Column, node: FieldTest) -> Node:
        """What ``sayable`` makes of a test of one field."""
        match node:
            case Equals():
                return self.equal(column, node)
            case Like():
                return self.wildcard(column, node)
            case Compare():
                return self.range(column, node)
        return node

    def equal(self, column: Column, node: Equals) -> Node:
        if node.value.value is None:
            self.null_value(node)
        if column.type in NUMBERS:
            return self.number_test(column, node)
        if column.type in DATES:
            return self.approximate(
                node, f"a value of {described(column)}", "it stands for a span of time"
            )
        if column.type == "boolean":
            self.boolean(column, node)
            return node
        if self.is_text(column):
            return self.of_words(column, node)
        self.takes_case(column, node.value.name, node)
        return node

    def wildcard(self, column: Column, node: Like) -> Node:
        if column.type in ORDERED:
            why = "Elasticsearch finds nothing by it"
            self.refuse(node.span, f"a wildcard on {described(column)}", why)
        if self.is_text(column):
            return self.of_words(column, node)
        if not any(node.pattern.parts):
            return Exists(node.field, node.span)
        self.takes_case(column, node.pattern.name, node)
        return node

    def takes_case(self, column: Column, text: str, node: FieldTest) -> None:
        """Notes that letter case does not count, or with ``--exact`` who refuses that it does."""
        if not self.case_counts(column, text):
            self.ignores_case(replace(column, case="ignored") if self.exact else column, text, node)
            return
        self.note(
            "back-end-support",
            Effect.SAME,
            "cased is taken by pySigma's EQL back end, and refused by those for Splunk, Lucene,"
            " ES|QL and Kusto",
        )

    @property
    def exact(self) -> bool:
        return self.options.exact

    def case_counts(self, column: Column, text: str) -> bool:
        """Whether the user wants letter case to count, and it can."""
        folded = column.case == "ignored" or column.type in ORDERED or self.is_text(column)
        return self.exact and not folded and text.lower() != text.upper()

    # Text fields

    def of_words(self, column: Column, node: Equals | Like) -> Node:
        """Parts of the value for words: those that hold them, below a not those between blanks."""
        pieces = pieces_of(node)
        if not pieces:
            message = f"no word of {column.name} can be this, so the test never holds"
            self.note("constant-folded", Effect.SAME, message, node.span)
            return Never(node.span)
        self.folds_oddly(column, node, exact=self.exact)
        if not all(map(is_part_of_word, pieces)):
            self.note(
                "text-analysis",
                Effect.WIDER,
                f"{column.name} is text: Elasticsearch compares words, Sigma parts of the value",
                node.span,
            )
        tests: list[Node] = []
        for piece in pieces:
            if self.negative:
                make = pattern_between_blanks if isinstance(node, Like) else phrase_between_blanks
                tests += [_test(node, parts) for parts in make(piece)]
            else:
                tests.append(_test(node, ("", *[part for part in piece if part], "")))
        return any_of(tests, node.span)


def _test(node: Equals | Like, parts: tuple[str, ...]) -> Node:
    if len(parts) == 1:
        return Equals(node.field, Literal(parts[0], quoted=True), node.span)
    if not any(parts):
        return Exists(node.field, node.span)
    return Like(node.field, Pattern(parts), node.span)
