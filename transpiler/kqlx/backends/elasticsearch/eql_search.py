"""A rule about several events → the body of the request to EQL search that finds them. No Query DSL
does.

The query stays as the rule has it. Kibana sends the same with the rule's window, filters and
exceptions as a filter on single events (``build_eql_search_request.ts``,
https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-eql-search).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from kqlx.backends.artifact_text import json_text
from kqlx.backends.elasticsearch.search_request import indices_of, most_hits, window_of
from kqlx.notes import Effect, Note
from kqlx.rules.filters import conditions_of
from kqlx.rules.model import Rule

Json = dict[str, Any]

_FIELDS = {
    "timestamp_field": "timestamp_field",
    "tiebreaker_field": "tiebreaker_field",
    "event_category_override": "event_category_field",
}
"""What the rule calls a field, and what the request does."""

_OF_RESPONSE = (
    *("hits.total", "hits.sequences.join_keys"),
    *("hits.sequences.events._index", "hits.sequences.events._id", "error"),
)
"""All that a watch keeps of the response: Watcher reads no more than 10 MB of it."""


def eql_query(rule: Rule) -> Json:
    """The query with the rule's filters and exceptions, without its window."""
    found = _asked(rule)
    conditions = conditions_of(rule)
    if conditions.conditions:
        found["filter"] = conditions.wrap_query({"match_all": {}})
    return found


def eql_request(rule: Rule) -> Json:
    """The whole body: what a run of the rule looks at, and how many results it takes."""
    window = conditions_of(rule).wrap_query(window_of(rule))
    return {**_asked(rule), "filter": window, "size": most_hits(rule)}


def _asked(rule: Rule) -> Json:
    names = {theirs: rule.text(ours) for ours, theirs in _FIELDS.items()}
    return {"query": rule.query, **{name: text for name, text in names.items() if text}}


def http_request(rule: Rule, body: Json) -> Json:
    """The request as a watch sends it, over HTTP: Watcher's own searches know no EQL
    (https://www.elastic.co/docs/explore-analyze/alerts-cases/watcher/input-http).
    """
    names = ",".join([quote(name, safe="*:") for name in indices_of(rule)])
    return {
        "scheme": "https",
        "host": "localhost",
        "port": 9200,
        "method": "post",
        "path": f"/{names}/_eql/search",
        "params": {"ignore_unavailable": "true", "filter_path": ",".join(_OF_RESPONSE)},
        "headers": {"Content-Type": "application/json"},
        "auth": {"basic": {"username": "USERNAME", "password": "PASSWORD"}},
        "body": json_text(body, indent=None),
        "read_timeout": "1m",
    }


CONDITION: Json = {"compare": {"ctx.payload.hits.total.value": {"not_eq": 0}}}
"""There are sequences, or there is no answer: an error has no hits, which is not 0 either
(elastic/elasticsearch, ``LenientCompare``).
"""

TEXT = (
    "HTTP {{ctx.payload._status_code}}, {{ctx.payload.hits.total.value}} found"
    "{{#ctx.payload.hits.sequences}}; {{#join_keys}}{{.}} {{/join_keys}}"
    "{{#events}}{{_index}}/{{_id}} {{/events}}{{/ctx.payload.hits.sequences}}"
    "{{#ctx.payload.error}}: {{reason}}{{/ctx.payload.error}}"
)
"""The end of the line in the log: of each result its keys and where its events are."""


def eql_notes() -> Iterator[Note]:
    """That the body is none of a search in Query DSL."""
    message = "no Query DSL says what the rule asks of several events; the body is for EQL search"
    yield Note("eql-search", Effect.SAME, message, hint="send it to INDEX/_eql/search")


def http_notes() -> Iterator[Note]:
    """What a watch needs that no rule says."""
    message = (
        "the watch sends its EQL search to https://localhost:9200 as USERNAME with PASSWORD, which"
        " are to be replaced"
    )
    hint = "the log says HTTP 401 until they are right; a user who may read the indices is enough"
    yield Note("connection-assumed", Effect.SAME, message, hint=hint)
