"""Name and description of an analytics rule, of which the description says all that the rule has no
key for.
"""

from __future__ import annotations

from kqlx.backends.artifact_text import cut
from kqlx.notes import Effect, Note
from kqlx.rules.labels import label_of, one_line
from kqlx.rules.model import Rule

LONGEST_NAME = 256
LONGEST_DESCRIPTION = 5_000

_LICENSE = (
    "This rule was converted from one of Elastic's, under the Elastic License 2.0"
    " (https://www.elastic.co/licensing/elastic-license), which also applies to the conversion."
)


def name_of(rule: Rule) -> tuple[str, tuple[Note, ...]]:
    """The rule's name on one line, of a bare query its text, as much of it as fits; with a note
    where it is cut.
    """
    return _cut(label_of(rule), LONGEST_NAME, "the name")


def description_of(rule: Rule, *, guide: bool = True) -> tuple[str, tuple[Note, ...]]:
    """All that an analytics rule has no key for, as much of it as fits, with a note where it is
    cut: what the rule is about, where it comes from, and with ``guide`` what to do, last.
    """
    parts = [rule.description or label_of(rule)]
    parts += [_origin(rule)]
    for heading, key in (("False positives", "false_positives"), ("References", "references")):
        if items := [text for text in rule.texts(key) if text]:
            parts.append("\n".join([f"{heading}:", *(f"- {one_line(text)}" for text in items)]))
    if fields := rule.investigation_fields:
        parts.append(f"Fields to look at: {', '.join(fields)}")
    parts += _to_do(rule) if guide else []
    return _cut("\n\n".join(parts), LONGEST_DESCRIPTION, "the description")


def guide_of(rule: Rule) -> tuple[str, tuple[Note, ...]]:
    """What to set up and what to do about an alert, as much of it as fits, with a note where it is
    cut; "" where the rule says nothing of it.
    """
    return _cut("\n\n".join(_to_do(rule)), LONGEST_DESCRIPTION, "the investigation guide")


def _to_do(rule: Rule) -> list[str]:
    guide = ("Investigation guide", rule.investigation_guide)
    return [f"{heading}:\n{text}" for heading, text in (("Setup", rule.setup), guide) if text]


def _cut(text: str, most: int, what: str) -> tuple[str, tuple[Note, ...]]:
    if len(text) <= most:
        return text, ()
    message = f"{what} is cut to {most:,} characters; it has {len(text):,}"
    return cut(text, most), (Note("metadata-left-out", Effect.SAME, message),)


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
    if rule.risk_score is not None:
        lines.append(f"Risk score: {rule.risk_score}")
    if tags := rule.texts("tags"):
        lines.append(f"Tags: {', '.join(one_line(text) for text in tags)}")
    lines.append("Converted by kqlx (https://github.com/kqlx/kqlx); review it before use.")
    return "\n".join(lines)
