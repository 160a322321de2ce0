"""Signers, networks and locations in Sentinel: what is looked up beside a table's rows means what
Elastic has in the events, as far as the other table tells.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.evaluate.compiler import compile
from tests.conftest import examples
from tests.oracles.custom_detections import created
from tests.oracles.kusto import analyse
from tests.oracles.looked_up import ADDRESSES, CLOUDTRAIL, NETWORK_TESTS, event, queries
from tests.oracles.sentinel_ci import complaints, deployed
from tests.oracles.sentinel_rows import matching, results

NETWORKS = {
    "watchlist": "asn",
    "network": "Network",
    "number": "Number",
    "organization": "Organization",
}
PROCESS = "event.category:process and event.type:start"
NEVER = "2029-01-01T00:00:00Z"
"""A time in the future of the tests, so that no look-back leaves it out."""

# Signers

STATES: Mapping[str, Mapping[str, Any]] = {
    "trusted": {"exists": True, "trusted": True, "status": "trusted", "subject_name": "A"},
    "other signer": {"exists": True, "trusted": True, "status": "trusted", "subject_name": "B Inc"},
    "not trusted": {"exists": True, "trusted": False, "status": "errorX", "subject_name": "A"},
    "unsigned": {"exists": False},
}
"""What Elastic Defend tells of files."""
STATUS = {"trusted": "Valid", "other signer": "Valid", "not trusted": "Invalid"}
STATUS["unsigned"] = "Unsigned"
"""What events say themselves of the parent's file."""
NAMES = ["a.exe", "b.exe"]
TESTS = [
    *(f"{of}.code_signature.{test}" for of in ("process", "process.parent") for test in (
        *("exists:true", "exists:false", "trusted:true", "trusted:false", "status:trusted"),
        *("subject_name:A", "subject_name:B*", "subject_name:(A or C)", "subject_name:*"),
    )),
    *(f"process.name:{name}" for name in NAMES),
]  # fmt: skip


def rows_of(name: str, file: str, parent: str) -> dict[str, Any]:
    return {
        "ActionType": "ProcessCreated",
        "FileName": name,
        "FolderPath": f"C:\\{name}",
        "SHA1": f"{file}-hash" if file else "",
        "InitiatingProcessSHA1": f"{parent}-hash" if parent else "",
        "InitiatingProcessSignatureStatus": STATUS.get(parent, ""),
    }


def certificates() -> list[tuple[int, str, dict[str, Any]]]:
    """The rows of Defender's table: of each file an older one with another verdict before."""
    found = []
    for name, state in STATES.items():
        row = {
            "SHA1": f"{name}-hash",
            "IsSigned": state["exists"],
            "IsTrusted": state.get("trusted", False),
            "Signer": state.get("subject_name", ""),
            "TimeGenerated": NEVER,
        }
        older = {"IsSigned": not row["IsSigned"], "Signer": "A", "IsTrusted": True}
        older |= {"SHA1": row["SHA1"], "TimeGenerated": "2028-01-01T00:00:00Z"}
        found += [(0, "DeviceFileCertificateInfo", each) for each in (row, older)]
    return [*found, (0, "DeviceFileCertificateInfo", {"Signer": "A", "TimeGenerated": NEVER})]


@given(data=st.data())
@examples(60)
def test_signers_are_those_of_elastic_where_the_file_was_verified(data: st.DataObject) -> None:
    query = f"{PROCESS} and {data.draw(queries(TESTS))}"
    try:
        made = kqlx.convert(query, "sentinel", source="endpoint.events", signers="join")
    except kqlx.MappingError as error:
        assert error.code == "matches-no-event"
        return
    asks = compile(query, source="endpoint.events")
    stored: list[tuple[int, str, dict[str, Any]]] = []
    expected = set()
    cases = product(NAMES, ("", "?", *STATES), STATES)
    for number, (name, file, parent) in enumerate(cases):
        stored.append((number, "DeviceProcessEvents", rows_of(name, file, parent)))
        event = {
            "event": {"category": "process", "type": "start"},
            "process": {
                "name": name,
                # What the table does not tell of counts as unsigned.
                "code_signature": STATES.get(file, STATES["unsigned"]),
                "parent": {"code_signature": STATES[parent]},
            },
        }
        if asks(event):
            expected.add(number)
    tables = ["DeviceProcessEvents", "DeviceFileCertificateInfo"]
    assert matching(str(made.query), tables, [*stored, *certificates()]) == expected, made.query
    assert analyse([str(made.query)]) == [[]]


