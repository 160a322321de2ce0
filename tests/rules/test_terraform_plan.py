"""Rules in what ``terraform show -json`` prints of a plan or a state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import kqlx
from kqlx.errors import RuleError
from kqlx.rules.rewrite import rewrite
from tests.batch.runs import kqlx as run

KEYS = ("name", "query", "risk_score", "language", "filters", "threat", "space_id")
"""Terraform has every attribute of a resource, null where the author gives none."""

FILTER = {"query": {"match_phrase": {"host.os.type": "linux"}}, "meta": {"negate": False}}


def resource(name: str, **values: Any) -> dict[str, Any]:
    known = {
        **dict.fromkeys(KEYS),
        "name": name,
        "description": "d",
        "type": "query",
        "language": "kuery",
        "query": f"user.name:{name}",
        "index": ["logs-*"],
        "risk_score": 47,
        "severity": "medium",
        "id": "default/1f",
        "space_id": "default",
        "kibana_connection": [],
        **values,
    }
    return {
        "address": f"elasticstack_kibana_security_detection_rule.{name}",
        "mode": "managed",
        "type": "elasticstack_kibana_security_detection_rule",
        "name": name,
        "provider_name": "registry.terraform.io/elastic/elasticstack",
        "schema_version": 0,
        "values": known,
        "sensitive_values": {},
    }


OTHER = {**resource("index"), "type": "elasticstack_elasticsearch_index", "values": {"name": "i"}}


def plan(*resources: Any, child: Any = (), state: bool = False) -> dict[str, Any]:
    modules = [{"resources": [*child], "address": "module.linux"}] if child else []
    root = {"root_module": {"resources": [*resources], "child_modules": modules}}
    if state:
        return {"format_version": "1.0", "terraform_version": "1.9.5", "values": root}
    changes = [{"address": one["address"], "change": {"after": one["values"]}} for one in resources]
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.5",
        "variables": {"values": {"value": '"values":{'}},
        "planned_values": root,
        "resource_changes": changes,
        "prior_state": plan(*resources, state=True),
        "configuration": {"root_module": {"resources": [{"type": OTHER["type"]}]}},
    }


def load(folder: Path, document: Any, indent: int | None = None) -> kqlx.RuleSet:
    path = folder / "plan.json"
    path.write_text(json.dumps(document, indent=indent), "utf-8")
    return kqlx.load_rules(path)


@pytest.mark.parametrize("state", [False, True])
def test_resources_of_all_modules_are_rules_once(tmp_path: Path, state: bool) -> None:
    document = plan(resource("a"), OTHER, resource("b"), child=[resource("c")], state=state)
    found = load(tmp_path, document)
    assert [(rule.name, rule.query) for rule in found.rules] == [
        (name, f"user.name:{name}") for name in "abc"
    ]
    assert not found.errors
    assert not found.skipped
    assert [rule.number for rule in found.rules] == [0, 1, 2]


def test_places_are_those_of_the_file(tmp_path: Path) -> None:
    found = load(tmp_path, plan(resource("a"), resource("b")), indent=2)
    lines = (tmp_path / "plan.json").read_text("utf-8").splitlines()
    for rule in found.rules:
        assert f'"query": "user.name:{rule.name}"' in lines[rule.first_line - 1]
        assert lines[rule.first_line - 1][rule.first_column - 1 :].startswith("user.name:")


def test_two_resources_with_the_same_values_are_two_rules(tmp_path: Path) -> None:
    """As ``count`` and ``for_each`` make them."""
    found = load(tmp_path, plan(resource("a"), resource("a")))
    assert [rule.name for rule in found.rules] == ["a", "a"]


def test_what_the_provider_has_as_text_is_what_it_says(tmp_path: Path) -> None:
    of = resource(
        "a",
        filters=f" {json.dumps([FILTER])}\n",
        investigation_fields=["user.name"],
        actions=[{"action_type_id": ".slack", "id": "x", "params": '{"message": "m"}'}],
        threat_filters=[json.dumps(FILTER)],
    )
    (rule,) = load(tmp_path, plan(of)).rules
    assert rule.data["filters"] == [FILTER]
    assert rule.data["threat_filters"] == [FILTER]
    assert rule.data["investigation_fields"] == {"field_names": ["user.name"]}
    assert rule.data["actions"][0]["params"] == {"message": "m"}
    assert not {"id", "space_id", "kibana_connection"} & set(rule.data)
    assert "host.os.type" in str(kqlx.convert(rule, "spl", source="none").query)


@pytest.mark.parametrize("text", ["[{", '{"a": NaN}', "[] []"])
def test_filters_that_are_no_json_are_told(tmp_path: Path, text: str) -> None:
    (rule,) = load(tmp_path, plan(resource("a", filters=text))).rules
    notes = kqlx.convert(rule, "spl", source="none").notes
    assert [note.message for note in notes if note.code == "filters-left-out"] == [
        "filter 1 is not converted: it has no query"
    ]


def test_other_types_and_languages_are_told_as_ever(tmp_path: Path) -> None:
    threshold = {"field": ["user.name"], "value": 5, "cardinality": None}
    document = plan(
        resource("a", type="threshold", threshold=threshold),
        resource("b", type="esql", language="esql", query="process where true"),
        resource("c", type="machine_learning", query=None, language=None),
    )
    found = load(tmp_path, document)
    assert [rule.name for rule in found.rules] == ["a"]
    assert [item.kind for item in found.skipped] == ["esql", "machine learning"]
    text = str(kqlx.convert(found.rules[0], "spl", source="none").query)
    assert "stats count" in text


@pytest.mark.parametrize(
    "document",
    [
        plan(OTHER),
        {"format_version": "1.2", "planned_values": {}},
        {"format_version": "1.2", "planned_values": {"root_module": {"resources": {"a": 1}}}},
        {"format_version": "1.2", "planned_values": {"root_module": {"child_modules": [None, 3]}}},
        {"format_version": "1.0", "values": [1]},
    ],
)
def test_plans_without_rules_are_no_rules(tmp_path: Path, document: Any) -> None:
    (tmp_path / "rules").mkdir()
    for name in ("plan.json", "state.json"):
        (tmp_path / "rules" / name).write_text(json.dumps(document), "utf-8")
    found = run("convert", "--to", "spl", "rules", cwd=tmp_path)
    assert (found.status, found.out, found.said) == (0, "", "0 rules; 2 files without a rule\n")


def test_results_go_by_the_names_of_rules(tmp_path: Path) -> None:
    document = plan(resource("a"), resource("b"))
    (tmp_path / "plan.json").write_text(json.dumps(document), "utf-8")
    options = ("--to", "elasticsearch", "--format", "rule")
    found = run("convert", *options, "plan.json", cwd=tmp_path)
    assert found.status == 0, found.said
    assert "space_id" not in found.out
    assert "kibana_connection" not in found.out
    run("convert", "--to", "spl", "--source", "none", "--out", "out", "plan.json", cwd=tmp_path)
    assert sorted(path.name for path in (tmp_path / "out").glob("*.spl")) == ["a.spl", "b.spl"]


def test_a_plan_is_not_written_back(tmp_path: Path) -> None:
    (rule,) = load(tmp_path, plan(resource("a"))).rules
    with pytest.raises(RuleError, match="cannot locate the query"):
        rewrite(rule, "e:f")
