"""The state machine of a sequence of EQL as commands of Splunk: rows of all steps in order of time,
each with what waits before it (``streamstats``), and a condition on the two.

Of each key and step it is the last event before that waits for the next step, and an event of the
next step takes it, so that a row begins nothing new where another one of its step stands behind
what waits. All that a row is told is strictly before it: of one moment the later steps stand first,
and ``until`` and missing events last. The documentation of ``streamstats``:
https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/streamstats.

Names: ``firstTime`` is where the sequence begins whose event the row is, negative where an event
that must be missing stands in it, which is not told apart before the end, for it still takes what
other events would.
"""

from __future__ import annotations

from collections.abc import Iterable

from kqlx.backends.spl.grouped_results import FIRST, LAST
from kqlx.backends.spl.sequence_keys import STEP, SharedKeys
from kqlx.backends.spl.syntax import WIDTH, fold
from kqlx.records import dataclass, field
from kqlx.sequences import Sequence

UNTIL = 0
"""The number of rows that end what waits; those that must be missing have negative ones."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of steps in rows: of those that there are from 1 on, of missing ones behind one
    its negative, and of those before all the least.
    """

    steps: tuple[int, ...]
    present: tuple[int, ...]
    leading: int

    @property
    def last(self) -> int:
        return len(self.present)

    @property
    def has_leading(self) -> bool:
        return self.leading in self.steps

    @property
    def has_trailing(self) -> bool:
        return -self.last in self.steps

    def has_gap(self, number: int) -> bool:
        """Whether something must be missing between a step and the one before it."""
        return number > 1 and 1 - number in self.steps


def numbers_of(asked: Sequence) -> Numbers:
    """The numbers of the steps of a sequence."""
    count = sum(not step.missing for step in asked.steps)
    steps: list[int] = []
    number = 0
    for step in asked.steps:
        number += not step.missing
        steps.append(number if not step.missing else -number if number else -count - 1)
    present = tuple(step.runs for step in asked.steps if not step.missing)
    return Numbers(tuple(steps), present, -count - 1)


@dataclass(frozen=True, slots=True)
class Carried:
    """A field of an earlier event, of the step of a number, that the results have under a name."""

    number: int
    value: str
    name: str


