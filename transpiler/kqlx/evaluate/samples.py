"""Samples of EQL: events of the same keys in any order, one for each step.

As Elasticsearch finds them
(https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax#eql-samples): one sample for
each key, of as many different events as there are steps. Which events these are is arbitrary; here
it is the first ones.
"""

from __future__ import annotations

from collections.abc import Iterable

from kqlx.evaluate.event_fields import Event
from kqlx.evaluate.sequence_states import Key, Ordinal, Settled
from kqlx.sequences import Sample

_Numbered = tuple[int, Event]


class SampleStates:
    """Finds the samples of events, in whatever order they come."""

    def __init__(self, asked: Sample) -> None:
        self._steps = len(asked.steps)
        self._events: dict[Key, list[list[_Numbered]] | None] = {}
        self._number = 0

    def add(
        self, ordinal: Ordinal, event: Event, met: Iterable[tuple[int, Iterable[Key]]]
    ) -> Settled:
        """Takes an event with the steps that it meets, each with the keys that it meets it under.
        Gives the samples that it completes.
        """
        self._number += 1
        reached: dict[Key, None] = {}
        for place, keys in met:
            for key in keys:
                events = self._events.setdefault(key, [[] for _ in range(self._steps)])
                if events is not None and len(events[place]) < self._steps:
                    events[place].append((self._number, event))
                    reached[key] = None
        for key in reached:
            events = self._events[key]
            if events is not None and (found := _different(events)):
                self._events[key] = None
                yield key, tuple([one for _, one in found])

    def end(self) -> Settled:
        """No event comes after."""
        return iter(())


def _different(events: list[list[_Numbered]]) -> list[_Numbered]:
    """An event for each step, all different; [] where there are none such. Of as many events as
    there are steps, one is always left.
    """
    chosen: list[_Numbered] = []
    places = [0]
    while places:
        step = len(places) - 1
        if places[-1] == len(events[step]):
            places.pop()
            if chosen:
                chosen.pop()
            continue
        one = events[step][places[-1]]
        places[-1] += 1
        if any(one[0] == number for number, _ in chosen):
            continue
        chosen.append(one)
        if len(chosen) == len(events):
            return chosen
        places.append(0)
    return []
