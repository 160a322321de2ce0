"""Columns that have another name where another collector brought the events."""

from __future__ import annotations

import pytest

import kqlx
from kqlx.mappings.bound import Column
from kqlx.mappings.collector_names import other_name, under_both

ALSO = {"data.": ""}
GCP = "event.dataset:gcp.audit and "


@pytest.mark.parametrize(
    ("name", "other"), [("data.a.b", "a.b"), ("data.a", "a"), ("datax.a", None), ("a.data.b", None)]
)
def test_the_other_name(name: str, other: str | None) -> None:
    assert other_name(name, ALSO) == other


@pytest.mark.parametrize(
    ("query", "both"),
    [
        ("data.a:1", "data.a:1 or a:1"),
        ("not data.a:1", "not (data.a:1 or a:1)"),
        ("b:1 and data.a:*", "b:1 and (data.a:* or a:*)"),
        ("data.a:(1 or 2)", "data.a:1 or data.a:2 or a:1 or a:2"),
        ("(data.a:1 and not data.b > 2) or c:3",
         "((data.a:1 or a:1) and not (data.b > 2 or b > 2)) or c:3"),
        ("b:1", "b:1"),
    ],
)  # fmt: skip
def test_tests_are_made_of_both(query: str, both: str) -> None:
    columns = {"data.a": Column("data.a", "long")}
    assert under_both(kqlx.parse(query), columns, ALSO) == kqlx.parse(both)
    assert "a" not in columns or columns["a"] == Column("a", "long")


def test_functions_are_asked_of_both() -> None:
    query = 'any where event.dataset == "gcp.audit" and length(user.email) > 20'
    text = str(kqlx.convert(query, "spl", language="eql").query)
    email = "protoPayload.authenticationInfo.principalEmail"
    assert f"len('data.{email}')>20" in text
    assert f"len('{email}')>20" in text


def test_audit_records_of_google_cloud_have_several_source_types() -> None:
    found = kqlx.convert(GCP + "event.action:SetIamPolicy and not source.ip:10.0.0.1", "spl")
    text = " ".join(str(found.query).split())
    for kind in ("admin_activity", "data_access", "system_event", "policy_denied"):
        assert f'"google:gcp:pubsub:audit:{kind}"' in text
    assert '"google:gcp:pubsub:message"' in text
    for name in ("data.protoPayload.methodName", "protoPayload.methodName"):
        assert f'{name}="SetIamPolicy"' in text
    address = "protoPayload.requestMetadata.callerIp"
    assert f'NOT (data.{address}="10.0.0.1" OR {address}="10.0.0.1")' in text
    assert found.fidelity is kqlx.Effect.COVERAGE


def test_what_is_counted_and_shown_is_the_one_that_an_event_has() -> None:
    rule = kqlx.Rule(
        name="Many",
        query=GCP + "event.action:SetIamPolicy",
        type="threshold",
        data={"threshold": {"field": ["user.email"], "value": 5}},
    )
    text = " ".join(str(kqlx.convert(rule, "spl").query).split())
    email = "protoPayload.authenticationInfo.principalEmail"
    for name in (f"data.{email}", email):
        assert f'nullif(nullif(\'{name}\', ""), "null")' in text
    single = kqlx.Rule(name="One", query=GCP + "user.email:x@example.com", data={"severity": "low"})
    saved = kqlx.convert(single, "spl", format="savedsearches").text
    assert "| eval user_email=coalesce(" in saved
    assert '"risk_object_field": "user_email"' in saved
