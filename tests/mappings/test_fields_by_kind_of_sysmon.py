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


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
@pytest.mark.parametrize(
    "test",
    [
        "process.pe.original_file_name:(a.exe or b.exe)",
        "not process.pe.original_file_name:(a.exe or b.exe)",
        "process.hash.md5:(0123456789abcdef or fedcba9876543210)",
    ],
)
def test_several_values_need_no_kind_that_is_asked_for(test: str, target: str) -> None:
    """Other kinds of events were excluded beside a list, and not beside a value: in Sigma the event
    IDs of Sysmon stood in the category, which may be read from another log.
    """
    query = f"event.category:process and event.type:start and {test}"
    text = str(kqlx.convert(query, target, source="windows.sysmon_operational").query)
    assert (
        text.count("Event")
        == {"spl": 2, "sentinel": text.count("EventData") + 2, "sigma": 0}[target]
    )


@pytest.mark.parametrize(
    ("query", "category"),
    [
        ("event.category:network and event.type:start and process.name:a", "network_connection"),
        ("event.category:network and event.type:info and dns.question.name:a", "dns_query"),
        ("event.category:process and event.type:end and process.name:a", "process_termination"),
        ("event.category:driver and file.path:*a*", "driver_load"),
        ("event.category:network and process.name:a", ""),
    ],
)
def test_the_category_of_the_one_kind_that_is_both(query: str, category: str) -> None:
    text = str(kqlx.convert(query, "sigma", source="windows.sysmon_operational").query)
    assert f"category: {category}\n" in text if category else "service: sysmon" in text


@pytest.mark.parametrize("system", ["windows", "linux"])
def test_hashes_of_new_files_are_looked_for_where_another_sensor_has_them(system: str) -> None:
    query = f'file where event.type == "creation" and host.os.type == "{system}" and '
    query += 'file.hash.sha256 == "ab"'
    made = kqlx.convert(query, "spl", source="endpoint.events", language="eql")
    assert "tag=filesystem" in made.text
    assert any("of Sysmon's it has created" in note.message for note in made.notes)
