"""What a rule alerts on, by its type: each event of its query, or what it makes of several.

A form that a target has no counterpart for is told by the chain, not by each target.
"""

from __future__ import annotations

from kqlx.records import dataclass
from kqlx.rules.indicator_match import IndicatorMatch, indicator_match_of
from kqlx.rules.model import Rule
from kqlx.rules.new_terms import NewTerms, new_terms_of
from kqlx.rules.threshold import Threshold, threshold_of


@dataclass(frozen=True, slots=True)
class SingleEvent:
    """An alert for each event that the query finds."""


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """An alert for each event of a query that Kibana keeps under an id, "" where the rule has the
    query itself.
    """

    id: str


Form = SingleEvent | SavedQuery | Threshold | NewTerms | IndicatorMatch


def form_of(rule: Rule) -> Form:
    """What the rule alerts on. A rule that lacks what its type needs (a threshold without its
    table) alerts on each event.
    """
    found = threshold_of(rule) or new_terms_of(rule) or indicator_match_of(rule)
    if found is not None:
        return found
    if rule.type == "saved_query":
        return SavedQuery(str(rule.data.get("saved_id") or ""))
    return SingleEvent()


def groups_events(rule: Rule) -> bool:
    """Whether the rule alerts on groups of events, which it counts or compares."""
    return isinstance(form_of(rule), Threshold | NewTerms)


def grouped_by(rule: Rule) -> tuple[str, ...]:
    """The fields by whose values the rule groups events; none for single events, and where it
    counts all of them as one group.
    """
    form = form_of(rule)
    if isinstance(form, Threshold):
        return form.by
    return form.fields if isinstance(form, NewTerms) else ()
