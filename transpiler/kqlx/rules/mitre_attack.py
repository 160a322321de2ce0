"""ATT&CK: what a rule's tactics and techniques are in version 19.

That version (April 2026) made two of the tactic Defense Evasion, whose id TA0005 is Stealth's now,
and gave several techniques other ids; rules written before name the old ones. The tables are in
``mitre_attack_v19.json`` beside this module, with their source.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from kqlx import resources
from kqlx.records import dataclass
from kqlx.rules.model import Tactic

_RETIRED = "Defense Evasion"


@dataclass(frozen=True, slots=True)
class Attack:
    """Tactics by their short names (``initial-access``) and technique ids, each once.

    ``remarks`` says in words where these are not what the rule says itself.
    """

    tactics: tuple[str, ...]
    techniques: tuple[str, ...]
    remarks: tuple[str, ...]


def in_version_19(tactics: Sequence[Tactic]) -> Attack:
    """The rule's tactics in its order, then those that its techniques also belong to."""
    names = _data()["tactics"]
    found: list[str] = []
    techniques: list[str] = []
    remarks: list[str] = []
    for tactic in tactics:
        now = [_data()["revoked"].get(id, id) for id in tactic.techniques]
        for old, new in zip(tactic.techniques, now, strict=True):
            if old != new:
                remarks.append(f"{old} is {new} in ATT&CK 19")
        techniques += now
        if tactic.id == "TA0005" and tactic.name == _RETIRED:
            by_technique = [name for id in now for name in _tactics_of(id)]
            chosen = list(dict.fromkeys(by_technique))
            split = [name for name in chosen if name in (names["TA0005"], names["TA0112"])]
            if not chosen:
                remarks.append("Defense Evasion is mapped to Stealth: no technique decides")
            found += split or chosen or [names["TA0005"]]
        elif tactic.id in names:
            found.append(names[tactic.id])
    others = [name for id in techniques for name in _tactics_of(id) if name not in found]
    if others:
        of = ", ".join(dict.fromkeys(others))
        remarks.append(f"the techniques also belong to {of}")
    return Attack(_once([*found, *others]), _once(techniques), _once(remarks))


def before_version_19(technique: str) -> str:
    """The id that a technique had before; of several that became one, the one that the others are
    part of; the id itself where there is none such.
    """
    old = sorted(id for id, now in _data()["revoked"].items() if now == technique)
    return old[0] if old and all(id.startswith(old[0]) for id in old) else technique


def _once(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def _tactics_of(technique: str) -> tuple[str, ...]:
    """The tactics of a technique, or of the one that a sub-technique is part of."""
    return _by_technique().get(technique.partition(".")[0], ())


@cache
def _by_technique() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for tactic, techniques in _data()["techniques"].items():
        for technique in techniques:
            found[technique] = (*found.get(technique, ()), _data()["tactics"][tactic])
    return found


@cache
def _data() -> dict[str, Any]:
    path = resources.PACKAGE / "rules" / "mitre_attack_v19.json"
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data
