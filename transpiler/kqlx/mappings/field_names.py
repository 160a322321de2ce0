"""Which field names are known, of ECS and of any data source, and what a name that is not may have
been meant to be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from kqlx.elastic import ecs
from kqlx.elastic.multi_fields import base_field
from kqlx.mappings.nested import in_any_place
from kqlx.mappings.reader.builtin import builtin_names, is_builtin_name

MOST_EDITS = 2
"""Letters that may be missing, too many, other ones or swapped; one of them in short names."""

_SHORT = 8


def nearest(name: str) -> str:
    """The known field name that this one is a misspelling of, or ""; "" for a known name too.

    Unknown are names that neither ECS nor any pack of this package has, below an object of which
    neither says that anything may stand there.
    """
    if name in ecs.types() or is_builtin_name(name):
        return ""
    known, openings = _known()
    for spelt in (name, base_field(name), in_any_place(name)):
        if spelt in known or spelt.startswith(openings):
            return ""
    most = MOST_EDITS if len(name) > _SHORT else 1
    letters = _letters(name)
    candidates = [
        (_edits(name, other, most), other)
        for length in range(len(name) - most, len(name) + most + 1)
        for other, others_letters in _by_length().get(length, ())
        if (letters ^ others_letters).bit_count() <= 2 * most
    ]
    edits, found = min(candidates, default=(most + 1, ""))
    return found if edits <= most else ""


@cache
def _known() -> tuple[frozenset[str], tuple[str, ...]]:
    """All names, and the beginnings of names below which anything may stand."""
    names = set(ecs.types())
    openings = {f"{name}." for name, kind in ecs.types().items() if kind in ("object", "flattened")}
    spoken = builtin_names()
    names |= {name for name in spoken if "*" not in name}
    openings |= {name.removesuffix("*") for name in spoken if name.endswith(".*")}
    # What ECS leaves open only says something of names that it has no other below.
    openings = {o for o in openings if len(o.split(".")) > 2 or o in ("labels.",)}
    return frozenset(names), tuple(sorted(openings))


@cache
def _by_length() -> Mapping[int, Sequence[tuple[str, int]]]:
    """The known names of each length, with their letters."""
    found: dict[int, list[tuple[str, int]]] = {}
    for name in _known()[0]:
        found.setdefault(len(name), []).append((name, _letters(name)))
    return found


def _letters(name: str) -> int:
    """A bit for each letter in a name, and one for each that it has twice: names that are few edits
    apart have nearly the same, since an edit changes two bits at most.
    """
    once = twice = 0
    for letter in name:
        bit = 1 << (ord(letter) & 63)
        twice |= once & bit
        once |= bit
    return once | twice << 64


def _edits(one: str, other: str, most: int) -> int:
    """How many letters differ between two texts, two swapped ones counted once; more than ``most``
    is not counted out.
    """
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return last[-1]
