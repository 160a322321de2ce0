"""What a search looks up beside its events: the commands that add it, before the first that asks
for it.

Networks are in a lookup of the user's
(https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Lookup), locations come from
``iplocation`` (https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Iplocation).
Both look at one event after the other, as parts of ``multisearch`` must.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kqlx.backends.looked_up import columns_looked_up, is_looked_up, note_on
from kqlx.backends.spl.multiple_sources import WrittenSource
from kqlx.backends.spl.result_fields import KeyBuilder
from kqlx.backends.spl.risk_objects import fields_to_keep, key_builder
from kqlx.backends.spl.syntax import fold
from kqlx.errors import UnsupportedError
from kqlx.mappings.bound import Bound
from kqlx.mappings.pack import Lookup
from kqlx.records import replace
from kqlx.rules.model import Rule


def with_lookups(written: WrittenSource, bound: Bound, beside: Iterable[str] = ()) -> WrittenSource:
    """The search with what its steps, and those that group its events, ask for of what is looked
    up, and the fields ``beside``. Raises UnsupportedError where an address has no field.
    """
    search, notes = written.search, written.notes
    for lookup in bound.lookups:
        steps = search.steps
        used = columns_looked_up(lookup, "\n".join((*steps, *written.grouping, *beside)))
        if not used:
            continue
        notes = (*notes, note_on(lookup))
        at = next((n for n, step in enumerate(steps) if is_looked_up(step, used)), len(steps))
        made = _steps(lookup, used, bound)
        search = replace(search, steps=(*steps[:at], *made, *steps[at:]))
    return replace(written, search=search, notes=notes)


def fields_beside(rule: Rule, bound: Bound, several: bool) -> list[str]:
    """The fields of results that a format names beside the search: those that alerts are suppressed
    by, and those that are to be looked at first.
    """
    keys = key_builder(rule, bound, several)
    found = [keys.visible(field) for field in fields_to_keep(rule)]
    return [key.name for key in found if key is not None]


def _steps(lookup: Lookup, used: Mapping[str, str], bound: Bound) -> list[str]:
    key = KeyBuilder(bound).key(lookup.key)
    if not key.name or (lookup.kind == "locations" and "mv" in key.step):
        what = f"{lookup.of}.{'as' if lookup.kind == 'networks' else 'geo'}.*"
        raise UnsupportedError(
            f"cannot convert a test of {what}: {lookup.key} is not in one field",
            code="unmapped-field",
        )
    first = [key.step] if key.step else []
    if lookup.kind == "locations":
        prefix = next(iter(lookup.columns)).removesuffix(next(iter(lookup.columns.values())))
        return [*first, f"| iplocation prefix={prefix} {key.spelt}"]
    outputs = [f"{there} AS {name}" for name, there in used.items()]
    named = lookup.named
    text = ["lookup", named["lookup"], f"{named['network']} AS {key.spelt}", "OUTPUT", *outputs]
    return [*first, "| " + fold(text)]
