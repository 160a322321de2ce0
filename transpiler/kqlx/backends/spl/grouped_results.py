"""Results that are groups of events: the ``stats`` command, what is kept beside its counts, and the
steps before it.

Of the fields of the events only those remain that the command names; those that say whom an alert
is about are kept beside the counts.
https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/stats
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kqlx.backends.spl.keys import Key
from kqlx.backends.spl.multiple_sources import WrittenSource
from kqlx.backends.spl.risk_objects import fields_to_keep, key_builder, visible_fields
from kqlx.backends.spl.syntax import fold, quote, search_name
from kqlx.mappings.bound import Bound
from kqlx.mappings.recognition import asserts_field
from kqlx.records import replace
from kqlx.rules.model import Rule

COUNT = "event_count"
FIRST = "firstTime"
LAST = "lastTime"
FIRST_ARRIVAL = "firstArrival"


def with_values(bound: Bound, by: Iterable[Key], written: WrittenSource) -> WrittenSource:
    """The search for those of its events in which no text that stands for none would pass for a
    value, said among its terms where the events have the field from the start.
    """
    names = {key.null_column: key.null_texts for key in by if key.null_column}
    names = {name: texts for name, texts in names.items() if not asserts_field(bound.node, [name])}
    search = written.search
    later = {name for lookup in bound.lookups for name in lookup.columns}
    later |= {name for name in names if bound.column(name).json}
    each = {
        name: [f"{search_name(name)}!={quote(text)}" for text in texts]
        for name, texts in names.items()
    }
    first = [test for name in each if name not in later and search.terms for test in each[name]]
    rest = [test for name in each if name in later or not search.terms for test in each[name]]
    terms = (*search.terms, *(test for test in first if test not in search.terms))
    steps = (*search.steps, "| " + fold(["search", *rest])) if rest else search.steps
    return replace(written, search=replace(search, terms=terms, steps=steps))


def times() -> list[str]:
    return [f"min(_time) as {FIRST}", f"max(_time) as {LAST}"]


def stats(aggregates: Iterable[str], by: Sequence[Key], beside: Iterable[str]) -> str:
    """The command, on lines of about 100 columns."""
    names = [key.spelt for key in by]
    names = [f"{name}," for name in names[:-1]] + names[-1:]
    groups = [f"by {names[0]}", *names[1:]] if names else []
    return "| " + fold(["stats", *aggregates, *beside, *groups])


def values_beside(rule: Rule, bound: Bound, by: Sequence[Key], several: bool) -> list[str]:
    """The values of further fields that a reader of the results needs."""
    taken = {key.name for key in by} | {COUNT, FIRST, LAST, FIRST_ARRIVAL}
    names = [name for name in visible_fields(rule, bound, several) if name not in taken]
    return [f"values({search_name(name)}) as {search_name(name)}" for name in names]


def steps_beside(rule: Rule, bound: Bound, by: Sequence[Key], several: bool) -> list[str]:
    """What makes those of several data sources."""
    keys = key_builder(rule, bound, several)
    if not keys.common_names:
        return []
    grouped = {key.name for key in by}
    found = [
        key for key in map(keys.visible, fields_to_keep(rule)) if key and key.name not in grouped
    ]
    return [key.step for key in found]
