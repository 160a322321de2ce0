"""The counts of a run, and the line that tells them at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from kqlx.batch.outcome import RuleOutcome, Status
from kqlx.notes import Effect
from kqlx.records import dataclass, field

_TOLD = (Effect.CASE, Effect.COVERAGE, Effect.WIDER, Effect.NARROWER, Effect.DIFFERENT)


@dataclass(slots=True)
class Summary:
    """Counts by target: ``statuses``, and of what was converted ``effects``, by fidelity.

    ``rules`` are those that were put to the targets, ``failed`` those that are broken, ``unread``
    what could not be read, and ``skipped`` and ``others`` the rules in other languages, by
    language, and the files that are no rules.
    """

    rules: int = 0
    failed: int = 0
    unread: int = 0
    others: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    statuses: dict[str, Counter[Status]] = field(default_factory=dict)
    effects: dict[str, Counter[Effect]] = field(default_factory=dict)

    def add(self, outcome: RuleOutcome) -> None:
        if outcome.status is Status.SKIPPED:
            self.skipped[outcome.kind] += 1
        elif outcome.status is Status.NO_RULE:
            self.others += 1
        elif outcome.status is Status.FAILED:
            self.unread += outcome.is_unusable
            self.failed += not outcome.is_unusable
            self.rules += not outcome.is_unusable
        else:
            self.rules += 1
        for made in outcome.conversions:
            self.statuses.setdefault(made.target, Counter())[made.status] += 1
            if made.fidelity is not None:
                self.effects.setdefault(made.target, Counter())[made.fidelity] += 1

    @property
    def is_of_several(self) -> bool:
        """Whether there is more to count than one rule."""
        return self.rules + self.unread + self.others + self.skipped.total() > 1

    def __str__(self) -> str:
        """As in ``96 rules: spl 86 converted (57 case, 29 wider), 10 refused; 3 skipped (eql)``."""
        parts = [f"{target} {self._told(target)}" for target in self.statuses]
        if self.failed:
            parts.append(f"{self.failed} failed")
        text = _number(self.rules, "rule")
        if parts:
            text = f"{text}: {'; '.join(parts)}"
        if self.skipped:
            kinds = _list(f"{count} {kind}" for kind, count in self.skipped.most_common())
            text += f"; {self.skipped.total()} skipped ({kinds})"
        if self.others:
            text += f"; {_number(self.others, 'file')} without a rule"
        if self.unread:
            text += f"; {_number(self.unread, 'file')} not read"
        return text

    def _told(self, target: str) -> str:
        counts, effects = self.statuses[target], self.effects.get(target, Counter())
        told = _list(f"{effects[effect]} {effect}" for effect in _TOLD if effects[effect])
        parts = [f"{counts[Status.CONVERTED]} converted{told and f' ({told})'}"]
        for status in (Status.REFUSED, Status.FAILED):
            if counts[status]:
                parts.append(f"{counts[status]} {status}")
        return ", ".join(parts)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _list(items: Iterable[str]) -> str:
    return ", ".join(items)
