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


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ("destination.port:22", ["category: firewall", "dst_port: 22"]),
        (
            "network.transport:udp and destination.port:4500",
            ["product: zeek", "service: conn", "proto: 'udp'", "id.resp_p: 4500"],
        ),
        (
            "event.dataset:network_traffic.icmp and icmp.request.type:13",
            ["product: zeek", "service: conn", "proto: 'icmp'\n        id.orig_p: 13"],
        ),
    ],
)
def test_sigma_asks_zeek_what_the_firewalls_of_its_taxonomy_do_not_tell(
    query: str, lines: list[str]
) -> None:
    found = converted(f"event.dataset:network_traffic.* and {query}", "sigma")
    assert [line for line in lines if line not in found] == []


@pytest.mark.parametrize("test", ["network.transport:sctp", "network.direction:ingress"])
def test_what_zeek_does_not_tell_either_is_refused(test: str) -> None:
    with pytest.raises(kqlx.MappingError, match="has no counterpart"):
        kqlx.convert(f"event.dataset:network_traffic.flow and {test}", "sigma")


@pytest.mark.parametrize("source", ["panw.panos", "pfsense.log"])
def test_firewalls_of_sigma_go_by_ports_and_that_is_told(source: str) -> None:
    query = f"event.dataset:{source} and destination.port:5800 and "
    found = kqlx.convert(f"{query}network.transport:tcp", to="sigma")
    assert found.query == converted(query.removesuffix(" and "), "sigma")
    (told,) = [note for note in found.notes if note.code == "approximated"]
    assert told.effect is kqlx.Effect.WIDER
    assert 'does not distinguish network.transport "tcp" from "udp"' in told.message
    with pytest.raises(kqlx.MappingError, match="has ports and no protocol"):
        kqlx.convert(f"{query}network.transport:sctp", to="sigma")
    # Below a not the test is left out: no event is lost.
    assert converted(f"{query}not network.transport:tcp", "sigma") == found.query


@pytest.mark.parametrize("to", ["sentinel", "spl", "sigma"])
@pytest.mark.parametrize("field", ["event.dataset", "data_stream.dataset"])
def test_all_data_sets_of_packetbeat_are_sessions(field: str, to: str) -> None:
    assert "22" in converted(f"{field}:network_traffic.* and destination.port:22", to)
