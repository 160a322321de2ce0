"""Values of Windows events that Elastic's pipeline drops, computes or spells otherwise."""

from __future__ import annotations

from typing import Any

import pytest

import kqlx
from kqlx.mappings.reader.builtin import builtin
from kqlx.notes import Effect
from tests.oracles.kusto import analyse
from tests.oracles.sentinel_rows import known_tables, matching
from tests.oracles.spl.events import splunk_event
from tests.oracles.splunk import SPLUNK

SECURITY = "data_stream.dataset:system.security"
SYSMON = "data_stream.dataset:windows.sysmon_operational"
EXACT = (Effect.SAME, Effect.CASE, Effect.COVERAGE)


def text_of(query: str, target: str) -> str:
    result = kqlx.convert(query, target)
    assert result.fidelity in EXACT, result.notes
    return str(result.query)


def in_splunk(query: str, fields: dict[str, str], log: str = "Security") -> bool:
    event = {"source": f"XmlWinEventLog:{log}", **fields}
    return SPLUNK.keeps(text_of(query, "spl"), splunk_event(event, null=None), [])


def in_table(query: str, row: dict[str, Any], table: str = "SecurityEvent") -> bool:
    text = text_of(query, "sentinel")
    assert not analyse([text])[0]
    return matching(text, [table], [(1, table, row)]) == {1}


# What stands for no value


@pytest.mark.parametrize("value", ["-", ""])
@pytest.mark.parametrize("field", ["LmPackageName", "ServiceName", "Anything"])
def test_a_hyphen_is_no_value(field: str, value: str) -> None:
    query = f"{SECURITY} and event.code:4624 and winlog.event_data.{field}:*"
    none = f"{SECURITY} and event.code:4624 and not winlog.event_data.{field}:*"
    fields = {"EventCode": "4624"} | ({field: value} if value else {})
    assert not in_splunk(query, fields)
    assert in_splunk(none, fields)
    there = {"EventCode": "4624", field: "a"}
    assert in_splunk(query, there)
    assert not in_splunk(none, there)


def test_a_hyphen_is_no_value_in_sentinel() -> None:
    query = f"{SECURITY} and event.code:4624 and source.port:*"
    row = {"EventID": 4624, "IpPort": "-"}
    assert not in_table(query, row)
    assert in_table(query.replace("source", "not source"), row)
    assert in_table(query, {"EventID": 4624, "IpPort": "443"})
    text = text_of(f"{SECURITY} and event.code:4624 and source.ip:*", "spl")
    assert text.endswith('IpAddress=* NOT IpAddress="-"')


def test_a_pattern_that_a_hyphen_fits_does_not_find_it() -> None:
    query = f"{SECURITY} and event.code:4624 and winlog.event_data.ServiceName:*-*"
    assert not in_splunk(query, {"EventCode": "4624", "ServiceName": "-"})
    assert in_splunk(query, {"EventCode": "4624", "ServiceName": "a-b"})
    with pytest.raises(kqlx.MappingError, match="never matches"):
        kqlx.convert(f'{SECURITY} and winlog.event_data.ServiceName:"-"', "spl")


def test_a_port_below_a_number_is_no_hyphen() -> None:
    query = f"{SECURITY} and event.code:4624 and source.port < 1024"
    assert in_splunk(query, {"EventCode": "4624", "IpPort": "443"})
    assert not in_splunk(query, {"EventCode": "4624", "IpPort": "-"})


def test_sysmon_has_hyphens_and_zero_guids_for_none() -> None:
    log = "Microsoft-Windows-Sysmon/Operational"
    zero = "{00000000-0000-0000-0000-000000000000}"
    rule = f"{SYSMON} and rule.name:*"
    assert not in_splunk(rule, {"EventCode": "1", "RuleName": "-"}, log)
    assert in_splunk(rule, {"EventCode": "1", "RuleName": "technique_id=T1059"}, log)
    parent = f"{SYSMON} and event.code:1 and not process.parent.entity_id:*"
    assert in_splunk(parent, {"EventCode": "1", "ParentProcessGuid": zero}, log)
    row = {
        "Provider": "Microsoft-Windows-Sysmon",
        "EventID": 1,
        "EventData": {"ParentProcessGuid": zero, "RuleName": "-"},
    }
    assert in_table(parent, row, "WindowsEvent")
    assert not in_table(rule, row, "WindowsEvent")


