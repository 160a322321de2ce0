"""What a query takes the types of fields for where nobody says them: one note a query."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from kqlx.elastic.type_names import NUMBERS
from kqlx.hints import Argument, Hint
from kqlx.mappings.bound import Bound, Column
from kqlx.nodes import Compare, Equals, FieldTest, Like, Regexp, Span
from kqlx.notes import Effect, Note

HINT = Hint(Argument("fields"), " sets it, or types in a mapping of your own")

_MOST_NAMES = 12
_LABELS = frozenset({"labels", "container.labels"})
"""Objects of ECS whose values are keywords, whatever their keys."""


def assumed_types(
    bound: Bound, field_tests: Iterable[tuple[str, FieldTest | Regexp]]
) -> tuple[Note, ...]:
    """A note that names the fields that are compared and of which no type is known: such a field is
    a number where it is compared with one by its size, or what the query's language says that all
    its values are, else a keyword, compared whole. ``bound`` is checked by its types; the
    tests are those of its tree.
    """
    numbers: dict[str, Span] = {}
    booleans: dict[str, Span] = {}
    addresses: dict[str, Span] = {}
    keywords: dict[str, Span] = {}
    columns: dict[str, Column] = {}
    tests = []
    for name, test in field_tests:
        if name not in columns:
            columns[name] = bound.column(name)
        if not columns[name].declared and isinstance(test, Equals | Like | Compare):
            tests.append((name, test))
    for name, test in sorted(tests, key=lambda found: found[1].span):
        column = columns[name]
        if bound.types.below(name, "flattened") or bound.types.below(name, "object") in _LABELS:
            continue
        by_size = isinstance(test, Compare) and test.value.kind == "number"
        if by_size or column.type in NUMBERS:
            numbers.setdefault(name, test.span)
        else:
            kinds = {"boolean": booleans, "ip": addresses}
            kinds.get(column.type, keywords).setdefault(name, test.span)
    parts = [
        *_assumed(numbers, "a number", "numbers"),
        *_assumed(booleans, "a Boolean", "Booleans"),
        *_assumed(addresses, "an address", "addresses"),
        *_assumed(keywords, "a keyword, compared whole", "keywords, compared whole"),
    ]
    if not parts:
        return ()
    span = min([*numbers.values(), *booleans.values(), *addresses.values(), *keywords.values()])
    message = f"type unknown: {'; '.join(parts)}"
    return (Note("type-assumed", Effect.SAME, message, span, HINT),)


def _assumed(names: Collection[str], one: str, several: str) -> Iterator[str]:
    if names:
        yield f"{listed(names)} assumed to be {several if len(names) > 1 else one}"


def listed(names: Iterable[str]) -> str:
    """Names with commas between, the first dozen."""
    each = list(dict.fromkeys(names))
    rest = f" and {len(each) - _MOST_NAMES} others" if len(each) > _MOST_NAMES else ""
    return ", ".join(each[:_MOST_NAMES]) + rest
