"""Samples in Sentinel KQL: events of the same keys in any order, a different one for each step."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as SequenceOf
from itertools import combinations

from kqlx.backends.sentinel.aggregation import TIME, summarized
from kqlx.backends.sentinel.ingestion_time import COLUMN
from kqlx.backends.sentinel.sequence_keys import KeyColumn
from kqlx.backends.sentinel.sequence_rows import EVENT, STEP, StepRows, names, union_of
from kqlx.backends.sentinel.sequence_scan import ARRIVED, START, earlier
from kqlx.backends.sentinel.syntax import fold
from kqlx.records import dataclass


@dataclass(frozen=True, slots=True)
class SampleQuery:
    """A sample; the number of a step is a bit. ``together`` are places of steps whose events may be
    the same, in groups.
    """

    keys: tuple[KeyColumn, ...]
    steps: tuple[StepRows, ...]
    together: tuple[tuple[int, ...], ...]
    arrivals: bool

    def lines(self) -> list[str]:
        """The whole pipeline, to rows that have the times and the events of a sample.

        Steps have different events if any so many of them have as many events together.
        """
        lines = union_of([query for rows in self.steps for query in rows.queries])
        keys = names(self.keys)
        if any(len(group) > 1 for group in self.together):
            by = ", ".join([*keys, TIME, "Identity = tostring(Event)"])
            lines.append(fold(f"| summarize {STEP} = binary_all_or({STEP}), take_any(*) by {by}"))
            lines[-1] = lines[-1].replace("take_any(*)", self._kept())
        sums = [f"{START} = min({TIME})", f"{TIME} = max({TIME})"]
        sums += [f"{ARRIVED} = max({COLUMN})"] if self.arrivals else []
        last = len(self.steps)
        for place, rows in enumerate(self.steps):
            test = self._meets(1 << place)
            sums.append(f"{EVENT}{place + 1} = take_anyif({EVENT}, {test})")
            for values in rows.shown:
                name = values.name if place + 1 == last else earlier(values.name, place + 1)
                sums.append(f"{name} = take_anyif({values.name}, {test})")
        tests = []
        for bits in self._groups():
            count = f"Found{bits}"
            sums.append(f"{count} = countif({self._meets(bits)})")
            tests.append(f"{count} >= {bits.bit_count()}")
        lines.append(summarized(sums, f"by {', '.join(keys)}"))
        lines.append(fold(f"| where {' and '.join(tests)}"))
        return lines

    def _kept(self) -> str:
        shown = {values.name: values for rows in self.steps for values in rows.shown}
        columns = [EVENT, *shown, *([COLUMN] if self.arrivals else [])]
        return ", ".join(f"{name} = take_any({name})" for name in columns)

    def _meets(self, bits: int) -> str:
        return f"binary_and({STEP}, {bits}) != 0"

    def _groups(self) -> Iterator[int]:
        """The steps, as bits, of which there must be as many events."""
        for group in self.together:
            for size in range(1, len(group) + 1):
                for places in combinations(group, size):
                    yield sum(1 << place for place in places)


def sharing(tables: SequenceOf[frozenset[str]]) -> tuple[tuple[int, ...], ...]:
    """Steps whose events may be the same: those that read the same tables, by their places."""
    groups: list[tuple[set[int], set[str]]] = []
    for place, named in enumerate(tables):
        places, all_named = {place}, {*named}
        apart = []
        for other, others in groups:
            if all_named & others:
                places |= other
                all_named |= others
            else:
                apart.append((other, others))
        groups = [*apart, (places, all_named)]
    return tuple(sorted(tuple(sorted(places)) for places, _ in groups))
