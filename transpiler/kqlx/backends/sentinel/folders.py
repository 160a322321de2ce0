"""Files of one folder, ``C:\\a\\*`` and none of ``C:\\a\\*\\*``, as one regular expression."""

from __future__ import annotations

from collections.abc import Callable

from kqlx.mappings.joined_regexps import joined_regexps
from kqlx.nodes import And, Like, Node, Not, Or, Pattern, Regexp, all_of, with_items
from kqlx.patterns import ANY_RUN
from kqlx.records import replace
from kqlx.regular_expressions import Char, CharClass, Repeat, Sequence, from_text

SEPARATORS = "\\/"


def with_folders(node: Node, has_text: Callable[[Like], bool]) -> Node:
    """The tree with such pairs as one test, of columns that have one text (``has_text``), and these
    of several folders as one.
    """
    found = _folders(node, has_text)
    return node if found is node else joined_regexps(found)


def _folders(node: Node, has_text: Callable[[Like], bool]) -> Node:
    if isinstance(node, Not):
        item = _folders(node.item, has_text)
        return node if item is node.item else replace(node, item=item)
    if not isinstance(node, And | Or):
        return node
    items = [_folders(item, has_text) for item in node.items]
    if isinstance(node, Or):
        return with_items(node, tuple(items))
    paths = {item: at for at, item in enumerate(items) if isinstance(item, Like)}
    left_out: set[int] = set()
    for at, item in enumerate(items):
        if (within := _within(item)) is None or not has_text(within[0]):
            continue
        path, mark = within
        if (place := paths.get(path)) is not None and place not in left_out:
            items[place] = _in_folder(path, mark)
            left_out.add(at)
    if not left_out:
        return with_items(node, tuple(items))
    return all_of([item for at, item in enumerate(items) if at not in left_out], node.span)


def _within(node: Node) -> tuple[Like, str] | None:
    """Of ``not path:C:\\a\\*\\*`` the test of ``C:\\a\\*``, and the mark that parts folders."""
    if not isinstance(node, Not) or not isinstance(node.item, Like):
        return None
    test = node.item
    match test.pattern.tokens:
        case (str(folder), first, str(mark), last) if (
            first is ANY_RUN and last is ANY_RUN and mark in SEPARATORS and folder.endswith(mark)
        ):
            if isinstance(test.field, Pattern):
                return None
            return replace(test, pattern=Pattern.of(folder, ANY_RUN, span=test.pattern.span)), mark
    return None


def _in_folder(path: Like, mark: str) -> Regexp:
    folder = path.pattern.prefix.removesuffix(mark)
    name = Repeat(CharClass(((mark, mark),), negated=True), 0, None)
    expression = Sequence((Sequence(()), from_text(folder), Sequence((Char(mark), name))))
    assert not isinstance(path.field, Pattern)
    return Regexp(path.field, expression, path.span, case=path.case)
