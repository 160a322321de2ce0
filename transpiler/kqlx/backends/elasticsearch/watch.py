"""Watches: a search that Elasticsearch runs by a schedule, and the log line that it writes
(https://www.elastic.co/docs/explore-analyze/alerts-cases/watcher/how-watcher-works).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kqlx.backends.artifact_text import cut, own_id
from kqlx.backends.elasticsearch.eql_search import CONDITION, TEXT, http_request
from kqlx.backends.elasticsearch.search_request import indices_of, most_hits
from kqlx.errors import UnsupportedError
from kqlx.notes import Effect, Note
from kqlx.records import dataclass
from kqlx.rules.labels import one_line, severity_and_score
from kqlx.rules.model import Rule
from kqlx.rules.schedule import schedule_of, spelt
from kqlx.rules.unconverted_metadata import other_frameworks, other_values

Json = dict[str, Any]

# What a watch says elsewhere, in other words, or in notes.
_IN_WATCH = frozenset(
    {
        "actions", "alert_suppression", "enabled", "exceptions_list", "filters", "from",
        "history_window_start", "index", "interval", "language", "new_terms", "new_terms_fields",
        "note", "threat", "threshold", "timestamp_override", "to", "type",
    }
)  # fmt: skip

_LEVELS = {"low": "info", "medium": "warn", "high": "warn", "critical": "error"}
"""Severity → the level of the line in Elasticsearch's log."""

_GROUPS = "{{#toJson}}ctx.payload.aggregations.groups.buckets{{/toJson}}"
_EVENTS = "{{ctx.payload.hits.total}} events"


@dataclass(frozen=True, slots=True)
class Watch:
    """What the template prints, in the order of the file. ``interval`` is the time between two runs
    in Watcher's units; ``text`` the line of the log, a Mustache template. ``http`` is the request
    over HTTP of a watch that asks EQL search, None where Watcher itself searches for ``body``.
    ``notes`` say what of the rule is not so there.
    """

    metadata: Json
    interval: str
    indices: tuple[str, ...]
    body: Json
    condition: Json
    level: str
    text: str
    notes: tuple[Note, ...]
    http: Json | None = None


def watch(rule: Rule, body: Json, *, eql: bool = False) -> Watch:
    """The watch of a rule with this body of its search, or of its EQL search; its notes do not
    depend on the body.
    """
    severity, _ = severity_and_score(rule)
    found = _GROUPS if "aggs" in body else _EVENTS
    return Watch(
        metadata=_metadata(rule),
        interval=spelt(schedule_of(rule).interval),
        indices=indices_of(rule),
        body=body,
        condition=CONDITION if eql else _condition(body),
        level=_LEVELS[severity],
        text="{{ctx.metadata.name}}: " + (TEXT if eql else found),
        notes=tuple(watch_notes(rule)),
        http=http_request(rule, body) if eql else None,
    )


def refuse_templates(rule: Rule, body: Json) -> None:
    """Watcher reads the request as a Mustache template, in which two braces begin a tag
    (https://www.elastic.co/docs/explore-analyze/alerts-cases/watcher/input-search).
    """
    if "{{" in json.dumps([indices_of(rule), body], separators=(", ", ": ")):
        note = Note(
            "template-braces",
            Effect.DIFFERENT,
            "{{ in the query: Watcher would read it as a template tag",
        )
        raise UnsupportedError(
            "cannot convert {{ in the query: Watcher would read it as a template tag",
            code=note.code,
            notes=(note,),
        )


def _metadata(rule: Rule) -> Json:
    """What a watch keeps for its readers: all that the rule says beside its query and schedule."""
    severity, score = severity_and_score(rule)
    found: Json = {
        "name": one_line(rule.name) or cut(one_line(rule.query), 80) or "Every event",
        "id": own_id(rule, "elasticsearch"),
        "rule_id": rule.id,
        "converted_by": "kqlx",
        "description": rule.description,
        "severity": severity,
        "risk_score": score,
        "tactics": [f"{tactic.id} {tactic.name}".strip() for tactic in rule.tactics],
        "techniques": list(dict.fromkeys(id for t in rule.tactics for id in t.techniques)),
        "false_positives": rule.texts("false_positives"),
        "references": rule.texts("references"),
        "tags": rule.texts("tags"),
        "author": rule.authors,
        "license": rule.license,
        "license_notice": rule.license and "the query and these texts are under the rule's licence",
        "created": rule.created,
        "updated": rule.updated,
        "building_block_type": rule.text("building_block_type"),
        "investigation_fields": rule.investigation_fields,
        "investigation_guide": rule.text("note"),
        "setup": rule.text("setup"),
        "query": rule.query,
    }
    elsewhere = {*found, *_IN_WATCH} - ({"threat"} if other_frameworks(rule) else set())
    if more := other_values(rule, elsewhere):
        found["rule"] = more
    return {key: value for key, value in found.items() if value or value == 0}


def _condition(body: Json) -> Json:
    """A watch acts where there are hits, or groups where the search counts."""
    if "aggs" in body:
        at_least_one = {"path": "doc_count", "gte": {"value": 1, "quantifier": "some"}}
        return {"array_compare": {"ctx.payload.aggregations.groups.buckets": at_least_one}}
    return {"compare": {"ctx.payload.hits.total": {"gt": 0}}}


def watch_notes(rule: Rule) -> Iterator[Note]:
    schedule = schedule_of(rule)
    if odd := [text for text in schedule.odd if text.startswith("interval: ")]:
        message = f"{odd[0]} is not a plain time span; the watch runs every 5 minutes"
        yield Note("schedule-assumed", Effect.SAME, message)
    if schedule.look_back > schedule.interval:
        message = (
            "runs overlap: the watch reports an event that two of them find twice; Kibana raises"
            " one alert"
        )
        yield Note("alerts-repeated", Effect.SAME, message)
    message = "a watch runs as soon as it is stored"
    hint = "PUT _watcher/watch/ID?active=false stores it to be reviewed first"
    yield Note("runs-at-once", Effect.SAME, message, hint=hint)
    wanted = rule.max_signals or 0
    if wanted > most_hits(rule):
        message = f"each run reports at most {most_hits(rule):,} events (max_signals is {wanted:,})"
        yield Note("metadata-left-out", Effect.SAME, message)
    if rule.has("actions"):
        message = "the rule's actions are not converted; the watch writes to the log"
        yield Note("actions-left-out", Effect.SAME, message)
