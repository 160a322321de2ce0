"""What a rule of new terms looks for
(https://www.elastic.co/docs/solutions/security/detect-and-alert/create-detection-rule).
"""

from __future__ import annotations

from kqlx.notes import Effect, Note
from kqlx.records import dataclass
from kqlx.rules.model import Rule
from kqlx.rules.schedule import seconds

_WINDOW = 14 * 86_400  # Kibana's where a rule names none


@dataclass(frozen=True, slots=True)
class NewTerms:
    """An alert for values of the fields, taken together, that were not seen in the ``window``, a
    number of seconds, before. ``odd`` is what the rule says of the window where that is no plain
    span of time, for which 14 days stand.
    """

    fields: tuple[str, ...]
    window: int
    odd: str = ""


def new_terms_of(rule: Rule) -> NewTerms | None:
    """What a rule of new terms looks for; None for other rules."""
    fields = rule.texts("new_terms_fields")
    if rule.type != "new_terms" or not fields:
        return None
    start = rule.data.get("history_window_start")
    window = seconds(start, "now-")
    odd = str(start) if window is None and start is not None else ""
    return NewTerms(tuple(dict.fromkeys(fields)), window or _WINDOW, odd)


def odd_history(terms: NewTerms) -> tuple[Note, ...]:
    """The note on a history whose length the rule does not say plainly; none where it does."""
    if not terms.odd:
        return ()
    message = f"history_window_start: {terms.odd} is not a plain time span; using 14 days"
    return (Note("history-window", Effect.DIFFERENT, message),)
