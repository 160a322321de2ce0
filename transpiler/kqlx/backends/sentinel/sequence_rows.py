"""The rows of the steps of a sequence or a sample in Sentinel KQL: of each step those of its
tables, with when they happened, the step's number, the keys, what alerts show, and the event whole.

A row is there for each step that its event meets. A step that must be missing has the number of its
place below zero, the one that ends sequences has 0: rows of one time are put in the order of these
numbers, the highest first, so that no event follows another of its time, and none itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as SequenceOf

from kqlx.backends.sentinel.aggregation import TIME
from kqlx.backends.sentinel.alert_columns import AlertColumns
from kqlx.backends.sentinel.ingestion_time import COLUMN, about_arrival, ingested
from kqlx.backends.sentinel.lookups import with_lookups
from kqlx.backends.sentinel.multiple_sources import UNION, TableQuery, WrittenSource
from kqlx.backends.sentinel.named_values import NamedValues
from kqlx.backends.sentinel.query import query_of
from kqlx.backends.sentinel.result_columns import FieldValues, as_column, columns_made
from kqlx.backends.sentinel.schedule import Run, span
from kqlx.backends.sentinel.sequence_keys import KeyColumn, with_keys
from kqlx.backends.sentinel.syntax import identifier
from kqlx.backends.target import Plan, PlannedSource, PlannedStep
from kqlx.fragments import Piece
from kqlx.notes import Note
from kqlx.records import dataclass, replace
from kqlx.rules.late_events import by_arrival

STEP = "Step"
EVENT = "Event"

_MARGIN = "    "


@dataclass(frozen=True, slots=True)
class StepRows:
    """The rows of one step: the query of each of its sources, and the columns that alerts show."""

    number: int
    queries: tuple[str, ...]
    shown: tuple[FieldValues, ...]
    runs: int
    notes: tuple[Note, ...]
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class RowsWriter:
    """Writes the rows of steps. ``run`` is that of the rule that the query is for, whose rows have
    when they were ingested; ``within`` is how many seconds ago they may have been, None: any time.
    """

    plan: Plan
    keys: tuple[KeyColumn, ...]
    values: NamedValues
    run: Run | None
    within: int | None

    def rows(self, planned: PlannedStep, number: int, shown: SequenceOf[AlertColumns]) -> StepRows:
        """The rows of a step. ``shown`` is what alerts show of each of its sources."""
        queries: list[TableQuery] = []
        notes: list[Note] = []
        pieces: list[Piece] = []
        columns: dict[str, FieldValues] = {}
        for source, one in zip(planned.sources, shown, strict=True):
            written = self._written(source)
            query, keys = with_keys(written.query, planned, source.bound, self.keys)
            taken = {key.name for key in keys}
            more = [values for values in one.columns if values.name not in taken]
            columns.update({values.name: values for values in more})
            projected = self._projected(query, number, keys, more)
            written = replace(written, query=projected)
            written = with_lookups(written, source.bound, self.values, ())
            queries.append(written.query)
            notes += written.notes
            pieces += written.pieces
        texts = tuple(dict.fromkeys(query.text() for query in queries))
        return StepRows(
            number, texts, tuple(columns.values()), planned.step.runs, tuple(notes), tuple(pieces)
        )

    def _written(self, source: PlannedSource) -> WrittenSource:
        bound, options, rule = source.bound, source.options, self.plan.rule
        written = query_of(bound, options, self.values, keeps_arrival=self.run is not None)
        notes = written.notes
        if self.run is None:
            if by_arrival(rule):
                notes = (*notes, *about_arrival(rule, bound, options, None))
            return replace(written, notes=notes)
        time = ingested(bound, options)
        steps = [f"| extend {COLUMN} = {time}"]
        if self.within is not None:
            steps.insert(0, f"| where {time} > ago({span(self.within)})")
        if self.run.events:
            steps.insert(0, f"| where {TIME} > ago({span(self.run.events)})")
        return replace(written, query=replace(written.query, of_each=tuple(steps)), notes=notes)

    def _projected(
        self,
        query: TableQuery,
        number: int,
        keys: Iterable[FieldValues],
        shown: Iterable[FieldValues],
    ) -> TableQuery:
        made = [TIME, f"{STEP} = {number}"]
        made += [as_column(values) or identifier(values.name) for values in (*keys, *shown)]
        made += [COLUMN] if self.run is not None else []
        made.append(f"{EVENT} = pack_all(true)")
        return replace(query, steps=(*query.steps, columns_made("project", made)))


def union_of(branches: SequenceOf[str]) -> list[str]:
    """The rows of several queries."""
    if len(branches) == 1:
        return [branches[0]]
    each = [branch.replace("\n", "\n" + _MARGIN) for branch in branches]
    return [UNION, ",\n".join(f"{_MARGIN}({branch})" for branch in each)]


def names(keys: Iterable[KeyColumn]) -> list[str]:
    """The names of the keys, as Kusto spells them."""
    return [identifier(key.name) for key in keys]


def in_order(keys: Iterable[KeyColumn], *more: str, time: str = "asc") -> str:
    """``sort`` by the keys, the time, and what follows."""
    columns = [f"{name} asc" for name in names(keys)]
    return f"| sort by {', '.join([*columns, f'{TIME} {time}', *more])}"
