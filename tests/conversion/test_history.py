"""Rules of new terms whose query finds more than the rule's: their history has more, too."""

from __future__ import annotations

import pytest

import kqlx
from kqlx.notes import Effect, Note
from tests.oracles.spl.evaluator import evaluate
from tests.oracles.spl.events import splunk_event
from tests.oracles.splunk import without_times


def rule(query: str, field: str) -> kqlx.Rule:
    new_terms = {"new_terms_fields": [field], "history_window_start": "now-7d"}
    return kqlx.Rule("r", query, type="new_terms", data=new_terms)


def notes_of(made: kqlx.Conversion, code: str) -> list[Note]:
    return [note for note in made.notes if note.code == code]


@pytest.mark.parametrize("target", ["spl", "sentinel"])
@pytest.mark.parametrize(
    ("query", "code", "wanted"),
    [
        (
            "event.dataset:o365.audit and event.action:a and not o365.audit.Workload:b",
            "unmapped-left-out",
            Effect.DIFFERENT,
        ),
        (
            "event.dataset:o365.audit and (event.action:a or o365.audit.Workload:b)",
            "unmapped-left-out",
            Effect.DIFFERENT,
        ),
    ],
)
def test_a_test_that_is_left_out_makes_more_known(
    target: str, query: str, code: str, wanted: Effect
) -> None:
    with pytest.raises(kqlx.UnsupportedError, match="in the history such events make values known"):
        kqlx.convert(rule(query, "user.id"), target, unmapped="comment")
    made = kqlx.convert(rule(query, "user.id"), target, unmapped="comment", accept=["different"])
    assert {note.effect for note in notes_of(made, code)} == {wanted}
    plain = kqlx.convert(query, target, unmapped="comment")
    assert {note.effect for note in notes_of(plain, code)} == {Effect.WIDER}


def test_it_misses_what_the_rule_finds() -> None:
    """The user was seen a week ago in an event that the rule excepts, and is new to it today."""
    query = "event.dataset:o365.audit and event.action:a and not o365.audit.Workload:b"
    made = kqlx.convert(
        rule(query, "user.id"), "spl", unmapped="comment", accept=["different"], source=None
    )
    pipeline, _ = without_times(str(made.query))
    day = 86_400
    seen = [("b", day), ("c", 7 * day - 10)]
    events = [
        {
            **splunk_event({"Operation": "a", "UserId": "u", "Workload": workload}),
            "_time": str(time),
            "_indextime": str(time),
            "sourcetype": "o365:management:activity",
        }
        for workload, time in seen
    ]
    assert not evaluate(pipeline, events, now=7 * day)
    assert evaluate(pipeline, events[1:], now=7 * day)


@pytest.mark.parametrize("target", ["spl", "sentinel"])
def test_an_exception_by_an_option_takes_nothing_away(target: str) -> None:
    """As shipped no event is excepted, so none makes a value known."""
    query = (
        "event.module:auditd and event.action:executed and process.name:cat and not"
        " process.parent.name:x"
    )
    made = kqlx.convert(rule(query, "host.name"), target, source="auditd_manager.auditd")
    assert all(note.effect <= Effect.WIDER for note in made.notes)


@pytest.mark.parametrize("target", ["spl", "sentinel"])
def test_what_is_found_approximately_makes_values_known(target: str) -> None:
    query = "event.category:process and event.type:start and process.args:-x"
    made = kqlx.convert(rule(query, "process.executable"), target, source="endpoint.events")
    assert [note.effect for note in notes_of(made, "known-by-others")] == [Effect.WIDER]
    plain = kqlx.convert(query, target, source="endpoint.events")
    assert not notes_of(plain, "known-by-others")


@pytest.mark.parametrize("target", ["spl", "sentinel"])
@pytest.mark.parametrize("field", ["source.as.number", "source.ip"])
def test_what_is_said_of_the_field_itself_does_not(target: str, field: str) -> None:
    """All events with a value are found, or none."""
    made = kqlx.convert(rule("event.dataset:azure.activitylogs and event.action:a", field), target)
    assert not notes_of(made, "known-by-others")


def test_an_exact_query_says_nothing_of_it() -> None:
    query = "event.dataset:o365.audit and event.action:a"
    made = kqlx.convert(rule(query, "user.id"), "spl")
    assert not notes_of(made, "known-by-others")


def test_an_exception_that_a_pack_leaves_out_is_refused() -> None:
    query = "event.category:file and event.type:creation and not file.size:0 and file.extension:x"
    with pytest.raises(kqlx.UnsupportedError, match=r"file\.size .* make values known"):
        kqlx.convert(rule(query, "file.path"), "spl", source="endpoint.events")
