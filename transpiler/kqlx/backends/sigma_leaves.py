"""What a Sigma selection can say of a single test: exactly, or by something that surely matches
more, or below a ``not`` less.

A selection compares whole values without regard to letter case, with the wildcards ``*`` and ``?``,
networks, and numbers; any value of a list may match. It cannot compare texts or dates by order,
split a text into words, tell the objects of a list apart, or test fields by a part of their name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from math import inf, nextafter

from kqlx.backends.sigma_flat import DATES, ORDERED, is_any, names_of, with_path, without_not
from kqlx.backends.sigma_words import (
    is_part_of_word,
    pattern_between_blanks,
    phrase_between_blanks,
    pieces_of,
)
from kqlx.backends.sigma_yaml import Number
from kqlx.backends.text import NUMBERS, TextBackend, described
from kqlx.mappings.bound import Column, nested_path
from kqlx.meaning.number_types import number_of
from kqlx.nodes import (
    Always,
    And,
    Compare,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    Like,
    Literal,
    Nested,
    Never,
    Node,
    Not,
    Or,
    Pattern,
    Span,
)
from kqlx.notes import Effect

_DIGITS = {"half_float": 3, "float": 6, "double": 15, "scaled_float": 15}
"""So many digits of a decimal number these types keep in any case."""

MOST_NAMES = 40
"""So many fields may stand for one name with a star; more make no rule that anybody reads."""


@dataclass
class Leaves(TextBackend):
    """Replaces what no selection can say, so that what is left can be said as it is.

    ``expanding``: a field's name with a star stands for the known names that fit it, also where
    that matches less. ``in_group``: within a nested group.
    """

    expanding: bool = False
    in_group: bool = False
    language = "Sigma"

    def sayable(self, node: Node) -> Node:
        """The node in tests that selections can say: one that matches as much or more, or, below
        an odd number of nots, as much or less. Adds a note for each difference.

        Raises UnsupportedError for what Elasticsearch would refuse too, or can never find.
        """
        match node:
            case And() | Or():
                return replace(node, items=tuple([self.sayable(item) for item in node.items]))
            case Not():
                with self.under_not():
                    return Not(self.sayable(node.item), node.span)
            case Nested():
                return self.flattened(node)
            case FreeText():
                return self.anywhere(node)
            case Equals() | Like() | Exists() | Compare():
                if isinstance(node.field, Pattern):
                    return self.any_field(node, node.field)
                return self.leaf(self.column(node), node)
        return node

    def approximate(self, node: FieldTest, what: str, why: str) -> Node:
        """The existence of the field for a test that cannot be said, below a not nothing."""
        instead = "left out of what the not excludes" if self.negative else "any value will do"
        self.note("approximated", Effect.WIDER, f"{what}: {why}; {instead}", node.span)
        return Never(node.span) if self.negative else Exists(node.field, node.span)

    def column(self, node: FieldTest) -> Column:
        column = super().column(node)
        if "|" in column.name or not column.name:
            why = "a bar begins a modifier" if column.name else "a selection needs one"
            self.refuse(node.span, f'the field name "{column.name}"', why)
        return column

    # Single tests

    def leaf(self, column: Column, node: FieldTest) -> Node:
        path = column.name if column.type == "nested" else nested_path(column.name)
        if path and not self.in_group and not self.bound.renamed:
            self.note(
                "nested-outside",
                Effect.SAME,
                f"{column.name} never holds here: Elasticsearch sees it in {path}:{{ ... }} alone",
                node.span,
            )
            return Never(node.span)
        if column.type == "flattened":
            if isinstance(node, Equals | Compare) and node.value.value is None:
                self.null_value(node)
            return self.any_field(node, Pattern((f"{column.name}.", ""), node.field.span))
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

    def number_test(self, column: Column, node: Equals) -> Node:
        """The number, or a range around it where Elasticsearch rounds it."""
        if not self.is_rounded(column, self.number(column, node.value, node)):
            return node
        self.rounds(column, node)
        least, most = (
            replace(node.value, value=self.limit(column, node, d)) for d in (True, False)
        )
        if self.negative:
            return Never(node.span)
        tests = Compare(node.field, "gte", least), Compare(node.field, "lte", most)
        return And(tests, node.span)

    def is_rounded(self, column: Column, number: str) -> bool:
        """Whether a number has more digits than the column's type holds."""
        held = _DIGITS.get(column.type)
        digits = number.lstrip("+-0.").replace(".", "").rstrip("0")
        return held is not None and len(digits) > held

    def rounds(self, column: Column, node: Equals | Compare) -> None:
        self.note(
            "approximated",
            Effect.WIDER,
            f"{node.value.name} as a value of {column.name}: Elasticsearch rounds numbers of so"
            " many digits; "
            + ("left out of what the not excludes" if self.negative else "all near it will do"),
            node.span,
        )

    def limit(self, column: Column, node: Equals | Compare, down: bool) -> str:
        """A number as a limit, moved down or up by what the column's type rounds it by."""
        number = Decimal(self.number(column, node.value, node))
        by = abs(number) * Decimal(10) ** (1 - _DIGITS[column.type])
        return _near(number - by if down else number + by, down=down)

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

    def range(self, column: Column, node: Compare) -> Node:
        limit = node.value
        if limit.value is None:
            self.null_value(node)
        if column.type not in NUMBERS:
            if column.declared or number_of(limit.name) is None:
                what = f"a range on {described(column)}"
                return self.approximate(node, what, "Sigma compares numbers only")
            self.note(
                "type-assumed",
                Effect.SAME,
                f"{column.name} is taken for a number: no type of it is known",
                node.span,
            )
        number = Number(self.number(column, limit, node))
        lower = (node.op in ("gt", "gte")) is not self.negative
        if self.is_rounded(column, number):
            self.rounds(column, node)
            return replace(node, value=replace(limit, value=self.limit(column, node, lower)))
        if number.is_safe:
            return node
        near = _near(Decimal(number), down=lower)
        self.note(
            "approximated",
            Effect.WIDER,
            f"{number} as a limit of {column.name}: loaders of YAML lose digits of it; the limit"
            f" is {near}",
            node.span,
        )
        return replace(node, value=Literal(near, span=limit.span))

    # Text fields

    def of_words(self, column: Column, node: Equals | Like) -> Node:
        """Parts of the value for words: those that hold them, below a not those between blanks."""
        pieces = pieces_of(node)
        if not pieces:
            message = f"no word of {column.name} can be this, so the test never holds"
            self.note("constant-folded", Effect.SAME, message, node.span)
            return Never(node.span)
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
        return _or(tests, node.span)

    # Constructs

    def anywhere(self, node: FreeText) -> Node:
        """A value without a field, as a keyword: back ends look for those in their own way."""
        if isinstance(node.value, Pattern) and node.value.is_lone_star:
            self.note("free-text", Effect.WIDER, "an event without any field matches too")
            return Never(node.span) if self.negative else Always(node.span)
        if node.value.name == "null" and isinstance(node.value, Literal) and not node.value.quoted:
            self.refuse(node.span, "null as a value", "Elasticsearch refuses it too")
        self.note(
            "free-text",
            Effect.DIFFERENT,
            "a value without a field: Kibana looks in all fields, Sigma's keywords in the log"
            " message, as each back end understands it",
            node.span,
        )
        return node

    def flattened(self, node: Nested) -> Node:
        """A group's tests on their full names: the same where there is one test, or any of some.

        Otherwise the tests may be met by different objects. Then those below a not say nothing of
        an object that meets the others, and are left out; and below a not the group is.
        """
        item = with_path(node.item, node.path.name)
        if is_any(item):
            return self.inner(item)
        self.note(
            "nested-flattened",
            Effect.WIDER,
            f"the tests of {node.path.name}:{{ ... }} may be met by different objects"
            + ("; below a not they are left out" if self.negative else ""),
            node.span,
        )
        return Never(node.span) if self.negative else self.inner(without_not(item))

    def inner(self, item: Node) -> Node:
        """What ``sayable`` makes of a group's item."""
        around, self.in_group = self.in_group, True
        made = self.sayable(item)
        self.in_group = around
        return made

    def any_field(self, node: FieldTest, name: Pattern) -> Node:
        """A test of all fields that a name with stars fits: it is left out, or is one of those
        that ECS knows.
        """
        known = [Literal(found, span=name.span) for found in names_of(name, node)]
        if (self.negative or self.expanding) and 0 < len(known) <= MOST_NAMES:
            self.note(
                "names-expanded",
                Effect.WIDER if self.negative else Effect.NARROWER,
                f"{name.name} stands for the {len(known)} fields of ECS that fit",
                node.span,
            )
            return self.sayable(_or([replace(node, field=field) for field in known], node.span))
        self.note(
            "approximated",
            Effect.WIDER,
            f"the field name {name.name}, a wildcard: Sigma has none; the test is left out",
            node.span,
        )
        return Never(node.span) if self.negative else Always(node.span)


def _or(items: list[Node], span: Span) -> Node:
    if not items:
        return Never(span)
    return items[0] if len(items) == 1 else Or(tuple(items), span)


def _test(node: Equals | Like, parts: tuple[str, ...]) -> Node:
    if len(parts) == 1:
        return Equals(node.field, Literal(parts[0], quoted=True), node.span)
    if not any(parts):
        return Exists(node.field, node.span)
    return Like(node.field, Pattern(parts), node.span)


def _near(limit: Decimal, *, down: bool) -> str:
    """The nearest number that a double holds, not above the limit or not below it."""
    largest = nextafter(inf, 0)
    double = max(-largest, min(largest, float(limit)))
    if down and Decimal(double) > limit:
        double = nextafter(double, -inf)
    elif not down and Decimal(double) < limit:
        double = nextafter(double, inf)
    double = max(-largest, min(largest, double))
    return str(int(double)) if double == int(double) else format(Decimal(repr(double)), "f")
