"""Queries in fields of ECS alone, which name no product: the data models of destinations that hold
what they ask for, and those that must not be guessed.
"""

from __future__ import annotations

from typing import Any

import pytest

import kqlx
from kqlx.mappings.reader.builtin import builtin, builtin_marks
from kqlx.notes import Effect
from kqlx.rules.model import Rule
from tests.oracles.sentinel_rows import matching

ANYTHING = ["auditbeat-*", "endgame-*", "filebeat-*", "logs-*", "packetbeat-*", "winlogbeat-*"]
TARGETS = ("spl", "sentinel", "sigma")
NETWORK = ["any.dns", "any.intrusion", "any.network", "any.web"]


def rule(query: str, index: list[str] | None = None, **data: Any) -> Rule:
    data = {"index": ANYTHING if index is None else index, **data}
    return Rule("r", query, format="toml", type=data.pop("type", "query"), data=data)


def converted(query: str, target: str = "spl", **data: Any) -> kqlx.Conversion:
    return kqlx.convert(rule(query, **data), target)


def models(query: str, target: str = "spl") -> list[str]:
    """The data models that were searched."""
    marks = {s for s, m in builtin_marks().items() if m.is_data_model}
    query_text = str(converted(query, target).query)
    places = {d.name: s for s in marks for d in builtin(s).targets.get(target, ())}
    return sorted({source for place, source in places.items() if place in query_text})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("event.category:authentication and event.outcome:failure", ["any.authentication"]),
        ("event.category:web and http.response.status_code:500", ["any.web"]),
        ("dns.question.name:*.example.com", ["any.dns"]),
        ("event.category:network and dns.question.name:*.example.com", ["any.dns"]),
        ("event.category:network and destination.port:22", NETWORK),
        ("event.category:network and network.bytes > 1000000", ["any.network", "any.web"]),
        ("event.category:network and url.path:*.php", ["any.web"]),
        ("url.full:*evil*", ["any.malware", "any.web"]),
        ("event.category:malware and file.name:a.exe", ["any.malware"]),
        ("event.category:intrusion_detection and source.ip:10.0.0.5", ["any.intrusion"]),
        ("event.kind:alert", ["any.alerts", "any.intrusion", "any.malware"]),
        ("event.kind:alert and event.category:malware", ["any.malware"]),
        ("event.kind:alert and event.category:network", ["any.intrusion"]),
        ("event.kind:alert and url.full:*evil*", ["any.malware"]),
        ("event.kind:event and url.full:*evil*", ["any.web"]),
        ("file.hash.sha256:abc", ["any.file", "any.intrusion", "any.malware"]),
        ("registry.path:*\\\\Run\\\\*", ["any.registry"]),
        (
            "source.ip:10.0.0.5",
            ["any.alerts", "any.authentication", "any.changes", "any.malware", *NETWORK],
        ),
        ("destination.ip:10.0.0.5", ["any.authentication", *NETWORK]),
        # Each alternative is asked where it can be met.
        ("dns.question.name:a.example or url.domain:a.example", ["any.dns", "any.web"]),
        (
            "event.category:(authentication or web) and source.ip:10.0.0.5",
            ["any.authentication", "any.web"],
        ),
        (
            "registry.path:a or file.path:b",
            ["any.file", "any.intrusion", "any.malware", "any.registry"],
        ),
    ],
)
def test_what_a_query_asks_for_says_where(query: str, expected: list[str]) -> None:
    assert models(query) == sorted(expected)
    found = converted(query)
    told = [note for note in found.notes if note.code == "any-product"]
    assert len(told) >= 1 and all(note.effect is Effect.COVERAGE for note in told)
    other = any("or a category of events" in note.message for note in told)
    assert other is ("event.category" not in query)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "query",
    [
        "user.name:admin",
        "host.name:dc1 and process.name:cmd.exe",
        "event.kind:event",
        "event.kind:(alert or event)",
        "not event.kind:alert",
        "event.outcome:failure",
        "event.action:logon-failed and user.name:*",
        "message:*failed*",
        "not source.ip:10.0.0.5",
        "*:*",
        # An alternative that is in no data model.
        "source.ip:10.0.0.5 or user.name:admin",
        "source.ip:10.0.0.5 or not destination.port:22",
        "event.category:(network or iam) and source.ip:10.0.0.5",
        "event.category:iam and source.ip:10.0.0.5",
        "file.hash.md5:abc or dll.hash.md5:abc",
        "event.category:web and (url.path:/a or registry.path:b)",
        # No model has both.
        "event.category:authentication and dns.question.name:a.example",
        "registry.path:a and url.full:b",
        # The alternatives of one group are each in some of the models alone, as are the other's.
        "(dns.question.name:a or source.ip:10.0.0.5) and (url.full:b or destination.port:22)",
        # Alerts of a category that no model of alerts tells.
        "event.kind:alert and event.category:authentication",
        # A product of which there is no mapping, or index patterns of one.
        "event.category:authentication and event.module:cisco_duo",
        "event.category:network and event.dataset:acme.firewall and source.ip:10.0.0.5",
    ],
)
def test_others_are_refused_not_guessed(query: str, target: str) -> None:
    reason = r"data source not recognised|no mapping for Cisco Duo|has no counterpart"
    with pytest.raises(kqlx.KqlxError, match=reason):
        converted(query, target)


