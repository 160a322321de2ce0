"""How much work it is to write what is bound, in calls of functions: the same on every machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

import kqlx
from kqlx.conversion.choices import choose
from kqlx.conversion.plan import plan_of
from kqlx.conversion.writing import write
from kqlx.mappings.path_patterns import without_covered
from kqlx.nodes import Pattern
from kqlx.render import render

MOST_CALLS = {"spl": 70, "sentinel": 60, "sigma": 80, "elasticsearch": 100}
"""For one more value of a list, of Python's functions and of those of C."""


def calls(function: Callable[[], object]) -> int:
    """How many calls a call makes."""
    count = 0

    def called(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count


def writing(query: str | kqlx.Rule, target: str) -> Callable[[], object]:
    """Writes a query for a target, bound before."""
    reading = kqlx.read(query)
    choices = choose(
        target, None, reading.source, reading.packs, "comment", ["different"], False, {}, None
    )
    plan = plan_of(reading, choices)

    def written() -> None:
        render(plan, write(plan, choices), choices.target, choices.format)

    for _ in range(30):  # until the methods of records are compiled
        written()
    return written


@pytest.mark.parametrize("field", ["user.id", "event.action"])
@pytest.mark.parametrize("target", MOST_CALLS)
def test_a_value_more_in_a_list_takes_few_calls(target: str, field: str) -> None:
    few, many = [
        calls(writing(f"event.dataset:o365.audit and {field}:({values})", target))
        for values in (" or ".join(f"value{n}" for n in range(count)) for count in (100, 300))
    ]
    assert (many - few) / 200 < MOST_CALLS[target]


def test_fields_that_results_keep_are_looked_up_once_however_many_values_are_tested() -> None:
    few, many = [
        calls(
            writing(
                kqlx.Rule(
                    name="x",
                    type="threshold",
                    query=f"event.dataset:o365.audit and user.id:({values})",
                    data={"threshold": {"field": ["source.ip"], "value": 5}},
                ),
                "spl",
            )
        )
        for values in (" or ".join(f"value{n}" for n in range(count)) for count in (100, 300))
    ]
    assert (many - few) / 200 < MOST_CALLS["spl"]


def test_a_pattern_that_is_compared_with_many_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0
    coverer = Pattern.coverer

    def counted(pattern: Pattern) -> Callable[[str], bool]:
        nonlocal read
        read += 1
        return coverer(pattern)

    monkeypatch.setattr(Pattern, "coverer", counted)
    patterns = [Pattern.from_stars(f"*a{n}b*c") for n in range(50)]
    assert without_covered(patterns) == sorted(patterns, key=lambda one: len(one.text))
    assert read == len(patterns)
