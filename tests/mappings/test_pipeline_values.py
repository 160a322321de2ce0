"""What Elastic's pipelines compute, rename or cut, as the targets must ask for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

import kqlx
from kqlx.frontends.kql.parser import parse
from kqlx.mappings.binding import Binding
from kqlx.mappings.bound import AS_TEXT
from kqlx.mappings.column_tests import bind_predicate
from kqlx.mappings.pack import Destination
from kqlx.mappings.reader.builtin import builtin, sources
from kqlx.nodes import Equals, Exists, Literal, walk
from kqlx.rules.model import Rule

ACCEPT = ("narrower", "different")


def converted(query: str, to: str) -> str:
    return " ".join(str(kqlx.convert(query, to=to, accept=ACCEPT).query).split())


def test_alerts_of_microsoft_365_are_authentication_but_of_three_categories() -> None:
    query = "event.dataset:o365.audit and event.category:authentication"
    text = converted(query, "spl")
    assert "RecordType=15" in text
    assert "RecordType=40" in text
    for category in ("DataGovernance", "DataLossPrevention", "ThreatManagement"):
        assert category in text
    notes = kqlx.convert(query, to="sentinel", accept=ACCEPT).notes
    assert any(note.effect.name == "NARROWER" and "alerts" in note.message for note in notes)
    named = f"{query} and event.action:UserLoginFailed"
    assert all(n.effect.name != "NARROWER" for n in kqlx.convert(named, to="sentinel").notes)


def test_an_empty_parameter_is_one_of_that_name() -> None:
    query = 'event.dataset:o365.audit and event.provider:Exchange and o365.audit.Parameters.X:""'
    text = converted(query, "sentinel")
    assert '"Name":"X","Value":""' in text
    assert "isempty" not in text


@pytest.mark.parametrize(
    "host",
    [
        "graph.microsoft.com",
        "graph.microsoft.us",
        "dod-graph.microsoft.us",
        "microsoftgraph.chinacloudapi.cn",
    ],
)
def test_microsoft_graph_of_every_cloud_is_asked_for(host: str) -> None:
    query = "event.dataset:azure.graphactivitylogs and url.path:/v1.0/me"
    assert f"https://{host}/v1.0/me" in converted(query, "spl")
    (taken,) = re.findall(
        r'extract\("(.+)", 1, RequestUri\) == "/v1.0/me"', converted(query, "sentinel")
    )
    (path,) = re.findall(taken, f"https://{host}/v1.0/me?$top=1")
    assert path == "/v1.0/me"


def test_a_zone_of_okta_that_is_the_text_null_is_a_zone() -> None:
    text = converted("event.dataset:okta.system and okta.client.zone:*", "spl")
    assert "client.zone=*" in text


@pytest.mark.parametrize("to", ["sentinel", "sigma", "spl"])
@pytest.mark.parametrize("field", ["event.action", "okta.event_type"])
def test_an_event_type_of_okta_fixes_the_category(to: str, field: str) -> None:
    query = f"event.dataset:okta.system and {field}:user.session.start"
    more = f"{query} and event.category:authentication and event.type:start"
    assert converted(more, to) == converted(query, to)


def test_crowdstrike_names_events_of_windows_as_elastics_sensor_does() -> None:
    query = "event.dataset:crowdstrike.fdr and event.action"
    text = converted(f"{query}:creation", "spl")
    assert 'event_platform="Win" event_simpleName="*Written"' in text
    assert "RegGenericValueUpdate" in converted(f"{query}:modification", "spl")
    text = converted(f"{query}:PdfFileWritten", "spl")
    assert 'event_simpleName="PdfFileWritten" NOT event_platform="Win"' in text


def test_the_name_before_the_at_of_an_address() -> None:
    for source in ("admin", "login", "drive", "token", "groups", "saml"):
        query = f"event.dataset:google_workspace.{source} and user.name:eve"
        assert 'actor.email="eve@*"' in converted(query, "spl")
        assert 'startswith "eve@"' in converted(query, "sentinel").replace("_cs", "")


def test_what_is_not_translated_has_no_translated_address() -> None:
    text = converted("event.dataset:panw.panos and source.nat.ip:*", "spl")
    assert "0.0.0.0" in text
    assert "src_translated_port=0" in text
    text = converted("event.dataset:panw.panos and event.action:flow_denied", "spl")
    assert 'log_subtype="deny"' in text


DROPPED = [
    ("aws.cloudtrail", "aws.cloudtrail.user_identity.access_key_id", "userIdentity.accessKeyId"),
    ("azure.graphactivitylogs", "user_agent.original", "properties.userAgent"),
    ("github.audit", "github.repo", "repo"),
    ("okta.system", "okta.outcome.reason", "outcome.reason"),
]


@pytest.mark.parametrize(("source", "field", "column"), DROPPED)
def test_empty_texts_that_a_pipeline_drops_are_no_values(
    source: str, field: str, column: str
) -> None:
    text = converted(f"event.dataset:{source} and {field}:*", "spl")
    assert f'{column}!="null" NOT {column}=""' in text
    with pytest.raises(kqlx.KqlxError, match="never matches"):
        kqlx.convert(f'event.dataset:{source} and {field}:""', to="spl", accept=ACCEPT)


def test_what_passes_for_no_value_is_not_counted() -> None:
    """Neither an empty text, which the pipeline drops, nor JSON's null; a zone may be null."""
    rule = Rule(
        name="n",
        query="event.dataset:okta.system and event.action:user.session.start",
        type="threshold",
        data={"threshold": {"field": ["okta.client.zone", "okta.actor.id"], "value": 2}},
    )
    text = str(kqlx.convert(rule, to="spl", accept=ACCEPT).query)
    assert 'client.zone!="null"' not in text
    for left_out in ('client.zone!=""', 'actor.id!=""', 'actor.id!="null"'):
        assert left_out in text


