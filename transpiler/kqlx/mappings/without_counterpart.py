"""What Elastic alone has: rules that ask for nothing else are refused with the reason.

The index patterns are those of Elastic's rules, the products those of
https://www.elastic.co/docs/solutions/security.
"""

from __future__ import annotations

from collections.abc import Sequence

_REASONS = (
    (".alerts-security.", "alerts of Elastic Security are made of the results of its own rules"),
    ("apm-", "Elastic APM records the requests of applications that carry its agent"),
    ("traces-apm", "Elastic APM records the requests of applications that carry its agent"),
    ("endgame-", "Elastic Endgame has events and alerts in a form of its own"),
    ("logs-cloud_defend.alerts", "alerts of Defend for Containers are results of its own policies"),
    ("logs-endpoint.alerts", "alerts of Elastic Defend are verdicts of its own engines"),
    ("ml_beaconing", "beaconing scores are results of a transform of Elastic's"),
)
"""How index patterns begin, and why no target has what they hold."""


def why_none(indices: Sequence[str]) -> str | None:
    """Why no target holds what a rule with these index patterns reads; None where one of them is
    not known to be of that kind, or there are none.
    """
    reasons = []
    for pattern in indices:
        name = pattern.rpartition(":")[2]
        reason = next((text for start, text in _REASONS if name.startswith(start)), None)
        if reason is None:
            return None
        reasons.append(reason)
    return reasons[0] if reasons else None
