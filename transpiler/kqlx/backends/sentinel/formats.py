"""The formats of Sentinel that say more of a rule than its query: which object is built for each,
and the notes on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kqlx.backends.sentinel.detection_schedule import LONGEST_LOOK_BACK
from kqlx.backends.sentinel.schedule import (
    ANALYTICS_FORMATS,
    CUSTOM_DETECTION,
    DETECTION,
    LONGEST,
    RULE_FORMATS,
)
from kqlx.backends.target import Plan
from kqlx.errors import UnsupportedError
from kqlx.hints import Argument, Hint, joined
from kqlx.notes import Effect, Note
from kqlx.rules.forms import form_of
from kqlx.rules.query_only_notes import query_only_notes
from kqlx.rules.schedule import schedule_of
from kqlx.rules.threshold import Threshold

if TYPE_CHECKING:
    from kqlx.backends.sentinel.analytics_rule import AnalyticsRule
    from kqlx.backends.sentinel.custom_detection import CustomDetection

AS_A_QUERY = Hint(Argument("format", "query"), " converts it for a hunting query")

LONGEST_RULE = 10_000
"""Characters of an analytics rule's query
(https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview). None are documented for
custom detections."""


def artifact(plan: Plan, query: str) -> AnalyticsRule | CustomDetection:
    """What the template of the plan's format prints."""
    if plan.format == CUSTOM_DETECTION:
        from kqlx.backends.sentinel.custom_detection import custom_detection

        return custom_detection(plan, query)
    from kqlx.backends.sentinel.analytics_rule import analytics_rule

    return analytics_rule(plan, query)


def metadata_notes(plan: Plan) -> Iterator[Note]:
    """Notes on what of the rule is beside its query."""
    rule, in_rule = plan.rule, plan.format in RULE_FORMATS
    suppresses, has_pipes = plan.format in ANALYTICS_FORMATS, plan.events is not None
    yield from query_only_notes(rule, suppresses=suppresses, has_pipes=has_pipes)
    kind, longest = "an analytics rule", LONGEST
    if plan.format == CUSTOM_DETECTION:
        kind, longest = DETECTION, LONGEST_LOOK_BACK
    look_back = schedule_of(rule).look_back
    if look_back > longest and not (in_rule and isinstance(form_of(rule), Threshold)):
        yield Note(
            "look-back",
            Effect.SAME,
            f"the rule looks back {look_back / 86_400:g} days; {kind} sees at most"
            f" {longest // 86_400}",
            hint="run it as a hunting query, or over a summary of earlier events",
        )
    if in_rule:
        yield from artifact(plan, "").notes


def length_notes(query: str, format: str) -> Iterator[Note]:
    """A note on a query that no analytics rule takes. Raises UnsupportedError where it is to be in
    one.
    """
    length = len(query.encode("utf-16-le", "surrogatepass")) // 2
    if length <= LONGEST_RULE or format == CUSTOM_DETECTION:
        return
    note = Note(
        "query-too-long",
        Effect.SAME,
        f"the query has {length:,} characters; an analytics rule takes {LONGEST_RULE:,}",
        hint="put long lists of values into a watchlist",
    )
    if format in ANALYTICS_FORMATS:
        raise UnsupportedError(
            note.message,
            code=note.code,
            notes=(note,),
            hint=joined((note.hint, AS_A_QUERY)),
        )
    yield note


def filters() -> Mapping[str, Callable[..., Any]]:
    """How the templates write values."""
    from kqlx.backends.sentinel.analytics_rule import FILTERS

    return FILTERS
