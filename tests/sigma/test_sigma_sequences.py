"""Sigma: sequences and samples of EQL as correlations. What they find on streams is in
``test_sigma_streams``.
"""

from __future__ import annotations

from typing import Any

import pytest
from sigma.backends.splunk import SplunkBackend
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaConversionError

import kqlx
from kqlx.backends.sigma.file_names import file_of
from kqlx.notes import Effect
from kqlx.rules.model import Rule
from kqlx.rules.query_tree import query_of
from tests import corpus
from tests.oracles.sigma_correlations import alerts
from tests.oracles.sigma_rules import documents
from tests.oracles.sigma_schema import problems

SYSMON = ["logs-windows.sysmon_operational-*"]
PARENT_AND_CHILD = (
    "sequence by host.id with maxspan=1m"
    ' [process where event.type == "start" and process.name : "a.exe"] by process.entity_id'
    ' [process where event.type == "start" and process.name : "b.exe"]'
    " by process.parent.entity_id"
)
TWO_USERS = (
    'sequence by host.id with maxspan=1m [any where user.name == "a"] [any where user.name == "b"]'
)
TWO_LOGS = (
    'sequence by source.ip with maxspan=90s [any where event.outcome == "failure"]'
    ' [any where event.outcome == "success"]'
)


def sigma(query: str, accept: Any = (), **data: Any) -> kqlx.Conversion:
    rule = Rule(name="Two Steps", query=query, type="eql", language="eql", id="x",
                format="toml", data={"name": "Two Steps", "severity": "high", **data})  # fmt: skip
    source = None if "index" in data else "none"
    return kqlx.convert(rule, "sigma", source=source, accept=accept)


def loaded(text: str) -> SigmaCollection:
    """The rules as pySigma reads them; none has an error, and each that is named is there."""
    for document in documents(text):
        assert not problems(document), problems(document)
    collection = SigmaCollection.from_yaml(text)
    collection.resolve_rule_references()
    assert not [error for rule in collection.rules for error in rule.errors]
    return collection


def correlation(found: kqlx.Conversion) -> dict[str, Any]:
    loaded(found.text)
    last: dict[str, Any] = documents(found.text)[-1]["correlation"]
    return last


def effects(found: kqlx.Conversion) -> dict[str, Effect]:
    return {note.code: note.effect for note in found.notes}


def test_keys_of_different_names_have_an_alias() -> None:
    found = sigma(PARENT_AND_CHILD, index=SYSMON)
    first, second, last = documents(found.text)
    assert correlation(found) == {
        "type": "temporal_ordered",
        "rules": ["two_steps_step_1", "two_steps_step_2"],
        "group-by": ["Computer", "process_entity_id"],
        "timespan": "1m",
        "aliases": {
            "process_entity_id": {
                "two_steps_step_1": "ProcessGuid",
                "two_steps_step_2": "ParentProcessGuid",
            }
        },
        "condition": {"gte": 2},
    }
    assert [first["level"], second["level"], last["level"]] == ["informational"] * 2 + ["high"]
    assert [first["title"], last["title"]] == ["Step 1 of Two Steps", "Two Steps"]
    # No engine may take events without a key for events of one key.
    assert first["detection"]["selection"]["ProcessGuid|exists"] is True
    assert second["detection"]["selection"]["ParentProcessGuid|exists"] is True


def test_a_step_of_several_log_sources_is_a_count_of_one() -> None:
    """A temporal correlation asks for events of all its rules, so that alternatives need one."""
    found = sigma(TWO_LOGS, index=["logs-okta.system-*", "logs-aws.cloudtrail-*"])
    names = {document.get("name"): document for document in documents(found.text)}
    last = correlation(found)
    assert last["rules"] == ["two_steps_step_1", "two_steps_step_2"]
    assert last["aliases"] == {
        "source_ip": {"two_steps_step_1": "source_ip", "two_steps_step_2": "source_ip"}
    }
    step = names["two_steps_step_1"]["correlation"]
    assert (step["type"], step["condition"], step["timespan"]) == ("event_count", {"gte": 1}, "90s")
    assert sorted(step["aliases"]["source_ip"].values()) == ["client.ipAddress", "sourceIPAddress"]
    assert step["group-by"] == last["group-by"] == ["source_ip"]
    assert len({document["id"] for document in names.values()}) == len(names) == 7


def test_steps_in_different_logs_belong_together_by_their_aliases() -> None:
    found = sigma(TWO_LOGS, index=["logs-okta.system-*", "logs-aws.cloudtrail-*"])

    failure: dict[str, Any] = {
        "outcome": {"result": "FAILURE"},
        "client": {"ipAddress": "10.0.0.1"},
    }
    for seconds, address, expected in (
        (90, "10.0.0.1", [1]),
        (91, "10.0.0.1", []),
        (30, "10.0.0.2", []),
    ):
        stream = [(0, failure), (seconds, {"sourceIPAddress": address})]
        assert alerts(found.text, stream) == expected


