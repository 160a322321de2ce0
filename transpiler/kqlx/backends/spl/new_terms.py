"""New terms rules: values that were not seen before, by ``stats`` over the whole history, or with a
lookup that remembers what was seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from kqlx.backends.counted_fields import known_by_others, of_new_terms
from kqlx.backends.spl.grouped_results import (
    COUNT,
    FIRST,
    FIRST_ARRIVAL,
    LAST,
    stats,
    steps_beside,
    times,
    values_beside,
    with_values,
)
from kqlx.backends.spl.index_time import earliest, over_arrival
from kqlx.backends.spl.keys import Key, plain_name
from kqlx.backends.spl.multiple_sources import WrittenSource
from kqlx.backends.spl.risk_objects import key_builder
from kqlx.backends.spl.schedule import run_every
from kqlx.backends.spl.time_range import time_modifier
from kqlx.backends.target import Options
from kqlx.errors import UnsupportedError
from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.records import replace
from kqlx.rules.late_events import by_arrival
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import NewTerms, odd_history
from kqlx.rules.query_only_notes import about_window
from kqlx.rules.schedule import schedule_of

_KNOWN = "knownTime"
_LAST_ARRIVAL = "lastArrival"
_KNOWN_ARRIVAL = "knownArrival"


def new_terms_search(
    rule: Rule,
    terms: NewTerms,
    bound: Bound,
    written: WrittenSource,
    options: Options,
    several: bool,
) -> WrittenSource:
    """The search for values that the history does not have, which ``several`` data sources have in
    common. Raises UnsupportedError.
    """
    keys = key_builder(rule, bound, several)
    by = keys.keys(terms.fields)
    if not by:
        names = ", ".join(terms.fields)
        raise UnsupportedError(
            f"no value of {names} can be new: it is the same on every event of the destination",
            code="constant-folded",
        )
    look_back = schedule_of(rule).look_back
    window = max(terms.window, look_back)
    arrived = by_arrival(rule)
    written = with_values(bound, by, written)
    steps = [key.step for key in by]
    notes = [*of_new_terms(keys.notes), *about_window(rule)]
    notes += odd_history(terms)
    notes += known_by_others(bound, written.notes, terms.fields)
    if options.new_terms == "lookup":
        table = _table_of(rule)
        since = look_back + run_every(rule)
        beginning = f"earliest={time_modifier(window + since)}"
        if arrived:
            happened = earliest(rule, window + since)
            beginning = f"earliest={happened} and _index_{beginning}"
        message = (
            f"known values are kept in the lookup {table}, which must exist: to create it, run the"
            f" search once without its inputlookup line, with {beginning};"
            " events from the time of a skipped run are not known"
        )
        notes.append(Note("history-window", Effect.SAME, message))
        written = _looking_back(rule, written, options, since)
        known, remembered = _remembered(table, window, look_back, by, arrived)
        return written.with_form([*steps, known], remembered, notes)
    # Kibana takes a term that it saw first at the very beginning of the look-back for an old one.
    first = FIRST_ARRIVAL if arrived else FIRST
    new = f'| where {first}>relative_time(now(), "{time_modifier(look_back)}")'
    message = (
        f"each run searches {time_modifier(window)[1:]} of history; with shorter retention, known"
        " values alert as new"
    )
    notes.append(Note("history-window", Effect.SAME, message))
    arrival = [f"min(_indextime) as {first}"] if arrived else []
    grouped = stats(
        [f"count as {COUNT}", *times(), *arrival], by, values_beside(rule, bound, by, several)
    )
    steps += steps_beside(rule, bound, by, several)
    written = _looking_back(rule, written, options, window)
    return written.with_form(dict.fromkeys(steps), [grouped, new], notes)


def _looking_back(
    rule: Rule, written: WrittenSource, options: Options, window: int
) -> WrittenSource:
    """The search over so many seconds, whatever time range it is given, unless it says itself how
    far it looks back.
    """
    if by_arrival(rule):
        return over_arrival(rule, written, options, window, any_time_range=True)
    if written.search.beginning:
        return written
    since = (f"earliest={time_modifier(window)}",)
    return replace(written, search=replace(written.search, modifiers=since))


def _table_of(rule: Rule) -> str:
    """A table of the rule's own, whatever others are called."""
    named = (rule.id or f"{rule.name}\n{rule.query}").encode("utf-8", "backslashreplace")
    own = hashlib.sha256(named).hexdigest()[:8]
    return f"{plain_name(rule.name).lower()[:60]}_{own}_seen.csv"


def _remembered(
    table: str, window: int, look_back: int, by: Sequence[Key], arrived: bool
) -> tuple[str, list[str]]:
    """The terms of the events together with those in a table, which is written anew, by when they
    happened or ``arrived``: a step on each event, and the commands that group them.

    Of each the last event is kept, and the last one before the look-back: what a run sees in its
    look-back, a later one may still have there, so that the term is not known by it. So each run
    reads what has left the look-back since the one before. What was last seen before the window is
    forgotten, as Kibana does not look so far back.
    """
    begin = f'relative_time(now(), "{time_modifier(look_back)}")'
    history = f'relative_time(now(), "{time_modifier(window)}")'
    time, last, known = "_time", LAST, _KNOWN
    if arrived:
        time, last, known = "_indextime", _LAST_ARRIVAL, _KNOWN_ARRIVAL
    new = f"(isnull({known}) OR {known}<{history})"
    return f"| eval {known}=if({time}<={begin}, {time}, null())", [
        stats([f"max({time}) as {last}", f"max({known}) as {known}"], by, ()),
        f"| inputlookup append=true {table}",
        f"| where {last}>={history}",
        stats([f"max({name}) as {name}" for name in (last, known)], by, ()),
        f"| outputlookup {table}",
        f"| where {last}>{begin}\n    AND {new}",
    ]
