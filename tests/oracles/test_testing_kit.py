"""``kqlx.testing`` as packages with targets of their own use it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from kqlx.testing import QUERIES, Engine, Malformed, check
from tests.oracles.sentinel import Sentinel
from tests.oracles.sigma_rules import Sigma
from tests.oracles.splunk import Splunk


@pytest.mark.parametrize(
    ("target", "engine"), [("spl", Splunk), ("sigma", Sigma), ("sentinel", Sentinel)]
)
def test_the_targets_of_this_package_pass(target: str, engine: Callable[[], Engine]) -> None:
    report = check(engine(), target)
    assert not report.disagreements, report
    assert len(report.refused) < 5
    assert report.judged > 20 * len(QUERIES)


class Lying:
    """An engine that finds every event, and refuses queries that name a host."""

    def read(self, query: str) -> None:
        if "host" in query:
            raise Malformed("no hosts here")

    def holds(self, query: str, event: Mapping[str, Any]) -> bool:
        return True


def test_what_differs_is_reported_with_query_and_event() -> None:
    report = check(Lying(), "spl", ["event.code:1"], [{"event": {"code": "2"}}], near=0)
    (found,) = report.disagreements
    assert found.startswith("matches, and Kibana does not")
    assert "event.code:1" in found and '{"event": {"code": "2"}}' in found
    assert str(report).startswith("1 events judged, 0 queries refused, 1 differ\n")


def test_a_query_that_cannot_be_read_is_reported() -> None:
    report = check(Lying(), "spl", ["host.name:a"])
    assert report.judged == 0
    assert "no hosts here" in report.disagreements[0]


def test_what_a_note_announces_is_no_difference() -> None:
    event = {"event": {"action": "sEND"}}
    assert not check(Lying(), "spl", ["event.action:Send"], [event], near=0).disagreements
    assert check(Lying(), "es", ["event.action:Send"], [event], near=0).disagreements


def test_what_is_refused_is_reported_apart() -> None:
    report = check(Lying(), "spl", ["user.name:null"])
    assert "null" in report.refused["user.name:null"]
    assert (report.judged, report.disagreements) == (0, [])


def test_the_kit_does_without_hypothesis() -> None:
    code = "import sys; sys.modules['hypothesis'] = None; import kqlx.testing"
    subprocess.run([sys.executable, "-c", code], check=True)
