"""The keys of a sequence or a sample in Sentinel KQL: a column for each place of a key, which all
steps have under one name and of one type.
"""

from __future__ import annotations

import re
from collections.abc import Sequence as SequenceOf

from kqlx.backends.counted_fields import about_counted
from kqlx.backends.sentinel.aggregation import (
    made_first,
    present,
    required_values,
    taken_apart,
    with_own_values,
)
from kqlx.backends.sentinel.column_access import cast
from kqlx.backends.sentinel.multiple_sources import TableQuery
from kqlx.backends.sentinel.result_columns import FieldValues, in_common, plain_name
from kqlx.backends.sentinel.syntax import quote
from kqlx.backends.target import PlannedEvents, PlannedSource, PlannedStep
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.records import dataclass, replace
from kqlx.regexes import late_regex

_WHAT = "joins events by"

_OWN = late_regex(
    r"TimeGenerated|Step|(Event|IngestionTime|Time|Missing|Found|Key)\d*|(Start|Run)?(Time|Start)"
    r"|Arrived|Complete|Ended|Broken|Before|Identity|past|ahead|s\d+",
    re.ASCII,
)
"""The names of the query's own columns, and of the steps of ``scan``."""


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A place of a key: the column's name, its Kusto type, and whether a step may lack it, whose
    value is then "".
    """

    name: str
    type: str
    optional: bool


def steps_of(events: PlannedEvents) -> list[PlannedStep]:
    """All steps, the one that ends sequences last."""
    return [*events.steps, *([events.until] if events.until is not None else [])]


def key_columns(events: PlannedEvents) -> tuple[KeyColumn, ...]:
    """The columns of the keys. Raises UnsupportedError where a key has none."""
    steps = steps_of(events)
    count = len(events.steps[0].step.keys)
    found: list[KeyColumn] = []
    for place in range(count):
        fields = {step.step.keys[place].name for step in steps}
        optional = any(step.step.keys[place].optional for step in steps)
        types = {
            in_common(_value(source.bound, step.step.keys[place].name)).type
            for step in steps
            for source in step.sources
        }
        numbered = f"Key{place + 1}" if count > 1 else "Key"
        name = plain_name(next(iter(fields))) if len(fields) == 1 else numbered
        if _OWN.fullmatch(name) or any(name == key.name for key in found):
            name = numbered
        one_type = len(types) == 1 and not optional
        found.append(KeyColumn(name, next(iter(types)) if one_type else "string", optional))
    return tuple(found)


def with_keys(
    query: TableQuery, step: PlannedStep, bound: Bound, keys: SequenceOf[KeyColumn]
) -> tuple[TableQuery, list[FieldValues]]:
    """The rows of a step that have its keys, a row for each value of those that have several, and
    the keys under their names.
    """
    values = [_value(bound, key.name) for key in step.step.keys]
    made, values = made_first(values)
    arrays = [
        line
        for key, value in zip(step.step.keys, values, strict=True)
        for line in taken_apart([value], once=not key.optional)
    ]
    common = [_named(value, key) for value, key in zip(values, keys, strict=True)]
    needed = [
        value
        for key, value in zip(step.step.keys, values, strict=True)
        if value.name and not key.optional
    ]
    tests = present(_each_once(needed), query)
    return replace(query, steps=(*query.steps, *made, *arrays, *tests)), common


def about_keys(events: PlannedEvents) -> list[Note]:
    """Notes on values that the destinations tell apart in another way than Elastic."""
    notes: dict[Note, None] = {}
    texts: dict[str, None] = {}
    own: dict[str, None] = {}
    for step in steps_of(events):
        for source in step.sources:
            found = [_value(source.bound, key.name) for key in step.step.keys]
            for values in found:
                about = about_counted(values.field, source.bound, Effect.WIDER)
                notes.update(dict.fromkeys([*values.notes, *(about if values.name else ())]))
                if values.name and values.type == "string" and not values.multivalue:
                    texts[values.field] = None
            own.update(dict.fromkeys(with_own_values([source.bound], found)))
    if own:
        notes.update(dict.fromkeys(_about_sources(events, [*own])))
    if texts:
        message = (
            f"{', '.join(texts)}: empty strings are no keys; Kusto does not distinguish empty from"
            " missing"
        )
        notes[Note("empty-is-missing", Effect.SAME, message)] = None
    return [*notes]


def _about_sources(events: PlannedEvents, fields: SequenceOf[str]) -> list[Note]:
    """A note on keys whose values are each data source's own."""
    each = [{_source(source) for source in step.sources} for step in steps_of(events)]
    if len(set.union(*each)) == 1:
        return []
    of_all = set.intersection(*each)
    effect = Effect.NARROWER
    message = f"{', '.join(fields)}: values differ between the data sources, "
    if of_all == set.union(*each):
        effect, more = Effect.SAME, "so events are found together within each of them"
    elif of_all:
        effect = Effect.COVERAGE
        more = f"so events are found together within {', '.join(sorted(of_all))} alone"
    else:
        more = "and no data source has the events of all steps, so none are found together"
    return [Note("counted-per-source", effect, message + more)]


def _source(source: PlannedSource) -> str:
    pack = source.bound.pack
    return pack.source if pack is not None else str(source.bound.source)


def _value(bound: Bound, field: str) -> FieldValues:
    return required_values(bound, [field], _WHAT, together=True)[0]


def _named(values: FieldValues, key: KeyColumn) -> FieldValues:
    common = in_common(values)
    text = common.expression
    if key.optional and values.absent and common.type == "string":
        listed = ", ".join(map(quote, values.absent))
        text = f'iff({text} in ({listed}), "", {text})'
    if common.type != key.type:
        text = cast(text, "keyword")
    return replace(common, name=key.name, expression=text, type=key.type)


def _each_once(values: SequenceOf[FieldValues]) -> list[FieldValues]:
    return [*{value.present: value for value in values}.values()]
