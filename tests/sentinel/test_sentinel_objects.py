"""Rules that count or compare arrays, and keys of the objects in them, in Sentinel: executed
against Kibana's meaning of them, and read by Microsoft's analyser.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.rules.new_terms import new_terms_of
from kqlx.rules.threshold import threshold_of
from kqlx.testing.edges import NOW
from tests.conftest import examples
from tests.oracles.kusto import analyse
from tests.oracles.rule_types import RuleEvent, new_terms_alerts, rows, threshold_alerts
from tests.oracles.sentinel_rows import results
from tests.sentinel.test_sentinel_together import AGES, LOOK_BACK, new_terms, one_of, threshold


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "at": st.integers(0, 500),
                "event.action": st.just(["a"]),
                "user.name": st.lists(st.sampled_from("ab"), max_size=1),
                "process.args": st.lists(st.sampled_from("xyz"), max_size=3),
            }
        ),
        max_size=8,
    ),
    st.lists(st.sampled_from(["user.name", "process.args"]), max_size=2, unique=True),
    st.integers(1, 3),
    st.integers(1, 3),
)
@examples(6)
def test_different_values_of_arrays(
    events: list[RuleEvent], by: list[str], least: int, different: int
) -> None:
    """They are counted, and the events stay as many."""
    of = threshold(by, least, {"process.args": different}, query="event.action:a")
    told = threshold_of(of)
    assert told is not None
    query = str(kqlx.convert(of, "sentinel", source="none").query)
    found = rows(query, events)
    names = ["process_args_value" if name == "process.args" else name for name in by]
    alerts = {tuple(row[name] for name in names): row["EventCount"] for row in found}
    assert alerts == threshold_alerts(told, events), query
    assert len(alerts) == len(found)


ACCOUNTS = st.lists(
    st.fixed_dictionaries(
        {
            "at": AGES,
            "aws.cloudtrail.resources.account_id": st.lists(st.sampled_from("123"), max_size=3),
            "user.name": one_of(["ann", "bob"]),
        }
    ),
    max_size=10,
)
ACCOUNT = "aws.cloudtrail.resources.account_id"
ACCOUNT_COLUMN = "Resources_accountId"


def found_in_trail(query: str, events: Sequence[RuleEvent]) -> list[dict[str, Any]]:
    held = []
    for number, event in enumerate(events):
        objects = [{"accountId": id, "ARN": f"arn:{id}"} for id in event[ACCOUNT]]
        objects += [{"ARN": "arn:none"}] if event["at"] % 2 else []
        row = {
            "TimeGenerated": (NOW - timedelta(seconds=event["at"])).isoformat(),
            "EventName": "a",
            "UserIdentityUserName": "".join(event["user.name"]),
            "Resources": objects if objects or event["at"] % 3 else "",
        }
        held.append((number, "AWSCloudTrail", row))
    return results(query, ["AWSCloudTrail"], held)


AWS_ONLY = {"query": "event.action:a", "index": ["logs-aws.cloudtrail-*"]}


@given(ACCOUNTS, st.booleans(), st.integers(1, 3), st.integers(0, 2))
@examples(4)
def test_counts_by_and_of_a_key_of_objects(
    events: list[RuleEvent], by_account: bool, least: int, different: int
) -> None:
    """An event whose objects have a value twice counts once, one without objects not at all, or
    where their values are only counted, as one event.
    """
    by = [ACCOUNT] if by_account else ["user.name"]
    of = threshold(by, least, {ACCOUNT: different} if different else {}, **AWS_ONLY)
    told = threshold_of(of)
    assert told is not None
    query = str(kqlx.convert(of, "sentinel").query)
    assert "mv-apply" in query or not (by_account or different)
    found = found_in_trail(query, events)
    column = ACCOUNT_COLUMN if by_account else "user_name"
    column = column if any(column in row for row in found) else "UserIdentityUserName_or_other"
    alerts = {(row[column],): row["EventCount"] for row in found}
    assert alerts == threshold_alerts(told, events), query
    assert len(alerts) == len(found)


@given(ACCOUNTS)
@examples(4)
def test_new_terms_of_a_key_of_objects(events: list[RuleEvent]) -> None:
    of = new_terms([ACCOUNT], **AWS_ONLY)
    terms = new_terms_of(of)
    assert terms is not None
    found = found_in_trail(str(kqlx.convert(of, "sentinel").query), events)
    alerts = {(row[ACCOUNT_COLUMN],) for row in found}
    assert alerts == new_terms_alerts(terms, LOOK_BACK, events)
    assert len(alerts) == len(found)


TARGET = "azure.auditlogs.properties.target_resources"


def azure(field: str) -> kqlx.Conversion:
    query = "event.dataset:azure.auditlogs and event.action:a"
    of = new_terms([field], query=query, index=["logs-azure.auditlogs-*"])
    return kqlx.convert(of, "sentinel")


def test_a_numbered_place_of_an_array() -> None:
    found = azure(f"{TARGET}.0.display_name")
    value = "tostring(TargetResources[0].displayName)"
    assert f"| where isnotempty({value})" in str(found.query)
    assert f"by TargetResources_displayName_0 = {value}" in str(found.query)
    assert analyse([str(found.query)]) == [[]]


def test_a_key_that_lies_deeper_is_refused() -> None:
    """The pack's column is searched as text; as a path it would hold nothing."""
    for key in ("display_name", "new_value"):
        with pytest.raises(kqlx.UnsupportedError, match="no column with its values"):
            azure(f"{TARGET}.0.modified_properties.0.{key}")


def test_microsofts_analyser_takes_objects() -> None:
    queries = [
        str(kqlx.convert(of, "sentinel", format=format).query)
        for of in (
            threshold([ACCOUNT, "user.name"], 3, {}, **AWS_ONLY),
            threshold(["user.name"], 3, {ACCOUNT: 2}, **AWS_ONLY),
            threshold([ACCOUNT], 3, {ACCOUNT: 2}, **AWS_ONLY),
            new_terms([ACCOUNT, "user.name"], **AWS_ONLY),
        )
        for format in ("query", "rule")
    ]
    assert dict(zip(queries, analyse(queries), strict=True)) == {query: [] for query in queries}
