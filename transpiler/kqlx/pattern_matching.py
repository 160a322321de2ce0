"""What stands between the stars of a pattern → a test of whole texts, in time linear in the text,
whatever the number of stars.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

Segment = Sequence[str | None]
"""Texts, and None for any one character."""
Matcher = Callable[[str], bool]


def matcher(segments: Sequence[Segment], any_one: str = ".") -> Matcher:
    """The test. ``any_one`` is the regular expression of what None stands for."""
    if any(None in segment for segment in segments):
        return _searching(segments, any_one)
    texts = ["".join([text for text in segment if text]) for segment in segments]
    match texts:
        case [only]:
            return only.__eq__
        case ["", ""]:
            return lambda text: True
        case [start, ""]:
            return lambda text: text.startswith(start)
        case ["", end]:
            return lambda text: text.endswith(end)
        case ["", inner, ""]:
            return lambda text: inner in text
    return _finding(texts)


def _finding(texts: list[str]) -> Matcher:
    """A test for two texts or more with stars between: each is the first behind the one before."""
    first, *middle, last = texts
    least = sum(map(len, texts))

    def fit(text: str) -> bool:
        if len(text) < least or not text.startswith(first) or not text.endswith(last):
            return False
        position, end = len(first), len(text) - len(last)
        for part in middle:
            at = text.find(part, position, end)
            if at < 0:
                return False
            position = at + len(part)
        return True

    return fit


def _searching(segments: Sequence[Segment], any_one: str) -> Matcher:
    """The same with ``?`` in the texts, each of which still has one length."""

    def expression(segment: Segment) -> re.Pattern[str]:
        each = [any_one if text is None else re.escape(text) for text in segment]
        return re.compile("".join(each), re.DOTALL)

    def length(segment: Segment) -> int:
        return sum(1 if text is None else len(text) for text in segment)

    expressions = list(map(expression, segments))
    if len(segments) == 1:
        return lambda text: expressions[0].fullmatch(text) is not None
    first, *middle, last = expressions
    least, behind = sum(map(length, segments)), length(segments[-1])

    def fit(text: str) -> bool:
        end = len(text) - behind
        start = first.match(text)
        if len(text) < least or start is None or last.match(text, end) is None:
            return False
        position = start.end()
        for part in middle:
            found = part.search(text, position, end)
            if found is None:
                return False
            position = found.end()
        return True

    return fit
