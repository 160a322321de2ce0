"""The example rules on several events find what people see in the streams of events beside them in
``tests/cases/sequences``: exact spans and a millisecond more, other hosts and addresses, events
without a key, events of the same time.
"""

from __future__ import annotations

import json

import pytest

from kqlx.evaluate.sequences import find_sequences
from kqlx.rules.load import load_rules
from kqlx.rules.query_tree import query_of
from tests.conftest import ROOT

EVENTS = ROOT / "tests/cases/sequences"
LINES = {
    "windows_certificate_tool_connects_outside": [[1, 4], [6, 8]],
    "windows_network_logon_after_many_failures": [[*range(1, 10), 12, 15], [*range(17, 28)]],
    "windows_script_host_starts_a_downloader": [[1, 4], [2, 7]],
}


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("stored_order", [False, True])
def test_the_sequences_are_those_that_people_see(name: str, stored_order: bool) -> None:
    (rule,) = load_rules(ROOT / f"rules/{name}.toml").rules
    texts = (EVENTS / f"{name}.ndjson").read_text("utf-8").splitlines()
    events = [json.loads(text) | {"line": line} for line, text in enumerate(texts, 1)]
    expected = LINES[name]
    if stored_order and name == "windows_certificate_tool_connects_outside":
        expected = [[1, 4], [6, 7]]  # of the same time
    found = find_sequences(query_of(rule), events, stored_order=stored_order)
    assert [[event["line"] for event in one.events] for one in found] == expected


def test_each_example_has_its_events() -> None:
    assert {path.stem for path in EVENTS.glob("*.ndjson")} == {*LINES}