def test_what_names_a_product_goes_first() -> None:
    failed = "event.category:authentication and event.outcome:failure"
    for named in (
        rule(f"{failed} and event.dataset:system.auth"),
        rule(failed, index=["logs-system.auth-*", "filebeat-*"]),
        rule(f"{failed} and event.code:4625"),
    ):
        found = kqlx.convert(named, "spl", accept=["narrower", "different"])
        assert "tag=" not in str(found.query)
    assert "Sysmon" in str(converted("event.category:file and file.name:a.exe").query)
    with pytest.raises(kqlx.UnsupportedError, match="no mapping for acme-logs-"):
        converted(failed, index=["acme-logs-*"])
    with pytest.raises(kqlx.UnsupportedError, match="no mapping for acme-logs-"):
        converted(failed, index=["acme-logs-*", "filebeat-*"])


@pytest.mark.parametrize("target", ["spl", "sentinel"])
def test_what_a_model_does_not_tell_is_never_taken_for_absent(target: str) -> None:
    """Sessions have no URL there: whether one is excluded by it, nobody knows."""
    query = "event.category:network and destination.port:443 and not url.domain:good.example"
    with pytest.raises(kqlx.UnsupportedError, match=r"narrower: any\.dns is left out: url"):
        converted(query, target)


def test_a_model_that_never_tells_what_each_event_must_have_is_left_out() -> None:
    found = converted("event.category:network and user.name:alice and source.ip:10.0.0.5")
    (note,) = [note for note in found.notes if "any.dns is left out" in note.message]
    assert note.effect is Effect.COVERAGE
    assert "tag=dns" not in str(found.query)


@pytest.mark.parametrize(
    "query",
    [
        "event.category:network and event.action:flow_denied",
        "event.category:network and observer.vendor:Acme and source.ip:10.0.0.5",
        "event.category:authentication and event.reason:locked",
        "event.category:authentication and not event.module:endpoint",
        "event.category:authentication and host.os.type:windows",
    ],
)
@pytest.mark.parametrize("target", ["spl", "sentinel"])
def test_words_of_products_are_refused(query: str, target: str) -> None:
    with pytest.raises(kqlx.MappingError, match="has no counterpart"):
        converted(query, target)


EXTERNAL = "event.kind:alert and not event.module:(endgame or endpoint or cloud_defend)"


def test_alerts_of_any_product() -> None:
    """Elastic's own are nowhere there, so that nothing is left of their exclusion."""
    spl = converted(EXTERNAL)
    assert str(spl.query) == "(tag=alert)\nOR (tag=ids tag=attack)\nOR (tag=malware tag=attack)"
    sentinel = converted(EXTERNAL, "sentinel")
    assert "SecurityAlert" in str(sentinel.query) and "_Im_AlertEvent" in str(sentinel.query)
    for made in (spl, sentinel):
        assert "endpoint" not in str(made.query)
        assert any("never holds event.module" in note.message for note in made.notes)
    with pytest.raises(kqlx.KqlxError, match="Sigma has no log source for alerts of products"):
        converted(EXTERNAL, "sigma")


