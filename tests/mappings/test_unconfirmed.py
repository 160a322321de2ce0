"""Columns that no documentation confirms: every test of them has a note, and one for their absence,
which all events would meet if the column were another, is refused unless it is accepted.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import kqlx
from kqlx.errors import KqlxError
from kqlx.mappings.pack_library import Packs
from kqlx.notes import Effect, Note

CODE = "unconfirmed-mapping"
TARGETS = ("spl", "sentinel", "sigma")


def unconfirmed(source: str) -> Iterator[tuple[str, str]]:
    """Target and field, of whose columns some are not confirmed."""
    found: dict[tuple[str, str], None] = {}
    for target, destinations in Packs().get(source).targets.items():
        for there in destinations:
            for name in there.fields:
                spec = there.field(name)
                if spec is not None and spec.column in there.unconfirmed and "*" not in name:
                    found[target, name] = None
    yield from found


SOURCES = [source for source in Packs().telling_fields.marks if any(unconfirmed(source))]


def told(query: str, target: str, source: str) -> list[Note]:
    """The notes on columns of the field that are not confirmed; none where the query is refused."""
    try:
        notes = kqlx.convert(query, target, source=source, accept=["different"]).notes
    except KqlxError:
        return []
    name = query.split()[-1].removesuffix(":*")
    return [n for n in notes if n.message.startswith(f"{name} as ") and n.code == CODE]


@pytest.mark.parametrize("source", SOURCES)
def test_absence_is_refused(source: str) -> None:
    for target, name in unconfirmed(source):
        absent = f"not {name}:*"
        for note in told(absent, target, source):
            assert note.effect is Effect.DIFFERENT, absent
            with pytest.raises(KqlxError, match="is not confirmed"):
                kqlx.convert(absent, target, source=source)
        for query in (f"{name}:*", f"not not {name}:*"):
            assert {note.effect for note in told(query, target, source)} <= {Effect.SAME}, query


def test_there_are_such_columns() -> None:
    refused = [
        (source, target, name)
        for source in SOURCES
        for target, name in unconfirmed(source)
        if told(f"not {name}:*", target, source)
    ]
    assert len(refused) > 100
    assert {target for _, target, _ in refused} == set(TARGETS)


@pytest.mark.parametrize("target", ["spl", "sentinel"])
def test_a_meeting_without_a_password(target: str) -> None:
    """Zoom's connector posts the events as they are, so that the column is known."""
    query = "event.module:zoom and event.action:meeting.created and not zoom.meeting.password:*"
    assert "password" in kqlx.convert(query, target).query
