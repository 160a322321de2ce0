"""Options that change nothing in any result of a run, each reported once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kqlx.errors import KqlxError
from kqlx.rules.model import Rule

if TYPE_CHECKING:
    from kqlx.conversion.reading import Reading
    from kqlx.convert import Conversion

ABOUT: Mapping[str, str] = {
    "exact": "it is for tests that differ only in letter case",
    "index": "it is for searches of Splunk's indexes",
    "macro": "it replaces the source type of a search",
    "new_terms": "it is for new terms rules, as saved searches",
    "late_events": "it is for rules with a timestamp_override, in a format with a time range",
    "table": "it is for queries that name a table",
    "case": "it is for values whose letter case may differ",
    "sequence": "it is for EQL sequences",
    "signers": "it is for tests of code signatures in Defender's tables",
    "locations": "it is for tests of the locations of addresses",
    "compact": "it is for queries that can be written shorter",
    "time_zone": "it is for tests of dates",
    "case_insensitive": "it is for tests of keyword fields",
    "ignore_unmapped": "it is for nested groups",
}
"""What each option is for that should make a difference to some conversion of a run."""
_OTHERS: Mapping[str, tuple[Any, ...]] = {
    "late_events": ("3d",),
    "new_terms": ("stats", "lookup"),
    "case": ("sensitive", "insensitive"),
    "sequence": ("scan", "join"),
    "time_zone": ("+11:00",),
    "case_insensitive": (True, False),
    "ignore_unmapped": (True, False),
}
"""Values to try beside none, where one may say what is so anyway."""


class Unused:
    """Watches the conversions of a run for the options that make no difference to any.

    A conversion is repeated without each option that has made none so far, and with other values of
    it; those that made one are ``effective``.
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = {name: value for name, value in given.items() if name in ABOUT}
        self.effective: set[str] = set()

    def watch(
        self, rule: Rule | Reading, target: str, options: Mapping[str, Any], result: Conversion
    ) -> None:
        """Takes note of a conversion that was made with these options."""
        for name in [name for name in self._given if name in options]:
            if name in self.effective:
                continue
            others = (None, *_OTHERS.get(name, ()))
            tried = [other for other in others if other != self._given[name]]
            if any(_differs(rule, target, {**options, name: other}, result) for other in tried):
                self.effective.add(name)


def _differs(
    rule: Rule | Reading, target: str, options: Mapping[str, Any], result: Conversion
) -> bool:
    from kqlx.convert import convert

    try:
        made = convert(rule, to=target, **options)
    except KqlxError:
        return True
    return (made.text, made.notes) != (result.text, result.notes)
