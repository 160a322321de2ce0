"""Words of text fields as parts of a value: those that surely hold them, those that may."""

from __future__ import annotations

import re

from kqlx.elastic.text_analysis import words
from kqlx.patterns import ANY_RUN, Pattern, Shape


def is_part_of_word(piece: Pattern) -> bool:
    """``*letters*``: a word has these letters where the whole value has them."""
    letters = re.fullmatch("[A-Za-z0-9]+", piece.text)
    return piece.shape is Shape.CONTAINS and letters is not None


def phrase_between_blanks(piece: Pattern) -> list[Pattern]:
    """Values in which the words surely are words of their own: alone, first, last, in between."""
    phrase = " ".join(piece.literals)
    if tuple(words(phrase)) != piece.literals:
        return []
    return [
        Pattern.of(phrase),
        Pattern.of(f"{phrase} ", ANY_RUN),
        Pattern.of(ANY_RUN, f" {phrase}"),
        Pattern.of(ANY_RUN, f" {phrase} ", ANY_RUN),
    ]


def pattern_between_blanks(piece: Pattern) -> list[Pattern]:
    """The same for a pattern that is one run of letters and digits, with a star before or after."""
    text = piece.text
    if not re.fullmatch("[A-Za-z0-9]+", text):
        return []
    match piece.shape:
        case Shape.EXACT:
            return phrase_between_blanks(Pattern.of(text.lower()))
        case Shape.PREFIX:
            return [piece, Pattern.of(ANY_RUN, f" {text}", ANY_RUN)]
        case Shape.SUFFIX:
            return [piece, Pattern.of(ANY_RUN, f"{text} ", ANY_RUN)]
        case Shape.CONTAINS:
            return [piece]
    return []
