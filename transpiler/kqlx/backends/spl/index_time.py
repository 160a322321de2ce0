"""Searches that take events by when Splunk indexed them (``_indextime``), for rules that go by when
an event arrived.

Time modifiers of the index time do nothing by themselves: the search "must also have an event-time
window which will retrieve the events"
(https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/SearchTimeModifiers); for
savedsearches.conf they are ``dispatch.index_earliest`` and ``dispatch.index_latest``. Enterprise
Security on why: https://docs.splunk.com/Documentation/ES/8.0.2/Admin/SpecifyTimeRange.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from kqlx.backends.spl.syntax import WIDTH
from kqlx.backends.spl.time_range import in_whole_minutes, own_beginning, time_modifier
from kqlx.backends.target import Emission, Options
from kqlx.notes import Note
from kqlx.rules.late_events import WIDEN, about_override, arrival_note, event_range, unsaid_arrival
from kqlx.rules.model import Rule

LATEST = "+2d"
"""Where the times of events end: clocks that are ahead of Splunk's are not to hide an event, which
is looked at once, when it arrives. Splunk takes no time from an event that lies further ahead
(``MAX_DAYS_HENCE`` in props.conf, 2 by default)."""

_WINDOW = re.compile(r"(?:(?:earliest|latest|_index_earliest|_index_latest)=\S+\s+)+")


def over_arrival(
    rule: Rule, query: str, window: int, format: str, any_time_range: bool = False
) -> str:
    """The search over what arrived in the last so many seconds, as far as the format does not say
    so beside it; ``any_time_range``: whatever one the search is given. Its own beginning stays.
    """
    since = time_modifier(window) if any_time_range else in_whole_minutes(window)
    indexed = [f"_index_earliest={since}", "_index_latest=now"]
    modifiers = indexed if any_time_range or format == "escu" else []
    if own_beginning(query):  # with it and nothing else, the search would end now
        query = re.sub(r"(?<!\S)(earliest=\S+)", rf"\1 latest={LATEST}", query, count=1)
    elif any_time_range:
        happened = [f"earliest={earliest(rule, window)}", f"latest={LATEST}"]
        modifiers = [*happened, *indexed]
    return with_modifiers(query, modifiers)


def with_modifiers(query: str, modifiers: Sequence[str]) -> str:
    """The search behind time modifiers."""
    if not modifiers:
        return query
    said = " ".join(modifiers)
    wide = len(said) + len(query.partition("\n")[0]) >= WIDTH
    return f"{said}\n    {query}" if wide else f"{said} {query}"


def earliest(rule: Rule, window: int) -> str:
    """Where the times of events begin of which some arrived in a window of so many seconds."""
    return time_modifier(event_range(rule, window))


def common_window(searches: Sequence[str]) -> str:
    """The modifiers that all of several searches begin with, or ""."""
    found = {match[0] if (match := _WINDOW.match(search)) else "" for search in searches}
    return found.pop() if len(found) == 1 else ""


def without_window(search: str) -> str:
    """The search over any time range; also the parts of ``multisearch``."""
    return re.sub(rf"(\A|\[search ){_WINDOW.pattern}", r"\1", search)


def arrival_notes(
    rule: Rule, query: str, window: int, format: str, any_time_range: bool
) -> list[Note]:
    """Notes on what is looked at, for a search that ``over_arrival`` made."""
    if format in ("query", "tstats") and not any_time_range:
        advice = "give it _index_earliest and a wide earliest"
        if format == "tstats":  # of data models the index time is not documented
            advice = "search a time range that includes late events"
        return unsaid_arrival(rule, "the search", advice)
    happened, wide = own_beginning(query), earliest(rule, window)
    hint = WIDEN if happened in ("", wide) else "the query itself says when they happened"
    note = arrival_note(rule, window, (happened or wide).removeprefix("-"), hint)
    return [note, *about_override(rule)]


def emission_over_arrival(
    rule: Rule, emission: Emission, options: Options, window: int, any_time_range: bool
) -> Emission:
    """The search over what arrived in a window; ``any_time_range``: whatever one it is given."""
    query = str(emission.query)
    if options.format != "tstats":
        query = over_arrival(rule, query, window, options.format, any_time_range)
    notes = arrival_notes(rule, query, window, options.format, any_time_range)
    return replace(emission, query=query, notes=(*emission.notes, *notes))
