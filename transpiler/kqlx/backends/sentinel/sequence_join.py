"""Sequences in Sentinel KQL by ``join``, as most rules of Sentinel are written: events of the same
keys one after the other within the span, of each last event the latest that came before.

A join knows no states: an event that repeats the last step is found again
(https://learn.microsoft.com/kusto/query/join-operator?view=microsoft-sentinel).
"""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf

from kqlx.backends.sentinel.aggregation import TIME
from kqlx.backends.sentinel.ingestion_time import COLUMN
from kqlx.backends.sentinel.result_columns import columns_made
from kqlx.backends.sentinel.sequence_keys import KeyColumn
from kqlx.backends.sentinel.sequence_rows import EVENT, StepRows, names, union_of
from kqlx.backends.sentinel.sequence_scan import ARRIVED, START, duration, earlier
from kqlx.backends.sentinel.syntax import identifier
from kqlx.notes import Effect, Note
from kqlx.records import dataclass


@dataclass(frozen=True, slots=True)
class SequenceJoin:
    """A sequence of steps, each of one event; the rest as in ``SequenceScan``."""

    keys: tuple[KeyColumn, ...]
    steps: tuple[StepRows, ...]
    max_span: int | None
    arrivals: bool

    def lines(self) -> list[str]:
        """The whole pipeline, to rows that have the times and the events of a sequence."""
        first, *others = self.steps
        lines = [*union_of(first.queries), self._named(first, START)]
        before = START
        for number, rows in enumerate(others, 2):
            last = number == len(self.steps)
            time = TIME if last else f"Time{rows.number}"
            lines += self._joined(rows, before, time)
            before = time
        if self.arrivals:
            each = [f"{COLUMN}{rows.number}" for rows in self.steps]
            lines.append(f"| extend {ARRIVED} = max_of({', '.join(each)})")
        return lines

    def _named(self, rows: StepRows, time: str, shown: bool = True) -> str:
        """The columns of a step under names that no other has."""
        made = [*names(self.keys), time if time == TIME else f"{time} = {TIME}"]
        made.append(f"{EVENT}{rows.number} = {EVENT}")
        made += [f"{COLUMN}{rows.number} = {COLUMN}"] if self.arrivals else []
        last = rows is self.steps[-1]
        for values in rows.shown if shown else ():
            name = identifier(values.name)
            made.append(name if last else f"{earlier(values.name, rows.number)} = {name}")
        return columns_made("project", made)

    def _joined(self, rows: StepRows, before: str, time: str) -> list[str]:
        inner = "\n".join([*union_of(rows.queries), self._named(rows, time)])
        inner = inner.replace("\n", "\n    ")
        test = f"{time} > {before}"
        if self.max_span is not None:
            test += f" and {time} - {START} <= {duration(self.max_span)}"
        by = ", ".join([*names(self.keys), time])
        away = ", ".join(identifier(f"{key.name}1") for key in self.keys)
        return [
            f"| join kind=inner (\n    {inner}\n) on {', '.join(names(self.keys))}",
            f"| where {test}",
            f"| project-away {away}",
            f"| summarize arg_max({START}, *) by {by}",
        ]


def about_join(steps: SequenceOf[StepRows]) -> Note:
    """What a join finds beyond the sequences."""
    last = steps[-1].number
    message = (
        f"each event of step {last} is found that has the others before it, also when another one"
        " has completed the sequence already"
    )
    return Note("sequence-repeated", Effect.WIDER, message)
