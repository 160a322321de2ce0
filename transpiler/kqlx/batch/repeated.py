"""What is true of many rules alike, such as what a destination may lack: said once, at the end of a
run, with the number of rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field, replace

from kqlx.batch.messages import Choice, lines_of
from kqlx.batch.outcome import Remark, Severity
from kqlx.notes import Effect
from kqlx.records import dataclass
from kqlx.rules.places import FilePlace

_Key = tuple[Severity, str, str, str, str]


@dataclass(slots=True)
class Repeated:
    """Keeps remarks about rules as a whole that claim no difference on the same events: the first
    of each, and how many rules it is true of.
    """

    first: dict[_Key, Remark] = field(default_factory=dict)
    counts: dict[_Key, int] = field(default_factory=dict)

    def left(self, target: str, remarks: Iterable[Remark], choice: Choice) -> list[Remark]:
        """The remarks that are to be said with their rule; the others are kept."""
        if choice.verbose or not choice.grouped:
            return [*remarks]
        found = []
        for remark in remarks:
            if not _is_of_many(remark):
                found.append(remark)
            elif choice.takes(remark):
                key = (remark.severity, target, remark.code, remark.message, remark.hint)
                self.first.setdefault(key, remark)
                self.counts[key] = self.counts.get(key, 0) + 1
        return found

    def lines(self, choice: Choice) -> Iterator[str]:
        """What was kept: warnings first, and what is true of most rules first."""
        order = [*Severity]

        def rank(key: _Key) -> tuple[int, int, _Key]:
            return -order.index(key[0]), -self.counts[key], key

        for key in sorted(self.first, key=rank):
            remark, count = self.first[key], self.counts[key]
            if count > 1:
                message = f"{count} rules: {remark.message}"
                remark = replace(remark, message=message, place=FilePlace(""), count=1)
            yield from lines_of(key[1], [remark], choice)


def _is_of_many(remark: Remark) -> bool:
    about_all = remark.span is None and remark.severity is not Severity.ERROR
    return about_all and remark.effect in (Effect.SAME, Effect.COVERAGE)
