"""Searches that take events by when Splunk indexed them (``_indextime``), for rules that go by when
an event arrived.

Time modifiers of the index time do nothing by themselves: the search "must also have an event-time
window which will retrieve the events"
(https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/SearchTimeModifiers); for
savedsearches.conf they are ``dispatch.index_earliest`` and ``dispatch.index_latest``. Enterprise
Security on why: https://docs.splunk.com/Documentation/ES/8.0.2/Admin/SpecifyTimeRange.
"""

from __future__ import annotations

from kqlx.backends.spl.multiple_sources import SourceSearch, WrittenSource
from kqlx.backends.spl.time_range import in_whole_minutes, time_modifier
from kqlx.backends.target import Options
from kqlx.notes import Note
from kqlx.records import replace
from kqlx.rules.late_events import WIDEN, about_override, arrival_note, event_range, unsaid_arrival
from kqlx.rules.model import Rule

LATEST = "+2d"
"""Where the times of events end: clocks that are ahead of Splunk's are not to hide an event, which
is looked at once, when it arrives. Splunk takes no time from an event that lies further ahead
(``MAX_DAYS_HENCE`` in props.conf, 2 by default)."""


def over_arrival(
    rule: Rule,
    written: WrittenSource,
    options: Options,
    window: int,
    any_time_range: bool,
    several: bool = False,
) -> WrittenSource:
    """The search over what arrived in the last so many seconds, as far as the format does not say
    so beside it; ``any_time_range``: whatever one the search is given. Its own beginning stays.
    With notes on what is looked at. One of ``several`` that stands in a subsearch says it itself:
    that a subsearch takes over the index time of the whole is not documented.
    """
    search, format = written.search, options.format
    if format != "tstats":
        says = format == "escu" or (several and search.groups and format != "query")
        search = _over_arrival(rule, search, window, any_time_range, says)
    notes = _arrival_notes(rule, search, window, format, any_time_range)
    return replace(written, search=search, notes=(*written.notes, *notes))


def _over_arrival(
    rule: Rule, search: SourceSearch, window: int, any_time_range: bool, says: bool
) -> SourceSearch:
    since = time_modifier(window) if any_time_range else in_whole_minutes(window)
    indexed = [f"_index_earliest={since}", "_index_latest=now"]
    modifiers = indexed if any_time_range or says else []
    terms = search.terms
    if search.beginning:  # with it and nothing else, the search would end now
        own = f"earliest={search.beginning}"
        terms = tuple(f"{own} latest={LATEST}" if term == own else term for term in terms)
    elif any_time_range:
        happened = [f"earliest={earliest(rule, window)}", f"latest={LATEST}"]
        modifiers = [*happened, *indexed]
    return replace(search, terms=terms, modifiers=tuple(modifiers))


def earliest(rule: Rule, window: int) -> str:
    """Where the times of events begin of which some arrived in a window of so many seconds."""
    return time_modifier(event_range(rule, window))


def _arrival_notes(
    rule: Rule, search: SourceSearch, window: int, format: str, any_time_range: bool
) -> list[Note]:
    if format in ("query", "tstats") and not any_time_range:
        advice = "give it _index_earliest and a wide earliest"
        if format == "tstats":  # of data models the index time is not documented
            advice = "search a time range that includes late events"
        return unsaid_arrival(rule, "the search", advice)
    happened, wide = search.says("earliest"), earliest(rule, window)
    hint = WIDEN if happened in ("", wide) else "the query itself says when they happened"
    note = arrival_note(rule, window, (happened or wide).removeprefix("-"), hint)
    return [note, *about_override(rule)]
