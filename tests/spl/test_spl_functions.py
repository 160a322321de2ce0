"""Functions of values in ``where``: what they mean, and how they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.evaluate.compiler import compile
from kqlx.mappings.field_list import of_types
from kqlx.testing.agreement import Claim, Unsettled
from tests.conftest import examples
from tests.oracles.drawn import check_drawn_eql
from tests.oracles.function_queries import TYPES, events, queries
from tests.oracles.splunk import SPLUNK

SHARE = 6


@pytest.mark.parametrize("share", range(SHARE))
def test_functions_mean_what_they_mean_in_eql(share: int) -> None:
    reports = []
    held = events(lists=True)
    for number, query in enumerate(queries()[share::SHARE]):
        conversion = kqlx.convert(
            f"any where {query}",
            "spl",
            language="eql",
            source="none",
            fields=of_types(TYPES),
            accept=["narrower"],
        )
        SPLUNK.read(conversion.text)
        holds = compile(kqlx.parse(f"any where {query}", language="eql"), TYPES)
        claim = Claim.of(conversion.notes)
        for event in held[number % 4 :: 4]:
            try:
                answer = SPLUNK.holds(conversion.text, event)
            except Unsettled as error:
                reports.append(f"{query}: {event}: {error}: {conversion.text}")
                break
            expected = holds(event)
            if claim.broken_by(answer, (expected, expected)):
                reports.append(f"{query}: {event}: {answer}: {conversion.text}")
                break
    assert not reports, "\n".join([f"{len(reports)} reports", *reports[:20]])


@examples(40)
@given(data=st.data())
def test_drawn_conditions_mean_what_they_mean_in_eql(data: st.DataObject) -> None:
    check_drawn_eql(data, SPLUNK, "spl")
