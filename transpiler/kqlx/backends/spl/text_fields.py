"""Tests of text fields, which Elasticsearch splits into words, in terms of parts of the whole text:
what surely matches more, and what surely matches less.
"""

from __future__ import annotations

import re

from kqlx.backends.spl.syntax import as_wildcards, regex
from kqlx.elastic.text_analysis import split_at_spaces, words
from kqlx.nodes import Equals, Exists, Like, Node, Pattern, any_of

# Characters that part words for Elasticsearch in any surrounding (https://unicode.org/reports/tr29/).
_PARTS_WORDS = r"[\s\"()\[\]{}<>|=!?#%&*+/\\^~@$-]"
_PARTS = re.compile(_PARTS_WORDS)
_WORD_CHARACTERS = re.compile(r"[A-Za-z0-9_]+")


def pieces(node: Equals | Like) -> list[tuple[str, ...]]:
    """The alternatives of a test of a text field: of a phrase one, of words and patterns each
    piece.

    Pieces that no word fits, because they hold what parts words, are left out.
    """
    if isinstance(node, Like):
        split = split_at_spaces(node.pattern.parts)
        return [parts for parts in split if not any(map(_PARTS.search, parts))]
    found = words(node.value.name)
    if node.value.quoted:
        return [tuple(found)] if found else []
    return [(word,) for word in found]


def is_part_of_word(node: Equals | Like) -> bool:
    """``*letters*``: a word has these letters where the whole value has them."""
    parts = node.pattern.parts if isinstance(node, Like) else ()
    return (
        len(parts) == 3
        and parts[0] == parts[2] == ""
        and bool(_WORD_CHARACTERS.fullmatch(parts[1]))
    )


def contains_pieces(node: Equals | Like) -> Node:
    """The test that the text has one of the pieces anywhere, which a value with the words has."""
    tests = [
        Like(
            node.field,
            Pattern.between_stars(("", *[as_wildcards(p) for p in parts if p], "")),
            node.span,
        )
        for parts in pieces(node)
    ]
    if not tests:
        return Exists(node.field, node.span)
    return any_of(tests, node.span)


def superset_regex(*tests: Equals | Like) -> str:
    """A regular expression on a text field that matches wherever Elasticsearch does."""
    alternatives = [
        ".*".join([regex(part) for part in parts]) for test in tests for parts in pieces(test)
    ]
    return f"(?is)(?:{'|'.join(dict.fromkeys(alternatives))})"


def subset_regex(*tests: Equals | Like) -> str | None:
    """One that matches only where Elasticsearch does: words parted by what always parts them.

    None where there is none, since a word has other characters than letters, digits and ``_``.
    """
    alternatives = []
    for test in tests:
        between = "[A-Za-z0-9_]*" if isinstance(test, Like) else f"{_PARTS_WORDS}+"
        for parts in pieces(test):
            if parts and not any(parts):
                alternatives.append("[A-Za-z0-9_]+")
            elif parts and all(_WORD_CHARACTERS.fullmatch(part) for part in parts if part):
                alternatives.append(between.join(parts))
    if not alternatives:
        return None
    either = "|".join(dict.fromkeys(alternatives))
    return f"(?i)(?:^|{_PARTS_WORDS})(?:{either})(?:{_PARTS_WORDS}|$)"
