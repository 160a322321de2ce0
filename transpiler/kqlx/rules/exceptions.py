"""An item of an exception list → the clause of Query DSL that Kibana makes of it.

An item is met by events that meet all of its entries; ``os_types`` are one more. Values are asked
for by ``terms``, as Kibana does since version 8.4; before it used ``match_phrase``, which is the
same but on text.

https://www.elastic.co/docs/api/doc/kibana/operation/operation-createexceptionlistitem
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Clause = dict[str, Any]


class NotConverted(Exception):
    """The item can be no clause; the text is the reason."""


def clause_of(item: Mapping[str, Any]) -> Clause:
    """What the rule must not match. Raises NotConverted."""
    if item.get("expire_time"):
        raise NotConverted(f"it ends at {item['expire_time']}")
    entries = item.get("entries")
    if not isinstance(entries, list) or not entries:
        raise NotConverted("it has no entries")
    clauses = [_entry(entry, "") for entry in entries]
    systems = item.get("os_types") or []
    if not isinstance(systems, list):
        raise NotConverted("its os_types are not a list")
    if systems:
        clauses.append(_system([str(name) for name in systems]))
    return clauses[0] if len(clauses) == 1 else {"bool": {"filter": clauses}}


def _system(names: list[str]) -> Clause:
    """Elastic's endpoint once said ``host.os.name.caseless`` where others say ``host.os.type``."""
    fields = ("host.os.type", "host.os.name.caseless")
    should = [{"terms": {field: names}} for field in fields]
    return {"bool": {"should": should, "minimum_should_match": 1}}


def _entry(entry: Any, prefix: str) -> Clause:
    if not isinstance(entry, dict) or not isinstance(entry.get("field"), str):
        raise NotConverted("an entry names no field")
    name = prefix + entry["field"]
    kind, value = entry.get("type"), entry.get("value")
    if kind == "nested":
        inner = entry.get("entries")
        if not isinstance(inner, list) or not inner:
            raise NotConverted("a nested entry has no entries")
        query: Clause = {"bool": {"filter": [_entry(item, f"{name}.") for item in inner]}}
        return {"nested": {"path": name, "query": query, "score_mode": "none"}}
    clauses: dict[object, Clause] = {
        "match": {"terms": {name: [value]}},
        "match_any": {"terms": {name: value}},
        "wildcard": {"wildcard": {name: {"value": value}}},
        "exists": {"exists": {"field": name}},
    }
    if kind == "list":
        found = entry.get("list")
        id = found.get("id") if isinstance(found, dict) else "?"
        raise NotConverted(f'the values of the list "{id}" are not in the file')
    if (
        not isinstance(kind, str)
        or kind not in clauses
        or (kind == "match_any" and not isinstance(value, list))
    ):
        raise NotConverted(f"an entry of type {kind}")
    if kind != "exists" and value is None:
        raise NotConverted(f"an entry of {name} has no value")
    if entry.get("operator", "included") not in ("included", "excluded"):
        raise NotConverted(f"the operator {entry['operator']}")
    excluded = entry.get("operator") == "excluded"
    return {"bool": {"must_not": [clauses[kind]]}} if excluded else clauses[kind]
