"""The sequences and samples of drawn streams, found one event after the other, are those that a
second model finds over all events at once.
"""

from __future__ import annotations

from random import Random

import pytest

from kqlx.evaluate.sequences import find_sequences
from tests.conftest import DEEP
from tests.evaluate.sequence_model import (
    drawn_sample,
    drawn_sequence,
    drawn_stream,
    found_by_model,
    kind_of,
)

STREAMS = 20_000 if DEEP else 1_500


@pytest.mark.parametrize("stored_order", [False, True])
def test_sequences_are_those_of_the_model(stored_order: bool) -> None:
    random = Random(17)
    several = 0
    for _ in range(STREAMS):
        asked, events = drawn_sequence(random), drawn_stream(random)
        expected = found_by_model(asked, events, stored_order)
        together = find_sequences(asked, events, types={}, stored_order=stored_order)
        found = sorted(tuple(event["n"] for event in one.events) for one in together)
        assert found == expected, (asked, events)
        several += bool(expected)
    assert several > STREAMS / 5


def test_samples_are_those_of_the_model() -> None:
    random = Random(18)
    for _ in range(STREAMS // 5):
        asked, events = drawn_sample(random), drawn_stream(random)
        together = list(find_sequences(asked, events, types={}))
        assert len(together) == len(found_by_model(asked, events)), (asked, events)
        for one in together:
            assert len({event["n"] for event in one.events}) == len(asked.steps)
            for step, event in zip(asked.steps, one.events, strict=True):
                assert kind_of(step) in event["kind"]
