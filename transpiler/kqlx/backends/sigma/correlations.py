"""Threshold rules as correlations: counts over the events of a rule's detection
(https://github.com/SigmaHQ/sigma-specification, sigma-correlation-rules-specification.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from kqlx.backends.counted_fields import counted_finer
from kqlx.mappings.bound import Bound
from kqlx.mappings.field_values import Constant, InColumn, notes_on_values, resolve
from kqlx.notes import Effect, Note
from kqlx.records import dataclass
from kqlx.rules.forms import form_of
from kqlx.rules.model import Rule
from kqlx.rules.schedule import schedule_of, written_look_back
from kqlx.rules.threshold import Threshold

_LOGS_OF_CATEGORIES = ("sysmon", "security")
"""Services of Windows whose records its categories stand for."""


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for a field that is called otherwise in the events of each rule: ``fields`` are those
    names, in the order of the rules.
    """

    name: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Correlation:
    """What is asked of the events of several detections, or how many of them there must be.

    ``type`` is ``event_count``, or ``value_count`` of the different values of ``field``; ``least``
    the count that raises an alert: of ``temporal``, and of ``temporal_ordered``, which is about
    their order too, the number of detections, which must all have an event. ``group_by`` are names
    of the target or ``aliases``, ``timespan`` a number with s, m, h or d.
    """

    type: str
    group_by: tuple[str, ...]
    timespan: str
    least: int
    field: str = ""
    aliases: tuple[Alias, ...] = ()


def correlations(rule: Rule, bound: Bound) -> tuple[Correlation, ...]:
    """The counts that a threshold rule asks for in one log source; none for other rules."""
    form = form_of(rule)
    if not isinstance(form, Threshold):
        return ()
    names = [_name(bound, name)[0] for name in form.by]
    by = tuple(dict.fromkeys(name for name in names if name))
    span = _timespan(rule)
    found = []
    for field, least in form.distinct:
        if name := _name(bound, field)[0]:  # else it is the same on all events: one value is enough
            found.append(Correlation("value_count", by, span, least, name))
    if form.least > 1 or not found:
        found.insert(0, Correlation("event_count", by, span, form.least))
    return tuple(found)


def joint_correlations(rule: Rule, bounds: Sequence[Bound]) -> tuple[Correlation, ...] | None:
    """The same over the events of several log sources; None where one count cannot be over all: a
    field is the same on all events of one of them, or what is counted is called otherwise there,
    for which a correlation has no alias.
    """
    form = form_of(rule)
    if not isinstance(form, Threshold):
        return ()
    by: dict[str, Alias] = {}
    for field in form.by:
        names = tuple([_name(bound, field)[0] for bound in bounds])
        if not all(names):
            return None
        same = len(set(names)) == 1
        name = names[0] if same else re.sub("[^a-z0-9]+", "_", field.lower()).strip("_")
        by[name] = Alias(name, () if same else names)
    aliases = tuple([alias for alias in by.values() if alias.fields])
    span = _timespan(rule)
    found = []
    for field, least in form.distinct:
        names = tuple([_name(bound, field)[0] for bound in bounds])
        if len(set(names)) > 1:
            return None
        if names[0]:
            found.append(Correlation("value_count", (*by,), span, least, names[0], aliases))
    if form.least > 1 or not found:
        found.insert(0, Correlation("event_count", (*by,), span, form.least, aliases=aliases))
    return tuple(found)


def per_source_notes(counts: tuple[Correlation, ...]) -> Iterator[Note]:
    """A note on counts of several data sources, each of which has its own."""
    if len(counts) > 1 or (counts and counts[0].least > 1):
        message = (
            "each data source is counted separately; events that reach the threshold only together"
            " do not alert"
        )
        yield Note("counted-per-source", Effect.NARROWER, message)


def joint_notes(counts: tuple[Correlation, ...], bounds: Sequence[Bound]) -> Iterator[Note]:
    """Notes on counts over the events of several rules: under names of their own for fields, and of
    log sources that may have events in common. The specification has events counted, back ends join
    what each rule finds.
    """
    places = [bound.place.get("logsource") for bound in bounds]
    pairs = [(a, b) for a, b in combinations(places, 2) if may_overlap(a, b)]
    if pairs and any(count.type == "event_count" and count.least > 1 for count in counts):
        named = " and ".join(map(_spelt, pairs[0]))
        message = f"an event that is in {named} may be counted twice, once for each rule"
        yield Note("counted-twice", Effect.WIDER, message)
    if any(count.aliases for count in counts):
        message = (
            "aliases of a correlation are supported by pySigma's back end for Splunk; of those for"
            " Elasticsearch none counts the events of several rules"
        )
        yield Note("back-end-support", Effect.SAME, message)


def may_overlap(one: object, other: object) -> bool:
    """Whether an event may be in two log sources: they name no part of which each has its own, and
    a category of Windows, which stands for records of two of its logs, is beside one of these.
    """
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return False
    if any(one[part] != other[part] for part in one.keys() & other.keys()):
        return False
    if one.get("product") != "windows":
        return True
    services = [place["service"] for place in (one, other) if "service" in place]
    categories = [place for place in (one, other) if "category" in place]
    return not (services and categories) or services[0] in _LOGS_OF_CATEGORIES


def _spelt(place: object) -> str:
    assert isinstance(place, Mapping)
    return "/".join(place[part] for part in ("category", "product", "service") if part in place)


def correlation_notes(rule: Rule, bound: Bound, counts: tuple[Correlation, ...]) -> Iterator[Note]:
    """Notes on where the correlations of a rule count otherwise than it does."""
    if not counts:
        return
    span = counts[0].timespan
    yield Note(
        "threshold-window",
        Effect.SAME,
        f"events are counted over {span}, the rule's look-back; back ends that count in fixed time"
        " windows miss what spans two of them",
    )
    for odd in schedule_of(rule).odd_window:
        yield Note(
            "threshold-window",
            Effect.DIFFERENT,
            f"a correlation cannot express {odd}; events are counted over {span}",
        )
    if len(counts) > 1:
        yield Note(
            "threshold-split",
            Effect.WIDER,
            "the rule needs several counts at once; each becomes a correlation that alerts alone",
        )
    form = form_of(rule)
    for field in form.fields if isinstance(form, Threshold) else ():
        if not _name(bound, field)[1]:
            message = f"{field}, by which the rule counts, has no counterpart in the log source"
            yield Note("unmapped-field", Effect.UNMAPPED, message)
        elif bound.uses_target_names and bound.destination is not None:
            spec = bound.destination.field(field)
            if spec is not None and spec.counted_by is not None:
                yield from notes_on_values(field, spec)
                by = isinstance(form, Threshold) and field in form.by
                if note := counted_finer(field, bound, Effect.WIDER if by else Effect.NARROWER):
                    yield note


def _timespan(rule: Rule) -> str:
    """How far the rule looks back, in Sigma's units, which have no weeks."""
    number, unit = written_look_back(rule)
    return f"{number * 7}d" if unit == "w" else f"{number}{unit}"


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
