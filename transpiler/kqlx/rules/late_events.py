"""Rules that look at when an event arrived, not at when it happened.

Kibana takes the time of an event from the field that ``timestamp_override`` names, for most rules
``event.ingested``, the time of arrival, so that events which arrive late are seen all the same
(https://www.elastic.co/docs/solutions/security/detect-and-alert/create-detection-rule). Other
targets hold events by the time at which they happened: they look back over that time far enough
for late events, and take those of them that arrived in the rule's own window.
"""

from __future__ import annotations

from collections.abc import Iterable

from kqlx.errors import UsageError
from kqlx.hints import Argument, Hint
from kqlx.notes import Effect, Note
from kqlx.records import replace
from kqlx.rules.model import Rule
from kqlx.rules.schedule import seconds, spelt

INGESTED = "event.ingested"
MOST_LATE = 366 * 86_400
USUALLY_LATE = 86_400
"""How late events may arrive where the user does not say, in seconds: audit records of Microsoft
365, for one, come half an hour to a day after the event."""

WIDEN = Hint(Argument("late_events"), " widens it")

_HOUR, _MINUTE = 3_600, 60


def override_of(rule: Rule) -> str:
    """The field whose time counts before that of ``@timestamp``, or ""."""
    found = rule.data.get("timestamp_override")
    return found if isinstance(found, str) and found != "@timestamp" else ""


def falls_back_to_timestamp(rule: Rule) -> bool:
    """Whether ``@timestamp`` counts for events without the field of the override."""
    return rule.data.get("timestamp_override_fallback_disabled") is not True


def by_arrival(rule: Rule) -> bool:
    """Whether the rule goes by when events arrived. Any field but ``@timestamp`` is read so: what
    it holds is written between the event and its arrival.
    """
    return bool(override_of(rule))


def late_by(rule: Rule) -> int:
    """How late events may arrive, in seconds."""
    return rule.late_events or USUALLY_LATE


def event_range(rule: Rule, window: int) -> int:
    """How far back events of which some arrived in a window of so many seconds may have happened:
    in whole hours, or minutes where it is less than one.
    """
    length = window + late_by(rule)
    unit = _HOUR if length >= _HOUR else _MINUTE
    return -(-length // unit) * unit


def length_of(text: str, name: str = "late_events") -> int:
    """The seconds of ``1d`` or ``90m``. Raises UsageError, with the name of the argument, for any
    other text, and for more than a year.
    """
    found = seconds(text)
    if found is not None and found > MOST_LATE:
        raise UsageError(f"{name} must be at most a year, not {text!r}")
    if found is None:
        raise UsageError(
            f"{name} must be a duration such as 1d or 12h, not {text!r}",
            hint="a number followed by s, m, h, d or w, such as 1d or 12h",
        )
    return found


def with_late_events(rule: Rule, lengths: Iterable[str | None]) -> Rule:
    """The rule with what the user says for its data sources, the longest of them. Raises
    UsageError.
    """
    found = [length_of(text) for text in lengths if text is not None]
    return replace(rule, late_events=max(found)) if found else rule


def in_words(length: int) -> str:
    """So many seconds in the largest unit up to days that fits: ``14d``."""
    return f"{length // 86_400}d" if length % 86_400 == 0 else spelt(length)


def arrival_note(rule: Rule, arrived: int, happened: str, hint: str = WIDEN) -> Note:
    """What the result does: it takes what ``arrived`` in the last so many seconds, of the events
    that ``happened`` in the last ``25h``. ``hint`` is what a user can do about the latter.
    """
    field = override_of(rule)
    message = (
        f"events are selected by arrival time, as the rule does by {field}: those that arrived in"
        f" the last {in_words(arrived)} and happened in the last {happened}"
    )
    return Note("late-events", Effect.SAME, message, hint=hint)


def about_override(rule: Rule) -> list[Note]:
    """A note on a time that is not that of arrival, for which arrival stands."""
    field = override_of(rule)
    if field in ("", INGESTED):
        return []
    message = (
        f"the rule goes by the time in {field}, for which the arrival time is used: it also alerts"
        " on events that arrived after the rule's window had passed them"
    )
    return [Note("late-events", Effect.WIDER, message)]


def unsaid_arrival(rule: Rule, where: str, advice: str = "") -> list[Note]:
    """A note where the result does not say over which time it looks."""
    if not by_arrival(rule):
        return []
    message = (
        f"{where} sets no time range; the rule selects events by arrival time"
        f" ({override_of(rule)}){f': {advice}' if advice else ''}"
    )
    return [Note("metadata-not-supported", Effect.SAME, message)]
