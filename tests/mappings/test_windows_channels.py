"""Logs of Windows that have no data source of their own, and what collectors hold of others: by the
channel, or by a provider that may write to any.
"""

from __future__ import annotations

import pytest

import kqlx
from kqlx.notes import Effect
from kqlx.rules.model import Rule

WMI = "Microsoft-Windows-WMI-Activity/Operational"
BEATS = ["winlogbeat-*"]
FORWARDED = ["winlogbeat-*", "logs-windows.forwarded*", "logs-system.security*"]


def found(query: str, target: str, indices: list[str] | None = None) -> kqlx.Conversion:
    data = {"index": indices} if indices else {}
    return kqlx.convert(Rule("r", query, format="toml", data=data), target)


@pytest.mark.parametrize(
    ("target", "there"),
    [
        ("spl", f'sourcetype="XmlWinEventLog" source="XmlWinEventLog:{WMI}"'),
        ("sentinel", f'EventLog == "{WMI}"'),
        ("sentinel", f'Channel == "{WMI}"'),
        ("sigma", "service: wmi"),
    ],
)
def test_the_channel_is_the_log(target: str, there: str) -> None:
    assert there in found(f'winlog.channel:"{WMI}" and event.code:5861', target, BEATS).text


@pytest.mark.parametrize(
    ("target", "there"),
    [
        ("spl", 'source="XmlWinEventLog:Other/Operational"'),
        ("sentinel", 'EventLog == "Other/Operational"'),
        ("sigma", "Channel: 'Other/Operational'"),
    ],
)
def test_a_log_that_nobody_knows(target: str, there: str) -> None:
    assert there in found("winlog.channel:Other/Operational and event.code:1", target).text


@pytest.mark.parametrize(
    "query",
    [
        "event.code:5001",  # Windows Defender's, among others
        "event.code:(5001 or 7045)",
        "event.code:5001 and not event.provider:Other",
        "winlog.event_id:1000 and host.os.type:windows",
    ],
)
def test_numbers_of_no_known_log_are_looked_for_in_all(query: str) -> None:
    """They were searched in the logs that Winlogbeat reads by default, and never found."""
    assert 'sourcetype="XmlWinEventLog"' in (spl := found(query, "spl", BEATS).text)
    assert 'source="XmlWinEventLog:' not in spl
    sentinel = found(query, "sentinel", BEATS).text
    assert "WindowsEvent" in sentinel and "EventLog" not in sentinel
    assert "logsource:\n    product: windows\ndetection:" in found(query, "sigma", BEATS).text


def test_numbers_of_the_security_log_beside_others() -> None:
    """Sentinel keeps that log in a table of its own."""
    text = found("event.code:(4624 or 5001)", "sentinel", BEATS).text
    assert "SecurityEvent" in text and "WindowsEvent" in text


@pytest.mark.parametrize(
    ("query", "indices", "code", "effect"),
    [
        ("event.code:7045", BEATS, "source-assumed", Effect.SAME),
        ("event.code:(4624 or 1102)", BEATS, "source-assumed", Effect.SAME),
        ("host.name:x", BEATS, "source-left-out", Effect.COVERAGE),
        ("agent.type:winlogbeat and event.code:5001", BEATS, "source-left-out", Effect.COVERAGE),
        ("event.category:process and process.name:x", BEATS, "", Effect.SAME),
        ("event.code:7045", [*BEATS, "logs-system.system*"], "", Effect.SAME),
        ("event.provider:MsiInstaller and event.code:1033", BEATS, "", Effect.SAME),
    ],
)
@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_what_log_is_meant_is_told(
    query: str, indices: list[str], code: str, effect: Effect, target: str
) -> None:
    notes = kqlx.convert(
        Rule("r", query, format="toml", data={"index": indices}), target, accept=["different"]
    ).notes
    told = [(n.code, n.effect) for n in notes if "may hold any log of Windows" in n.message]
    assert told == ([(code, effect)] if code else [])


