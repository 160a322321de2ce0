"""What notes say together: the worst effect, the order, and what a destination may lack."""

from __future__ import annotations

import pytest

import kqlx
from kqlx.notes import Effect, Note, in_order, worst

SYSMON = "event.dataset:endpoint.events.process and event.type:start and process.name:(a.exe or b)"


def test_coverage_is_no_difference_in_meaning_and_worse_than_case() -> None:
    assert Effect.CASE < Effect.COVERAGE < Effect.WIDER
    assert not Effect.COVERAGE.is_difference
    note = Note("table-coverage", Effect.COVERAGE, "the table needs a connector")
    assert note.calls_for_action
    assert not note.is_quiet
    assert worst([note, Note("case-folded", Effect.CASE, "a")]) is Effect.COVERAGE


def test_what_destinations_may_lack_is_one_note() -> None:
    notes = [
        Note("case-folded", Effect.CASE, "c", (0, 1)),
        Note("table-coverage", Effect.COVERAGE, "a needs x", (3, 4), "turn x on"),
        Note("sensor-substituted", Effect.COVERAGE, "b needs y"),
        Note("table-coverage", Effect.COVERAGE, "a needs x", (7, 8), "turn x on"),
        Note("table-coverage", Effect.COVERAGE, "c needs z", None, "turn z on"),
    ]
    first, second = in_order(notes)
    assert first.message == "a needs x; b needs y; c needs z"
    assert first.hint == "turn x on; turn z on"
    assert (first.code, first.effect, first.span) == ("table-coverage", Effect.COVERAGE, None)
    assert second is notes[0]


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_coverage_is_accepted_unless_strictness_is_asked_for(to: str) -> None:
    found = kqlx.convert(SYSMON, to)
    assert [note.effect for note in found.notes].count(Effect.COVERAGE) == 1
    with pytest.raises(kqlx.UnsupportedError, match="the result would be coverage"):
        kqlx.convert(SYSMON, to, strict=True)
    strict = kqlx.convert(SYSMON, to, strict=True, accept=["coverage"])
    assert strict.fidelity is Effect.COVERAGE
