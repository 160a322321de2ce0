"""What the templates of ``templates/`` say of a rule: the filters that they use."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

from kqlx.backends.sigma_yaml import paragraph, plain, scalar
from kqlx.rules.model import Rule

# The namespace of the ids of converted rules: the same rule always gets the same id.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/kqlx/kqlx")

_LICENSES = {"Elastic License v2": "Elastic-2.0"}

# Tactics of ATT&CK v19 by id (https://attack.mitre.org/tactics/enterprise/). By name older rules
# would be wrong: TA0005 was Defense Evasion.
_TACTICS = {
    "TA0043": "reconnaissance",
    "TA0042": "resource-development",
    "TA0001": "initial-access",
    "TA0002": "execution",
    "TA0003": "persistence",
    "TA0004": "privilege-escalation",
    "TA0005": "stealth",
    "TA0112": "defense-impairment",
    "TA0006": "credential-access",
    "TA0007": "discovery",
    "TA0008": "lateral-movement",
    "TA0009": "collection",
    "TA0011": "command-and-control",
    "TA0010": "exfiltration",
    "TA0040": "impact",
}


def sigma_title(rule: Rule) -> str:
    """The rule's name; of a bare query the beginning of its text. At most 256 characters."""
    title = rule.name or " ".join(rule.query.split()) or "Every event"
    return title if len(title) <= 256 else title[:255] + "…"


def sigma_id(rule: Rule) -> str:
    """A UUID that depends on the Elastic id alone, or on the query where there is none."""
    return str(uuid.uuid5(NAMESPACE, "sigma:" + (rule.id or rule.query)))


def is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def sigma_tags(rule: Rule) -> list[str]:
    """ATT&CK tags in Sigma's spelling: tactics first, then techniques, without repetitions."""
    tactics = [f"attack.{_TACTICS[t.id]}" for t in rule.tactics if t.id in _TACTICS]
    techniques = [f"attack.{id.lower()}" for tactic in rule.tactics for id in tactic.techniques]
    return list(dict.fromkeys([*tactics, *techniques]))


def sigma_date(text: object) -> str:
    """``2021/07/15`` → ``2021-07-15``; "" for anything else."""
    match = re.fullmatch(r"(\d{4})[-/](\d{2})[-/](\d{2})", str(text))
    return "-".join(match.groups()) if match else ""


def spdx(license: str) -> str:
    """The SPDX name of a licence, or the text as it stands."""
    return _LICENSES.get(license, license)


def one_line(text: str) -> str:
    """Text on one line: white space of any kind becomes one blank."""
    return " ".join(text.split())


FILTERS: dict[str, Callable[..., Any]] = {
    "is_uuid": is_uuid,
    "one_line": one_line,
    "paragraph": paragraph,
    "plain": plain,
    "quoted": scalar,
    "sigma_date": sigma_date,
    "sigma_id": sigma_id,
    "sigma_tags": sigma_tags,
    "sigma_title": sigma_title,
    "spdx": spdx,
}
