"""Fields by which a rule counts that are other columns by the kind of event, or have no column of
their values on some kinds or on all: what cannot be counted is refused or told, never silent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

import kqlx
from kqlx.mappings.pack_library import Packs
from kqlx.mappings.reader.builtin import builtin, sources
from kqlx.notes import Effect
from tests.oracles.kusto import analyse
from tests.spl.test_counted_values import counted, different, effects, made

SECURITY = "event.dataset:system.security"
MASK = "winlog.event_data.AccessMask"
LOG_ONS = [
    {"EventCode": "4625", "IpAddress": "::ffff:192.0.2.7"},
    {"EventCode": "4625", "IpAddress": "192.0.2.7"},
    {"EventCode": "4625", "IpAddress": "2001:db8::7"},
    {"EventCode": "4625", "IpAddress": "-"},
]
SESSIONS = [
    {"EventCode": "4778", "ClientAddress": "LOCAL"},
    {"EventCode": "4778", "ClientAddress": "198.51.100.4"},
    {"EventCode": "4625", "IpAddress": "127.0.0.1"},
]
NEW = {"history_window_start": "now-5d"}


def in_splunk(query: str, field: str, events: Sequence[Mapping[str, str]]) -> set[str]:
    """The values that a rule on the security log tells of."""
    stored = [{"source": "XmlWinEventLog:Security", **event} for event in events]
    return counted(query, field, stored, "XmlWinEventLog")


def of(to: str, query: str, field: str) -> kqlx.Conversion:
    return made(to, query, threshold={"field": [field], "value": 2})


@pytest.mark.parametrize("to", ["spl", "sentinel"])
@pytest.mark.parametrize("source", ["system.security", "windows.forwarded"])
def test_a_field_without_a_column_on_any_kind_is_refused(to: str, source: str) -> None:
    """A count of what is null on every event never alerts."""
    field = "winlog.event_data.AccessMaskDescription"
    for ask in (of, different):
        with pytest.raises(kqlx.KqlxError, match=r"a test of AccessList|EventData\.AccessList"):
            ask(to, f"event.dataset:{source}", field)
    with pytest.raises(kqlx.KqlxError, match="AccessList"):
        made(to, f"event.dataset:{source}", new_terms_fields=[field], **NEW)


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_kinds_without_values_count_for_nothing_and_it_is_told(to: str) -> None:
    found = of(to, SECURITY, MASK)
    assert effects(found, "value-differs") == {Effect.NARROWER}
    (note,) = [note for note in found.notes if note.code == "value-differs"]
    assert "event.code 4674" in note.message
    text = str(found.query)
    assert 'in(EventCode, "4674"),\n        null()' in text or 'iff(EventID == 4674, ""' in text
    assert not effects(of(to, f"{SECURITY} and event.code:4663", MASK), "value-differs")
    with pytest.raises(kqlx.KqlxError, match="each of its values is a test of"):
        of(to, f"{SECURITY} and event.code:4674", MASK)


def test_codes_of_a_kind_without_values_make_no_group() -> None:
    events = [
        {"EventCode": "4674", "AccessMask": "%%1537\n\t\t\t\t%%1538"},
        {"EventCode": "4663", "AccessMask": "0x2"},
    ]
    assert in_splunk(SECURITY, MASK, events) == {"0x2"}


@pytest.mark.parametrize(
    "field", [f"winlog.event_data.{name}" for name in ("AccessList", "PrivilegeList")]
)
def test_several_values_of_an_event_are_one_text(field: str) -> None:
    """Of one event alone Elastic counts them all; of what is new none is missed."""
    assert effects(different("spl", SECURITY, field), "value-differs") == {Effect.DIFFERENT}
    assert effects(of("spl", SECURITY, field), "value-differs") == {Effect.NARROWER}
    found = made("spl", SECURITY, new_terms_fields=[field], **NEW)
    assert effects(found, "value-differs") == {Effect.WIDER}


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_a_value_that_the_history_does_not_show_is_new_later(to: str) -> None:
    """So a rule about new terms misses some and tells of others."""
    for field in (MASK, "related.user"):
        found = made(to, SECURITY, new_terms_fields=[field], **NEW)
        assert Effect.DIFFERENT in {note.effect for note in found.notes}
        assert Effect.NARROWER not in {note.effect for note in found.notes}


def test_an_address_is_counted_in_one_spelling() -> None:
    query = f"{SECURITY} and event.code:4625"
    assert in_splunk(query, "source.ip", LOG_ONS) == {"192.0.2.7", "2001:db8::7"}
    found = in_splunk(SECURITY, "source.ip", SESSIONS)
    assert found == {"127.0.0.1", "198.51.100.4"}


@pytest.mark.parametrize("query", [SECURITY, f"{SECURITY} and event.code:4625"])
@pytest.mark.parametrize("format", ["query", "rule"])
def test_so_it_is_in_sentinel(query: str, format: str) -> None:
    """In counts, among new terms and in the entities of alerts."""
    every = [
        made("sentinel", query, format, threshold={"field": ["source.ip"], "value": 2}),
        made("sentinel", query, format, new_terms_fields=["source.ip"], **NEW),
    ]
    rule = kqlx.Rule("r", f"{query} and source.ip:*")
    if format == "rule":
        every.append(kqlx.convert(rule, "sentinel", format=format))
    for conversion in every:
        assert 'replace_regex(IpAddress, @"(?i)^::ffff:' in str(conversion.query)
        if "4625" not in query:
            assert 'iff(ClientAddress == "LOCAL", "127.0.0.1"' in str(conversion.query)
        assert analyse([str(conversion.query)]) == [[]]


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_values_that_are_one_word_there_count_as_one(to: str) -> None:
    """More events of one group, and fewer values of the field."""
    field = "network.direction"
    query = "event.dataset:network_traffic.flow"
    assert effects(of(to, query, field), "value-differs") == {Effect.WIDER}
    assert effects(different(to, query, field), "value-differs") == {Effect.NARROWER}


@pytest.mark.parametrize(
    ("query", "field", "column", "instead"),
    [
        (SECURITY, "event.action", "EventCode", "event.code"),
        ("event.dataset:aws.cloudtrail", "event.type", "eventName", "event.action"),
    ],
)
def test_what_is_told_by_tests_alone_is_refused_with_what_stands_for_it(
    query: str, field: str, column: str, instead: str
) -> None:
    words = f"is a test of {column}; use {instead} in the rule"
    with pytest.raises(kqlx.KqlxError, match=words):
        of("spl", query, field)
    assert of("spl", query, instead).query


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_every_field_by_the_kind_of_event_is_refused_or_has_a_column(to: str) -> None:
    asked = 0
    for source in sources():
        pack = builtin(source)
        for place in pack.targets.get(to, ()):
            alone = replace(pack, targets={to: (replace(place, when=(), together=""),)})
            for name, spec in place.fields.items():
                if not spec.case_field:
                    continue
                asked += 1
                try:
                    found = kqlx.convert(
                        kqlx.Rule(
                            "r", "*", type="threshold", data={"threshold": {"field": [name]}}
                        ),
                        to,
                        source=source,
                        mappings=Packs({source: alone}),
                        accept=["narrower", "different", "wider"],
                    )
                except kqlx.KqlxError:
                    continue
                columns = [c for case in spec.cases for c in (case.column, *case.any_of) if c]
                fixed = [case.fixed for case in spec.cases if case.fixed]
                ends = [text.rpartition(".")[2] for text in (*columns, *fixed)]
                # A blank may stand where Elastic writes _.
                text = re.sub(r"\[ _\]|(?<=[a-z]) (?=[A-Z])", "_", str(found.query))
                assert any(end in text for end in ends), (source, place.name, name)
    assert asked > 40


def test_what_lies_in_arrays_of_arrays_is_refused() -> None:
    """A test of it looks for the key anywhere below; a count of the key where it is not never
    alerts.
    """
    field = "ipPermissions.items.ipRanges.items.cidrIp"
    whole = f"aws.cloudtrail.flattened.request_parameters.{field}"
    with pytest.raises(kqlx.KqlxError, match="AWSCloudTrail has no column with its values"):
        of("sentinel", "event.dataset:aws.cloudtrail", whole)
    assert kqlx.convert(f"event.dataset:aws.cloudtrail and {whole}:*", "sentinel").query


@pytest.mark.parametrize("codes", ["4625", "(4625 or 4778)"])
def test_what_suppresses_alerts_is_made_as_counts_make_it(codes: str) -> None:
    """Of several columns, or of one that spells an address in several ways."""
    by = {"group_by": ["source.ip"], "duration": {"value": 1, "unit": "h"}}
    rule = kqlx.Rule(
        "r", f"{SECURITY} and event.code:{codes}", data={"alert_suppression": by}, format="toml"
    )
    found = kqlx.convert(rule, "spl", format="savedsearches")
    assert "\nalert.suppress.fields = source_ip\nalert.suppress.period = 3600s\n" in found.text
    assert found.text.count("| eval source_ip=") == 1
    assert "suppression-left-out" not in [note.code for note in found.notes]


@pytest.mark.parametrize(
    "field",
    [
        "authentication_processing_details",
        "applied_conditional_access_policies.enforced_grant_controls",
    ],
)
def test_what_lies_anywhere_in_a_dynamic_column_is_refused(field: str) -> None:
    """summarize takes no dynamic key, and the whole is none of the field's values."""
    with pytest.raises(kqlx.KqlxError, match="has no column with its values"):
        of("sentinel", "event.dataset:azure.signinlogs", f"azure.signinlogs.properties.{field}")


