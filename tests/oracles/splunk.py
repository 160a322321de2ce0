"""Splunk as an engine of ``agreement``: the strict reader and evaluator of ``spl``.

The event is what a Splunk would hold that keeps Elastic's field names: nested names joined with
dots, lists as fields of many values, numbers and Booleans as their JSON text, null as no value,
arrays of objects flattened into fields of many values, and ``_raw``, the compact JSON. Beside what
``stored`` assumes:

* the time of the event is ``@timestamp``, in Splunk and in Elasticsearch each event has one;
* ``f=*`` matches an empty text. Splunk does not document it; the back end relies on it.

Nothing is exempt from the law: where the evaluator says that Splunk's documentation leaves the
fate of an event open, the query is at fault, unless its notes allow anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from kqlx.testing.agreement import Impossible, Malformed, Unsettled
from kqlx.testing.edges import NOW
from kqlx.testing.stored import Event
from tests.oracles.spl.errors import Doubtful, NotEvaluated, SplSyntaxError
from tests.oracles.spl.evaluator import evaluate
from tests.oracles.spl.events import Event as FlatEvent
from tests.oracles.spl.events import flat_event, values_of
from tests.oracles.spl.nodes import And, Command, Pipeline, Search, Term, TimeModifier
from tests.oracles.spl.reader import parse_search
from tests.oracles.spl.times import shift_time


class Splunk:
    """The target ``spl``."""

    name = "spl"

    def read(self, query: str) -> None:
        """Raises Malformed for what the strict reader refuses, or has a doubt about."""
        try:
            doubts = parse_search(query).doubtful
        except SplSyntaxError as error:
            raise Malformed(str(error)) from None
        if doubts:
            raise Malformed(f"better not emitted: {doubts[0]}")

    def holds(self, query: str, event: Event) -> bool:
        flat = flat_event(event)
        if all(name.startswith("_") for name in flat):
            raise Impossible("every event in Splunk has a field")
        return self.keeps(query, flat, values_of(flat, "@timestamp"))

    def keeps(self, query: str, flat: FlatEvent, stamps: list[str]) -> bool:
        """Whether the search keeps an event of Splunk's, whose times are ``stamps``. Raises as
        ``holds``.
        """
        return self.finds_among(query, [flat], stamps)

    def finds_among(self, query: str, flats: Sequence[FlatEvent], stamps: list[str]) -> bool:
        """Whether the search finds something among events that all have these times. Raises as
        ``holds``.
        """
        pipeline, times = without_times(query)
        if len(stamps) != 1 and "_time" in query:
            raise Impossible("every event in Splunk has one time")
        if len(stamps) == 1 and _is_date(stamps[0]):
            time = str(datetime.fromisoformat(stamps[0]).timestamp())
            flats = [{**flat, "_time": time} for flat in flats]
        try:
            if times and not _within(times, stamps):
                return False
            return bool(evaluate(pipeline, flats, now=NOW.timestamp()))
        except (Doubtful, NotEvaluated) as error:
            raise Unsettled(str(error)) from None


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _within(times: tuple[TimeModifier, ...], stamps: list[str]) -> bool:
    """Whether the time of the event lies in the range of the search, whose end is exclusive:
    https://help.splunk.com/splunk-enterprise/search/search-manual/9.4/search-time-range/specify-time-modifiers-in-your-search
    """
    if len(stamps) != 1:
        raise Impossible("every event in Splunk has one time")
    at = datetime.fromisoformat(stamps[0]).timestamp()
    for modifier in times:
        if modifier.name not in ("earliest", "latest"):
            raise NotEvaluated(f"the time modifier {modifier.name}")
        limit = shift_time(NOW.timestamp(), modifier.text.removeprefix("now").removeprefix("()"))
        if at < limit if modifier.name == "earliest" else at >= limit:
            return False
    return True


@lru_cache(maxsize=1000)
def without_times(query: str) -> tuple[Pipeline, tuple[TimeModifier, ...]]:
    """The search without the time modifiers that all of it is under, and these. The evaluator
    knows no time range.
    """
    pipeline = parse_search(query)
    first, *rest = pipeline.commands
    times = tuple(_times(first))
    if not times:
        return pipeline, ()
    assert isinstance(first, Search)
    kept = [item for item in _items(first) if not isinstance(item, TimeModifier)]
    commands: list[Command] = []
    if kept:
        term = kept[0] if len(kept) == 1 else And(tuple(kept), first.term.span)
        commands.append(replace(first, term=term))
    return replace(pipeline, commands=(*commands, *rest)), times


def _items(command: Search) -> tuple[Term, ...]:
    return command.term.items if isinstance(command.term, And) else (command.term,)


def _times(command: Command) -> Iterator[TimeModifier]:
    if isinstance(command, Search):
        yield from (item for item in _items(command) if isinstance(item, TimeModifier))


SPLUNK = Splunk()
