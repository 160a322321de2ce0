"""A query or rule that names no data source, and notes that several places share."""

from __future__ import annotations

import pytest

import kqlx
from kqlx.mappings.products import product
from kqlx.mappings.reader.builtin import sources
from kqlx.notes import Effect, Note, in_order
from kqlx.rules.model import Rule
from tests.command_line import kqlx as run

TARGETS = ["spl", "sentinel", "sigma"]
BARE = "foo.bar:x"
INPUTS = [BARE, Rule("r", BARE, format="toml")]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("rule", INPUTS, ids=["query", "rule"])
def test_it_is_unmapped_as_a_whole(rule: Rule | str, target: str) -> None:
    for unmapped in (None, "comment"):
        with pytest.raises(kqlx.UnsupportedError, match="data source not recognised") as error:
            kqlx.convert(rule, target, unmapped=unmapped)
        (note,) = error.value.notes
        assert (note.code, note.effect) == ("no-data-source", Effect.UNMAPPED)
        assert "source=" in error.value.hint and 'source="none"' in error.value.hint


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("rule", INPUTS, ids=["query", "rule"])
def test_the_names_can_be_kept(rule: Rule | str, target: str) -> None:
    none = kqlx.convert(rule, target, source="none")
    assert "foo.bar" in none.text and none.fidelity <= Effect.CASE
    kept = kqlx.convert(rule, target, unmapped="keep")
    assert "foo.bar" in kept.text and kept.fidelity is Effect.UNMAPPED
    with pytest.raises(kqlx.UnsupportedError):
        kqlx.convert(rule, target, unmapped="keep", strict=True)


@pytest.mark.parametrize("rule", INPUTS, ids=["query", "rule"])
def test_elasticsearch_has_these_names(rule: Rule | str) -> None:
    assert not kqlx.convert(rule, "elasticsearch").notes


def test_the_command_line_says_the_way_out() -> None:
    done = run("convert", "--to", "sentinel", "-q", BARE)
    assert (done.returncode, done.stdout) == (1, "")
    assert "error: sentinel: data source not recognised" in done.stderr
    assert "hint: name it with --source, or keep Elastic's names with --source none" in done.stderr
    assert run("convert", "--to", "sentinel", "--source", "none", "-q", BARE).returncode == 0


ALERTS = "event.kind:alert and event.code:malicious_file"


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("indices", "reason"),
    [
        (["logs-endpoint.alerts-*"], "alerts of Elastic Defend"),
        (["endgame-*"], "Elastic Endgame"),
        (["remote:endgame-*"], "Elastic Endgame"),
        (["apm-*-transaction*", "traces-apm*"], "Elastic APM"),
        (["logs-cloud_defend.alerts-*"], "of its own policies"),
        (["logs-cloud_security_posture.findings-*"], "Elastic's own checks"),
        (["logs-elastic_agent.filebeat-*"], "Elastic Agent"),
        (["logs-endpoint.actions-*"], "responses of Elastic Defend"),
        (["logs-osquery_manager.result*"], "Osquery Manager"),
        ([".ml-anomalies-shared"], "machine learning"),
        (["risk-score.risk-score-latest-default"], "risk scores"),
        (["logs-google_secops.alert-*"], "Google SecOps"),
        (["logs-ibm_qradar.offense-*"], "IBM QRadar"),
        (["logs-elastic_security.alert-*"], "another Elastic Security"),
        (["logs-splunk.alert-*"], "such as this one"),
        (["logs-microsoft_sentinel.incident-*"], "such as this one"),
    ],
)
def test_what_elastic_alone_has_is_refused_with_the_reason(
    indices: list[str], reason: str, target: str
) -> None:
    rule = Rule("r", ALERTS, format="toml", data={"index": indices})
    with pytest.raises(kqlx.UnsupportedError, match="has no counterpart") as error:
        kqlx.convert(rule, target)
    assert str(error.value).startswith(indices[0]) and reason in str(error.value)
    assert error.value.hint == """keep Elastic's names with source="none\""""
    assert kqlx.convert(rule, target, source="none").text


@pytest.mark.parametrize("indices", [["endgame-*", "filebeat-*"], ["logs-*"], ["logs-endpoint-*"]])
def test_other_index_patterns_say_nothing_of_counterparts(indices: list[str]) -> None:
    rule = Rule("r", BARE, format="toml", data={"index": indices})
    with pytest.raises(kqlx.UnsupportedError, match="data source not recognised"):
        kqlx.convert(rule, "spl")


ADDRESSES = "10.0.0.1 or 10.0.0.2 or 10.0.0.3"
QUERY = f"event.dataset:o365.audit and not source.ip:({ADDRESSES})"


def test_notes_that_differ_by_place_alone_are_one() -> None:
    result = kqlx.convert(QUERY, "sigma")
    (note,) = [note for note in result.notes if note.code == "value-differs"]
    assert note.count == 3
    assert note.span is not None
    assert QUERY[slice(*note.span)].endswith("10.0.0.1")
    done = run("convert", "--to", "sigma", "-q", QUERY)
    (line,) = [line for line in done.stderr.splitlines() if "value-differs" in line]
    assert line.endswith(" ×3 [wider: value-differs]")
    assert " ×" not in run("convert", "--to", "sigma", "-q", "event.dataset:o365.audit").stderr


