"""Fields that Elastic's events have only with an option which is off as shipped: what is said of
the parents and the sessions of processes in records of the Linux audit framework.
"""

from __future__ import annotations

from typing import Any

import pytest

import kqlx
from kqlx.mappings.coverage import kind
from kqlx.mappings.reader.builtin import builtin
from kqlx.notes import Effect

ALONE = ["logs-auditd_manager.auditd-*"]
BESIDE = [*ALONE, "logs-endpoint.events.process-*"]
STARTED = "host.os.type:linux and event.category:process and event.action:executed"
BOTH = STARTED.replace("executed", "(executed or exec)")
EQL = 'process where host.os.type == "linux" and event.action in ("executed", "exec") and '
NC = 'process.name == "nc"'


def rule(query: str, index: list[str], kind: str = "query", **data: Any) -> kqlx.Rule:
    language = "eql" if query.startswith("process where") else "kuery"
    return kqlx.Rule("r", query, type=kind, language=language, data={"index": index, **data})


def told(made: kqlx.Conversion, word: str = "Session data") -> list[Effect]:
    return [note.effect for note in made.notes if word in note.message]


@pytest.mark.parametrize(
    "test",
    [
        "process.parent.name:bash",
        "process.parent.name:*",
        "process.entry_leader.entry_meta.type:container",
        "(process.parent.executable:/bin/sh and process.parent.name:(* and not bash))",
    ],
)
def test_beside_other_sources_no_event_meets_it(test: str) -> None:
    """As shipped there is nothing to find, and the note says what becomes of the other events."""
    made = kqlx.convert(rule(f"{BOTH} and process.name:nc and {test}", BESIDE), "spl")
    assert "auditd" not in str(made.query)
    assert told(made) == [Effect.COVERAGE]
    (note,) = (note for note in made.notes if "Session data" in note.message)
    assert "off as shipped" in note.message
    assert "event.action" not in note.message


def test_alternatives_to_it_are_found() -> None:
    query = f"{BOTH} and (process.name:nc or process.parent.name:bash)"
    made = kqlx.convert(rule(query, BESIDE), "spl")
    assert "SYSCALL" in str(made.query)
    assert told(made) == [Effect.COVERAGE]
    without = kqlx.convert(rule(f"{STARTED} and process.name:nc", ALONE), "spl")
    assert str(without.query).strip() in str(made.query)


@pytest.mark.parametrize("index", [ALONE, BESIDE])
@pytest.mark.parametrize(
    "query",
    [
        f"{BOTH} and process.name:nc and not process.parent.name:bash",
        f"{BOTH} and process.name:nc and not (process.parent.name:bash or process.parent.pid:1)",
        f'{EQL}{NC} and not process.parent.name regex "b[a]sh"',
        f"{EQL}{NC} and not length(process.parent.executable) == 3",
    ],
)
def test_what_is_excepted_by_it_is_found(index: list[str], query: str) -> None:
    made = kqlx.convert(rule(query, index), "spl")
    assert told(made) == [Effect.WIDER]
    assert "Session data" in str(made.query)
    assert "SYSCALL" in str(made.query)
    assert ("ppid" in str(made.query)) == ("parent.pid" in query)


@pytest.mark.parametrize(
    "query",
    [
        f"{STARTED} and process.parent.name:bash",
        f"{STARTED} and (process.name:nc or process.parent.name:bash)",
        f"{STARTED} and process.name:nc and process.parent.name:(* and not bash)",
        f'{EQL}{NC} and process.parent.name regex "b[a]sh"',
    ],
)
def test_a_rule_of_it_alone_is_refused(query: str) -> None:
    """Whoever asks for the field there has the option on."""
    with pytest.raises(kqlx.MappingError, match=r"Elastic has it only with .*Session data"):
        kqlx.convert(rule(query, ALONE), "spl")


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_where_no_sensor_has_it_exceptions_are_found_and_others_refused(target: str) -> None:
    opened = "event.category:file and event.action:opened-file and process.name:nc"
    made = kqlx.convert(rule(f"{opened} and not process.parent.name:bash", ALONE), target)
    assert told(made) == [Effect.WIDER]
    with pytest.raises(kqlx.MappingError, match="Elastic has it only with"):
        kqlx.convert(rule(f"{opened} and process.parent.name:bash", ALONE), target)


@pytest.mark.parametrize("index", [ALONE, BESIDE])
@pytest.mark.parametrize(
    ("target", "column", "other"),
    [("sentinel", "InitiatingProcessFileName", "Syslog"), ("sigma", "ParentImage", "SYSCALL")],
)
def test_another_sensor_that_has_it_goes_first(
    target: str, column: str, other: str, index: list[str]
) -> None:
    for test in ("process.parent.name:bash", "not process.parent.name:bash"):
        made = kqlx.convert(rule(f"{BOTH} and process.name:nc and {test}", index), target)
        assert column in str(made.query)
        assert other not in str(made.query)
        assert {*told(made)} <= {Effect.SAME}


def test_a_count_by_it_has_no_such_events() -> None:
    threshold = {"field": ["process.parent.name"], "value": 3}
    made = kqlx.convert(
        rule(f"{BOTH} and process.name:nc", BESIDE, "threshold", threshold=threshold), "spl"
    )
    assert "auditd" not in str(made.query)
    assert told(made) == [Effect.COVERAGE]


@pytest.mark.parametrize("target", ["spl", "sigma"])
def test_what_no_option_fills_is_never_there(target: str) -> None:
    for name in ("process.command_line", "process.parent.command_line", "process.args_count"):
        with pytest.raises(kqlx.MappingError, match=f"{name} is never set"):
            kqlx.convert(rule(f"{STARTED} and {name}:3", ALONE), target)
    made = kqlx.convert(rule(f"{BOTH} and process.command_line:nc*", BESIDE), target)
    assert {note.effect for note in made.notes if "auditd_manager" in note.message} == {Effect.SAME}


def test_it_is_said_of_the_field() -> None:
    place = builtin("auditd_manager.auditd").targets["spl"][0]
    spec = place.field("process.parent.name")
    assert spec is not None
    assert "set only with the option" in kind(spec, place)
