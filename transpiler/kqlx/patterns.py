"""Patterns of stars against whole texts, without backtracking."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def fits(parts: Sequence[str]) -> Callable[[str], bool]:
    """A test whether a whole text fits ``parts``, between which stands anything or nothing.

    One part alone must be equal. The time is linear in the text, whatever the number of stars.
    """
    if len(parts) == 1:
        return parts[0].__eq__
    first, *middle, last = parts
    middle = [part for part in middle if part]
    if not middle and not last:
        return lambda text: text.startswith(first)
    if not middle and not first:
        return lambda text: text.endswith(last)
    if len(middle) == 1 and not first and not last:
        inner = middle[0]
        return lambda text: inner in text
    least = sum(map(len, parts))

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
