"""A rule → the times between which each of its runs searches, as date math of Elasticsearch: what
its file says, or Kibana's own where that is none.
"""

from __future__ import annotations

import re

from kqlx.records import dataclass
from kqlx.regexes import late_regex
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import new_terms_of

# Date math, or a day or instant (docs/reference/elasticsearch/rest-apis/common-options#date-math).
_DATE_MATH = late_regex(
    r"(?:now|\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?Z?)?(?:\|\||\Z))"
    r"(?:[+-]\d{1,9}[yMwdhHms])*(?:/[yMwdhHms])?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class SearchWindow:
    """``history`` is where the time begins in which a new terms rule looks for earlier events.
    ``odd`` names what of the rule is no time that Elasticsearch reads.
    """

    start: str
    end: str
    history: str
    odd: tuple[str, ...] = ()


def search_window_of(rule: Rule) -> SearchWindow:
    """The window of a rule."""
    keys = ["from", "to", *(["history_window_start"] if new_terms_of(rule) else [])]
    given = [key for key in keys if rule.data.get(key) is not None]
    return SearchWindow(
        _moment(rule, "from") or "now-6m",
        _moment(rule, "to") or "now",
        _moment(rule, "history_window_start") or "now-14d",
        tuple(f"{key}: {rule.data[key]}" for key in given if not _moment(rule, key)),
    )


def _moment(rule: Rule, key: str) -> str:
    text = rule.text(key).strip()
    return text if _DATE_MATH.fullmatch(text) else ""
