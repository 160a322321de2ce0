"""The time of a conversion grows with the query and no faster, and binding does not look at each
value of a list anew. What is compared are times of one run, and the bounds are far from what is
measured: work that grows with the square would take eight times what they allow.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

import kqlx
from kqlx.mappings.binder import Binder
from kqlx.nodes import FieldTest, Node

TARGETS = ("elasticsearch", "sentinel", "sigma", "spl")
FEW, MANY = 250, 8_000


def _list(count: int) -> str:
    values = " or ".join(f"value{number}" for number in range(count))
    return f"event.dataset:o365.audit and user.id:({values})"


def _translated_list(count: int) -> str:
    values = " or ".join(f"value{number}" for number in range(count))
    return f"event.dataset:o365.audit and event.action:({values})"


def _folded_list(count: int) -> str:
    values = " or ".join(f"value{number}" for number in range(count))
    return f"event.dataset:o365.audit and user.id.caseless:({values})"


def _and(count: int) -> str:
    return " and ".join(f"f:v{number}" for number in range(count))


def seconds(query: str, target: str, runs: int = 1) -> float:
    """Processor time of one conversion, the least of some runs."""
    times = []
    for _ in range(runs):
        started = time.process_time()
        kqlx.convert(query, target, accept=("wider", "narrower", "different"), unmapped="keep")
        times.append(time.process_time() - started)
    return min(times)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("write", [_list, _translated_list, _folded_list, _and])
def test_time_is_linear_in_the_query(write: Callable[[int], str], target: str) -> None:
    few, many = write(FEW), write(MANY)
    seconds(write(10), target)  # what is loaded and made once
    assert seconds(many, target) < 4 * (MANY / FEW) * seconds(few, target, runs=3)


def test_values_of_a_list_are_bound_once_for_their_field(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []
    bind_test = Binder.bind_test

    def counted(self: Binder, node: FieldTest) -> Node:
        looked_at.append(node)
        return bind_test(self, node)

    monkeypatch.setattr(Binder, "bind_test", counted)
    kqlx.convert(_list(100), "spl")
    assert len(looked_at) == 2  # the data source, and one value
