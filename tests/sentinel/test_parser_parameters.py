"""What a query asks of all rows, said to ASIM's parsers too: no row is lost by it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from tests.conftest import examples
from tests.oracles.kusto import analyse, without_parameters
from tests.oracles.sentinel_rows import matching

ADDRESSES = ["10.0.0.1", "10.9.0.1", "172.16.0.9", "172.32.0.1", "192.0.2.7", "192.0.2.77",
             "fe80::1", "::1", ""]  # fmt: skip
NETWORKS = [
    "10.0.0.0/8",
    "10.0.0.0/16",
    "172.16.0.0/12",
    "192.0.2.0/25",
    "0.0.0.0/0",
    '"fe80::/10"',
]
VALUES = [*NETWORKS, *(f'"{one}"' for one in ADDRESSES if one)]
PORTS = [445, 139, 44]


def converted(query: str) -> str:
    made = kqlx.convert(
        query, "sentinel", source="network_traffic", accept=["narrower", "different"]
    )
    return str(made.query)


@st.composite
def conjuncts(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["source.ip", "destination.ip", "destination.port"]))
    values = [*map(str, PORTS)] if kind == "destination.port" else VALUES
    chosen = draw(st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True))
    negation = draw(st.sampled_from(["", "", "not "]))
    return f"{negation}{kind}:({' or '.join(chosen)})"


@given(
    st.lists(conjuncts(), min_size=1, max_size=3),
    st.lists(
        st.tuples(
            st.sampled_from(ADDRESSES), st.sampled_from(ADDRESSES), st.sampled_from([*PORTS, None])
        ),
        min_size=1,
        max_size=8,
    ),
)
@examples(60)
def test_no_session_is_lost(asked: list[str], sessions: list[tuple[str, str, int | None]]) -> None:
    query = converted(" and ".join(asked))
    rows = [
        (n, "_Im_NetworkSession", {"SrcIpAddr": src, "DstIpAddr": dst, "DstPortNumber": port})
        for n, (src, dst, port) in enumerate(sessions)
    ]
    plain = without_parameters(query)
    tables = ["_Im_NetworkSession"]
    assert matching(query, tables, rows) == matching(plain, tables, rows), query
    assert analyse([query]) == [[]]


@pytest.mark.parametrize(
    ("query", "call"),
    [
        ("destination.port:445", "(dstportnumber = 445)"),
        ("destination.port:(445 or 139)", ""),
        ("not destination.port:445", ""),
        ("destination.port:445 or source.ip:10.0.0.1", ""),
        ("source.ip:10.0.0.1", '(srcipaddr_has_any_prefix = dynamic(["10.0.0.1"]))'),
        ("source.ip:172.16.0.0/12", '(srcipaddr_has_any_prefix = dynamic(["172."]))'),
        ("source.ip:(10.0.0.0/8 or 10.1.0.0/16)",
         '(srcipaddr_has_any_prefix = dynamic(["10.", "10.1."]))'),
        ('source.ip:(10.0.0.0/8 or "fe80::/10")', ""),
        ("source.ip:0.0.0.0/0", ""),
        ("source.ip >= 10.0.0.1", ""),
        ("destination.ip:192.0.2.1 and destination.port:22 and source.ip:10.0.0.0/24",
         '(dstipaddr_has_any_prefix = dynamic(["192.0.2.1"]), dstportnumber = 22,'
         ' srcipaddr_has_any_prefix = dynamic(["10.0.0."]))'),
    ],
)  # fmt: skip
def test_sessions(query: str, call: str) -> None:
    assert converted(query).startswith(f"_Im_NetworkSession{call}\n")


@pytest.mark.parametrize(
    ("asked", "call"),
    [
        ("example.com", '(domain_has_any = dynamic(["example.com"]))'),
        ("(*.onion.to or evil.org)", '(domain_has_any = dynamic(["onion.to", "evil.org"]))'),
        ("*example.com", ""),
        ("*.com", ""),
        ("www.*", ""),
        ("*.a?.com", ""),
        ("localhost", ""),
    ],
)
def test_domains(asked: str, call: str) -> None:
    query = converted(f"event.dataset:network_traffic.dns and dns.question.name:{asked}")
    assert query.startswith(f"_Im_Dns{call}\n")
    names = ["example.com", "www.example.com", "notexample.com", "x.onion.to", "a.evil.org",
             "evil.org", "EVIL.ORG", "www.x.com", "x.a.com", "localhost", "a.b.net"]  # fmt: skip
    rows = [(n, "_Im_Dns", {"DnsQuery": name}) for n, name in enumerate(names)]
    plain = without_parameters(query)
    assert matching(query, ["_Im_Dns"], rows) == matching(plain, ["_Im_Dns"], rows)
    assert analyse([query]) == [[]]


@pytest.mark.parametrize(
    ("asked", "call"),
    [
        ("404", '(eventresultdetails_in = dynamic(["404"]))'),
        ("(404 or 500)", '(eventresultdetails_in = dynamic(["404", "500"]))'),
        (">= 500", ""),
    ],
)
def test_status_codes(asked: str, call: str) -> None:
    test = f" {asked}" if ">" in asked else f":{asked}"
    query = converted(
        f"event.dataset:network_traffic.http and http.response.status_code{test} and url.full:*x*"
    )
    assert query.startswith(f"_Im_WebSession{call}\n")
    rows = [
        (n, "_Im_WebSession", {"EventResultDetails": code, "Url": "https://x"})
        for n, code in enumerate(["404", "500", "200", ""])
    ]
    plain = without_parameters(query)
    assert matching(query, ["_Im_WebSession"], rows) == matching(plain, ["_Im_WebSession"], rows)
    assert analyse([query]) == [[]]


def test_other_tables_take_none() -> None:
    query = kqlx.convert("destination.port:445", "sentinel", source="network_traffic", table="Ours")
    assert str(query.query).startswith("Ours\n")


def test_the_model_of_parsers_refuses_what_they_do_not_take() -> None:
    for call in ("dstport = 1", 'dstportnumber = dynamic(["1"])', "dstportnumber = 1,"):
        assert analyse([f"_Im_NetworkSession({call})\n| where DstPortNumber == 1"]) != [[]]
