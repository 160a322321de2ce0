"""Custom details of Sentinel's alerts: the fields that an author wants to see in each, and counts.

https://learn.microsoft.com/azure/sentinel/surface-custom-details-in-alerts
"""

from __future__ import annotations

from collections.abc import Iterable

from kqlx.backends.sentinel.field_values import values_of
from kqlx.backends.sentinel.result_columns import FieldValues, distinct_count, in_common
from kqlx.mappings.bound import Bound
from kqlx.records import dataclass
from kqlx.regexes import late_regex
from kqlx.rules.forms import form_of, groups_events
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import NewTerms
from kqlx.rules.suppression import suppression_of
from kqlx.rules.threshold import Threshold

MOST_DETAILS = 20
LONGEST_KEY = 20

_WORD = late_regex(r"[A-Za-z][A-Za-z0-9]*")


@dataclass(frozen=True, slots=True)
class CustomDetails:
    """``columns`` are those of the result by key, ``fields`` Elastic's fields by key; ``values``
    what the result must have for them. ``lost`` are fields that the author wants to see and that
    have no column, or no place.
    """

    columns: dict[str, str]
    fields: dict[str, str]
    values: tuple[FieldValues, ...]
    lost: tuple[str, ...]


def custom_details(
    rule: Rule, bound: Bound, several: bool, keys: tuple[str, ...] | None = None
) -> CustomDetails:
    """The details of one data source's events, of ``several`` or the only one. ``keys`` are those
    of the step whose events they are, None where the rule asks for no sequence.
    """
    grouped, together = grouped_by(rule), several and groups_events(rule)
    if keys is not None:
        grouped, together = keys, True
    counts = _counts(rule, bound, together)
    columns: dict[str, str] = {}
    fields: dict[str, str] = {}
    found: dict[str, FieldValues] = {}
    lost: list[str] = []
    for field in dict.fromkeys((*grouped, *wanted_fields(rule))):
        values = values_of(bound, field, counted=field in grouped)
        if values is None or (values.multivalue and field not in grouped):
            lost.append(field)
            continue
        named = in_common(values) if together else values
        if not (values.name or together) or named.name in columns.values():
            continue
        if len(columns) == MOST_DETAILS - len(counts):
            lost.append(field)
            continue
        key = _key(field, bound.source, columns)
        columns[key], fields[key] = named.name, field
        if not values.multivalue:
            found[named.name] = named
    return CustomDetails(columns | counts, fields, tuple(found.values()), tuple(lost))


def suppressed_by(rule: Rule) -> tuple[str, ...]:
    """The fields by which the rule suppresses repeated alerts; a threshold rule suppresses those of
    the same group.
    """
    suppression, form = suppression_of(rule), form_of(rule)
    if suppression is None:
        return ()
    return form.by if isinstance(form, Threshold) else suppression.by


def grouped_by(rule: Rule) -> tuple[str, ...]:
    """The fields that the rule counts or compares by."""
    match form_of(rule):
        case Threshold() as threshold:
            return threshold.by
        case NewTerms() as terms:
            return terms.fields
    return ()


def wanted_fields(rule: Rule) -> tuple[str, ...]:
    """The fields that alerts should show, beside those of the query."""
    fields = (*grouped_by(rule), *suppressed_by(rule), *rule.investigation_fields)
    return tuple(dict.fromkeys(fields))


def _counts(rule: Rule, bound: Bound, together: bool) -> dict[str, str]:
    """The counts of a threshold rule: columns by key."""
    form = form_of(rule)
    if not isinstance(form, Threshold):
        return {}
    found = {"EventCount": "EventCount"}
    for number, (field, _) in enumerate(form.distinct):
        values = values_of(bound, field, counted=True)
        if values is not None and (values.name or together):
            key = "DistinctCount" + (str(number + 1) if number else "")
            found[key] = distinct_count(in_common(values) if together else values)
    return found


def _key(field: str, source: str | None, taken: Iterable[str]) -> str:
    """A key for a field: its last two parts, without the name of the data source, or the last."""
    own = [f"{source}.", f"{(source or '.').partition('.')[0]}.", "winlog.event_data."]
    within = next((prefix for prefix in own if field.startswith(prefix)), "")
    parts = field.removeprefix(within).split(".")
    named = (_joined(parts[-2:]), _joined(parts[-1:]))
    key = next((name for name in named if 0 < len(name) <= LONGEST_KEY), "")
    key = key or named[1][:LONGEST_KEY] or "Field"
    found, number = key, 2
    while found in taken:
        found = f"{key[: LONGEST_KEY - len(str(number))]}{number}"
        number += 1
    return found


def _joined(parts: Iterable[str]) -> str:
    words = [word for part in parts for word in _WORD.findall(part)]
    return "".join(word[0].upper() + word[1:] for word in words)