@pytest.mark.parametrize("target", ["spl", "sentinel"])
def test_a_hyphen_is_not_counted(target: str) -> None:
    rule = kqlx.Rule(
        name="n",
        query=f"{SECURITY} and event.code:4625",
        type="threshold",
        data={
            "threshold": {
                "field": ["source.ip"],
                "value": 2,
                "cardinality": [{"field": "user.name", "value": 3}],
            }
        },
    )
    text = " ".join(kqlx.convert(rule, target).text.split())
    if target == "spl":
        assert 'IpAddress!="-"' in text
        assert 'nullif(user_name, "-")' in text or 'TargetUserName!="-"' in text
    else:
        assert 'source_ip !in ("", "-")' in text
        assert 'count_distinctif(user_name, user_name !in ("", "-"))' in text


# What Elastic moves to other fields

MOVED = [
    (4625, "IpAddress", "10.0.0.7", "source.ip"),
    (4625, "IpPort", "443", "source.port"),
    (4624, "WorkstationName", "WS1", "source.domain"),
    (4689, "ProcessName", r"C:\\a.exe", "process.executable"),
    (4689, "ProcessId", "0x1a4", "process.pid"),
    (4688, "NewProcessName", r"C:\\a.exe", "process.executable"),
    (4688, "NewProcessId", "0x1a4", "process.pid"),
    (4688, "ParentProcessName", r"C:\\a.exe", "process.parent.executable"),
    (5156, "Application", r"C:\\a.exe", "process.executable"),
    (5156, "SourceAddress", "10.0.0.7", "source.ip"),
    (5156, "DestAddress", "10.0.0.7", "destination.ip"),
    (5156, "SourcePort", "443", "source.port"),
    (5156, "DestPort", "443", "destination.port"),
]


@pytest.mark.parametrize("source", [SECURITY, "data_stream.dataset:windows.forwarded"])
@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
@pytest.mark.parametrize(("code", "field", "value", "moved"), MOVED)
def test_what_elastic_moves_away_is_told(
    code: int, field: str, value: str, moved: str, target: str, source: str
) -> None:
    test = f'winlog.event_data.{field}:"{value}"'
    result = kqlx.convert(f"{source} and event.code:{code} and {test}", target)
    told = [note for note in result.notes if "moves this value" in note.message]
    assert [note.effect for note in told] == [Effect.WIDER]
    assert f"to {moved}, which replaces it" in told[0].message
    assert field in str(result.query)
    negated = kqlx.convert(
        f"{source} and event.code:{code} and not {test}", target, accept=["narrower"]
    )
    assert negated.fidelity is Effect.NARROWER


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
@pytest.mark.parametrize(
    ("code", "test"),
    [
        (4663, "ProcessName:a.exe"),
        (4663, "ProcessId:0x1a4"),
        (4688, "ProcessId:0x1a4"),
        (4688, "CommandLine:*whoami*"),
        (4776, "Workstation:WS1"),
    ],
)
def test_what_elastic_keeps_there_is_asked_for_as_it_is(code: int, test: str, target: str) -> None:
    query = f"{SECURITY} and event.code:{code} and winlog.event_data.{test}"
    assert text_of(query, target)


def test_rules_count_by_what_elastic_moves_away_with_the_same_word() -> None:
    rule = kqlx.Rule(
        name="n",
        query=f"{SECURITY} and event.code:4625",
        type="threshold",
        data={"threshold": {"field": ["winlog.event_data.IpAddress"], "value": 5}},
    )
    for target in ("spl", "sentinel"):
        result = kqlx.convert(rule, target)
        assert result.fidelity is Effect.WIDER
        assert "by IpAddress" in " ".join(result.text.split())


# Words that stand for values


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("source.ip:127.0.0.1", True),
        ("source.ip:127.0.0.0/8", True),
        ("source.ip:*", True),
        ("not source.ip:*", False),
        ("source.ip:10.0.0.0/8", False),
        ("not source.ip:10.0.0.0/8", True),
        ("not source.ip:127.0.0.1", False),
        ("winlog.event_data.ClientAddress:127.0.0.1", True),
        ("winlog.event_data.ClientAddress:127.*", True),
        ("winlog.event_data.ClientAddress:LOCAL", False),
        ("winlog.event_data.ClientAddress:L*", False),
    ],
)
def test_a_local_session_is_from_the_loopback_address(query: str, wanted: bool) -> None:
    asked = f"{SECURITY} and event.code:4778 and {query}"
    assert in_splunk(asked, {"EventCode": "4778", "ClientAddress": "LOCAL"}) is wanted
    data = '<EventData><Data Name="ClientAddress">LOCAL</Data></EventData>'
    row = {"EventID": 4778, "ClientAddress": "LOCAL", "EventData": data}
    assert in_table(asked, row) is wanted


