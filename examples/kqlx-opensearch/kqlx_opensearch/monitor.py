"""A rule → a monitor of the Alerting plugin, and notes on what of the rule a monitor cannot hold
(https://docs.opensearch.org/latest/observing-your-data/alerting/api/).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kqlx.backends.target import Plan
from kqlx.notes import Effect, Note
from kqlx.rules.query_only_notes import query_only_notes
from kqlx.rules.schedule import schedule_of, spelt
from kqlx.rules.unconverted_metadata import unconverted_keys

SEVERITIES = {"critical": "1", "high": "2", "medium": "3", "low": "4"}


@dataclass(frozen=True, slots=True)
class Monitor:
    """What the template prints: ``minutes`` between two runs, each of which looks back over
    ``look_back`` (``9m``).
    """

    name: str
    indices: list[str]
    query: str
    minutes: int
    look_back: str
    severity: str


def monitor(plan: Plan, query: Any) -> Monitor:
    rule = plan.rule
    schedule = schedule_of(rule)
    return Monitor(
        name=rule.name or "Kibana KQL query",
        indices=[*rule.indices] or ["logs-*"],
        query=query,
        minutes=max(1, schedule.interval // 60),
        look_back=spelt(schedule.look_back),
        severity=SEVERITIES.get(rule.severity, "5"),
    )


def metadata_notes(plan: Plan) -> Iterator[Note]:
    """Notes on what of a rule the format does not hold."""
    rule = plan.rule
    yield from query_only_notes(rule)
    if plan.format != "monitor":
        return
    schedule = schedule_of(rule)
    for odd in schedule.odd:
        message = f"{odd} cannot be read; each run looks back {spelt(schedule.look_back)}"
        yield Note("schedule-assumed", Effect.DIFFERENT, message)
    also = [key for key in ("description", "risk_score", "threat") if rule.data.get(key)]
    yield from unconverted_keys(rule, "a monitor", also=also)
