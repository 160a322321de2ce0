"""What a query takes the types of fields for where nobody says them: one note a query."""

from __future__ import annotations

from collections.abc import Iterable

from kqlx.elastic.numbers import number_of
from kqlx.hints import Argument, Hint
from kqlx.mappings.bound import Bound
from kqlx.mappings.known_types import field_tests
from kqlx.nodes import Compare, Equals, Like, Span
from kqlx.notes import Effect, Note

HINT = Hint(Argument("fields"), " sets it, or types in a mapping of your own")

_MOST_NAMES = 12
_LABELS = frozenset({"labels", "container.labels"})
"""Objects of ECS whose values are keywords, whatever their keys."""


def assumed_types(bound: Bound) -> tuple[Note, ...]:
    """A note that names the fields that are compared and of which no type is known: such a field is
    a number where it is compared with one by its size, else a keyword, compared whole.
    """
    keywords: dict[str, Span] = {}
    numbers: dict[str, Span] = {}
    for name, test in sorted(field_tests(bound.node), key=lambda found: found[1].span):
        if not isinstance(test, Equals | Like | Compare) or bound.column(name).declared:
            continue
        if bound.types.below(name, "flattened") or bound.types.below(name, "object") in _LABELS:
            continue
        by_size = isinstance(test, Compare) and number_of(test.value.name) is not None
        (numbers if by_size else keywords).setdefault(name, test.span)
    if not keywords and not numbers:
        return ()
    parts = []
    if numbers:
        several = "numbers" if len(numbers) > 1 else "a number"
        parts.append(f"{listed(numbers)} assumed to be {several}")
    if keywords:
        several = "keywords" if len(keywords) > 1 else "a keyword"
        parts.append(f"{listed(keywords)} assumed to be {several}, compared whole")
    message = f"no type is known: {'; '.join(parts)}"
    span = min([*numbers.values(), *keywords.values()])
    return (Note("type-assumed", Effect.SAME, message, span, HINT),)


def listed(names: Iterable[str]) -> str:
    """Names with commas between, the first dozen."""
    each = list(dict.fromkeys(names))
    rest = f" and {len(each) - _MOST_NAMES} others" if len(each) > _MOST_NAMES else ""
    return ", ".join(each[:_MOST_NAMES]) + rest
