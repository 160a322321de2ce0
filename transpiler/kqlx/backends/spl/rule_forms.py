"""What a rule's type asks for beyond its query: counts, terms that are new, indicators.

The results are then no events but groups of them, in which only the fields remain that the search
names; those that say whom an alert is about are kept beside the counts.
https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/stats
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from kqlx.backends.spl.index_time import about_arrival, earliest, over_arrival, with_modifiers
from kqlx.backends.spl.result_fields import Key, Keys, plain_name
from kqlx.backends.spl.risk_objects import keys_of, shown, told_of
from kqlx.backends.spl.schedule import run_every
from kqlx.backends.spl.syntax import fold, fold_condition, quote, search_name
from kqlx.backends.spl.time_range import own_beginning, time_modifier
from kqlx.backends.target import Emission, Options
from kqlx.backends.text_backend import of_new_terms
from kqlx.errors import UnsupportedError
from kqlx.mappings.bound import Bound
from kqlx.mappings.recognition import asserts_field
from kqlx.notes import Effect, Note
from kqlx.rules.forms import form_of
from kqlx.rules.indicator_match import IndicatorMatch, indicator_match_of
from kqlx.rules.late_events import by_arrival
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import NewTerms, new_terms_of
from kqlx.rules.query_only_notes import about_window
from kqlx.rules.schedule import schedule_of
from kqlx.rules.threshold import Threshold, threshold_of

_COUNT = "event_count"
_FIRST = "firstTime"
_LAST = "lastTime"
_KNOWN = "knownTime"
_FIRST_ARRIVAL = "firstArrival"
_LAST_ARRIVAL = "lastArrival"
_KNOWN_ARRIVAL = "knownArrival"

INDICATORS = "threat_indicators"
"""The lookup that stands for a rule's indicators: its columns are named as Elastic's fields."""


def complete(rule: Rule, bound: Bound, emission: Emission, options: Options) -> Emission:
    """The search with what the type of the rule asks for, and where it goes by when events arrived
    the time modifiers for that. Raises UnsupportedError.
    """
    threshold, terms = threshold_of(rule), new_terms_of(rule)
    if terms is not None and options.format != "tstats":
        return _first_seen(rule, terms, bound, emission, options)
    if by_arrival(rule):
        counts = threshold is not None and options.format == "query"
        emission = _arrived(rule, emission, options, schedule_of(rule).look_back, counts)
    if options.format == "tstats":
        return emission
    if threshold is not None:
        return _counted(rule, threshold, bound, emission, options)
    if isinstance(form_of(rule), IndicatorMatch):
        return _matched(rule, bound, emission)
    return emission


def _arrived(
    rule: Rule, emission: Emission, options: Options, window: int, whole: bool
) -> Emission:
    """The search over what arrived in a window, ``whole`` whatever time range it is given."""
    query = str(emission.query)
    if options.format != "tstats":
        query = over_arrival(rule, query, window, options.format, whole)
    notes = about_arrival(rule, query, window, options.format, whole)
    return replace(emission, query=query, notes=(*emission.notes, *notes))


# Thresholds


def _counted(
    rule: Rule, threshold: Threshold, bound: Bound, emission: Emission, options: Options
) -> Emission:
    keys = keys_of(rule, bound, Effect.NARROWER)
    by = keys.keys(threshold.by)
    counts, conditions = [f"count as {_COUNT}"], []
    steps = [_present(bound, by), *(key.step for key in by)]
    if threshold.least > 1 or not by:
        conditions.append(f"{_COUNT}>={threshold.least}")
    among = keys_of(rule, bound)
    for field, least in threshold.distinct:
        key = among.counted(field)
        if not key.name:  # it is the same on all events: its one value is enough
            continue
        name = f"dc_{plain_name(key.name)}"
        counts.append(f"dc({key.spelt}) as {name}")
        conditions.append(f"{name}>={least}")
        steps.append(key.step)
    steps += _steps_beside(rule, bound, by)
    lines = [*dict.fromkeys(steps), _stats([*counts, *_times()], by, _beside(rule, bound, by))]
    if conditions:
        lines.append(f"| where {' AND '.join(conditions)}")
    notes = [*about_window(rule)]
    if options.format == "query" and not by_arrival(rule):  # the others say over which time
        message = (
            "events are counted over the time range of the search, which is to be the look-back of"
            f" the rule, {time_modifier(schedule_of(rule).look_back)[1:]}"
        )
        notes.append(Note("threshold-window", Effect.SAME, message))
    return _with(emission, lines, (*keys.notes, *among.notes, *notes))


# New terms


def _first_seen(
    rule: Rule, terms: NewTerms, bound: Bound, emission: Emission, options: Options
) -> Emission:
    keys = keys_of(rule, bound)
    by = keys.keys(terms.fields)
    if not by:
        names = ", ".join(terms.fields)
        raise UnsupportedError(f"no term of {names} can be new: it is the same on all events there")
    look_back = schedule_of(rule).look_back
    window = max(terms.window, look_back)
    arrived = by_arrival(rule)
    steps = [_present(bound, by), *(key.step for key in by)]
    notes = [*of_new_terms(keys.notes), *about_window(rule)]
    if terms.odd:
        message = f"the history begins at {terms.odd}, which is no plain span; 14 days stand for it"
        notes.append(Note("history-window", Effect.DIFFERENT, message))
    if options.new_terms == "lookup":
        table = _table_of(rule)
        since = look_back + run_every(rule)
        beginning = f"earliest={time_modifier(window + since)}"
        if arrived:
            happened = earliest(rule, window + since)
            beginning = f"earliest={happened} and _index_{beginning}"
        message = (
            f"what was seen is kept in {table}, which must be there: the search without its line of"
            f" inputlookup, and with {beginning}, run once, makes it;"
            " events of the time of a run that was left out are not known"
        )
        notes.append(Note("history-window", Effect.SAME, message))
        emission = _looking_back(rule, emission, options, since)
        remembered = _remembered(table, window, look_back, by, arrived)
        return _with(emission, [*steps, *remembered], notes)
    # Kibana takes a term that it saw first at the very beginning of the look-back for an old one.
    first = _FIRST_ARRIVAL if arrived else _FIRST
    new = f'| where {first}>relative_time(now(), "{time_modifier(look_back)}")'
    message = (
        f"each run reads {time_modifier(window)[1:]} of history; where events are kept for a"
        " shorter time, old terms are new"
    )
    notes.append(Note("history-window", Effect.SAME, message))
    arrival = [f"min(_indextime) as {first}"] if arrived else []
    stats = _stats([f"count as {_COUNT}", *_times(), *arrival], by, _beside(rule, bound, by))
    steps += _steps_beside(rule, bound, by)
    emission = _looking_back(rule, emission, options, window)
    return _with(emission, [*dict.fromkeys(steps), stats, new], notes)


def _looking_back(rule: Rule, emission: Emission, options: Options, window: int) -> Emission:
    """The search over so many seconds, whatever time range it is given."""
    if by_arrival(rule):
        return _arrived(rule, emission, options, window, whole=True)
    return replace(emission, query=_since(str(emission.query), window))


def _table_of(rule: Rule) -> str:
    """A table of the rule's own, whatever others are called."""
    named = (rule.id or f"{rule.name}\n{rule.query}").encode("utf-8", "backslashreplace")
    own = hashlib.sha256(named).hexdigest()[:8]
    return f"{plain_name(rule.name).lower()[:60]}_{own}_seen.csv"


