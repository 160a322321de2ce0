"""Functions of values in Kusto: what they mean, executed, and how they are written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.evaluate.compiler import compile
from kqlx.mappings.field_list import of_types
from kqlx.testing.agreement import Claim
from tests.conftest import examples
from tests.oracles import sentinel
from tests.oracles.drawn import check_drawn_eql
from tests.oracles.function_queries import TYPES, events, queries
from tests.oracles.kusto import analyse

SHARE = 4
COLUMNS = {"a": "string", "b": "string", "n": "long", "m": "long"}


def conversion(query: str) -> kqlx.Conversion:
    return kqlx.convert(
        f"any where {query}", "sentinel", language="eql", source="none", fields=of_types(TYPES)
    )


@pytest.mark.parametrize("share", range(SHARE))
def test_functions_mean_what_they_mean_in_eql(share: int) -> None:
    held = [event for event in events(lists=False) if "" not in event.values()]
    rows: list[list[Any]] = [
        [number, *(event.get(name, "" if name in "ab" else None) for name in COLUMNS)]
        for number, event in enumerate(held)
    ]
    types = {sentinel.ROW: "BIGINT", **{n: sentinel.SQL_TYPES[k] for n, k in COLUMNS.items()}}
    sentinel.make_table("Events", types, rows)
    reports = []
    for query in queries()[share::SHARE]:
        try:
            made = conversion(query)
        except kqlx.UnsupportedError as error:
            reports.append(f"{query}: {error}")
            continue
        text, may_add = made.text, Claim.of(made.notes).may_add
        holds = compile(kqlx.parse(f"any where {query}", language="eql"), TYPES)
        expected = {number for number, event in enumerate(held) if holds(event)}
        try:
            kept = sentinel.answer(f"{sentinel.rewritten(text)}\n| project {sentinel.ROW}")
        except Exception as error:
            reports.append(f"{query}: {type(error).__name__} {str(error)[:200]}: {text}")
            continue
        found = {row[sentinel.ROW] for row in kept}
        if expected - found or (found - expected and not may_add):
            odd = [held[number] for number in sorted(found ^ expected)[:3]]
            reports.append(f"{query}: {odd}: {text}")
    assert not reports, "\n".join([f"{len(reports)} reports", *reports[:20]])


def test_microsofts_analyser_takes_them() -> None:
    texts = [conversion(query).text for query in queries()]
    schema = {"Events": {**COLUMNS, "TimeGenerated": "datetime"}}
    found = [
        f"{text}: {said}" for text, said in zip(texts, analyse(texts, schema), strict=True) if said
    ]
    assert not found, "\n".join(found[:10])


@examples(30)
@given(data=st.data())
def test_drawn_conditions_mean_what_they_mean_in_eql(data: st.DataObject) -> None:
    check_drawn_eql(data, sentinel.SENTINEL, "sentinel")


@pytest.mark.parametrize(("case", "operator"), [(None, "endswith"), ("sensitive", "endswith_cs")])
def test_letter_case_is_ignored_where_the_destination_has_another(
    case: str | None, operator: str
) -> None:
    query = 'network where endsWith(concat(network.transport, "|"), "udp|")'
    made = kqlx.convert(query, "sentinel", language="eql", source="any.dns", case=case)
    assert f'strcat(NetworkProtocol, "|") {operator} "udp|"' in made.text
