"""What Sysmon records of one kind of events alone is not looked for in the others, where it would
never be found (https://learn.microsoft.com/sysinternals/downloads/sysmon#events).
"""

from __future__ import annotations

import pytest

import kqlx

LACKING = {
    'process where event.type == "end" and host.os.type == "{}" and process.command_line : "*x*"': [
        "spl"
    ],
    'process where event.action == "end" and host.os.type == "{}" and process.parent.name : "x"': [
        "spl"
    ],
    'file where event.type == "creation" and host.os.type == "{}" and file.hash.sha256 == "ab"': [
        "spl"
    ],
    'registry where event.type == "deletion" and host.os.type == "windows" and '
    'registry.data.strings : "x"': ["spl", "sigma"],
    'registry where event.action == "creation" and host.os.type == "windows" and '
    'registry.data.strings : "x"': ["spl", "sigma"],
}


@pytest.mark.parametrize("system", ["windows", "linux"])
@pytest.mark.parametrize(
    ("query", "target"), [(query, target) for query, all in LACKING.items() for target in all]
)
def test_what_its_event_lacks_has_no_counterpart(query: str, target: str, system: str) -> None:
    with pytest.raises(kqlx.MappingError, match=r"Sysmon (records|has)"):
        kqlx.convert(query.format(system), target, source="endpoint.events", language="eql")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ('process where event.type == "start" and process.command_line : "*x*"', "CommandLine"),
        ('process where event.type in ("start", "end") and process.args : "x"', "CommandLine"),
        ('process where event.type == "end" and process.name : "x"', "process_name"),
        ('file where event.type == "deletion" and file.hash.sha256 == "ab"', "SHA256=ab"),
        (
            'registry where event.type in ("creation", "change") and registry.data.strings : "x"',
            "x",
        ),
    ],
)
def test_of_the_others_it_is_looked_for(query: str, text: str) -> None:
    query = query.replace(" where ", ' where host.os.type == "windows" and ')
    made = kqlx.convert(query, "spl", source="endpoint.events", language="eql")
    assert text in str(made.query)
