"""Tests that a destination cannot tell, but whose events it has among others: left out where every
event of the query must meet them, and refused elsewhere.
"""

from __future__ import annotations

import pytest

import kqlx
from kqlx.mappings.unmapped_tests import UnmappedPolicy
from kqlx.notes import Effect, Note
from kqlx.rules.model import Rule

TARGETS = ("spl", "sentinel", "sigma")
IN_CONTAINERS = "which events are of containers"


def converted(
    query: str, target: str, index: str, unmapped: UnmappedPolicy = "error"
) -> kqlx.Conversion:
    rule = Rule("r", query, format="toml", language="eql", data={"index": [index]})
    return kqlx.convert(rule, target, unmapped=unmapped)


def about_containers(notes: tuple[Note, ...]) -> list[Effect]:
    return [note.effect for note in notes if IN_CONTAINERS in note.message]


ENDPOINT = "logs-endpoint.events.process*"
CONTAINERS = "logs-cloud_defend.file*"
PROCESS = 'process where host.os.type == "linux" and event.type == "start"'
ENTRY = 'process.entry_leader.entry_meta.type == "container"'
PLACES = [
    (PROCESS, ENTRY, 'process.name == "nc"', ENDPOINT),
    ("file where true", 'container.id like "*"', 'file.path == "/etc/passwd"', CONTAINERS),
    ("file where true", 'container.id like "?*"', 'file.path == "/etc/passwd"', CONTAINERS),
    ("file where true", "container.id != null", 'file.path like "/etc/*"', CONTAINERS),
    ("file where true", ENTRY, 'file.path like "/etc/*"', CONTAINERS),
]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("first", "test", "other", "index"), PLACES)
def test_what_every_event_must_meet_is_left_out_with_a_note(
    first: str, test: str, other: str, index: str, target: str
) -> None:
    if "file" in first:
        first = 'file where event.type == "creation"'
    left = converted(f"{first} and {other}", target, index)
    for query in (f"{first} and {test} and {other}", f"{first} and ({other} and ({test}))"):
        found = converted(query, target, index)
        assert found.query == left.query
        assert about_containers(found.notes) == [Effect.WIDER]
    assert not about_containers(left.notes)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("first", "test", "other", "index"), PLACES)
@pytest.mark.parametrize(
    "form",
    [
        "{first} and {other} and not ({test})",
        "{first} and ({other} or {test})",
        "{first} and not ({other} and {test})",
        '{first} and (({other} and {test}) or user.name == "x")',
        "{first} and {test}",
        "{first} and {test} and {test}",
    ],
)
def test_any_other_is_refused(
    form: str, first: str, test: str, other: str, index: str, target: str
) -> None:
    query = form.format(first=first, test=test, other=other)
    with pytest.raises(kqlx.KqlxError) as error:
        converted(query, target, index)
    assert "no counterpart" in str(error.value)


@pytest.mark.parametrize("target", TARGETS)
def test_the_test_may_be_kept_or_commented(target: str) -> None:
    query = f'{PROCESS} and process.name == "nc" and not {ENTRY}'
    kept = converted(query, target, ENDPOINT, unmapped="keep")
    assert "entry_leader" in kept.query
    commented = converted(query, target, ENDPOINT, unmapped="comment")
    assert Effect.WIDER in {note.effect for note in commented.notes}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("test", ['container.id == "5f3c"', 'container.id like "5f*"'])
def test_one_container_cannot_be_told(test: str, target: str) -> None:
    with pytest.raises(kqlx.KqlxError, match="no counterpart"):
        converted(f'{PROCESS} and process.name == "nc" and {test}', target, ENDPOINT)


def test_a_name_with_stars_may_be_another_field() -> None:
    query = "event.category:process and host.os.type:linux and event.type:start and process.name:nc"
    with pytest.raises(kqlx.KqlxError):
        kqlx.convert(f"{query} and container.*:*", "spl", source="endpoint.events")


CLUSTER = 'process where event.type == "start" and process.name == "nc"'


@pytest.mark.parametrize(
    ("test", "condition"),
    [
        ('container.id like "*"', "isnotempty(ContainerId)"),
        ('not container.id like "*"', "not("),
        (ENTRY, "isnotempty(ContainerId)"),
        ('container.id == "5f3c"', 'ContainerId == "5f3c"'),
    ],
)
def test_the_table_of_clusters_tells_containers(test: str, condition: str) -> None:
    found = converted(f"{CLUSTER} and {test}", "sentinel", "logs-cloud_defend.process*")
    assert str(found.query).startswith("CloudProcessEvents")
    assert condition in found.query
    assert 'ContainerName != "host"' in found.query or condition == "not("
    assert not about_containers(found.notes)


def test_what_the_table_of_clusters_lacks_is_looked_for_on_the_nodes() -> None:
    query = f'{CLUSTER} and container.id like "*" and process.parent.executable == "/usr/bin/sh"'
    found = converted(query, "sentinel", "logs-cloud_defend.process*")
    assert str(found.query).startswith("DeviceProcessEvents")
    assert about_containers(found.notes) == [Effect.WIDER]
    assert 'FolderPath startswith "/"' in found.query