def _since(query: str, seconds: int) -> str:
    """The search over the last so many seconds, unless it says itself how far it looks back."""
    if own_beginning(query):
        return query
    return with_modifiers(query, [f"earliest={time_modifier(seconds)}"])


def _remembered(
    table: str, window: int, look_back: int, by: Sequence[Key], arrived: bool
) -> list[str]:
    """The terms of the events together with those in a table, which is written anew, by when they
    happened or ``arrived``.

    Of each the last event is kept, and the last one before the look-back: what a run sees in its
    look-back, a later one may still have there, so that the term is not known by it. So each run
    reads what has left the look-back since the one before. What was last seen before the window is
    forgotten, as Kibana does not look so far back.
    """
    begin = f'relative_time(now(), "{time_modifier(look_back)}")'
    history = f'relative_time(now(), "{time_modifier(window)}")'
    time, last, known = "_time", _LAST, _KNOWN
    if arrived:
        time, last, known = "_indextime", _LAST_ARRIVAL, _KNOWN_ARRIVAL
    new = f"(isnull({known}) OR {known}<{history})"
    return [
        f"| eval {known}=if({time}<={begin}, {time}, null())",
        _stats([f"max({time}) as {last}", f"max({known}) as {known}"], by, ()),
        f"| inputlookup append=true {table}",
        f"| where {last}>={history}",
        _stats([f"max({name}) as {name}" for name in (last, known)], by, ()),
        f"| outputlookup {table}",
        f"| where {last}>{begin}\n    AND {new}",
    ]