@pytest.mark.parametrize(
    ("table", "query", "key"),
    [
        ("DeviceProcessEvents", f"{PROCESS} and process.code_signature.exists:false", "SHA1"),
        (
            "DeviceFileEvents",
            "event.category:file and event.type:creation and process.code_signature.trusted:false",
            "InitiatingProcessSHA1",
        ),
        (
            "DeviceFileEvents",
            "event.category:file and event.type:creation and file.code_signature.exists:false",
            "SHA1",
        ),
        (
            "DeviceRegistryEvents",
            "event.category:registry and not process.code_signature.trusted:true",
            "InitiatingProcessSHA1",
        ),
        (
            "DeviceNetworkEvents",
            "event.category:network and event.type:start and process.code_signature.exists:false",
            "InitiatingProcessSHA1",
        ),
        (
            "DeviceEvents",
            "event.category:network and dns.question.name:x"
            " and process.code_signature.exists:false",
            "InitiatingProcessSHA1",
        ),
        (
            "DeviceImageLoadEvents",
            "event.category:library and event.action:load and not dll.code_signature.trusted:true",
            "SHA1",
        ),
    ],
)
def test_each_table_has_the_hash_of_the_file(table: str, query: str, key: str) -> None:
    made = kqlx.convert(
        query, "sentinel", source="endpoint.events", signers="join", accept="different"
    )
    assert table in str(made.query)
    assert f"on $left.{key} == $right." in str(made.query)
    assert [note.effect for note in made.notes if "DeviceFileCertificateInfo" in note.message] == [
        kqlx.Effect.COVERAGE
    ]
    assert analyse([str(made.query)]) == [[]]
    with pytest.raises(kqlx.MappingError, match=r"sentinel\.signers: join in kqlx\.yml"):
        kqlx.convert(query, "sentinel", source="endpoint.events")


def test_what_can_be_asked_before_the_join_stands_before_it() -> None:
    query = (
        f"{PROCESS} and (process.name:a.exe and process.code_signature.exists:false or"
        " process.name:b.exe and not process.code_signature.subject_name:A)"
    )
    made = kqlx.convert(query, "sentinel", source="endpoint.events", signers="join")
    before, behind = str(made.query).split("| join ")
    assert '| where FileName in~ ("a.exe", "b.exe")' in before
    assert "ProcessIsSigned != true" in behind


def test_what_the_table_does_not_tell_is_refused() -> None:
    for field in ("status:errorOther", "team_id:x", "status:*"):
        with pytest.raises(kqlx.MappingError, match="DeviceFileCertificateInfo"):
            kqlx.convert(
                f"{PROCESS} and process.code_signature.{field}",
                "sentinel",
                source="endpoint.events",
                signers="join",
            )


WINDOWS = f"{PROCESS} and host.os.type:windows"


