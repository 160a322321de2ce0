"""What Kibana's import of rules and Watcher's API ask of what they load, from their documentation.

Lines of an import: https://www.elastic.co/docs/api/doc/kibana/operation/operation-importrules (the
keys are those of ``createrule``); watches:
https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-watcher-put-watch.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

Check = Callable[[Any], bool]


def strict(text: str) -> Any:
    """JSON as its standard has it: no NaN, no key twice, whatever Python lets pass."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(found)) == len(found), "a key twice"
        return dict(found)

    def constant(name: str) -> NoReturn:
        raise AssertionError(f"not JSON: {name}")

    text.encode()
    return json.loads(text, object_pairs_hook=pairs, parse_constant=constant)


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_filled(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def one_of(*names: str) -> Check:
    return lambda value: value in names


def is_threat(value: Any) -> bool:
    return isinstance(value, list) and all(
        is_text(entry.get("framework"))
        and all(is_text(entry["tactic"].get(key)) for key in ("id", "name", "reference"))
        for entry in value
    )


def is_threshold(value: Any) -> bool:
    return (
        (is_text(value.get("field")) or is_texts(value.get("field")))
        and is_count(value.get("value"))
        and all(
            is_text(entry.get("field")) and isinstance(entry.get("value"), int)
            for entry in value.get("cardinality", [])
        )
    )


REQUIRED: Mapping[str, Check] = {
    "rule_id": is_filled,
    "name": is_filled,
    "description": is_filled,
    "type": one_of("query", "saved_query", "threshold", "new_terms", "threat_match", "eql"),
    "severity": one_of("low", "medium", "high", "critical"),
    "risk_score": lambda value: isinstance(value, int) and 0 <= value <= 100,
    "enabled": lambda value: value is False,
}
BY_TYPE: Mapping[str, Mapping[str, Check]] = {
    "query": {},
    "saved_query": {"saved_id": is_filled},
    "threshold": {"query": is_text, "threshold": is_threshold},
    "new_terms": {
        "query": is_text,
        "new_terms_fields": lambda value: is_texts(value) and 1 <= len(value) <= 3,
        "history_window_start": is_filled,
    },
    "threat_match": {
        "query": is_text,
        "threat_query": is_text,
        "threat_index": is_texts,
        "threat_mapping": lambda value: isinstance(value, list) and bool(value),
    },
    "eql": {"query": is_filled, "language": one_of("eql")},
}
OPTIONAL: Mapping[str, Check] = {
    "language": one_of("kuery", "lucene", "eql"),
    "interval": lambda value: bool(re.fullmatch(r"[1-9]\d*[smhd]", value)),
    "from": is_text,
    "to": is_text,
    "max_signals": is_count,
    "threat": is_threat,
    "meta": lambda value: isinstance(value, dict),
    "filters": lambda value: isinstance(value, list),
    "investigation_fields": lambda value: is_texts(value["field_names"]) and value["field_names"],
    **dict.fromkeys(("author", "false_positives", "index", "references", "tags"), is_texts),
    **dict.fromkeys(("license", "note", "setup", "timestamp_override", "query"), is_text),
}


def rule_problems(rule: Mapping[str, Any]) -> Iterator[str]:
    """What the import would refuse in a rule."""
    needed = {**REQUIRED, **BY_TYPE.get(rule.get("type", ""), {})}
    for key, check in needed.items():
        if key not in rule:
            yield f"no {key}"
        elif not check(rule[key]):
            yield f"{key}: {rule[key]!r}"
    for key, check in OPTIONAL.items():
        if key in rule and not check(rule[key]):
            yield f"{key}: {rule[key]!r}"


def import_problems(text: str) -> Iterator[str]:
    """What the import would refuse in the text of an NDJSON file."""
    seen = set()
    for line in text.split("\n"):
        found = strict(line)
        if "entries" in found:
            needed = {"list_id", "item_id", "type", "name", "description", "entries"}
            yield from (f"an item without {key}" for key in needed - set(found))
        elif "list_id" in found:
            needed = {"list_id", "type", "name", "description", "namespace_type"}
            yield from (f"a list without {key}" for key in needed - set(found))
        else:
            yield from rule_problems(found)
            if found.get("rule_id") in seen:
                yield f"two rules of the id {found['rule_id']}"
            seen.add(found.get("rule_id"))


def _http_problems(request: Mapping[str, Any]) -> Iterator[str]:
    """What is odd of a request of an ``http`` input to EQL search (elastic/elasticsearch,
    ``HttpRequest.Parser``; operation-eql-search).
    """
    texts = {"scheme", "host", "method", "path", "body", "read_timeout", "connection_timeout"}
    if set(request) - texts - {"port", "params", "headers", "auth"}:
        yield f"the request's keys {sorted(request)}"
    if not all(isinstance(request.get(key, ""), str) for key in texts):
        yield "a text of the request"
    if not isinstance(request["port"], int) or request["method"] not in ("get", "post"):
        yield "the port or the method"
    if not re.fullmatch(r"/[^/?#\s<>{}]+/_eql/search", request["path"]):
        yield f"the path {request['path']}"
    if not all(isinstance(value, str) for value in request["params"].values()):
        yield "the parameters"
    yield from eql_problems(strict(request["body"]))


def eql_problems(body: Mapping[str, Any]) -> Iterator[str]:
    """What EQL search would refuse in the body of a request."""
    names = {"timestamp_field", "tiebreaker_field", "event_category_field"}
    if set(body) - names - {"query", "filter", "size"}:
        yield f"the keys {sorted(body)}"
    if not all(isinstance(body.get(name, ""), str) for name in (*names, "query")):
        yield "a text of the body"
    if not isinstance(body.get("filter", {}), dict) or not isinstance(body.get("size", 1), int):
        yield "the filter or the size"


_TAG = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_TAGS = {
    "{{ctx.metadata.name}}",
    "{{ctx.payload.hits.total}}",
    "{{#toJson}}",
    "{{/toJson}}",
    *("{{ctx.payload._status_code}}", "{{ctx.payload.hits.total.value}}", "{{.}}", "{{reason}}"),
    *("{{#ctx.payload.hits.sequences}}", "{{/ctx.payload.hits.sequences}}", "{{_index}}"),
    *("{{#join_keys}}", "{{/join_keys}}", "{{#events}}", "{{/events}}", "{{_id}}"),
    *("{{#ctx.payload.error}}", "{{/ctx.payload.error}}"),
}


def watch_problems(watch: Mapping[str, Any]) -> Iterator[str]:
    """What Watcher would refuse in a watch, or take for a template that it is not."""
    if set(watch) != {"metadata", "trigger", "input", "condition", "actions"}:
        yield f"the keys {sorted(watch)}"
    interval = watch["trigger"]["schedule"]["interval"]
    if watch["trigger"] != {"schedule": {"interval": interval}}:
        yield "the trigger"
    if not re.fullmatch(r"[1-9]\d*[smhdw]", interval):
        yield f"the interval {interval}"
    ((source, found),) = watch["input"].items()
    request = found["request"]
    if set(found) != {"request"}:
        yield "the input"
    if source == "http":
        yield from _http_problems(request)
    elif source != "search" or not is_texts(request["indices"]):
        yield "the input"
    elif set(request) - {"indices", "indices_options", "body", "search_type", "template"}:
        yield f"the request's keys {sorted(request)}"
    if "{{" in json.dumps(request):
        yield "a template in the request"
    ((kind, condition),) = watch["condition"].items()
    ((path, test),) = condition.items()
    if source == "http":
        if (kind, path, test) != ("compare", "ctx.payload.hits.total.value", {"not_eq": 0}):
            yield "the condition"
    elif (kind, path.rpartition(".")[0]) == ("compare", "ctx.payload.hits"):
        if path != "ctx.payload.hits.total" or test != {"gt": 0}:
            yield "the condition"
    elif kind == "array_compare":
        name = path.removeprefix("ctx.payload.aggregations.").removesuffix(".buckets")
        if name not in request["body"].get("aggs", {}) or set(test) != {"path", "gte"}:
            yield "the condition"
    else:
        yield f"the condition {kind}"
    for action in watch["actions"].values():
        logging = action["logging"]
        if logging["level"] not in ("error", "warn", "info", "debug", "trace"):
            yield f"the level {logging['level']}"
        for tag in _TAG.findall(logging["text"]):
            if tag not in _TAGS:
                yield f"the tag {tag}"
