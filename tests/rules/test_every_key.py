"""Each key of a rule with each kind of wrong value, for each target and format: the rule is
refused by an error that names what is wrong, or converted to something that can be read.
"""

from __future__ import annotations

import copy
import datetime
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

import kqlx
from kqlx.batch.converter import Converter
from kqlx.batch.outcome import ConversionOutcome, RuleOutcome, Status
from kqlx.batch.request import Request
from kqlx.errors import RuleError
from kqlx.rules.from_entry import build
from kqlx.rules.source_text import Entry
from kqlx.rules.validate import plain
from tests.conftest import DEEP

WINDOW = {"from": "now-9m", "interval": "5m", "to": "now"}
COMMON: dict[str, Any] = {
    "name": "n",
    "rule_id": "r",
    "query": "user.name:a",
    "language": "kuery",
    "risk_score": 73,
    "severity": "high",
    **WINDOW,
}
SAYS: dict[str, Any] = {
    "description": "d",
    "author": ["A"],
    "license": "L",
    "index": ["logs-*"],
    "references": ["https://a.example"],
    "false_positives": ["f"],
    "tags": ["t"],
    "note": "n",
    "setup": "s",
    "enabled": True,
    "max_signals": 100,
    "version": 1,
    "building_block_type": "default",
    "timestamp_override": "event.ingested",
    "timestamp_override_fallback_disabled": True,
    "rule_name_override": "message",
    "timeline_id": "t",
    "investigation_fields": {"field_names": ["user.id"]},
    "risk_score_mapping": [{"field": "a", "operator": "equals", "value": "", "risk_score": 5}],
    "severity_mapping": [{"field": "e", "operator": "equals", "severity": "low", "value": "3"}],
    "related_integrations": [{"package": "aws", "integration": "cloudtrail", "version": "^1"}],
    "required_fields": [{"name": "a", "type": "keyword", "ecs": True}],
    "actions": [{"id": "1", "action_type_id": ".email", "params": {}}],
    "response_actions": [{"action_type_id": ".endpoint", "params": {}}],
    "exceptions_list": [{"id": "1", "list_id": "L", "namespace_type": "single"}],
    "threat": [
        {
            "framework": "MITRE ATT&CK",
            "tactic": {"id": "TA0001", "name": "Initial Access"},
            "technique": [{"id": "T1078", "subtechnique": [{"id": "T1078.001"}]}],
        }
    ],
    "alert_suppression": {
        "group_by": ["user.name"],
        "duration": {"value": 5, "unit": "h"},
        "missing_fields_strategy": "suppress",
    },
    "data_view_id": "v",
    "saved_id": "s",
    "meta": {"from": "1m"},
    "throttle": "1h",
    "created_at": "2020-01-01",
    "updated_at": "2020-01-01",
    "id": "i",
    "rule_source": {"type": "external"},
}
PHRASE = {"match_phrase": {"user.name": "z"}}
FILTERS: list[dict[str, Any]] = [
    {"meta": {"negate": True, "disabled": False, "alias": "x"}, "query": PHRASE},
    {
        "bool": {
            "must": [{"term": {"a": {"value": "x"}}}],
            "should": [{"exists": {"field": "b"}}],
            "minimum_should_match": 1,
            "must_not": [{"range": {"c": {"gte": 1, "lt": 5}}}],
            "filter": [{"terms": {"d": ["1"]}}, {"wildcard": {"e": {"value": "x*"}}}],
        }
    },
    {"nested": {"path": "n", "query": {"match": {"n.a": {"query": "x", "operator": "and"}}}}},
    {"meta": {"type": "combined", "relation": "OR", "params": [{"query": PHRASE, "meta": {}}]}},
    {"query_string": {"query": "a:b", "default_field": "*"}},
    {"script": {"script": {"source": "1"}}},
    {"ids": {"values": ["1"]}},
    {"multi_match": {"query": "x", "type": "phrase", "fields": ["*"]}},
]
COMPARED = {"field": "source.ip", "type": "mapping", "value": "threat.indicator.ip"}
TYPES: dict[str, dict[str, Any]] = {
    "says": SAYS,
    "filters": {"filters": FILTERS},
    "saved_query": {"type": "saved_query", "saved_id": "s"},
    "threshold": {
        "type": "threshold",
        "threshold": {
            "field": ["user.name"],
            "value": 3,
            "cardinality": [{"field": "source.ip", "value": 2}],
        },
    },
    "new_terms": {
        "type": "new_terms",
        "new_terms_fields": ["user.name"],
        "history_window_start": "now-14d",
    },
    "new_terms in TOML": {
        "type": "new_terms",
        "new_terms": {
            "field": "new_terms_fields",
            "value": ["user.name"],
            "history_window_start": [{"field": "history_window_start", "value": "now-14d"}],
        },
    },
    "threat_match": {
        "type": "threat_match",
        "threat_index": ["ti*"],
        "threat_query": "*:*",
        "threat_language": "kuery",
        "threat_indicator_path": "threat.indicator",
        "threat_filters": [{"meta": {}, "query": PHRASE}],
        "threat_mapping": [{"entries": [COMPARED]}],
    },
}
METADATA: dict[str, Any] = {
    "creation_date": "2020/01/01",
    "updated_date": "2020/01/01",
    "maturity": "production",
    "integration": ["aws"],
}
ITEM: dict[str, Any] = {
    "list_id": "L",
    "name": "n",
    "os_types": ["linux"],
    "expire_time": "2030",
    "entries": [
        {"field": "a", "type": "match", "operator": "included", "value": "b"},
        {"field": "b", "type": "match_any", "operator": "excluded", "value": ["b"]},
        {"field": "c", "type": "nested", "entries": [{"field": "d", "type": "exists"}]},
        {"field": "x", "type": "list", "list": {"id": "q", "type": "ip"}},
    ],
}


