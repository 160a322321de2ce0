"""What the templates of Sigma say of a rule: the filters that they use."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

from kqlx.backends.artifact_text import cut, own_id
from kqlx.backends.sigma.correlations import correlations
from kqlx.backends.sigma.unsupported_metadata import LONGEST_DESCRIPTION, LONGEST_TITLE, is_uuid
from kqlx.backends.sigma.yaml_style import paragraph, plain, scalar
from kqlx.mappings.bound import Bound
from kqlx.rules.labels import is_technique, label_of, one_line
from kqlx.rules.mitre_attack import in_version_19
from kqlx.rules.model import Rule
from kqlx.rules.query_only_notes import reduced

_LICENSES = {"Elastic License v2": "Elastic-2.0"}

_NO_REASON = ("none", "n/a", "na", "unknown")


def sigma_title(rule: Rule) -> str:
    """The rule's name; of a bare query the beginning of its text. At most 256 characters."""
    return cut(label_of(rule).rstrip(".") or "Every event", LONGEST_TITLE)


def sigma_description(rule: Rule, bound: Bound) -> str:
    """The rule's description, as long as it may be, and what a plain Sigma rule lacks of it."""
    lacks = "" if correlations(rule, bound) else reduced(rule)
    if not lacks:
        return cut(rule.description, LONGEST_DESCRIPTION)
    remark = f"Elastic's rule alerts {lacks}; this rule alerts on every event that it matches."
    room = LONGEST_DESCRIPTION - len(remark) - 2
    return "\n\n".join(filter(None, (cut(rule.description.strip(), room), remark)))


def sigma_id(rule: Rule, part: str = "") -> str:
    """The rule's own id, of ``part`` among several documents of it."""
    return own_id(rule, "sigma", part)


def sigma_name(rule: Rule, part: str = "") -> str:
    """A name by which correlations refer to the rule: its title in lower case with underscores, and
    the part that it is for; of two characters at least.
    """
    text = f"{sigma_title(rule)[:80]} {part}".lower()
    name = re.sub("[^a-z0-9]+", "_", text).strip("_")[:160]
    return name if len(name) > 1 else f"events_{name}".rstrip("_")


def sigma_tags(rule: Rule) -> list[str]:
    """ATT&CK tags in Sigma's spelling, of version 19: tactics first, then techniques; what is no
    id of a technique is left out.
    """
    found = in_version_19(rule.tactics)
    known = [id for id in found.techniques if is_technique(id)]
    return [f"attack.{name.lower()}" for name in (*found.tactics, *known)]


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
    found = [one_line(text) for text in rule.texts("references")]
    return [text for text in dict.fromkeys(found) if text and "attack.mitre.org" not in text]


def sigma_author(rule: Rule) -> str:
    """The authors in one text, as Sigma wants them; "" where none is named."""
    return ", ".join([name for text in rule.authors if (name := one_line(text))])


def sigma_date(text: object) -> str:
    """``2021/07/15`` → ``2021-07-15``; "" for anything else, a day that never was among it."""
    if not re.fullmatch(r"\d{4}([-/])\d{2}\1\d{2}", str(text), re.ASCII):
        return ""
    try:
        return datetime.date.fromisoformat(str(text).replace("/", "-")).isoformat()
    except ValueError:
        return ""


def spdx(license: str) -> str:
    """The SPDX name of a licence, or the text as it stands."""
    return _LICENSES.get(license.strip(), license.strip())


FILTERS: dict[str, Callable[..., Any]] = {
    "is_uuid": is_uuid,
    "one_line": one_line,
    "paragraph": paragraph,
    "plain": plain,
    "quoted": scalar,
    "sigma_author": sigma_author,
    "sigma_correlations": correlations,
    "sigma_date": sigma_date,
    "sigma_description": sigma_description,
    "sigma_false_positives": sigma_false_positives,
    "sigma_id": sigma_id,
    "sigma_name": sigma_name,
    "sigma_references": sigma_references,
    "sigma_status": sigma_status,
    "sigma_tags": sigma_tags,
    "sigma_title": sigma_title,
    "spdx": spdx,
}
