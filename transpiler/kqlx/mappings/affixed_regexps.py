"""A part of what a column holds, between what is known to stand round it, as a regular expression
of the whole: it finds what the part meets and nothing else, for below a ``not``.
"""

from __future__ import annotations

from collections.abc import Iterable

from kqlx.mappings.path_parts import MOST_RUNS
from kqlx.nodes import Like, Literal, Regexp, case_of
from kqlx.patterns import ANY_RUN, Pattern
from kqlx.regular_expressions import (
    ANY_TEXT,
    CharClass,
    Item,
    Repeat,
    Sequence,
    choice,
    from_text,
    sequence,
)


def affixed_regexp(test: Like, fits: Iterable[str], lacks: str) -> Regexp | None:
    """The test of a part as one of the whole; None for a pattern of too many stars, or of a sign
    that the part never has. ``fits`` are patterns of the whole, in which ``{}`` stands for the
    part; in the part are none of the signs of ``lacks``.
    """
    asked = test.pattern.collapsed()
    runs = sum(token is ANY_RUN for token in asked.tokens)
    has = {sign for text in asked.literals for sign in text}
    if runs > MOST_RUNS or has & {*lacks} or not isinstance(test.field, Literal):
        return None
    other = CharClass(tuple((sign, sign) for sign in lacks), negated=True)
    part = _items(asked, other)
    ends: dict[str, list[str]] = {}
    for text in fits:
        before, _, after = text.partition("{}")
        ends.setdefault(before, []).append(after)
    starts: dict[tuple[str, ...], list[str]] = {}
    for before, each in ends.items():
        starts.setdefault(tuple(each), []).append(before)
    found = [
        sequence(choice(*map(_around, befores)), part, _end(afters))
        for afters, befores in starts.items()
    ]
    return Regexp(test.field, choice(*found), test.span, case=case_of(test))


def _around(text: str) -> Item:
    return _items(Pattern.from_stars(text), None)


def _end(afters: tuple[str, ...]) -> Item:
    """One of several ends, of which one may be nothing."""
    others = [text for text in afters if text]
    if not others:
        return Sequence(())
    end = choice(*map(_around, others))
    return end if "" not in afters else Repeat(end, 0, 1)


def _items(pattern: Pattern, other: CharClass | None) -> Item:
    """The pattern, whose wildcards stand for the signs of a class, or for any."""
    run = ANY_TEXT if other is None else Repeat(other, 0, None)
    one = CharClass((), negated=True) if other is None else other
    return sequence(
        *[
            from_text(token) if isinstance(token, str) else run if token is ANY_RUN else one
            for token in pattern.tokens
        ]
    )
