"""Regular expressions of one field that are alternatives, as one."""

from __future__ import annotations

from kqlx.nodes import And, Node, Not, Or, Regexp, any_of
from kqlx.records import replace
from kqlx.regular_expressions import Char, Choice, Item, Sequence, choice, sequence


def joined_regexps(node: Node) -> Node:
    """The tree with the regular expressions of one field that are alternatives as one, where they
    begin and end alike and differ in the text between.
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


def _ends(node: Regexp) -> tuple[tuple[Item, ...], tuple[Item, ...]] | None:
    """What its text stands between: the parts before the first character and behind the last one.
    None of one that is nothing else, or has nothing of the kind.
    """
    if not isinstance(node.regexp, Sequence):
        return None
    parts = node.regexp.items
    if len(parts) == 3 and not isinstance(parts[0], Char):
        return parts[:1], parts[2:]
    texts = [at for at, part in enumerate(parts) if isinstance(part, Char)]
    if not texts or len(texts) == len(parts):
        return None
    before, behind = parts[: texts[0]], parts[texts[-1] + 1 :]
    return (before, behind) if before or behind else None


def _as_one(each: list[Regexp]) -> Regexp:
    first, ends = each[0], _ends(each[0])
    if len(each) == 1 or ends is None:
        return first
    before, behind = ends
    middles = [
        form
        for item in each
        if isinstance(item.regexp, Sequence)
        for form in _choices(item.regexp.items[len(before) : len(item.regexp.items) - len(behind)])
    ]
    both = sequence(*before, choice(*dict.fromkeys(middles)), *behind)
    return replace(first, regexp=both, span=(first.span[0], max(item.span[1] for item in each)))


def _choices(items: tuple[Item, ...]) -> tuple[Item, ...]:
    if len(items) == 1 and isinstance(items[0], Choice):
        return items[0].items
    return (sequence(*items),)
