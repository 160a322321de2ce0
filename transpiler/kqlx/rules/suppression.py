"""Which alerts a rule suppresses
(https://www.elastic.co/docs/solutions/security/detect-and-alert/suppress-detection-alerts).
"""

from __future__ import annotations

from kqlx.records import dataclass
from kqlx.rules.model import Rule
from kqlx.rules.schedule import seconds


@dataclass(frozen=True, slots=True)
class Suppression:
    """Alerts with the same values of the fields ``by`` become one; those of a threshold rule, which
    names none, by the fields that it counts by.

    ``duration`` is for how many seconds: 0 within each run, and where the rule says no plain span
    of time. ``given`` is what it says, "" where it says nothing. ``spares_missing`` says that
    events without the fields alert one by one.
    """

    by: tuple[str, ...]
    duration: int = 0
    given: str = ""
    spares_missing: bool = False


def suppression_of(rule: Rule) -> Suppression | None:
    """What the rule suppresses; None where it suppresses nothing."""
    table = rule.data.get("alert_suppression")
    if not table or not isinstance(table, dict):
        return None
    fields = table.get("group_by")
    by = tuple(map(str, fields)) if isinstance(fields, list) else ()
    duration = table.get("duration")
    given = ""
    if isinstance(duration, dict):
        given = f"{duration.get('value')}{duration.get('unit', '')}"
    spares = table.get("missing_fields_strategy") == "doNotSuppress"
    return Suppression(by, seconds(given) or 0, given, spares)


def suppressed_by(rule: Rule) -> tuple[str, ...]:
    """The fields of which the same values make one alert of several."""
    suppression = suppression_of(rule)
    return suppression.by if suppression is not None else ()
