"""Sigma: parameters and changed properties of Microsoft 365, which are objects with a name."""

from __future__ import annotations

from typing import Any

import pytest

import kqlx
from kqlx.notes import Effect
from tests.oracles.sigma_rules import SIGMA, documents

ASKED = "event.dataset:o365.audit and event.action:x"


def detection(query: str) -> tuple[kqlx.Conversion, Any]:
    found = kqlx.convert(f"{ASKED} and {query}", "sigma", format="query")
    return found, documents(str(found.query))[0]["detection"]


@pytest.mark.parametrize(
    ("query", "selection", "others"),
    [
        (
            "o365.audit.Parameters.Enabled:False",
            {"Parameters.Name": "Enabled", "Parameters.Value": "False"},
            {},
        ),
        (
            'o365.audit.ModifiedProperties.Role_DisplayName.NewValue:("A" or "B")',
            {
                "ModifiedProperties.Name": "Role?DisplayName",
                "ModifiedProperties.NewValue": ["A", "B"],
            },
            {},
        ),
        (
            "o365.audit.ExtendedProperties.Name:*",
            {"ExtendedProperties.Name": "Name"},
            {},
        ),
        (
            "o365.audit.Parameters.A:1 and o365.audit.Parameters.B:2",
            {"Parameters.Name": "A", "Parameters.Value": "1"},
            {"selection_2": {"Parameters.Name": "B", "Parameters.Value": "2"}},
        ),
        (
            "not o365.audit.Parameters.ForwardTo:*",
            {},
            {"filter_main_name": {"Parameters.Name": "ForwardTo"}},
        ),
        # A value below a not would take away events in which another parameter has it.
        ("not o365.audit.Parameters.A:1", {}, {}),
    ],
)
def test_a_name_and_a_value_are_asked_for(
    query: str, selection: dict[str, Any], others: dict[str, Any]
) -> None:
    found, made = detection(query)
    base = {"Operation": "x"}
    assert {**made.pop("selection")} == {**base, **selection}
    made.pop("condition")
    assert made == others
    exact = query.endswith(":*")
    wider = [note.code for note in found.notes if note.effect is Effect.WIDER]
    assert ("nested-flattened" in wider) is not exact


def test_events_of_microsoft_365_are_found() -> None:
    found, _ = detection("o365.audit.Parameters.Enabled:False")
    pairs = [{"Name": "Identity", "Value": "a"}, {"Name": "Enabled", "Value": "False"}]
    event = {"Operation": "x", "Parameters": pairs}
    assert SIGMA.holds(str(found.query), event)
    event["Parameters"] = [{"Name": "Enabled", "Value": "True"}]
    assert not SIGMA.holds(str(found.query), event)