def test_a_rule_of_sentinels_never_reads_the_alerts_that_it_raises() -> None:
    own = [
        (1, "SecurityAlert", {"ProductName": "Azure Sentinel", "AlertName": "a"}),
        (2, "SecurityAlert", {"ProductName": "Azure Security Center", "AlertName": "a"}),
        (3, "_Im_AlertEvent", {"EventProduct": "Microsoft Sentinel", "AlertName": "a"}),
        (4, "_Im_AlertEvent", {"EventProduct": "Falcon", "ThreatCategory": "Malware"}),
    ]
    found = matching(
        str(converted(EXTERNAL, "sentinel").query), ["SecurityAlert", "_Im_AlertEvent"], own
    )
    assert found == {2, 4}
    malware = "event.category:malware"
    asked = str(converted(malware, "sentinel").query)
    assert matching(asked, ["_Im_AlertEvent"], own[2:]) == {4}


@pytest.mark.parametrize("target", TARGETS)
def test_alerts_of_elastics_own_are_refused_with_the_reason(target: str) -> None:
    reason = r"endpoint\.alerts has no counterpart: alerts of Elastic Defend are verdicts"
    with pytest.raises(kqlx.KqlxError, match=reason):
        converted("event.dataset:endpoint.alerts and event.kind:alert and rule.name:x", target)


def test_a_custom_detection_tells_that_it_finds_its_own_alerts() -> None:
    made = kqlx.convert(rule(EXTERNAL), "sentinel", format="custom-detection")
    told = [n.message for n in made.notes if "that the detection raises" in n.message]
    assert [text.split()[0] for text in told] == ["SecurityAlert", "_Im_AlertEvent"]


@pytest.mark.parametrize(
    "data",
    [
        {"type": "threshold", "threshold": {"field": ["host.name"], "value": 5}},
        {
            "type": "new_terms",
            "new_terms_fields": ["user.name", "rule.name"],
            "history_window_start": "now-7d",
        },
    ],
)
def test_alerts_are_counted_where_they_have_what_is_counted(data: dict[str, Any]) -> None:
    """Not those of malware alone, which Splunk has apart and Sentinel has not."""
    made = converted(EXTERNAL, "sentinel", **data)
    assert str(made.query).startswith("_Im_AlertEvent\n") and "ThreatCategory" not in str(
        made.query
    )
    assert any("SecurityAlert is not read" in note.message for note in made.notes)


def test_a_step_of_a_sequence_is_about_all_alerts() -> None:
    query = (
        "sequence by host.name with maxspan=1h"
        ' [any where event.kind == "alert"] [authentication where event.outcome == "failure"]'
    )
    made = Rule("r", query, language="eql", type="eql", format="toml", data={"index": ["logs-*"]})
    text = str(kqlx.convert(made, "sentinel").query)
    assert "_Im_AlertEvent" in text and "ThreatCategory" not in text


@pytest.mark.parametrize("target", ["spl", "sentinel"])
@pytest.mark.parametrize(
    "query",
    [
        "event.kind:alert and not event.module:suricata",
        "event.kind:alert and event.severity >= 70",
        "event.kind:alert and message:ransomware",
        "event.kind:alert and host.os.type:windows",
    ],
)
def test_what_alerts_do_not_tell_is_refused(query: str, target: str) -> None:
    with pytest.raises(kqlx.KqlxError, match=r"has no counterpart|narrower"):
        converted(query, target)


