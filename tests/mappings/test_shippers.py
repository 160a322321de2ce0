"""Data sources by what people write who do not have Elastic's integrations: the index patterns and
modules of Beats, Security Onion's names, channels, providers and numbers of Windows events.
"""

from __future__ import annotations

from typing import Any

import pytest

import kqlx
from kqlx.mappings.recognition import recognise
from kqlx.notes import Effect

SECURITY, SYSMON = "system.security", "windows.sysmon_operational"
POWERSHELL = "windows.powershell_operational"


def found(query: str, *indices: str) -> list[str]:
    packs, _ = recognise(kqlx.parse(query), indices)
    return sorted(pack.source for pack in packs)


def notes(query: str, *indices: str) -> list[tuple[str, Effect]]:
    _, said = recognise(kqlx.parse(query), indices)
    return [(note.code, note.effect) for note in said]


@pytest.mark.parametrize(
    ("query", "source"),
    [
        ("winlog.channel:Security and event.code:4625", SECURITY),
        ('winlog.channel:security and event.code:"4625"', SECURITY),
        ("event.provider:Microsoft-Windows-Security-Auditing and event.code:4720", SECURITY),
        ('winlog.provider_name:"microsoft-windows-security-auditing"', SECURITY),
        ("winlog.provider_name:Microsoft-Windows-Sysmon and process.name:x", SYSMON),
        ('winlog.channel:"Microsoft-Windows-Sysmon/Operational"', SYSMON),
        ("winlog.channel:*Sysmon*", f"sysmon_linux.log {SYSMON} winlog.winlog"),
        ("event.module:sysmon and event.code:1", SYSMON),
        ("agent.type:winlogbeat and event.module:sysmon and event.code:(12 or 13)", SYSMON),
        ("event.module:security and user.name:x", SECURITY),
        ("event.module:sysmon and event.dataset:process_creation", SYSMON),
        ("event.dataset:registry_value_set and registry.path:*Run*", SYSMON),
        ("event.code:4625", SECURITY),
        ("winlog.event_id:4625 and user.name:x", SECURITY),
        ("event.code:(4624 or 4672) and not user.name:x", SECURITY),
        ("winlog.event_id:1 and process.parent.name:x", SYSMON),
        ("event.code:10 and winlog.event_data.TargetImage:*lsass.exe", SYSMON),
        ("event.code:4104 and powershell.file.script_block_text:*x*", POWERSHELL),
        ("event.code:4104", POWERSHELL),
        ("winlog.provider_name:PowerShell and event.code:400", "windows.powershell"),
        ("event.module:windows and event.code:4104", POWERSHELL),
        ("event.module:system and fileset.name:auth", "system.auth"),
        ("event.module:system and system.auth.ssh.event:Failed", "system.auth"),
        ("event.action:ssh_login and event.outcome:failure", "system.auth"),
        ("agent.type:auditbeat and event.module:auditd", "auditd_manager.auditd"),
        ("event.module:aws and fileset.name:cloudtrail", "aws.cloudtrail"),
        ("event.provider:iam.amazonaws.com and event.action:CreateUser", "aws.cloudtrail"),
        ("event.module:o365 and event.action:x", "o365.audit"),
        ("event.module:azure and fileset.name:signinlogs", "azure.signinlogs"),
        ("event.module:gsuite and event.dataset:gsuite.admin", "google_workspace.admin"),
        ("event.module:gcp and event.action:x", "gcp.audit"),
        ("data_stream.dataset:okta.system", "okta.system"),
        ("agent.type:packetbeat and event.dataset:dns", "network_traffic"),
        ("agent.type:endpoint and event.category:process", "endpoint.events"),
        ('_index:"logs-aws.cloudtrail-default" and event.action:x', "aws.cloudtrail"),
        ('event.provider:"Service Control Manager" and event.code:7045', "system.system"),
        ("event.code:7045 and winlog.event_data.ImagePath:*temp*", "system.system"),
        ("winlog.event_id:(1074 or 6006 or 6008)", "system.system"),
        ("agent.type:winlogbeat and event.dataset:system and event.code:7045", "system.system"),
        ("winlog.channel:Application and event.provider:MsiInstaller", "system.application"),
        ("event.dataset:system.system and event.provider:Microsoft-Windows-Other", "system.system"),
        ("winlog.provider_name:Microsoft-Windows-Other and winlog.channel:System", "system.system"),
        ("event.module:okta and event.dataset:okta.other", ""),
        ("event.module:zeek and event.dataset:zeek.dns", ""),
        ("event.module:system and event.dataset:user", ""),
        ("winlog.channel:Microsoft-Windows-Other/Operational and event.code:1", "winlog.winlog"),
        ("event.provider:Microsoft-Windows-Other and winlog.event_data.A:b", "winlog.winlog"),
        ("winlog.provider_name:OpenSSH and event.code:4", "winlog.winlog"),
        (
            "event.dataset:windows.forwarded and winlog.channel:System",
            "system.system windows.forwarded",
        ),
        (
            "event.dataset:windows.forwarded and winlog.channel:Other",
            "windows.forwarded winlog.winlog",
        ),
        ("event.dataset:windows.forwarded and event.code:4688", "windows.forwarded"),
        ("not event.code:4625", ""),
        ("event.code:4625 or user.name:x", ""),
        ("event.code:(4625 or nonsense)", ""),
    ],
)
def test_what_queries_name(query: str, source: str) -> None:
    assert found(query) == source.split()


