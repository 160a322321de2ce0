"""When a rule runs, and how far it looks back each time
(https://www.elastic.co/docs/solutions/security/detect-and-alert/create-detection-rule).
"""

from __future__ import annotations

import re
from typing import Any

from kqlx.records import dataclass
from kqlx.regexes import late_regex
from kqlx.rules.model import Rule

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}

_SPAN = late_regex(r"0*([1-9][0-9]{0,8})([smhdw])", re.ASCII)
_INTERVAL = 300  # Kibana's where a rule names none
_LOOK_BACK = 360


@dataclass(frozen=True, slots=True)
class Schedule:
    """In seconds: the time between two runs, and how far each looks back. ``odd`` names what of the
    rule is no plain span of time, for which Kibana's own default stands; ``end`` is where what a
    run looks at ends, as the rule writes it.
    """

    interval: int
    look_back: int
    odd: tuple[str, ...] = ()
    end: str = "now"

    @property
    def odd_window(self) -> tuple[str, ...]:
        """What is odd of the time that a run looks at."""
        return tuple(text for text in self.odd if not text.startswith("interval: "))


def schedule_of(rule: Rule) -> Schedule:
    """The schedule of a rule."""
    interval = seconds(rule.data.get("interval"))
    look_back = seconds(rule.data.get("from"), "now-")
    odd = [
        f"{key}: {rule.data[key]}"
        for key, found in (("interval", interval), ("from", look_back))
        if found is None and rule.data.get(key) is not None
    ]
    end = str(rule.data.get("to", "now"))
    if end != "now":
        odd.append(f"to: {end}")
    return Schedule(interval or _INTERVAL, look_back or _LOOK_BACK, tuple(odd), end)


def written_look_back(rule: Rule) -> tuple[int, str]:
    """How far each run looks back as the rule writes it, a number and its unit: ``60m`` where
    ``spelt`` says ``1h``; Kibana's own default for what is no plain span of time.
    """
    match = _SPAN.fullmatch(str(rule.data.get("from")).removeprefix("now-"))
    if match is None or seconds(rule.data.get("from"), "now-") is None:
        return _LOOK_BACK // 60, "m"
    return int(match[1]), match[2]


def spelt(length: int) -> str:
    """A number of seconds in the largest unit that fits: ``9m``."""
    unit = next(unit for unit in reversed(SECONDS) if length % SECONDS[unit] == 0)
    return f"{length // SECONDS[unit]}{unit}"


def seconds(text: Any, before: str = "") -> int | None:
    """The length of ``5m``, or with ``now-`` before it of ``now-5m``; None for any other text."""
    match = _SPAN.fullmatch(str(text).removeprefix(before)) if text is not None else None
    if match is None or not str(text).startswith(before):
        return None
    return int(match[1]) * SECONDS[match[2]]
