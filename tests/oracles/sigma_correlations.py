"""Rules of several Sigma documents, played through on a stream of events: at which events the last
correlation alerts, by what the specification says of correlations
(https://github.com/SigmaHQ/sigma-specification, sigma-correlation-rules-specification.md).

Within a time that slides with the events an ``event_count`` counts, ``temporal`` asks for events of
each rule, ``temporal_ordered`` in their order. What it leaves open is as in the engine rsigma:
events of the same moment, and one event that meets several rules, are in any order; the time is
inclusive; a correlation alerts at each event at which it holds; events without a value of a field
in ``group-by`` belong together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from kqlx.records import dataclass
from tests.oracles.sigma_rules import SIGMA, documents

Event = dict[str, Any]
Hit = tuple[int, tuple[Any, ...] | None]
"""When, in seconds, and the values of the fields by which events belong together."""

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Found:
    """An event, or an alert of a correlation: when it is, at which event, and its fields."""

    seconds: int
    place: int
    fields: Event


def alerts(text: str, stream: Sequence[tuple[int, Event]]) -> list[int]:
    """The places in the stream at which the last correlation of a rule alerts."""
    found: dict[str, list[Found]] = {}
    for document in documents(text):
        name = document.get("name") or "the last"
        if "correlation" in document:
            asked = document["correlation"]
            found[name] = _alerts(asked, {rule: found[rule] for rule in asked["rules"]})
            continue
        body = yaml.safe_dump({key: document[key] for key in ("logsource", "detection")})
        found[name] = [
            Found(seconds, place, dict(_flat(event)))
            for place, (seconds, event) in enumerate(stream)
            if SIGMA.holds(body, event)
        ]
    return sorted({one.place for one in found["the last"]})


def _flat(event: Event, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in event.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def _alerts(asked: dict[str, Any], events: dict[str, list[Found]]) -> list[Found]:
    match = re.fullmatch(r"(\d+)([smhd])", asked["timespan"])
    assert match is not None
    span = int(match[1]) * _SECONDS[match[2]]
    holds = {"event_count": _counted, "temporal": _all, "temporal_ordered": _ordered}[asked["type"]]
    aliases, by = asked.get("aliases", {}), asked["group-by"]
    hits = [
        (one, rule, tuple([one.fields.get(aliases.get(name, {}).get(rule, name)) for name in by]))
        for rule, found in events.items()
        for one in found
    ]
    alerts: dict[tuple[int, tuple[Any, ...]], Found] = {}
    for last, _, key in hits:
        window = [
            (one.place, one.seconds, rule)
            for one, rule, other in hits
            if other == key and one.place <= last.place and last.seconds - one.seconds <= span
        ]
        if holds(window, asked):
            values = dict(zip(by, key, strict=True))
            alerts[last.place, key] = Found(last.seconds, last.place, values)
    return sorted(alerts.values(), key=lambda one: one.place)


Window = list[tuple[int, int, str]]


def _counted(window: Window, asked: dict[str, Any]) -> bool:
    return len(window) >= int(asked["condition"]["gte"])


def _all(window: Window, asked: dict[str, Any]) -> bool:
    assert asked["condition"] == {"gte": len(asked["rules"])}
    return {rule for _, _, rule in window} >= set(asked["rules"])


def _ordered(window: Window, asked: dict[str, Any]) -> bool:
    assert asked["condition"] == {"gte": len(asked["rules"])}
    earliest: float = float("-inf")
    for rule in asked["rules"]:
        times = [seconds for _, seconds, one in window if one == rule and seconds >= earliest]
        if not times:
            return False
        earliest = min(times)
    return True
