"""One side of a comparison: what became of its rules, on the disk, and a list of them in memory."""

from __future__ import annotations

from pathlib import PurePath

from kqlx.batch.outcome import RuleOutcome, Status
from kqlx.batch.spool import OutcomeSpool
from kqlx.records import dataclass, field


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule, by what it is known on the other side: ``path`` is relative to the folder that is
    compared. ``number`` counts the rules of the side.
    """

    number: int
    id: str
    path: str
    name: str


@dataclass(slots=True)
class Side:
    """``root`` is the path that the user names: a folder, unless ``is_file``, or a pattern with
    stars, which stands for what is in the last folder without one. ``outcomes`` are on
    the disk, so that of many rules no more than their entries are in memory. Of a side that
    ``is_partial`` something could not be read or used; one that ``has_gaps`` may have rules that
    are not known at all, such as those of a folder that cannot be read.
    """

    root: str
    is_file: bool = False
    entries: list[Entry] = field(default_factory=list)
    outcomes: OutcomeSpool = field(default_factory=OutcomeSpool)
    is_partial: bool = False
    has_gaps: bool = False

    def take(self, outcome: RuleOutcome) -> None:
        """Files that hold no rule are none to compare. Raises OutputError."""
        self.is_partial |= outcome.is_unusable
        self.has_gaps |= outcome.is_unusable and not outcome.rule.path
        self.is_partial |= any(made.is_unusable for made in outcome.conversions)
        if outcome.status is Status.NO_RULE or not outcome.rule.path:
            return
        rule = outcome.rule
        number = self.outcomes.add(outcome)
        self.entries.append(Entry(number, rule.id, self._relative(rule.path), rule.name))

    def outcome(self, entry: Entry) -> RuleOutcome:
        return self.outcomes.at(entry.number)

    def close(self) -> None:
        """Frees what is on the disk."""
        self.outcomes.close()

    def _relative(self, path: str) -> str:
        if self.is_file:
            return ""
        pure, root = PurePath(path), PurePath(self.root)
        for above in (root, *root.parents):
            if pure.is_relative_to(above):
                return pure.relative_to(above).as_posix()
        return path
