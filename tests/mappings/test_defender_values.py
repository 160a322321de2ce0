"""What Elastic's pipelines make of Microsoft Defender's records."""

from __future__ import annotations

import pytest

import kqlx
from tests.mappings.test_pipeline_values import ACCEPT, converted

DEFENDER = "event.dataset:m365_defender.event and event.category"
RENAMED = [
    ("process", "start", "AdvancedHunting-DeviceProcessEvents", "ProcessCreated"),
    ("file", "creation", "AdvancedHunting-DeviceFileEvents", "FileCreated"),
    ("file", "modification", "AdvancedHunting-DeviceFileEvents", "FileModified"),
    ("file", "rename", "AdvancedHunting-DeviceFileEvents", "FileRenamed"),
    ("file", "deletion", "AdvancedHunting-DeviceFileEvents", "FileDeleted"),
    ("registry", "creation", "AdvancedHunting-DeviceRegistryEvents", "RegistryKeyCreated"),
    ("registry", "modification", "AdvancedHunting-DeviceRegistryEvents", "RegistryValueSet"),
]


@pytest.mark.parametrize(("category", "action", "table", "there"), RENAMED)
def test_microsoft_365_defender_names_events_as_elastics_sensor_does(
    category: str, action: str, table: str, there: str
) -> None:
    query = f"{DEFENDER}:{category} and event.action"
    text = converted(f"{query}:{action}", "spl")
    assert text.endswith(f'category="{table}" properties.ActionType="{there}"')
    assert f'ActionType =~ "{there}"' in converted(f"{query}:{action}", "sentinel")
    # As releases before named it.
    assert f'ActionType =~ "{there}"' in converted(f"{query}:{there.lower()}", "sentinel")


@pytest.mark.parametrize("to", ["sentinel", "spl"])
def test_types_of_files_and_connections_in_microsoft_365_defender(to: str) -> None:
    text = converted(f"{DEFENDER}:file and event.type:change", to)
    assert "FileModified" in text
    assert "FileRenamed" in text
    text = converted(f"{DEFENDER}:network and event.type:start", to)
    for name in ("ConnectionSuccess", "ConnectionRequest", "InboundConnectionAccepted"):
        assert name in text
    assert "Dns" in converted(f"{DEFENDER}:network and network.protocol:dns", to)


@pytest.mark.parametrize("to", ["sentinel", "spl"])
def test_the_two_ends_of_an_inspected_connection_by_its_direction(to: str) -> None:
    text = converted(f"{DEFENDER}:network and source.ip:203.0.113.7", to)
    assert text.index('"In"') < text.index("RemoteIP") < text.index("LocalIP")
    text = converted(f"{DEFENDER}:network and destination.port:22", to)
    assert text.index('"In"') < text.index("LocalPort") < text.index("RemotePort")
    # Elastic's pipeline takes the local one for both.
    assert "RemotePort" not in converted(f"{DEFENDER}:network and source.port:22", to)
    assert '"In"' in converted(f"{DEFENDER}:network and network.direction:inbound", to)


def test_sign_ins_of_identities_are_authentication_too() -> None:
    query = f"{DEFENDER}:authentication and event.outcome:failure and user.name:eve"
    assert '"AdvancedHunting-IdentityLogonEvents"' in converted(query, "spl")
    text = converted(query, "sentinel")
    assert "DeviceLogonEvents" in text
    assert "IdentityLogonEvents" in text
    # What only the one table has is asked of it, and the other is told.
    found = kqlx.convert(f"{query} and source.ip:203.0.113.7", to="sentinel", accept=ACCEPT)
    assert any("IdentityLogonEvents is not read" in note.message for note in found.notes)


@pytest.mark.parametrize("to", ["sentinel", "spl"])
def test_what_a_key_of_the_registry_was_before(to: str) -> None:
    for field, column in (
        (r"registry.key:SOFTWARE\\x", "PreviousRegistryKey"),
        ("registry.value:x", "PreviousRegistryValueName"),
        ("registry.data.strings:x", "PreviousRegistryValueData"),
    ):
        assert column in converted(f"{DEFENDER}:registry and {field}", to)
