"""No pack says of the events of its source what one of Elastic's own sample events contradicts:
else kqlx would say of a query that it can never match, and events match it. See ``samples.yml``.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from kqlx.mappings.pack import Pack
from kqlx.mappings.reader.builtin import builtin
from tests.oracles.sigma_rules import documents

(SAMPLES,) = documents((Path(__file__).parent / "samples.yml").read_text("utf-8"))


def _values(value: object) -> set[str]:
    return {str(one) for one in (value if isinstance(value, list) else [value])} - {"None"}


def contradictions(pack: Pack, event: dict[str, Any]) -> list[str]:
    """What the pack says of all events, and this one is otherwise; of the fields that it names."""
    told = []
    for name, value in event.items():
        has = _values(value)
        for field, constant in pack.constants.items():
            if field == name and has != {str(constant)}:
                told.append(f"{name} is {has}, not {constant} alone")
        for field, among in pack.always_includes.items():
            # The spelling of older events may stand beside today's.
            if field == name and not has & {str(one) for one in among}:
                told.append(f"{name} is {has}, without {among}")
        for field, all_values in pack.allowed_values.items():
            if fnmatchcase(name, field) and not has <= {str(one) for one in all_values}:
                told.append(f"{name} is {has}, beyond {all_values}")
    return told


@pytest.mark.parametrize("file", SAMPLES)
def test_a_pack_agrees_with_sample_events(file: str) -> None:
    pack = builtin(SAMPLES[file]["source"])
    for event in SAMPLES[file]["events"]:
        assert contradictions(pack, event) == []


def test_a_contradiction_is_seen() -> None:
    pack = builtin("google_workspace.saml")
    assert len(contradictions(pack, {"event.kind": "alert", "event.category": ["file"]})) == 3
    assert len(contradictions(pack, {"event.kind": None})) == 1
