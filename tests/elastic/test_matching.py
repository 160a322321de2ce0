"""Which known values meet a test."""

from __future__ import annotations

import pytest

import kqlx
from kqlx.elastic.matching import matches_value, met_values
from kqlx.nodes import Case, Equals, FieldTest
from kqlx.records import replace

VALUES = ("success", "Success", "suc cess", "*", "", "1", "true", "ſuccess")


@pytest.mark.parametrize("field", ["a", "a.keyword", "a.text", "a.caseless", "a*", "*.text"])
@pytest.mark.parametrize(
    "test",
    ["success", "SUCCESS", '"suc cess"', "suc*", "*", '"*"', '""', "true", "1", '"Success"'],
)
def test_several_values_are_told_as_one_by_one(field: str, test: str) -> None:
    node = kqlx.parse(f"{field}:{test}")
    assert isinstance(node, FieldTest)
    asked = [node, replace(node, case=Case.FOLDED)] if isinstance(node, Equals) else [node]
    for one in asked:
        expected = [value for value in VALUES if matches_value(one, value)]
        assert met_values(one, VALUES) == expected
        assert met_values(one, dict.fromkeys(VALUES, 1)) == expected
