"""Where the types of fields are from, and what follows from them in each target: the user's own,
what a rule names, the packs of its data source, ECS.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import kqlx
from kqlx.notes import Effect
from kqlx.rules.model import Rule
from test_cli import kqlx as run


def dsl(query: str, **options: Any) -> Any:
    """The compact Query DSL."""
    return kqlx.convert(query, "es", compact=True, **options).query


def notes(result: kqlx.Conversion) -> dict[str, Effect]:
    return {note.code: note.effect for note in result.notes}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("event.outcome:success", {"term": {"event.outcome": {"value": "success"}}}),
        ("process.args:* curl*", {"wildcard": {"process.args": {"value": "* curl*"}}}),
        ('message:"quick fox"', {"match_phrase": {"message": "quick fox"}}),
        ("process.pid:4", {"match": {"process.pid": "4"}}),
        ("source.ip:10.0.0.0/8", {"match": {"source.ip": "10.0.0.0/8"}}),
        ("@timestamp:2024", {"range": {"@timestamp": {"gte": "2024", "lte": "2024"}}}),
        # What no list of Kibana's would have: as where it finds no such field.
        ("foo.bar:x", {"match": {"foo.bar": "x"}}),
        ("foo.bar:*x*", {"query_string": {"fields": ["foo.bar"], "query": "*x*"}}),
        # A field of a pack: its data source is recognised, or named.
        (
            "powershell.file.script_block_text:x",
            {"match": {"powershell.file.script_block_text": "x"}},
        ),
        ("auditd.data.syscall:x", {"term": {"auditd.data.syscall": {"value": "x"}}}),
        # Multi-fields have the type that their name says.
        ("foo.bar.keyword:x", {"term": {"foo.bar.keyword": {"value": "x"}}}),
        ("foo.bar.text:x", {"match": {"foo.bar.text": "x"}}),
    ],
)
def test_the_dsl_is_typed_by_what_is_known(query: str, expected: object) -> None:
    assert dsl(query) == expected


def test_a_data_source_that_is_named_gives_its_types() -> None:
    query = "winlog.event_data.Foo:x"
    assert dsl(query, source="none") == {"match": {"winlog.event_data.Foo": "x"}}
    typed = {"term": {"winlog.event_data.Foo": {"value": "x"}}}
    assert dsl(query, source="system.security") == typed


def test_the_types_of_the_user_go_before_all() -> None:
    fields = {"message": "keyword", "process.pid": "keyword", "foo": "date"}
    assert dsl("message:x", fields=fields) == {"term": {"message": {"value": "x"}}}
    assert dsl("process.pid:5*", fields=fields) == {"wildcard": {"process.pid": {"value": "5*"}}}
    assert dsl("foo:2024", fields=fields) == {"range": {"foo": {"gte": "2024", "lte": "2024"}}}
    # What they do not say, the others say.
    assert dsl("event.outcome:x", fields=fields) == {"term": {"event.outcome": {"value": "x"}}}


@pytest.mark.parametrize("format", ["query", "search", "watcher"])
def test_each_format_of_a_rule_is_typed(format: str) -> None:
    data = {"index": ["logs-windows.powershell_operational-*"]}
    query = "powershell.file.script_block_text:a and host.name:b and @timestamp < 2024-01-01"
    rule = Rule("r", query, data=data, format="toml")
    text = str(kqlx.convert(rule, "es", format=format).query)
    assert "{'match': {'powershell.file.script_block_text': 'a'}}" in text
    assert "{'term': {'host.name': {'value': 'b'}}}" in text
    assert "{'range': {'@timestamp': {'lt': '2024-01-01', 'time_zone': 'Zulu'}}}" in text


def test_a_rule_for_kibana_stays_text() -> None:
    rule = Rule("r", "foo:*a b*", format="toml")
    result = kqlx.convert(rule, "es", format="rule")
    assert '"query": "foo:*a b*"' in result.text
    assert not {"type-assumed", "pattern-split"} & notes(result).keys()


STARS = [
    (
        "azure.auditlogs.properties.target_resources.*.display_name:guest",
        {
            "multi_match": {
                "fields": ["azure.auditlogs.properties.target_resources.*.display_name"],
                "type": "best_fields",
                "query": "guest",
                "lenient": True,
            }
        },
    ),
    (
        'a.*:"x y"',
        {"multi_match": {"fields": ["a.*"], "type": "phrase", "query": "x y", "lenient": True}},
    ),
    ("a.*:*", {"exists": {"field": "a.*"}}),
    ("a.*:x*", {"query_string": {"fields": ["a.*"], "query": "x*", "lenient": True}}),
    ("a.*:x y*", {"query_string": {"fields": ["a.*"], "query": r"x\ y*", "lenient": True}}),
    ("a.* >= 5", {"query_string": {"fields": ["a.*"], "query": '["5" TO *]', "lenient": True}}),
    (
        r'a.* < "say \"x\""',
        {"query_string": {"fields": ["a.*"], "query": r'[* TO "say \"x\""}', "lenient": True}},
    ),
]


@pytest.mark.parametrize(("query", "expected"), STARS)
def test_elasticsearch_looks_up_what_fits_a_name_with_stars(query: str, expected: object) -> None:
    assert dsl(query) == expected


def test_names_with_stars_reach_into_nested_objects_that_are_known() -> None:
    first, *nested = dsl("threat.enrichments.matched.*:x")["bool"]["should"]
    assert first["multi_match"]["fields"] == ["threat.enrichments.matched.*"]
    atomic = {"term": {"threat.enrichments.matched.atomic": {"value": "x"}}}
    assert atomic in [group["nested"]["query"] for group in nested]
    assert all(group["nested"]["path"] == "threat.enrichments" for group in nested)
    assert all(group["nested"]["ignore_unmapped"] for group in nested)


def test_of_a_list_of_the_users_a_name_with_stars_fits_what_is_in_it() -> None:
    fields = {"a.x": "keyword", "a.y": "text"}
    both = [{"term": {"a.x": {"value": "v"}}}, {"match": {"a.y": "v"}}]
    assert dsl("a.*:v", fields=fields)["bool"]["should"] == both
    assert dsl("b.*:v", fields=fields) == {"match": {"b.*": "v"}}  # as in Kibana
    assert dsl("process.*:v", fields=fields) == {"match": {"process.*": "v"}}


def test_without_types_by_choice_the_dsl_is_the_untyped_one() -> None:
    result = kqlx.convert("event.outcome:x and process.args:*a b* and c.*:d", "es", fields="none")
    outcome, args, stars = [part["bool"]["should"][0] for part in result.query["bool"]["filter"]]  # type: ignore[index]
    assert outcome == {"match": {"event.outcome": "x"}}
    assert args == {"query_string": {"fields": ["process.args"], "query": "*a b*"}}
    assert stars == {"match": {"c.*": "d"}}
    assert result.fidelity is Effect.DIFFERENT
    (note,) = result.notes
    assert note.code == "types-left-out"
    assert "process.args" in note.message and "c.*" in note.message
    with pytest.raises(kqlx.UnsupportedError, match="no types are known"):
        kqlx.convert("process.args:*a b*", "es", fields="none", strict=True)
    assert not kqlx.convert("event.outcome:x", "es", fields="none").notes


def test_a_pattern_with_blanks_says_how_it_is_read() -> None:
    assert not kqlx.convert("process.args:*a b*", "es").notes
    assert not kqlx.convert("message:*a b*", "es").notes
    assert notes(kqlx.convert("process.command_line:*a b*", "es")) == {"pattern-split": Effect.SAME}
    with pytest.raises(kqlx.UnsupportedError, match="no type is known of foo") as error:
        kqlx.convert("foo:*a b*", "es")
    assert "--fields" in error.value.notes[0].hint
    listed = kqlx.convert("foo:*a b*", "es", fields={"foo": "keyword"})
    assert listed.query["bool"]["should"] == [{"wildcard": {"foo": {"value": "*a b*"}}}]  # type: ignore[index]
    assert not listed.notes


def test_a_nested_field_outside_of_its_group_is_an_error_as_in_kibana() -> None:
    with pytest.raises(kqlx.MappingError, match="is a nested field"):
        kqlx.convert("threat.enrichments.matched.type:x", "es")
    inside = dsl("threat.enrichments:{matched.type:x}")
    assert inside["nested"]["query"] == {
        "term": {"threat.enrichments.matched.type": {"value": "x"}}
    }


def test_keys_below_a_flattened_field_are_no_fields_of_kibanas() -> None:
    fields = {"f": "flattened"}
    assert dsl("f.k:x*", fields=fields) == {"query_string": {"fields": ["f.k"], "query": "x*"}}
    query = "file.pe.imports.kernel32:x*"
    name = query.partition(":")[0]
    assert dsl(query) == {"query_string": {"fields": [name], "query": "x*"}}


SCRIPT = "powershell.file.script_block_text"
"""A field that ECS does not have, and the pack of its data source declares as text."""

EVENT = {"powershell": {"file": {"script_block_text": "Invoke-Mimikatz -DumpCreds"}}}


def test_the_evaluator_knows_the_types_of_the_data_source() -> None:
    assert kqlx.matches(f"{SCRIPT}:mimikatz", EVENT)
    assert kqlx.compile(f"{SCRIPT}:dumpcreds")(EVENT)
    assert not kqlx.matches(f"{SCRIPT}:mimikatz", EVENT, source="none")
    assert kqlx.matches(f"{SCRIPT}:mimikatz", EVENT, source="windows.powershell_operational")
    assert kqlx.explain(f"{SCRIPT}:mimikatz", EVENT)[0][1]
    # The user's own types go before them, and leave the others.
    assert not kqlx.matches(f"{SCRIPT}:mimikatz", EVENT, {SCRIPT: "keyword"})
    assert kqlx.matches(f"{SCRIPT}:mimikatz", EVENT, {"a": "long"})
    address = {"source": {"ip": "10.1.2.3"}}
    assert kqlx.matches("source.ip:10.0.0.0/8", address, {"a": "long"})
    assert not kqlx.matches("source.ip:10.0.0.0/8", address, {"source.ip": "keyword"})
    assert not kqlx.matches("source.ip:10.0.0.0/8", address, "none")
    assert not kqlx.matches("source.ip:10.0.0.0/8", address, {})
    with pytest.raises(kqlx.UsageError, match="no mapping pack"):
        kqlx.compile("a:b", source="nothing")


def test_the_command_test_takes_types_as_convert_does(tmp_path: Path) -> None:
    rule = tmp_path / "rule.toml"
    rule.write_text(
        '[rule]\nname = "r"\nrule_id = "00000000-0000-0000-0000-000000000001"\n'
        'type = "query"\nlanguage = "kuery"\nindex = ["logs-windows.powershell_operational-*"]\n'
        f'query = "{SCRIPT}:mimikatz"\n'
    )
    fields = tmp_path / "fields.json"
    fields.write_text(json.dumps({"fields": {SCRIPT: {"keyword": {"type": "keyword"}}}}))
    event = json.dumps(EVENT)
    assert run("test", str(rule), "--count", input=event).stdout == "1\n"
    assert run("test", str(rule), "--count", "--source", "none", input=event).stdout == "0\n"
    assert run("test", str(rule), "--count", "--fields", str(fields), input=event).stdout == "0\n"
    assert run("test", str(rule), "--count", "--fields", "none", input=event).stdout == "0\n"
    explained = run("test", str(rule), "--explain", input=event).stdout
    assert explained.startswith("yes")
    wrong = run("test", str(rule), "--source", "nothing", input=event)
    assert wrong.returncode == 2
    assert "no mapping pack for the data source 'nothing'" in wrong.stderr


def test_a_pack_of_the_users_gives_its_types(tmp_path: Path) -> None:
    pack = tmp_path / "own.yml"
    pack.write_text(
        "source: own.log\ntitle: Own log\nrecognise: {own: [own.*]}\ntypes: {own.text: text}\n"
        "targets: {spl: [{base: sourcetype=own, fields: {own.text: text}}]}\n"
    )
    assert dsl("own.text:x", mappings=pack) == {"match": {"own.text": "x"}}
    query = ("-q", "own.text:fox", "--mapping", str(pack), "--count")
    event = '{"own": {"text": "the quick fox"}}'
    assert run("test", *query, input=event).stdout == "1\n"
    assert run("test", *query[:2], "--count", input=event).stdout == "0\n"


def test_lint_knows_the_types_of_the_data_source() -> None:
    query = f"{SCRIPT}:(a b)"
    assert "on a text field" in run("lint", "-q", query).stdout
    assert "one value of several words" in run("lint", "-q", query, "--source", "none").stdout