def test_runs_alone_are_a_count() -> None:
    found = sigma('sequence by host.id with maxspan=2m [any where user.name == "a"] with runs=5')
    assert correlation(found) == {
        "type": "event_count",
        "rules": ["two_steps_step_1_events"],
        "group-by": ["host.id"],
        "timespan": "2m",
        "condition": {"gte": 5},
    }
    assert not {"sequence-repeated", "sequence-order"} & {note.code for note in found.notes}
    (query,) = SplunkBackend().convert(loaded(found.text))
    assert "stats count as event_count by _time host.id" in query


def test_equal_steps_after_one_another_are_runs() -> None:
    """Two rules of the same events would both be met by one event."""
    step = '[any where user.name == "a"]'
    twice = sigma(f"sequence by host.id with maxspan=2m {step} {step} with runs=2")
    assert correlation(twice)["condition"] == {"gte": 3}
    assert alerts(twice.text, [(0, {"user": {"name": "a"}, "host": {"id": "1"}})]) == []
    both = sigma(f'sequence by host.id with maxspan=2m {step} [any where user.name == "b"] {step}')
    assert correlation(both)["condition"] == {"gte": 3}
    assert len(documents(both.text)) == 4


def test_runs_among_steps_are_a_count_that_the_others_refer_to() -> None:
    found = sigma(
        'sequence by user.id with maxspan=10m [any where event.outcome == "failure"] with runs=10'
        ' [any where event.outcome == "success"]'
    )
    counted = documents(found.text)[2]
    assert counted["name"] == correlation(found)["rules"][0] == "two_steps_step_1"
    assert counted["correlation"]["condition"] == {"gte": 10}
    message = next(note.message for note in found.notes if note.code == "sequence-order")
    assert "the 10 events of step 1 are counted by themselves" in message


def test_samples_are_in_no_order() -> None:
    found = sigma('sample by host.id [any where user.name == "a"] [any where user.name == "b"]')
    assert (correlation(found)["type"], correlation(found)["timespan"]) == ("temporal", "6m")
    assert effects(found)["sequence-window"] is Effect.SAME
    (query,) = SplunkBackend().convert(loaded(found.text))
    assert query


def test_which_back_ends_convert_it_is_as_the_note_says() -> None:
    found = sigma(PARENT_AND_CHILD, index=SYSMON)
    with pytest.raises((SigmaConversionError, NotImplementedError)):
        SplunkBackend().convert(loaded(found.text))
    (told,) = [note for note in found.notes if "temporal_ordered" in note.message]
    assert (told.code, told.effect) == ("back-end-support", Effect.SAME)


def test_until_is_left_out_and_that_is_told() -> None:
    found = sigma(f'{TWO_USERS} until [any where user.name == "c"]')
    assert effects(found)["sequence-left-out"] is Effect.WIDER
    assert '"c"' not in found.text and found.text == sigma(TWO_USERS).text


def test_events_that_must_be_missing_are_refused_unless_noise_is_accepted() -> None:
    query = TWO_USERS.replace('[any where user.name == "b"]', '![any where user.name == "b"]')
    with pytest.raises(kqlx.UnsupportedError, match="must be missing") as refusal:
        sigma(query)
    assert (refusal.value.code, 'accept="wider"' in refusal.value.hint) == (
        "sequence-left-out",
        True,
    )
    found = sigma(query, accept=["wider"])
    assert correlation(found)["condition"] == {"gte": 1}
    assert effects(found)["sequence-left-out"] is Effect.WIDER


@pytest.mark.parametrize(
    ("span", "data", "timespan", "effect"),
    [
        ("with maxspan=90s", {"from": "now-9m"}, "90s", None),
        ("with maxspan=60s", {}, "1m", None),
        ("with maxspan=1500ms", {}, "2s", Effect.WIDER),
        ("with maxspan=2h", {"from": "now-9m"}, "2h", Effect.WIDER),
        ("with maxspan=14d", {"from": "now-3w"}, "14d", None),
        ("", {"from": "now-2w"}, "14d", Effect.SAME),
    ],
)
def test_the_time_is_that_of_the_sequence(
    span: str, data: dict[str, str], timespan: str, effect: Effect | None
) -> None:
    query = f'sequence by host.id {span} [any where user.name == "a"] [any where user.name == "b"]'
    found = sigma(query, **data)
    assert correlation(found)["timespan"] == timespan
    assert effects(found).get("sequence-window") is effect


def test_a_window_that_sigma_cannot_say_is_refused() -> None:
    query = 'sequence by host.id [any where user.name == "a"] [any where user.name == "b"]'
    with pytest.raises(kqlx.UnsupportedError, match="a correlation cannot express from: now-1d/d"):
        sigma(query, **{"from": "now-1d/d"})


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ('event.outcome == "success"', False),
        ('event.outcome : ("SUCCESS", "unknown")', False),
        ('user.name == "b"', True),
        # a field of several values may have both
        ('event.type == "end"', True),
    ],
)
def test_an_event_that_may_meet_two_steps_is_told(second: str, told: bool) -> None:
    first = 'event.outcome == "failure" and event.type == "start"'
    found = sigma(f"sequence by host.id with maxspan=1m [any where {first}] [any where {second}]")
    assert ("sequence-order" in effects(found)) is told


