"""Rules that list the actions of several sensors, one of them as a pattern: a source is asked for
those that it knows, and one that has none of them is left out without loss.
"""

from __future__ import annotations

import pytest

import kqlx

ACTIONS = 'event.action like ("exec", "start", "executed", "Process Create*")'
STARTED = f'process where event.type == "start" and {ACTIONS} and process.name : "trufflehog"'
INDEX = [
    "logs-auditd_manager.auditd-*",
    "logs-system.security*",
    "logs-windows.forwarded*",
    "logs-windows.sysmon_operational-*",
]


def converted(target: str, query: str = STARTED) -> kqlx.Conversion:
    return kqlx.convert(
        kqlx.Rule("r", query, language="eql", type="eql", data={"index": INDEX}), target
    )


@pytest.mark.parametrize(
    ("target", "sysmon", "audit"),
    [
        ("spl", "EventCode=1", "SYSCALL"),
        ("sentinel", "EventID == 1", "SyslogMessage"),
        ("sigma", "category: process_creation", "SYSCALL"),
    ],
)
def test_a_pattern_of_actions_is_asked_where_a_source_has_one(
    target: str, sysmon: str, audit: str
) -> None:
    made = converted(target)
    assert sysmon in made.text
    assert audit in made.text
    left = [note.message for note in made.notes if note.code == "source-left-out"]
    assert len(left) == 2
    assert all("never matches" in message for message in left), left


def test_a_pattern_asserts_the_values_that_fit_it() -> None:
    """Of the audit framework's actions ``execute*`` is ``executed`` alone, which is a system call:
    a record of the call says all that is asked for.
    """
    query = 'process where event.action like "execute*" and process.name == "nc"'
    plain = query.replace('like "execute*"', '== "executed"')
    index = {"index": ["logs-auditd_manager.auditd-*"]}
    for target in ("spl", "sentinel", "sigma"):
        texts = [
            str(
                kqlx.convert(
                    kqlx.Rule("r", one, language="eql", type="eql", data=index), target
                ).query
            )
            for one in (query, plain)
        ]
        assert texts[0] == texts[1]
