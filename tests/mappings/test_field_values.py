"""Where the values of a field are in a destination, for rules that count or show them."""

from __future__ import annotations

import pytest

from kqlx.mappings.extraction import Expression
from kqlx.mappings.field_values import (
    ByKind,
    Constant,
    Extracted,
    FieldValues,
    FirstOf,
    InColumn,
    Missing,
    is_countable,
    resolve_in,
)
from kqlx.mappings.reader.pack_data import of_data

PACK = of_data(
    {
        "source": "acme.log",
        "constants": {"event.dataset": "acme.log"},
        "targets": {
            "spl": [
                {
                    "base": "sourcetype=acme",
                    "fields": {
                        "user.name": "user",
                        "user.id": {"none": "is not logged", "counted_by": "sid"},
                        "source.ip": {"any": ["src", "client"]},
                        "file.name": {"column": "path", "part": "name"},
                        "process.args": {"column": "command", "part": "word"},
                        "event.outcome": {"fixed": "success"},
                        "host.name": {
                            "by": "event.code",
                            "cases": [{"of": ["1"], "column": "host"}, {"column": "computer"}],
                        },
                        "targets.*.id": "targets{}.id",
                        "url.domain": {"none": "is not logged"},
                    },
                }
            ]
        },
    }
)


@pytest.mark.parametrize(
    ("field", "expected", "countable"),
    [
        ("event.dataset", Constant("acme.log"), True),
        ("event.outcome", Constant("success"), True),
        ("user.name", InColumn("user"), True),
        ("user.id", InColumn("sid", is_substitute=True), True),
        ("targets.0.id", InColumn("targets{}.id", in_any_list_position=True), True),
        ("source.ip", FirstOf(("src", "client")), True),
        ("file.name", Extracted("path", (Expression(r"([^\\]+)$"),)), True),
        ("process.args", Extracted("command", ()), False),
        ("url.domain", Missing("is not logged"), False),
        ("rule.name", Missing(), False),
    ],
)
def test_where_the_values_of_a_field_are(
    field: str, expected: FieldValues, countable: bool
) -> None:
    found = resolve_in(PACK, PACK.targets["spl"][0], field)
    assert found == expected
    assert is_countable(found) is countable


def test_a_field_that_is_another_column_by_the_kind_of_event() -> None:
    found = resolve_in(PACK, PACK.targets["spl"][0], "host.name")
    assert isinstance(found, ByKind)
    assert [case.column for case in found.spec.cases] == ["host", "computer"]
