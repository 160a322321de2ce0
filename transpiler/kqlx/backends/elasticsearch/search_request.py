"""A rule and its query → the body of a search request that finds what the rule alerts on.

Kibana adds the same time window, order and size to a rule's query. It counts for a threshold by a
composite aggregation, whose groups a ``bucket_selector`` keeps or drops
(https://www.elastic.co/docs/reference/aggregations/search-aggregations-bucket-composite-aggregation,
https://www.elastic.co/docs/reference/aggregations/search-aggregations-pipeline-bucket-selector-aggregation).
Groups that are kept stand in ``aggregations.groups.buckets``, whatever the rule's type.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kqlx.notes import Effect, Note
from kqlx.records import dataclass
from kqlx.rules.forms import SingleEvent, form_of
from kqlx.rules.late_events import falls_back_to_timestamp, override_of
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import NewTerms, new_terms_of
from kqlx.rules.search_window import search_window_of
from kqlx.rules.threshold import Threshold, threshold_of

Json = dict[str, Any]

DEFAULT_INDICES = (
    "apm-*-transaction*",
    "auditbeat-*",
    "endgame-*",
    "filebeat-*",
    "logs-*",
    "packetbeat-*",
    "traces-apm*",
    "winlogbeat-*",
    "-*elastic-cloud-logs-*",
)
"""What Kibana searches for a rule that names no index patterns (its advanced setting
``securitySolution:defaultIndex``).
"""

GROUPS = 10_000
"""So many groups are looked at; it is also the largest number of hits that a search may ask for."""

_SIGNALS = 100  # Kibana's where a rule says nothing

_TIME = "@timestamp"


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What the template prints: where to search, and what. ``notes`` say what was assumed."""

    indices: tuple[str, ...]
    body: Json
    notes: tuple[Note, ...]


def search_request(rule: Rule, body: Json) -> SearchRequest:
    """The request with this body; its notes do not depend on the body."""
    return SearchRequest(indices_of(rule), body, tuple(search_notes(rule, pages=True)))


def search_notes(rule: Rule, *, pages: bool) -> Iterator[Note]:
    """Notes on what a search assumes. ``pages`` says that whoever sends it may ask on."""
    if not rule.indices:
        view = rule.text("data_view_id")
        yield Note(
            "index-assumed",
            Effect.SAME,
            f"the rule reads the data view {view}, whose index patterns are not in the file"
            if view
            else "the rule names no index patterns",
            hint="Kibana's default patterns are used: check them",
        )
    if odd := search_window_of(rule).odd:
        message = f"{', '.join(odd)}: not a time that Elasticsearch reads; using Kibana's default"
        yield Note("schedule-assumed", Effect.DIFFERENT, message)
    if isinstance(form_of(rule), Threshold | NewTerms):
        message = f"the search returns at most {GROUPS:,} groups; Kibana pages through all of them"
        hint = "while the response has an after_key, repeat the search with it in composite.after"
        yield Note("groups-limited", Effect.SAME, message, hint=hint if pages else "")


def indices_of(rule: Rule) -> tuple[str, ...]:
    """The index patterns that the rule reads; Kibana's where it names none."""
    return rule.indices or DEFAULT_INDICES


def request_body(rule: Rule, query: Json) -> Json | None:
    """The body of a search for a rule, from its query in Query DSL; None for a rule of a type that
    one search cannot say.
    """
    if (threshold := threshold_of(rule)) is not None:
        return {
            "query": _both(query, window_of(rule)),
            "size": 0,
            "aggs": {"groups": _counted(threshold)},
        }
    if (terms := new_terms_of(rule)) is not None:
        window = search_window_of(rule)
        history = _within(rule, {"gte": window.history, "lte": window.end})
        return {
            "query": _both(query, history),
            "size": 0,
            "aggs": {"groups": _first_seen(rule, terms.fields)},
        }
    if not isinstance(form_of(rule), SingleEvent):
        return None
    return single_events(rule, query)