# What Elastic computes


@pytest.mark.parametrize(
    ("query", "code", "column", "value"),
    [
        ('AccessMaskDescription:"Control Access"', 4662, "AccessList", "%%7688\n\t\t\t\t"),
        ("AccessMaskDescription:WRITE_DAC", 4662, "AccessList", "%%1537 %%1539"),
        ('AccessMaskDescription:"Delete Child"', 5145, "AccessList", "%%4417\n\t\t\t\t%%4423"),
        ("AccessMaskDescription:WRITE_OWNER", 4656, "AccessList", "%%1538\n\t\t\t\t%%1540"),
        ("AccessMaskDescription:DELETE", 4663, "AccessList", "%%1537"),
        ("AccessMaskDescription:SYNCHRONIZE", 4691, "AccessList", "%%1541"),
        ("AccessMaskDescription:READ_CONTROL", 4661, "AccessList", "%%1538"),
        ('AuditPolicyChangesDescription:"Success removed"', 4719, "AuditPolicyChanges", "%%8448"),
        ('AccessListDescription:"Set key value"', 4663, "AccessList", "%%4433"),
        ("AccessList:4433", 4663, "AccessList", "%%4432 %%4433"),
        (
            'SubCategory:"Process Creation"',
            4719,
            "SubcategoryGuid",
            "{0CCE922B-69AE-11D9-BED3-505054503030}",
        ),
        (
            'Category:"Account Management"',
            4719,
            "SubcategoryGuid",
            "{0cce9235-69ae-11d9-bed3-505054503030}",
        ),
        ("StatusDescription:KDC_ERR_PREAUTH_FAILED", 4771, "Status", "0x18"),
        (
            "PrivilegeList:SeDebugPrivilege",
            4672,
            "PrivilegeList",
            "SeTcbPrivilege\n\t\tSeDebugPrivilege",
        ),
    ],
)  # fmt: skip
def test_what_elastic_computes_is_asked_of_what_it_computes_from(
    query: str, code: int, column: str, value: str
) -> None:
    asked = f"{SECURITY} and event.code:{code} and winlog.event_data.{query}"
    assert in_splunk(asked, {"EventCode": str(code), column: value})
    assert in_table(asked, {"EventID": code, column: value})
    assert not in_table(asked, {"EventID": code, column: "x"})


@pytest.mark.parametrize(
    "field",
    ["SidListDesc", "NewSdDacl0", "OldSdOwner", "TicketOptionsDescription", "NewUACList"],
)
@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_what_cannot_be_computed_back_is_refused(field: str, target: str) -> None:
    with pytest.raises(kqlx.MappingError, match="Elastic"):
        kqlx.convert(f"{SECURITY} and winlog.event_data.{field}:x", target)


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
@pytest.mark.parametrize("code", [4656, 4661, 4663, 4691])
def test_bits_that_depend_on_the_kind_of_object_are_refused(code: int, target: str) -> None:
    query = f'{SECURITY} and event.code:{code} and winlog.event_data.AccessMaskDescription:"SELF"'
    with pytest.raises(kqlx.MappingError, match="depend on the kind of object"):
        kqlx.convert(query, target)


def test_a_mask_without_bits_has_no_description() -> None:
    query = f"{SECURITY} and event.code:4656 and winlog.event_data.AccessMaskDescription:*"
    assert in_splunk(query, {"EventCode": "4656", "AccessMask": "0x10000"})
    assert not in_splunk(query, {"EventCode": "4656", "AccessMask": "0x0"})


def test_failures_are_told_by_their_codes() -> None:
    query = f'{SECURITY} and winlog.logon.failure.reason:"Account locked out."'
    assert 'FailureReason="%%2307"' in text_of(query, "spl")
    query = (
        f"{SECURITY} and event.code:4625 and winlog.logon.failure.sub_status:"
        '"User logon with misspelled or bad user account"'
    )
    assert in_table(query, {"EventID": 4625, "SubStatus": "0xc0000064"})


def test_a_process_id_is_hexadecimal() -> None:
    query = f"{SECURITY} and event.code:4688 and process.pid:420"
    assert in_table(query, {"EventID": 4688, "NewProcessId": "0x1a4"})
    assert 'NewProcessId="0x1a4"' in text_of(query, "spl")


# Sysmon


def test_a_query_of_sysmon_is_dns() -> None:
    log = "Microsoft-Windows-Sysmon/Operational"
    result = kqlx.convert(f"{SYSMON} and network.protocol:dns", "spl")
    event = splunk_event({"source": f"XmlWinEventLog:{log}", "EventCode": "22"}, null=None)
    assert SPLUNK.keeps(str(result.query), event, [])
    assert "EventCode=22" in text_of(f"{SYSMON} and event.code:22 and network.protocol:dns", "spl")


