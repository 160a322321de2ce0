"""Custom detections of Microsoft Defender, for data of Sentinel too: all that the template prints,
decided once, and what of Elastic's rule was changed or lost on the way.

The resource is that of v1.0 of Microsoft Graph:
https://learn.microsoft.com/graph/api/resources/security-detectionrule?view=graph-rest-1.0
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kqlx.backends.sentinel.alert_columns import AlertColumns
from kqlx.backends.sentinel.analytics_rule import about_details, about_title, details_of
from kqlx.backends.sentinel.defender_tables import NAMES_OF_ALERTS, table_names
from kqlx.backends.sentinel.description import description_of, guide_of, name_of
from kqlx.backends.sentinel.detection_entities import Columns, detection_entities
from kqlx.backends.sentinel.metadata import Attack, attack_of, lost_metadata, severity_of
from kqlx.backends.sentinel.rule_run import run_and_notes
from kqlx.backends.sentinel.sequence_columns import columns_for, names_device, told_columns
from kqlx.backends.target import Plan
from kqlx.nodes import Equals, conjuncts
from kqlx.notes import Effect, Note
from kqlx.records import dataclass
from kqlx.rules.model import Rule

MOST_ALERTS = 150
"""In one run (https://learn.microsoft.com/defender-xdr/custom-detection-rules)."""


@dataclass(frozen=True, slots=True)
class Tactic:
    """A tactic with its techniques, of each its sub-techniques."""

    name: str
    techniques: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class CustomDetection:
    """A custom detection.

    ``frequency`` is in seconds. ``title`` and ``description`` may name columns in double braces;
    ``recommended_actions`` is "" where there are none, ``entities`` are mappings by collection,
    ``details`` columns by key. ``notes`` say what of Elastic's rule it cannot hold, or tells in its
    own terms.
    """

    name: str
    query: str
    frequency: int
    title: str
    description: str
    severity: str
    recommended_actions: str
    tactic: Tactic | None
    entities: Mapping[str, Sequence[Columns]]
    details: Mapping[str, str]
    notes: tuple[Note, ...] = ()


def custom_detection(plan: Plan, query: str) -> CustomDetection:
    """The custom detection of a plan and its query, over the events of one or several data
    sources.
    """
    rule = plan.rule
    shown = columns_for(plan)
    run, about = run_and_notes(plan)
    severity, of_severity = severity_of(rule)
    attack = attack_of(rule)
    tactic, of_tactics = _tactic(attack)
    devices = [names_device(plan, source) for source in plan.sources]
    entities, of_entities = detection_entities(shown, devices)
    name, of_name = name_of(rule)
    description, of_description = description_of(rule, guide=False)
    guide, of_guide = guide_of(rule)
    notes = (
        *about,
        *_about_own_alerts(plan),
        *of_severity,
        *_about_number(rule),
        *attack.notes,
        *of_tactics,
        *of_entities,
        *(note for one in told_columns(plan, shown) for note in _about_shown(rule, one)),
        *lost_metadata(rule),
        *_about_rest(rule),
        *of_name,
        *of_description,
        *of_guide,
    )
    column = next((one.title for one in shown if one.title), "")
    return CustomDetection(
        name=name,
        query=query,
        frequency=run.frequency,
        title=_literal(name) + (f": {{{{{column}}}}}" if column else ""),
        description=_literal(description),
        severity=severity.lower(),
        recommended_actions=guide,
        tactic=tactic,
        entities=entities,
        details=details_of(shown),
        notes=notes,
    )


def _literal(text: str) -> str:
    """Text that names no column, which double braces would."""
    while "{{" in text:
        text = text.replace("{{", "{ {")
    return text


def _tactic(attack: Attack) -> tuple[Tactic | None, tuple[Note, ...]]:
    """The first tactic: the resource has a list of them, of which the service takes one."""
    if not attack.tactics:
        return None, ()
    first, *others = attack.tactics
    techniques: dict[str, list[str]] = {}
    for id in attack.by_tactic[first]:
        of_technique = techniques.setdefault(id.partition(".")[0], [])
        of_technique += [id] if "." in id else []
    if not others:
        return Tactic(first, techniques), ()
    lost = [", ".join((name, *attack.by_tactic[name])) for name in others]
    message = f"a custom detection has one tactic, {first}; left out: {'; '.join(lost)}"
    return Tactic(first, techniques), (Note("metadata-left-out", Effect.SAME, message),)


def _about_own_alerts(plan: Plan) -> Iterator[Note]:
    """Notes on tables in which the alerts of the detection are found by its next run, unless it
    asks for alerts of one name.
    """
    for one in plan.sources:
        for name in table_names(one.bound, one.options):
            column = NAMES_OF_ALERTS.get(name)
            tests = [test for test in conjuncts(one.bound.node) if isinstance(test, Equals)]
            if column is None or any(test.field.name == column for test in tests):
                continue
            message = f"{name} has the alerts that the detection raises too, which it finds again"
            hint = f"leave them out by {column}, which begins with the detection's title"
            yield Note("table-coverage", Effect.WIDER, message, hint=hint)


def _about_number(rule: Rule) -> Iterator[Note]:
    most = rule.max_signals
    if most is not None and most > MOST_ALERTS:
        message = (
            f"the rule raises up to {most} alerts per run; a custom detection raises {MOST_ALERTS}"
        )
        yield Note("metadata-changed", Effect.SAME, message)
    if most == 1:
        message = "the rule raises one alert per run; a custom detection raises one for each result"
        yield Note("metadata-changed", Effect.SAME, message)


def _about_shown(rule: Rule, shown: AlertColumns) -> Iterator[Note]:
    yield from about_details(shown)
    yield from about_title(rule, shown)


def _about_rest(rule: Rule) -> Iterator[Note]:
    if rule.texts("tags"):
        message = "a custom detection has no tags; the description lists them"
        yield Note("metadata-changed", Effect.SAME, message)
    if rule.is_building_block:
        message = "a building block rule raises alerts that become incidents in Defender"
        yield Note("metadata-changed", Effect.SAME, message)
