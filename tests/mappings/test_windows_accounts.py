"""Whose account ``user.*`` is on records of the Windows Security log: by the kind of record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

import kqlx
from kqlx.evaluate.compiler import matches
from kqlx.mappings.predicates import read_predicate
from kqlx.mappings.reader.builtin import builtin
from kqlx.notes import Effect
from tests.oracles.kusto import analyse
from tests.oracles.sentinel_rows import matching, results
from tests.oracles.spl.events import splunk_event
from tests.oracles.splunk import SPLUNK

SECURITY = "data_stream.dataset:system.security"
TARGETS = ("spl", "sentinel", "sigma")

RECORDS: dict[int, dict[str, Any]] = {
    1: {"code": 4625, "SubjectUserName": "DC01$", "TargetUserName": "alice", "IpAddress": "-"},
    2: {"code": 4769, "TargetUserName": "alice@CORP.LOCAL", "IpAddress": "::ffff:10.0.0.7"},
    3: {"code": 4720, "SubjectUserName": "admin", "TargetUserName": "alice"},
    4: {"code": 4648, "SubjectUserName": "bob", "TargetUserName": "alice"},
    5: {"code": 4778, "AccountName": "carol", "ClientAddress": "10.0.0.9"},
    6: {"code": 4663, "SubjectUserName": "alice"},
    7: {"code": 4624, "SubjectUserName": "-", "TargetUserName": "dave", "IpAddress": "10.0.0.8"},
    8: {"code": 4771, "TargetUserName": "bob", "TargetSid": "S-1-5-21-1-2-3-1104"},
    9: {"code": 4625, "SubjectUserName": "-", "TargetUserName": "-", "TargetUserSid": "S-1-0-0"},
}

WITHOUT_SUBJECT: dict[int, dict[str, Any]] = {
    1: {"code": 4648, "SubjectUserName": "-", "TargetUserName": "erin@CORP.LOCAL"},
    2: {"code": 4648, "SubjectUserName": "frank", "TargetUserName": "erin"},
    3: {"code": 4627, "SubjectUserName": "-", "TargetUserName": "erin"},
    4: {"code": 4627, "SubjectUserName": "frank", "TargetUserName": "erin"},
}
CONDITIONAL = [
    ("event.code:4728", "user.target.group.name", {
        1: {"code": 4728, "MemberName": "CN=a,DC=b", "TargetUserName": "admins"},
        2: {"code": 4728, "MemberName": "-", "TargetUserName": "admins"},
    }, {"admins": 1}),
    ("event.code:4663", "registry.path", {
        1: {"code": 4663, "ObjectType": "Key", "ObjectName": "k"},
        2: {"code": 4663, "ObjectType": "File", "ObjectName": "f"},
    }, {"k": 1}),
    ("event.code:(4627 or 4648)", "user.name", WITHOUT_SUBJECT, {"erin": 2, "frank": 2}),
]  # fmt: skip


def of_splunk(query: str, records: Mapping[int, dict[str, Any]] = RECORDS) -> set[int]:
    found = set()
    for number, record in records.items():
        event = {
            "source": "XmlWinEventLog:Security",
            "EventCode": str(record["code"]),
            **{name: value for name, value in record.items() if name != "code"},
        }
        if SPLUNK.keeps(query, splunk_event(event, null=None), []):
            found.add(number)
    return found


def rows(
    records: Mapping[int, dict[str, Any]] = RECORDS,
) -> list[tuple[int, str, Mapping[str, Any]]]:
    found: list[tuple[int, str, Mapping[str, Any]]] = []
    for number, record in records.items():
        row = {"EventID" if name == "code" else name: value for name, value in record.items()}
        found.append((number, "SecurityEvent", row))
    return found


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("user.name:alice", {1, 2}),
        ("user.name:admin", {3}),
        ("user.name:bob", {4, 8}),
        ("user.name:carol", {5}),
        ("event.code:4769 and user.name:alice", {2}),
        ("winlog.event_id:4625 and user.name:alice", {1}),
        ("event.action:added-user-account and user.name:(admin or alice)", {3}),
        ("event.code:(4625 or 4720) and user.name:alice", {1}),
        ("(event.code:4625 and user.name:alice) or (event.code:4720 and user.name:admin)", {1, 3}),
        ("event.category:authentication and user.name:*", {1, 2, 4, 5, 7, 8}),
        ("event.category:authentication and not user.name:*", {9}),
        ("event.code:4625 and not user.name:alice", {9}),
        ("not user.name:alice and user.name:*", {3, 4, 5, 7, 8}),
        ("user.target.name:alice", {3}),
        ("user.effective.name:alice", {4}),
        ("user.name:*@*", set()),
        ("user.id:S-1-5-21-1-2-3-1104", {8}),
        ("source.ip:*", {2, 5, 7}),
        ("not source.ip:* and user.name:alice", {1}),
        ("source.ip:10.0.0.7", {2}),
        ("source.ip:10.0.0.0/29", {2}),
        ("source.ip:10.0.0.0/8", {2, 5, 7}),
        ("event.code:4769 and source.ip:10.0.0.0/24", {2}),
        ("winlog.event_data.TargetUserName:*", {1, 2, 3, 4, 7, 8}),
        ("not winlog.event_data.SubjectUserName:* and event.code:4624", {7}),
    ],
)
def test_the_account_is_that_of_the_kind_of_record(query: str, wanted: set[int]) -> None:
    for target in ("spl", "sentinel"):
        try:
            result = kqlx.convert(f"{SECURITY} and {query}", target)
        except kqlx.MappingError as error:
            assert not wanted, error  # can never match
            continue
        assert result.fidelity in (Effect.SAME, Effect.CASE, Effect.COVERAGE), result.notes
        text = str(result.query)
        found = of_splunk(text) if target == "spl" else matching(text, ["SecurityEvent"], rows())
        assert found == wanted, text


@pytest.mark.parametrize("target", TARGETS)
def test_the_queries_name_the_columns_of_the_asserted_records_alone(target: str) -> None:
    text = str(kqlx.convert(f"{SECURITY} and event.code:4625 and user.name:alice", target).query)
    assert "TargetUserName" in text
    assert "SubjectUserName" not in text
    assert "4720" not in text


def test_a_name_may_have_a_domain_behind_it() -> None:
    query = f"{SECURITY} and event.code:4769 and user.name:alice"
    assert 'TargetUserName IN ("alice", "alice@*")' in str(kqlx.convert(query, "spl").query)
    text = str(kqlx.convert(query, "sentinel").query)
    assert 'TargetUserName == "alice" or TargetUserName startswith_cs "alice@"' in text


def counting(query: str, **threshold: Any) -> kqlx.Rule:
    data = {"threshold": {"field": ["user.name"], "value": 1, **threshold}}
    return kqlx.Rule(name="counts", query=f"{SECURITY} and {query}", type="threshold", data=data)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "winlog.event_id:4625",
            {
                "spl": '| eval user_name=mvindex(split(TargetUserName, "@"), 0)',
                "sentinel": '| extend user_name = tostring(split(TargetUserName, "@")[0])',
            },
        ),
        ("event.code:4688", {"spl": "by SubjectUserName", "sentinel": "by SubjectUserName"}),
        (
            "event.category:authentication",
            {
                "spl": 'in(EventCode, "4648"), SubjectUserName,',
                "sentinel": "EventID == 4648, SubjectUserName,",
            },
        ),
    ],
)
def test_a_rule_counts_by_the_account_of_the_kind_of_record(
    query: str, expected: dict[str, str]
) -> None:
    for target, part in expected.items():
        result = kqlx.convert(counting(query), target)
        assert part in " ".join(result.text.split())
        assert "coalesce" not in result.text
        if target == "sentinel":
            assert not analyse([result.text])[0]


def test_what_is_counted_is_the_name_alone() -> None:
    rule = counting("event.category:authentication")
    text = kqlx.convert(rule, "sentinel").text
    counted = {
        row["user_name"]: row["EventCount"] for row in results(text, ["SecurityEvent"], rows())
    }
    assert counted == {"alice": 2, "bob": 2, "carol": 1, "dave": 1}


@pytest.mark.parametrize(("target", "format"), [("sentinel", "rule"), ("spl", "escu")])
def test_alerts_are_about_the_account(target: str, format: str) -> None:
    rule = counting("event.code:4625")
    text = kqlx.convert(rule, target, format=format).text
    assert "user_name" in text
    assert "SubjectUserName" not in text


def test_a_correlation_counts_by_the_column() -> None:
    text = kqlx.convert(counting("event.code:4625", value=5), "sigma", format="rule").text
    assert "- TargetUserName" in text


# Forwarded records of other logs


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "test",
    [
        "event.code:7045 and winlog.event_data.ServiceName:evil",
        "event.code:104",
        "winlog.event_id:4104",
        'event.provider:"Service Control Manager" and host.name:a',
        'event.provider:"Microsoft-Windows-TerminalServices-LocalSessionManager"',
        'event.provider:"Microsoft-Windows-NTLM"',
        'event.provider:"Microsoft-Windows-Windows Firewall With Advanced Security"',
        'event.provider:"Microsoft-Windows-Windows Defender"',
        "event.code:1116",
        "event.code:3077",
        "event.code:8004",
    ],
)
def test_records_of_other_logs_are_not_looked_for_in_the_security_log(
    target: str, test: str
) -> None:
    try:
        found = str(kqlx.convert(f"event.dataset:windows.forwarded and {test}", target).query)
    except (kqlx.MappingError, kqlx.UnsupportedError):
        return
    for log in ('XmlWinEventLog:Security"', "SecurityEvent", "service: security"):
        assert log not in found


@pytest.mark.parametrize("target", TARGETS)
def test_the_computer_of_a_forwarded_record_is_the_collector(target: str) -> None:
    query = 'event.dataset:windows.forwarded and event.provider:"Service Control Manager" and '
    kqlx.convert(f"{query}event.code:7045", target)
    with pytest.raises(kqlx.UnsupportedError, match=r"host\.name has no|host names"):
        kqlx.convert(f"{query}host.name:a", target)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "query",
    [
        'event.provider:"Microsoft-Windows-TaskScheduler" and event.code:106',
        'event.provider:"Microsoft-Windows-Windows Defender" and event.code:1116',
        'event.dataset:system.system and winlog.provider_name:"Microsoft-Windows-AppLocker"',
    ],
)
def test_providers_with_logs_of_their_own_are_in_no_other(target: str, query: str) -> None:
    rule = kqlx.Rule("r", query, data={"index": ["winlogbeat-*"]}, format="toml")
    try:
        found = str(kqlx.convert(rule, target).query)
    except (kqlx.MappingError, kqlx.UnsupportedError):
        return
    for log in ("Application", "Security", "System"):
        assert f'{log}"' not in found
        assert f"service: {log.lower()}\n" not in found


# The last ones are of AD FS Auditing, and of shadow copies (VSSAudit).
@pytest.mark.parametrize(
    "code",
    [
        *(1102, 4608, 4624, 4999, 5024, 5136, 5376, 5890, 6145, 6416),
        *(299, 307, 324, 403, 404, 411, 412, 500, 501, 510, 1200, 1202, 1203, 8222),
    ],
)
def test_records_of_the_security_log_are_looked_for_there(code: int) -> None:
    query = f"event.dataset:windows.forwarded and event.code:{code}"
    assert f"EventCode={code}" in str(kqlx.convert(query, "spl").query)
    assert f"EventID == {code}" in str(kqlx.convert(query, "sentinel").query)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("event.code:4648 and user.name:erin", {1}),
        ("event.code:4648 and user.name:frank", {2}),
        ("user.name:erin", {1, 3}),
        ("user.name:*", {1, 2, 3, 4}),
        ("user.effective.name:erin and event.code:4648", {1, 2}),
    ],
)
def test_without_a_subject_the_account_is_the_target(query: str, wanted: set[int]) -> None:
    text = str(kqlx.convert(f"{SECURITY} and {query}", "spl").query)
    assert of_splunk(text, WITHOUT_SUBJECT) == wanted
    text = str(kqlx.convert(f"{SECURITY} and {query}", "sentinel").query)
    assert matching(text, ["SecurityEvent"], rows(WITHOUT_SUBJECT)) == wanted


@pytest.mark.parametrize(("query", "field", "records", "wanted"), CONDITIONAL)
def test_a_value_counts_on_the_records_that_have_it(
    query: str, field: str, records: dict[int, dict[str, Any]], wanted: dict[str, int]
) -> None:
    rule = counting(query, field=[field])
    result = kqlx.convert(rule, "sentinel")
    name = field.replace(".", "_")
    found = {
        row[name]: row["EventCount"]
        for row in results(result.text, ["SecurityEvent"], rows(records))
    }
    assert found == wanted
    assert result.fidelity in (Effect.SAME, Effect.CASE, Effect.COVERAGE)
    text = kqlx.convert(rule, "spl").text
    assert f"by {name}" in text
    assert "isnull(" in text or "isnotnull(" in text  # the condition


@pytest.mark.parametrize("target", ["spl", "sentinel"])
def test_a_changed_object_is_a_user_or_a_group_by_its_class(target: str) -> None:
    for field, kind in (("user.target.name", "user"), ("group.name", "group")):
        result = kqlx.convert(counting("event.code:5136", field=[field]), target)
        assert result.fidelity in (Effect.SAME, Effect.CASE, Effect.COVERAGE), result.notes
        assert "ObjectClass" in result.text
        assert kind in result.text


# What the pipeline's lists leave out


@pytest.mark.parametrize("code", [4611, 4616, 4714, 4715, 5137, 5141])
@pytest.mark.parametrize("field", ["user.name", "user.domain", "user.id", "related.user"])
def test_a_subject_that_elastic_does_not_copy_is_no_user(code: int, field: str) -> None:
    """The pipeline gives these records a category, and leaves their subject in event_data."""
    for target in TARGETS:
        with pytest.raises(kqlx.KqlxError, match="never matches"):
            kqlx.convert(f"{SECURITY} and event.code:{code} and {field}:admin", target)
    query = f"{SECURITY} and event.code:{code} and winlog.event_data.SubjectUserName:admin"
    assert "SubjectUserName" in str(kqlx.convert(query, "spl").query)


def test_records_of_connections_that_elastic_does_not_copy() -> None:
    """Of 5154 and 5153 the addresses and the program stay in event_data."""
    records: dict[int, dict[str, Any]] = {
        1: {"code": 5156, "SourceAddress": "10.0.0.1", "Application": r"\d\a.exe", "Protocol": "6"},
        2: {"code": 5154, "SourceAddress": "10.0.0.1", "Application": r"\d\a.exe", "Protocol": "6"},
        3: {"code": 5153, "SourceAddress": "10.0.0.1", "DestAddress": "10.0.0.2", "Protocol": "6"},
    }
    for test, wanted in (
        ("source.ip:10.0.0.1", {1}),
        ("process.name:a.exe", {1}),
        ("network.transport:tcp", {1}),
        ("destination.ip:10.0.0.2", set()),
        ("winlog.event_data.Protocol:6", {1, 2, 3}),
    ):
        query = str(kqlx.convert(f"{SECURITY} and {test}", "spl").query)
        assert of_splunk(query, records) == wanted, query


@pytest.mark.parametrize("target", ["spl", "sentinel"])
def test_counts_of_a_field_with_several_columns_on_one_record_are_told(target: str) -> None:
    """related.user has the subject and the target of 4720; a count takes the first."""
    data = {"threshold": {"field": ["related.user"], "value": 2}, "name": "x"}
    for code, effect in ((4720, Effect.NARROWER), (4778, None)):
        query = f"{SECURITY} and event.code:{code} and related.user:*"
        rule = kqlx.Rule(name="x", query=query, type="threshold", data=data, format="toml")
        made = kqlx.convert(rule, target, accept=("narrower",))
        told = [note.effect for note in made.notes if note.effect is Effect.NARROWER]
        assert told == ([effect] if effect else []), made.notes


@pytest.mark.parametrize("source", ["endpoint.events", "m365_defender.event"])
def test_accounts_of_web_applications_are_called_after_them(source: str) -> None:
    """Their IDs are those of their names: ``IIS APPPOOL\\name``, in every language."""
    begin = "event.category:process and event.type:start and host.os.type:windows and "
    made = kqlx.convert(f"{begin}user.id:(S-1-5-18 or S-1-5-82-*)", "sigma", source=source)
    assert "User|startswith: 'IIS APPPOOL\\\\'" in made.text
    assert "LogonId: '0x3e7'" in made.text
    assert all(note.effect <= Effect.COVERAGE for note in made.notes)


def test_sysmons_records_are_of_its_own_account() -> None:
    """``user.id`` is whose service writes them, not whose process it is."""
    begin = "data_stream.dataset:windows.sysmon_operational and event.category:process and "
    begin += "event.type:start and process.name:a.exe"
    plain = str(kqlx.convert(begin, "sigma").query).partition("detection:")[2]
    for query in ("user.id:S-1-5-18", "not user.id:S-1-5-21-1-2-3-500"):
        made = str(kqlx.convert(f"{begin} and {query}", "sigma").query)
        assert made.partition("detection:")[2] == plain
    for target in TARGETS:
        with pytest.raises(kqlx.MappingError, match="never matches"):
            kqlx.convert(f"{begin} and user.id:S-1-5-21-*", target)


@pytest.mark.parametrize(
    ("flag", "bit"),
    [
        ("USER_ACCOUNT_DISABLED", 0x1),
        ("USER_DONT_EXPIRE_PASSWORD", 0x200),
        ("USER_DONT_REQUIRE_PREAUTH", 0x10000),
        ("USER_TRUSTED_TO_AUTHENTICATE_FOR_DELEGATION", 0x40000),
    ],
)
def test_a_flag_of_an_account_is_a_bit(flag: str, bit: int) -> None:
    """Elastic's pipeline lists the flags that are set in NewUacValue."""
    spec = builtin("system.security").targets["spl"][0].field("winlog.event_data.NewUACList")
    assert spec is not None
    test = read_predicate(spec.value_predicates[flag])
    for number in (*(1 << place for place in range(22)), 0x10, 0x210, 0x11, 0x10210, 0x3FFFFF, 0):
        event = {"NewUacValue": hex(number)}
        assert matches(test, event) is bool(number & bit), hex(number)
