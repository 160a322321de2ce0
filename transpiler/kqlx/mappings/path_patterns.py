"""Paths that a destination begins otherwise, or keeps in two columns: patterns of Elastic's → those
of the destination. Where hives are spelled out, ``HKLM\\Run\\*`` asks for
``HKEY_LOCAL_MACHINE\\Run\\*``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from kqlx.patterns import ANY_ONE, ANY_RUN, Pattern, Token, Wildcard

SEPARATOR = "\\"


def respelled_patterns(
    pattern: Pattern, prefixes: Mapping[str, Sequence[str]], ignore_case: bool = False
) -> list[Pattern]:
    """The patterns that fit a text in the destination where ``pattern`` fits Elastic's.

    ``prefixes`` has by the beginning of Elastic's texts those in the destination, where each text
    has one of them. A pattern that tells no beginnings apart stays as it is, and so does one that
    fits none at all; none fits where only a beginning there would.
    """
    signs = _signs(pattern)
    pairs = [(ours, there) for ours, each in prefixes.items() for there in each]
    rest = {text: _behind(signs, text, ignore_case) for pair in pairs for text in pair}
    if not any(rest[ours] for ours, _ in pairs):
        return [] if any(rest.values()) else [pattern]
    may_be: dict[str, set[int]] = {}
    for ours, there in pairs:
        may_be.setdefault(there, set()).update(rest[ours])
    as_it_is = all(rest[there] <= found for there, found in may_be.items())
    made = [pattern] if as_it_is and any(map(rest.get, may_be)) else []
    for ours, there in pairs:
        left = rest[ours] - rest[there] if as_it_is else rest[ours]
        made += [Pattern.of(there, *signs[at:]) for at in sorted(left)]
    return without_covered(made)


def without_covered(patterns: Iterable[Pattern]) -> list[Pattern]:
    """The patterns without those that others fit as well."""
    found: list[Pattern] = []
    covers: list[Callable[[str], bool]] = []
    for pattern in sorted(dict.fromkeys(patterns), key=lambda pattern: len(pattern.text)):
        marked = pattern.marked
        if not any(fits(marked) for fits in covers):
            found.append(pattern)
            covers.append(pattern.coverer())
    return found


def split_at_last_separator(pattern: Pattern) -> Iterator[tuple[Pattern, Pattern]]:
    """The ways in which a pattern of a path fits it: those of all before its last separator, and
    those of what stands behind it and has none.
    """
    tokens = pattern.tokens
    named = [at for at, t in enumerate(tokens) if isinstance(t, str) and SEPARATOR in t]
    last = named[-1] if named else -1
    if named:
        before, _, after = str(tokens[last]).rpartition(SEPARATOR)
        yield Pattern.of(*tokens[:last], before), Pattern.of(after, *tokens[last + 1 :])
    for at in range(last + 1, len(tokens)):
        if tokens[at] is ANY_RUN:
            yield Pattern.of(*tokens[: at + 1]), Pattern.of(*tokens[at:])
        elif tokens[at] is ANY_ONE:  # which may be the separator
            yield Pattern.of(*tokens[:at]), Pattern.of(*tokens[at + 1 :])


def with_unnamed_value(pattern: Pattern, unnamed: str) -> Pattern:
    """The pattern of a path with a name for what has none behind its last separator."""
    ends = pattern.suffix.endswith(SEPARATOR)
    return Pattern.of(*pattern.tokens, unnamed) if ends else pattern


def _signs(pattern: Pattern) -> list[Token]:
    """The characters and wildcards of a pattern, one by one."""
    signs: list[Token] = []
    for token in pattern.tokens:
        signs += [*token] if isinstance(token, str) else [token]
    return signs


def _behind(signs: list[Token], text: str, ignore_case: bool) -> set[int]:
    """Where in a pattern it goes on behind a text that it begins by fitting, without the places
    that a star before them reaches.
    """
    begun = signs[: len(text) + 1]
    if len(begun) > len(text) and not any(isinstance(sign, Wildcard) for sign in begun):
        fits = all(map(partial(_fits, ignore_case=ignore_case), begun, text))
        return {len(text)} if fits else set()
    places = _reached(signs, {0})
    for sign in text:
        on = {at for at in places if at < len(signs) and signs[at] is ANY_RUN}
        on |= {at + 1 for at in places if at < len(signs) and _fits(signs[at], sign, ignore_case)}
        if not on:
            return set()
        places = _reached(signs, on)
    stars = {at for at in places if at < len(signs) and signs[at] is ANY_RUN}
    return {at for at in places if at - 1 not in stars}


def _reached(signs: list[Token], places: set[int]) -> set[int]:
    found = set(places)
    for at in sorted(places):
        while at < len(signs) and signs[at] is ANY_RUN:
            at += 1
            found.add(at)
    return found


def _fits(sign: Token, character: str, ignore_case: bool) -> bool:
    """Whether one character fits a sign that stands for one."""
    if isinstance(sign, Wildcard):
        return sign is ANY_ONE
    return sign == character or (ignore_case and sign.lower() == character.lower())
