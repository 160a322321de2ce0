"""Sequences and samples × events → which events Elasticsearch finds together.

What makes a sequence is in ``sequence_states``, a sample in ``samples``; their conditions on single
events mean what ``compiler`` says. Here it is settled that

- an event has the time of ``timestamp_field`` to the millisecond, to the nanosecond where the field
  is declared ``date_nanos``; the events must come in that order;
- events of the same time are put in order by ``tiebreaker_field``, those without it last. Those
  that are still of the same moment never follow one another, as the documents have it
  (https://www.elastic.co/docs/reference/query-languages/eql#eql-search-specify-a-sort-tiebreaker):
  their order is not consistent. Elasticsearch lets them follow one another as they are stored,
  since https://github.com/elastic/elasticsearch/pull/72089; so does ``stored_order``, as they come;
- the values of keys are those of the fields' types: the number 5 is no text "5". Each value of a
  key is one by itself, and several keys are all their combinations;
- an event has no key without a value for each field, unless the field is optional (``?f``), for
  which no value is one, too.

Only what is not complete is kept: with ``maxspan`` the keys of that time, without it one sequence
for each step of every key.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from collections.abc import Sequence as SequenceOf
from datetime import UTC, datetime
from itertools import count, product, repeat
from math import prod
from typing import TYPE_CHECKING, Any

from kqlx.elastic import date_math
from kqlx.elastic.date_math import MILLISECOND
from kqlx.errors import UsageError, condensed
from kqlx.evaluate.compiler import compile
from kqlx.evaluate.event_fields import Event, reader
from kqlx.evaluate.function_tests import script_values
from kqlx.evaluate.pipes import Pipes
from kqlx.evaluate.samples import SampleStates
from kqlx.evaluate.schema import Predicate, Schema
from kqlx.evaluate.sequence_states import Ordinal, SequenceStates
from kqlx.mappings.known_types import Types, types_for
from kqlx.records import dataclass
from kqlx.sequences import EventQuery, Sample, Sequence, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kqlx.mappings.field_list import FieldList

TIMESTAMP = "@timestamp"


@dataclass(frozen=True, slots=True)
class EventsTogether:
    """The events of a sequence or of a sample, in the order of its steps, those that must be
    missing left out; ``keys`` are the values that they share, None for one that has none.
    """

    keys: tuple[Any, ...]
    events: tuple[Event, ...]


def find_sequences(
    query: str | EventQuery | Sequence | Sample,
    events: Iterable[Event],
    types: Mapping[str, str] | FieldList | str | None = None,
    *,
    source: str | None = None,
    now: datetime | None = None,
    time_zone: str = "UTC",
    category_field: str = "event.category",
    timestamp_field: str = TIMESTAMP,
    tiebreaker_field: str = "",
    stored_order: bool = False,
) -> Iterator[EventsTogether]:
    """The sequences or samples of a query in EQL, as they become complete.

    ``events`` are in order of time; ``category_field``, ``timestamp_field`` and
    ``tiebreaker_field`` are those of the rule. With ``stored_order``, events of the same time may
    follow one another in the order in which they come. The other arguments are as for ``compile``.

    Raises QuerySyntaxError, MappingError and UsageError: the query is about single events, an event
    has no time or is earlier than the one before it.
    """
    if isinstance(query, str):
        from kqlx.frontends.eql.parser import parse_query

        query = parse_query(query, category_field)
    finder = EventFinder(
        query,
        types,
        source=source,
        now=now,
        time_zone=time_zone,
        timestamp_field=timestamp_field,
        tiebreaker_field=tiebreaker_field,
        stored_order=stored_order,
    )
    for event in events:
        yield from finder.add(event)
    yield from finder.end()


class EventFinder:
    """Takes events one by one and gives the sequences or samples that they complete.

    Arguments as for ``find_sequences``. Raises MappingError, and UsageError for a query on single
    events.
    """

    def __init__(
        self,
        query: EventQuery | Sequence | Sample,
        types: Mapping[str, str] | FieldList | str | None = None,
        *,
        source: str | None = None,
        now: datetime | None = None,
        time_zone: str = "UTC",
        timestamp_field: str = TIMESTAMP,
        tiebreaker_field: str = "",
        stored_order: bool = False,
    ) -> None:
        whole = query if isinstance(query, EventQuery) else EventQuery(query)
        asked = whole.asked
        if not isinstance(asked, Sequence | Sample):
            raise UsageError(
                "the query is about single events", hint="ask which of them match, with compile"
            )
        now = now or datetime.now(UTC)
        known = types_for(whole.fields_tree, types, source)
        schema = Schema(known, date_math.instant_of(now), date_math.time_zone_of(time_zone))
        self._steps: list[tuple[Predicate, _Keys]] = [
            (
                compile(step.condition, known, now=now, time_zone=time_zone),
                _keys_of(step, schema),
            )
            for step in whole.steps
        ]
        self._moment_of = _moments(known, timestamp_field, tiebreaker_field)
        self._numbers = count() if stored_order else repeat(0)
        self._states = SequenceStates(asked) if isinstance(asked, Sequence) else SampleStates(asked)
        self._pipes: Pipes[EventsTogether] = Pipes(whole.pipes)
        self._in_order = isinstance(asked, Sequence)
        self._present = [step for step in asked.steps if not step.missing]
        self._last: Ordinal = ()

    def add(self, event: Event) -> list[EventsTogether]:
        """Takes an event. Raises UsageError for one that is left out: it has no time, is earlier
        than the one before it, or has too many keys; the next one may follow.
        """
        ordinal: Ordinal = ()
        if self._in_order:
            moment = self._moment_of(event)
            if moment < self._last:
                raise UsageError(
                    "the event is earlier than the one before it",
                    hint="put the events in order of time",
                )
            self._last = moment
            ordinal = (*moment, next(self._numbers))
        met = [
            (place, keys)
            for place, (test, keys_of) in enumerate(self._steps)
            if test(event) and (keys := keys_of(event))
        ]
        return self._pipes.add(map(_shown, self._states.add(ordinal, event, met)))

    def end(self) -> list[EventsTogether]:
        """No event comes after."""
        return [*self._pipes.add(map(_shown, self._states.end())), *self._pipes.end()]

    def rests_on_stored_order(self, found: EventsTogether) -> bool:
        """Whether events of the same moment, of different steps, follow one another in it."""
        if not self._in_order:
            return False
        moments = [self._moment_of(event) for event in found.events]
        places = [p for p, step in enumerate(self._present) for _ in range(step.runs)]
        return any(
            moments[number] == moments[number - 1] and places[number] != places[number - 1]
            for number in range(1, len(moments))
        )


# Keys

_Keys = Callable[[Event], list[Hashable]]

_MOST_KEYS = 10_000
"""Combinations of an event's values. Elasticsearch knows no bound but its memory."""
_NO_KEYS: list[Hashable] = [()]
_OF_BOOLEAN = {False: ("boolean", False), True: ("boolean", True)}
"""Python takes True for 1."""


