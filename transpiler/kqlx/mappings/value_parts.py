"""Tests of a part of a text, said of the whole text: a file's name of its path, an argument of the
command line.
"""

from __future__ import annotations

import re
from typing import Literal as OneOf

from kqlx.nodes import (
    And,
    Compare,
    Equals,
    Exists,
    FieldTest,
    Like,
    Never,
    Node,
    Not,
    Pattern,
    any_of,
    case_of,
)

# What the name of a domain never has.
_NO_HOST = re.compile(r"[^A-Za-z0-9.-]")

Part = OneOf["name", "extension", "directory", "word", "pair", "before", "run"]
"""What a field holds of a path (``name``, ``extension`` without the dot, ``directory`` without the
last separator), of a command line (``word``, an argument) or of a list such as ``MD5=1f,SHA1=2e``
(``pair``, the value behind a key); what stands before a mark (``before``), such as the ``@`` of an
address, of which one at most is taken to be there; the first ``run`` of signs of a class.
"""


def in_whole(test: FieldTest, part: Part, separators: str) -> tuple[Node, bool] | None:
    """The test of the whole text, and whether it matches more; None where there is none.

    ``separators`` are the characters that may stand between the parts of a path; before the value
    of a pair stands all of it; a quotation mark among them is one round the whole command line,
    which bounds its first and its last word.
    """
    if isinstance(test, Compare) or (isinstance(test, Equals) and not test.value.name):
        return None
    if part == "word":
        return _word(test, '"' in separators)
    if part == "run":  # the whole exists where the part does
        return (test, False) if isinstance(test, Exists) else None
    if part == "before":
        return _before(test, separators), False
    if part == "extension":
        return _extension(test)
    if part == "pair":
        return _pair(test, separators)
    each = [(_name if part == "name" else _directory)(test, mark) for mark in separators]
    return _any([node for node, _ in each], test), any(wider for _, wider in each)


def _name(test: Equals | Like | Exists, mark: str) -> tuple[Node, bool]:
    if isinstance(test, Exists):
        return test, False
    if isinstance(test, Equals):
        return _like(test, "", mark + test.value.name), False
    first, *others = test.pattern.parts
    if not first:
        return test, len(others) > 1  # what follows the first star may reach into directories
    return _like(test, "", mark + first, *others), True


def _extension(test: Equals | Like | Exists) -> tuple[Node, bool]:
    if isinstance(test, Exists):
        return _like(test, "", ".", ""), True  # the dot may be one of a directory's
    if isinstance(test, Equals):
        return _like(test, "", f".{test.value.name}"), False
    first, *others = test.pattern.parts
    return _like(test, "", f".{first}", *others), True


def _pair(test: Equals | Like | Exists, mark: str) -> tuple[Node, bool]:
    if isinstance(test, Exists):
        return _like(test, "", mark, ""), False
    if isinstance(test, Equals):
        end = mark + test.value.name
        return _any([_like(test, "", end), _like(test, "", f"{end},", "")], test), False
    first, *others = test.pattern.parts
    return _like(test, "", mark + first, *(part for part in others if part), ""), True


def _before(test: Equals | Like | Exists, mark: str) -> Node:
    if isinstance(test, Exists):
        return test
    parts = (test.value.name,) if isinstance(test, Equals) else test.pattern.parts
    if any(mark in part for part in parts):
        return Never(test.span)
    if len(parts) > 1 and parts == (parts[0], ""):
        return test  # how the part begins the whole does
    marked = _like(test, *parts[:-1], parts[-1] + mark, "")
    if len(parts) == 1 or _NO_HOST.search(parts[-1]):
        return _any([test, marked], test)
    # What follows a star may stand behind the mark.
    bare = And((test, Not(_like(test, "", mark, ""), test.span)), test.span)
    return _any([bare, marked], test)


def _directory(test: Equals | Like | Exists, mark: str) -> tuple[Node, bool]:
    if isinstance(test, Exists):
        return _like(test, "", mark, ""), False
    if isinstance(test, Equals):
        start = test.value.name + mark
        deeper = Not(_like(test, start, mark, ""), test.span)
        return And((_like(test, start, ""), deeper), test.span), False
    *others, last = test.pattern.parts
    if not last:
        return _like(test, *others, mark, ""), False
    return _like(test, *others, last + mark, ""), True


def _word(test: Equals | Like | Exists, quoted: bool) -> tuple[Node, bool]:
    """An argument stands between blanks, in quotes, or at an end of the line, which may be
    ``quoted`` as a whole.

    What stands in an argument of several words, in its quotes, is taken for arguments as well.
    """
    if isinstance(test, Exists):
        return test, False
    if isinstance(test, Equals):
        word = test.value.name
        patterns: list[tuple[str, ...]]
        patterns = [(f"{word} ", ""), ("", f" {word} ", ""), ("", f" {word}")]
        if '"' not in word:
            patterns.append(("", f'"{word}"', ""))
            if quoted:
                patterns += [(f'"{word} ', ""), ("", f' {word}"')]
        return _any([test, *(_like(test, *parts) for parts in patterns)], test), True
    first, *middle, last = test.pattern.parts
    if not first and not last:
        return test, len(middle) > 1 or any(sign in " ".join(middle) for sign in ' "\t')
    if middle or (first and last):
        return _like(test, "", *(part for part in test.pattern.parts if part), ""), True
    if first:
        patterns = [(first, ""), ("", f" {first}", ""), ("", f'"{first}', "")]
    else:
        patterns = [("", last), ("", f"{last} ", ""), ("", f'{last}"', "")]
    return _any([_like(test, *parts) for parts in patterns], test), True


def _like(test: FieldTest, *parts: str) -> Like:
    return Like(test.field, Pattern.between_stars(parts), test.span, case=case_of(test))


def _any(nodes: list[Node], test: FieldTest) -> Node:
    unique = tuple(dict.fromkeys(nodes))
    return any_of(unique, test.span)
