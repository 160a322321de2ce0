"""Tests of whole events made of others: negated, joined, lifted into objects, remembered."""

from __future__ import annotations

from collections.abc import Callable

from kqlx.evaluate.event_fields import Event, objects
from kqlx.evaluate.schema import Predicate

Lift = Callable[[Predicate], Predicate]


def lifted_into(path: str, lift: Lift) -> Lift:
    """Turns a test of one object under the path into a test of what holds them."""

    def lifted(test: Predicate) -> Predicate:
        return lift(lambda event: any(map(test, objects(event, path))))

    return lifted


def negated(test: Predicate) -> Predicate:
    return lambda event: not test(event)


def all_hold(tests: list[Predicate]) -> Predicate:
    def predicate(event: Event) -> bool:
        for test in tests:  # noqa: SIM110 (a generator takes twice the time)
            if not test(event):
                return False
        return True

    return predicate


def any_holds(tests: list[Predicate]) -> Predicate:
    if len(tests) == 1:
        return tests[0]

    def predicate(event: Event) -> bool:
        for test in tests:  # noqa: SIM110 (a generator takes twice the time)
            if test(event):
                return True
        return False

    return predicate


def remembered(test: Predicate) -> Predicate:
    """A test that is put once to an event, or an object in it."""
    results: dict[int, tuple[Event, bool]] = {}

    def predicate(event: Event) -> bool:
        if id(event) not in results:
            results[id(event)] = event, test(event)
        return results[id(event)][1]

    return predicate
