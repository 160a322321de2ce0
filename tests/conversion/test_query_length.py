"""How long a finished query may be, with all of its parts and comments."""

from __future__ import annotations

from typing import Any

import pytest

import kqlx
from kqlx.notes import Effect

NAMES = " or ".join(f"name{number:05}" for number in range(450))
TWO_SOURCES = f"event.dataset:(okta.system or aws.cloudtrail) and event.action:({NAMES})"


def length(query: str, to: str, **options: Any) -> int:
    found = kqlx.convert(query, to, accept=["different", "narrower"], **options)
    return len(str(found.query))


@pytest.mark.parametrize("source", ["okta.system", "aws.cloudtrail"])
def test_the_query_is_measured_whole_not_by_its_parts(source: str) -> None:
    one = TWO_SOURCES.replace("(okta.system or aws.cloudtrail)", source)
    assert length(one, "sentinel", format="rule") < 10_000
    assert length(TWO_SOURCES, "sentinel") > 10_000
    for format in ("rule", "arm"):
        with pytest.raises(kqlx.UnsupportedError, match="takes 10,000") as error:
            kqlx.convert(TWO_SOURCES, "sentinel", format=format, accept=["different", "narrower"])
        assert "watchlist" in error.value.hint
    notes = kqlx.convert(TWO_SOURCES, "sentinel", accept=["different", "narrower"]).notes
    assert "query-too-long" in {note.code for note in notes}


def test_comments_on_tests_that_are_left_out_count_too() -> None:
    query = f"event.dataset:okta.system and user.name:a and not own.field:({NAMES} or {NAMES}x)"
    found = kqlx.convert(query, "sentinel", unmapped="comment")
    assert len(str(found.query)) > 10_000
    with pytest.raises(kqlx.UnsupportedError, match="takes 10,000"):
        kqlx.convert(query, "sentinel", unmapped="comment", format="rule")


def test_a_rule_that_just_fits_is_taken() -> None:
    base = length("f:a", "sentinel", source="none", format="rule")
    for room, fits in ((0, True), (1, False)):
        query = f"f:a{'b' * (10_000 - base + room)}"
        try:
            kqlx.convert(query, "sentinel", source="none", format="rule")
        except kqlx.UnsupportedError:
            assert not fits
        else:
            assert fits


@pytest.mark.parametrize(
    ("query", "effect", "names"),
    [
        ("event.dataset:okta.system and event.action:x", Effect.SAME, "eventType"),
        (
            "event.dataset:o365.audit and o365.audit.OperationProperties.Name:x",
            Effect.COVERAGE,
            "OperationProperties{}.Name",
        ),
    ],
)
def test_every_field_that_splunk_extracts_from_json_may_lie_too_far_behind(
    query: str, effect: Effect, names: str
) -> None:
    found = kqlx.convert(query, "spl").notes
    (note,) = [note for note in found if "from the first 10,240 characters" in note.message]
    assert note.effect is effect
    assert note.message.endswith(f"may lack {names}")


def test_fields_that_are_not_of_json_are_not_limited_so() -> None:
    found = kqlx.convert("event.dataset:panw.panos and source.ip:10.0.0.1", "spl")
    assert not any("10,240 characters" in note.message for note in found.notes)
