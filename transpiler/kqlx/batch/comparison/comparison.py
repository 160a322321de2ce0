"""A comparison of two sides: changes one after the other, with their counts and the exit status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from kqlx.batch.comparison.changes import Kind, RuleChange, change_of
from kqlx.batch.comparison.pairs import pairs
from kqlx.batch.comparison.side import Side
from kqlx.records import dataclass, field

CHANGED = "changed"
"""Anything."""
CONDITIONS = (CHANGED, *map(str, Kind))
"""What may make a comparison fail."""


@dataclass(slots=True)
class Totals:
    """Of rules: those of each side, those that are the same on both, and by kind of change.
    ``unmatched`` are ``ADDED`` or ``REMOVED`` as far as the other side could be read.
    """

    old: int = 0
    new: int = 0
    same: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)
    unmatched: Counter[Kind] = field(default_factory=Counter)

    @property
    def changed(self) -> int:
        """Rules of both sides that are not the same."""
        return self.new - self.kinds[Kind.ADDED] - self.unmatched[Kind.ADDED] - self.same

    def __str__(self) -> str:
        """As in ``2 rules changed (1 meaning, 1 worse), 1 added, 3 removed; 90 the same``."""
        told = [
            f"{self.kinds[kind]} {kind}"
            for kind in Kind
            if self.kinds[kind] and kind not in (Kind.ADDED, Kind.REMOVED)
        ]
        parts = [f"{self.changed} {'rule' if self.changed == 1 else 'rules'} changed"]
        if told:
            parts[0] += f" ({', '.join(told)})"
        parts += [f"{self.kinds[k]} {k}" for k in (Kind.ADDED, Kind.REMOVED) if self.kinds[k]]
        text = f"{', '.join(parts)}; {self.same} unchanged"
        unmatched = self.unmatched.total()
        return f"{text}; {unmatched} not compared" if unmatched else text


@dataclass(slots=True)
class Comparison:
    """``targets`` are their names; ``wanted`` what makes it fail."""

    old: Side
    new: Side
    targets: tuple[str, ...]
    wanted: frozenset[str] = frozenset({CHANGED})
    totals: Totals = field(default_factory=Totals)

    def changes(self) -> Iterator[RuleChange]:
        """What changed, in the order of the new side; then what that has no longer. What may be
        where the other side could not be read is not said to be added or removed.
        """
        self.totals.old, self.totals.new = len(self.old.entries), len(self.new.entries)
        for was, now in pairs(self.old.entries, self.new.entries):
            if was is None and self.old.has_gaps:
                self.totals.unmatched[Kind.ADDED] += 1
                continue
            if now is None and self.new.has_gaps:
                self.totals.unmatched[Kind.REMOVED] += 1
                continue
            change = change_of(
                self.old.outcome(was) if was is not None else None,
                self.new.outcome(now) if now is not None else None,
                self.targets,
                is_moved=was is not None and now is not None and was.path != now.path,
            )
            if change is None:
                self.totals.same += 1
                continue
            self.totals.kinds.update(change.kinds)
            yield change

    @property
    def has_failed(self) -> bool:
        """Whether a change was found that is to make it fail."""
        found = {*map(str, self.totals.kinds)}
        return bool(self.wanted & (found | {CHANGED} if found else found))
