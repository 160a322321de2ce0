"""What the objects of Kibana's exports are: rules, exception lists and their items, connectors, the
summary at the end; and saved objects, of which some have a query: saved queries and searches,
visualizations, dashboards.

https://www.elastic.co/docs/api/doc/kibana/operation/operation-exportrules
https://www.elastic.co/docs/api/doc/kibana/group/endpoint-saved-objects
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from kqlx.malformed import Refused, json_document, refuse_constant

RULE_TYPES = frozenset(
    {
        "query",
        "saved_query",
        "threshold",
        "new_terms",
        "threat_match",
        "eql",
        "esql",
        "machine_learning",
    }
)


class Kind(Enum):
    RULE = "rule"
    EXCEPTION_ITEM = "exception item"
    EXCEPTION_LIST = "exception list"
    SAVED_OBJECT = "saved object"
    SUMMARY = "summary"
    REPORT = "line of a report of kqlx"
    OTHER = "something else"


def rule_table(document: dict[str, Any]) -> dict[str, Any]:
    """What has the keys of a rule: the object, or the ``attributes`` of a saved object; or the
    keys of a rule of the query in one.
    """
    attributes = document.get("attributes")
    if not isinstance(attributes, dict):
        return document
    if document.get("type") == "security-rule":
        return attributes
    return _searched(attributes) or document


def _searched(attributes: dict[str, Any]) -> dict[str, Any]:
    """The query and filters of a saved object, under the keys of a rule; empty where it has
    neither.
    """
    meta = attributes.get("kibanaSavedObjectMeta")
    source = _parsed(meta.get("searchSourceJSON")) if isinstance(meta, dict) else {}
    state = attributes.get("state")  # of a Lens visualization
    for place, filters in ((attributes, "filters"), (source, "filter"), (state, "filters")):
        query = place.get("query") if isinstance(place, dict) else None
        if isinstance(place, dict) and isinstance(query, dict):
            found = {
                "name": attributes.get("title"),
                "description": attributes.get("description"),
                "type": "query",
                "language": query.get("language", "kuery"),
                "query": query.get("query"),
                "filters": place.get(filters),
            }
            asks = found["query"] or found["filters"]
            return {key: value for key, value in found.items() if value} if asks else {}
    return {}


def why_unread(document: Mapping[str, Any]) -> str:
    """What is wrong with the query that a saved object has; "" for nothing, and where it has none.

    The search source of a saved search is JSON within the JSON; the query of a saved query an
    object.
    """
    attributes = document.get("attributes")
    if not isinstance(attributes, dict):
        return ""
    name = "attributes.query"
    query = attributes.get("query") if document.get("type") == "query" else None
    meta = attributes.get("kibanaSavedObjectMeta")
    if query is None and isinstance(meta, dict) and meta.get("searchSourceJSON") is not None:
        name = "attributes.kibanaSavedObjectMeta.searchSourceJSON"
        try:
            query = _source(meta["searchSourceJSON"]).get("query")
        except Refused as error:
            return f"{name}: {error.reason}"
        name += ", query"
    return f"{name}: expected an object" if not isinstance(query, dict | None) else ""


def _parsed(source: object) -> dict[str, Any]:
    try:
        return _source(source)
    except Refused:
        return {}  # ``why_unread`` says it


def _source(source: object) -> dict[str, Any]:
    """Raises Refused."""
    found = source
    if isinstance(source, str):
        found = json_document(json.JSONDecoder(parse_constant=refuse_constant), source)
    if not isinstance(found, dict):
        raise Refused("expected a JSON object, as text", 0)
    return found


_REPORTED = frozenset({"path", "status", "remarks", "conversions"})
"""Keys that a rule has in kqlx's reports of JSON lines, and no rule elsewhere."""


def kind_of(table: Mapping[str, Any]) -> Kind:
    if table.keys() >= _REPORTED:
        return Kind.REPORT
    if "list_id" in table and "query" not in table:
        return Kind.EXCEPTION_ITEM if "entries" in table else Kind.EXCEPTION_LIST
    names = {str(key) for key in table}
    if "exportedCount" in names or any(
        name.startswith("exported_") and name.endswith("_count") for name in names
    ):
        return Kind.SUMMARY
    if isinstance(table.get("attributes"), dict) and isinstance(table.get("type"), str):
        return Kind.SAVED_OBJECT  # connectors, index patterns, searches for everything
    is_rule = str(table.get("type")) in RULE_TYPES or {"query", "language", "rule_id"} & set(table)
    return Kind.RULE if is_rule else Kind.OTHER


def list_key(table: Mapping[str, Any]) -> tuple[str, str]:
    """By which a rule, a list and its items name the list: its space and its id."""
    return str(table.get("namespace_type") or "single"), str(table.get("list_id"))
