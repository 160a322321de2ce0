"""Numbers of thousands of digits, which Python refuses to make a number of: converted, or refused
with a reason, wherever a query or a rule has them.
"""

from __future__ import annotations

from typing import Any

import pytest

import kqlx
from kqlx.mappings.source_hints import in_range, own_names
from tests.conftest import DEEP

TARGETS = ("elasticsearch", "sentinel", "sigma", "spl")
DIGITS = "9" * 5_000
VALUES = [
    DIGITS,
    f"-{DIGITS}",
    f"{DIGITS}.5",
    f"1e{DIGITS}",
    f"now-{DIGITS}d",
    f"2024-01-01||+{DIGITS}d",
    f"{DIGITS}-01-01",
    f"2024-01-01T00:00:00.{DIGITS}Z",
    f"10.0.0.0/{DIGITS}",
    f"1.2.3.{DIGITS}",
    f"::{DIGITS}",
    f"0x{DIGITS}",
    f"S-1-5-{DIGITS}",
]
FIELDS = [
    ("none", "process.pid"),
    ("none", "@timestamp"),
    ("none", "source.ip"),
    ("none", "x.y"),
    ("windows.sysmon_operational", "event.code"),
    ("system.security", "winlog.event_id"),
    ("system.security", "winlog.event_data.SubjectLogonId"),
    ("auditd_manager.auditd", "winlog.event_id"),
    ("windows.sysmon_operational", "registry.data.strings"),
    ("okta.system", "source.ip"),
    ("endpoint.events", "process.Ext.token.integrity_level_name"),
]
SOME = VALUES if DEEP else [VALUES[n] for n in (0, 2, 3, 4, 8)]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("source", "field"), FIELDS, ids=lambda value: value)
def test_values_are_converted_or_refused(source: str, field: str, target: str) -> None:
    accepted = ("wider", "narrower", "different", "coverage")
    for value in SOME:
        for test in (f'{field}:"{value}"', f'{field} >= "{value}"'):
            try:
                made = kqlx.convert(test, target, source=source, unmapped="keep", accept=accepted)
            except kqlx.KqlxError as error:
                assert error.message
            else:
                assert made.text


@pytest.mark.parametrize("target", TARGETS[1:])
def test_a_code_that_its_data_source_never_has(target: str) -> None:
    query = f"event.provider:Microsoft-Windows-Sysmon and event.code:{DIGITS}"
    with pytest.raises(kqlx.MappingError) as error:
        kqlx.convert(query, target)
    assert error.value.code == "matches-no-event"
    assert not in_range(DIGITS, "4608-4999")
    assert in_range("4624", "4608-4999")


def test_a_limit_that_splunk_cannot_keep_is_refused_whatever_its_length() -> None:
    for number in ("9007199254740993", "9" * 300, f"{'9' * 300}.5"):
        with pytest.raises(kqlx.UnsupportedError) as error:
            kqlx.convert(f"x.y > {number}", "spl", source="none")
        assert error.value.code == "number-precision"


@pytest.mark.parametrize("key", ["threshold", "new_terms_fields", "alert_suppression"])
@pytest.mark.parametrize("target", TARGETS)
def test_fields_without_a_name_beside_the_query(key: str, target: str) -> None:
    assert own_names("a.b", ["", "a.*", "*"]) == ["a.*", "*"]
    forms: dict[str, dict[str, Any]] = {
        "threshold": {"type": "threshold", "threshold": {"field": [""], "value": 5}},
        "new_terms_fields": {"type": "new_terms", "new_terms_fields": [""]},
        "alert_suppression": {"type": "query", "alert_suppression": {"group_by": [""]}},
    }
    query = "event.dataset:aws.cloudtrail and user.name:alice"
    rule = kqlx.Rule(
        name="n", query=query, type=forms[key]["type"], data={"query": query, **forms[key]}
    )
    for format in next(one for one in kqlx.targets() if one.name == target).format_names:
        try:
            assert kqlx.convert(rule, target, format=format, accept=("wider", "different")).text
        except kqlx.KqlxError as error:
            assert error.message
