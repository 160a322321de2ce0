"""``kqlx test`` and the other commands on rules in EQL about several events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import kqlx

QUERY = """sequence by user.name with maxspan=5m
  [authentication where event.outcome == "failure"] with runs=2
  [authentication where event.outcome == "success"]
until [authentication where event.outcome == "unknown"]
"""


def rule(tmp_path: Path, query: str = QUERY, more: str = "") -> Path:
    path = tmp_path / "rule.toml"
    path.write_text(
        '[rule]\nname = "a rule"\ntype = "eql"\nlanguage = "eql"\n'
        f'{more}\nquery = """\n{query}"""\n'
    )
    return path


def logon(time: str, outcome: str, user: str, **more: Any) -> str:
    event = {"category": ["authentication"], "outcome": outcome}
    return json.dumps(
        {"@timestamp": f"2026-01-01T00:{time}Z", "event": event} | more | user_of(user)
    )


def user_of(name: str) -> dict[str, Any]:
    return {"user.name": name} if name else {}


EVENTS = [
    logon("00:01", "failure", "ada"),
    logon("00:02", "failure", "bob"),
    logon("00:03", "failure", "ada"),
    logon("00:04", "success", "ada"),
    logon("00:05", "failure", ""),
    logon("06:00", "failure", "ada"),
]


def test_sequences_are_printed_with_their_events(tmp_path: Path) -> None:
    run = kqlx("test", rule(tmp_path), input="\n".join(EVENTS))
    assert (run.returncode, run.stderr) == (0, "")
    texts = ",".join(EVENTS[place] for place in (0, 2, 3))
    assert run.stdout == f'{{"join_keys":["ada"],"events":[{texts}]}}\n'
    assert json.loads(run.stdout)["join_keys"] == ["ada"]
    run = kqlx("test", rule(tmp_path), "--count", input="\n".join(EVENTS))
    assert (run.returncode, run.stdout) == (0, "1\n")


def test_hits_of_a_search_stay_as_they_are(tmp_path: Path) -> None:
    hits = [json.dumps({"_index": "i", "_source": json.loads(event)}) for event in EVENTS]
    run = kqlx("test", rule(tmp_path), input="\n".join(hits))
    assert [event["_index"] for event in json.loads(run.stdout)["events"]] == ["i"] * 3


def test_exceptions_hold_for_single_events(tmp_path: Path) -> None:
    filters = 'filters = [{meta = {negate = true}, query = {match_phrase = {"host.name" = "x"}}}]'
    events = [EVENTS[0], logon("00:03", "failure", "ada", host={"name": "x"}), *EVENTS[3:]]
    for more, count in (("", "1\n"), (filters, "0\n")):
        run = kqlx("test", rule(tmp_path, more=more), "--count", input="\n".join(events))
        assert (run.returncode, run.stdout) == (0, count)


def test_events_out_of_order_are_told(tmp_path: Path) -> None:
    events = [EVENTS[1], *EVENTS, "{broken", '{"@timestamp": "noon"}', "{}"]
    run = kqlx("test", rule(tmp_path), "--count", input="\n".join(events))
    assert (run.returncode, run.stdout) == (1, "0\n")
    assert run.stderr == (
        "line 2: the event is earlier than the one before it; put the events in order of time\n"
        "line 8: not JSON: unexpected broken at column 2\n"
        'line 9: @timestamp of the event is no date: "noon"; write it as 2024-05-01T12:00:00.000Z,'
        " or in milliseconds since 1970\n"
        "line 10: the event has no value of @timestamp; a sequence needs the time of each\n"
    )


def test_the_fields_of_the_rule_put_events_in_order(tmp_path: Path) -> None:
    at_once = [
        logon("00:01", outcome, "ada", at=at) for outcome, at in zip("ffs", (1, 2, 2), strict=True)
    ]
    events = [event.replace('"f"', '"failure"').replace('"s"', '"success"') for event in at_once]
    run = kqlx("test", rule(tmp_path), "--count", input="\n".join(events))
    assert (run.returncode, run.stdout) == (0, "1\n")
    assert "warning: one sequence rests on the order of events of the same time" in run.stderr
    several = [events[0], events[1], events[1], events[2]]  # failures in any order are enough
    run = kqlx("test", rule(tmp_path), "--count", input="\n".join(several[:2]))
    assert (run.stdout, run.stderr) == ("0\n", "")
    for more in ('timestamp_field = "at"', 'tiebreaker_field = "at"'):
        run = kqlx("test", rule(tmp_path, more=more), input="\n".join(events))
        assert (run.returncode, len(run.stdout.splitlines())) == (0, 1), run.stderr


def test_each_step_is_explained(tmp_path: Path) -> None:
    run = kqlx("test", rule(tmp_path), "--explain", "--line", "2", input="\n".join(EVENTS))
    assert run.stdout == (
        'step 1 (user.name: "bob")\n'
        'yes    authentication where event.outcome == "failure"\n'
        "yes      authentication\n"
        'yes      event.outcome == "failure"\n'
        'step 2 (user.name: "bob")\n'
        'no     authentication where event.outcome == "success"\n'
        "yes      authentication\n"
        'no       event.outcome == "success"\n'
        'until (user.name: "bob")\n'
        'no     authentication where event.outcome == "unknown"\n'
        "yes      authentication\n"
        'no       event.outcome == "unknown"\n'
    )
    run = kqlx("test", rule(tmp_path), "--explain", "--line", "5", input="\n".join(EVENTS))
    assert run.stdout.startswith("step 1 (user.name: no value)\n")


def test_keys_that_elasticsearch_does_not_compare_are_told(tmp_path: Path) -> None:
    query = "sequence [any where true] by process.pid [any where true] by process.name\n"
    run = kqlx("test", rule(tmp_path, query), "--count", input="\n".join(EVENTS))
    assert (run.returncode, run.stdout) == (0, "0\n")
    assert (
        "warning: Elasticsearch refuses the search: the key process.name is of type" in run.stderr
    )


def test_samples_are_printed(tmp_path: Path) -> None:
    query = (
        'sample by user.name [any where event.outcome == "success"]'
        ' [any where event.outcome == "failure"]\n'
    )
    run = kqlx("test", rule(tmp_path, query), input="\n".join(reversed(EVENTS)))
    found = json.loads(run.stdout)
    assert [event["event"]["outcome"] for event in found["events"]] == ["success", "failure"]


@pytest.mark.parametrize("command", ["lint", "fmt", "fields"])
def test_other_commands_read_sequences(command: str, tmp_path: Path) -> None:
    run = kqlx(command, rule(tmp_path))
    assert (run.returncode, run.stderr) == (0, "")


def test_the_steps_of_a_conversion_are_explained(tmp_path: Path) -> None:
    run = kqlx("explain", "--to", "elasticsearch", rule(tmp_path))
    assert run.returncode == 0
    assert (
        "sequence by user.name with maxspan=5m\n"
        "  step 1, 2 times, by user.name\n"
        "    and\n"
        "      authentication\n"
        '      event.outcome == "failure"\n'
        "  step 2, by user.name\n"
        "    and\n"
        "      authentication\n"
        '      event.outcome == "success"\n'
        "  until, by user.name\n"
    ) in run.stdout


@pytest.mark.parametrize(
    ("change", "to", "is_other"),
    [
        ("maxspan=5m", "maxspan=5s", True),
        ("maxspan=5m", "maxspan=300s", False),
        (" with runs=2", "", True),
        ("by user.name", "by ?user.name", True),
        ("by user.name", "by host.name", True),
        ("until", "", True),
        ("until", "![any where true] until", True),
        ("sequence", "// read by people\nsequence", False),
        ('"success"]', '"success" and event.outcome == "success"]', False),
        ('"success"]', '"succeeded"]', True),
        ('"unknown"]', '"unknown"] | head 1', True),
    ],
)
def test_a_sequence_that_asks_for_something_else_differs(
    change: str, to: str, is_other: bool, tmp_path: Path
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, query in ((old, QUERY), (new, QUERY.replace(change, to, 1))):
        folder.mkdir()
        rule(folder, query.replace("until \n", ""))
    run = kqlx("diff", "--to", "elasticsearch", old, new)
    assert ("meaning (query)" in run.stdout, "another query" in run.stdout) == (is_other, is_other)


def test_the_steps_of_a_sample_have_no_order(tmp_path: Path) -> None:
    steps = ["[any where event.outcome == 1]", "[any where event.outcome == 2]"]
    for folder, found in ((tmp_path / "old", steps), (tmp_path / "new", steps[::-1])):
        folder.mkdir()
        rule(folder, f"sample by user.name {' '.join(found)}\n")
    run = kqlx("diff", "--to", "elasticsearch", tmp_path / "old", tmp_path / "new")
    assert "meaning" not in run.stdout


@pytest.mark.parametrize(
    ("pipes", "places"),
    [("", [0, 1, 2]), ("| head 1", [0]), ("| tail 2", [1, 2]), ("| head 0", [])],
)
def test_pipes_keep_some_of_the_events(pipes: str, places: list[int], tmp_path: Path) -> None:
    query = f'authentication where event.outcome == "failure" {pipes}\n'
    events = EVENTS[:3]
    run = kqlx("test", rule(tmp_path, query), input="\n".join(events))
    assert run.stdout.splitlines() == [events[place] for place in places]
