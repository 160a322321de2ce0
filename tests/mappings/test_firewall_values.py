"""Values of a firewall's logs as Elastic's pipelines make them, by what the other systems hold."""

from __future__ import annotations

import pytest

import kqlx


def converted(query: str, to: str) -> str:
    return str(kqlx.convert(query, to=to).query)


def test_what_a_firewall_did_under_its_older_name() -> None:
    query = "event.dataset:panw.panos and panw.panos.action"
    assert '("reset-both", "reset both")' in converted(f"{query}:reset-both", "sentinel")
    assert '("drop-icmp", "drop icmp")' in converted(f"{query}:drop-icmp", "spl")


def test_bytes_in_are_what_the_source_of_a_session_sent() -> None:
    query = "event.dataset:panw.panos and source.bytes > 5"
    assert "ReceivedBytes > 5" in converted(query, "sentinel")
    notes = {note.code for note in kqlx.convert(query, to="sentinel").notes}
    assert "unconfirmed-mapping" in notes


@pytest.mark.parametrize("to", ["sentinel", "spl"])
def test_names_of_files_are_no_addresses_of_a_firewall(to: str) -> None:
    text = converted("event.dataset:panw.panos and url.original:*", to)
    assert "vulnerability" in text
