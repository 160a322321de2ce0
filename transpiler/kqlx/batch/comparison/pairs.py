"""Which rule of one side is which of the other: by its id, then by its path, then by its name."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable

from kqlx.batch.comparison.side import Entry

Pair = tuple[Entry | None, Entry | None]
_Key = Callable[[Entry], Hashable]
"""By what rules are the same; None where a rule has nothing of the kind."""

_KEYS: tuple[_Key, ...] = (
    lambda entry: (entry.id, entry.path) if entry.id else None,
    lambda entry: entry.id or None,
    lambda entry: (entry.path, entry.name) if entry.name else None,
    lambda entry: entry.path,
)


def pairs(old: Iterable[Entry], new: Iterable[Entry]) -> list[Pair]:
    """Each rule once: those of the new side in their order, then those that only the old one has.

    Rules of one key are taken in their order. Two rules of one name are the same where one of them
    has no id.
    """
    left, right = {e.number: e for e in old}, {e.number: e for e in new}
    found: dict[int, Entry] = {}

    def match(key: _Key, lefts: Iterable[Entry], rights: Iterable[Entry]) -> None:
        known: dict[Hashable, deque[Entry]] = {}
        for entry in lefts:
            if (at := key(entry)) is not None:
                known.setdefault(at, deque()).append(entry)
        for entry in rights:
            if (at := key(entry)) is not None and known.get(at):
                found[entry.number] = known[at].popleft()

    def free() -> tuple[list[Entry], list[Entry]]:
        taken = {entry.number for entry in found.values()}
        return (
            [entry for entry in left.values() if entry.number not in taken],
            [entry for entry in right.values() if entry.number not in found],
        )

    for key in _KEYS:
        match(key, *free())
    lefts, rights = free()
    match(_name, [entry for entry in lefts if not entry.id], rights)
    lefts, rights = free()
    match(_name, lefts, [entry for entry in rights if not entry.id])
    lefts, _ = free()
    return [(found.get(entry.number), entry) for entry in right.values()] + [
        (entry, None) for entry in lefts
    ]


def _name(entry: Entry) -> Hashable:
    return entry.name or None