def test_notes_that_differ_otherwise_stay_apart() -> None:
    notes = [
        Note("a", Effect.WIDER, "m", (5, 6)),
        Note("a", Effect.WIDER, "m", (1, 2)),
        Note("a", Effect.WIDER, "m", (1, 2)),
        Note("a", Effect.NARROWER, "m", (3, 4)),
        Note("a", Effect.WIDER, "n", (3, 4)),
        Note("a", Effect.WIDER, "m", (3, 4), "hint"),
    ]
    found = in_order(notes)
    assert [(n.effect, n.message, n.hint, n.span, n.count) for n in found] == [
        (Effect.NARROWER, "m", "", (3, 4), 1),
        (Effect.WIDER, "m", "", (1, 2), 2),
        (Effect.WIDER, "n", "", (3, 4), 1),
        (Effect.WIDER, "m", "hint", (3, 4), 1),
    ]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("query", "indices", "reason"),
    [
        ("foo.bar:x", ["logs-acme.door-*"], "there is no mapping for logs-acme.door-*"),
        ("event.dataset:acme.door", [], "there is no mapping for acme.door"),
        (
            "foo.bar:x",
            ["logs-cisco_meraki.log-*", "remote:logs-aws.inspector*", "logs-acme.door-*"],
            "there is no mapping for Cisco Meraki (logs-cisco_meraki.log-*), Amazon Inspector "
            "(logs-aws.inspector*), logs-acme.door-*",
        ),
        (
            "foo.bar:x",
            ["auditbeat-*", "logs-*", "endgame-*"],
            "logs-* and auditbeat-* may hold the events of any product",
        ),
        ("foo.bar:x", ["filebeat-*"], "filebeat-* may hold the events of any product"),
        ("foo.bar:x", [], "cannot map field names"),
    ],
)
def test_what_is_not_known_is_named(
    query: str, indices: list[str], reason: str, target: str
) -> None:
    rule = Rule("r", query, format="toml", data={"index": indices})
    with pytest.raises(kqlx.UnsupportedError) as error:
        kqlx.convert(rule, target)
    assert error.value.message.startswith(f"data source not recognised: {reason}")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("query", "indices", "product"),
    [
        ("event.dataset:slack.audit", [], "Slack (slack.audit)"),
        ("user.name:x", ["logs-bitwarden.event-*"], "Bitwarden (logs-bitwarden.event-*)"),
        ("foo.bar:x", ["logs-aws.inspector*"], "Amazon Inspector (logs-aws.inspector*)"),
    ],
)
def test_a_product_without_a_mapping_is_named(
    query: str, indices: list[str], product: str, target: str
) -> None:
    rule = Rule("r", query, format="toml", data={"index": indices})
    with pytest.raises(kqlx.UnsupportedError) as error:
        kqlx.convert(rule, target)
    assert error.value.message == f"there is no mapping for {product}"


def test_products_without_a_mapping_have_none() -> None:
    named = [source for source in sources() if product(source)]
    assert not named


@pytest.mark.parametrize("target", TARGETS)
def test_the_name_of_a_sensor_does_not_make_its_alerts_events(target: str) -> None:
    data = {"index": ["logs-endpoint.alerts-*"]}
    rule = Rule("r", "event.kind:alert and event.module:endpoint", format="toml", data=data)
    with pytest.raises(kqlx.UnsupportedError, match="verdicts of its own engines"):
        kqlx.convert(rule, target)
    assert kqlx.convert(
        "event.module:endpoint and process.name:x and event.category:process", target
    )


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "query", ["ml_is_dga.malicious_prediction:1", "ml_is_dga.malicious_probability > 0.9"]
)
def test_what_a_model_writes_is_said_to_be_of_a_model(query: str, target: str) -> None:
    rule = Rule("r", query, format="toml", data={"index": ["logs-endpoint.events.*"]})
    with pytest.raises(kqlx.MappingError, match="a model of Elastic's writes it"):
        kqlx.convert(rule, target)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("test", "kind"),
    [
        ("process.args:x", "process"),
        ("not process.name:y and process.parent.args:x", "process"),
        ("registry.path:*Run*", "registry"),
        ("dns.question.name:x and host.os.type:windows", "network"),
        ("dll.name:x.dll", "library or driver"),
        ("file.extension:exe", "file"),
        ("(process.args:x or process.parent.name:y)", "process"),
    ],
)
def test_fields_of_one_kind_say_which_events_are_meant(test: str, kind: str, target: str) -> None:
    found = kqlx.convert(f"event.module:endpoint and {test}", target)
    asked = kqlx.convert(f"event.module:endpoint and event.category:({kind}) and {test}", target)
    assert query_of(found.text) == query_of(asked.text)
    assert [n.effect for n in found.notes if f"event.category:({kind})" in n.message] == [
        Effect.SAME
    ]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "test",
    [
        "not process.args:x and user.name:y",
        "(process.args:x or user.name:y)",
        "process.command_line:x",
    ],
)
def test_other_fields_do_not(test: str, target: str) -> None:
    with pytest.raises(kqlx.MappingError, match="does not say which"):
        kqlx.convert(f"event.module:endpoint and {test}", target)


def query_of(text: str) -> list[str]:
    """A result without what names the query: Sigma's title and id are made of it."""
    return [line for line in text.splitlines() if not line.startswith(("title:", "id:"))]
