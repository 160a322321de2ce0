"""What a Sigma rule says beside its detection: thresholds as correlations, and what is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kqlx.backends.sigma.unsupported_metadata import without_place
from kqlx.errors import UnsupportedError
from kqlx.mappings.bound import Bound
from kqlx.mappings.field_values import Constant, InColumn, resolve
from kqlx.notes import Effect, Note
from kqlx.rules.late_events import unsaid_arrival
from kqlx.rules.mitre_attack import in_version_19
from kqlx.rules.model import Rule
from kqlx.rules.query_only_notes import query_only_notes
from kqlx.rules.threshold import threshold_of

_TIMESPAN = re.compile(r"now-0*([1-9][0-9]{0,8})([smhdw])")
_LOOK_BACK = "6m"  # Kibana's where a rule names none

_PREFIXES = {"m365": "microsoft365"}  # where SigmaHQ's file names differ from the product


@dataclass(frozen=True, slots=True)
class Correlation:
    """A count over the events of the rule's detection.

    ``type`` is ``event_count``, or ``value_count`` of the different values of ``field``; ``least``
    the count that raises an alert. ``group_by`` are names of the target, ``timespan`` a number with
    s, m, h or d.
    """

    type: str
    group_by: tuple[str, ...]
    timespan: str
    least: int
    field: str = ""


def correlations(rule: Rule, bound: Bound) -> tuple[Correlation, ...]:
    """The counts that a threshold rule asks for; none for other rules.

    https://github.com/SigmaHQ/sigma-specification, sigma-correlation-rules-specification.md
    """
    threshold = threshold_of(rule)
    if threshold is None:
        return ()
    names = [_name(bound, name)[0] for name in threshold.by]
    by = tuple(dict.fromkeys(name for name in names if name))
    span = _timespan(rule)[0]
    found = []
    for field, least in threshold.distinct:
        if name := _name(bound, field)[0]:  # else it is the same on all events: one value is enough
            found.append(Correlation("value_count", by, span, least, name))
    if threshold.least > 1 or not found:
        found.insert(0, Correlation("event_count", by, span, threshold.least))
    return tuple(found)


def _timespan(rule: Rule) -> tuple[str, bool]:
    """How far the rule looks back, in Sigma's units, and whether it says so in a plain number of
    them; otherwise it is Kibana's own.
    """
    start = rule.data.get("from")
    match = _TIMESPAN.fullmatch(str(start))
    if not match:
        return _LOOK_BACK, start is None
    number, unit = match.groups()
    return (f"{int(number) * 7}d" if unit == "w" else number + unit), True


def about(rule: Rule, bound: Bound, format: str, accept: frozenset[str]) -> Iterator[Note]:
    """Notes on the rule beside its query. Raises UnsupportedError for a rule of new terms, unless
    it is accepted that the result alerts on all of them.
    """
    counts = correlations(rule, bound) if format == "rule" else ()
    lost = [note for note in query_only_notes(rule) if not (counts and note.code == "rule-type")]
    if format == "rule" and rule.type == "new_terms" and "wider" not in accept:
        raise UnsupportedError(
            "Sigma cannot express new-terms rules: it knows nothing of what was seen before",
            notes=tuple(lost),
            hint="--accept wider converts the query alone, which alerts on every value",
        )
    yield from lost
    yield from unsaid_arrival(rule, "a Sigma rule", "let what runs it look for late events too")
    if format == "rule":
        for remark in in_version_19(rule.tactics).remarks:
            yield Note("attack-version", Effect.SAME, remark)
        yield from without_place(rule, bool(counts))
    if counts:
        yield from _about_counts(rule, bound, counts)


def _about_counts(rule: Rule, bound: Bound, counts: tuple[Correlation, ...]) -> Iterator[Note]:
    yield Note(
        "threshold-window",
        Effect.SAME,
        f"events are counted over {counts[0].timespan}, the look-back of the rule; back ends that"
        " count in fixed steps of time miss what spans two of them",
    )
    if not _timespan(rule)[1]:
        yield Note(
            "threshold-window",
            Effect.DIFFERENT,
            f"the rule looks back to {rule.data['from']}, which is no plain number of days, hours,"
            f" minutes or seconds; {counts[0].timespan} stands for it",
        )
    if rule.data.get("to", "now") != "now":
        message = f"the rule looks up to {rule.data['to']}, and a correlation up to the last event"
        yield Note("threshold-window", Effect.DIFFERENT, message)
    if len(counts) > 1:
        yield Note(
            "threshold-split",
            Effect.WIDER,
            "the rule asks for several counts at once; each is a correlation that alerts by itself",
        )
    if bound.one_of_several_sources and (len(counts) > 1 or counts[0].least > 1):
        message = "each data source is counted by itself: what they have together may be enough"
        yield Note("counted-per-source", Effect.NARROWER, message)
    threshold = threshold_of(rule)
    for field in threshold.fields if threshold else ():
        if not _name(bound, field)[1]:
            message = f"{field}, by which the rule counts, has no counterpart in the log source"
            yield Note("unmapped-field", Effect.UNMAPPED, message)


def _name(bound: Bound, field: str) -> tuple[str, bool]:
    """A field's name in the log source, "" for what is the same on all its events, and whether it
    is known there.
    """
    if not bound.uses_target_names:
        return field, True
    match resolve(bound, field):
        case Constant():
            return "", True
        case InColumn(column=column):
            return column, True
        case _:
            return field, False


def file_of(rule: Rule, place: Mapping[str, object]) -> str:
    """The name of the file of a rule whose log source is that of a place."""
    found = place.get("logsource")
    logsource = found if isinstance(found, dict) else {"product": "elastic"}
    return file_name(rule, str(logsource.get("product") or next(iter(logsource.values()))))


def file_name(rule: Rule, product: str) -> str:
    """A file's name as SigmaHQ wants it: ``microsoft365_….yml``, of 14 to 94 characters; of a rule
    that counts, and so has a correlation, ``correlation_…``.

    https://github.com/SigmaHQ/sigma-specification/blob/main/sigmahq/sigmahq-filename-convention.md
    """
    prefix = _slug(_PREFIXES.get(product, product))
    title = _slug(rule.name or "query")
    for name in (prefix, product, *_WORDS_OF.get(product, ())):  # not twice
        title = title.removeprefix(f"{_slug(name)}_")
    if threshold_of(rule) is not None:
        prefix = f"correlation_{prefix}"
    return f"{f'{prefix}_{title}'[:90].rstrip('_'):_<10}.yml"


_WORDS_OF = {"m365": ("m365", "microsoft_365", "o365")}


def _slug(text: str) -> str:
    return re.sub("[^a-z0-9]+", "_", text.lower()).strip("_")
