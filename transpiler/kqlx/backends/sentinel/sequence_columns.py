"""Columns that alerts need of a sequence or a sample: the entities of all its events, those of the
last one first, and as details its keys.
"""

from __future__ import annotations

from collections.abc import Mapping

from kqlx.backends.sentinel.alert_columns import AlertColumns, alert_columns
from kqlx.backends.sentinel.defender_tables import about_devices, required_columns
from kqlx.backends.sentinel.result_columns import FieldValues, plain_name
from kqlx.backends.sentinel.schedule import CUSTOM_DETECTION, RULE_FORMATS
from kqlx.backends.sentinel.sequence_keys import key_columns
from kqlx.backends.sentinel.sequence_scan import earlier
from kqlx.backends.target import Plan, PlannedEvents, PlannedSource, PlannedStep
from kqlx.errors import UnsupportedError
from kqlx.hints import Argument, Hint
from kqlx.mappings.asserted_values import asserted_values
from kqlx.records import replace

_NOTHING = AlertColumns((), (), {}, {}, (), "", {}, {})
_ON_THE_HOST = frozenset({"process", "file", "registry", "library", "driver"})
"""Categories of events in which no address takes part."""

_OF_HOST = frozenset({"host.id", "host.name", "host.hostname", "agent.id"})


def columns_for(plan: Plan) -> list[AlertColumns]:
    """What alerts of a plan show of each of its sources, as columns of the result."""
    if plan.events is None:
        return [alert_columns(plan.rule, bound, plan.several) for bound in plan.bounds]
    return [one for _, one in shown_of_sources(plan, plan.events)]


def told_columns(plan: Plan, shown: list[AlertColumns]) -> list[AlertColumns]:
    """Those of which there is something to tell: of a sequence what its last event shows, with the
    entities of all.
    """
    if plan.events is None:
        return shown
    entities = tuple(found for one in shown for found in one.entities)
    last = last_step(plan.events).sources
    return [
        replace(one, entities=entities)
        for source, one in zip(plan.sources, shown, strict=True)
        if any(source is other for other in last)
    ]


def names_device(plan: Plan, source: PlannedSource) -> bool:
    """Whether the result has the device of the source's events: of a sequence, of the last one."""
    if plan.events is not None and not any(source is one for one in last_step(plan.events).sources):
        return False
    return about_devices(source)


def shown_of_sources(plan: Plan, events: PlannedEvents) -> list[tuple[PlannedSource, AlertColumns]]:
    """Each source of each step with the columns that it has for alerts, which are those of the
    result. A step that must be missing has none.
    """
    last = last_step(events)
    found: list[tuple[PlannedSource, AlertColumns]] = []
    for number, step in enumerate(events.steps, 1):
        for source in step.sources:
            shown = _NOTHING if step.step.missing else _shown(plan, events, step, source)
            found.append((source, shown if step is last else _earlier(shown, number, step)))
    if events.until is not None:
        found += [(source, _NOTHING) for source in events.until.sources]
    return found


def shown_in_rows(plan: Plan, events: PlannedEvents, step: PlannedStep) -> list[AlertColumns]:
    """The columns of each source of a step under the names that they have in its rows."""
    if step.step.missing or step is events.until or plan.format not in RULE_FORMATS:
        return [_NOTHING for _ in step.sources]
    found = []
    for source in step.sources:
        shown = _shown(plan, events, step, source)
        if step is last_step(events) and plan.format == CUSTOM_DETECTION:
            more = [FieldValues(name, name, name) for name in required_columns(source)]
            shown = replace(shown, columns=(*shown.columns, *more))
        elif step is not last_step(events):
            entities = _entities(shown, step)
            named = {column for _, pairs in entities for _, column in pairs}
            shown = replace(shown, columns=tuple(v for v in shown.columns if v.name in named))
        found.append(shown)
    return found


def last_step(events: PlannedEvents) -> PlannedStep:
    """The step whose event is the row of the result."""
    return [step for step in events.steps if not step.step.missing][-1]


def refuse_lost_columns(plan: Plan, events: PlannedEvents) -> None:
    """Raises UnsupportedError for a custom detection over tables of Defender whose last event is of
    another table: its result must lead back to an event of theirs.
    """
    if plan.format != CUSTOM_DETECTION:
        return
    needed = [required_columns(source) for source in last_step(events).sources]
    if any(required_columns(source) for source in plan.sources) and not all(needed):
        raise UnsupportedError(
            "cannot convert a sequence whose last event is in no table of Defender to a custom"
            " detection over Defender's tables, whose result must have their ReportId",
            code="sources-not-joined",
            hint=Hint("convert it with ", Argument("format", "rule")),
        )


def _shown(
    plan: Plan, events: PlannedEvents, step: PlannedStep, source: PlannedSource
) -> AlertColumns:
    """With the keys under the names that they have in all steps."""
    keys = tuple(key.name for key in step.step.keys)
    shown = alert_columns(plan.rule, source.bound, True, keys, _lacking(step))
    names = {
        plain_name(field): column.name
        for field, column in zip(keys, key_columns(events), strict=True)
    }
    own = tuple(values for values in shown.columns if values.name not in names)
    return replace(_renamed(shown, names), columns=own)


def _lacking(step: PlannedStep) -> frozenset[str]:
    """The fields that no event of the step has, for what category it is of."""
    categories = asserted_values(step.step.condition).get("event.category", ())
    if any(_ON_THE_HOST.issuperset(map(str, values)) for values in categories):
        return frozenset({"source.ip"})
    return frozenset()


def _renamed(shown: AlertColumns, names: Mapping[str, str]) -> AlertColumns:
    def name(column: str) -> str:
        return names.get(column, column)

    return replace(
        shown,
        entities=tuple(
            (type, tuple((identifier, name(column)) for identifier, column in pairs))
            for type, pairs in shown.entities
        ),
        details={key: name(column) for key, column in shown.details.items()},
        title=name(shown.title),
        entity_fields={name(column): field for column, field in shown.entity_fields.items()},
    )


def _earlier(shown: AlertColumns, number: int, step: PlannedStep) -> AlertColumns:
    """What is shown of a step before the last one: its entities, under names with its number, and
    the keys. The result has the rest in the event itself.
    """
    own = {values.name: earlier(values.name, number) for values in shown.columns}
    details = {key: column for key, column in shown.details.items() if column not in own}
    fields = {key: field for key, field in shown.detail_fields.items() if key in details}
    found = _entities(shown, step)
    left = replace(shown, entities=found, details=details, detail_fields=fields, title="", lost=())
    return _renamed(left, own)


def _entities(
    shown: AlertColumns, step: PlannedStep
) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """The entities of a step before the last one, without its host where all are of one."""
    if not _OF_HOST & {key.name for key in step.step.keys}:
        return shown.entities
    return tuple(found for found in shown.entities if found[0] != "Host")