@pytest.mark.parametrize("details", ["DWORD (0x00000001)", "1", "QWORD (0x00000000-0x00000001)"])
def test_a_number_of_the_registry(details: str) -> None:
    query = f"{SYSMON} and event.code:13 and registry.data.strings:1"
    row = {"Provider": "Microsoft-Windows-Sysmon", "EventID": 13, "EventData": {"Details": details}}
    assert in_table(query, row, "WindowsEvent")


def test_a_registry_key_is_below_its_hive() -> None:
    query = f"{SYSMON} and event.code:13 and registry.key:SYSTEM\\\\Setup\\\\*"
    log = "Microsoft-Windows-Sysmon/Operational"
    path = r"HKLM\SYSTEM\Setup\State"
    assert in_splunk(query, {"EventCode": "13", "TargetObject": path}, log)


@pytest.mark.parametrize("results", ["10.0.0.1;", "type:  5 a.example;::ffff:10.0.0.1;"])
def test_an_address_among_the_results_of_a_query(results: str) -> None:
    query = f"{SYSMON} and event.code:22 and dns.resolved_ip:10.0.0.1"
    log = "Microsoft-Windows-Sysmon/Operational"
    assert in_splunk(query, {"EventCode": "22", "QueryResults": results}, log)
    assert not in_splunk(query, {"EventCode": "22", "QueryResults": "10.0.0.11;"}, log)


# XML


@pytest.mark.parametrize(
    "written",
    [
        'a & b > "c"',
        'a &amp; b &gt; "c"',
        "a &amp; b &gt; &quot;c&quot;",
    ],
)
@pytest.mark.parametrize("test", ['"a & b > \\"c\\""', "*b*c*", "*\\>*"])
def test_signs_in_splunk_may_be_as_in_xml(written: str, test: str) -> None:
    query = f"{SECURITY} and event.code:4688 and process.command_line:{test}"
    assert in_splunk(query, {"EventCode": "4688", "CommandLine": written})
    assert not in_splunk(query, {"EventCode": "4688", "CommandLine": "a + b"})


def test_signs_elsewhere_are_as_they_are() -> None:
    query = f'{SECURITY} and event.code:4688 and process.command_line:"a & b"'
    for target in ("sentinel", "sigma"):
        assert "&amp;" not in str(kqlx.convert(query, target).query)
    assert "&amp;" not in str(kqlx.convert('a.b:"a & b"', "spl", source="none").query)


XML = (
    '<EventData xmlns="http://schemas.microsoft.com/win/2004/08/events/event">'
    '<Data Name="TargetUserName">alice@CORP.LOCAL</Data>'
    '<Data Name="TicketOptions">0x40810000</Data>'
    '<Data Name="TicketEncryptionType">0x17</Data>'
    '<Data Name="ObjectDN">CN=a &amp; b,DC=corp</Data>'
    '<Data Name="AttributeLDAPDisplayName">servicePrincipalName</Data>'
    '<Data Name="Nothing">-</Data></EventData>'
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("TicketEncryptionType:0x17", True),
        ("TicketEncryptionType:0x12", False),
        ("TicketEncryptionTypeDescription:RC4-HMAC", True),
        ("AttributeLDAPDisplayName:servicePrincipal*", True),
        ('ObjectDN:"CN=a & b,DC=corp"', True),
        ('ObjectDN:"CN=a &amp; b,DC=corp"', False),
        ("ObjectDN:*a &*", True),
        ("ObjectDN:*amp*", False),
        ("Nothing:*", False),
        ("Missing:*", False),
        ("TicketOptions:*", True),
    ],
)
def test_what_has_no_column_is_taken_from_the_xml(query: str, found: bool) -> None:
    asked = f"{SECURITY} and winlog.event_data.{query}"
    row = {"EventID": 4769, "EventData": XML}
    assert in_table(asked, row) is found
    assert in_table(asked.replace("winlog", "not winlog"), row) is not found


@pytest.mark.parametrize(
    "source",
    [
        "data_stream.dataset:endpoint.events.process and event.type:start",
        f"{SYSMON} and event.code:1",
    ],
)
def test_signs_are_as_in_xml_in_every_log_of_windows(source: str) -> None:
    query = f'{source} and event.category:process and process.command_line:"a & b"'
    text = str(kqlx.convert(query, "spl", accept=["narrower", "different"]).query)
    assert "&amp;" in text


