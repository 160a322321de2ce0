"""Searches for several data sources as one: alternatives of one search, or where some have further
steps, ``multisearch``; what they count, they count together.

https://help.splunk.com/splunk-cloud-platform/spl-search-reference/10.0.2503/search-commands/multisearch:
its parts may have steps that look at one event after the other, as ``eval`` and ``where``, and are
not cut off by the limits of subsearches, as those of ``append`` are.
"""

from __future__ import annotations

from collections.abc import Sequence

from kqlx.backends.spl.index_time import common_window
from kqlx.errors import UnsupportedError

_COUNTING = "\n| stats "


def join(searches: Sequence[str]) -> str:
    """One search. Raises UnsupportedError where they do not count the same."""
    parted = [search.partition(_COUNTING) for search in dict.fromkeys(searches)]
    if len({(mark, counted) for _, mark, counted in parted}) > 1:
        raise UnsupportedError(
            "cannot convert a rule that counts for several data sources in different ways",
            code="sources-not-joined",
            hint="name one with --source",
        )
    _, mark, counted = parted[0]
    return _events([search for search, _, _ in parted]) + mark + counted


def _events(searches: Sequence[str]) -> str:
    """The events that any of the searches finds."""
    if len(searches) == 1:
        return searches[0]
    if not any("\n| " in search for search in searches):
        window = common_window(searches)
        either = "\nOR ".join(f"({search[len(window) :]})" for search in searches)
        return f"{window.rstrip()}\n({either})" if window else either
    parts = ["    [search " + search.replace("\n", "\n    ") + "]" for search in searches]
    return "| multisearch\n" + "\n".join(parts)
