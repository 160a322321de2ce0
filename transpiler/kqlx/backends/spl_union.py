"""Searches for several data sources as one: alternatives of one search, or where some have further
steps, ``multisearch``.

https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Multisearch
"""

from __future__ import annotations

from collections.abc import Sequence


def join(searches: Sequence[str]) -> str:
    """One search. ``where`` is a streaming command, and so may stand within ``multisearch``."""
    searches = list(dict.fromkeys(searches))
    if not any("\n| " in search for search in searches):
        return "\nOR ".join(f"({search})" for search in searches)
    parts = ["    [search " + search.replace("\n", "\n    ") + "]" for search in searches]
    return "| multisearch\n" + "\n".join(parts)
