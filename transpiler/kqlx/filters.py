"""What the templates of ``templates/`` say of a rule: the filters that they use."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

from kqlx.backends.sigma_rule import correlations
from kqlx.backends.sigma_yaml import paragraph, plain, scalar
from kqlx.rules.attack import in_version_19
from kqlx.rules.model import Rule

# The namespace of the ids of converted rules: the same rule always gets the same id.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/kqlx/kqlx")

_LICENSES = {"Elastic License v2": "Elastic-2.0"}

_NO_REASON = ("none", "n/a", "na", "unknown")


def sigma_title(rule: Rule) -> str:
    """The rule's name; of a bare query the beginning of its text. At most 256 characters."""
    title = one_line(rule.name).rstrip(".") or one_line(rule.query) or "Every event"
    return title if len(title) <= 256 else title[:255] + "…"


def sigma_id(rule: Rule, part: str = "") -> str:
    """A UUID that depends on the Elastic id alone, or on the query where there is none.

    ``part`` names one of several documents of the rule.
    """
    return str(uuid.uuid5(NAMESPACE, f"sigma:{rule.id or rule.query}{part and ':' + part}"))


def sigma_name(rule: Rule, part: str = "") -> str:
    """A name by which correlations refer to the rule: its title in lower case with underscores, and
    the part that it is for.
    """
    text = f"{sigma_title(rule)[:80]} {part}".lower()
    return re.sub("[^a-z0-9]+", "_", text).strip("_")[:160] or "events"


def is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def sigma_tags(rule: Rule) -> list[str]:
    """ATT&CK tags in Sigma's spelling, of version 19: tactics first, then techniques."""
    found = in_version_19(rule.tactics)
    return [f"attack.{name.lower()}" for name in (*found.tactics, *found.techniques)]


def sigma_status(rule: Rule) -> str:
    """A converted rule is a new one, unless its author has given it up."""
    return "deprecated" if rule.metadata.get("maturity") == "deprecated" else "experimental"


def sigma_false_positives(rule: Rule) -> list[str]:
    """Each on one line, with a capital first, once; "Unknown" where the rule knows none."""
    lines = [one_line(text) for text in rule.texts("false_positives")]
    known = [line for line in lines if len(line) > 1 and line.lower().strip(".") not in _NO_REASON]
    return list(dict.fromkeys(line[0].upper() + line[1:] for line in known)) or ["Unknown"]


def sigma_references(rule: Rule) -> list[str]:
    """The rule's references, each once; those of ATT&CK stand in the tags."""
    found = [text for text in rule.texts("references") if "attack.mitre.org" not in text]
    return list(dict.fromkeys(found))


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
    "sigma_correlations": correlations,
    "sigma_date": sigma_date,
    "sigma_false_positives": sigma_false_positives,
    "sigma_id": sigma_id,
    "sigma_name": sigma_name,
    "sigma_references": sigma_references,
    "sigma_status": sigma_status,
    "sigma_tags": sigma_tags,
    "sigma_title": sigma_title,
    "spdx": spdx,
}
