"""Destinations for records of one kind among others: chosen only if every event that the query asks
for is of that kind.
"""

from __future__ import annotations

import pytest

import kqlx

REQUESTS = "event.dataset:network_traffic.http"
HTTP = 'sourcetype="stream:http"'
CERTIFICATES = {"spl": "tag=certificate", "sentinel": "corelight_x509", "sigma": "service: x509"}


@pytest.mark.parametrize(
    "query",
    [
        "event.category:network and http.request.body.bytes > 500",
        "event.category:network and (http.request.body.bytes > 500 or request:*eve*)",
        f"{REQUESTS} and http.request.body.bytes > 500",
        f"{REQUESTS} and network.direction:ingress and destination.port:8080",
        f"{REQUESTS} and network.direction:(ingress or inbound) and url.path:/x",
        f"({REQUESTS} or network.protocol:http) and http.request.body.bytes > 1",
    ],
)
def test_records_of_requests(query: str) -> None:
    assert str(kqlx.convert(query, "spl", source="network_traffic").query).startswith(HTTP)


@pytest.mark.parametrize(
    "query",
    [
        "event.category:network and (http.request.body.bytes > 500 or destination.port:4444)",
        "event.category:network and not http.request.body.bytes > 500",
        "event.category:network and not http.request.headers.authorization:*",
        "event.dataset:(network_traffic.http or network_traffic.tls) and destination.port:443",
        f"{REQUESTS} and network.direction:ingress",
        f"{REQUESTS} and not network.direction:ingress and request:*x*",
        f"{REQUESTS} and (network.direction:ingress or request:*x*)",
    ],
)
def test_other_events_are_not_lost(query: str) -> None:
    with pytest.raises(kqlx.KqlxError, match="no counterpart"):
        kqlx.convert(query, "spl", source="network_traffic")


@pytest.mark.parametrize("target", CERTIFICATES)
def test_certificates(target: str) -> None:
    hashes = "tls.server.hash.md5:AA or tls.server.hash.sha1:BB or tls.server.hash.sha256:CC"
    found = kqlx.convert(f"event.category:network and ({hashes})", target, source="network_traffic")
    assert CERTIFICATES[target] in str(found.query)
    for other in (f"{hashes} or destination.port:4444", f"not ({hashes})"):
        with pytest.raises(kqlx.KqlxError, match="no counterpart"):
            kqlx.convert(f"event.category:network and ({other})", target, source="network_traffic")


SCRIPTS = {"spl": "EventCode=4104", "sentinel": "EventID == 4104"}


@pytest.mark.parametrize("target", SCRIPTS)
def test_script_blocks_are_of_one_number(target: str) -> None:
    def found(query: str) -> str:
        source = "windows.powershell_operational"
        return str(kqlx.convert(query, target, source=source).query)

    block = "powershell.file.script_block_text:mimikatz"
    assert found(block).count(SCRIPTS[target]) == 1
    assert found(f"event.code:4104 and {block}").count(SCRIPTS[target]) == 1
    assert found(f"{block} and not user.id:S-1-5-18").count(SCRIPTS[target]) == 1
    for other in (f"{block} or event.code:4105", f"not {block}"):
        assert SCRIPTS[target] not in found(other)
