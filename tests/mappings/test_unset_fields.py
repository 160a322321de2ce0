"""Fields that no event of the kind that a destination holds has in Elastic."""

from __future__ import annotations

from pathlib import Path

import pytest

import kqlx
from kqlx.mappings.coverage import kind
from kqlx.mappings.reader.builtin import builtin
from kqlx.notes import Effect

LOADED = (
    'any where host.os.type == "windows" and (event.category : ("library", "driver") or '
    '(event.category == "process" and event.action : "Image loaded*")) and '
    'process.name : "excel.exe" and (?dll.name : "x.dll" or file.name : "x.dll")'
)


RULE = f"""
[rule]
name = "Loaded by Excel"
rule_id = "11111111-1111-4111-8111-111111111111"
description = "x"
severity = "low"
risk_score = 21
type = "eql"
language = "eql"
index = ["logs-endpoint.events.library-*", "logs-windows.sysmon_operational-*"]
query = '''{LOADED}'''
"""


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_loaded_files_of_both_sensors_are_asked_for(target: str, tmp_path: Path) -> None:
    """Elastic Defend names them in dll.*, Sysmon in file.*."""
    path = tmp_path / "rule.toml"
    path.write_text(RULE, "utf-8")
    (rule,) = kqlx.load_rules(path).rules
    made = kqlx.convert(rule, target)
    assert {note.effect for note in made.notes} <= {Effect.SAME, Effect.CASE, Effect.COVERAGE}
    told = next(note.message for note in made.notes if note.code == "several-sources")
    assert "endpoint.events, windows.sysmon_operational" in told
    of_defend = kqlx.convert(rule, target, source="endpoint.events")
    assert "x.dll" in of_defend.query
    assert "TargetFilename" not in of_defend.query
    of_sysmon = kqlx.convert(rule, target, source="windows.sysmon_operational")
    assert "ImageLoaded" in of_sysmon.query


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_a_rule_of_it_alone_is_refused(target: str) -> None:
    query = 'library where host.os.type == "windows" and file.name : "x.dll"'
    with pytest.raises(kqlx.MappingError, match=r"file\.name is never set"):
        kqlx.convert(query, target, source="endpoint.events", language="eql")


def test_below_a_not_nothing_is_excluded() -> None:
    query = 'library where host.os.type == "windows" and dll.name : "x" and not file.name : "y"'
    made = kqlx.convert(query, "sigma", source="endpoint.events", language="eql")
    assert "not" not in str(made.query).split("condition:")[1]


def test_it_is_said_of_the_field() -> None:
    pack = builtin("endpoint.events")
    (place,) = (d for d in pack.targets["sigma"] if "image_load" in d.name)
    spec = place.field("file.name")
    assert spec is not None
    assert kind(spec, place) == "never set"
