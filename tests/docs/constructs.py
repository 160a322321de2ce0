"""The constructs of the language and the types of rules, each with an example."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kqlx.rules.load import load_text
from kqlx.rules.model import Rule

CONSTRUCTS = (
    ("a value", "process.name:cmd.exe"),
    ("a value, in any letter case", "process.name.caseless:cmd.exe"),
    ("one of several values", "process.name:(cmd.exe or pwsh.exe)"),
    ("all of several values", 'process.args:("-enc" and "-nop")'),
    ("not a value", "not process.name:cmd.exe"),
    ("alternatives", "process.name:cmd.exe or user.name:root"),
    ("not both", "not (process.name:cmd.exe and user.name:root)"),
    ("the beginning of a value", "process.name:power*"),
    ("the end of a value", "process.name:*shell.exe"),
    ("a part of a value", "process.name:*shell*"),
    ("a star within a value", "process.name:power*l.exe"),
    ("a literal star", r"process.name:a\*b"),
    ("an empty string", 'user.name:""'),
    ("a value in an array", "process.args:a*"),
    ("a field that exists", "user.name:*"),
    ("a field that does not exist", "not user.name:*"),
    ("a number", "destination.port:443"),
    ("a range of numbers", "destination.port >= 1024"),
    ("not in a range of numbers", "not destination.port >= 1024"),
    ("a number with a fraction", "host.cpu.usage:0.5"),
    ("a Boolean", "dll.code_signature.trusted:true"),
    ("an address", 'source.ip:"10.0.0.1"'),
    ("a network", 'source.ip:"10.0.0.0/8"'),
    ("a range of addresses", 'source.ip >= "10.0.0.1"'),
    ("a range of strings", 'user.name >= "m"'),
    ("the time of the event", '@timestamp >= "now-5m"'),
    ("a range of dates", 'event.created >= "2026-01-01"'),
    ("a date", 'event.created:"2026-01-01"'),
    ("a word of a text field", "message:denied"),
    ("a phrase of a text field", 'message:"access denied"'),
    ("a part of a text field", "message:*denied*"),
    ("not a word of a text field", "not message:denied"),
    ("a key of a flattened field", "labels.team:blue"),
    ("one test in a nested group", "email.attachments:{ file.size > 5 }"),
    ("two tests in a nested group", "email.attachments:{ file.name:a and file.size > 5 }"),
    ("not a nested group",
     "user.name:a and not email.attachments:{ file.name:b and file.size > 5 }"),
    ("a field name with a star", "dll.hash.*:abc"),
    ("a value in any field", "mimikatz"),
    ("every event", "*:*"),
)  # fmt: skip
"""Each construct of the language, with an example."""

_HEAD = {
    "rule_id": "6f0d2b1c-3a56-4b0e-9d0e-0f6b1a7c2d11",
    "name": "Shell of a user",
    "description": "A shell.",
    "severity": "low",
    "risk_score": 21,
    "language": "kuery",
    "index": ["logs-endpoint.events.process*"],
    "interval": "5m",
    "from": "now-9m",
    "query": "event.category:process and event.type:start and process.name:cmd.exe",
}
_BY_PROGRAM = {"field": ["process.executable"], "value": 20}
_COUNTED = [{"field": "process.parent.executable", "value": 3}]
_ITEM = {"field": "process.name", "operator": "included", "type": "match", "value": "a"}
_EQL = {"type": "eql", "language": "eql"}
_SEQUENCE = (
    '{} by host.id{} [process where event.type == "start" and process.name : "sh"]'
    ' [process where event.type == "start" and process.name : "curl"]'
)

RULES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("single events", {"type": "query"}),
    ("… by arrival time (`timestamp_override`)", {"timestamp_override": "event.ingested"}),
    ("… with suppressed alerts", {"alert_suppression": {"group_by": ["process.executable"]}}),
    ("… with exceptions", {"exceptions": [{"name": "Known", "entries": [_ITEM]}]}),
    (
        "… of several data sources",
        {
            "index": ["logs-endpoint.events.process*", "logs-windows.sysmon_operational-*"],
            "query": "process.name:cmd.exe",
        },
    ),
    ("threshold", {"type": "threshold", "threshold": _BY_PROGRAM}),
    (
        "threshold of distinct values",
        {"type": "threshold", "threshold": {**_BY_PROGRAM, "cardinality": _COUNTED}},
    ),
    (
        "new terms",
        {
            "type": "new_terms",
            "new_terms_fields": ["process.executable", "process.parent.executable"],
            "history_window_start": "now-7d",
        },
    ),
    (
        "indicator match",
        {
            "type": "threat_match",
            "threat_index": ["logs-ti_*"],
            "threat_query": "threat.indicator.type:file",
            "threat_mapping": [
                {
                    "entries": [
                        {
                            "field": "process.hash.sha256",
                            "type": "mapping",
                            "value": "threat.indicator.file.hash.sha256",
                        }
                    ]
                }
            ],
        },
    ),
    ("saved query", {"type": "saved_query", "saved_id": "shells"}),
    ("EQL sequence", {**_EQL, "query": _SEQUENCE.format("sequence", " with maxspan=1m")}),
    ("EQL sample", {**_EQL, "query": _SEQUENCE.format("sample", "")}),
)
"""Each type of rule, as what it has besides ``_HEAD``."""


def rules() -> Iterator[tuple[str, Rule]]:
    """Each type of rule, with an example."""
    for name, more in RULES:
        head = {key: value for key, value in _HEAD.items() if key not in more}
        data = {"type": "query", **head, **more}
        (rule,) = load_text(json.dumps(data).encode(), "rule.json").rules
        yield name, rule
