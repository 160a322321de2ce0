"""The Query DSL is Kibana's, for every valid text of the case list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import kqlx

CASES = [
    case
    for line in (Path(__file__).parent / "cases/kql.jsonl").read_text("utf-8").split("\n")
    if line and (case := json.loads(line))["ok"]
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_dsl_is_kibanas(case: dict[str, Any]) -> None:
    assert kqlx.convert(case["kql"], to="elasticsearch").query == case["dsl"]


def test_halves_of_characters_are_printed_as_escapes() -> None:
    text = kqlx.convert(r"f:\ud83d", to="es").text
    text.encode()
    assert json.loads(text)["bool"]["should"] == [{"match": {"f": "\ud83d"}}]
