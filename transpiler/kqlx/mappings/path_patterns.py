"""Paths that a destination begins otherwise, or keeps in two columns: patterns of Elastic's → those
of the destination. Where hives are spelled out, ``HKLM\\Run\\*`` asks for
``HKEY_LOCAL_MACHINE\\Run\\*``.

A pattern is known by its parts, between which stands anything or nothing; one part is a text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from kqlx.patterns import fits

Parts = tuple[str, ...]

SEPARATOR = "\\"
_ANY = None  # among characters: a star


def respelled_patterns(
    parts: Parts, prefixes: Mapping[str, Sequence[str]], ignore_case: bool = False
) -> list[Parts]:
    """The patterns that fit a text in the destination where ``parts`` fits Elastic's.

    ``prefixes`` has by the beginning of Elastic's texts those in the destination, where each text
    has one of them. A pattern that tells no beginnings apart stays as it is, and so does one that
    fits none at all; none fits where only a beginning there would.
    """
    signs = _signs(parts)
    pairs = [(ours, there) for ours, each in prefixes.items() for there in each]
    rest = {text: _behind(signs, text, ignore_case) for pair in pairs for text in pair}
    if not any(rest[ours] for ours, _ in pairs):
        return [] if any(rest.values()) else [parts]
    may_be: dict[str, set[int]] = {}
    for ours, there in pairs:
        may_be.setdefault(there, set()).update(rest[ours])
    as_it_is = all(rest[there] <= found for there, found in may_be.items())
    made = [parts] if as_it_is and any(map(rest.get, may_be)) else []
    for ours, there in pairs:
        left = rest[ours] - rest[there] if as_it_is else rest[ours]
        made += [_parts([*there, *signs[at:]]) for at in sorted(left)]
    return without_covered(made)


def without_covered(patterns: Iterable[Parts]) -> list[Parts]:
    """The patterns without those that others fit as well."""
    found: list[Parts] = []
    for parts in sorted(dict.fromkeys(patterns), key=lambda parts: len("".join(parts))):
        if not any(fits(other)("\0".join(parts)) for other in found):
            found.append(parts)
    return found


def split_at_last_separator(parts: Parts) -> Iterator[tuple[Parts, Parts]]:
    """The ways in which a pattern of a path fits it: those of all before its last separator, and
    those of what stands behind it and has none.
    """
    last = max((at for at, part in enumerate(parts) if SEPARATOR in part), default=-1)
    if last >= 0:
        before, _, after = parts[last].rpartition(SEPARATOR)
        yield (*parts[:last], before), (after, *parts[last + 1 :])
    for star in range(max(last, 0), len(parts) - 1):
        yield (*parts[: star + 1], ""), ("", *parts[star + 1 :])


def with_unnamed_value(parts: Parts, unnamed: str) -> Parts:
    """The pattern of a path with a name for what has none behind its last separator."""
    ends = parts[-1].endswith(SEPARATOR)
    return (*parts[:-1], parts[-1] + unnamed) if ends else parts


def _signs(parts: Parts) -> list[str | None]:
    found: list[str | None] = []
    for at, part in enumerate(parts):
        found += [_ANY] * (at > 0) + [*part]
    return found


def _parts(signs: Iterable[str | None]) -> Parts:
    found = [""]
    for sign in signs:
        if sign is _ANY:
            found.append("")
        else:
            found[-1] += sign
    return tuple(found)


def _behind(signs: list[str | None], text: str, ignore_case: bool) -> set[int]:
    """Where in a pattern it goes on behind a text that it begins by fitting, without the places
    that a star before them reaches.
    """
    places = _reached(signs, {0})
    for sign in text:
        on = {at for at in places if at < len(signs) and signs[at] is _ANY}
        on |= {
            at + 1
            for at in places
            if at < len(signs) and (one := signs[at]) is not _ANY and _same(one, sign, ignore_case)
        }
        places = _reached(signs, on)
    stars = {at for at in places if at < len(signs) and signs[at] is _ANY}
    return {at for at in places if at - 1 not in stars}


def _reached(signs: list[str | None], places: set[int]) -> set[int]:
    found = set(places)
    for at in sorted(places):
        while at < len(signs) and signs[at] is _ANY:
            at += 1
            found.add(at)
    return found


def _same(one: str | None, other: str, ignore_case: bool) -> bool:
    return one == other or (ignore_case and str(one).lower() == other.lower())
