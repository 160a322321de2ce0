"""Queries about what is looked up beside events, and events of CloudTrail with what Elastic has
looked up for them: the same for all targets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

CLOUDTRAIL = "event.dataset:aws.cloudtrail and event.action:CreateKeyPair"

ADDRESSES: Sequence[tuple[str, int | None, str, str]] = (
    ("192.0.2.1", 64500, "AMAZON-02", "France"),
    ("192.0.2.2", 64501, "Google LLC", "Germany"),
    ("192.0.2.3", 64502, "Example", ""),
    ("192.0.2.4", None, "", "France"),
    ("config.amazonaws.com", None, "", ""),
    ("", None, "", ""),
)
"""Addresses with the number of their network, its organization, and the country."""

NETWORK_TESTS = [
    *("source.as.number:64500", "source.as.number:(64501 or 64502)", "source.as.number:*"),
    *("source.as.organization.name:AMAZON*", 'source.as.organization.name:"Google LLC"'),
    *("source.as.organization.name:*", "source.as.number > 64501"),
    *("source.geo.country_name:France", "source.geo.country_name:(France or Spain)"),
    *("source.geo.country_name:*", 'source.ip:"192.0.2.1"', "user_agent.original:Boto*"),
]


def event(address: str, number: int | None, organization: str, country: str) -> dict[str, Any]:
    """Elastic's document of an event from an address."""
    source: dict[str, Any] = {"ip": address} if address[:1].isdecimal() else {}
    if number is not None:
        source["as"] = {"number": number, "organization": {"name": organization}}
    if country:
        source["geo"] = {"country_name": country}
    return {"event": {"dataset": "aws.cloudtrail", "action": "CreateKeyPair"}, "source": source}


@st.composite
def queries(draw: st.DrawFn, tests: Sequence[str], depth: int = 3) -> str:
    """Groups of these tests, up to three deep."""
    kind = draw(st.sampled_from(["test", "test", "and", "or", "not"])) if depth else "test"
    if kind == "test":
        return draw(st.sampled_from(tests))
    deeper = queries(tests, depth - 1)
    if kind == "not":
        return f"(not {draw(deeper)})"
    return f"({draw(deeper)} {kind} {draw(deeper)})"
