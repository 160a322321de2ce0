"""Regular expressions and functions of fields whose columns write some values otherwise."""

from __future__ import annotations

import pytest
import yaml

import kqlx
from kqlx.notes import Effect
from tests.oracles.sigma_rules import SIGMA

REGISTRY = (
    'registry where host.os.type == "windows" and event.type == "change" and '
    'registry.value : "Debugger" and not registry.data.strings regex~ '
)


@pytest.mark.parametrize("target", ["spl", "sigma"])
def test_what_matches_no_number_asks_for_texts_alone(target: str) -> None:
    query = REGISTRY + r'"""C:\\Tools( \(x86\))?\\t\.exe"""'
    made = kqlx.convert(query, target, source="endpoint.events", language="eql")
    assert "Tools" in made.query


@pytest.mark.parametrize("target", ["spl", "sigma"])
@pytest.mark.parametrize("regexp", ['"[0-9]+"', '".*"', '"(C:.*|4.*)"', r'"DWORD \\(0x.*"'])
def test_what_may_match_a_number_has_no_counterpart(target: str, regexp: str) -> None:
    """Sysmon writes 420 as DWORD (0x000001a4)."""
    with pytest.raises(kqlx.MappingError, match="tested by a regular expression"):
        kqlx.convert(REGISTRY + regexp, target, source="endpoint.events", language="eql")


SAME = (
    'authentication where event.code == "4624" and '
    "not startsWith~(winlog.event_data.SubjectUserSid, winlog.event_data.TargetUserSid)"
)


@pytest.mark.parametrize(
    ("subject", "target", "found"),
    [
        ("S-1-5-21-1-1001", "S-1-5-21-1-1001", False),
        ("S-1-5-21-1-1001", "S-1-5-21-1-1002", True),
        ("-", "-", True),
    ],
)
def test_fields_that_are_parts_of_others_are_referred_to_below_a_not(
    subject: str, target: str, found: bool
) -> None:
    made = kqlx.convert(SAME, "sigma", source="system.security", language="eql")
    told = [note.effect for note in made.notes if note.code == "approximated"]
    assert told == [Effect.WIDER]
    detection = yaml.safe_load(str(made.query).partition("detection:")[2])
    assert "fieldref" in str(detection)
    event = {"EventID": "4624", "SubjectUserSid": subject, "TargetUserSid": target}
    assert SIGMA.holds(str(made.query), event) is found


def test_elsewhere_a_part_is_refused() -> None:
    with pytest.raises(kqlx.UnsupportedError, match="compares a field with values"):
        kqlx.convert(SAME.replace("not ", ""), "sigma", source="system.security", language="eql")


@pytest.mark.parametrize("target", ["sigma"])
def test_accounts_of_people_are_those_of_no_service(target: str) -> None:
    query = 'process where host.os.type == "windows" and process.name : "a.exe" and {}'
    made = kqlx.convert(
        query.format('user.id : ("S-1-5-21-*", "S-1-12-*")'),
        target,
        source="endpoint.events",
        language="eql",
    )
    event = {"Image": "C:\\a.exe", "User": "W\\u"}
    assert SIGMA.holds(str(made.query), {**event, "LogonId": "0x1a2b3c"})
    assert not SIGMA.holds(str(made.query), {**event, "LogonId": "0x3e7"})
    assert Effect.WIDER in {note.effect for note in made.notes}
    below = kqlx.convert(
        query.format('not user.id : "S-1-5-21-*"'), target, source="endpoint.events", language="eql"
    )
    assert "LogonId" not in below.query
    for one in ("S-1-5-21-1-*-500", "S-1-5-21-7-*"):
        with pytest.raises(kqlx.MappingError, match=r"user\.id has no counterpart"):
            asked = query.format(f'user.id : "{one}"')
            kqlx.convert(asked, target, source="endpoint.events", language="eql")


def test_lookups_that_are_asked_for_are_those_of_windows() -> None:
    query = 'network where event.action == "lookup_requested" and process.name == "a"'
    made = kqlx.convert(query, "sigma", source="endpoint.events", language="eql")
    assert yaml.safe_load(made.text)["logsource"] == {"category": "dns_query", "product": "windows"}


def test_addresses_of_connections_are_their_ip_addresses() -> None:
    query = (
        'network where host.os.type == "windows" and event.type == "start" and '
        'destination.address : "*" and destination.address != "127.0.0.1"'
    )
    made = kqlx.convert(query, "sigma", source="endpoint.events", language="eql")
    assert SIGMA.holds(str(made.query), {"DestinationIp": "192.0.2.1"})
    assert not SIGMA.holds(str(made.query), {"DestinationIp": "127.0.0.1"})
    assert not SIGMA.holds(str(made.query), {"DestinationHostname": "a"})