def test_each_branch_may_be_of_another_log() -> None:
    provider = "event.provider:Microsoft-Windows-"
    query = f"({provider}Sysmon and event.code:1) or ({provider}Security-Auditing and a:b)"
    assert found(query) == [SECURITY, SYSMON]
    assert found(f"({provider}Sysmon and event.code:11) or event.code:4663") == [SECURITY, SYSMON]


def test_hints_are_told_as_assumptions() -> None:
    assert notes("event.code:4625") == [("source-assumed", Effect.SAME)]
    assert notes("event.module:windows and event.code:4104") == [("source-assumed", Effect.SAME)]
    assert notes("winlog.channel:Security") == []


@pytest.mark.parametrize(
    ("indices", "sources"),
    [
        (["packetbeat-*", "logs-endpoint.events.*"], ["endpoint.events", "network_traffic"]),
        (["packetbeat-7.17.*"], ["network_traffic"]),
        (["east:packetbeat-*"], ["network_traffic"]),
        ([".ds-packetbeat-8.1.0-2024.01.01-000001"], ["network_traffic"]),
        (["auditbeat-*"], ["auditd_manager.auditd"]),
        (["auditbeat-*", "logs-endpoint.events.*"], ["auditd_manager.auditd", "endpoint.events"]),
        (["logs-okta.system-*", "filebeat-*"], ["okta.system"]),
        (["*:logs-okta.system-default"], ["okta.system"]),
        (["filebeat-*"], []),
        (["filebeat-*", "winlogbeat-*", "logs-*"], []),
        (["*:so-*", "packetbeat-*"], []),
        (["heartbeat-*", "logs-okta.system-*"], ["okta.system"]),
        (["ours-packetbeat-7-*"], ["network_traffic"]),
        (["*packetbeat*"], ["network_traffic"]),
        (["ours-*", "packetbeat-*"], ["network_traffic"]),
        (["logs-zeek.*", "packetbeat-*"], ["network_traffic", "zeek"]),
        (["ours-*"], []),
    ],
)
def test_index_patterns_of_beats(indices: list[str], sources: list[str]) -> None:
    assert found("user.name:x", *indices) == sources


