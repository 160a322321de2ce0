"""Sequences in Sentinel KQL by ``scan``, whose states are those of EQL's sequences.

``scan`` holds one sequence for each of its steps. It asks the steps from the last to the first: a
row that meets the condition of a step takes what waits at the step before, in place of what was
there, so that the newest sequence counts and each is taken once. A row may also meet a condition
with the step's own state; ``isnull`` of the step's time forbids that, for else an event that
repeats the last step would be found again
(https://learn.microsoft.com/kusto/query/scan-operator?view=microsoft-sentinel).

The events of steps that must be missing, and those that end sequences, are no steps of the
``scan``. An earlier one writes down at each row when the last of them was (and of those behind the
sequence one over the rows in reverse, when the next is), with which the times of the sequence are
compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as SequenceOf

from kqlx.backends.sentinel.aggregation import TIME
from kqlx.backends.sentinel.ingestion_time import COLUMN
from kqlx.backends.sentinel.result_columns import FieldValues, columns_made
from kqlx.backends.sentinel.sequence_keys import KeyColumn
from kqlx.backends.sentinel.sequence_rows import EVENT, STEP, StepRows, in_order, names, union_of
from kqlx.backends.sentinel.syntax import WIDTH, fold
from kqlx.records import dataclass

START = "StartTime"
ARRIVED = "Arrived"
COMPLETE = "Complete"

_ENDED = "Ended"
_GAP = "Broken"
_BEFORE = "Before"
_RUN_START = "RunStart"
_UNTIL = 0
_MOST_ARGUMENTS = 64
"""Of ``max_of``."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Steps that must be missing: their numbers, and behind how many of the others they are."""

    numbers: tuple[int, ...]
    behind: int

    @property
    def column(self) -> str:
        """When one of their events happened."""
        return f"Missing{self.behind + 1}"


@dataclass(frozen=True, slots=True)
class _State:
    """A step of ``scan``: its name, and the step of the sequence that it is a part of."""

    name: str
    rows: StepRows
    place: int


