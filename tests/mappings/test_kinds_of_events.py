"""Queries over several kinds of events, each in a place of its own: what is asked of each kind is
asked there, as if it stood alone.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

import kqlx
from kqlx.notes import Effect
from tests.oracles.spl.evaluator import evaluate
from tests.oracles.splunk import without_times

DELETED = "event.category:file and event.type:deletion and file.path:/etc/passwd"
STARTED = "event.category:process and event.type:start and process.name:vi"
WRITTEN = "event.category:registry and event.type:change and registry.path:*\\\\Run\\\\*"
LINUX, WINDOWS = "host.os.type:linux and ", "host.os.type:windows and "


def rule(query: str, kind: str = "query", **data: Any) -> kqlx.Rule:
    return kqlx.Rule("r", query, type=kind, data={"index": ["logs-endpoint.events.*"], **data})


def text_of(query: str, target: str) -> str:
    return kqlx.convert(query, target, source="endpoint.events").text


def rows(made: kqlx.Conversion, *events: dict[str, Any]) -> list[dict[str, Any]]:
    text = re.sub(r"\b(_index_)?(earliest|latest)=\S+\s+", "", str(made.query))
    pipeline, _ = without_times(text)
    stored = [{**event, "_time": "1", "_indextime": "1"} for event in events]
    return [dict(row) for row in evaluate(pipeline, stored, now=2)]


SYSMON = {"sourcetype": "sysmon:linux", "host": "h", "User": "u"}
FILE_DELETED = {**SYSMON, "EventID": "23", "TargetFilename": "/etc/passwd", "Image": "/usr/bin/rm"}
VI = {**SYSMON, "EventID": "1", "Image": "/usr/bin/vi"}
OTHERS = (
    {**FILE_DELETED, "TargetFilename": "/etc/group"},
    {**FILE_DELETED, "EventID": "11", "Image": "/usr/bin/vi"},
    {**VI, "EventID": "3"},
    {**VI, "Image": "/usr/bin/rm", "TargetFilename": "/etc/passwd"},
)


def test_splunk_finds_the_events_of_either_kind() -> None:
    made = kqlx.convert(rule(f"{LINUX}(({DELETED}) or ({STARTED}))"), "spl")
    assert [len(rows(made, event)) for event in (FILE_DELETED, VI, *OTHERS)] == [1, 1, 0, 0, 0, 0]
    threshold = {"field": ["host.id"], "value": 2}
    counted = rule(f"{LINUX}(({DELETED}) or ({STARTED}))", "threshold", threshold=threshold)
    assert len(rows(kqlx.convert(counted, "spl"), FILE_DELETED, VI, *OTHERS)) == 1
    assert not rows(kqlx.convert(counted, "spl"), FILE_DELETED, *OTHERS)


@pytest.mark.parametrize("kinds", [(WRITTEN, STARTED), (STARTED, WRITTEN), (WRITTEN, STARTED, "")])
def test_each_document_of_sigma_is_that_of_its_kind(kinds: tuple[str, ...]) -> None:
    more = "event.category:process and event.type:start and process.name:ed"
    alternatives = [kind or more for kind in kinds]
    whole = f"{WINDOWS}({' or '.join(f'({kind})' for kind in alternatives)})"
    made = [*yaml.safe_load_all(text_of(whole, "sigma"))]
    assert len(made) == 2
    for kind in (WRITTEN, STARTED):
        asked = " or ".join(f"({other})" for other in alternatives if other[:20] == kind[:20])
        alone = text_of(f"{WINDOWS}({asked})", "sigma")
        expected = yaml.safe_load(alone)
        (found,) = [one for one in made if one["logsource"] == expected["logsource"]]
        assert found["detection"] == expected["detection"]


def test_each_table_of_sentinel_is_asked_for_its_kind() -> None:
    text = text_of(f"{LINUX}(({DELETED}) or ({STARTED}))", "sentinel")
    assert text.startswith("union isfuzzy=true")
    for kind in (DELETED, STARTED):
        alone = text_of(f"{LINUX}{kind}", "sentinel")
        assert " ".join(alone.split()) in " ".join(text.split())


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_an_alternative_of_any_kind_is_refused(target: str) -> None:
    with pytest.raises(kqlx.MappingError, match="does not say which"):
        kqlx.convert(f"({DELETED}) or user.name:u", target, source="endpoint.events")
    with pytest.raises(kqlx.MappingError, match="does not say which"):
        kqlx.convert(f"not ({DELETED}) or ({STARTED})", target, source="endpoint.events")


def test_what_a_place_never_holds_is_told_as_it_is_alone() -> None:
    opened = "event.category:file and event.action:open and file.path:/etc/passwd"
    with pytest.raises(kqlx.UnsupportedError, match=r"never holds event\.action") as refused:
        kqlx.convert(f"{LINUX}(({opened}) or ({STARTED}))", "spl", source="endpoint.events")
    assert Effect.NARROWER in {note.effect for note in refused.value.notes}


@pytest.mark.parametrize("source", ["crowdstrike.fdr", "sentinel_one_cloud_funnel.event"])
@pytest.mark.parametrize(
    ("query", "kind"),
    [("registry.path:*Run*", "registry"), ("dns.question.name:*.example", "network")],
)
def test_fields_of_one_kind_say_which_is_asked_for(source: str, query: str, kind: str) -> None:
    asked = f"event.category:{kind} and {query}"
    made, named = (
        kqlx.convert(one, "sentinel", source=source, accept={"different"}) for one in (query, asked)
    )
    assert made.query == named.query
    with pytest.raises(kqlx.MappingError):  # of which files of several kinds of events speak
        kqlx.convert("process.args:x and file.name:y", "spl", source="m365_defender.event")


def test_steps_of_a_sequence_are_events_of_one_sensor() -> None:
    """Only Sysmon's events have the directory in Sentinel, and their machines have other IDs."""
    step = 'process where host.os.type == "linux" and event.type == "start" and '
    inside = f'[{step} process.working_directory == "/tmp"]'
    for other, refused in (
        ('process.name == "x"', True),
        ('process.working_directory == "/"', False),
    ):
        query = f"sequence by host.id with maxspan=1m {inside} [{step} {other}]"
        try:
            text = kqlx.convert(query, "sentinel", source="endpoint.events", language="eql").text
        except kqlx.MappingError as error:
            assert refused and "different sensors" in str(error)
        else:
            assert not refused and "DeviceProcessEvents" not in text