def single_events(rule: Rule, query: Json) -> Json:
    """The body of a search for the events of a query, in the rule's window, the oldest first."""
    time = {"order": "asc", "unmapped_type": "date"}
    names = dict.fromkeys([override_of(rule) or _TIME, _TIME])
    return {
        "query": _both(query, window_of(rule)),
        "size": most_hits(rule),
        "sort": [{name: time} for name in names],
    }


def most_hits(rule: Rule) -> int:
    """The rule's ``max_signals``, or as many hits as a search may ask for."""
    return min(max(rule.max_signals or 0, 0) or _SIGNALS, GROUPS)


def window_of(rule: Rule) -> Json:
    """The clause that the events of a run of the rule meet by their time."""
    window = search_window_of(rule)
    return _within(rule, {"gte": window.start, "lte": window.end})


def _within(rule: Rule, limits: Json) -> Json:
    """Events whose time is within the limits; of those without the rule's own field for it, the
    time of ``@timestamp``, unless the rule says otherwise.
    """
    plain = {"range": {_TIME: limits}}
    field = override_of(rule)
    if not field:
        return plain
    own = {"range": {field: limits}}
    if not falls_back_to_timestamp(rule):
        return own
    without = {"bool": {"filter": [plain], "must_not": [{"exists": {"field": field}}]}}
    return {"bool": {"should": [own, without], "minimum_should_match": 1}}


def _both(query: Json, window: Json) -> Json:
    """The query in the window: beside its own filters where it is a group of such."""
    group = query.get("bool", {})
    if (
        group
        and group.keys() <= {"filter", "must_not"}
        and isinstance(group.get("filter", []), list)
    ):
        return {"bool": {"filter": [], **group} | {"filter": [*group.get("filter", []), window]}}
    return {"bool": {"filter": [query, window]}}


def _groups(fields: tuple[str, ...]) -> Json:
    """A group for each combination of values; all events in one where there are no fields."""
    if not fields:
        return {"filters": {"filters": [{"match_all": {}}]}}
    sources = [{name: {"terms": {"field": name}}} for name in fields]
    return {"composite": {"size": GROUPS, "sources": sources}}


def _counted(threshold: Threshold) -> Json:
    distinct = {
        f"distinct_{number}": (field, least)
        for number, (field, least) in enumerate(threshold.distinct, 1)
    }
    paths = {"events": "_count", **{name: name for name in distinct}}
    tests = [f"params.events >= {threshold.least}"]
    tests += [f"params.{name} >= {least}" for name, (_, least) in distinct.items()]
    return {
        **_groups(threshold.by),
        "aggs": {
            "first_seen": {"min": {"field": _TIME}},
            "last_seen": {"max": {"field": _TIME}},
            **{name: {"cardinality": {"field": field}} for name, (field, _) in distinct.items()},
            "enough": _selector(paths, tests),
        },
    }


def _first_seen(rule: Rule, fields: tuple[str, ...]) -> Json:
    """Groups that have events in the rule's window and none before it. One at its very beginning
    is before it, as for Kibana, whose terms are new if they are first seen later than that
    (``build_new_terms_aggregation.ts``); but ``gt`` of a rounded time is later than its unit.
    """
    start = search_window_of(rule).start
    until, since = ("lt", "gte") if "/" in start else ("lte", "gt")
    return {
        **_groups(fields),
        "aggs": {
            "first_seen": {"min": {"field": _TIME}},
            "before": {"filter": _within(rule, {until: start})},
            "recent": {"filter": _within(rule, {since: start})},
            "new": _selector(
                {"before": "before>_count", "recent": "recent>_count"},
                ["params.before == 0", "params.recent > 0"],
            ),
        },
    }


def _selector(paths: Json, tests: list[str]) -> Json:
    return {"bucket_selector": {"buckets_path": paths, "script": " && ".join(tests)}}
