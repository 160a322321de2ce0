"""What an analytics rule of Sentinel says of itself in words."""

from __future__ import annotations

from kqlx.backends.sentinel.entities import investigated
from kqlx.rules.labels import label_of, one_line
from kqlx.rules.model import Rule

LONGEST_NAME = 256
LONGEST_DESCRIPTION = 5_000

_LICENSE = (
    "This rule was converted from one of Elastic's, under the Elastic License 2.0"
    " (https://www.elastic.co/licensing/elastic-license), which also applies to the conversion."
)


def title(rule: Rule) -> str:
    """The rule's name on one line; of a bare query the beginning of its text."""
    return label_of(rule)


def whole_description(rule: Rule) -> str:
    """All that an analytics rule has no key for, in words: what it is about, where it comes from,
    and what to do, the guide last, since the end may be cut off.
    """
    parts = [rule.description or title(rule)]
    parts += [_origin(rule)]
    for heading, key in (("False positives", "false_positives"), ("References", "references")):
        if items := [text for text in rule.texts(key) if text]:
            parts.append("\n".join([f"{heading}:", *(f"- {one_line(text)}" for text in items)]))
    if fields := investigated(rule):
        parts.append(f"Fields to look at: {', '.join(fields)}")
    for heading, key in (("Setup", "setup"), ("Investigation guide", "note")):
        if text := str(rule.data.get(key) or "").strip():
            parts.append(f"{heading}:\n{text}")
    return "\n\n".join(parts)


def _origin(rule: Rule) -> str:
    lines = []
    if rule.id:
        lines.append(f"Elastic rule: {one_line(rule.id)}")
    if rule.authors:
        lines.append(f"Authors: {', '.join(one_line(text) for text in rule.authors)}")
    if rule.license:
        lines.append(f"License: {one_line(rule.license)}")
    if rule.license.strip() == "Elastic License v2":
        lines.append(_LICENSE)
    if (score := rule.data.get("risk_score")) is not None:
        lines.append(f"Risk score: {score}")
    if tags := rule.texts("tags"):
        lines.append(f"Tags: {', '.join(one_line(text) for text in tags)}")
    lines.append("Converted by kqlx (https://github.com/kqlx/kqlx); review it before use.")
    return "\n".join(lines)
