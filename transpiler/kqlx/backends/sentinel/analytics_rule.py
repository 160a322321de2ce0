"""What the templates of Sentinel say of a rule: the filters that they use."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from kqlx import resources
from kqlx.backends.artifact_text import cut, own_id
from kqlx.backends.sentinel.description import (
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    title,
    whole_description,
)
from kqlx.backends.sentinel.entities import (
    MOST_DETAILS,
    MOST_ENTITIES,
    outputs,
    suppressed,
)
from kqlx.backends.sentinel.metadata import SEVERITIES, UNKNOWN_SEVERITY, attack_of
from kqlx.backends.sentinel.schedule import grouping_time, iso, run_of, span
from kqlx.backends.yaml_text import block, plain, quoted
from kqlx.mappings.bound import Bound
from kqlx.rules.model import Rule
from kqlx.rules.suppression import suppression_of

VERSION = "1.0.0"


def name(rule: Rule) -> str:
    """The rule's name, as much of it as fits."""
    return cut(title(rule), LONGEST_NAME)


def description(rule: Rule) -> str:
    """All that an analytics rule has no key for, as much of it as fits."""
    return cut(whole_description(rule), LONGEST_DESCRIPTION)


def entities(rule: Rule, bounds: Iterable[Bound]) -> list[dict[str, Any]]:
    """``entityMappings``: of several data sources those of all, each once, as it is known best."""
    every = [entity for bound in bounds for entity in outputs(rule, bound).entities]
    found = [
        (type, pairs)
        for type, pairs in every
        if not any(type == other and {*pairs} < {*more} for other, more in every)
    ]
    return [
        {
            "entityType": type,
            "fieldMappings": [{"identifier": i, "columnName": column} for i, column in pairs],
        }
        for type, pairs in list(dict.fromkeys(found))[:MOST_ENTITIES]
    ]


def details(rule: Rule, bounds: Iterable[Bound]) -> dict[str, str]:
    """``customDetails``: columns by key."""
    found: dict[str, str] = {}
    for bound in bounds:
        for key, column in outputs(rule, bound).details.items():
            found.setdefault(key, column)
    return dict(list(found.items())[:MOST_DETAILS])


def title_column(rule: Rule, bounds: Iterable[Bound]) -> str:
    """The column that names each alert, or ""."""
    return next((found for bound in bounds if (found := outputs(rule, bound).name)), "")


def connectors(bounds: Iterable[Bound]) -> list[dict[str, Any]]:
    """``requiredDataConnectors``: for each table those that bring its rows."""
    found: dict[str, list[str]] = {}
    for bound in bounds:
        table = bound.place.get("table")
        own = bound.place.get("connectors")
        for one in table if isinstance(table, list) else [table]:
            for connector in own if isinstance(own, list) else _connectors().get(str(one), ()):
                tables = found.setdefault(connector, [])
                if str(one) not in tables:
                    tables.append(str(one))
    return [{"connectorId": id, "dataTypes": tables} for id, tables in found.items()]


@cache
def _connectors() -> dict[str, list[str]]:
    path = resources.PACKAGE / "backends" / "sentinel" / "data_connectors.json"
    known: dict[str, list[str]] = json.loads(path.read_text("utf-8"))["connectors"]
    return known


def grouping(rule: Rule, bounds: Sequence[Bound]) -> dict[str, Any]:
    """``incidentConfiguration``: what Elastic suppresses becomes one incident; building blocks
    make none.
    """
    fields = set(suppressed(rule))
    found = [outputs(rule, bound).fields for bound in bounds]
    keys = [key for key in details(rule, bounds) if any(one.get(key) in fields for one in found)]
    return {
        "createIncident": not rule.data.get("building_block_type"),
        "groupingConfiguration": {
            "enabled": suppression_of(rule) is not None,
            "reopenClosedIncident": False,
            "lookbackDuration": grouping_time(rule),
            "matchingMethod": "Selected" if keys else "AllEntities",
            "groupByEntities": [],
            "groupByAlertDetails": [],
            "groupByCustomDetails": keys,
        },
    }


def aggregation(rule: Rule) -> str:
    """Elastic raises an alert for each result; a rule that raises one at most gets one for all."""
    return "SingleAlert" if rule.data.get("max_signals") == 1 else "AlertPerResult"


def severity(rule: Rule) -> str:
    return SEVERITIES.get(rule.severity, UNKNOWN_SEVERITY)


def schedule(rule: Rule) -> dict[str, int]:
    run = run_of(rule)
    return {"frequency": run.frequency, "period": run.period}


def id(rule: Rule) -> str:
    return own_id(rule, "sentinel")


def parents(techniques: Iterable[str]) -> list[str]:
    """Techniques, those of sub-techniques among them."""
    return list(dict.fromkeys(id.partition(".")[0] for id in techniques))


def children(techniques: Iterable[str]) -> list[str]:
    """Sub-techniques."""
    return [id for id in techniques if "." in id]


def arm(value: Any) -> str:
    """A value as JSON of an ARM template, in which text between brackets is an expression
    (https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions).
    """
    return json.dumps(_literal(value), ensure_ascii=True)


def _literal(value: Any) -> Any:
    if isinstance(value, str):
        return f"[{value}" if value.startswith("[") and value.endswith("]") else value
    if isinstance(value, dict):
        return {key: _literal(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_literal(item) for item in value]
    return value


FILTERS: dict[str, Callable[..., Any]] = {
    "aggregation": aggregation,
    "arm": arm,
    "attack": attack_of,
    "block": block,
    "children": children,
    "connectors": connectors,
    "description": description,
    "details": details,
    "entities": entities,
    "grouping": grouping,
    "id": id,
    "iso": iso,
    "name": name,
    "parents": parents,
    "plain": plain,
    "quoted": quoted,
    "schedule": schedule,
    "severity": severity,
    "span": span,
    "title_column": title_column,
    "version": lambda _: VERSION,
}
