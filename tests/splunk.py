"""Splunk as an engine of ``agreement``: the strict reader and evaluator of ``spl``.

The event is what a Splunk would hold that keeps Elastic's field names: nested names joined with
dots, lists as fields of many values, numbers and Booleans as their JSON text, null as no value,
arrays of objects flattened into fields of many values, and ``_raw``, the compact JSON. Beside what
``stored`` assumes:

* ``f=*`` matches an empty text. Splunk does not document it; the back end relies on it.

Nothing is exempt from the law: where the evaluator says that Splunk's documentation leaves the
fate of an event open, the query is at fault, unless its notes allow anything.
"""

from __future__ import annotations

from functools import lru_cache

from agreement import Malformed, Unsettled
from edges import NOW
from spl.errors import Doubtful, NotEvaluated, SplSyntaxError
from spl.evaluator import evaluate
from spl.events import flat_event
from spl.nodes import Pipeline
from spl.reader import parse_search
from stored import Event


class Splunk:
    """The target ``spl``."""

    name = "spl"

    def read(self, query: str) -> None:
        """Raises Malformed for what the strict reader refuses, or has a doubt about."""
        try:
            doubts = _pipeline(query).doubtful
        except SplSyntaxError as error:
            raise Malformed(str(error)) from None
        if doubts:
            raise Malformed(f"better not emitted: {doubts[0]}")

    def holds(self, query: str, event: Event) -> bool:
        try:
            return bool(evaluate(_pipeline(query), [flat_event(event)], now=NOW.timestamp()))
        except (Doubtful, NotEvaluated) as error:
            raise Unsettled(str(error)) from None


@lru_cache(maxsize=1000)
def _pipeline(query: str) -> Pipeline:
    return parse_search(query)


SPLUNK = Splunk()