@pytest.mark.parametrize(
    ("asked", "files"),
    [
        ("status:errorExpired", {"not trusted"}),
        ("status:(errorRevoked or trusted)", {"not trusted", "trusted", "other signer"}),
        ("status:errorCode_endpoint*", None),
        ("status:error*", {"not trusted"}),
    ],
)
def test_why_a_signature_is_not_trusted_is_not_known(asked: str, files: set[str] | None) -> None:
    """What is asked for is found, with others; below a not none of it is left out for another."""
    query = f"{WINDOWS} and process.code_signature.{asked}"
    if files is None:
        with pytest.raises(kqlx.MappingError, match="Sysmon does not name the signer"):
            kqlx.convert(query, "sentinel", source="endpoint.events", signers="join")
    stored = [(n, "DeviceProcessEvents", rows_of("a.exe", file, ""))
              for n, file in enumerate(STATES)]  # fmt: skip
    tables = ["DeviceProcessEvents", "DeviceFileCertificateInfo"]
    for negated in (False, True)[files is None :]:
        whole = query.replace("and process.code", "and not process.code") if negated else query
        made = kqlx.convert(whole, "sentinel", source="endpoint.events", signers="join")
        found = matching(str(made.query), tables, [*stored, *certificates()])
        names = {name for n, name in enumerate(STATES) if n in found}
        trusted = {"trusted", "other signer"} if "trusted" in asked else set()
        assert names == ({*STATES} - trusted if negated else files)
        has_note = any(n.code == "approximated" and n.effect.name == "WIDER" for n in made.notes)
        assert has_note is (files is not None)


def test_what_events_say_themselves_is_not_looked_up() -> None:
    """The verdict on the parent's file, also on macOS; its signer is looked up."""
    query = f"{PROCESS} and host.os.type:macos and process.parent.code_signature.trusted:true"
    made = kqlx.convert(query, "sentinel", source="endpoint.events", signers="join")
    assert '| where InitiatingProcessSignatureStatus =~ "Valid"' in str(made.query)
    query = f"{PROCESS} and process.parent.code_signature.subject_name:A"
    made = kqlx.convert(query, "sentinel", source="endpoint.events", signers="join")
    assert '| where ProcessParentSigner == "A"' in str(made.query)


@pytest.mark.parametrize("system", ["macos", "linux"])
def test_signatures_are_those_of_files_on_windows(system: str) -> None:
    for asked in ("exists:false", "trusted:true", "subject_name:A", "status:trusted"):
        with pytest.raises(kqlx.MappingError, match="files on Windows"):
            kqlx.convert(
                f"{PROCESS} and host.os.type:{system} and process.code_signature.{asked}",
                "sentinel",
                source="endpoint.events",
                signers="join",
            )


def rule(query: str, **data: Any) -> kqlx.Rule:
    about = {"name": "A rule", "description": "A.", "severity": "low", "risk_score": 21}
    about |= {"interval": "5m", "from": "now-9m", "index": ["logs-endpoint.events.process-*"]}
    data = {**about, "type": data.get("type", "query"), **data}
    return kqlx.Rule(name="A rule", query=query, id="11111111-2222-3333-4444-555555555555",
                     type=data["type"], data=data)  # fmt: skip


UNSIGNED = f"{PROCESS} and process.name:a.exe and process.code_signature.exists:false"


@pytest.mark.parametrize("arrival", [False, True])
@pytest.mark.parametrize(
    "form",
    [
        {},
        {"type": "threshold", "threshold": {"field": ["host.id"], "value": 5}},
        {"type": "new_terms", "new_terms_fields": ["process.command_line"],
         "history_window_start": "now-5d"},
        {"type": "threshold", "threshold": {"field": ["process.code_signature.subject_name"],
         "value": 5}},
    ],
)  # fmt: skip
def test_a_rule_sees_fourteen_days_of_certificates_and_its_own_events(
    form: dict[str, Any], arrival: bool
) -> None:
    more = {"timestamp_override": "event.ingested"} if arrival else {}
    of = rule(UNSIGNED, **form, **more)
    made = kqlx.convert(of, "sentinel", format="rule", signers="join", accept="different")
    assert complaints(made.text) == []
    text = yaml.safe_load(made.text)
    assert (text["queryFrequency"], text["queryPeriod"]) == ("1h", "14d")
    query = text["query"]
    assert analyse([query]) == [[]]
    own = query[query.index("\nDeviceProcessEvents") :]
    times = r"TimeGenerated|ingestion_time\(\)|IngestionTime"
    recent = re.findall(rf"\| where (?:{times}) > ago\((\w+)\)", own)
    assert recent, query
    assert "14d" not in recent
    tables = text["requiredDataConnectors"][0]["dataTypes"]
    assert tables == ["DeviceProcessEvents", "DeviceFileCertificateInfo"]
    deployed(kqlx.convert(of, "sentinel", format="arm", signers="join", accept="different").text)


