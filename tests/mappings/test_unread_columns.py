"""Columns of which the target does not extract all values."""

from __future__ import annotations

import pytest

import kqlx

STARTED = "event.category:process and event.type:start and "
NOTE = "line break"


@pytest.mark.parametrize("source", ["endpoint.events", "sentinel_one_cloud_funnel.event"])
def test_command_lines_of_several_lines_are_told_where_they_are_looked_into(source: str) -> None:
    for query, told in (
        ("process.args:disable", True),
        ("process.parent.command_line:*disable*", True),
        ("process.name:a", False),
        # Without the column the event is found, as it should be or in excess.
        ("process.name:a and not process.command_line:*disable*", False),
    ):
        made = kqlx.convert(STARTED + query, "spl", source=source, accept=("different",))
        notes = [note for note in made.notes if NOTE in note.message]
        assert bool(notes) is told, query
        assert all(note.effect is kqlx.Effect.COVERAGE for note in notes)
        for target in ("sentinel", "sigma"):
            made = kqlx.convert(STARTED + query, target, source=source, accept=("different",))
            assert not [note for note in made.notes if NOTE in note.message]
