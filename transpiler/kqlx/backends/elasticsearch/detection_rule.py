"""What the templates of Elasticsearch say of a rule: Kibana's rule for its import, and the parts of
a watch. All of it is JSON, which ``json`` writes.
"""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kqlx.backends.artifact_text import cut, json_text, own_id
from kqlx.backends.elasticsearch.formats import indices_of
from kqlx.backends.elasticsearch.search_request import history_of
from kqlx.rules.kibana_objects import list_key
from kqlx.rules.labels import SCORES, one_line
from kqlx.rules.model import Rule
from kqlx.rules.schedule import schedule_of, spelt
from kqlx.rules.unconverted_metadata import other_frameworks

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


def kibana_rule(rule: Rule) -> Json:
    """The rule as the import API takes it: all that its file says, with what the API asks for.

    It keeps Elastic's id, for it is the same rule, and is disabled. Tables beside ``[rule]`` in a
    TOML file go under ``meta``, which Kibana leaves alone
    (https://www.elastic.co/docs/api/doc/kibana/operation/operation-importrules).
    """
    severity, score = _judgement(rule)
    name = one_line(rule.name) or cut(one_line(rule.query), 80) or "Every event"
    needed = {
        "rule_id": rule.id or own_id(rule, "elasticsearch"),
        "name": name,
        "description": rule.description or name,
        "type": rule.type,
        "language": rule.language,
        "query": rule.query,
        "severity": severity,
        "risk_score": score,
        "enabled": False,
    }
    if rule.type == "new_terms":
        window = rule.data.get("history_window_start")
        needed["history_window_start"] = window or history_of(rule)
    given = {key: str(rule.data.get(key, "")) for key in ("name", "description")}
    texts = {key: text for key, text in given.items() if text.strip()}
    others = {k: v for k, v in rule.data.items() if k not in needed and k != "new_terms"}
    found = {**needed, **texts, **others}
    if isinstance(rule.document.get("rule"), dict):
        beside = {key: value for key, value in rule.document.items() if key != "rule"}
        meta = rule.data.get("meta")
        if beside:
            found["meta"] = {**beside, **(meta if isinstance(meta, dict) else {})}
    return found


def exception_lines(rule: Rule) -> Iterator[Json]:
    """The exception lists of the rule whose items are known, each before its items."""
    for entry in rule.exception_lists:
        items = rule.exceptions.get(list_key(entry))
        if items is None:
            continue
        name = str(entry.get("list_id"))
        yield {
            "list_id": name,
            "type": entry.get("type") or "detection",
            "namespace_type": entry.get("namespace_type") or "single",
            "name": name,
            "description": name,
        }
        yield from map(dict, items)


def _judgement(rule: Rule) -> tuple[str, int]:
    """Severity and risk score, each from the other where one is missing, by Kibana's ranges."""
    score = rule.data.get("risk_score")
    severity = rule.severity
    if not isinstance(score, int) or isinstance(score, bool):
        severity = severity if severity in SCORES else "low"
        return severity, SCORES[severity]
    if severity not in SCORES:
        severity = next((name for name, most in SCORES.items() if score <= most), "critical")
    return severity, score


def watch_metadata(rule: Rule) -> Json:
    """What a watch keeps for its readers: all that the rule says beside its query and schedule."""
    severity, score = _judgement(rule)
    fields = rule.data.get("investigation_fields")
    names = fields.get("field_names") if isinstance(fields, dict) else None
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
        "created": str(rule.metadata.get("creation_date", "")),
        "updated": str(rule.metadata.get("updated_date", "")),
        "building_block_type": rule.data.get("building_block_type", ""),
        "investigation_fields": names or (),
        "investigation_guide": rule.data.get("note", ""),
        "setup": rule.data.get("setup", ""),
        "query": rule.query,
    }
    elsewhere = {*found, *_IN_WATCH} - ({"threat"} if other_frameworks(rule) else set())
    if more := {key: value for key, value in rule.data.items() if key not in elsewhere}:
        found["rule"] = more
    return {key: value for key, value in found.items() if value or value == 0}


def watch_condition(rule: Rule, body: Json) -> Json:
    """A watch acts where there are hits, or groups where the search counts."""
    if "aggs" in body:
        at_least_one = {"path": "doc_count", "gte": {"value": 1, "quantifier": "some"}}
        return {"array_compare": {"ctx.payload.aggregations.groups.buckets": at_least_one}}
    return {"compare": {"ctx.payload.hits.total": {"gt": 0}}}


def watch_interval(rule: Rule) -> str:
    """The time between two runs in Watcher's units: ``5m``."""
    return spelt(schedule_of(rule).interval)


def watch_level(rule: Rule) -> str:
    """The level of the line in Elasticsearch's log."""
    return _LEVELS[_judgement(rule)[0]]


def as_json(value: Any, margin: int = 0) -> str:
    """Plain JSON, its further lines set in by so many blanks."""
    return json_text(plain(value)).replace("\n", "\n" + " " * margin)


def json_line(value: Any) -> str:
    """Plain JSON on one line."""
    return json_text(plain(value), indent=None)


def plain(value: Any) -> Any:
    """The value with only what JSON has: dates of TOML and YAML, and numbers that are none, as
    texts.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | Iterator):
        return [plain(item) for item in value]
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, str | int | float | None) else json.dumps(value, default=str)


FILTERS: dict[str, Callable[..., Any]] = {
    "exception_lines": exception_lines,
    "indices": indices_of,
    "json": as_json,
    "json_line": json_line,
    "kibana_rule": kibana_rule,
    "watch_condition": watch_condition,
    "watch_interval": watch_interval,
    "watch_level": watch_level,
    "watch_metadata": watch_metadata,
}
