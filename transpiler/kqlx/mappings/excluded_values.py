"""Values that a query leaves out of a column, or asks for again, beside those that it asks for.

A pack may say a value of a field by those of another: ``event.type:info`` are all events but those
of 55 actions, ``event.category:iam`` those with one of 90 codes. Beside one action, or one code,
that is either nothing more, or never.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_

from kqlx.elastic.text_analysis import lower_ascii
from kqlx.nodes import (
    Always,
    And,
    Case,
    Equals,
    Literal,
    Never,
    Node,
    Not,
    Or,
    all_of,
    any_of,
    conjuncts,
    shared_field,
)
from kqlx.records import replace

OfColumn = Callable[[str], bool]


def without_excluded(
    node: Node, is_single: OfColumn, one_spelling: OfColumn = lambda column: False
) -> Node:
    """The same meaning without exclusions of values that a column cannot have where the tests
    beside them hold, and with the values that several tests ask for once; ``is_single`` says of
    which columns events have one value at most, ``one_spelling`` of which no two values differ in
    letter case alone.
    """
    if isinstance(node, Not):
        item = without_excluded(node.item, is_single)
        return node if item is node.item else replace(node, item=item)
    if isinstance(node, Or):
        each = tuple(without_excluded(item, is_single, one_spelling) for item in node.items)
        return node if all(map(is_, each, node.items)) else replace(node, items=each)
    if not isinstance(node, And):
        return node
    items = conjuncts(node)
    asked: dict[str, tuple[Equals, ...]] = {}
    if (common := _asked_once(items, is_single)) is not None:
        items = common
    for item in items:
        if tests := _tests(item):
            before = asked.get(tests[0].field.name, tests)
            asked[tests[0].field.name] = min(before, tests, key=len)
    kept: list[Node] = []
    for item in items:
        excluded = _tests(item.item) if isinstance(item, Not) else ()
        beside = asked.get(excluded[0].field.name, ()) if excluded else ()
        if beside and is_single(beside[0].field.name):
            item = _needed(item, beside, excluded, one_spelling(beside[0].field.name))
        else:
            item = without_excluded(item, is_single, one_spelling)
        if not isinstance(item, Always):
            kept.append(item)
    if common is None and len(kept) == len(items) and all(map(is_, kept, items)):
        return node
    return all_of(kept, node.span)


def _asked_once(items: Sequence[Node], is_single: OfColumn) -> list[Node] | None:
    """What must hold with the lists of values of one column as one, of the values that are in all
    of them; None where there are no such lists.
    """
    places: dict[str, list[int]] = {}
    for place, item in enumerate(items):
        if tests := _tests(item):
            places.setdefault(tests[0].field.name, []).append(place)
    several = [found for name, found in places.items() if found[1:] and is_single(name)]
    if not several:
        return None
    made: dict[int, Node] = {}
    for found in several:
        lists = [_tests(items[place]) for place in found]
        each = [{lower_ascii(test.value.name) for test in tests} for tests in lists]
        shared = set.intersection(*each)
        cases = {test.case for tests in lists for test in tests}
        if shared and len(cases) > 1:  # which of them counts is not the same for all values
            continue
        least = min(range(len(found)), key=lambda number: len(lists[number]))
        made.update(dict.fromkeys(found, Always()))
        left = [test for test in lists[least] if lower_ascii(test.value.name) in shared]
        span = items[found[least]].span
        whole = len(left) == len(lists[least])
        made[found[least]] = items[found[least]] if whole else any_of(left, span)
    if not made:
        return None
    return [one for n, item in enumerate(items) if not isinstance(one := made.get(n, item), Always)]


def _needed(
    item: Node, asked: tuple[Equals, ...], excluded: tuple[Equals, ...], one_spelling: bool
) -> Node:
    """What is left of the exclusion beside a test for one of the values that are asked for."""
    if all(any(_is_within(one, other, one_spelling) for other in excluded) for one in asked):
        return Never(item.span)
    possible = {lower_ascii(one.value.name) for one in asked}
    needed = [one for one in excluded if lower_ascii(one.value.name) in possible]
    if len(needed) == len(excluded):
        return item
    return Not(any_of(needed, item.span), item.span) if needed else Always(item.span)


def _is_within(one: Equals, other: Equals, one_spelling: bool) -> bool:
    """Whether a value that meets the one surely meets the other."""
    if one_spelling or other.case is Case.FOLDED:
        return lower_ascii(one.value.name) == lower_ascii(other.value.name)
    return one.case is Case.EXACT and one.value.name == other.value.name


def _tests(node: Node) -> tuple[Equals, ...]:
    """The tests of a list of whole values of one column; none of anything else."""
    if isinstance(node, Equals):
        return (node,) if _is_plain(node) else ()
    if not isinstance(node, Or) or not shared_field(node):
        return ()
    found = tuple([item for item in node.items if isinstance(item, Equals) and _is_plain(item)])
    return found if len(found) == len(node.items) else ()


def _is_plain(test: Equals) -> bool:
    return isinstance(test.field, Literal) and isinstance(test.value.value, str)