@pytest.mark.parametrize("to", ["sentinel", "spl"])
def test_a_script_that_is_typed_in_has_no_path(to: str) -> None:
    text = converted("event.dataset:windows.powershell_operational and not file.path:*", to)
    assert text.endswith(('NOT (Path=* NOT Path="")', "isempty(EventData.Path)"))


def test_a_failed_sign_in_to_a_machine_has_a_reason() -> None:
    query = "event.dataset:m365_defender.event and event.category:authentication"
    text = converted(f"{query} and event.outcome:failure", "spl")
    assert 'properties.FailureReason!="null" NOT properties.FailureReason=""' in text


@pytest.mark.parametrize("to", ["sentinel", "sigma", "spl"])
def test_a_list_of_scopes_holds_whole_ones(to: str) -> None:
    query = "event.dataset:azure.graphactivitylogs and not azure.graphactivitylogs.properties"
    found = kqlx.convert(f"{query}.scopes:Mail.Read", to=to)
    assert {note.effect.name for note in found.notes} <= {"SAME", "CASE", "COVERAGE"}
    assert "Mail.Read " in str(found.query)


@pytest.mark.parametrize("to", ["sentinel", "sigma", "spl"])
def test_resources_of_clusters_have_no_name_of_their_own(to: str) -> None:
    query = "event.dataset:gcp.audit and gcp.audit.resource_name:projects/p/*"
    assert "k8s_cluster" in converted(query, to)


@pytest.mark.parametrize("to", ["sigma", "spl"])
def test_numbers_of_the_registry_as_elastic_defend_has_them(to: str) -> None:
    query = "event.dataset:endpoint.events.registry and event.category:registry"
    found = kqlx.convert(f"{query} and host.os.type:windows and registry.data.strings:1", to=to)
    assert "DWORD (0x00000001)" in str(found.query)


@pytest.mark.parametrize("to", ["sentinel", "sigma", "spl"])
def test_addresses_that_elastic_decodes_are_encoded_there(to: str) -> None:
    query = "event.dataset:azure.graphactivitylogs and url.path"
    assert "/v1.0/me" in converted(f"{query}:/v1.0/me", to)
    with pytest.raises(kqlx.MappingError, match="spells a space differently"):
        kqlx.convert(f'{query}:"/v1.0/drive/root:/two words"', to=to)


@pytest.mark.parametrize("to", ["sentinel", "spl"])
def test_queries_that_elastic_decodes_may_be_missed(to: str) -> None:
    query = "event.dataset:azure.graphactivitylogs and url.query:*$filter*"
    effects = {note.effect.name for note in kqlx.convert(query, to=to, accept=ACCEPT).notes}
    assert "NARROWER" in effects


