"""The names of a user's own table of networks, by what it has: what may be said of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

PLACES = ("lookup", "watchlist", "table")
"""What the table is in Splunk (``lookup``) and in Sentinel (the others): one of them names it."""
KEY = "network"
"""The column that an address is looked up in."""
OUTPUTS = ("number", "organization")
"""What the table has of a network: one of them at least."""


def networks_problem(named: object, places: Collection[str] = PLACES) -> str:
    """What is wrong with the names of such a table, or ""."""
    if not isinstance(named, Mapping):
        return f"is a table of names, not {named!r}"
    known = (*places, KEY, *OUTPUTS)
    for name, value in named.items():
        if name not in known:
            return f"has no key {name!r}; it knows {', '.join(known)}"
        if not isinstance(value, str) or not value.isprintable() or not value.strip():
            return f"has no name for {name}: {value!r}"
    if len([name for name in places if name in named]) != 1:
        return f"needs {'one of the keys' if len(places) > 1 else 'the key'} {' and '.join(places)}"
    if KEY not in named:
        return f"needs the key {KEY}"
    if not any(name in named for name in OUTPUTS):
        return f"needs the key {' or '.join(OUTPUTS)}"
    return ""
