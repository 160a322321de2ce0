"""File Integrity Monitoring: events of several actions, and moved files, which are created ones."""

from __future__ import annotations

import pytest

import kqlx

MODULE = "event.module:file_integrity and"


@pytest.mark.parametrize("target", ["spl", "sentinel"])
@pytest.mark.parametrize(
    "query",
    [
        "event.action:created and event.action:updated",
        "event.action:updated and event.action:created and host.os.type:linux",
        "event.action:created and event.type:change",
        "event.type:change and event.type:creation",
        "event.action:updated and not event.action:attributes_modified",
    ],
)
def test_two_actions_of_one_event_are_refused(query: str, target: str) -> None:
    with pytest.raises(kqlx.MappingError, match="may have several actions"):
        kqlx.convert(f"{MODULE} {query}", target)


@pytest.mark.parametrize("target", ["spl", "sentinel"])
@pytest.mark.parametrize("query", ["event.type:change", "event.action:moved"])
def test_what_a_destination_lacks_is_refused(query: str, target: str) -> None:
    with pytest.raises(kqlx.KqlxError):
        kqlx.convert(f"{MODULE} {query} and file.path:/etc/*", target)


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_changed_attributes_are_refused(target: str) -> None:
    with pytest.raises(kqlx.KqlxError):
        kqlx.convert(f"{MODULE} event.action:attributes_modified and file.path:/etc/*", target)


def test_a_file_moved_to_a_name_is_created_there() -> None:
    query = f"{MODULE} event.action:created and host.os.type:linux and file.path:/etc/cron.d/*"
    assert '("FileCreated", "FileRenamed")' in str(kqlx.convert(query, "sentinel").query)
    with pytest.raises(kqlx.UnsupportedError, match="moved is created in Elastic"):
        kqlx.convert(query, "sigma")


def test_an_action_says_more_than_the_type_of_an_event() -> None:
    query = f"{MODULE} event.type:change and event.action:updated and file.path:/etc/passwd"
    assert 'ActionType == "FileModified"' in str(kqlx.convert(query, "sentinel").query)