@pytest.mark.parametrize(
    "form",
    [
        {"type": "threshold", "threshold": {"field": ["process.code_signature.subject_name"],
                                            "value": 5}},
        {"type": "threshold", "threshold": {"field": ["host.id"], "value": 1, "cardinality": [
            {"field": "process.code_signature.subject_name", "value": 5}]}},
        {"type": "new_terms", "new_terms_fields": ["process.code_signature.subject_name"],
         "history_window_start": "now-5d"},
    ],
)  # fmt: skip
def test_what_is_counted_alone_is_looked_up(form: dict[str, Any]) -> None:
    of = rule(f"{PROCESS} and process.name:a.exe", **form)
    made = kqlx.convert(of, "sentinel", format="rule", signers="join", accept="different")
    assert complaints(made.text) == []
    text = yaml.safe_load(made.text)
    assert (text["queryFrequency"], text["queryPeriod"]) == ("1h", "14d")
    assert text["query"].count("| join kind=leftouter ProcessCertificates") == 1
    assert analyse([text["query"]]) == [[]]
    assert any("looked up in DeviceFile" in note.message for note in made.notes)


@pytest.mark.parametrize(
    "shown",
    [
        {"investigation_fields": {"field_names": ["process.code_signature.subject_name"]}},
        {"alert_suppression": {"group_by": ["process.code_signature.subject_name"],
                               "duration": {"unit": "h", "value": 1}}},
    ],
)  # fmt: skip
@pytest.mark.parametrize("format", ["rule", "custom-detection"])
def test_for_what_alerts_show_no_certificates_are_looked_up(
    shown: dict[str, Any], format: str
) -> None:
    """The rule would run less often for it. Where a test asks for them, alerts show them too."""
    query = f"{PROCESS} and process.name:a.exe"
    made = kqlx.convert(rule(query, **shown), "sentinel", format=format, signers="join",
                        accept="different")  # fmt: skip
    plain = kqlx.convert(rule(query, **shown), "sentinel", format=format, accept="different")
    assert made.text == plain.text
    made = kqlx.convert(rule(f"{query} and process.code_signature.exists:true", **shown),
                        "sentinel", format=format, signers="join", accept="different")  # fmt: skip
    assert "ProcessSigner" in made.text.replace("ProcessSigner = Signer", "")


def test_a_custom_detection_runs_once_a_day() -> None:
    made = kqlx.convert(rule(UNSIGNED), "sentinel", format="custom-detection", signers="join",
                        accept="different")  # fmt: skip
    found = created(made.text)
    assert found["schedule"] == {"frequency": "P1D"}
    assert "| where TimeGenerated > ago(1d)" in str(made.query)
    assert analyse([str(made.query)]) == [[]]


def test_without_the_option_nothing_changes() -> None:
    of = rule(f"{PROCESS} and process.name:a.exe")
    plain = kqlx.convert(of, "sentinel", format="rule", accept="different")
    assert kqlx.convert(of, "sentinel", format="rule", accept="different", signers="join",
                        locations=True).text == plain.text  # fmt: skip


