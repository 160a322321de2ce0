"""Detection rules for Kibana's import: all that the rule's file says, with what the API asks for
(https://www.elastic.co/docs/api/doc/kibana/operation/operation-importrules).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kqlx.backends.artifact_text import cut, own_id
from kqlx.notes import Effect, Note
from kqlx.records import dataclass
from kqlx.rules.kibana_objects import list_key
from kqlx.rules.labels import SCORES, one_line, severity_and_score
from kqlx.rules.model import Rule
from kqlx.rules.search_window import search_window_of
from kqlx.rules.unconverted_metadata import other_values

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DetectionRule:
    """What the template prints, an object a line: the rule, and its exception lists, each before
    its items. ``notes`` say what was assumed or left out.
    """

    rule: Json
    exception_lists: tuple[Json, ...]
    notes: tuple[Note, ...]


def detection_rule(rule: Rule) -> DetectionRule:
    """The rule for Kibana's import."""
    return DetectionRule(_import_of(rule), tuple(_exception_lists(rule)), tuple(_notes(rule)))


def _import_of(rule: Rule) -> Json:
    """The rule as the import API takes it: all that its file says, with what the API asks for.

    It keeps Elastic's id, for it is the same rule, and is disabled. Tables beside ``[rule]`` in a
    TOML file go under ``meta``, which Kibana leaves alone
    (https://www.elastic.co/docs/api/doc/kibana/operation/operation-importrules).
    """
    severity, score = severity_and_score(rule)
    name = one_line(rule.name) or cut(one_line(rule.query), 80) or "Every event"
    needed = {
        "rule_id": rule.id or own_id(rule, "elasticsearch"),
        "name": name,
        "description": rule.description or name,
        "type": rule.type,
        "language": rule.language,
        "query": rule.query,
        "severity": severity,
        "risk_score": score,
        "enabled": False,
    }
    if rule.type == "new_terms":
        needed["history_window_start"] = (
            rule.text("history_window_start") or search_window_of(rule).history
        )
    given = {key: rule.text(key) for key in ("name", "description")}
    texts = {key: text for key, text in given.items() if text.strip()}
    found = {**needed, **texts, **other_values(rule, (*needed, "new_terms"))}
    if beside := rule.other_tables:
        meta = found.get("meta")
        found["meta"] = {**beside, **(meta if isinstance(meta, dict) else {})}
    return found


def _exception_lists(rule: Rule) -> Iterator[Json]:
    """The exception lists of the rule whose items are known, each before its items."""
    for entry in rule.exception_lists:
        items = rule.exceptions.get(list_key(entry))
        if items is None:
            continue
        name = str(entry.get("list_id"))
        yield {
            "list_id": name,
            "type": entry.get("type") or "detection",
            "namespace_type": entry.get("namespace_type") or "single",
            "name": name,
            "description": name,
        }
        yield from map(dict, items)


def _notes(rule: Rule) -> Iterator[Note]:
    made = []
    if not rule.description:
        made.append("description (the name)")
    if rule.severity not in SCORES or not isinstance(rule.risk_score, int):
        made.append("severity and risk score (low and 21 if neither is known)")
    if not rule.id:
        made.append("id")
    if rule.type == "new_terms" and not rule.text("history_window_start"):
        made.append("history window (14 days)")
    if made:
        message = f"added, because Kibana requires it: {', '.join(made)}"
        yield Note("metadata-assumed", Effect.SAME, message)
    lists = [e for e in rule.exception_lists if list_key(e) not in rule.exceptions]
    if lists:
        names = ", ".join(f'"{entry.get("list_id", "?")}"' for entry in lists)
        message = f"exceptions {names} are dropped: the file does not contain their items"
        hint = "import the lists first; otherwise Kibana removes them from the rule"
        yield Note("filters-left-out", Effect.WIDER, message, hint=hint)
    if rule.has("actions"):
        message = "the rule's actions name connectors, which must exist when Kibana imports it"
        yield Note("actions-kept", Effect.SAME, message)