# Indicators


def _matched(rule: Rule, bound: Bound, emission: Emission) -> Emission:
    keys = Keys(bound)
    lines: list[str] = []
    marks: list[str] = []
    for group in _mappings(rule):
        pairs = [(indicator, keys.key(field)) for field, indicator in group]
        lines += [key.step for _, key in pairs]
        told = [(indicator, key) for indicator, key in pairs if key.name]
        if not told:
            raise UnsupportedError(
                f"cannot compare {group[0][0]} with indicators: it is the same on all events there"
            )
        mark = f"indicator_{len(marks) + 1}"
        inputs = [f"{search_name(indicator)} as {key.spelt}" for indicator, key in told]
        output = f"OUTPUT {search_name(told[0][0])} as {mark}"
        lines.append("| " + fold(["lookup", INDICATORS, *inputs, output]))
        marks.append(f"isnotnull({mark})")
    if not marks:
        raise UnsupportedError("the rule does not say which fields are compared with indicators")
    lines.append(f"| where {fold_condition(' OR '.join(marks))}")
    named = ", ".join(rule.texts("threat_index")) or "an index of its own"
    message = (
        f"the rule's indicators are in {named}; the lookup {INDICATORS} stands for them, to be made"
        f" with columns {', '.join(dict.fromkeys(i for g in _mappings(rule) for _, i in g))}"
    )
    note = Note("indicators", Effect.DIFFERENT, message)
    return _with(emission, lines, (*keys.notes, note))


def _mappings(rule: Rule) -> list[list[tuple[str, str]]]:
    """The alternatives of ``threat_mapping``, each of pairs that must all be met: the event's field
    and the indicator's.
    """
    match = indicator_match_of(rule)
    groups = []
    for comparisons in match.alternatives if match is not None else ():
        if not all(one.known for one in comparisons):
            raise UnsupportedError("a part of threat_mapping is of no known form")
        if any(one.negated for one in comparisons):
            raise UnsupportedError("an indicator that must not be met: a lookup cannot say it")
        if comparisons:
            groups.append([(one.field, one.indicator_field) for one in comparisons])
    return groups


# What they share


def _present(bound: Bound, by: Iterable[Key]) -> str:
    """Leaves out events in which a text that stands for none would pass for a value, unless the
    query does.
    """
    names = {key.null: key.nulls for key in by if key.null}
    tests = [
        f"{search_name(name)}!={quote(text)}"
        for name, texts in names.items()
        if not asserts_field(bound.node, [name])
        for text in texts
    ]
    return "| " + fold(["search", *tests]) if tests else ""


def _times() -> list[str]:
    return [f"min(_time) as {_FIRST}", f"max(_time) as {_LAST}"]


def _stats(aggregates: Iterable[str], by: Sequence[Key], beside: Iterable[str]) -> str:
    """The command, on lines of about 100 columns."""
    names = [key.spelt for key in by]
    names = [f"{name}," for name in names[:-1]] + names[-1:]
    groups = [f"by {names[0]}", *names[1:]] if names else []
    return "| " + fold(["stats", *aggregates, *beside, *groups])


def _beside(rule: Rule, bound: Bound, by: Sequence[Key]) -> list[str]:
    """The values of further fields that a reader of the results needs."""
    taken = {key.name for key in by} | {_COUNT, _FIRST, _LAST, _FIRST_ARRIVAL}
    names = [name for name in shown(rule, bound) if name not in taken]
    return [f"values({search_name(name)}) as {search_name(name)}" for name in names]


def _steps_beside(rule: Rule, bound: Bound, by: Sequence[Key]) -> list[str]:
    """What makes those of several data sources."""
    keys = keys_of(rule, bound)
    if not keys.together:
        return []
    grouped = {key.name for key in by}
    found = [key for key in map(keys.shown, told_of(rule)) if key and key.name not in grouped]
    return [key.step for key in found]


def _with(emission: Emission, lines: Iterable[str], notes: Iterable[Note]) -> Emission:
    query = "\n".join([str(emission.query), *filter(None, lines)])
    return Emission(query, (*emission.notes, *notes), covers_rule_type=True)
