"""The steps of a sequence are bound one by one, each to the places of its events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

import kqlx
from kqlx.backends.target import Plan
from kqlx.conversion.choices import choose
from kqlx.conversion.plan import plan_of
from kqlx.conversion.reading import read
from kqlx.mappings.known_types import field_tests
from kqlx.records import replace
from kqlx.rules.model import Rule
from kqlx.sequences import Sequence

QUERY = """
sequence by host.id with maxspan=1m
  [process where event.type == "start" and process.name : "cmd.exe"] by process.entity_id
  [network where destination.port == 443] by process.entity_id
  until [process where event.type == "end"] by process.entity_id
| tail 5
"""


def plan(query: str, target: str, *, able: bool = True, **data: Any) -> Plan:
    rule = Rule(
        name="",
        query=query,
        language="eql",
        data={"index": ["logs-windows.sysmon_operational-*"], **data},
    )
    choices = choose(target, None, None, (), None, ("different", "narrower"), False, {}, None)
    changed = replace(choices.target, finds_sequences=able)
    return plan_of(read(rule), replace(choices, target=changed))


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma", "elasticsearch"])
def test_each_step_has_its_places(target: str) -> None:
    made = plan(QUERY, target)
    assert made.events is not None
    assert made.events.until is not None
    assert isinstance(made.events.asked, Sequence)
    assert made.events.asked.max_span == 60_000
    assert [pipe.count for pipe in made.events.pipes] == [5]
    steps = [*made.events.steps, made.events.until]
    assert [key.name for key in steps[0].step.keys] == ["host.id", "process.entity_id"]
    assert made.sources == tuple(source for step in steps for source in step.sources)
    assert all(step.sources for step in steps)
    first, second, until = [
        {value.name for _, test in field_tests(step.sources[0].bound.node) for value in _of(test)}
        for step in steps
    ]
    assert "443" in second
    assert not {"443"} & (first | until)


def _of(test: Any) -> list[Any]:
    return [value for value in (getattr(test, "value", None),) if value is not None]


def test_steps_of_one_host_are_of_one_system() -> None:
    """What one step says of the operating system the others need not say again."""
    query = (
        'sequence by {} with maxspan=1m [process where host.os.type : "windows" and'
        ' event.type == "start"] [network where destination.port == 443]'
    )
    index: dict[str, Any] = {"index": ["logs-endpoint.events.*"]}
    for key, systems in (("host.name", {"windows"}), ("user.name", {"windows", "linux", "macos"})):
        made = plan(query.format(key), "sigma", **index)
        assert made.events is not None
        places = [source.bound.place for source in made.events.steps[1].sources]
        sources = [cast("Mapping[str, str]", place["logsource"]) for place in places]
        products = {source["product"] for source in sources}
        assert products == systems


def test_a_note_is_told_once() -> None:
    made = plan(QUERY, "sentinel")
    notes = [note for bound in made.bounds for note in bound.notes]
    assert len(notes) == len(set(notes)) > 0


def test_filters_are_in_every_step() -> None:
    only = {"query": {"term": {"user.name": "someone"}}, "meta": {}}
    made = plan(QUERY, "spl", filters=[only])
    for bound in made.bounds:
        assert "someone" in str(bound.node)


def test_a_target_that_cannot_say_it_refuses() -> None:
    with pytest.raises(kqlx.UnsupportedError, match="a sequence of 2 steps"):
        plan(QUERY, "spl", able=False)


def test_what_must_be_missing_says_no_system() -> None:
    """A host of another system has no such event either."""
    query = (
        "sequence by host.name with maxspan=1m [network where destination.port == 443]"
        ' ![process where host.os.type == "windows" and event.type == "start"]'
    )
    rule = Rule(name="", query=query, language="eql")
    first, second = read(rule).steps
    assert (first.systems, first.is_absent, second.is_absent) == ((), False, True)


def test_steps_are_read_once_for_all_targets() -> None:
    reading = read(Rule(name="", query=QUERY, language="eql"))
    assert reading.steps is reading.steps
    assert [step.is_absent for step in reading.steps] == [False, False, True]
