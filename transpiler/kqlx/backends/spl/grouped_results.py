"""Results that are groups of events: the ``stats`` command, what is kept beside its counts, and the
steps before it.

Of the fields of the events only those remain that the command names; those that say whom an alert
is about are kept beside the counts.
https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/stats
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kqlx.backends.spl.keys import Key
from kqlx.backends.spl.risk_objects import fields_to_keep, key_builder, visible_fields
from kqlx.backends.spl.syntax import fold, quote, search_name
from kqlx.mappings.bound import Bound
from kqlx.mappings.recognition import asserts_field
from kqlx.rules.model import Rule

COUNT = "event_count"
FIRST = "firstTime"
LAST = "lastTime"
FIRST_ARRIVAL = "firstArrival"


def without_null_texts(bound: Bound, by: Iterable[Key]) -> str:
    """Leaves out events in which a text that stands for none would pass for a value, unless the
    query does.
    """
    names = {key.null_column: key.null_texts for key in by if key.null_column}
    tests = [
        f"{search_name(name)}!={quote(text)}"
        for name, texts in names.items()
        if not asserts_field(bound.node, [name])
        for text in texts
    ]
    return "| " + fold(["search", *tests]) if tests else ""


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
