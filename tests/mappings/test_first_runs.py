"""Names that Elastic's pipeline takes out of a text as the first run of signs of a class."""

from __future__ import annotations

import re

import pytest

import kqlx
from tests.oracles.sentinel_rows import matching
from tests.oracles.spl.events import splunk_event
from tests.oracles.splunk import SPLUNK

ACTORS = {
    "eve": "eve",
    "eve@corp.example": "eve",
    "eve+test@corp.example": "eve",
    "eve's@corp.example": "eve",
    "eve smith": "eve",
    "!eve#1@corp.example": "eve",
    "ev\u00e9@corp.example": "ev",
    "evelyn@corp.example": "evelyn",
    "steve@corp.example": "steve",
    "adam/eve@corp.example": "adam",
    "eve.x@corp.example": "eve.x",
    "eve-1@corp.example": "eve-1",
    "null": "null",
}
"""Okta's ``alternateId`` → the first run of letters, digits, dots, hyphens and underscores."""

TESTS = [
    ("user.name:eve", "eve"),
    ("user.name:eve*", "eve.*"),
    ("user.name:*eve", ".*eve"),
    ("user.name:e*e", "e.*e"),
    ("user.name:(eve or adam)", "eve|adam"),
    ("source.user.name:ev", "ev"),
    ("client.user.name:eve.x", r"eve\.x"),
]


@pytest.mark.parametrize(("test", "pattern"), TESTS)
@pytest.mark.parametrize("negated", ["", "not "])
def test_the_name_in_an_address_of_okta(test: str, pattern: str, negated: str) -> None:
    query = f"event.dataset:okta.system and {negated}{test}"
    wanted = {
        number
        for number, name in enumerate(ACTORS.values())
        if bool(re.fullmatch(pattern, name)) is not bool(negated)
    }
    found = kqlx.convert(query, to="spl")
    events = [
        splunk_event({"sourcetype": "OktaIM2:log", "actor": {"alternateId": name}}, null=None)
        for name in ACTORS
    ]
    kept = {n for n, event in enumerate(events) if SPLUNK.keeps(str(found.query), event, [])}
    assert kept == wanted
    found = kqlx.convert(query, to="sentinel")
    assert "extract" in str(found.query)
    assert {note.effect.name for note in found.notes} <= {"SAME", "CASE", "COVERAGE"}
    rows = [(n, "OktaV2_CL", {"OriginalActorAlternateId": name}) for n, name in enumerate(ACTORS)]
    assert matching(str(found.query), ["OktaV2_CL"], rows) == wanted


@pytest.mark.parametrize("to", ["sentinel", "sigma", "spl"])
@pytest.mark.parametrize("name", ["o'brien", "a+b", "eve@corp.example", "jos\u00e9"])
def test_a_name_with_other_signs_is_none(name: str, to: str) -> None:
    with pytest.raises(kqlx.MappingError, match="so has no other characters"):
        kqlx.convert(f'event.dataset:okta.system and user.name:"{name}"', to=to)


def test_where_patterns_have_no_classes_more_is_found() -> None:
    found = kqlx.convert("event.dataset:okta.system and user.name:eve", to="sigma")
    assert "actor.alternateId|startswith: 'eve'" in str(found.query)
    assert found.fidelity.name == "WIDER"


@pytest.mark.parametrize("to", ["sentinel", "spl"])
def test_a_count_takes_the_same_run(to: str) -> None:
    rule = kqlx.Rule(
        "n",
        "event.dataset:okta.system and event.action:user.session.start",
        type="threshold",
        data={"threshold": {"field": ["user.name"], "value": 2}},
    )
    assert "([A-Za-z0-9._-]+)" in str(kqlx.convert(rule, to=to).query)


SOURCES = {
    "eve": "eve",
    "corp\\eve": "eve",
    "eve@corp.example": "eve",
    "corp\\o'brien": "o'brien",
    "svc$@corp.example": "svc$",
    "a+b": "a+b",
    "a+b@corp.example": "a+b@corp.example",
    "corp\\a+b": "corp\\a+b",
}
"""Palo Alto's ``src_user`` → what Elastic's pattern takes out of it, or the whole."""


@pytest.mark.parametrize("name", sorted({*SOURCES.values()}))
@pytest.mark.parametrize("negated", ["", "not "])
def test_the_name_of_a_user_of_palo_alto(name: str, negated: str) -> None:
    written = name.replace("\\", "\\\\")
    query = f'event.dataset:panw.panos and {negated}user.name:"{written}"'
    wanted = {n for n, one in enumerate(SOURCES.values()) if bool(one == name) is not bool(negated)}
    found = kqlx.convert(query, to="spl")
    events = [
        splunk_event({"sourcetype": "pan:traffic", "src_user": u}, null=None) for u in SOURCES
    ]
    kept = {n for n, event in enumerate(events) if SPLUNK.keeps(str(found.query), event, [])}
    assert kept == wanted
    found = kqlx.convert(query, to="sentinel")
    rows = [
        (n, "CommonSecurityLog", {"SourceUserName": u, "DeviceVendor": "Palo Alto Networks"})
        for n, u in enumerate(SOURCES)
    ]
    assert matching(str(found.query), ["CommonSecurityLog"], rows) == wanted


@pytest.mark.parametrize("to", ["sentinel", "spl"])
@pytest.mark.parametrize("name", ["eve@corp.example", r"corp\\eve"])
def test_a_name_of_palo_alto_has_no_domain(name: str, to: str) -> None:
    with pytest.raises(kqlx.MappingError, match="extracts a part of it"):
        kqlx.convert(f'event.dataset:panw.panos and user.name:"{name}"', to=to)