def test_winlogbeat_ships_the_logs_of_windows() -> None:
    every = found("user.name:x", "winlogbeat-*")
    assert {SECURITY, SYSMON, POWERSHELL, "windows.powershell"} <= {*every}
    assert found("event.code:4720", "winlogbeat-*") == [SECURITY]
    assert found("event.code:4720", "winlogbeat-7.*", "east:winlogbeat-*") == [SECURITY]
    assert SECURITY in found("user.name:x", "winlogbeat-*", "logs-endpoint.events.*")


@pytest.mark.parametrize(
    ("query", "indices", "told"),
    [
        (
            "user.name:x",
            ["filebeat-*", "logs-endpoint.events.*"],
            [("source-left-out", Effect.NARROWER)],
        ),
        ("user.name:x", ["filebeat-*", "logs-okta.system-*"], [("source-assumed", Effect.SAME)]),
        ("event.category:file", ["auditbeat-*"], [("source-left-out", Effect.NARROWER)]),
        (
            "event.category:file",
            ["auditbeat-*", "logs-endpoint.events.*"],
            [("source-left-out", Effect.COVERAGE)],
        ),
        ("event.category:driver", ["auditbeat-*", "logs-endpoint.events.*"], []),
        ("user.name:x", ["packetbeat-*", "logs-endpoint.events.*"], []),
        ("a:1", ["logs-*", "logs-okta.system-*"], [("source-assumed", Effect.SAME)]),
        ("a:1", ["packetbeat-*", "logs-snort.*"], [("source-left-out", Effect.NARROWER)]),
        ("a:1", ["packetbeat-*", "ours-*"], [("source-left-out", Effect.SAME)]),
        ("event.code:4625", ["ours-*"], [("source-assumed", Effect.SAME)]),
        ("event.code:4625", ["logs-other.log-*"], []),
        ("event.category:process", ["ours-*"], []),
    ],
)
def test_what_beats_may_hold_besides_is_told(
    query: str, indices: list[str], told: list[tuple[str, Effect]]
) -> None:
    assert notes(query, *indices) == told


def test_network_traffic_is_not_sysmon_alone() -> None:
    rule = kqlx.Rule(
        name="Large upload",
        query="event.category:(network or network_traffic) and destination.port:3389",
        data={"index": ["packetbeat-*", "logs-endpoint.events.*"]},
    )
    result = kqlx.convert(rule, "spl")
    assert result.source == "endpoint.events, network_traffic"
    assert "Sysmon" in str(result.query)
    assert "tag=network tag=communicate dest_port=3389" in str(result.query)


def test_what_a_beat_may_ship_is_done_without() -> None:
    """A field that one of a Beat's sources lacks does not stop the others."""
    rule = kqlx.Rule(
        name="Parent",
        query="event.category:process and event.type:start and host.os.type:linux "
        "and process.parent.name:x",
        data={"index": ["auditbeat-*", "logs-endpoint.events.*"]},
    )
    result = kqlx.convert(rule, "spl")
    assert result.source == "endpoint.events"
    assert result.fidelity is Effect.COVERAGE or result.fidelity is Effect.WIDER
    assert any("auditd_manager.auditd is left out" in note.message for note in result.notes)


@pytest.mark.parametrize(
    ("query", "same_as"),
    [
        (
            "event.module:sysmon and event.dataset:process_creation and process.name:x",
            "event.dataset:windows.sysmon_operational and event.code:1 and process.name:x",
        ),
        (
            "agent.type:winlogbeat and event.module:security and event.code:4625",
            "event.dataset:system.security and event.code:4625",
        ),
        (
            "event.module:sysmon and event.type:process_start and process.name:x",
            "event.dataset:windows.sysmon_operational and event.code:1 and process.name:x",
        ),
        (
            "event.dataset:gsuite.login and event.action:x",
            "event.dataset:google_workspace.login and event.action:x",
        ),
        (
            "event.module:system and fileset.name:auth and event.action:ssh_login",
            "event.dataset:system.auth and event.action:ssh_login",
        ),
        (
            '_index:"winlogbeat-*" and winlog.channel:Security and event.code:4625',
            "event.dataset:system.security and event.code:4625",
        ),
    ],
)
@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_their_words_mean_the_same(query: str, same_as: str, to: str) -> None:
    options: Any = {"unmapped": "keep"}
    assert kqlx.convert(query, to, **options).query == kqlx.convert(same_as, to, **options).query


