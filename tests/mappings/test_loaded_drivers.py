"""Loaded drivers of Elastic Defend: Sysmon's event of them has no process."""

from __future__ import annotations

import pytest

import kqlx
from kqlx.notes import Effect

DRIVER = 'driver where host.os.type == "windows" and dll.path : "?:\\\\Users\\\\*" and '


def converted(query: str, target: str) -> kqlx.Conversion:
    return kqlx.convert(query, target, source="endpoint.events", language="eql")


@pytest.mark.parametrize("target", ["spl", "sigma"])
@pytest.mark.parametrize(
    "test", ["process.pid == 4", 'process.name : "System"', "not process.pid == 4"]
)
def test_that_system_loads_them_is_left_out(target: str, test: str) -> None:
    made = converted(DRIVER + test, target)
    (note,) = (note for note in made.notes if note.effect is Effect.WIDER)
    assert "which process loads a driver" in note.message
    assert made.query == converted(DRIVER.removesuffix(" and "), target).query


@pytest.mark.parametrize("target", ["spl", "sigma"])
@pytest.mark.parametrize(
    "test",
    [
        "process.pid == 5",
        'process.name : "a.exe"',
        'process.executable : "C:\\\\a.exe"',
        'user.name : "a"',
        'dll.pe.original_file_name : "a.sys"',
    ],
)
def test_what_no_event_of_a_driver_has_is_not_looked_for(target: str, test: str) -> None:
    """It would never be found."""
    with pytest.raises(kqlx.MappingError, match="no counterpart"):
        converted(DRIVER + test, target)


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_libraries_have_their_process(target: str) -> None:
    query = DRIVER.replace("driver where", "library where") + "process.pid == 4"
    assert "4" in str(converted(query, target).query)