def test_machines_of_forwarded_records_are_counted_by_the_originating_computer() -> None:
    """Elastic has the ID of the collector, if any: by the originator more is found, and told."""
    for to in ("spl", "sentinel"):
        found = made(to, "event.dataset:windows.forwarded", new_terms_fields=["host.id"], **NEW)
        assert "Computer" in found.text
        assert [n.effect for n in found.notes if "originating" in n.message] == [Effect.WIDER]
        with pytest.raises(kqlx.KqlxError, match=r"host\.id has no counterpart"):
            kqlx.convert("event.dataset:windows.forwarded and host.id:a", to)


@pytest.mark.parametrize("field", ["host.id", "process.entity_id", "process.parent.entity_id"])
@pytest.mark.parametrize("system", ["windows", "linux"])
def test_a_rule_that_counts_machines_or_processes_keeps_sentinelone(
    field: str, system: str
) -> None:
    query = f"event.category:process and host.os.type:{system} and process.name:curl"
    indices = ["logs-endpoint.events.process-*", "logs-sentinel_one_cloud_funnel.*"]
    found = made("spl", query, index=indices, new_terms_fields=[field], **NEW)
    assert not [note for note in found.notes if note.code == "source-left-out"]
    substitutes = [n.message for n in found.notes if n.code == "grouped-by-substitute"]
    assert any(message.startswith(field) for message in substitutes)


