"""The logs of Linux that Elastic's System integration reads, beside that of Windows."""

from __future__ import annotations

import pytest

import kqlx
from kqlx.mappings.recognition import recognise

AUTH = "event.dataset:system.auth and "


@pytest.mark.parametrize(
    ("query", "indices", "sources"),
    [
        ("user.name:x", ("logs-system.auth-*", "filebeat-*"), ["system.auth"]),
        ("system.auth.ssh.method:password", (), ["system.auth"]),
        ("event.dataset:system.syslog", ("filebeat-*",), ["system.syslog"]),
        ("user.name:x", ("logs-system.syslog-*",), ["system.syslog"]),
        (
            "user.name:x",
            ("logs-system.*",),
            [f"system.{log}" for log in ("application", "auth", "security", "syslog", "system")],
        ),
    ],
)
def test_they_are_told_apart(query: str, indices: tuple[str, ...], sources: list[str]) -> None:
    packs, _ = recognise(kqlx.parse(query), indices)
    assert sorted(pack.source for pack in packs) == sources


@pytest.mark.parametrize(
    ("query", "to", "there"),
    [
        ("event.action:ssh_login and event.outcome:success", "spl",
         '_raw="*: Accepted * for * from * port * ssh2*"'),
        ("event.action:ssh_login and event.outcome:success and user.name:x", "spl", 'user="x"'),
        ("event.action:ssh_login and source.ip:10.0.0.0/8", "spl", 'src="10.0.0.0/8"'),
        ("event.action:ssh_login and event.outcome:success", "sentinel",
         'SyslogMessage matches regex "(?s)^Accepted .* for .* from .* port .* ssh2"'),
        ("event.category:process and user.name:x", "sentinel",
         'SyslogMessage matches regex "(?s)^x : .*COMMAND=|  x : .*COMMAND="'),
        ("event.action:user-created", "sentinel", 'SyslogMessage startswith_cs "new user: name="'),
    ],
)  # fmt: skip
def test_what_becomes_of_a_line(query: str, to: str, there: str) -> None:
    assert there in str(kqlx.convert(AUTH + query, to=to).query).replace("\n    ", " ")


@pytest.mark.parametrize(
    ("to", "there"),
    [
        ("spl", 'EventCode=104 Name="Microsoft-Windows-Eventlog"'),
        ("sentinel", '| where Source == "Microsoft-Windows-Eventlog" | where EventID == 104'),
        ("sigma", "EventID: 104"),
    ],
)
def test_the_task_of_a_cleared_log_is_its_event(to: str, there: str) -> None:
    query = "event.dataset:system.system and event.action:"
    found = kqlx.convert(f'{query}"Log clear"', to=to).query
    assert there in " ".join(str(found).split())
    # The name that the pipeline of the Security log gives.
    assert found == kqlx.convert(f'{query}(audit-log-cleared or "Log clear")', to=to).query
    with pytest.raises(kqlx.MappingError, match=r"event\.action has no counterpart"):
        kqlx.convert(f'{query}"Another task"', to=to)


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_another_name_of_a_login_is_no_gap(to: str) -> None:
    """Rules name the action of the Linux audit framework beside that of this log."""
    both = kqlx.convert(f"{AUTH}event.action:(ssh_login or user_login)", to=to)
    assert both.query == kqlx.convert(f"{AUTH}event.action:ssh_login", to=to).query


@pytest.mark.parametrize("to", ["spl", "sentinel"])
@pytest.mark.parametrize("action", ["service-stop", "a-later-one"])
def test_an_action_that_is_not_known_is_refused_not_denied(action: str, to: str) -> None:
    with pytest.raises(kqlx.MappingError, match="has no counterpart"):
        kqlx.convert(f"{AUTH}event.action:{action}", to=to)


def test_sigma_looks_for_keywords_in_a_line() -> None:
    found = kqlx.convert(AUTH + "event.action:ssh_login", to="sigma").text
    assert "service: sshd" in found and "Accepted * for * from" in found


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_events_of_windows_are_not_looked_for_in_them(to: str) -> None:
    packs, _ = recognise(kqlx.parse("a:1"), ("logs-system.*",))
    for pack in packs:
        if pack.source in ("system.auth", "system.syslog"):
            query = (
                f"event.dataset:{pack.source} and event.provider:x and winlog.logon.type:Network"
            )
            with pytest.raises(kqlx.MappingError, match="never matches"):
                kqlx.convert(query, to=to)


SYSLOG = "event.dataset:system.syslog and "


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("message:bpf_probe_write_user", "- 'bpf_probe_write_user'"),
        ('message:"cut here"', "'|all':\n            - 'cut'\n            - 'here'"),
        ("process.name:kernel", "- ' kernel:'\n        - ' kernel['"),
        ("host.os.type:linux and message:(a1 or b2)", "- 'a1'\n        - 'b2'"),
    ],
)
def test_words_of_a_line_are_keywords_in_sigma(query: str, there: str) -> None:
    assert there in kqlx.convert(SYSLOG + query, "sigma").text


def test_below_a_not_words_of_a_line_are_left_out() -> None:
    found = kqlx.convert(f"{SYSLOG}process.name:cron and not message:foo", "sigma")
    assert "foo" not in found.text.partition("detection:")[2]
    assert any("dropped under `not`" in note.message for note in found.notes)
