"""``kqlx test`` for rules in EQL on several events: the sequences and samples in a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from kqlx.cli.common import Exit, about
from kqlx.cli.streams import say
from kqlx.errors import KqlxError, condensed
from kqlx.evaluate.event_fields import Event, values
from kqlx.evaluate.sequences import TIMESTAMP, EventFinder, EventsTogether
from kqlx.rules.model import Rule
from kqlx.sequences import EventQuery, Sequence, Step

if TYPE_CHECKING:
    from kqlx.evaluate.event_reader import EventLine
    from kqlx.mappings.known_types import Types


class _Line(dict[str, Any]):
    """An event that knows its text."""

    def __init__(self, event: dict[str, Any], text: str) -> None:
        super().__init__(event)
        self.text = text


def print_found(
    rule: Rule, asked: EventQuery, types: Types, lines: Iterator[EventLine], count: bool
) -> Exit:
    """Prints the sequences or samples, each as a line of JSON, or their number. Lines that are no
    events, and events that are out of order, are told. Raises KqlxError.
    """
    finder = EventFinder(
        asked,
        types,
        timestamp_field=rule.text("timestamp_field") or TIMESTAMP,
        tiebreaker_field=rule.text("tiebreaker_field"),
        stored_order=True,
    )
    status = Exit.DONE
    number = at_once = 0

    def show(found: Iterable[EventsTogether]) -> None:
        nonlocal number, at_once
        for one in found:
            number += 1
            at_once += finder.rests_on_stored_order(one)
            if not count:
                print(_shown(one))

    for line in lines:
        reason = line.error
        if line.event is not None:
            try:
                show(finder.add(_Line(line.event, line.text)))
            except KqlxError as error:
                reason = f"{error.message}; {error.hint}"
        if reason:
            say(f"line {line.number}: {condensed(reason)}")
            status = Exit.REFUSED
    show(finder.end())
    if count:
        print(number)
    if at_once:
        sequences = "one sequence rests" if at_once == 1 else f"{at_once} sequences rest"
        say(
            f"{about(rule, None, 'warning')}{sequences} on the order of events of the same time,"
            " here that of the file; Elasticsearch has its own, and may not find the same"
        )
    return status


def title_of(number: int, step: Step, asked: EventQuery, event: Event) -> str:
    """What is said above the parts of a step: which it is, and what keys the event has for it."""
    is_until = isinstance(asked.asked, Sequence) and asked.asked.until is step
    title = "until" if is_until else f"step {number}"
    keys = [f"{key.name}: {_listed(values(event, key.name))}" for key in step.keys]
    return f"{title} ({', '.join(keys)})" if keys else title


def _listed(found: list[Any]) -> str:
    return ", ".join(json.dumps(one, ensure_ascii=False) for one in found) or "no value"


def _shown(found: EventsTogether) -> str:
    """As Elasticsearch's answer has it; events are as they were in the file."""
    keys = json.dumps(list(found.keys), ensure_ascii=False)
    events = ",".join(cast(_Line, event).text for event in found.events)
    return f'{{"join_keys":{keys},"events":[{events}]}}'