@pytest.mark.parametrize(
    "index", ["logs-endpoint.events.registry-*", "logs-sentinel_one_cloud_funnel.*"]
)
def test_a_path_of_two_columns_is_counted_by_both(index: str) -> None:
    query = "event.category:registry and host.os.type:windows"
    found = made("sentinel", query, index=[index], new_terms_fields=["registry.path"], **NEW)
    path = r'strcat(RegistryKey, @"\", RegistryValueName)'
    text = " ".join(found.text.split())
    assert f"registry_path = iff(isnotempty(RegistryValueName), {path}, RegistryKey)" in text
    assert effects(found, "grouped-by-substitute") == {Effect.SAME}
    assert analyse([found.text]) == [[]]


def test_the_same_path_is_spelt_apart_in_two_sources() -> None:
    indices = ["logs-endpoint.events.registry-*", "logs-windows.sysmon_operational-*"]
    query = "event.category:registry and host.os.type:windows and registry.path:*Run*"
    found = made("sentinel", query, index=indices, new_terms_fields=["registry.path"], **NEW)
    assert effects(found, "counted-per-source") == {Effect.WIDER}
    assert not effects(found, "source-left-out")


def test_a_path_of_two_columns_in_splunk() -> None:
    query = "event.dataset:crowdstrike.fdr and event.category:registry and registry.path:*Run*"
    found = made("spl", query, new_terms_fields=["registry.path"], **NEW)
    whole = " ".join(found.text.split())
    assert "isnotnull(mvfind(ObjectType, " in whole and "ObjectNameNew, true(), coalesce(" in whole
    assert r'."\\".' in whole.partition("true(), coalesce(")[2]
