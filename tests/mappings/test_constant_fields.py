"""Rules that count values, or look for new ones, of what is the same on all events."""

from __future__ import annotations

from typing import Any

import pytest

import kqlx
from kqlx.rules.model import Rule

OKTA = "event.dataset:okta.system and event.action:x"
BOTH = "event.dataset:(okta.system or aws.cloudtrail) and event.action:x"
TARGETS = ["spl", "sentinel", "sigma", "elasticsearch"]


def threshold(query: str, field: str, value: int) -> Rule:
    distinct = [{"field": field, "value": value}]
    counted = {"field": ["source.ip"], "value": 2, "cardinality": distinct}
    data = {"type": "threshold", "threshold": counted}
    return Rule(name="Counted", query=query, type="threshold", data=data)


def convert(rule: Rule, to: str, **options: Any) -> str:
    return kqlx.convert(rule, to, accept=["narrower", "different"], **options).text


@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("format", ["query", "rule"])
@pytest.mark.parametrize("field", ["event.dataset", "data_stream.dataset", "event.module"])
def test_more_values_than_there_are_can_never_alert(to: str, format: str, field: str) -> None:
    format = "savedsearches" if (to, format) == ("spl", "rule") else format
    with pytest.raises(kqlx.UnsupportedError, match="never alert: it counts 3 different"):
        convert(threshold(OKTA, field, 3), to, format=format)


@pytest.mark.parametrize("to", TARGETS)
def test_one_value_is_always_there(to: str) -> None:
    text = convert(threshold(OKTA, "event.dataset", 1), to)
    for odd in ("and false", "value_count", "dc_", "event_dataset"):
        assert odd not in text


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_each_data_source_has_a_value_of_its_own(to: str) -> None:
    text = convert(threshold(BOTH, "event.dataset", 2), to)
    assert "event_dataset" in text
    with pytest.raises(kqlx.UnsupportedError, match=r'always "aws\.cloudtrail" or "okta\.system"'):
        convert(threshold(BOTH, "event.dataset", 3), to)


@pytest.mark.parametrize("to", ["spl", "sentinel", "elasticsearch"])
def test_new_values_of_what_never_changes(to: str) -> None:
    data = {"type": "new_terms", "new_terms_fields": ["event.dataset", "event.module"]}
    with pytest.raises(kqlx.UnsupportedError, match="the rule can never alert: it looks for new"):
        convert(Rule(name="New", query=OKTA, type="new_terms", data=data), to)
    data["new_terms_fields"] = ["event.dataset", "source.ip"]
    assert convert(Rule(name="New", query=OKTA, type="new_terms", data=data), to)


def test_elasticsearch_may_find_events_of_other_data_sources() -> None:
    """Only a query that names its data source finds no others."""
    for query in ("aws.cloudtrail.error_code:x", BOTH):
        assert convert(threshold(query, "event.dataset", 2), "elasticsearch")