@dataclass()
class _Machine:
    """Writes the commands for one sequence. What ``streamstats`` tells has a name of its own for
    each step, so that nothing rests on what it does where it has nothing to tell.
    """

    numbers: Numbers
    span: int | None
    until: bool
    keys: SharedKeys
    carried: tuple[Carried, ...] = ()
    held: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def write(self) -> list[str]:
        numbers = self.numbers
        if numbers.has_trailing:
            self.lines.append(f"| sort 0 -_time -{STEP}")
            self.tell([_last(-numbers.last, "_time", "afterwards")])
        self.lines.append(f"| sort 0 _time -{STEP}")
        for number, runs in enumerate(numbers.present, 1):
            is_last = number == numbers.last
            self.continued(number, is_last and runs == 1)
            if runs > 1:
                self.repeated(number, runs, is_last)
        return self.lines

    def tell(self, aggregates: Iterable[str]) -> None:
        """What rows before it, of the same keys, tell each row."""
        words = ["streamstats current=f", *aggregates, self.keys.clause]
        self.lines.append("| " + fold(filter(None, words)))

    def continued(self, number: int, is_last: bool) -> None:
        """Settles which rows of a step begin a sequence, or continue one of the step before."""
        if number == 1:
            if told := self.others(number):
                self.tell(told)
            if is_last:
                self.settle(number, is_last, [f"{STEP}=1"], "_time")
            return
        before, begun, taken = number - 1, _name("begun", number), _name("taken", number)
        aggregates, previous = [], begun
        if self.is_plain(before):
            aggregates.append(_last(before, "_time", begun))
        else:
            previous = _name("previous", number)
            aggregates.append(_last_of(before, "_time", previous))
            aggregates.append(_last(before, FIRST, begun))
        if self.numbers.has_leading:
            value = f"coalesce({_name('earlier', before)}, 0)"
            last_of = _last if self.is_plain(before) else _last_of
            aggregates.append(last_of(before, value, _name("earlier", number)))
        aggregates += self.carry(before)
        self.tell([*aggregates, _last(number, "_time", taken), *self.others(number)])
        tests = [f"{STEP}={number}", *self.within(begun, number, is_last)]
        tests.append(f"(isnull({taken}) OR {taken}<={previous})")
        if self.until:
            tests.append(f"(isnull(ended) OR ended<{previous})")
        missed = _name("missed", number) if self.numbers.has_gap(number) else ""
        if missed and is_last:
            tests.append(f"(isnull({missed}) OR {missed}<={previous})")
        value = begun
        if missed and not is_last:
            value = f"if({missed}>{previous}, 0-abs({begun}), {begun})"
        self.settle(number, is_last, tests, value)

    def carry(self, before: int) -> list[str]:
        """What the last event of the step before tells of itself, and of those before it."""
        last_of = _last if self.is_plain(before) else _last_of
        found = []
        for one in self.carried:
            if one.number <= before:
                value = self.held.get(one.name, one.value)
                self.held[one.name] = f"{one.name}_{before + 1}"
                found.append(last_of(before, f'coalesce({value}, "")', self.held[one.name]))
        return found

    def others(self, number: int) -> list[str]:
        """The last events before a row that end a sequence, or must be missing from it."""
        found = []
        if self.until and number == min(self.numbers.last, 2 if self.is_plain(1) else 1):
            found.append(_last(UNTIL, "_time", "ended"))
        if number == 1 and self.numbers.has_leading:
            found.append(_last(self.numbers.leading, "_time", _name("earlier", 1)))
        if self.numbers.has_gap(number):
            found.append(_last(1 - number, "_time", _name("missed", number)))
        return found

    def is_plain(self, number: int) -> bool:
        """Whether each row of a step is one that the next step may continue."""
        return number == 1 and self.numbers.present[0] == 1

    def has_gap_until(self, number: int) -> bool:
        """Whether something must be missing between steps before this one."""
        return any(map(self.numbers.has_gap, range(2, number)))

    def within(self, begun: str, number: int, is_last: bool, repeated: bool = False) -> list[str]:
        """That a row is within the span of where its sequence begins; at the end, that nothing was
        there which must be missing.
        """
        signed = self.has_gap_until(number + repeated)
        tests = [f"{begun}>0"] if is_last and signed else []
        if self.span is None:
            return [] if repeated else [f"isnotnull({begun})"]
        start = f"abs({begun})" if signed and not is_last else begun
        return [*tests, f"round(_time-{start}, 3)<={seconds(self.span)}"]

    def repeated(self, number: int, runs: int, is_last: bool) -> None:
        """Settles which rows of a step are the last of so many: the first of them, which continues
        the step before, stands so many rows back.
        """
        begun, earlier = _name("run_begun", number), _name("earlier", number)
        aggregates = [f"count as {_name('run', number)}"]
        if number == 1:
            aggregates.append(f"first(_time) as {begun}")
        else:
            aggregates.append(f"first(eval(coalesce({FIRST}, 0))) as {begun}")
        start = begun
        if self.until and number > 1:
            start = _name("run_start", number)
            aggregates.append(f"first(_time) as {start}")
        if self.numbers.has_leading:
            aggregates.append(f"first(eval(coalesce({earlier}, 0))) as run_{earlier}")
        for name, held in self.held.items():
            self.held[name] = f"run_{held}"
            aggregates.append(f'first(eval(coalesce({held}, ""))) as run_{held}')
        by = ", ".join([*self.keys.by, STEP])
        window = f"streamstats window={runs} global=f"
        self.lines.append("| " + fold([window, *aggregates, f"by {by}"]))
        if self.numbers.has_leading:
            self.lines.append(f"| eval {earlier}=run_{earlier}")
        tests = [f"{STEP}={number}", f"{_name('run', number)}={runs}"]
        within = self.within(begun, number, is_last, repeated=True)
        if number > 1 and f"{begun}>0" not in within:
            tests.append(f"{begun}!=0")
        tests += within
        if self.until:
            tests.append(f"(isnull(ended) OR ended<{start})")
        self.settle(number, is_last, tests, begun)

    def settle(self, number: int, is_last: bool, tests: list[str], begun: str) -> None:
        """Rows that meet the tests have the beginning of their sequence; of the last step they
        are what is left.
        """
        if not is_last:
            self.lines.append(f"| eval {FIRST}=if({_all_of(tests)}, {begun}, null())")
            return
        tests += self.around(number, begun)
        self.lines.append(f"| where {_all_of(tests)}")
        made = [f"{FIRST}={begun}", f"{LAST}=_time"]
        made += [f'{name}=nullif({held}, "")' for name, held in self.held.items()]
        made = [*(f"{text}," for text in made[:-1]), made[-1]]
        self.lines.append("| " + fold(["eval", *made]))

    def around(self, number: int, begun: str) -> list[str]:
        """Tests that nothing which must be missing is within the span before or after."""
        numbers = self.numbers
        if self.span is None or not (numbers.has_leading or numbers.has_trailing):
            return []
        start = _name("earlier", number) if numbers.has_leading else begun
        end = "afterwards" if numbers.has_trailing else "_time"
        none = [f"isnull({name})" for name in (start, end) if name not in (begun, "_time")]
        outside = f"round({end}-{start}, 3)>{seconds(self.span)}"
        return [f"({' OR '.join([*none, outside])})"]


def states(asked: Sequence, keys: SharedKeys, carried: tuple[Carried, ...] = ()) -> list[str]:
    """The commands that leave, of the rows of all steps, the last event of each sequence, with what
    is carried of the others.
    """
    until = asked.until is not None
    return _Machine(numbers_of(asked), asked.max_span, until, keys, carried).write()


def seconds(milliseconds: int) -> str:
    """A number of seconds as ``eval`` reads it."""
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole}.{rest:03}".rstrip("0") if rest else str(whole)


def _last(number: int, value: str, name: str) -> str:
    return f"last(eval(if({STEP}={number}, {value}, null()))) as {name}"


def _last_of(number: int, value: str, name: str) -> str:
    """The same of those rows of a step that the next one may continue."""
    known = f"{STEP}={number} AND isnotnull({FIRST})"
    return f"last(eval(if({known}, {value}, null()))) as {name}"


def _name(name: str, number: int) -> str:
    """What a step is told, which is for the second, mostly the only one, plain."""
    return name if number == 2 else f"{name}{number}"


def _all_of(tests: list[str]) -> str:
    """A condition, on a line each where it is long."""
    text = " AND ".join(tests)
    return text if len(text) < WIDTH - 12 else "\n    AND ".join(tests)
