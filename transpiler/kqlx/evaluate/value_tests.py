"""What a test asks of the values of a field, whatever type the field has."""

from __future__ import annotations

from kqlx.evaluate.schema import Make
from kqlx.nodes import Case, Compare, Literal, Pattern
from kqlx.regular_expressions import Item


def like(pattern: Pattern) -> Make:
    return lambda kind: kind.like(pattern)


def whole(pattern: Pattern) -> Make:
    """The pattern as a ``wildcard`` query asks it."""
    return lambda kind: kind.whole().like(pattern)


def compare(node: Compare) -> Make:
    return lambda kind: kind.compare(node.op, node.value)


def regexp(expression: Item) -> Make:
    return lambda kind: kind.regexp(expression)


def in_case(case: Case, make: Make) -> Make:
    return make if case is Case.EXACT else lambda kind: make(kind.folded())


def equals_any(wanted: tuple[Literal, ...], case: Case = Case.EXACT) -> Make:
    if case is Case.EXACT:
        return lambda kind: kind.any_of(wanted)
    return lambda kind: kind.folded().any_of(wanted) if kind.takes_any_case else None


def like_or_equal(pattern: Pattern) -> Make:
    if pattern.is_text:
        return equals_any((Literal(pattern.text),))
    return lambda kind: kind.like(pattern)
