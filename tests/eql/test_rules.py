"""Whole rules in EQL: what of their keys counts, in every format."""

from __future__ import annotations

import json
import re

import pytest

import kqlx
from kqlx.rules.load import load_text

RULE = """
[rule]
name = "Trail stopped"
rule_id = "9d1f0a7e-1111-4222-8333-444455556666"
description = "A trail was stopped."
type = "eql"
language = "eql"
index = ["logs-aws.cloudtrail-*"]
event_category_override = "event.type"
timestamp_field = "event.created"
tiebreaker_field = "event.sequence"
severity = "low"
risk_score = 21
query = '''
{}
'''
filters = [{{query = {{match_phrase = {{"user.name" = "bob"}}}}, meta = {{negate = true}}}}]
"""
QUERY = 'info where data_stream.dataset == "aws.cloudtrail" and event.action == "StopLogging"'


def rule_of(query: str = QUERY) -> kqlx.Rule:
    (rule,) = load_text(RULE.format(query).encode(), "a rule").rules
    return rule


def test_the_language_is_that_of_the_type() -> None:
    rule = rule_of()
    assert (rule.language, rule.type, rule.guessed) == ("eql", "eql", False)


def test_the_category_is_a_test_of_the_field_that_the_rule_names() -> None:
    query = kqlx.convert(rule_of(), to="elasticsearch").query_text
    assert '"event.type":{"value":"info"}' in re.sub(r"\s", "", query)
    assert "event.category" not in query
    assert '"user.name": "bob"' in query


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_a_rule_is_converted_with_its_filters(target: str) -> None:
    made = kqlx.convert(rule_of(), to=target)
    assert "StopLogging" in made.text
    assert "bob" in made.text
    left_out = [note.message for note in made.notes if note.code == "metadata-left-out"]
    assert not [text for text in left_out if "event_category_override" in text]


@pytest.mark.parametrize("more", ["", " and length(event.action) > 5", " and a regex~ '''x.*'''"])
def test_elastics_own_rule_stays_as_it_is(more: str) -> None:
    rule = rule_of(QUERY + more.replace("'''", '"'))
    made = json.loads(kqlx.convert(rule, to="elasticsearch", format="rule").text)
    assert made["query"].strip() == rule.query.strip()
    kept = ("type", "language", "event_category_override", "timestamp_field", "tiebreaker_field")
    assert [made[key] for key in kept] == [
        *("eql", "eql", "event.type", "event.created", "event.sequence")
    ]
    assert made["filters"][0]["meta"] == {"negate": True}