def test_sequences_join_too() -> None:
    query = """sequence by host.id with maxspan=5m
      [process where event.type == "start" and process.code_signature.exists == false]
      [network where event.type == "start" and process.code_signature.trusted != true]"""
    of = kqlx.Rule(name="S", query=query, language="eql", type="eql",
                   data={"index": ["logs-endpoint.events.*"], "type": "eql", "language": "eql",
                         "from": "now-9m", "interval": "5m"})  # fmt: skip
    with pytest.raises(kqlx.KqlxError, match=r"sentinel\.signers"):
        kqlx.convert(of, "sentinel", accept="different")
    for format in ("query", "rule"):
        made = kqlx.convert(
            of, "sentinel", format=format, accept=["different", "narrower"], signers="join"
        )
        assert str(made.query).count("| join kind=leftouter ProcessCertificates") == 2
        assert str(made.query).count("let ProcessCertificates") == 1
        assert analyse([str(made.query)]) == [[]]


# Networks and locations


def executable(query: str) -> str:
    """The query for an engine that has no watchlist and no such functions: networks of one address,
    by a join, and locations in a column that is free.
    """
    query = query.replace('_GetWatchlist("asn")', "Watchlist")
    query = re.sub(
        r"\| evaluate ipv4_lookup\((\w+), (\w+), (\w+), return_unmatched = true\)",
        r"| join kind=leftouter \1 on $left.\2 == $right.\3",
        query,
    )
    query = re.sub(r"Network = Network|tostring\(Network\)", "CrlDistributionPointUrls", query)
    query = query.replace("tolong(Number)", "tolong(ReportId)")
    query = query.replace("tostring(Organization)", "tostring(Issuer)")
    query = query.replace("Watchlist", "DeviceFileCertificateInfo")
    return re.sub(r"geo_info_from_ip_address\(\w+\)", "parse_json(AdditionalEventData)", query)


@given(queries(NETWORK_TESTS))
@examples(40)
def test_networks_and_locations_are_those_of_elastic(asked: str) -> None:
    query = f"{CLOUDTRAIL} and {asked}"
    made = kqlx.convert(query, "sentinel", networks=NETWORKS, locations=True)
    asks = compile(query)
    stored: list[tuple[int, str, dict[str, Any]]] = []
    expected = set()
    for number, one in enumerate(ADDRESSES):
        address, asn, organization, country = one
        place = json.dumps({"country": country} if country else {})
        row = {"EventName": "CreateKeyPair", "SourceIpAddress": address}
        stored.append((number, "AWSCloudTrail", {**row, "AdditionalEventData": place}))
        if asn is not None:
            held = {"CrlDistributionPointUrls": address, "ReportId": asn, "Issuer": organization}
            stored.append((0, "DeviceFileCertificateInfo", held))
        if asks(event(*one)):
            expected.add(number)
    tables = ["AWSCloudTrail", "DeviceFileCertificateInfo"]
    assert matching(executable(str(made.query)), tables, stored) == expected, made.query


WATCHLIST = (
    "let _GetWatchlist = (alias: string) {"
    " datatable(Network: string, Number: string, Organization: string)[] };\n"
)


@pytest.mark.parametrize("kind", ["query", "threshold", "new_terms"])
@pytest.mark.parametrize("field", ["source.as.number", "source.geo.country_iso_code"])
def test_rules_count_and_compare_what_is_looked_up(kind: str, field: str) -> None:
    forms: dict[str, dict[str, Any]] = {
        "query": {},
        "threshold": {"threshold": {"field": ["user.id"], "value": 1,
                      "cardinality": [{"field": field, "value": 3}]}},
        "new_terms": {"new_terms_fields": ["user.id", field], "history_window_start": "now-7d"},
    }  # fmt: skip
    query = f"{CLOUDTRAIL} and source.as.organization.name:(* and not Amazon*)"
    of = rule(query, type=kind, **forms[kind], index=["logs-aws.cloudtrail-*"])
    for format in ("query", "rule"):
        made = kqlx.convert(of, "sentinel", format=format, networks=NETWORKS, locations=True,
                            accept="different")  # fmt: skip
        text = str(made.query)
        assert analyse([WATCHLIST + text]) == [[]], text
        looked_up = text.index("evaluate ipv4_lookup")
        first = re.search(r"source_as_\w+", text[text.index("\nAWSCloudTrail") :])
        assert first
        assert looked_up < text.index("\nAWSCloudTrail") + first.start()


