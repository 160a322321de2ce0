"""What an analytics rule of Sentinel cannot hold of a rule, whatever its query."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kqlx.mappings.bound import Bound
from kqlx.notes import Effect, Note
from kqlx.rules.left_out import left_out
from kqlx.rules.model import Rule

_LOOK_BACK = re.compile(r"now-(\d+)([smhdw])")
_DAYS = {"s": 1 / 86_400, "m": 1 / 1_440, "h": 1 / 24, "d": 1, "w": 7}

LONGEST_LOOK_BACK = 14
"""Days (https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview)."""


def about(rule: Rule, bound: Bound, format: str, accept: frozenset[str]) -> Iterator[Note]:
    """Notes on the rule beside its query."""
    yield from left_out(rule)
    match = _LOOK_BACK.fullmatch(str(rule.data.get("from", "")))
    if match and (days := int(match[1]) * _DAYS[match[2]]) > LONGEST_LOOK_BACK:
        yield Note(
            "look-back",
            Effect.SAME,
            f"the rule looks back {days:g} days, and an analytics rule {LONGEST_LOOK_BACK} at most",
            hint="run it as a hunting query, or over a summary of earlier events",
        )