@pytest.mark.parametrize(
    ("query", "effect"),
    [
        ("event.kind:alert and user.name:alice", Effect.COVERAGE),
        ("event.kind:alert and not user.name:alice", Effect.NARROWER),
        ("event.kind:alert and (user.name:alice or rule.name:x)", Effect.NARROWER),
    ],
)
def test_a_table_without_a_field_tells_nothing_of_what_is_excluded(
    query: str, effect: Effect
) -> None:
    """Alerts there may be of anyone: those are missed that the rule would find."""
    made = kqlx.convert(rule(query), "sentinel", accept=["narrower"])
    (note,) = [n for n in made.notes if "SecurityAlert is not read" in n.message]
    assert note.effect is effect


def test_a_part_of_the_alerts_is_not_taken_for_all() -> None:
    """Sigma has a log source for malware, Sentinel tells no attacks apart."""
    with pytest.raises(kqlx.UnsupportedError, match=r"narrower: any\.alerts is left out"):
        converted("event.kind:alert and rule.name:x", "sigma")
    for target in ("sentinel", "sigma"):
        with pytest.raises(kqlx.UnsupportedError, match=r"narrower: any\.intrusion is left out"):
            converted("event.category:(malware or intrusion_detection) and rule.name:x", target)


def test_counts() -> None:
    count = {
        "field": ["source.ip"],
        "value": 10,
        "cardinality": [{"field": "user.name", "value": 5}],
    }
    query = "event.category:authentication and event.outcome:failure"
    spl = converted(query, type="threshold", threshold=count)
    assert "dc(user) as dc_user" in str(spl.query) and "by source_ip" in str(spl.query)
    sentinel = converted(query, "sentinel", type="threshold", threshold=count)
    assert "count_distinctif(TargetUsername" in str(sentinel.query)
    several = converted(
        "event.category:network and destination.port:22",
        type="threshold",
        threshold={"field": ["source.ip"], "value": 10},
    )
    assert [n.effect for n in several.notes if "once in each" in n.message] == [Effect.WIDER]


def test_a_sequence_of_steps_in_two_models() -> None:
    query = (
        "sequence by source.ip with maxspan=5m"
        ' [authentication where event.outcome == "failure"]'
        " [network where destination.port == 22]"
    )
    made = Rule("r", query, language="eql", type="eql", format="toml", data={"index": ["logs-*"]})
    assert "tag=authentication" in str(kqlx.convert(made, "spl").query)
    assert "_Im_NetworkSession" in str(kqlx.convert(made, "sentinel").query)


# Indicators


def indicators(query: str, field: str, of: str, **data: Any) -> Rule:
    entries = [{"field": field, "type": "mapping", "value": f"threat.indicator.{of}"}]
    fixed: dict[str, Any] = {"threat_index": ["filebeat-*", "logs-ti_*"], "threat_query": "*:*"}
    return rule(
        query, type="threat_match", threat_mapping=[{"entries": entries}], **{**fixed, **data}
    )


def effects(made: kqlx.Conversion) -> list[Effect]:
    return sorted({note.effect for note in made.notes if note.code == "indicators"})


@pytest.mark.parametrize("target", ["spl", "sentinel"])
def test_indicators_of_feeds_are_those_that_the_target_has(target: str) -> None:
    made = indicators("destination.ip:*", "destination.ip", "ip")
    assert kqlx.convert(made, target).fidelity is Effect.COVERAGE
    entries = [
        {"entries": [{"field": field, "type": "mapping", "value": "threat.indicator.ip"}]}
        for field in ("source.ip", "destination.ip")
    ]
    fixed: dict[str, Any] = {"threat_mapping": entries, "threat_index": ["logs-ti_*"]}
    both = rule("source.ip:* or destination.ip:*", type="threat_match", **fixed)
    found = kqlx.convert(both, target)
    assert found.fidelity is Effect.COVERAGE
    # Audit records have the client alone.
    part = str(found.query).partition({"spl": "tag=change", "sentinel": "_Im_AuditEvent"}[target])[
        2
    ]
    part = part.partition("tag=" if target == "spl" else "_Im_")[0]
    assert "source_ip" in part or "SrcIpAddr" in part
    assert "destination_ip" not in part and "DstIpAddr" not in part