@dataclass(frozen=True, slots=True)
class SequenceScan:
    """A sequence: the rows of its steps, those that must be ``missing``, whose rows are ``others``
    with those that end it, and the longest span in milliseconds. ``arrivals`` says that rows have
    when they were ingested.
    """

    keys: tuple[KeyColumn, ...]
    steps: tuple[StepRows, ...]
    missing: tuple[Missing, ...]
    others: tuple[StepRows, ...]
    until: bool
    max_span: int | None
    arrivals: bool

    def lines(self) -> list[str]:
        """The whole pipeline, to rows that have the times and the events of a sequence."""
        if self._counts_first and len(self.steps) == 1:
            return [*self._run_rows().split("\n"), *self._of_one_row(_RUN_START)]
        first = [self._run_rows()] if self._counts_first else [*self.steps[0].queries]
        rest = [query for rows in (*self.steps[1:], *self.others) for query in rows.queries]
        lines = union_of([*first, *rest])
        lines += self._filled()
        states = self._states()
        if len(states) == 1:
            lines += self._of_one_row(TIME)
        else:
            lines += [in_order(self.keys, f"{STEP} desc"), self._scan(states)]
        return [*lines, *self._tests()]

    # Events that follow one another, of the first step

    @property
    def _counts_first(self) -> bool:
        return self.steps[0].runs > 1 and not self.until and not self.missing

    def _run_rows(self) -> str:
        """The last events of a run, each with when the run began."""
        rows = self.steps[0]
        back = rows.runs - 1
        same = " and ".join(f"{name} == prev({name}, {back})" for name in names(self.keys))
        start = f"prev({TIME}, {back})"
        made = [f"{_RUN_START} = {f'iff({same}, {start}, datetime(null))' if same else start}"]
        if self.arrivals:
            arrivals = [f"prev({COLUMN}, {number})" for number in range(1, rows.runs)]
            made.append(f"{COLUMN} = {_latest([COLUMN, *arrivals])}")
        test = f"isnotnull({_RUN_START})"
        if self.max_span is not None:
            test += f" and {TIME} - {_RUN_START} <= {duration(self.max_span)}"
        lines = [
            *union_of(rows.queries),
            in_order(self.keys),
            columns_made("extend", made),
            f"| where {test}",
        ]
        return "\n".join(lines)

    def _of_one_row(self, start: str) -> list[str]:
        """The columns of a sequence that is one row."""
        made = [f"{START} = {start}", f"{EVENT}{self.steps[0].number} = {EVENT}"]
        made += [f"{ARRIVED} = {COLUMN}"] if self.arrivals else []
        if self._leading is not None:
            made.append(f"{_BEFORE} = {self._leading.column}")
        return [columns_made("extend", made)]

    # Events that must not be there

    @property
    def _leading(self) -> Missing | None:
        return next((one for one in self.missing if one.behind == 0), None)

    @property
    def _trailing(self) -> Missing | None:
        return next((one for one in self.missing if one.behind == len(self.steps)), None)

    def _filled(self) -> Iterator[str]:
        """At each row the time of the last event of each kind that is no part of a sequence."""
        kinds = [(one.column, one.numbers) for one in self.missing if one is not self._trailing]
        if self.until:
            kinds.insert(0, (_ENDED, (_UNTIL,)))
        if kinds:
            yield in_order(self.keys, f"{STEP} desc")
            yield self._fill("past", kinds)
        if self._trailing is not None:
            yield in_order(self.keys, f"{STEP} desc", time="desc")
            yield self._fill("ahead", [(self._trailing.column, self._trailing.numbers)])
        if self.others:
            yield f"| where {STEP} > 0"

    def _fill(self, name: str, kinds: SequenceOf[tuple[str, tuple[int, ...]]]) -> str:
        same = " and ".join(f"{key} == {name}.{key}" for key in names(self.keys))
        assigned = []
        for column, numbers in kinds:
            kept = f"{name}.{column}"
            kept = f"iff({same}, {kept}, datetime(null))" if same else kept
            listed = ", ".join(map(str, numbers))
            test = f"{STEP} == {listed}" if len(numbers) == 1 else f"{STEP} in ({listed})"
            assigned.append(f"{column} = iff({test}, {TIME}, {kept})")
        declared = ", ".join(f"{column}: datetime" for column, _ in kinds)
        step = _step(name, "", "true", assigned)
        return f"| scan declare ({declared}) with (\n{step}\n)"

    def _tests(self) -> Iterator[str]:
        """What is left to be said of a sequence that is complete."""
        if any(0 < one.behind < len(self.steps) for one in self.missing):
            yield f"| where not({_GAP})"
        if self._leading is None and self._trailing is None:
            return
        first = _BEFORE if self._leading else START
        last = self._trailing.column if self._trailing else TIME
        assert self.max_span is not None
        none = [f"isnull({name})" for name in (first, last) if name not in (START, TIME)]
        yield f"| where {' or '.join([*none, f'{last} - {first} > {duration(self.max_span)}'])}"

    # The states

    def _states(self) -> list[_State]:
        found: list[_State] = []
        for place, rows in enumerate(self.steps):
            runs = 1 if place == 0 and self._counts_first else rows.runs
            found += [_State(f"s{len(found) + n + 1}", rows, place) for n in range(runs)]
        return found

    def _scan(self, states: SequenceOf[_State]) -> str:
        first, last = states[0], states[-1]
        declared = [f"{START}: datetime"]
        assigned = [f"{START} = {self._start(first)}"]
        for state in states[:-1]:
            after = states[states.index(state) + 1]
            if after.place == state.place:
                continue  # of a run the last event is kept
            event = f"{EVENT}{state.rows.number}"
            declared.append(f"{event}: dynamic")
            assigned.append(f"{event} = {state.name}.{EVENT}")
            for values in state.rows.shown:
                column = earlier(values.name, state.rows.number)
                declared.append(f"{column}: {values.type}")
                assigned.append(f"{column} = {state.name}.{values.name}")
        declared.append(f"{EVENT}{last.rows.number}: dynamic")
        assigned.append(f"{EVENT}{last.rows.number} = {EVENT}")
        if self._leading is not None:
            declared.append(f"{_BEFORE}: datetime")
            assigned.append(f"{_BEFORE} = {first.name}.{self._leading.column}")
        if self.arrivals:
            declared.append(f"{ARRIVED}: datetime")
            each = [COLUMN, *(f"{state.name}.{COLUMN}" for state in states[:-1])]
            assigned.append(f"{ARRIVED} = {_latest(each)}")
        steps = []
        broken = False
        for number, state in enumerate(states):
            before = states[number - 1] if number else None
            own = []
            gap = self._gap(before, state)
            if before is not None and (gap or broken):
                tests = [f"{before.name}.{_GAP}"] if broken else []
                if gap:
                    tests.append(f"coalesce({gap.column} > {before.name}.{TIME}, false)")
                own.append(f"{_GAP} = {' or '.join(tests)}")
                broken = True
            own += assigned if state is last else []
            output = "" if state is last else " output=none"
            steps.append(_step(state.name, output, self._condition(first, before, state), own))
        if broken:
            declared.append(f"{_GAP}: bool = false")
        text = f"| scan declare ({', '.join(declared)}) with ("
        if len(text) > WIDTH:
            text = f"| scan declare (\n        {fold(', '.join(declared), ' ' * 8)}\n    ) with ("
        return "\n".join([text, *steps, ")"])

    def _start(self, first: _State) -> str:
        return f"{first.name}.{_RUN_START if self._counts_first else TIME}"

    def _gap(self, before: _State | None, state: _State) -> Missing | None:
        """What must be missing between two states."""
        if before is None or before.place == state.place:
            return None
        return next((one for one in self.missing if one.behind == state.place), None)

    def _condition(self, first: _State, before: _State | None, state: _State) -> str:
        tests = [f"{STEP} == {state.rows.number}"]
        if before is None:
            return tests[0]
        tests += [f"{key} == {first.name}.{key}" for key in names(self.keys)]
        tests.append(f"isnull({state.name}.{TIME})")
        if self.max_span is not None:
            tests.append(f"{TIME} - {self._start(first)} <= {duration(self.max_span)}")
        if self.until:
            tests.append(f"(isnull({_ENDED}) or {_ENDED} < {before.name}.{TIME})")
        return " and ".join(tests)


