"""Regular expressions of one field that are alternatives, as one."""

from __future__ import annotations

from kqlx.nodes import And, Node, Not, Or, Regexp, any_of
from kqlx.records import replace
from kqlx.regular_expressions import Choice, Item, Sequence, choice


def joined_regexps(node: Node) -> Node:
    """The tree with the regular expressions of one field that are alternatives as one, where they
    are three parts in turn and differ in the middle one alone.
    """
    if isinstance(node, Not):
        item = joined_regexps(node.item)
        return node if item is node.item else replace(node, item=item)
    if not isinstance(node, And | Or):
        return node
    items = [joined_regexps(item) for item in node.items]
    if isinstance(node, Or):
        items = _joined(items)
    return any_of(items, node.span) if len(items) == 1 else replace(node, items=tuple(items))


def _joined(items: list[Node]) -> list[Node]:
    """The alternatives, those of one field and letter case as one expression, where the first of
    them stood.
    """
    groups: dict[object, list[list[Regexp]]] = {}
    found: list[Node | list[Regexp]] = []
    for item in items:
        if not isinstance(item, Regexp) or not (ends := _ends(item)):
            found.append(item)
            continue
        beside = groups.setdefault((item.field.name, item.case), [])
        group = next((each for each in beside if _ends(each[0]) == ends), None)
        if group is None:
            beside.append([item])
            found.append(beside[-1])
        else:
            group.append(item)
    return [_as_one(each) if isinstance(each, list) else each for each in found]


def _ends(node: Regexp) -> tuple[Item, Item] | None:
    """The first and the last of its three parts."""
    match node.regexp:
        case Sequence((before, _, after)):
            return before, after
    return None


def _as_one(each: list[Regexp]) -> Regexp:
    first = each[0]
    if len(each) == 1:
        return first
    parts = [item.regexp.items for item in each if isinstance(item.regexp, Sequence)]
    middles = [form for _, middle, _ in parts for form in _choices(middle)]
    both = Sequence((parts[0][0], choice(*dict.fromkeys(middles)), parts[0][2]))
    return replace(first, regexp=both, span=(first.span[0], max(item.span[1] for item in each)))


def _choices(item: Item) -> tuple[Item, ...]:
    return item.items if isinstance(item, Choice) else (item,)
