"""How far the sequences of each key have come: the state machine of a sequence of EQL.

As Elasticsearch finds them
(https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax#eql-how-sequence-queries-handle-matches):

- for each key and each step there is one sequence that waits for the step after; a newer one takes
  its place, and the event that continues it consumes it;
- an event continues what came strictly before it, never what is of the same moment;
- a step with ``runs`` is so many steps;
- from the first event to the last there is at most the span, or the event consumes what waits and
  continues nothing;
- an event that meets ``until`` ends all that waits, what is of the same moment too, but not what
  another event of that moment continues;
- a missing step between two others discards a sequence if its event lies strictly between theirs.
  Before the first or after the last it does so if all lies within the span: from the last missing
  event before the sequence to its end, from its start to the first one after it, or, where a
  sequence has both, from the one to the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from typing import Any

from kqlx.elastic.date_math import MILLISECOND
from kqlx.evaluate.event_fields import Event
from kqlx.records import dataclass, field
from kqlx.sequences import Sequence

Ordinal = tuple[Any, ...]
"""What orders events: the time in nanoseconds, and what breaks ties."""
Key = Hashable
Settled = Iterator[tuple[Key, tuple[Event, ...]]]
"""Keys with the events that are found together."""

_FEW = 1000
"""States of fewer keys are not looked through for those that nothing can come of."""


@dataclass(slots=True)
class _Pending:
    """A sequence on its way: its last event and the one that it continued, the moments of its first
    event and the last, and of the last event of a missing step before the first.
    """

    event: Event
    continued: _Pending | None
    before: int | None
    start: int
    at: int
    discarded: bool = False


@dataclass(slots=True)
class _Complete:
    """A sequence with all its events, which may wait for a missing event behind it."""

    key: Key
    events: tuple[Event, ...]
    before: int | None
    start: int
    end: int
    discarded: bool = False


@dataclass(slots=True)
class _State:
    """What is known of a key: what waits behind each stage, the last event of a missing step before
    the first, and what is complete but may yet be discarded.
    """

    waiting: list[_Pending | None]
    before: int | None = None
    complete: deque[_Complete] = field(default_factory=deque)


class SequenceStates:
    """Finds the sequences of events that are put in order of time.

    Steps are named by their place in the query; ``until`` is the one behind the last.
    """

    def __init__(self, asked: Sequence) -> None:
        steps = asked.steps
        self._span = None if asked.max_span is None else asked.max_span * MILLISECOND
        self._until = len(steps)
        present = [place for place, step in enumerate(steps) if not step.missing]
        self._stages: dict[int, range] = {}
        self._gaps: dict[int, int] = {}
        stage = 0
        for place, step in enumerate(steps):
            if step.missing:
                self._gaps[place] = stage - 1
                continue
            self._stages[place] = range(stage, stage + step.runs)
            stage += step.runs
        self._last = stage - 1
        self._leading = present[0] > 0
        self._trailing = present[-1] < len(steps) - 1
        self._states: dict[Key, _State] = {}
        self._many = _FEW
        self._complete: deque[_Complete] = deque()
        self._ordinal: Ordinal = ()
        self._fresh: list[tuple[_State, int, _Pending]] = []
        self._ended: list[Key] = []
        self._missed: list[tuple[int, Key]] = []

    def add(
        self, ordinal: Ordinal, event: Event, met: Iterable[tuple[int, Iterable[Key]]]
    ) -> Settled:
        """Takes an event, no earlier than the ones before, with the steps that it meets, each with
        the keys that it meets it under. Gives the sequences that are settled now.
        """
        if ordinal != self._ordinal:
            self._next_moment(ordinal)
        at: int = ordinal[0]
        for place, keys in met:
            if place == self._until:
                self._ended.extend(keys)
            elif place in self._gaps:
                self._missed.extend((place, key) for key in keys)
            else:
                for key in keys:
                    for stage in self._stages[place]:
                        self._reach(stage, key, at, event)
        return self._settled(at)

    def end(self) -> Settled:
        """No event comes after."""
        self._next_moment(())
        return self._settled(None)

    def _next_moment(self, ordinal: Ordinal) -> None:
        """What events of a moment begin and end counts from the next one on; missing events count
        by time alone.
        """
        for state, stage, pending in self._fresh:
            state.waiting[stage] = pending
        for key in self._ended:
            if key in self._states:
                self._states[key].waiting = [None] * self._last
        self._fresh.clear()
        self._ended.clear()
        if self._ordinal and self._ordinal[:1] != ordinal[:1]:
            for place, key in self._missed:
                self._miss(self._gaps[place], key, self._ordinal[0])
            self._missed.clear()
            if len(self._states) > self._many and ordinal:
                self._forget(ordinal[0])
        self._ordinal = ordinal

    def _reach(self, stage: int, key: Key, at: int, event: Event) -> None:
        state = self._states.get(key)
        if stage == 0:
            if state is None:
                state = self._state(key)
            reached = _Pending(event, None, state.before, at, at)
        else:
            pending = state.waiting[stage - 1] if state is not None else None
            if state is None or pending is None:
                return
            state.waiting[stage - 1] = None
            if self._span is not None and at - pending.start > self._span:
                return
            before, discarded = pending.before, pending.discarded
            reached = _Pending(event, pending, before, pending.start, at, discarded)
        if stage < self._last:
            self._fresh.append((state, stage, reached))
        elif not reached.discarded:
            found = _Complete(key, _events_of(reached), reached.before, reached.start, at)
            self._complete.append(found)
            if self._trailing:
                state.complete.append(found)

    def _state(self, key: Key) -> _State:
        return self._states.setdefault(key, _State([None] * self._last))

    def _miss(self, stage: int, key: Key, at: int) -> None:
        """An event of a missing step behind a stage, of a moment that is over."""
        if stage < 0:
            self._state(key).before = at
            return
        state = self._states.get(key)
        if state is None:
            return
        if stage == self._last:
            while state.complete and state.complete[0].end < at:
                found = state.complete.popleft()
                found.discarded = self._within(found, at)
            return
        pending = state.waiting[stage]
        if pending is not None and pending.at < at:
            pending.discarded = True

    def _within(self, found: _Complete, after: int | None) -> bool:
        """Whether missing events around the sequence lie within the span; ``after`` is the moment
        of the first one behind it.
        """
        if (self._leading and found.before is None) or (self._trailing and after is None):
            return False
        start = found.before if self._leading else found.start
        end = after if self._trailing else found.end
        assert start is not None and end is not None and self._span is not None
        return end - start <= self._span

    def _settled(self, now: int | None) -> Settled:
        while self._complete:
            found = self._complete[0]
            if self._trailing and not found.discarded and self._waits(found, now):
                return
            if not self._trailing and self._leading:
                found.discarded = self._within(found, None)
            self._complete.popleft()
            if not found.discarded:
                yield found.key, found.events

    def _waits(self, found: _Complete, now: int | None) -> bool:
        """Whether a missing event may still come that discards the sequence."""
        start = found.before if self._leading else found.start
        if start is None or now is None:
            return False
        assert self._span is not None
        return now - start <= self._span

    def _forget(self, now: int) -> None:
        """Drops the keys that nothing can come of any more."""
        self._states = {
            key: state
            for key, state in self._states.items()
            if any(one is not None and self._lasts(one.start, now) for one in state.waiting)
            or (state.before is not None and self._lasts(state.before, now))
            or any(self._lasts(one.start, now) for one in state.complete)
        }
        self._many = max(_FEW, 2 * len(self._states))

    def _lasts(self, start: int, now: int) -> bool:
        return self._span is None or now - start <= self._span


def _events_of(last: _Pending) -> tuple[Event, ...]:
    found = []
    pending: _Pending | None = last
    while pending is not None:
        found.append(pending.event)
        pending = pending.continued
    return tuple(reversed(found))
