"""Words of text fields as parts of a value: those that surely hold them, those that may."""

from __future__ import annotations

import re

from kqlx.elastic.text_analysis import split_at_spaces, words
from kqlx.nodes import Equals, Like

# Characters that part words for Elasticsearch in any surrounding (https://unicode.org/reports/tr29/).
_PARTS_WORDS = re.compile(r"[\s\"()\[\]{}<>|=!?#%&*+/\\^~@$-]")


def pieces_of(node: Equals | Like) -> list[tuple[str, ...]]:
    """The alternatives of a test of a text field: of a phrase its words, of words and patterns
    each piece. Pieces that no word fits, because they hold what parts words, are left out.
    """
    if isinstance(node, Like):
        pieces = split_at_spaces(node.pattern.parts)
        return [parts for parts in pieces if not any(map(_PARTS_WORDS.search, parts))]
    found = words(node.value.name)
    if node.value.quoted:
        return [tuple(found)] if found else []
    return [(word,) for word in found]


def is_part_of_word(parts: tuple[str, ...]) -> bool:
    """``*letters*``: a word has these letters where the whole value has them."""
    middle = len(parts) == 3 and parts[0] == parts[2] == ""
    return middle and re.fullmatch("[A-Za-z0-9]+", parts[1]) is not None


def phrase_between_blanks(piece: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Values in which the words surely are words of their own: alone, first, last, in between."""
    phrase = " ".join(piece)
    if tuple(words(phrase)) != piece:
        return []
    return [(phrase,), (f"{phrase} ", ""), ("", f" {phrase}"), ("", f" {phrase} ", "")]


def pattern_between_blanks(parts: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The same for a pattern that is one run of letters and digits, with a star before or after."""
    text = "".join(parts)
    if not re.fullmatch("[A-Za-z0-9]+", text):
        return []
    if len(parts) == 1:
        return phrase_between_blanks((text.lower(),))
    if parts == (text, ""):
        return [(text, ""), ("", f" {text}", "")]
    if parts == ("", text):
        return [("", text), ("", f"{text} ", "")]
    return [("", text, "")] if parts == ("", text, "") else []