@pytest.mark.parametrize("target", ["spl", "sentinel"])
@pytest.mark.parametrize("index", [["blocklist"], ["logs-ti_*", "blocklist"], []])
def test_a_list_of_ones_own_is_another(index: list[str], target: str) -> None:
    made = indicators("destination.ip:*", "destination.ip", "ip", threat_index=index)
    with pytest.raises(kqlx.UnsupportedError, match="different: the"):
        kqlx.convert(made, target)
    assert Effect.DIFFERENT in effects(kqlx.convert(made, target, accept=["different"]))


@pytest.mark.parametrize("target", ["spl", "sentinel"])
@pytest.mark.parametrize(
    ("asked", "left_out"),
    [
        ('@timestamp >= "now-30d/d" and event.module:(threatintel or ti_*)', ""),
        ('threat.indicator.ip:* and not labels.is_ioc_transform_source:"true"', ""),
        ("threat.indicator.file.hash.*:* or threat.indicator.url.full:*", ""),
        ("threat.indicator.confidence:High", "threat.indicator.confidence:High"),
        ("event.kind:enrichment and threat.feed.name:abuse", "threat.feed.name:abuse"),
        ("not threat.indicator.marking.tlp:RED", "not threat.indicator.marking.tlp:RED"),
        ("threat.indicator.ip:(", "threat.indicator.ip:("),
    ],
)
def test_what_is_asked_of_indicators_is_told(asked: str, left_out: str, target: str) -> None:
    made = indicators("url.full:*", "url.full", "url.full", threat_query=asked)
    told = [n for n in kqlx.convert(made, target).notes if "does not take" in n.message]
    assert [n.effect for n in told] == ([Effect.WIDER] if left_out else [])
    assert all(n.message.endswith(left_out) for n in told)


def test_filters_on_indicators_are_told() -> None:
    filters = [{"meta": {"key": "event.module"}}, {"meta": {"key": "threat.feed.name"}}]
    made = indicators("url.full:*", "url.full", "url.full", threat_filters=filters)
    (told,) = [n for n in kqlx.convert(made, "spl").notes if "does not take" in n.message]
    assert told.message.endswith("the filter on threat.feed.name")


def test_hashes_and_domains_are_compared_in_lower_case() -> None:
    hashes = indicators("file.hash.*:*", "file.hash.sha256", "file.hash.sha256")
    assert "=lower(file_hash)" in str(kqlx.convert(hashes, "spl").query)
    assert "tolower(TargetFileSHA256)" in str(kqlx.convert(hashes, "sentinel").query)
    names = indicators("dns.question.name:*", "dns.question.name", "url.domain")
    assert "=lower(query)" in str(kqlx.convert(names, "spl").query)
    assert "ObservableValue = tolower(ObservableValue)" in str(
        kqlx.convert(names, "sentinel").query
    )
    addresses = indicators("source.ip:*", "source.ip", "ip")
    assert "lower(" not in str(kqlx.convert(addresses, "spl").query)


SEEN = {
    "file.hash.sha256": "file.hash.sha256",
    "file.pe.imphash": "file.pe.imphash",
    "source.ip": "ip",
    "url.full": "url.full",
    "registry.path": "registry.path",
}


def of_several_kinds() -> Rule:
    entries = [
        {"entries": [{"field": field, "type": "mapping", "value": f"threat.indicator.{of}"}]}
        for field, of in SEEN.items()
    ]
    return rule(
        " or ".join(f"{field}:*" for field in SEEN),
        type="threat_match",
        threat_mapping=entries,
        threat_index=["logs-ti_*"],
        threat_query="*:*",
    )


