"""What a rule says beside its query that a format of a target has no place for.

Keys of a rule: https://www.elastic.co/docs/api/doc/kibana/operation/operation-createrule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from kqlx.notes import Effect, Note
from kqlx.rules.labels import is_technique
from kqlx.rules.model import Rule

# What each target takes, or tells in notes of its own.
_TAKEN = frozenset(
    {
        "alert_suppression", "description", "event_category_override", "exceptions_list",
        "filters", "from", "history_window_start", "index", "interval", "language", "name",
        "new_terms", "new_terms_fields", "query", "risk_score", "rule_id", "severity", "threat",
        "threat_filters", "threat_index", "threat_indicator_path", "threat_language",
        "threat_mapping", "threat_query", "threshold", "to", "type",
    }
)  # fmt: skip

# What Kibana writes of its own accord, or what is about its storage alone.
_BOOKKEEPING = frozenset(
    {
        "alias_purpose", "alias_target_id", "concurrent_searches", "created_at", "created_by",
        "enabled", "execution_summary", "id", "immutable", "items_per_search", "meta", "namespace",
        "outcome", "output_index", "revision", "rule_source", "updated_at", "updated_by",
    }
)  # fmt: skip

# Without a bearing on which alerts there are, or what they say.
_QUIET = frozenset(
    {
        "data_view_id", "related_integrations", "required_fields", "saved_id", "tiebreaker_field",
        "timeline_id", "timeline_title", "timestamp_field", "timestamp_override_fallback_disabled",
        "version",
    }
)  # fmt: skip


def unconverted_keys(
    rule: Rule, where: str, handled: Iterable[str] = (), also: Iterable[str] = ()
) -> Iterator[Note]:
    """Notes on what ``where`` has no place for: keys with a value but those that are ``handled``
    there, and what ``also`` names.
    """
    known = {*handled, *_TAKEN, *_BOOKKEEPING}
    keys = [key for key, value in rule.data.items() if key not in known and value]
    loud = [*(key for key in keys if key not in _QUIET), *also]
    if loud:
        message = f"not carried over to {where}: {', '.join(loud)}"
        yield Note("metadata-left-out", Effect.SAME, message)
    quiet = [key for key in keys if key in _QUIET]
    beside = set(rule.document) - {"rule", "metadata"} if "rule" in rule.document else set()
    quiet += [f"the table {name}" for name in sorted(beside)]
    if quiet:
        message = f"not carried over to {where}: {', '.join(quiet)}"
        yield Note("metadata-not-supported", Effect.SAME, message)


def given_keys(rule: Rule, keys: Iterable[str]) -> list[str]:
    """Those of the keys that the rule has a value for."""
    return [key for key in keys if rule.has(key)]


def other_values(rule: Rule, handled: Iterable[str]) -> dict[str, Any]:
    """What the rule's table has beside the keys that are ``handled``, as it is written."""
    known = frozenset(handled)
    return {key: value for key, value in rule.data.items() if key not in known}


def other_frameworks(rule: Rule) -> list[str]:
    """Those of the rule's threats, but for ATT&CK."""
    found = {str(threat.get("framework", "?")) for threat in rule.data.get("threat", ())}
    return [f"the entries of {name}" for name in sorted(found - {"MITRE ATT&CK"})]


def odd_techniques(rule: Rule) -> list[str]:
    """What the rule names as a technique and is no id of one."""
    ids = [id for tactic in rule.tactics for id in tactic.techniques]
    odd = [id for id in ids if not is_technique(id)]
    return [f"the technique {id}" for id in dict.fromkeys(odd)]