@pytest.mark.parametrize(
    ("keys", "span", "steps", "left_out"),
    [
        ("winlog.computer_name, user.name", "1m", "", True),
        ("winlog.computer_name, user.name", "6m", "", False),
        ("user.name", "1m", "", False),
        ("winlog.computer_name, user.name", "1m", " with runs=3", False),
    ],
)
def test_a_part_of_a_column_is_no_key_of_a_short_sequence(
    keys: str, span: str, steps: str, left_out: bool
) -> None:
    """Accounts of one name in two domains are the same to Elastic: joined without them, the events
    of one computer are all found.
    """
    query = f"sequence by {keys} with maxspan={span} "
    query += f'[process where process.name : "a.exe"]{steps} [process where process.name : "b.exe"]'
    if not left_out:
        with pytest.raises(kqlx.UnsupportedError, match="by whose whole values"):
            sigma(query, index=SYSMON)
        return
    made = sigma(query, index=SYSMON)
    assert ("approximated", Effect.WIDER) in {(note.code, note.effect) for note in made.notes}
    assert "group-by:\n        - Computer\n    timespan" in made.text


def test_keys_that_differ_are_told() -> None:
    query = (
        'sequence by {} with maxspan=1m [any where user.name == "a"] [any where user.name == "b"]'
    )
    with pytest.raises(
        kqlx.UnsupportedError, match=r"each value of host\.ip is one that events may"
    ):
        sigma(query.format("host.ip"))
    with pytest.raises(
        kqlx.UnsupportedError, match=r"events without host\.id share that in Elastic"
    ):
        sigma(query.format("?host.id"))
    steps = '[process where process.name : "a.exe"] [process where process.name : "b.exe"]'
    with pytest.raises(
        kqlx.UnsupportedError, match=r"user\.name is a part of User, by whose whole"
    ):
        sigma(f"sequence by user.name with maxspan=1m {steps}", index=SYSMON)
    with pytest.raises(
        kqlx.UnsupportedError, match=r"process\.thread\.id, which the events share, has no"
    ):
        sigma(
            f"sequence by process.thread.id with maxspan=1m {steps}",
            index=["logs-endpoint.events.process-*"],
        )


def test_values_that_stand_for_no_key_join_nothing() -> None:
    """Sysmon writes an empty GUID where it knows no process."""
    found = sigma(
        'sequence by process.entity_id with maxspan=1m [network where process.name : "a.exe"]'
        ' [network where process.name : "b.exe"]',
        index=SYSMON,
    )
    for document in documents(found.text)[:2]:
        assert "{00000000-0000-0000-0000-000000000000}" in str(document["detection"])


def test_without_keys_all_events_belong_together() -> None:
    found = sigma('sequence with maxspan=1m [any where user.name == "a"] by host.id [any where'
                  ' user.name == "b"] by host.name')  # fmt: skip
    assert correlation(found)["group-by"] == ["host_id"]


def test_the_query_alone_is_the_detections() -> None:
    found = kqlx.convert(PARENT_AND_CHILD, "sigma", language="eql", source="none", format="query")
    assert "correlation" not in found.text
    assert len(documents(found.text)) == 2
    assert effects(found)["rule-type"] is Effect.WIDER


def test_the_file_is_that_of_a_correlation() -> None:
    place = {"logsource": {"category": "process_creation", "product": "windows"}}
    rule = Rule(name="Two Steps", query=PARENT_AND_CHILD, type="eql", language="eql", data={})
    assert file_of(rule, place) == "correlation_proc_creation_win_two_steps.yml"


@pytest.mark.skipif(corpus.folder() is None, reason="there is no corpus of rules")
def test_real_sequences_are_loaded() -> None:
    accept = ["wider", "narrower", "different"]
    for path, rule in corpus.rules():
        if rule.language != "eql" or not query_of(rule).steps:
            continue
        for source in (None, "none"):
            try:
                found = kqlx.convert(rule, "sigma", accept=accept, unmapped="keep", source=source)
            except kqlx.UnsupportedError:
                continue
            assert isinstance(loaded(found.text).rules[-1], SigmaCorrelationRule), path


def test_events_that_may_count_twice_are_told() -> None:
    """An event of Sysmon is in the log source of its category too, and each has a rule."""
    query = (
        'sequence by process.entity_id with maxspan=1m [network where process.name : "a.exe"]'
        " with runs=3"
    )
    twice = "the events of step 1 may be in two of its log sources, for both of which they count"
    connections, sysmon = ["logs-endpoint.events.*"], ["logs-windows.sysmon_operational-*"]

    def told(index: list[str]) -> list[Effect]:
        notes = sigma(query, ("narrower", "different"), index=index).notes
        return [note.effect for note in notes if note.message == twice]

    assert told([*connections, *sysmon]) == [Effect.WIDER]
    assert not told(sysmon)
