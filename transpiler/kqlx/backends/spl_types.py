"""What a rule's type asks for beyond its query: counts, terms that are new, indicators.

The results are then no events but groups of them, in which only the fields remain that the search
names; those that say whom an alert is about are kept beside the counts.
https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/stats
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from kqlx.backends.base import Emission, Options
from kqlx.backends.spl_entities import shown
from kqlx.backends.spl_keys import Key, Keys, plain_name
from kqlx.backends.spl_syntax import WIDTH, fold, fold_condition, search_name
from kqlx.errors import UnsupportedError, UsageError
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import NewTerms, new_terms_of
from kqlx.rules.schedule import schedule_of
from kqlx.rules.threshold import Threshold, threshold_of

_COUNT = "event_count"
_FIRST = "firstTime"
_LAST = "lastTime"
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))

INDICATORS = "threat_indicators"
"""The lookup that stands for a rule's indicators: its columns are named as Elastic's fields."""


def complete(rule: Rule, bound: Bound, emission: Emission, options: Options) -> Emission:
    """The search with what the type of the rule asks for. Raises UnsupportedError."""
    if options.form == "tstats":
        return emission
    threshold, terms = threshold_of(rule), new_terms_of(rule)
    if threshold is not None:
        return _counted(rule, threshold, bound, emission, options)
    if terms is not None:
        return _first_seen(rule, terms, bound, emission, options)
    if rule.type == "threat_match":
        return _matched(rule, bound, emission)
    return emission


def time_modifier(seconds: int) -> str:
    """``-9m``: so many seconds ago, in the largest unit that fits."""
    unit, length = next(pair for pair in _UNITS if seconds % pair[1] == 0)
    return f"-{seconds // length}{unit}"


# Thresholds


def _counted(
    rule: Rule, threshold: Threshold, bound: Bound, emission: Emission, options: Options
) -> Emission:
    keys = Keys(bound, Effect.NARROWER)
    by = keys.keys(threshold.by)
    counts, conditions, steps = [f"count as {_COUNT}"], [], [key.step for key in by]
    if threshold.least > 1 or not by:
        conditions.append(f"{_COUNT}>={threshold.least}")
    among = Keys(bound)
    for field, least in threshold.distinct:
        key = among.key(field)
        if not key.name and least > 1:
            raise UnsupportedError(
                f"cannot count {least} values of {field}: it is the same on all events there"
            )
        if not key.name:
            continue
        name = f"dc_{plain_name(key.name)}"
        counts.append(f"dc({key.spelt}) as {name}")
        conditions.append(f"{name}>={least}")
        steps.append(key.step)
    lines = [*steps, _stats([*counts, *_times()], by, _beside(rule, bound, by))]
    if conditions:
        lines.append(f"| where {' AND '.join(conditions)}")
    notes = _apart(bound, Effect.NARROWER, "what reaches the threshold by several is missed")
    if options.form == "query":  # others say over which time they search
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
    if options.new_terms not in (None, "stats", "lookup"):
        raise UsageError(f"new_terms is stats or lookup, not {options.new_terms!r}")
    keys = Keys(bound)
    by = keys.keys(terms.fields)
    if not by:
        names = ", ".join(terms.fields)
        raise UnsupportedError(f"no term of {names} can be new: it is the same on all events there")
    look_back = schedule_of(rule).look_back
    window = max(terms.window, look_back)
    # Kibana takes a term that it saw first at the very beginning of the look-back for an old one.
    new = f'| where {_FIRST}>relative_time(now(), "{time_modifier(look_back)}")'
    steps = [key.step for key in by]
    notes = [
        *keys.notes,
        *_apart(bound, Effect.WIDER, "a term is new where the same one does not have it"),
    ]
    if terms.odd:
        message = f"the history begins at {terms.odd}, which is no plain span; 14 days stand for it"
        notes.append(Note("history-window", Effect.DIFFERENT, message))
    if options.new_terms == "lookup":
        table = f"{plain_name(rule.name).lower()[:60]}_seen.csv"
        message = (
            f"what was seen is kept in {table}, which must be there: the search without its line of"
            f" inputlookup, run once over {time_modifier(window)[1:]}, makes it"
        )
        notes.append(Note("history-window", Effect.SAME, message))
        return _with(emission, [*steps, *_remembered(table, window, by), new], notes)
    query = str(emission.query)
    if not re.search(r"(?<!\S)earliest=", query):
        since = f"earliest={time_modifier(window)}"
        wide = len(since) + len(query.partition("\n")[0]) >= WIDTH
        query = f"{since}\n    {query}" if wide else f"{since} {query}"
    message = (
        f"each run reads {time_modifier(window)[1:]} of history; where events are kept for a"
        " shorter time, old terms are new"
    )
    notes.append(Note("history-window", Effect.SAME, message))
    stats = _stats([f"count as {_COUNT}", *_times()], by, _beside(rule, bound, by))
    return _with(replace(emission, query=query), [*steps, stats, new], notes)


def _remembered(table: str, window: int, by: Sequence[Key]) -> list[str]:
    """The terms of the events together with those in a table, which is written anew. What was last
    seen before the window is forgotten first, as Kibana does not look so far back.
    """
    again = [f"min({_FIRST}) as {_FIRST}", f"max({_LAST}) as {_LAST}"]
    return [
        _stats(_times(), by, ()),
        f"| inputlookup append=true {table}",
        f'| where {_LAST}>=relative_time(now(), "{time_modifier(window)}")',
        _stats(again, by, ()),
        f"| outputlookup {table}",
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
    groups = []
    found = rule.data.get("threat_mapping")
    for item in found if isinstance(found, list) else ():
        entries = item.get("entries") if isinstance(item, dict) else None
        group = []
        for entry in entries if isinstance(entries, list) else ():
            if not isinstance(entry, dict) or entry.get("type", "mapping") != "mapping":
                raise UnsupportedError("a part of threat_mapping is of no known form")
            if entry.get("negate"):
                raise UnsupportedError("an indicator that must not be met: a lookup cannot say it")
            group.append((str(entry.get("field", "")), str(entry.get("value", ""))))
        if group:
            groups.append(group)
    return groups


# What they share


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
    taken = {key.name for key in by} | {_COUNT, _FIRST, _LAST}
    names = [name for name in shown(rule, bound) if name not in taken]
    return [f"values({search_name(name)}) as {search_name(name)}" for name in names]


def _apart(bound: Bound, effect: Effect, why: str) -> list[Note]:
    """A note where the rule is about several data sources, of which this is the first."""
    several = [note for note in bound.notes if note.code == "several-sources"]
    if not any(", " in note.message for note in several):
        return []
    return [Note("counted-apart", effect, f"each data source is counted by itself: {why}")]


def _with(emission: Emission, lines: Iterable[str], notes: Iterable[Note]) -> Emission:
    query = "\n".join([str(emission.query), *filter(None, lines)])
    return Emission(query, (*emission.notes, *notes), whole=True)
