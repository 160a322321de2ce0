"""Rules for macOS beside other systems, whose events are in two places of Splunk: Sysmon's, and for
macOS those of the data model Endpoint. Both are searched, and each event is found once.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

import kqlx
from kqlx.notes import Effect
from tests.oracles.spl.evaluator import evaluate
from tests.oracles.splunk import without_times

STARTED = "event.category:process and event.type:start"
CURL = "process.name:(curl or curl.exe)"
ANY_SYSTEM = f"{STARTED} and host.os.type:(windows or linux or macos) and {CURL}"
SYSMON = "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational"
WINDOWS = {
    **{"source": SYSMON, "EventCode": "1", "EventID": "1", "Image": r"C:\x\curl.exe"},
    **{"process_name": "curl.exe", "process": "curl.exe x", "CommandLine": "curl.exe x"},
    **{"tag": ["process", "report"], "process_path": r"C:\x\curl.exe", "host": "w", "dest": "w"},
}
LINUX = {
    **{"sourcetype": "sysmon:linux", "EventID": "1", "Image": "/usr/bin/curl"},
    **{"process_name": "curl", "process": "curl x", "CommandLine": "curl x"},
    **{"tag": ["process", "report"], "process_path": "/usr/bin/curl", "host": "l", "dest": "l"},
}
MACOS = {
    **{"sourcetype": "any", "process_name": "curl", "process": "curl x", "dest": "m"},
    **{"tag": ["process", "report"], "process_path": "/usr/bin/curl", "host": "f"},
}
EVENTS = {"windows": WINDOWS, "linux": LINUX, "macos": MACOS}


def rule(query: str, kind: str = "query", **data: Any) -> kqlx.Rule:
    data = {"index": ["logs-endpoint.events.*"], **data}
    return kqlx.Rule("r", query, type=kind, data=data)


def rows(made: kqlx.Conversion, *events: dict[str, Any]) -> list[dict[str, Any]]:
    text = re.sub(r"\b(_index_)?(earliest|latest)=\S+\s+", "", str(made.query))
    pipeline, _ = without_times(text)
    stored = [{**event, "_time": "1", "_indextime": "1"} for event in events]
    return [dict(row) for row in evaluate(pipeline, stored, now=2)]


@pytest.mark.parametrize(
    "systems", [("windows", "linux", "macos"), ("linux", "macos"), ("windows", "macos"), ("macos",)]
)
def test_each_event_is_found_once(systems: tuple[str, ...]) -> None:
    query = f"{STARTED} and host.os.type:({' or '.join(systems)}) and {CURL}"
    made = kqlx.convert(rule(query), "spl")
    for system, event in EVENTS.items():
        # Sysmon's events of Linux are mapped to the data model as well.
        alone = systems == ("macos",) and system == "linux"
        assert len(rows(made, event)) == (system in systems or alone), system


def test_events_of_both_places_are_counted_together() -> None:
    threshold = {"field": ["user.name"], "value": 3}
    made = kqlx.convert(rule(ANY_SYSTEM, "threshold", threshold=threshold), "spl")
    users = [{**event, "User": "u", "user": "u"} for event in EVENTS.values()]
    (row,) = rows(made, *users)
    assert row["event_count"] == "3"


def test_new_terms_are_those_of_both_places() -> None:
    new = {"new_terms_fields": ["host.id"], "history_window_start": "now-5d"}
    made = kqlx.convert(rule(ANY_SYSTEM, "new_terms", **new), "spl")
    assert {row["host_id"] for row in rows(made, *EVENTS.values())} == {"w", "l", "m"}


@pytest.mark.parametrize(
    ("tags", "joined"), [(["OS: macOS", "OS: Linux"], True), (["OS: Linux"], False), ([], False)]
)
def test_tags_say_what_a_query_does_not(tags: list[str], joined: bool) -> None:
    made = kqlx.convert(rule(f"{STARTED} and process.name:curl", tags=tags), "spl")
    assert [*map(len, (rows(made, MACOS), rows(made, LINUX)))] == [joined, 1]


def test_what_the_data_model_lacks_is_lost_and_refused() -> None:
    for more in ("process.pe.original_file_name:curl", "not event.action:exec"):
        with pytest.raises(kqlx.UnsupportedError, match=r'never holds host\.os\.type "macos"'):
            kqlx.convert(rule(f"{ANY_SYSTEM} and {more}"), "spl")
    query = "event.category:process and event.type:(start or end) and host.os.type:(linux or macos)"
    notes = kqlx.convert(rule(query), "spl").notes
    (told,) = [note for note in notes if 'never holds event.type "end"' in note.message]
    assert told.effect is Effect.COVERAGE


def test_no_note_says_that_a_system_is_lost() -> None:
    made = kqlx.convert(rule(ANY_SYSTEM), "spl")
    effects = {note.effect for note in made.notes if "host.os.type" in note.message}
    assert effects == {Effect.SAME, Effect.WIDER}
