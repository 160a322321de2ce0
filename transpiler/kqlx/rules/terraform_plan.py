"""Detection rules in what ``terraform show -json`` prints: the resources of Elastic's provider in a
plan, or in a state, with those of its modules.

https://registry.terraform.io/providers/elastic/elasticstack/latest/docs/resources/kibana_security_detection_rule
https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from kqlx.malformed import Refused, json_value, refuse_constant

RESOURCE = "elasticstack_kibana_security_detection_rule"

_OF_TERRAFORM = frozenset({"id", "kibana_connection", "space_id"})
"""Keys of a resource that are about its place, and that a rule of that name means otherwise."""


def is_plan(document: Mapping[str, Any]) -> bool:
    return "format_version" in document and bool({"planned_values", "values"} & set(document))


def resources(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The values of the rules in a plan or a state, in its order."""
    root = document.get("planned_values") or document.get("values")
    modules = [root.get("root_module")] if isinstance(root, dict) else []
    while modules:
        module = modules.pop(0)
        if not isinstance(module, dict):
            continue
        for resource in _list(module, "resources"):
            if isinstance(resource, dict) and resource.get("type") == RESOURCE:
                values = resource.get("values")
                if isinstance(values, dict):
                    yield values
        modules[:0] = _list(module, "child_modules")


def rule_table(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a resource under the keys of a rule, as Kibana has them: the provider has some
    objects as JSON in texts.
    """
    table = {key: value for key, value in values.items() if key not in _OF_TERRAFORM}
    table["filters"] = _parsed(table.get("filters"))
    if isinstance(filters := table.get("threat_filters"), list):
        table["threat_filters"] = [_parsed(one) for one in filters]
    if isinstance(names := table.get("investigation_fields"), list):
        table["investigation_fields"] = {"field_names": names}
    if isinstance(actions := table.get("actions"), list):
        table["actions"] = [_action(one) for one in actions]
    return table


def _action(action: object) -> object:
    if not isinstance(action, dict):
        return action
    return {**action, "params": _parsed(action.get("params"))}


def _parsed(value: object) -> object:
    """The value that a text holds; one that is no JSON stays what it is, which is then told of the
    key.
    """
    if not isinstance(value, str):
        return value
    decoder, text = json.JSONDecoder(parse_constant=refuse_constant), value.strip()
    try:
        found, end = json_value(decoder, text)
    except Refused:
        return value
    return found if end == len(text) else value


def _list(table: Mapping[str, Any], key: str) -> list[Any]:
    found = table.get(key)
    return found if isinstance(found, list) else []
