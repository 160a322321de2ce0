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
        items = _joined(_with_exclusions_once(items))
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


def _with_exclusions_once(items: list[Node]) -> list[Node]:
    """The alternatives, a regular expression that none of several may meet said once for these."""
    groups: dict[Node, list[Node]] = {}
    found: list[Node | Not] = []
    for item in items:
        match item:
            case And((test, Not(Regexp()) as excluded)):
                if excluded not in groups:
                    found.append(excluded)
                groups.setdefault(excluded, []).append(test)
            case _:
                found.append(item)
    made: list[Node] = []
    for item in found:
        tests = groups.get(item)
        if tests is None:
            made.append(item)
            continue
        span = (tests[0].span[0], tests[-1].span[1])
        made.append(And((any_of(_joined(tests), span), item), span))
    return made


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
