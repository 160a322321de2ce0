"""Tests of text fields, which Elasticsearch splits into words, in terms of parts of the whole text:
what surely matches more, and what surely matches less.
"""

from __future__ import annotations

from kqlx.backends.spl.syntax import regex, widened_for_search
from kqlx.elastic.text_analysis import PARTS_WORDS, word_patterns
from kqlx.nodes import Equals, Like, Node, any_of
from kqlx.patterns import ANY_RUN, Pattern, Shape
from kqlx.regexes import late_regex

_WORD_CHARACTERS = late_regex(r"[A-Za-z0-9_]+")


def is_part_of_word(node: Equals | Like) -> bool:
    """``*letters*``: a word has these letters where the whole value has them."""
    if not isinstance(node, Like) or node.pattern.shape is not Shape.CONTAINS:
        return False
    return _WORD_CHARACTERS.fullmatch(node.pattern.text) is not None


def contains_pieces(node: Equals | Like) -> Node:
    """The test that the text has one of the pieces anywhere, which a value with the words has."""
    each = [widened_for_search(piece).within() for piece in word_patterns(node)]
    return any_of([Like(node.field, pattern, node.span) for pattern in each], node.span)


def gains_by_regex(node: Equals | Like) -> bool:
    """Whether a regular expression tells more of a text field than parts of the text do."""
    from kqlx.backends.phrases import phrases_of, says_little

    return any(map(says_little, phrases_of(node)))


def superset_regex(*tests: Equals | Like) -> str:
    """A regular expression on a text field that matches wherever Elasticsearch does."""
    from kqlx.backends.phrases import any_phrase, phrases_of

    each = {test: phrases_of(test) for test in tests}
    pieces = [piece for test in tests if not each[test] for piece in word_patterns(test)]
    alternatives = [*dict.fromkeys(map(_anywhere, pieces))]
    if whole := [phrase for found in each.values() for phrase in found]:
        either = any_phrase(whole, regex)
        either = f"(?:{either})" if "|" in either else either
        alternatives.append(f"(?<![a-z0-9_]){either}(?![a-z0-9_])")
    flags = "is" if pieces else "i"
    body = "|".join(alternatives)
    return f"(?{flags})(?:{body})" if len(alternatives) > 1 else f"(?{flags}){body}"


def _anywhere(piece: Pattern) -> str:
    """A regular expression for texts with the piece in them, which does not look for its later
    parts from each place where its first one is.
    """
    inner = piece.without_outer_stars()
    if ANY_RUN not in inner.tokens:
        return piece.as_regex(regex)
    return rf"\A{Pattern((ANY_RUN, *inner.tokens)).as_atomic_regex(regex)}"


def subset_regex(*tests: Equals | Like) -> str | None:
    """One that matches only where Elasticsearch does: words parted by what always parts them.

    None where there is none, since a word has other characters than those of ASCII, or a pattern
    other than letters, digits and ``_``.
    """
    alternatives = []
    for test in tests:
        if isinstance(test, Equals):
            whole = [
                piece for piece in word_patterns(test) if all(map(str.isascii, piece.literals))
            ]
            alternatives += [piece.as_regex(regex, f"{PARTS_WORDS}+") for piece in whole]
            continue
        for piece in word_patterns(test):
            if piece.shape is Shape.ANYTHING:
                alternatives.append("[A-Za-z0-9_]+")
            elif all(map(_WORD_CHARACTERS.fullmatch, piece.literals)):
                between = "[A-Za-z0-9_]*"
                alternatives.append(piece.as_atomic_regex(str, between, any_one="[A-Za-z0-9_]"))
    if not alternatives:
        return None
    either = "|".join(dict.fromkeys(alternatives))
    either = either if len(alternatives) == 1 else f"(?:{either})"
    return f"(?i)(?:^|{PARTS_WORDS}){either}(?:{PARTS_WORDS}|$)"
