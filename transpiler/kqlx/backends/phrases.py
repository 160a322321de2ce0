"""Words and phrases of text fields as one regular expression, which matches wherever Elasticsearch
does: what stands between the words of a phrase, or around a word, is no letter and no digit of
ASCII, whatever else it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from kqlx.elastic.text_analysis import words
from kqlx.nodes import Equals, Like

BETWEEN = "[^a-z0-9]+"
"""What parts two words, where letter case is ignored. An underscore by itself does, too."""

SHORT_WORD = 4
"""Words of so many letters stand within others in nearly every text."""


def phrases_of(test: Equals | Like) -> list[tuple[str, ...]]:
    """What a test of a text field looks for: of a phrase its words, of several words each; none for
    a pattern, and for words that are not of ASCII alone.
    """
    if not isinstance(test, Equals) or not test.value.name.isascii():
        return []
    found = words(test.value.name)
    if test.value.phrase:
        return [tuple(found)] if found else []
    return [(word,) for word in found]


def says_little(phrase: Sequence[str]) -> bool:
    """Whether texts that only have its parts somewhere are many: it is several words, or short."""
    return len(phrase) > 1 or len(phrase[0]) <= SHORT_WORD


def any_phrase(phrases: Iterable[tuple[str, ...]], spell: Callable[[str], str]) -> str:
    """The alternatives, those that begin with the same word in one group."""
    rests: dict[str, dict[str, None]] = {}
    for first, *others in phrases:
        rests.setdefault(first, {})[BETWEEN.join(map(spell, others))] = None
    return "|".join(spell(first) + _behind([*rest]) for first, rest in rests.items())


def _behind(rests: Sequence[str]) -> str:
    """What follows a first word, where one may be nothing."""
    more = [rest for rest in rests if rest]
    if not more:
        return ""
    either = more[0] if len(more) == 1 else f"(?:{'|'.join(more)})"
    found = BETWEEN + either
    return found if len(more) == len(rests) else f"(?:{found})?"
