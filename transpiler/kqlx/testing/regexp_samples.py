"""Texts that a regular expression fits (``kqlx.regular_expressions``)."""

from __future__ import annotations

from kqlx.regular_expressions import Char, CharClass, Choice, Item, Repeat, Sequence


def samples(item: Item) -> list[str]:
    """Some texts that match: with the least and with more repeats, and each alternative."""
    found = [_sample(item, more, turn) for more in (0, 1, 2) for turn in (0, 1)]
    return list(dict.fromkeys(found))


def _sample(item: Item, more: int, turn: int) -> str:
    match item:
        case Char():
            return item.value
        case CharClass():
            return _one_of(item, turn)
        case Repeat():
            times = item.least + more
            times = min(times, item.most) if item.most is not None else times
            return _sample(item.item, more, turn) * times
        case Sequence():
            return "".join([_sample(each, more, turn) for each in item.items])
        case Choice():
            return _sample(item.items[turn % len(item.items)], more, turn)


def _one_of(item: CharClass, turn: int) -> str:
    if not item.negated:
        return item.ranges[turn % len(item.ranges)][turn % 2]
    allowed = (c for c in "x-yZ 0" if not any(a <= c <= b for a, b in item.ranges))
    free = [*allowed, "\u00e4", "\u4e00"]
    return free[turn % len(free)]
