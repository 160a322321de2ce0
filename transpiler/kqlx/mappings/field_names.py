"""Which field names are known, of ECS and of any data source, and what a name that is not may have
been meant to be.
"""

from __future__ import annotations

from functools import cache

from kqlx.elastic import ecs
from kqlx.elastic.multi_fields import base_field
from kqlx.mappings.nested import in_any_place
from kqlx.mappings.reader.builtin import builtin_names

MOST_EDITS = 2
"""Letters that may be missing, too many, other ones or swapped; one of them in short names."""

_SHORT = 8


def nearest(name: str) -> str:
    """The known field name that this one is a misspelling of, or ""; "" for a known name too.

    Unknown are names that neither ECS nor any pack of this package has, below an object of which
    neither says that anything may stand there.
    """
    known, openings = _known()
    for spelt in (name, base_field(name), in_any_place(name)):
        if spelt in known or spelt.startswith(openings):
            return ""
    most = MOST_EDITS if len(name) > _SHORT else 1
    best, found = most + 1, ""
    for other in sorted(known):
        if abs(len(other) - len(name)) < best and (edits := _edits(name, other, best - 1)) < best:
            best, found = edits, other
    return found


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
