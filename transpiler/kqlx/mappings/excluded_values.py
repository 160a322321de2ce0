"""Values that a query leaves out of a column, beside those that it asks for.

A pack may say a value of a field by those of another: ``event.type:info`` are all events but those
of 55 actions. Beside one action that is either nothing more, or never.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import is_

from kqlx.elastic.text_analysis import lower_ascii
from kqlx.nodes import Always, And, Case, Equals, Literal, Never, Node, Not, Or, any_of, conjuncts
from kqlx.records import replace


def without_excluded(node: Node, is_single: Callable[[str], bool]) -> Node:
    """The same meaning without exclusions of values that a column cannot have where the tests
    beside them hold; ``is_single`` says of which columns events have one value at most.
    """
    if isinstance(node, Not):
        item = without_excluded(node.item, is_single)
        return node if item is node.item else replace(node, item=item)
    if isinstance(node, Or):
        each = tuple(without_excluded(item, is_single) for item in node.items)
        return node if all(map(is_, each, node.items)) else replace(node, items=each)
    if not isinstance(node, And):
        return node
    items = conjuncts(node)
    asked: dict[str, tuple[Equals, ...]] = {}
    for item in items:
        if tests := _tests(item):
            before = asked.get(tests[0].field.name, tests)
            asked[tests[0].field.name] = min(before, tests, key=len)
    kept: list[Node] = []
    for item in items:
        excluded = _tests(item.item) if isinstance(item, Not) else ()
        beside = asked.get(excluded[0].field.name, ()) if excluded else ()
        if beside and is_single(beside[0].field.name):
            item = _needed(item, beside, excluded)
        else:
            item = without_excluded(item, is_single)
        if not isinstance(item, Always):
            kept.append(item)
    same = len(kept) == len(items) and all(map(is_, kept, items))
    return node if same else replace(node, items=tuple(kept))


def _needed(item: Node, asked: tuple[Equals, ...], excluded: tuple[Equals, ...]) -> Node:
    """What is left of the exclusion beside a test for one of the values that are asked for."""
    if all(any(_is_within(one, other) for other in excluded) for one in asked):
        return Never(item.span)
    possible = {lower_ascii(one.value.name) for one in asked}
    needed = [one for one in excluded if lower_ascii(one.value.name) in possible]
    if len(needed) == len(excluded):
        return item
    return Not(any_of(needed, item.span), item.span) if needed else Always(item.span)


def _is_within(one: Equals, other: Equals) -> bool:
    """Whether a value that meets the one surely meets the other."""
    if other.case is Case.FOLDED:
        return lower_ascii(one.value.name) == lower_ascii(other.value.name)
    return one.case is Case.EXACT and one.value.name == other.value.name


def _tests(node: Node) -> tuple[Equals, ...]:
    """The tests of a list of whole values of one column; none of anything else."""
    items = node.items if isinstance(node, Or) else (node,)
    found = tuple([item for item in items if isinstance(item, Equals) and _is_plain(item)])
    one_column = len({test.field.name for test in found}) == 1
    return found if one_column and len(found) == len(items) else ()


def _is_plain(test: Equals) -> bool:
    return isinstance(test.field, Literal) and isinstance(test.value.value, str)
