"""How often each code is said, with its effect, as a table for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from kqlx.batch.outcome import Remark, RuleOutcome, Severity
from kqlx.batch.reports.code_pages import meaning_of
from kqlx.records import dataclass, field

_Key = tuple[str, str]
"""The effect, or the severity where a remark has none, and the code."""


@dataclass(slots=True)
class Statistics:
    """By code and effect: the number of rules, and of places in them (``places``), by target."""

    rules: Counter[_Key] = field(default_factory=Counter)
    places: Counter[_Key] = field(default_factory=Counter)
    targets: dict[_Key, Counter[str]] = field(default_factory=dict)
    ranks: dict[_Key, tuple[int, int]] = field(default_factory=dict)

    def take(self, outcome: RuleOutcome) -> None:
        seen: dict[_Key, None] = {}
        for remark in outcome.remarks:
            seen[self._add(remark)] = None
        for made in outcome.conversions:
            of_target: dict[_Key, None] = {}
            for remark in made.remarks:
                of_target[self._add(remark)] = None
            for key in of_target:
                self.targets.setdefault(key, Counter())[made.target] += 1
            seen |= of_target
        self.rules.update(seen.keys())

    def lines(self) -> Iterator[str]:
        """The table, the worst effects first, of an effect what concerns most rules."""
        keys = sorted(self.rules, key=lambda key: (self.ranks[key], -self.rules[key], key))
        rows = [("rules", "places", "effect", "code", "targets")]
        for key in keys:
            targets = self.targets.get(key, Counter())
            told = ", ".join(f"{name} {count}" for name, count in sorted(targets.items()))
            rows.append((str(self.rules[key]), str(self.places[key]), *key, told))
        if len(rows) == 1:
            return
        widths = [max(len(row[i]) for row in rows) for i in range(5)]
        for number, row in enumerate(rows):
            rules, places = row[0].rjust(widths[0]), row[1].rjust(widths[1])
            others = [cell.ljust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]
            meaning = meaning_of(row[3]) if number else "meaning"
            yield "  ".join([rules, places, *others, meaning])

    def _add(self, remark: Remark) -> _Key:
        first = str(remark.severity if remark.effect is None else remark.effect)
        key = (first, remark.code)
        self.places[key] += remark.count
        effect = -1 if remark.effect is None else int(remark.effect)
        self.ranks[key] = (-effect, -[*Severity].index(remark.severity))
        return key
