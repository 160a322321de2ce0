"""What the objects of Kibana's exports are: rules, exception lists and their items, connectors, the
summary at the end.

https://www.elastic.co/docs/api/doc/kibana/operation/operation-exportrules
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

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
    CONNECTOR = "connector"
    SUMMARY = "summary"
    OTHER = "something else"


def rule_table(document: dict[str, Any]) -> dict[str, Any]:
    """What has the keys of a rule: the object, or the ``attributes`` of a saved object."""
    attributes = document.get("attributes")
    inner = isinstance(attributes, dict) and document.get("type") == "security-rule"
    return attributes if inner and isinstance(attributes, dict) else document


def kind_of(table: Mapping[str, Any]) -> Kind:
    if "list_id" in table and "query" not in table:
        return Kind.EXCEPTION_ITEM if "entries" in table else Kind.EXCEPTION_LIST
    if any(str(key).startswith("exported_") and str(key).endswith("_count") for key in table):
        return Kind.SUMMARY
    if "attributes" in table and table.get("type") == "action":
        return Kind.CONNECTOR
    is_rule = str(table.get("type")) in RULE_TYPES or {"query", "language", "rule_id"} & set(table)
    return Kind.RULE if is_rule else Kind.OTHER


def list_key(table: Mapping[str, Any]) -> tuple[str, str]:
    """By which a rule, a list and its items name the list: its space and its id."""
    return str(table.get("namespace_type") or "single"), str(table.get("list_id"))
