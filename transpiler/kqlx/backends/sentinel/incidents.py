"""Incidents of Sentinel: which alerts become one, in place of the alerts that Kibana suppresses.

https://learn.microsoft.com/azure/sentinel/create-analytics-rules#configure-the-incident-creation-settings
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from kqlx.backends.sentinel.alert_columns import AlertColumns
from kqlx.backends.sentinel.custom_details import suppressed_by
from kqlx.backends.sentinel.schedule import span
from kqlx.notes import Effect, Note
from kqlx.records import dataclass
from kqlx.rules.model import Rule
from kqlx.rules.suppression import Suppression, suppression_of

_SHORTEST, _USUAL, _LONGEST = 300, 5 * 3_600, 7 * 86_400


@dataclass(frozen=True, slots=True)
class Incidents:
    """``incidentConfiguration``: whether alerts make incidents, and whether those of
    ``look_back`` seconds are put into one; ``matching`` is "Selected" where ``by_details`` names
    the custom details that must be alike, else "AllEntities".
    """

    created: bool
    grouped: bool
    look_back: int
    matching: str
    by_details: tuple[str, ...]


def incidents_of(
    rule: Rule, shown: Sequence[AlertColumns], details: Mapping[str, str]
) -> tuple[Incidents, tuple[Note, ...]]:
    """The incidents of a rule whose alerts show these columns, and ``details`` of them; building
    blocks make none. With notes on how that differs from what Kibana suppresses.
    """
    suppression, fields = suppression_of(rule), suppressed_by(rule)
    look_back = _USUAL
    if suppression is not None and suppression.duration:
        look_back = min(max(suppression.duration, _SHORTEST), _LONGEST)
    keys = tuple(
        key for key in details if any(one.detail_fields.get(key) in fields for one in shown)
    )
    matching = "Selected" if keys else "AllEntities"
    grouped = suppression is not None
    found = Incidents(not rule.is_building_block, grouped, look_back, matching, keys)
    if suppression is None:
        return found, ()
    return found, tuple(_about_suppression(suppression, fields, look_back, shown))


def _about_suppression(
    suppression: Suppression, fields: Sequence[str], look_back: int, shown: Iterable[AlertColumns]
) -> Iterator[Note]:
    by = f" with the same {', '.join(fields)}" if fields else ""
    message = (
        f"Kibana suppresses repeated alerts{by}; Sentinel raises each of them and groups those"
        f" within {span(look_back)} into one incident"
    )
    yield Note("suppression-grouped", Effect.SAME, message)
    for one in shown:
        if lost := [field for field in fields if field not in one.detail_fields.values()]:
            instead = "all entities" if len(lost) == len(fields) else "the others"
            message = f"alerts are not grouped by {', '.join(lost)}, but by {instead}"
            yield Note("suppression-left-out", Effect.SAME, message)
    if suppression.spares_missing:
        message = "Kibana does not suppress alerts without these fields; Sentinel may group them"
        yield Note("suppression-left-out", Effect.SAME, message)
    if (long := suppression.duration) != look_back:
        what = f"alerts of {span(long)}" if long else "alerts of one run"
        message = f"Kibana suppresses {what}; Sentinel groups those of {span(look_back)}"
        yield Note("schedule", Effect.SAME, message)