def test_another_module_below_a_not_stays_false() -> None:
    query = "event.dataset:windows.sysmon_operational and process.name:x and not event.module:{}"
    with_module = kqlx.convert(query.format("sysmon"), "spl")
    assert with_module.query == kqlx.convert(query.format("other"), "spl").query


def test_the_system_log_of_windows() -> None:
    query = 'event.dataset:system.system and event.provider:"Service Control Manager" '
    query += "and event.code:7045 and winlog.event_data.ImagePath:*temp*"
    spl = str(kqlx.convert(query, "spl").query)
    assert spl.startswith('source="XmlWinEventLog:System" Name="Service Control Manager"')
    assert 'ImagePath="*temp*"' in spl
    sentinel = str(kqlx.convert(query, "sentinel").query)
    assert '(Event\n    | where EventLog == "System"' in sentinel
    assert '(WindowsEvent\n    | where Channel == "System"' in sentinel  # what was forwarded
    assert 'Source == "Service Control Manager"' in sentinel
    assert "EventID == 7045" in sentinel
    assert 'Name="ImagePath"' in sentinel
    sigma = str(kqlx.convert(query, "sigma").query)
    assert "service: system" in sigma
    assert "Provider_Name: 'Service Control Manager'" in sigma


def test_the_application_log_of_windows() -> None:
    query = "winlog.channel:Application and event.provider:MsiInstaller and event.code:1033"
    assert "XmlWinEventLog:Application" in str(kqlx.convert(query, "spl").query)
    assert 'EventLog == "Application"' in str(kqlx.convert(query, "sentinel").query)
    with pytest.raises(kqlx.MappingError, match="are unnamed"):
        kqlx.convert(f"{query} and winlog.event_data.param1:x", "spl")


def test_a_rule_that_reads_forwarded_events_keeps_them() -> None:
    streams = ("logs-system.security*", "logs-windows.forwarded*")
    query = "winlog.channel:Security and event.code:1102"
    assert found(query, *streams) == [SECURITY, "windows.forwarded"]
    assert found(query, "logs-system.security*") == [SECURITY]
    assert found(query) == [SECURITY]


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_sessions_of_several_sensors_are_read_once_and_each_is_told(to: str) -> None:
    streams = ["logs-network_traffic.*", "logs-pfsense.log-*", "logs-zeek.*", "logs-corelight.*"]
    query = (
        "(data_stream.dataset:(network_traffic.flow or zeek.connection) or event.category:network)"
        " and network.transport:udp and destination.port:4500"
    )
    rule = kqlx.Rule("r", query, data={"index": streams})
    conversion = kqlx.convert(rule, to)
    place = {"spl": "tag=communicate", "sentinel": "_Im_NetworkSession"}[to]
    assert conversion.text.count(place) == 1
    told = " ".join(note.message for note in conversion.notes if note.effect is Effect.COVERAGE)
    assert all(name in told for name in ("Elastic captures", "pfSense logs", "Zeek's connections"))
    (covered,) = [note.message for note in conversion.notes if note.code == "several-sources"]
    assert covered.endswith("converted: network_traffic, pfsense.log, zeek")


@pytest.mark.parametrize("test", ["zeek.connection.state:SF", "source.bytes > 1000"])
def test_what_only_zeek_knows_of_a_session_is_refused(test: str) -> None:
    with pytest.raises(kqlx.KqlxError, match="has no counterpart"):
        kqlx.convert(f"event.dataset:zeek.connection and {test}", "sentinel")