def test_a_table_in_place_of_a_watchlist() -> None:
    networks = {"table": "Asn_CL", "network": "Range_s", "organization": "Name_s"}
    query = f"{CLOUDTRAIL} and source.as.organization.name:X"
    made = kqlx.convert(query, "sentinel", networks=networks)
    assert "let SourceNetworks = Asn_CL\n" in str(made.query)
    with pytest.raises(kqlx.MappingError, match=r"source\.as\.number"):  # of which it has no column
        kqlx.convert(f"{CLOUDTRAIL} and source.as.number:1", "sentinel", networks=networks)


def test_a_column_of_the_pack_goes_before() -> None:
    query = "event.dataset:azure.signinlogs and source.geo.country_iso_code:DE"
    assert "Location == " in str(kqlx.convert(query, "sentinel", locations=True).query)


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        ("asn", "is a table of names, not 'asn'"),
        ({"watchlist": "a", "network": "b"}, "needs the key number or organization"),
        ({"watchlist": "a", "number": "b"}, "needs the key network"),
        ({"network": "a", "number": "b"}, "needs one of the keys lookup and watchlist and table"),
        ({"watchlist": "a", "network": "b", "number": ""}, "has no name for number: ''"),
        ({"watchlist": "a", "networks": "b"}, "has no key 'networks'"),
    ],
)
def test_names_that_are_no_table_of_networks(networks: Any, message: str) -> None:
    with pytest.raises(kqlx.UsageError, match=re.escape(message)):
        kqlx.convert(CLOUDTRAIL, "sentinel", networks=networks)


def test_a_value_without_a_field_is_looked_for_in_what_is_looked_up() -> None:
    for query, effect in (
        ("(foo or source.as.number:1)", "WIDER"),
        ("(not foo or source.as.number:1)", "DIFFERENT"),
        ("foo and source.as.number:1", None),
    ):
        made = kqlx.convert(
            f"{CLOUDTRAIL} and {query}", "sentinel", networks=NETWORKS, accept="different"
        )
        told = [n.effect.name for n in made.notes if "also looked for in what" in n.message]
        assert told == ([effect] if effect else [])
        if effect is None:
            assert str(made.query).index("foo") < str(made.query).index("ipv4_lookup")


def test_a_lookup_of_splunks_is_none_for_sentinel() -> None:
    named = {"lookup": "asn", "network": "net", "number": "num"}
    with pytest.raises(kqlx.UsageError, match="networks for sentinel has no key 'lookup'"):
        kqlx.convert(f"{CLOUDTRAIL} and source.as.number:1", "sentinel", networks=named)
    with pytest.raises(kqlx.UsageError, match="networks for spl has no key 'watchlist'"):
        kqlx.convert(f"{CLOUDTRAIL} and source.as.number:1", "spl", networks=NETWORKS)


def test_results_have_the_columns_that_alerts_name() -> None:
    of = rule(
        UNSIGNED, investigation_fields={"field_names": ["process.code_signature.subject_name"]}
    )
    made = kqlx.convert(of, "sentinel", format="rule", signers="join", accept="different")
    rows = [(1, "DeviceProcessEvents", rows_of("a.exe", "unsigned", ""))]
    query = str(made.query)
    query = query[: query.index("| where ingestion_time")] if "ingestion_time" in query else query
    query = re.sub(r"\| where TimeGenerated > ago\(\w+\)\n", "", query)
    tables = ["DeviceProcessEvents", "DeviceFileCertificateInfo"]
    found = results(query, tables, [*rows, *certificates()])
    assert len(found) == 1
    assert "ProcessSigner" in found[0]
