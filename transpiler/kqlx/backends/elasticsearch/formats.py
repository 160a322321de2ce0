"""What of a rule is beside its query, in each of Elasticsearch's formats: what completes the query,
and notes on what is assumed or lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from kqlx.backends.elasticsearch.query_dsl import query_of
from kqlx.backends.elasticsearch.search_request import (
    GROUPS,
    most_hits,
    odd_times,
    request_body,
    single_events,
)
from kqlx.backends.target import Emission, Plan
from kqlx.errors import UnsupportedError
from kqlx.notes import Effect, Note
from kqlx.rules.filters import conditions_of
from kqlx.rules.forms import form_of
from kqlx.rules.kibana_objects import list_key
from kqlx.rules.labels import SCORES
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import NewTerms
from kqlx.rules.query_only_notes import query_only_notes
from kqlx.rules.schedule import schedule_of
from kqlx.rules.threshold import Threshold

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


def emit(plan: Plan) -> Emission:
    """The query with the rule's filters, as the format wants it: by itself, or in the body of a
    search.

    Raises UnsupportedError for a watch whose text Watcher would take for a template.
    """
    source, rule = plan.only_source("Elasticsearch"), plan.rule
    emission = query_of(source.bound, source.options)
    assert isinstance(emission.query, dict)
    emission = replace(emission, query=conditions_of(rule).wrap_query(emission.query))
    options = source.options
    if options.format == "rule":
        return replace(emission, covers_rule_type=True)
    if options.format == "query":
        return emission
    assert isinstance(emission.query, dict)
    body = request_body(rule, emission.query)
    whole = body is not None
    body = body or single_events(rule, emission.query)
    if options.format == "watcher":
        _refuse_templates([indices_of(rule), body])
    return replace(emission, query=body, covers_rule_type=whole)


def indices_of(rule: Rule) -> tuple[str, ...]:
    return rule.indices or DEFAULT_INDICES


def about(plan: Plan) -> Iterator[Note]:
    """Notes on what of a rule the format does not hold, or holds in another way."""
    rule, format = plan.rule, plan.format
    if format == "rule":
        yield from _about_import(rule)
        return
    yield from query_only_notes(rule, clauses=True)
    if format not in ("search", "watcher"):
        return
    if not rule.indices:
        view = rule.data.get("data_view_id")
        yield Note(
            "index-assumed",
            Effect.SAME,
            f"the rule reads the data view {view}, whose index patterns it does not tell"
            if view
            else "the rule names no index patterns",
            hint="Kibana's default patterns stand for them: check them",
        )
    if odd := odd_times(rule):
        what = ", ".join(f"{key}: {rule.data[key]}" for key in odd)
        message = f"{what} is no time that Elasticsearch reads; Kibana's own stands for it"
        yield Note("schedule-assumed", Effect.DIFFERENT, message)
    if isinstance(form_of(rule), Threshold | NewTerms):
        message = f"the search looks at {GROUPS:,} groups; Kibana asks for the next ones after them"
        hint = "while the answer has an after_key, ask again with it under composite.after"
        yield Note("groups-limited", Effect.SAME, message, hint=hint if format == "search" else "")
    if format == "watcher":
        yield from _about_watch(rule)


def _about_watch(rule: Rule) -> Iterator[Note]:
    schedule = schedule_of(rule)
    interval = rule.data.get("interval")
    if any(text.startswith("interval") for text in schedule.odd):
        message = f"interval: {interval} is no plain span of time; the watch runs every 5 minutes"
        yield Note("schedule-assumed", Effect.SAME, message)
    if schedule.look_back > schedule.interval:
        message = (
            "each run looks back further than to the run before it, and the watch tells what both"
            " find twice; Kibana makes one alert of it"
        )
        yield Note("alerts-repeated", Effect.SAME, message)
    message = "a watch runs as soon as it is stored"
    hint = "PUT _watcher/watch/ID?active=false stores it to be reviewed first"
    yield Note("runs-at-once", Effect.SAME, message, hint=hint)
    wanted = rule.data.get("max_signals")
    if isinstance(wanted, int) and wanted > most_hits(rule):
        message = f"each run reports at most {most_hits(rule):,} events (max_signals is {wanted:,})"
        yield Note("metadata-left-out", Effect.SAME, message)
    if rule.data.get("actions"):
        message = "the rule's actions are not in the watch, which writes to the log"
        yield Note("actions-left-out", Effect.SAME, message)


def _about_import(rule: Rule) -> Iterator[Note]:
    made = []
    if not rule.description:
        made.append("its name as its description")
    if rule.severity not in SCORES or not isinstance(rule.data.get("risk_score"), int):
        made.append("severity and risk score, low and 21 where neither is known")
    if not rule.id:
        made.append("an id")
    if rule.type == "new_terms" and "history_window_start" not in rule.data:
        made.append("a history of 14 days")
    if made:
        message = f"the rule lacks what Kibana asks for; it gets {', '.join(made)}"
        yield Note("metadata-assumed", Effect.SAME, message)
    lists = [e for e in rule.exception_lists if list_key(e) not in rule.exceptions]
    if lists:
        names = ", ".join(f'"{entry.get("list_id", "?")}"' for entry in lists)
        message = f"exceptions {names} are left out, for the file does not hold their items"
        hint = "import them first, or Kibana takes them from the rule"
        yield Note("filters-left-out", Effect.WIDER, message, hint=hint)
    if rule.data.get("actions"):
        message = "the rule's actions name connectors, without which Kibana refuses the import"
        yield Note("actions-kept", Effect.SAME, message)


def _refuse_templates(request: object) -> None:
    """Watcher reads the request as a Mustache template, in which two braces begin a tag
    (https://www.elastic.co/docs/explore-analyze/alerts-cases/watcher/input-search).
    """
    if "{{" in json.dumps(request, separators=(", ", ": ")):
        note = Note("unsupported", Effect.DIFFERENT, "{{ in the query: Watcher's templates use it")
        raise UnsupportedError(
            "cannot convert two braces, {{: Watcher would take them for a tag of a template",
            notes=(note,),
        )
