"""Columns that a rule's alerts need of its result: those of entities and details, and the alert's
title.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

from kqlx.backends.sentinel.custom_details import (
    custom_details,
    grouped_by,
    wanted_fields,
)
from kqlx.backends.sentinel.entities import entities_of
from kqlx.backends.sentinel.field_values import single_values
from kqlx.backends.sentinel.result_columns import FieldValues, in_common
from kqlx.mappings.bound import Bound
from kqlx.records import dataclass
from kqlx.rules.forms import groups_events
from kqlx.rules.model import Rule

TITLE = "Title_shown"


@dataclass(frozen=True, slots=True)
class AlertColumns:
    """What alerts show of the events of one data source.

    ``columns`` are the values that the result must have under their plain names; ``entities`` pairs
    a type with its identifiers and their columns; ``details`` names columns by key, and
    ``detail_fields`` Elastic's fields. ``lost`` are fields that the author wants to see and that
    alerts do not show; ``title`` is the column that names each alert, "" for the rule's own name.
    ``renamed`` gives columns the names that they have in all tables of a rule about several data
    sources; where it counts or looks for new terms, all columns have them. ``entity_fields`` are
    Elastic's fields by the columns of entities.
    """

    columns: tuple[FieldValues, ...]
    entities: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    details: Mapping[str, str]
    detail_fields: Mapping[str, str]
    lost: tuple[str, ...]
    title: str
    renamed: Mapping[str, str]
    entity_fields: Mapping[str, str]


def alert_columns(
    rule: Rule,
    bound: Bound,
    several: bool,
    keys: tuple[str, ...] | None = None,
    lacking: Container[str] = (),
) -> AlertColumns:
    """What alerts of the rule show of the events of one data source, one of ``several`` or the only
    one. ``keys`` are those of the step whose events they are, None where the rule asks for no
    sequence; ``lacking`` are fields that the events do not have.
    """
    together, grouped = several and groups_events(rule), grouped_by(rule)
    if keys is not None:
        together, grouped = True, keys
    details = custom_details(rule, bound, several, keys)
    entities = [
        (
            entity.type,
            [
                (identifier, in_common(values) if together else values)
                for identifier, values in entity.identifiers
            ],
        )
        for entity in entities_of(bound, (*(keys or ()), *wanted_fields(rule)), grouped, lacking)
    ]
    titled = single_values(bound, rule.name_override, grouped) if rule.name_override else None
    titled = in_common(titled) if titled and together else titled
    columns = {values.name: values for values in details.values}
    identifying = [values for _, identifiers in entities for _, values in identifiers]
    for values in (*identifying, *([titled] if titled else [])):
        columns.setdefault(values.name, values)
    shown, title = details.columns, titled.name if titled else ""
    renamed: dict[str, str] = {}
    if several and not together:
        renamed = {f"{key}_shown": column for key, column in shown.items()}
        shown = {key: f"{key}_shown" for key in shown}
        if title:
            renamed[TITLE], title = title, TITLE
    return AlertColumns(
        tuple(columns.values()),
        tuple((type, tuple((i, values.name) for i, values in found)) for type, found in entities),
        shown,
        details.fields,
        details.lost,
        title,
        renamed,
        {values.name: values.field for values in identifying},
    )
