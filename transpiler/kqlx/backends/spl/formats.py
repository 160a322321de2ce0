"""The formats of Splunk that say more of a rule than its search: which object is built for each,
and the notes on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kqlx.backends.spl.multiple_sources import Search, Together
from kqlx.backends.target import Plan
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.rules.query_only_notes import query_only_notes
from kqlx.sequences import Sample

if TYPE_CHECKING:
    from kqlx.backends.spl.contentctl import Detection
    from kqlx.backends.spl.correlation_search import CorrelationSearch

LONG_SEARCH = 10_000
"""Characters. Splunk documents no limit; long lists are better kept in a lookup."""


def artifact(plan: Plan, search: Search) -> CorrelationSearch | Detection | None:
    """What the template of a format prints; None for a format that is the search alone."""
    if plan.format == "savedsearches":
        from kqlx.backends.spl.correlation_search import correlation_search

        return correlation_search(plan.rule, search, _bounds_of_results(plan))
    if plan.format == "escu":
        from kqlx.backends.spl.contentctl import detection

        return detection(plan.rule, search, _bounds_of_results(plan))
    return None


def _bounds_of_results(plan: Plan) -> tuple[Bound, ...]:
    """The data sources whose fields the results have: those of the last event of a sequence."""
    if plan.events is None or isinstance(plan.events.asked, Sample):
        return plan.bounds
    last = next(step for step in reversed(plan.events.steps) if not step.step.missing)
    return tuple(source.bound for source in last.sources)


def metadata_notes(plan: Plan) -> Iterator[Note]:
    """Notes on the rule beside its query."""
    made, has_pipes = artifact(plan, Search(together=_together(plan))), plan.events is not None
    if made is None:
        yield from query_only_notes(plan.rule, has_pipes=has_pipes)
        return
    suppresses = made.alert.throttling.is_own
    yield from query_only_notes(plan.rule, suppresses=suppresses, has_pipes=has_pipes)
    yield from made.notes


def _together(plan: Plan) -> Together | None:
    if plan.events is None:
        return None
    from kqlx.backends.spl.sequence import together

    return together(plan.rule, plan.events)


def length_notes(query: str, format: str) -> Iterator[Note]:
    """A note on a search that is hard to keep."""
    if len(query) > LONG_SEARCH:
        message = f"the search has {len(query):,} characters"
        hint = "put long lists of values into a lookup"
        yield Note("query-too-long", Effect.SAME, message, hint=hint)


def filters() -> Mapping[str, Callable[..., Any]]:
    """How the templates spell texts, searches and JSON."""
    from kqlx.backends import yaml_text
    from kqlx.backends.spl.conf_file import conf_json, conf_search, conf_text

    return {
        "conf_json": conf_json,
        "conf_search": conf_search,
        "conf_text": conf_text,
        "block": yaml_text.block,
        "plain": yaml_text.plain,
        "quoted": yaml_text.quoted,
    }
