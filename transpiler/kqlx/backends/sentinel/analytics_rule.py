"""Analytics rules of Sentinel: all that the templates print, decided once, and what of Elastic's
rule was changed or lost on the way.

Keys: https://learn.microsoft.com/azure/sentinel/sentinel-analytic-rules-creation and
https://learn.microsoft.com/azure/templates/microsoft.securityinsights/alertrules
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kqlx.backends.artifact_text import own_id
from kqlx.backends.sentinel.alert_columns import AlertColumns
from kqlx.backends.sentinel.custom_details import MOST_DETAILS
from kqlx.backends.sentinel.data_connectors import Connector, data_connectors
from kqlx.backends.sentinel.defender_tables import tables_beside
from kqlx.backends.sentinel.description import description_of, name_of
from kqlx.backends.sentinel.entities import MOST_ENTITIES
from kqlx.backends.sentinel.incidents import Incidents, incidents_of
from kqlx.backends.sentinel.metadata import attack_of, lost_metadata, severity_of
from kqlx.backends.sentinel.rule_run import run_and_notes
from kqlx.backends.sentinel.schedule import iso, span
from kqlx.backends.sentinel.sequence_columns import columns_for, told_columns
from kqlx.backends.target import Plan
from kqlx.backends.yaml_text import block, plain, quoted
from kqlx.notes import Effect, Note
from kqlx.records import dataclass
from kqlx.rules.model import Rule

VERSION = "1.0.0"

MOST_ALERTS = 150
"""In one run of a rule (https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview)."""


@dataclass(frozen=True, slots=True)
class EntityMapping:
    """An entity of each alert: its type, and pairs of an identifier and a column."""

    type: str
    identifiers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AnalyticsRule:
    """A scheduled analytics rule.

    ``frequency`` and ``period`` are in seconds; ``details`` are columns by key; ``title_column``
    names each alert, "" for the rule's own name; ``attack_ids`` are techniques and sub-techniques
    as the YAML form lists them, ``techniques`` and ``subtechniques`` the same as ARM parts them.
    ``notes`` say what of Elastic's rule it cannot hold, or tells in its own terms.
    """

    id: str
    name: str
    description: str
    severity: str
    connectors: tuple[Connector, ...]
    frequency: int
    period: int
    tactics: tuple[str, ...]
    attack_ids: tuple[str, ...]
    techniques: tuple[str, ...]
    subtechniques: tuple[str, ...]
    tags: tuple[str, ...]
    query: str
    entities: tuple[EntityMapping, ...]
    details: dict[str, str]
    title_column: str
    aggregation: str
    incidents: Incidents
    version: str = VERSION
    notes: tuple[Note, ...] = ()


def analytics_rule(plan: Plan, query: str, part: str = "") -> AnalyticsRule:
    """The analytics rule of a plan and its query, over the events of one or several data sources.
    ``part`` is not used, since one rule holds all of them.
    """
    rule = plan.rule
    shown = columns_for(plan)
    told = told_columns(plan, shown)
    details = details_of(shown)
    run, about = run_and_notes(plan)
    severity, of_severity = severity_of(rule)
    aggregation, of_aggregation = _aggregation(rule)
    attack = attack_of(rule)
    incidents, of_incidents = incidents_of(rule, told, details)
    name, of_name = name_of(rule)
    description, of_description = description_of(rule)
    notes = (
        *about,
        *of_severity,
        *of_aggregation,
        *attack.notes,
        *of_incidents,
        *_about_shown(rule, told[0]),
        *lost_metadata(rule),
        *_about_tags(rule, plan.format),
        *of_name,
        *of_description,
        *_about_building_block(rule),
        *(note for other in told[1:] for note in _about_shown(rule, other)),
    )
    return AnalyticsRule(
        id=own_id(rule, "sentinel"),
        name=name,
        description=description,
        severity=severity,
        connectors=data_connectors(plan.bounds, tables_beside(plan)),
        frequency=run.frequency,
        period=run.period,
        tactics=attack.tactics,
        attack_ids=attack.techniques,
        techniques=tuple(dict.fromkeys(id.partition(".")[0] for id in attack.techniques)),
        subtechniques=tuple(id for id in attack.techniques if "." in id),
        tags=rule.texts("tags"),
        query=query,
        entities=_entities(shown if plan.events is None else shown[::-1]),
        details=details,
        title_column=next((one.title for one in shown if one.title), ""),
        aggregation=aggregation,
        incidents=incidents,
        notes=notes,
    )


def _entities(shown: Iterable[AlertColumns]) -> tuple[EntityMapping, ...]:
    """Those of all data sources, each once, as it is known best."""
    every = [entity for one in shown for entity in one.entities]
    found = [
        (type, pairs)
        for type, pairs in every
        if not any(type == other and {*pairs} < {*more} for other, more in every)
    ]
    return tuple(
        EntityMapping(type, pairs) for type, pairs in list(dict.fromkeys(found))[:MOST_ENTITIES]
    )


def details_of(shown: Iterable[AlertColumns]) -> dict[str, str]:
    """Columns by key, of all data sources those that fit."""
    found: dict[str, str] = {}
    for one in shown:
        for key, column in one.details.items():
            found.setdefault(key, column)
    return dict(list(found.items())[:MOST_DETAILS])


def _aggregation(rule: Rule) -> tuple[str, tuple[Note, ...]]:
    """Elastic raises an alert for each result; a rule that raises one at most gets one for all."""
    most = rule.max_signals
    notes: tuple[Note, ...] = ()
    if most is not None and most > MOST_ALERTS:
        message = f"the rule raises up to {most} alerts per run; Sentinel raises {MOST_ALERTS}"
        notes = (Note("metadata-changed", Effect.SAME, message),)
    return "SingleAlert" if most == 1 else "AlertPerResult", notes


def _about_shown(rule: Rule, shown: AlertColumns) -> Iterator[Note]:
    yield from about_details(shown)
    if not shown.entities:
        message = "alerts have no entities: no column of the table identifies one"
        yield Note("metadata-left-out", Effect.SAME, message, hint="add entityMappings")
    yield from about_title(rule, shown)


def about_details(shown: AlertColumns) -> Iterator[Note]:
    """Notes on fields that alerts do not show."""
    if shown.lost:
        yield Note(
            "metadata-left-out",
            Effect.SAME,
            f"alerts do not show {', '.join(shown.lost)}: no column has their values, or there are"
            f" already {MOST_DETAILS} details",
        )


def about_title(rule: Rule, shown: AlertColumns) -> Iterator[Note]:
    """A note on alerts that are not named by the field that the rule says."""
    if rule.name_override and not shown.title:
        message = f"alerts keep the rule's name: no column has the value of {rule.name_override}"
        yield Note("metadata-left-out", Effect.SAME, message)


def _about_tags(rule: Rule, format: str) -> Iterator[Note]:
    if format == "arm" and rule.texts("tags"):
        message = "an ARM template of a rule has no tags; the description lists them"
        yield Note("metadata-changed", Effect.SAME, message)


def _about_building_block(rule: Rule) -> Iterator[Note]:
    if rule.is_building_block:
        message = "a building block rule raises alerts, but no incidents"
        yield Note("metadata-changed", Effect.SAME, message)


def arm(value: Any) -> str:
    """A value as JSON of an ARM template, in which text between brackets is an expression
    (https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions).
    """
    return json.dumps(_literal(value), ensure_ascii=True)


def plain_json(value: Any) -> str:
    """A value as JSON, in ASCII."""
    return json.dumps(value, ensure_ascii=True)


def _literal(value: Any) -> Any:
    if isinstance(value, str):
        return f"[{value}" if value.startswith("[") and value.endswith("]") else value
    if isinstance(value, dict):
        return {key: _literal(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_literal(item) for item in value]
    return value


FILTERS: dict[str, Callable[..., str]] = {
    "arm": arm,
    "block": block,
    "iso": iso,
    "plain": plain,
    "json": plain_json,
    "quoted": quoted,
    "span": span,
}
"""How the templates write values."""