def test_indicators_of_several_kinds_are_compared_where_each_may_be() -> None:
    """Each data model is asked for what its events have, and nothing else of it is compared."""
    spl = kqlx.convert(of_several_kinds(), "spl")
    parts = {part.partition("\n")[0]: part for part in str(spl.query).split("[search ")[1:]}
    (files,) = [part for line, part in parts.items() if "tag=filesystem" in line]
    assert "file_hash" in files and "threat.indicator.ip" not in files
    (web,) = [part for line, part in parts.items() if "tag=web" in line]
    assert "threat.indicator.url.full" in web and "threat.indicator.ip" in web
    (registry,) = [part for line, part in parts.items() if "tag=registry" in line]
    assert "threat.indicator.registry.path" in registry and "file.hash" not in registry
    sentinel = str(kqlx.convert(of_several_kinds(), "sentinel").query)
    after = sentinel.partition("_Im_RegistryEvent")[2]
    assert after.index("join kind=inner") < after.index("_Im_WebSession")
    for made in (spl, kqlx.convert(of_several_kinds(), "sentinel")):
        assert made.fidelity in (Effect.COVERAGE, Effect.WIDER)
        assert "imphash" not in str(made.query)
    with pytest.raises(kqlx.UnsupportedError, match="different"):
        kqlx.convert(of_several_kinds(), "sigma")


def test_an_alternative_that_a_model_does_not_tell_is_asked_of_the_others() -> None:
    found = converted("source.ip:10.0.0.5 or file.path:*evil*")
    (note,) = [
        n for n in found.notes if "any.file is asked for the other alternatives" in n.message
    ]
    assert note.effect is Effect.COVERAGE and "source.ip" in note.message
    (files,) = [part for part in str(found.query).split("OR (") if "tag=filesystem" in part]
    assert "file_path" in files and "src" not in files


def test_an_alternative_that_no_model_tells_is_not_dropped() -> None:
    with pytest.raises(kqlx.KqlxError, match=r"narrower|no counterpart"):
        converted("event.category:network and (source.ip:10.0.0.5 or network.direction:sideways)")


TRACED = ["apm-*-transaction*", "traces-apm*"]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("integration", [None, ["apm"]])
def test_requests_that_apm_traces_are_those_of_web_servers(target: str, integration: Any) -> None:
    made = kqlx.convert(
        rule(
            "http.response.status_code:403 and http.request.method:post",
            TRACED,
            integration=integration,
        ),
        target,
    )
    assert any(
        note.code == "sensor-substituted"
        and note.effect is Effect.COVERAGE
        and "Elastic APM" in note.message
        for note in made.notes
    )
    assert "403" in str(made.query)


def test_apm_is_not_searched_in_other_data_models() -> None:
    """Addresses are in many; only the model of requests stands for what is traced."""
    with_others = str(converted("source.ip:10.0.0.5").query)
    traced = str(converted("source.ip:10.0.0.5", index=TRACED).query)
    assert "tag=authentication" in with_others
    assert traced.startswith("tag=web ") and "OR tag=" not in traced


@pytest.mark.parametrize(
    "query", ["transaction.name:x and url.path:a", "service.name:x", "event.dataset:okta.system"]
)
def test_what_is_traced_and_no_request_is_refused(query: str) -> None:
    with pytest.raises(kqlx.KqlxError, match="has no counterpart"):
        converted(query, index=TRACED)


@pytest.mark.parametrize(
    "index", [["endgame-*"], [".alerts-security.*"], ["remote:endgame-*"], ["apm-*", "endgame-*"]]
)
def test_requests_stand_for_nothing_else_that_has_no_counterpart(index: list[str]) -> None:
    for query in ("url.path:*.php", "url.full:*evil*"):
        with pytest.raises(kqlx.KqlxError, match="has no counterpart"):
            converted(query, index=index)


def test_apm_of_another_cluster_is_read_so_too() -> None:
    made = converted("url.path:*.php", index=["remote:apm-*-transaction*"])
    assert "sensor-substituted" in {note.code for note in made.notes}


def test_apm_beside_others_changes_nothing() -> None:
    alone = converted("http.response.status_code:403")
    beside = converted("http.response.status_code:403", index=[*ANYTHING, *TRACED])
    assert beside.query == alone.query
    assert "sensor-substituted" not in {note.code for note in beside.notes}


def test_groups_in_groups_take_time_in_proportion() -> None:
    """Each group asks for its items several times: were each answer found anew, it never ended."""
    query = "source.ip:10.0.0.1"
    for port in range(45):
        query = f"(event.category:network and ({query} or destination.port:{port}))"
    assert "destination" not in str(converted(query).query)
