"""Rules of sequences in Splunk's formats: over which time they look, what is new, and what an alert
says.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import kqlx
from kqlx.notes import Effect
from tests.oracles.loaders import saved_search_problems, stanzas
from tests.oracles.spl.evaluator import evaluate
from tests.oracles.spl.reader import parse_search
from tests.oracles.splunk_tools import app_problems, detection_problems

NOW = 1_700_000_000
MINUTE = 60

LOGONS = """
sequence by host.name, source.ip with maxspan=10m
  [authentication where event.outcome == "failure"] with runs=3
  [authentication where event.outcome == "success"]
"""
CHILDREN = """
sequence by host.id with maxspan=5m
  [process where event.type == "start" and process.name == "certutil.exe"] by process.entity_id
  [network where destination.port == 443] by process.entity_id
"""
UNTIL = """
sequence by user.name with maxspan=1h
  [any where event.action == "a"]
  ![any where event.action == "m"]
  [any where event.action == "b"]
  until [any where event.action == "u"]
"""
NO_SPAN = 'sequence by user.name [any where event.action == "a"] [any where event.action == "b"]'
SAMPLE = 'sample by user.name [any where event.action == "a"] [any where event.action == "b"]'

ALL = (LOGONS, CHILDREN, UNTIL, NO_SPAN, SAMPLE)


def convert(query: str, format: str = "query", **data: Any) -> kqlx.Conversion:
    table = {"timestamp_override": "event.ingested", "from": "now-9m", **data}
    rule = kqlx.Rule(
        name="Sequence of ours", query=query, language="eql", type="eql", data=table, id="s-1"
    )
    options: dict[str, Any] = {} if "index" in data else {"source": "none"}
    return kqlx.convert(rule, "spl", format=format, accept=("narrower", "different"), **options)


def stanza(query: str, **data: Any) -> dict[str, str]:
    (settings,) = stanzas(convert(query, "savedsearches", **data).text).values()
    return settings


@pytest.mark.parametrize("query", ALL)
def test_splunks_reader_takes_them(query: str) -> None:
    each: tuple[dict[str, Any], ...] = ({}, {"timestamp_override": None})
    for data in each:
        text = convert(query, "savedsearches", **data).text
        assert not [*saved_search_problems(text)]
        assert not parse_search(str(convert(query, **data).query)).doubtful


def test_splunks_own_tools_take_them(tmp_path: Path) -> None:
    made = [convert(query, "escu").text for query in ALL]
    assert detection_problems(made) == [[] for _ in made]
    made = [convert(query, "savedsearches").text for query in ALL]
    assert app_problems(made, tmp_path) == [[] for _ in made]


def test_the_window_covers_look_back_span_and_late_events() -> None:
    found = stanza(LOGONS)
    assert found["dispatch.earliest_time"] == "-25h@m"  # 9 and 10 minutes, and a day
    assert found["dispatch.latest_time"] == "+2d"
    assert "dispatch.index_earliest" not in found
    assert '_indextime>=relative_time(now(), "-9m@m")' in found["search"]
    found = stanza(LOGONS, timestamp_override=None)
    assert (found["dispatch.earliest_time"], found["dispatch.latest_time"]) == ("-19m@m", "now")
    assert '| where _time>=relative_time(now(), "-9m@m")' in found["search"]


@pytest.mark.parametrize("query", [NO_SPAN, SAMPLE])
def test_without_a_span_the_look_back_is_the_limit(query: str) -> None:
    found = stanza(query)
    assert found["dispatch.index_earliest"] == "-9m@m"
    assert "relative_time" not in found["search"]
    assert "_index_earliest=-9m@m" in yaml.safe_load(convert(query, "escu").text)["search"]
    assert "sequence-window" in {note.code for note in convert(query).notes}


def test_a_sequence_is_told_when_its_last_event_is_new() -> None:
    """Its first events may be older than the look-back, and may have arrived before it."""
    search = parse_search(stanza(LOGONS)["search"])

    def logon(ago: int, outcome: str, arrived: int | None = None) -> dict[str, Any]:
        at = NOW - ago
        fields = {"event.category": "authentication", "event.outcome": outcome}
        fields |= {"host.name": "h", "source.ip": "1.2.3.4", "_raw": f"{ago} {outcome}"}
        indexed = at if arrived is None else NOW - arrived
        return {**fields, "_time": str(at), "_indextime": str(indexed)}

    failures = [logon(ago * MINUTE, "failure") for ago in (15, 14, 13)]
    for last, told in (
        (logon(8 * MINUTE, "success"), True),
        (logon(10 * MINUTE, "success"), False),  # by an earlier run
        (logon(10 * MINUTE, "success", arrived=2 * MINUTE), True),
        (logon(4 * MINUTE, "success"), False),  # past the span
        (logon(8 * MINUTE, "success", arrived=0), False),  # while the search runs: by the next
    ):
        found = evaluate(search, [*failures, last], now=NOW)
        assert bool(found) is told, last
        for one in found:
            assert (one["host_name"], one["source_ip"]) == ("h", "1.2.3.4")
            assert float(str(one["firstTime"])) == NOW - 15 * MINUTE
            assert len(str(one["event_hash"])) == 32


def test_an_alert_is_one_for_a_sequence() -> None:
    found = stanza(LOGONS)
    assert found["alert.suppress.fields"] == "event_hash"
    assert found["alert.suppress.period"] == "540s"
    assert stanza(SAMPLE)["alert.suppress.fields"] == "user_name"
    own = {"alert_suppression": {"group_by": ["host.name"], "duration": {"value": 5, "unit": "h"}}}
    found = stanza(LOGONS, **own)
    assert found["alert.suppress.fields"] == "host_name"
    assert found["alert.suppress.period"] == "18000s"


def test_the_keys_are_what_an_alert_is_about() -> None:
    risk = stanza(LOGONS)["action.risk.param._risk"]
    assert '"risk_object_field": "host_name"' in risk
    assert '"threat_object_field": "source_ip"' in risk


def test_the_drilldown_finds_the_events() -> None:
    (one,) = yaml.safe_load(convert(LOGONS, "escu").text)["drilldown_searches"]
    assert 'host_name="$host_name$" source_ip="$source_ip$"' in one["search"]
    assert one["search"].endswith("| where _time>=$firstTime$ AND _time<=$lastTime$")
    assert "streamstats" not in one["search"]
    assert "relative_time" not in one["search"]


def test_what_undoes_a_sequence_has_the_opposite_effect() -> None:
    """What is found too much there is a sequence too few."""
    first = '[process where event.type == "start" and process.name == "a.exe"]'
    last = '[process where event.type == "start" and process.name == "b.exe"]'
    query = f"sequence by host.id with maxspan=1h {first} {{}}"
    step = '[process where event.type == "start" and process.args : "x*y"]'
    index = ["logs-windows.sysmon_operational-*"]

    def effects(query: str) -> set[Effect]:
        notes = convert(query, index=index).notes
        return {note.effect for note in notes if "process.args" in note.message}

    here = effects(query.format(f"{step} {last}"))
    assert {Effect.WIDER, Effect.NARROWER} & here
    for form in (f"!{step} {last}", f"{last} until {step}"):
        other = effects(query.format(form))
        assert (Effect.WIDER in here) == (Effect.NARROWER in other)
        assert (Effect.NARROWER in here) == (Effect.WIDER in other)


def test_tstats_has_no_order() -> None:
    with pytest.raises(kqlx.UnsupportedError, match="without their order") as error:
        convert(LOGONS, "tstats")
    assert error.value.code == "several-events"


def test_a_tiebreaker_is_told() -> None:
    notes = convert(NO_SPAN, tiebreaker_field="event.sequence").notes
    assert ("sequence-ties", Effect.NARROWER) in {(note.code, note.effect) for note in notes}


def test_an_alert_names_what_its_earlier_events_are_about() -> None:
    """Of the very events of the sequence, and not of others of its steps."""
    query = """
    sequence by host.name with maxspan=5m
      [any where event.action == "a" and not user.name == "nobody"] with runs=2
      [any where event.action == "b" and process.executable != "x"] with runs=2
      [any where event.action == "c" and destination.ip != "::1"]
    """
    settings = stanza(query)
    assert '"risk_object_field": "step1_user_name"' in settings["action.risk.param._risk"]
    search = parse_search(settings["search"])

    def found(*events: dict[str, str]) -> dict[str, Any]:
        rows = [
            {**one, "host.name": "h", "_raw": str(place), "_indextime": str(NOW - 1)}
            | {"_time": str(NOW - 60 + place)}
            for place, one in enumerate(events)
        ]
        (one,) = evaluate(search, rows, now=NOW)
        return one

    a, b, c = ({"event.action": kind} for kind in "abc")
    row = found(a, {**a, "user.name": "old"}, {**a, "user.name": "new"}, b, b, c)
    assert row["step1_user_name"] == "new"
    assert "step2_process_executable" not in row
    row = found({**a, "user.name": "old"}, a, b, {**b, "process.executable": "p"}, c)
    assert "step1_user_name" not in row
    assert row["step2_process_executable"] == "p"


def test_what_arrives_while_a_search_runs_is_told_once() -> None:
    """Two runs whose windows touch, of a rule whose alerts are not throttled."""
    found = stanza(LOGONS, **{"from": "now-5m", "interval": "5m"})
    assert "alert.suppress" not in found
    search = parse_search(found["search"])
    failures = [
        {"_time": str(NOW - 60 + n), "_indextime": str(NOW), "event.outcome": "failure"}
        for n in range(3)
    ]
    last = {"_time": str(NOW - 30), "_indextime": str(NOW), "event.outcome": "success"}
    shared = {"event.category": "authentication", "host.name": "h", "source.ip": "1", "_raw": "x"}
    events = [{**shared, **event} for event in (*failures, last)]
    minute = NOW - NOW % MINUTE
    runs = [evaluate(search, events, now=minute + 60 * ahead) for ahead in range(0, 20, 5)]
    assert sum(map(len, runs)) == 1


def test_pipes_are_kept_without_a_note() -> None:
    found = convert(f"{NO_SPAN} | tail 2")
    assert "| tail 2\n| reverse" in str(found.query)
    assert "pipe-left-out" not in {note.code for note in found.notes}
    query = 'any where user.name == "a" | tail 2'
    single = kqlx.convert(query, "spl", language="eql", source="none")
    assert "pipe-left-out" in {note.code for note in single.notes}


@pytest.mark.parametrize(("behind", "told"), [(True, True), (False, False)])
def test_what_may_still_come_is_told(behind: bool, told: bool) -> None:
    there, missing = '[any where event.action == "a"]', '![any where event.action == "b"]'
    steps = f"{there} {missing}" if behind else f"{missing} {there}"
    notes = convert(f"sequence by user.name with maxspan=1h {steps}", "savedsearches").notes
    assert any("may still come" in note.message for note in notes) is told
