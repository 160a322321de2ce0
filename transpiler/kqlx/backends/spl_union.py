"""Searches for several data sources as one: alternatives of one search, or where some have further
steps, ``multisearch``, or ``append`` of what was counted.

https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Multisearch
https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Append
"""

from __future__ import annotations

from collections.abc import Sequence


def join(searches: Sequence[str]) -> str:
    """One search. ``where`` is a streaming command, and so may stand within ``multisearch``;
    ``stats`` is none, and its results are put together by ``append``.
    """
    searches = list(dict.fromkeys(searches))
    if any("\n| stats " in search for search in searches):
        first, *others = searches
        later = ["| append\n    [search " + s.replace("\n", "\n    ") + "]" for s in others]
        return "\n".join([first, *later])
    if not any("\n| " in search for search in searches):
        return "\nOR ".join(f"({search})" for search in searches)
    parts = ["    [search " + search.replace("\n", "\n    ") + "]" for search in searches]
    return "| multisearch\n" + "\n".join(parts)