@pytest.mark.parametrize(
    ("query", "indices"),
    [
        ("event.provider:OpenSSH and event.code:4", BEATS),  # 4 is of Sysmon too
        ("event.provider:(OpenSSH or MsiInstaller) and event.code:4", BEATS),
        ("event.provider:Microsoft-Windows-DNSServer and event.code:256", BEATS),
        ("winlog.provider_name:OpenSSH", []),
        ("winlog.channel:*WMI*", BEATS),
        ("winlog.channel:Microsoft-Windows-* and event.code:1", BEATS),
    ],
)
def test_where_the_log_is_not_said_all_are_searched(query: str, indices: list[str]) -> None:
    assert 'sourcetype="XmlWinEventLog"' in found(query, "spl", indices).text
    sentinel = found(query, "sentinel", indices).text
    assert "Event\n" in sentinel and "WindowsEvent\n" in sentinel
    sigma = found(query, "sigma", indices).text
    assert "logsource:\n    product: windows\ndetection:" in sigma


@pytest.mark.parametrize(
    "provider", ["Microsoft-Windows-Sysmon", "MsiInstaller", "Microsoft-Windows-Eventlog"]
)
def test_the_channel_goes_before_the_provider(provider: str) -> None:
    """It was said that the log of the provider is never in another channel."""
    query = f"event.provider:{provider} and winlog.channel:Other/Admin and event.code:104"
    assert 'source="XmlWinEventLog:Other/Admin"' in (text := found(query, "spl", BEATS).text)
    assert f'Name="{provider}"' in text


def test_one_log_beside_another() -> None:
    text = found(f'winlog.channel:("{WMI}" or Security) and event.code:1', "spl", BEATS).text
    assert 'source="XmlWinEventLog:Security"' in text
    assert f'"XmlWinEventLog:{WMI}"' in text


@pytest.mark.parametrize(
    ("target", "there"),
    [
        ("spl", 'source="XmlWinEventLog:Application" Name="Microsoft-Windows-Audit-CVE"'),
        ("spl", 'CVEID="*CVE-2020-0601*"'),
        ("sentinel", "RenderedDescription has_all"),
        ("sentinel", 'tostring(EventData.CVEID) contains_cs "CVE-2020-0601"'),
        ("sigma", "service: application"),
        ("sigma", "CVEID|contains: 'CVE-2020-0601'"),
    ],
)
def test_records_of_vulnerabilities(target: str, there: str) -> None:
    query = 'event.provider:Microsoft-Windows-Audit-CVE and message:"[CVE-2020-0601]"'
    assert there in found(query, target, FORWARDED).text


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
@pytest.mark.parametrize(
    "query",
    [
        'event.provider:"Service Control Manager" and event.code:7045',
        "event.provider:Microsoft-Windows-PowerShell and event.code:4104",
        'winlog.channel:"Microsoft-Windows-Windows Defender/Operational" and event.code:1116',
        "event.code:4104",
    ],
)
def test_what_a_collector_holds_is_where_it_came_from(query: str, target: str) -> None:
    with_it = found(query, target, FORWARDED)
    without = found(query, target, [i for i in FORWARDED if "forwarded" not in i])
    assert with_it.query == without.query
    (told,) = [n for n in with_it.notes if "windows.forwarded " in n.message]
    assert told.effect is Effect.COVERAGE


@pytest.mark.parametrize("target", ["spl", "sigma"])
def test_names_with_blanks(target: str) -> None:
    """Elastic's agents and Splunk write _ for them; Sigma's rules spell them in several ways."""
    query = f'winlog.channel:"{WMI}" and winlog.event_data.Some_Name:x'
    if target == "spl":
        assert 'Some_Name="x"' in found(query, target).text
    else:
        with pytest.raises(kqlx.MappingError, match="writes _ of such names otherwise"):
            found(query, target)
    assert "Some[ _]Name" in found(query, "sentinel").text
