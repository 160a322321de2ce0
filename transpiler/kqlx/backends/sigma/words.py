"""Words of text fields as parts of a value: those that surely hold them, those that may."""

from __future__ import annotations

import re

from kqlx.elastic.text_analysis import PARTING_SIGNS, words
from kqlx.patterns import Pattern, Shape
from kqlx.regular_expressions import (
    ANY_TEXT,
    Char,
    CharClass,
    Item,
    Repeat,
    Sequence,
    sequence,
)


def is_part_of_word(piece: Pattern) -> bool:
    """``*letters*``: a word has these letters where the whole value has them."""
    letters = re.fullmatch("[A-Za-z0-9]+", piece.text)
    return piece.shape is Shape.CONTAINS and letters is not None


def as_spelt(piece: Pattern, text: str) -> Pattern:
    """The words, which are in lower case, as the text spells them: it makes no difference."""
    if not text.isascii():
        return piece
    lower, at = text.lower(), 0

    def spelt(word: str) -> str:
        nonlocal at
        found = lower.find(word, at)
        if found < 0:
            return word
        at = found + len(word)
        return text[found:at]

    return piece.map_literals(spelt)


_PARTING = CharClass(tuple((sign, sign) for sign in PARTING_SIGNS))
_BEHIND = Repeat(sequence(ANY_TEXT, _PARTING), 0, 1)
_BEFORE = Repeat(sequence(_PARTING, ANY_TEXT), 0, 1)


def phrase_among_words(piece: Pattern) -> Item | None:
    """Values in which the words surely are words of their own, one after the other: between signs
    that part words wherever they stand. None for words that such signs do not part.
    """
    found = piece.literals
    whole = " ".join(found)
    if not found or not whole.isascii() or words(whole) != whole.lower().split(" "):
        return None
    first, *others = found
    items: list[Item] = [*map(Char, first)]
    for word in others:
        items += [Repeat(_PARTING, 1, None), *map(Char, word)]
    return Sequence((_BEHIND, *items, _BEFORE))


def pattern_among_words(piece: Pattern) -> Item | None:
    """The same for a pattern that is one run of letters and digits, with a star before or after."""
    text = piece.text
    if not re.fullmatch("[A-Za-z0-9]+", text):
        return None
    chars = map(Char, text)
    match piece.shape:
        case Shape.EXACT:
            return Sequence((_BEHIND, *chars, _BEFORE))
        case Shape.PREFIX:
            return Sequence((_BEHIND, *chars, ANY_TEXT))
        case Shape.SUFFIX:
            return Sequence((ANY_TEXT, *chars, _BEFORE))
        case Shape.CONTAINS:
            return Sequence((ANY_TEXT, *chars, ANY_TEXT))
    return None