def test_guests_are_called_by_their_whole_name() -> None:
    name = "eve_example.org#EXT#@corp.example"
    text = converted(f'event.dataset:azure.activitylogs and user.name:"{name}"', "sentinel")
    assert f'Caller =~ "{name}"' in text
    # An application has no name; this one says by itself that it is one.
    assert 'Caller contains "@"' not in text
    negated = f'event.dataset:azure.activitylogs and user.name:* and not user.name:"{name}"'
    assert 'Caller contains "@"' in converted(negated, "sentinel")


REGISTRY = "event.dataset:m365_defender.event and event.category:registry"


@pytest.mark.parametrize("to", ["sentinel", "spl"])
def test_keys_of_the_registry_have_no_hive_in_microsoft_365_defender(to: str) -> None:
    text = converted(rf"{REGISTRY} and registry.key:SOFTWARE\\Policies", to)
    for key in (
        r"HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies",
        r"HKEY_CURRENT_USER\\SOFTWARE\\Policies",
    ):
        assert key in text or key.replace(r"\\", "\\") in text
    assert "HKEY_LOCAL_MACHINE" in converted(f"{REGISTRY} and registry.hive:HKLM", to)
    text = converted(rf"{REGISTRY} and registry.path:HKLM\\SOFTWARE\\*", to)
    assert "RegistryKey" in text
    assert "RegistryValueName" in text


@pytest.mark.parametrize("to", ["sentinel", "spl"])
def test_files_have_a_path_and_a_directory_in_microsoft_365_defender(to: str) -> None:
    query = "event.dataset:m365_defender.event and event.category:file"
    assert "FolderPath" in converted(rf"{query} and file.path:C\:\\Temp\\x.exe", to)
    assert "Temp" in converted(rf"{query} and file.directory:C\:\\Temp", to)
    assert "exe" in converted(f"{query} and file.extension:exe", to)


@pytest.mark.parametrize("to", ["sentinel", "spl"])
@pytest.mark.parametrize("category", ["library", "network", "registry"])
def test_the_account_of_the_process_is_the_user(category: str, to: str) -> None:
    query = f"event.dataset:m365_defender.event and event.category:{category} and user.name:eve"
    assert "InitiatingProcessAccountName" in converted(query, to)


OUTCOMES = [
    ("event.dataset:aws.cloudtrail and event.outcome:failure", "errorMessage"),
    ("event.dataset:aws.cloudtrail and not event.outcome:success", "errorMessage"),
    ("event.dataset:aws.cloudtrail and aws.cloudtrail.error_code:*", "errorCode"),
]


@pytest.mark.parametrize(("query", "column"), OUTCOMES)
def test_predicates_of_a_pack_find_no_texts_that_stand_for_none(query: str, column: str) -> None:
    text = " ".join(converted(query, "spl").split())
    lacking = f'(NOT {column}=* OR {column} IN ("", "null"))'
    held = [f'{column}!="null" NOT {column}=""', f'{column}!="null" NOT {column} IN ("", ']
    assert lacking in text or any(one in text for one in held)


def test_no_predicate_of_a_pack_is_met_by_a_text_that_stands_for_none() -> None:
    """Each test of any value, in each predicate of each destination, names what it must not be."""
    seen = set()
    for pack in map(builtin, sources()):
        for target, destinations in pack.targets.items():
            for place in destinations:
                for column, text in _any_value_in_predicates(place):
                    absent = place.absent_in(column)
                    if not absent or "{}" in column:  # of a list Splunk looks at each value
                        continue
                    bound = bind_predicate(Binding(pack, place, {}), text, (0, 0), "x")
                    named = {
                        (test.field.name.removesuffix(AS_TEXT), test.value.name)
                        for test in walk(bound)
                        if isinstance(test, Equals)
                    }
                    assert {(column, value) for value in absent} <= named, (pack.source, text)
                    seen.add((pack.source, target))
    assert {("aws.cloudtrail", "spl"), ("system.security", "sentinel")} <= seen


def _any_value_in_predicates(place: Destination) -> Iterator[tuple[str, str]]:
    """The columns that a predicate of a field asks for any value of, with the predicate."""
    for name in place.fields:
        specs = [place.fields[name]]
        while specs:
            spec = specs.pop()
            specs += [*spec.cases, *spec.alternatives]
            texts = [*spec.value_predicates.values(), spec.guard]
            texts += [spec.exists] if isinstance(spec.exists, str) else []
            for text in filter(None, texts):
                for test in walk(parse(text)):
                    if isinstance(test, Exists) and isinstance(test.field, Literal):
                        yield test.field.name, text