# Elastic Defend's events, as Sysmon has them in Splunk

DEFEND = "event.dataset:endpoint.events.process and host.os.type:windows and event.type:start"


@pytest.mark.parametrize(
    ("field", "column", "none"),
    [
        ("process.pe.original_file_name", "OriginalFileName", "-"),
        ("process.parent.executable", "ParentImage", "-"),
        ("process.parent.command_line", "ParentCommandLine", "-"),
        ("process.parent.entity_id", "ParentProcessGuid", "{00000000-0000-0000-0000-000000000000}"),
    ],
)
def test_what_sysmon_writes_for_none_is_no_value_of_defend(
    field: str, column: str, none: str
) -> None:
    log = "Microsoft-Windows-Sysmon/Operational"
    query = f"{DEFEND} and event.category:process and {field}:*"
    event = {"source": f"XmlWinEventLog:{log}", "EventCode": "1", column: none}

    def found(query: str, event: dict[str, str]) -> bool:
        # The ids of processes are others there, which is told of whether there is one too.
        made = kqlx.convert(query, "spl", accept=["different"])
        return SPLUNK.keeps(str(made.query), splunk_event(event, null=None), [])

    assert not found(query, event)
    assert found(query.replace(f"{field}:", f"not {field}:"), event)
    assert found(query, {**event, column: "a"})


# The table of the Security log

NO_DATA = [
    "TenantId", "TimeGenerated", "SourceSystem", "Account", "AccountType", "Computer",
    "EventSourceName", "Channel", "Task", "Level", "EventData", "EventID", "Activity",
    "StorageAccount", "AzureDeploymentID", "FilePathNoUser", "LogonTypeName", "Process",
    "SubjectAccount", "TargetAccount", "EventLevelName", "SourceComputerId",
    "ManagementGroupName", "SystemUserId", "Version", "Opcode", "Keywords", "Correlation",
    "SystemProcessId", "SystemThreadId", "EventRecordId", "Type", "_IsBillable", "_BilledSize",
    "_ResourceId", "_SubscriptionId",
]  # fmt: skip
"""Columns that hold nothing of EventData by its name."""


def test_each_column_of_event_data_is_read_as_such() -> None:
    """EventData's XML may be empty where the table has a column for each of its values."""
    (place,) = builtin("system.security").targets["sentinel"]
    columns = [name for name in known_tables()["SecurityEvent"] if name not in NO_DATA]
    unread = [name for name in columns if f"winlog.event_data.{name}" not in place.fields]
    assert columns
    assert not unread


def test_the_beginning_of_one_of_several_words() -> None:
    """PrivilegeList is a list in Elastic, one text in both targets."""
    text = "SeTcbPrivilege\n\t\tSeBackupPrivilege"
    for beginning, found in (("SeBackup", True), ("SeTcb", True), ("SeDebug", False)):
        query = f"{SECURITY} and event.code:4672 and winlog.event_data.PrivilegeList:{beginning}*"
        splunk = kqlx.convert(query, "spl", accept=("wider",))
        assert splunk.fidelity == Effect.WIDER
        event = {"source": "XmlWinEventLog:Security", "EventCode": "4672", "PrivilegeList": text}
        assert SPLUNK.keeps(str(splunk.query), splunk_event(event, null=None), []) is found
        sentinel = str(kqlx.convert(query, "sentinel", accept=("wider",)).query)
        rows = [(1, "SecurityEvent", {"EventID": 4672, "PrivilegeList": text})]
        assert (matching(sentinel, ["SecurityEvent"], rows) == {1}) is found


@pytest.mark.parametrize("negative", [False, True])
def test_the_letter_of_a_drive_is_no_sign_of_xml(negative: bool) -> None:
    """It is one character, whatever else in the path XML may write otherwise."""
    test = 'process.executable : ("?:\\\\Users\\\\*.exe", "?:\\\\A & B\\\\*")'
    query = f'process where event.code == "1" and {"not" if negative else ""} ({test})'
    made = kqlx.convert(query, "spl", language="eql", source="windows.sysmon_operational")
    assert "approximated" not in {note.code for note in made.notes}
    for path in (r".:\\\\Users\\\\.*\\.exe", r".:\\\\A & B\\\\.*", r".:\\\\A &amp; B\\\\.*"):
        assert path in str(made.query)


def test_another_sign_of_a_path_may_be_one_of_xml() -> None:
    query = 'process where event.code == "1" and process.executable : "?:\\\\a?b.exe"'
    made = kqlx.convert(query, "spl", language="eql", source="windows.sysmon_operational")
    assert "approximated" in {note.code for note in made.notes}