def nested(of: Any, depth: int = 90) -> Any:
    found: Any = "x"
    for _ in range(depth):
        found = [found] if of is list else {"k": found}
    return found


WRONG: list[Any] = [
    None,
    True,
    5,
    -1,
    1.5,
    float("nan"),
    float("-inf"),
    10**4000,
    1 << 20_000,
    "",
    "x",
    "a\nb\x1b[31m\u2028`'\"\\",
    "\ud800",
    [],
    {},
    [5],
    [None],
    [{}],
    {"x": 5},
    {5: [None]},
    {(1, 2): 1},
    b"x",
    {1, 2},
    datetime.date(2020, 1, 1),
    datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
    datetime.time(1, 1),
    nested(list),
    nested(dict),
]

Path_ = tuple[str | int, ...]


def places(value: Any, at: Path_ = ()) -> Iterator[Path_]:
    """Where something stands in a table, from the outside in."""
    if at:
        yield at
    items = value.items() if isinstance(value, dict) else ()
    for key, item in enumerate(value) if isinstance(value, list) else items:
        yield from places(item, (*at, key))


def changed(table: Mapping[str, Any], place: Path_, value: Any) -> dict[str, Any]:
    found = copy.deepcopy(dict(table))
    inside: Any = found
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    return found


def converters() -> list[Converter]:
    """Between them they write every format of every target."""
    most = max(len(target.formats) for target in kqlx.targets())
    accept = ("coverage", "wider", "narrower", "different")
    return [
        Converter(
            Request(
                tuple(
                    (target.name, target.format_names[number])
                    for target in kqlx.targets()
                    if number < len(target.formats)
                ),
                source="none",
                accept=accept,
            )
        )
        for number in range(most)
    ]


CONVERTERS = converters()


def outcomes(
    table: Mapping[str, Any],
    metadata: Mapping[str, Any] | None = None,
    items: tuple[Mapping[str, Any], ...] = (),
) -> list[RuleOutcome]:
    """What becomes of the rule; nothing where it is refused as it is read."""
    metadata = metadata or {}
    document = {"rule": table, "metadata": metadata}
    try:
        rule = build(Entry(table, document, metadata), Path("r.toml"), "r.toml", "toml")
        items = tuple(plain("r.toml", item, "exception") for item in items)
    except RuleError as error:
        assert error.message.startswith("r.toml: ")
        return []
    if not isinstance(rule, kqlx.Rule):
        return []
    rule = replace(rule, exceptions={("single", "L"): items} if items else {})
    return [converter.outcome(rule) for converter in CONVERTERS]


def check(found: list[RuleOutcome]) -> None:
    for outcome in found:
        codes = {remark.code for remark in outcome.remarks}
        for made in outcome.conversions:
            codes |= {remark.code for remark in made.remarks}
            if made.status is Status.CONVERTED:
                check_text(made)
        assert "internal-error" not in codes, outcome


def refuse(name: str) -> None:
    raise AssertionError(f"{name} in JSON")


def check_text(made: ConversionOutcome) -> None:
    text = made.text
    if made.target == "elasticsearch" or made.format in ("arm", "custom-detection"):
        for line in text.split("\n") if made.format == "rule" else (text,):
            json.loads(line, parse_constant=refuse)
    elif made.target == "sigma" or made.format == "rule":
        list(yaml.compose_all(text, yaml.CSafeLoader))


def share(cases: Iterator[Any]) -> Iterator[Any]:
    """Some of the cases, others of each place, or with ``DEEP`` all."""
    return itertools.islice(cases, 0, None, 1 if DEEP else 9)


@pytest.mark.parametrize("name", TYPES)
def test_each_key_with_each_wrong_value(name: str) -> None:
    table = {**COMMON, **TYPES[name]}
    own = {*TYPES[name], *WINDOW, "query", "name", "risk_score", "severity"}
    cases = ((at, value) for at in places(table) if at[0] in own for value in WRONG)
    for at, value in share(cases):
        check(outcomes(changed(table, at, value)))


def test_metadata_and_items_of_exceptions_with_each_wrong_value() -> None:
    for at, value in share((at, value) for at in places(METADATA) for value in WRONG):
        check(outcomes(COMMON, changed(METADATA, at, value)))
    table = {**COMMON, "exceptions_list": SAYS["exceptions_list"]}
    for at, value in share((at, value) for at in places(ITEM) for value in WRONG):
        check(outcomes(table, items=(changed(ITEM, at, value),)))


def test_the_whole_rules_are_converted() -> None:
    """So that the tests above are of what is converted, not of what is refused anyway."""
    for name, own in TYPES.items():
        found = outcomes({**COMMON, **own}, METADATA)
        made = [conversion for outcome in found for conversion in outcome.conversions]
        converted = [one for one in made if one.status is Status.CONVERTED]
        least = 3 if name == "threat_match" else 8
        assert len(converted) >= least, (name, [one.remarks for one in made])
