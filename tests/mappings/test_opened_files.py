"""Opened files of Elastic Defend: Windows' own audit has them, other sensors the other files."""

from __future__ import annotations

import pytest

import kqlx
from kqlx.notes import Effect

ON_WINDOWS = "event.category:file and host.os.type:windows and file.name:web.config and "
ANYWHERE = ON_WINDOWS.replace("host.os.type:windows and ", "")
AUDITED = {
    "spl": 'source="XmlWinEventLog:Security" EventCode=4663',
    "sentinel": "SecurityEvent",
    "sigma": "EventID: 4663",
}
OTHERS = {
    "spl": 'source="XmlWinEventLog:Microsoft-Windows-Sysmon/Operational"',
    "sentinel": "DeviceFileEvents",
    "sigma": "category: file_event",
}
TARGETS = sorted(AUDITED)


def converted(query: str, target: str, accept: tuple[str, ...] = ()) -> kqlx.Conversion:
    return kqlx.convert(query, target, source="endpoint.events", accept=accept)


@pytest.mark.parametrize("target", TARGETS)
def test_they_are_looked_for_in_the_audit(target: str) -> None:
    made = converted(ON_WINDOWS + "event.action:open", target)
    assert AUDITED[target] in made.text
    assert OTHERS[target] not in made.text
    (note,) = (note for note in made.notes if note.effect is Effect.COVERAGE)
    assert "of files that a program read" in note.message
    assert note.hint
    assert "SACL" in str(note.hint)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("actions", ["(open or creation)", "(creation or open)"])
def test_other_actions_are_looked_for_beside_them(target: str, actions: str) -> None:
    made = converted(f"{ON_WINDOWS}event.action:{actions}", target)
    assert AUDITED[target] in made.text
    assert OTHERS[target] in made.text
    assert not [note for note in made.notes if note.effect > Effect.WIDER]


@pytest.mark.parametrize("target", TARGETS)
def test_an_action_that_neither_has_is_told(target: str) -> None:
    """Of ``access`` neither has events: that the other may have them hides nothing."""
    query = ON_WINDOWS + "event.action:(open or creation or access)"
    made = converted(query, target, ("narrower",))
    told = [n for n in made.notes if 'never holds event.action "access"' in n.message]
    assert told
    assert Effect.SAME not in {note.effect for note in told}
    told = [n for n in made.notes if 'never holds event.action "open"' in n.message]
    assert {note.effect for note in told} == {Effect.SAME}


@pytest.mark.parametrize("target", TARGETS)
def test_files_of_other_actions_are_not_looked_for_in_the_audit(target: str) -> None:
    for query in ("event.action:creation", "event.type:creation", "not event.action:open"):
        made = converted(ON_WINDOWS + query, target)
        assert AUDITED[target] not in made.text
        assert OTHERS[target] in made.text


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("actions", ["open", "(open or creation)"])
def test_on_other_systems_they_are_nowhere(target: str, actions: str) -> None:
    query = f"{ANYWHERE}event.action:{actions}"
    with pytest.raises(kqlx.UnsupportedError, match="narrower"):
        converted(query, target)
    made = converted(query, target, ("narrower",))
    assert AUDITED[target] in made.text
    assert "opened files are found on Windows only" in str(made.notes)
    with pytest.raises((kqlx.UnsupportedError, kqlx.MappingError)):
        converted(ON_WINDOWS.replace("windows", "(windows or linux)") + "event.action:open", target)


def test_in_splunk_those_of_macos_are_in_the_data_model() -> None:
    query = ON_WINDOWS.replace("windows", "(windows or macos)") + "event.action:open"
    text = converted(query, "spl").text
    assert AUDITED["spl"] in text
    assert "tag=filesystem" in text
    assert 'action="read"' in text


@pytest.mark.parametrize("target", TARGETS)
def test_steps_of_two_sensors_are_refused(target: str) -> None:
    """The numbers of processes are in hexadecimal in the Security log."""
    query = (
        'sequence by host.id, process.pid [file where host.os.type == "windows" and '
        'event.action == "open"] [network where host.os.type == "windows" and '
        'event.action == "connection_attempted"]'
    )
    with pytest.raises(kqlx.MappingError, match="different sensors"):
        kqlx.convert(query, target, source="endpoint.events", language="eql", accept=("wider",))


@pytest.mark.parametrize("target", TARGETS)
def test_what_succeeded_is_asked_for_by_all_events(target: str) -> None:
    """Other sensors do not say so, and have no events of what failed."""
    query = ON_WINDOWS + "event.action:(open or creation)"
    made = converted(query + " and event.outcome:success", target)
    assert made.query == converted(query, target).query
    assert any("event.outcome" in note.message for note in made.notes if note.effect)
    for other in ("event.outcome:failure", "not event.outcome:success"):
        with pytest.raises(kqlx.MappingError, match="what succeeded alone"):
            converted(f"{query} and {other}", target)


def test_that_sysmon_has_no_opened_files_is_told() -> None:
    made = converted(ON_WINDOWS + "not event.action:deletion", "spl")
    assert any("opened, changed or renamed files never are" in note.message for note in made.notes)