@pytest.mark.parametrize("to", ["sentinel", "sigma", "spl"])
@pytest.mark.parametrize(
    "test",
    [
        "event.code:1116",
        "winlog.event_id:(1116 or 1117)",
    ],
)
def test_forwarded_records_of_other_logs_are_not_said_to_be_impossible(test: str, to: str) -> None:
    with pytest.raises(kqlx.MappingError, match=r"no mapping .* of the Security log"):
        kqlx.convert(f"event.dataset:windows.forwarded and {test}", to=to, accept=ACCEPT)
    # A number that no log of the source has stays impossible.
    with pytest.raises(kqlx.MappingError, match="never matches"):
        kqlx.convert("event.dataset:windows.forwarded and event.module:aws", to=to)


@pytest.mark.parametrize("to", ["sentinel", "spl"])
def test_addresses_of_network_cards_have_colons(to: str) -> None:
    flow = "event.dataset:network_traffic.flow and source.mac"
    assert '"00:00:5E:00:53:23"' in converted(f'{flow}:"00-00-5E-00-53-23"', to)
    assert "00:00:5E:" in converted(f"{flow}:00-00-5E-*", to)
    assert "00:00:5E:" in converted(f"{flow}:* and not source.mac:00-00-5E-*", to)
    # Splunk has another place, of certificates, which lacks the field.
    with pytest.raises(kqlx.MappingError, match=r"never matches|source\.mac has no counterpart"):
        converted(f'{flow}:"00:00:5E:00:53:23"', to)


@pytest.mark.parametrize(("to", "word"), [("sentinel", "Inbound"), ("spl", "inbound")])
def test_what_comes_in_at_a_host_or_a_network_is_one_word_among_sessions(
    to: str, word: str
) -> None:
    flow = "event.dataset:network_traffic.flow and network.direction"
    for value in ("ingress", "inbound"):
        made = kqlx.convert(f"{flow}:{value}", to)
        assert word in str(made.query)
        assert made.fidelity.name == "WIDER"
    assert "inbound" not in converted(f"{flow}:* and not network.direction:ingress", to).lower()


def test_icmp_of_version_6_has_the_name_of_iana() -> None:
    query = "event.dataset:network_traffic.icmp and network.transport:ipv6-icmp"
    assert '"IPv6-ICMP"' in converted(query, "sentinel")


def test_the_host_that_http_asks_for() -> None:
    query = "event.dataset:network_traffic.http and destination.domain:www.example.net"
    assert "HttpHost" in converted(query, "sentinel")
    assert "url_domain" in converted(query, "spl")


@pytest.mark.parametrize(
    ("to", "column", "forms"),
    [("sentinel", "ProcessCommandLine", 2), ("spl", "CommandLine", 3)],  # in XML also &quot;
)
def test_a_line_of_sentinel_one_may_have_lost_its_quotation_marks(
    to: str, column: str, forms: int
) -> None:
    source = "event.module:sentinel_one_cloud_funnel and event.category:process"
    text = converted(f'{source} and process.command_line:"C:\\\\x.exe"', to)
    assert text.count("x.exe") == forms


def test_the_user_of_sentinel_one_is_that_of_the_process_that_starts_another() -> None:
    source = "event.module:sentinel_one_cloud_funnel and event.category:process"
    text = converted(f"{source} and user.name:alice", "sentinel")
    assert 'InitiatingProcessAccountName =~ "alice"' in text


def test_elastic_defend_starts_processes_on_windows_alone() -> None:
    process = "event.module:endpoint and event.category:process and"
    with pytest.raises(kqlx.MappingError, match="never"):
        converted(f"{process} host.os.type:windows and event.action:exec", "spl")
    with pytest.raises(kqlx.MappingError, match="never"):
        converted(f"{process} host.os.type:linux and event.action:start", "sentinel")


def test_of_users_of_linux_defender_knows_names_alone() -> None:
    process = "event.module:endpoint and event.category:process and"
    uid = kqlx.convert(f"{process} user.id:1001", "sentinel", accept=ACCEPT)
    assert uid.fidelity.name == "NARROWER"
    for known in ("S-1-5-18", "S-1-5-19"):
        made = kqlx.convert(f"{process} user.id:{known}", "sentinel")
        assert made.fidelity.name in ("CASE", "COVERAGE")