def earlier(name: str, number: int) -> str:
    """The name that a column of an earlier step has in the result."""
    return f"{name}_{number}"


def shown_columns(steps: SequenceOf[StepRows]) -> list[FieldValues]:
    """The columns that alerts show, as the result has them."""
    *others, last = steps
    found = [(earlier(v.name, rows.number), v) for rows in others for v in rows.shown]
    return [
        *last.shown,
        *(FieldValues(values.field, name, name, values.type) for name, values in found),
    ]


def duration(milliseconds: int) -> str:
    """A length of time in the largest unit that fits."""
    for unit, one in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds % one == 0:
            return f"{milliseconds // one}{unit}"
    return f"{milliseconds}ms"


def _latest(columns: SequenceOf[str]) -> str:
    if len(columns) == 1:
        return columns[0]
    if len(columns) > _MOST_ARGUMENTS:
        half = len(columns) // 2
        return f"max_of({_latest(columns[:half])}, {_latest(columns[half:])})"
    return f"max_of({', '.join(columns)})"


def _step(name: str, output: str, condition: str, assigned: SequenceOf[str]) -> str:
    """A step of ``scan``."""
    text = fold(f"    step {name}{output}: {condition}", " " * 8)
    if not assigned:
        return f"{text};"
    made = ",\n        ".join(fold(one, " " * 12) for one in assigned)
    return f"{text} =>\n        {made};"