def _keys_of(step: Step, schema: Schema) -> _Keys:
    """The keys that an event has as one of a step; none where a field has no value."""
    if not step.keys:
        return lambda event: _NO_KEYS
    readers = [(script_values(schema, key), key.optional) for key in step.keys]

    def keys(event: Event) -> list[Hashable]:
        found: list[list[Any]] = []
        for read, optional in readers:
            values = read(event)
            if not values:
                if not optional:
                    return []
                values = [None]
            found.append([_OF_BOOLEAN[one] if one.__class__ is bool else one for one in values])
        if prod(map(len, found)) > _MOST_KEYS:
            raise UsageError(
                f"the event has more than {_MOST_KEYS:,} keys, for a field has many values",
                hint="leave that field out of the keys",
            )
        return list(dict.fromkeys(product(*found)))

    return keys


def _shown(found: tuple[Any, tuple[Event, ...]]) -> EventsTogether:
    key, events = found
    return EventsTogether(tuple([one[1] if isinstance(one, tuple) else one for one in key]), events)


# Order


def _moments(types: Types, timestamp: str, tiebreaker: str) -> Callable[[Event], Ordinal]:
    """Reads what puts events in order. The function raises UsageError for an event without time."""
    read = reader(timestamp)
    unit = 1 if types.get(timestamp) == "date_nanos" else MILLISECOND

    def time_of(event: Event) -> int:
        values = read(event)
        if len(values) != 1:
            which = "no value" if not values else "several values"
            raise UsageError(
                f"the event has {which} of {timestamp}", hint="a sequence needs the time of each"
            )
        at = None if values[0].__class__ is bool else date_math.instant(str(values[0]))
        if at is None:
            text = condensed(str(values[0]))
            raise UsageError(
                f'{timestamp} of the event is no date: "{text}"',
                hint="write it as 2024-05-01T12:00:00.000Z, or in milliseconds since 1970",
            )
        return at // unit * unit

    read_tiebreaker = reader(tiebreaker) if tiebreaker else lambda event: ()
    return lambda event: (time_of(event), _rank(read_tiebreaker(event)))


def _rank(values: SequenceOf[Any]) -> tuple[Any, ...]:
    """Numbers by their size, texts by their letters, no value last."""
    if not values:
        return (2,)
    value = values[0]
    return (1, value) if isinstance(value, str) else (0, value)
