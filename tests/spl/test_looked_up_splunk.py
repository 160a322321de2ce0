"""Networks and locations in Splunk: ``lookup`` with a table of the user's, and ``iplocation``."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.evaluate.compiler import compile
from tests.conftest import examples
from tests.oracles.looked_up import ADDRESSES, CLOUDTRAIL, NETWORK_TESTS, event, queries
from tests.oracles.spl.evaluator import evaluate
from tests.oracles.spl.reader import parse_search
from tests.oracles.splunk import SPLUNK, without_times

NETWORKS = {"lookup": "asn", "network": "net", "number": "num", "organization": "org"}
TABLE: list[dict[str, object]] = [
    {"net": ip, "num": str(number), "org": name} for ip, number, name, _ in ADDRESSES if number
]
PLACES: list[dict[str, object]] = [
    {"ip": ip, "Country": country} for ip, _, _, country in ADDRESSES if country
]


@given(queries(NETWORK_TESTS), st.booleans())
@examples(100)
def test_networks_and_locations_are_those_of_elastic(asked: str, exact: bool) -> None:
    query = f"{CLOUDTRAIL} and {asked}"
    made = kqlx.convert(query, "spl", networks=NETWORKS, locations=True, exact=exact)
    SPLUNK.read(str(made.query))
    asks = compile(query)
    pipeline, _ = without_times(str(made.query))
    tables = {"asn": TABLE, "iplocation": PLACES}
    for one in ADDRESSES:
        address = one[0]
        flat = {"sourcetype": "aws:cloudtrail", "eventName": "CreateKeyPair", "_raw": "{}"}
        flat |= {"sourceIPAddress": address} if address else {}
        found = evaluate(pipeline, [flat], tables=tables)
        assert bool(found) is asks(event(*one)), (made.query, address)


def test_what_can_be_asked_before_the_lookup_is_in_the_base_search() -> None:
    query = (
        f"{CLOUDTRAIL} and (user_agent.original:a and source.as.number:1 or"
        " user_agent.original:b and not source.as.number:2)"
    )
    made = str(kqlx.convert(query, "spl", networks=NETWORKS).query)
    base, lookup, *_ = made.split("\n|")
    assert 'userAgent IN ("a", "b")' in base
    assert lookup == " lookup asn net AS sourceIPAddress OUTPUT num AS source_as_number"
    assert "source_as_number" not in base


@pytest.mark.parametrize("format", ["query", "savedsearches"])
@pytest.mark.parametrize("options", [{}, {"new_terms": "lookup"}])
def test_new_terms_and_counts_of_what_is_looked_up(format: str, options: dict[str, Any]) -> None:
    for more in (
        {
            "type": "new_terms",
            "new_terms_fields": ["user.id", "source.as.organization.name"],
            "history_window_start": "now-7d",
        },
        {
            "type": "threshold",
            "threshold": {
                "field": ["user.id"],
                "value": 1,
                "cardinality": [{"field": "source.geo.country_iso_code", "value": 3}],
            },
        },
        {
            "type": "threshold",
            "threshold": {"field": ["source.geo.country_name", "user.id"], "value": 3},
        },
    ):
        rule = kqlx.Rule(
            name="R",
            query=CLOUDTRAIL,
            type=str(more["type"]),
            data={"from": "now-9m", "interval": "5m", "index": ["logs-aws.cloudtrail-*"], **more},
        )
        made = kqlx.convert(
            rule, "spl", format=format, networks=NETWORKS, locations=True, accept="different",
            **options,
        )  # fmt: skip
        text = str(made.query)
        name = "source_as_organization_name" if "new" in str(more["type"]) else "source_geo_Country"
        begin = text.index("| lookup asn" if "as_" in name else "| iplocation prefix=source_geo_")
        assert begin < text.index("| stats" if "| stats" in text else "| eval")
        assert name in text[text.index("| stats") :]
        assert name not in text[:begin]
        parse_search(re.sub(r"^earliest=\S+ ", "", text))


def test_keys_and_shown_fields_are_looked_up() -> None:
    about = {"from": "now-9m", "interval": "5m", "index": ["logs-aws.cloudtrail-*"]}
    keys = """sequence by source.as.number with maxspan=1m
      [any where event.dataset == "aws.cloudtrail" and event.action == "ConsoleLogin"]
      [any where event.dataset == "aws.cloudtrail" and event.action == "CreateKeyPair"]"""
    suppressed = {
        "alert_suppression": {
            "group_by": ["source.as.organization.name"],
            "duration": {"unit": "h", "value": 1},
        },
        "investigation_fields": {"field_names": ["source.geo.country_name"]},
    }
    for rule, found in (
        (kqlx.Rule(name="R", query=keys, language="eql", type="eql", data=about), ["lookup"]),
        (kqlx.Rule(name="R", query=CLOUDTRAIL, data={**about, **suppressed}),
         ["lookup", "iplocation"]),
    ):  # fmt: skip
        made = kqlx.convert(
            rule, "spl", format="savedsearches", networks=NETWORKS, locations=True,
            accept="different",
        )  # fmt: skip
        assert [
            word for word in ("lookup", "iplocation") if f"| {word} " in str(made.query)
        ] == found
        assert any("source.as.*: networks are" in note.message for note in made.notes)
    assert "alert.suppress.fields = source_as_organization_name" in made.text


def test_a_data_model_has_no_lookups() -> None:
    with pytest.raises(kqlx.KqlxError):
        kqlx.convert("source.as.number:1", "spl", format="tstats", networks=NETWORKS)


def test_the_refusal_says_what_to_set() -> None:
    for field, key in (("as.number", "networks"), ("geo.city_name", "locations: true")):
        with pytest.raises(kqlx.MappingError, match=rf"spl\.{key}"):
            kqlx.convert(f"{CLOUDTRAIL} and source.{field}:1", "spl")
    with pytest.raises(kqlx.MappingError) as error:
        kqlx.convert(f"{CLOUDTRAIL} and source.geo.country_iso_code:DE", "spl", locations=True)
    assert "names of countries, not their codes" in str(error.value)
