"""Groups as people write them: without ``not`` of ``not``, with what all alternatives ask said once
before them, and with the values that one field must not have in one list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kqlx.nodes import (
    NOWHERE,
    Always,
    And,
    Equals,
    Like,
    Node,
    Not,
    Or,
    Pattern,
    all_of,
    alternatives,
    any_of,
    conjuncts,
)

_GROUPS = (And, Or, Not)

ListOf = Callable[[Equals | Like], str]
"""The name of the column whose list of values the test fits, or ""."""

MOST_ALTERNATIVES = 50
"""So many groups are looked through for what all of them ask."""


def plain_groups(node: Node, list_of: ListOf | None = None) -> Node:
    """The same meaning in plain groups. Values that are excluded one by one become one list where
    their tests fit the list of one column, as ``list_of`` says.
    """
    if isinstance(node, Not):
        if (opened := _negated(node)) is not node:
            return plain_groups(opened, list_of)
        item = plain_groups(node.item, list_of)
        return node if item is node.item else Not(item, node.span)
    if not isinstance(node, And | Or):
        return node
    items = [plain_groups(one, list_of) if isinstance(one, _GROUPS) else one for one in node.items]
    if isinstance(node, Or):
        if not any(isinstance(one, And | Or) for one in items):
            return any_of(items, node.span) if items != list(node.items) else node
        return _factored([part for one in items for part in alternatives(one)], node)
    asked = [part for one in items for part in conjuncts(one)]
    if list_of is not None and sum(isinstance(one, Not) for one in asked) > 1:
        asked = _with_lists(asked, list_of)
    return node if asked == list(node.items) else all_of(asked, node.span)


def _negated(node: Not) -> Node:
    """``not (not a or b)`` → ``a and not b``."""
    item = node.item
    if isinstance(item, Not):
        return item.item
    if isinstance(item, And) and all(isinstance(one, Not) for one in item.items):
        return any_of([one.item for one in item.items if isinstance(one, Not)], node.span)
    if not isinstance(item, Or) or not any(isinstance(one, Not) for one in item.items):
        return node
    asked = [leaf for one in item.items if isinstance(one, Not) for leaf in conjuncts(one.item)]
    excluded = [one for one in item.items if not isinstance(one, Not)]
    if excluded:
        span = excluded[0].span if len(excluded) == 1 else NOWHERE
        asked.append(Not(any_of(excluded, span), span))
    return all_of(asked, node.span)


def _factored(items: list[Node], node: Or) -> Node:
    """``a and b or a and c`` → ``a and (b or c)``."""
    plain = node if items == list(node.items) else any_of(items, node.span)
    groups = [conjuncts(item) for item in items[: MOST_ALTERNATIVES + 1]]
    if len(groups) > MOST_ALTERNATIVES or not all(len(group) > 1 for group in groups):
        return plain
    common = [test for test in groups[0] if all(test in group for group in groups[1:])]
    if not common:
        return _by_first(groups, node) or plain
    rests = [all_of([test for test in group if test not in common]) for group in groups]
    if any(isinstance(rest, Always) for rest in rests):
        return all_of(common, node.span)
    left = [leaf for rest in dict.fromkeys(rests) for leaf in alternatives(rest)]
    return And((*common, any_of(left, node.span)), node.span)


def _by_first(groups: list[list[Node]], node: Or) -> Node | None:
    """``a and b or c and d or a and e`` → ``a and (b or e) or c and d``, of pairs; None if no two
    of them begin alike.
    """
    if any(len(group) > 2 for group in groups):
        return None
    by_first: dict[Node, list[list[Node]]] = {}
    for group in groups:
        by_first.setdefault(group[0], []).append(group[1:])
    if len(by_first) == len(groups):
        return None
    items: list[Node] = []
    for first, rests in by_first.items():
        left = [leaf for rest in rests for leaf in alternatives(all_of(rest))]
        items.append(And((first, *conjuncts(any_of(left, node.span))), node.span))
    return any_of(items, node.span)


def _with_lists(items: Iterable[Node], list_of: ListOf) -> list[Node]:
    """The conjuncts, with the values that one field must not have in one ``not`` where the first of
    them stood.
    """
    found: list[Node | list[Not]] = []
    lists: dict[str, list[Not]] = {}
    for item in items:
        name = _excluded_column(item, list_of) if isinstance(item, Not) else ""
        if not name or not isinstance(item, Not):
            found.append(item)
        elif name in lists:
            lists[name].append(item)
        else:
            found.append(lists.setdefault(name, [item]))
    return [_as_one(one) if isinstance(one, list) else one for one in found]


def _excluded_column(node: Not, list_of: ListOf) -> str:
    """The name of the column of which it excludes values, or ""."""
    names: set[str] = set()
    for test in alternatives(node.item):
        if not isinstance(test, Equals | Like) or isinstance(test.field, Pattern):
            return ""
        names.add(list_of(test))
        if len(names) > 1 or "" in names:
            return ""
    return next(iter(names))


def _as_one(each: list[Not]) -> Node:
    if len(each) == 1:
        return each[0]
    tests = [test for one in each for test in alternatives(one.item)]
    return Not(any_of(tests, NOWHERE), NOWHERE)