def test_records_put_together_are_no_part_of_others_in_the_same_table() -> None:
    data = {"index": ["logs-sysmon_linux.log-*", "logs-auditd_manager.auditd-*"]}
    started = "event.category:process and event.type:start"
    query = f"{LINUX}{started} and process.working_directory:/tmp"
    text = str(kqlx.convert(kqlx.Rule("r", query, data=data), "sentinel").query)
    audit, sysmon = (part for part in text.split("(Syslog\n")[1:])
    assert "AuditEvent" in audit and "Linux-Sysmon" not in audit
    assert "Linux-Sysmon" in sysmon and "AuditEvent" not in sysmon


@pytest.mark.parametrize(("system", "table"), [("linux", "Syslog"), ("windows", "WindowsEvent")])
def test_sysmon_is_asked_for_what_the_tables_of_defender_lack(system: str, table: str) -> None:
    query = f"event.category:process and event.type:start and host.os.type:{system} and {{}}"
    lacking = kqlx.convert(
        query.format("process.working_directory:*tmp*"), "sentinel", source="endpoint.events"
    )
    assert lacking.text.startswith(table)
    (note,) = [note for note in lacking.notes if note.code == "sensor-substituted"]
    assert "Sysmon" in note.message and note.effect is kqlx.notes.Effect.COVERAGE
    usual = kqlx.convert(query.format("process.name:x"), "sentinel", source="endpoint.events")
    assert usual.text.startswith("DeviceProcessEvents")


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
@pytest.mark.parametrize(
    "source",
    ["endpoint.events", "m365_defender.event", "sentinel_one_cloud_funnel.event", "cloud_defend"],
)
@pytest.mark.parametrize("kind", ["file", "registry"])
def test_types_of_other_kinds_of_events_leave_no_part_out(
    source: str, target: str, kind: str
) -> None:
    """No file or key is started, no process created."""
    if (source, kind) == ("cloud_defend", "registry"):
        return  # it has none
    created = f"event.type:creation and {kind}.path:*abc*"
    started = "event.type:start and process.name:def"
    either = f"event.category:(process or {kind}) and (({created}) or ({started}))"
    made = kqlx.convert(either, target, source=source)
    assert "abc" in made.text
    assert "def" in made.text
    assert not [note for note in made.notes if note.effect > Effect.WIDER]
    apart = f"(event.category:process and {started}) or (event.category:{kind} and {created})"
    both = kqlx.convert(apart, target, source=source)
    assert sorted(str(made.query).split()) == sorted(str(both.query).split())
