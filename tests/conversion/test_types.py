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
from tests.command_line import kqlx as run


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
    assert isinstance(result.query, dict)
    outcome, args, stars = [part["bool"]["should"][0] for part in result.query["bool"]["filter"]]
    assert outcome == {"match": {"event.outcome": "x"}}
    assert args == {"query_string": {"fields": ["process.args"], "query": "*a b*"}}
    assert stars == {"match": {"c.*": "d"}}
    assert result.fidelity is Effect.DIFFERENT
    (note,) = result.notes
    assert note.code == "types-left-out"
    assert "process.args" in note.message and "c.*" in note.message
    with pytest.raises(kqlx.UnsupportedError, match="field types are turned off"):
        kqlx.convert("process.args:*a b*", "es", fields="none", strict=True)
    assert not kqlx.convert("event.outcome:x", "es", fields="none").notes


def test_a_pattern_with_blanks_says_how_it_is_read() -> None:
    assert not kqlx.convert("process.args:*a b*", "es").notes
    assert not kqlx.convert("message:*a b*", "es").notes
    assert notes(kqlx.convert("process.command_line:*a b*", "es")) == {"pattern-split": Effect.SAME}
    with pytest.raises(kqlx.UnsupportedError, match="foo: type not known") as error:
        kqlx.convert("foo:*a b*", "es")
    assert "fields=" in error.value.notes[0].hint
    listed = kqlx.convert("foo:*a b*", "es", fields={"foo": "keyword"})
    assert isinstance(listed.query, dict)
    assert listed.query["bool"]["should"] == [{"wildcard": {"foo": {"value": "*a b*"}}}]
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


# The user's own types, in every target

OWN = {
    "a.n": "long",
    "a.ip": "ip",
    "a.t": "text",
    "a.d": "date",
    "a.b": "boolean",
    "a.f": "flattened",
    "p": "nested",
    "p.k": "keyword",
    "message": "keyword",
    "user.id": "text",
    "source.ip": "keyword",
}


def query_of(query: str, target: str, **options: Any) -> str:
    """The query without what tells where it looks."""
    options = {"fields": OWN, "source": "none", "format": "query", **options}
    text = kqlx.convert(query, target, **options).text
    if target == "sentinel":
        return text.partition("\n| where ")[2].replace("\n", " ")
    return text.partition("selection:")[2].partition("condition:")[0].strip() or text


@pytest.mark.parametrize(
    ("query", "spl", "sentinel", "sigma"),
    [
        ("a.n >= 5", "a.n>=5", "['a.n'] >= 5", "a.n|gte: 5"),
        ("a.n:5", "a.n=5", "['a.n'] == 5", "a.n: 5"),
        (
            "a.ip:10.0.0.0/8",
            'a.ip="10.0.0.0/8"',
            "ipv4_is_in_range(['a.ip'], \"10.0.0.0/8\")",
            "a.ip|cidr: '10.0.0.0/8'",
        ),
        ("a.t:login", 'a.t="*login*"', "['a.t'] has \"login\"", "a.t|contains: 'login'"),
        ("a.b:true", "a.b=true", "['a.b'] == true", "a.b: true"),
        ("message:Login", 'message="Login"', "['message'] == \"Login\"", "message: 'Login'"),
        (
            'source.ip:"10.0.0.0/8"',
            "source.ip=\"10.0.0.0/8\"\n| where isnotnull(mvfind('source.ip',"
            ' "\\\\A10\\\\.0\\\\.0\\\\.0/8\\\\z"))',
            "['source.ip'] == \"10.0.0.0/8\"",
            "source.ip: '10.0.0.0/8'",
        ),
    ],
)
def test_every_target_goes_by_the_types_of_the_user(
    query: str, spl: str, sentinel: str, sigma: str
) -> None:
    assert query_of(query, "spl") == spl
    assert query_of(query, "sentinel") == sentinel
    assert query_of(query, "sigma") == sigma


def test_what_a_type_cannot_be_asked_is_refused_in_every_target() -> None:
    for target in ("spl", "sentinel", "sigma"):
        with pytest.raises(kqlx.UnsupportedError):
            query_of("a.n:abc", target)
        assert query_of("a.n:abc", target, fields=None)
    with pytest.raises(kqlx.UnsupportedError, match=r"a range on a\.d"):
        query_of("a.d >= 2024-01-01", "spl")
    assert query_of("a.d >= 2024-01-01", "sentinel") == "['a.d'] >= datetime(2024-01-01)"


def test_flattened_and_nested_fields_of_the_user() -> None:
    assert "a.f.*" in query_of("a.f:x", "spl")
    assert "tostring(['a.f'])" in query_of("a.f:x", "sentinel")
    outside = kqlx.convert("p.k:x or a.t:y", "spl", source="none", fields=OWN)
    assert "nested-outside" in notes(outside)
    assert "nested-outside" not in notes(kqlx.convert("p:{k:x}", "spl", source="none", fields=OWN))


def test_names_with_stars_stand_for_the_fields_of_the_users_list() -> None:
    fields = {"a.x": "keyword", "a.y": "long"}
    sentinel = kqlx.convert("a.*:v", "sentinel", source="none", fields=fields)
    assert "['a.x'] == \"v\"" in sentinel.text
    assert "name-wildcard" not in notes(sentinel)
    both = kqlx.convert("not a.*:5", "sigma", source="none", fields=fields)
    assert notes(both)["names-expanded"] is Effect.SAME
    assert "a.y: 5" in both.text


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("spl", 'UserId="*alice*"'),
        ("sentinel", 'UserId has "alice"'),
        ("sigma", "UserId|contains: 'alice'"),
    ],
)
def test_the_types_of_the_user_hold_for_columns_of_packs(target: str, expected: str) -> None:
    query = "event.dataset:o365.audit and user.id:alice"
    result = kqlx.convert(query, target, fields=OWN, format="query")
    assert expected in result.text
    assert notes(result)["text-analysis"] is Effect.WIDER
    assert "text-analysis" not in notes(kqlx.convert(query, target, format="query"))


def test_what_a_column_holds_the_pack_knows() -> None:
    """A number in the destination stays one, whatever the user's index makes of the field."""
    query = "event.dataset:system.security and event.code:4625"
    for type in ("long", "keyword"):
        text = kqlx.convert(query, "sentinel", fields={"event.code": type}).text
        assert "EventID == 4625" in text


def test_filters_are_read_by_the_types_of_the_user() -> None:
    data = {"filters": [{"meta": {}, "query": {"match_phrase": {"message": "a b"}}}]}
    rule = Rule("r", "a.n:1", data=data, format="ndjson")
    keyword = kqlx.convert(rule, "spl", source="none", fields=OWN)
    assert keyword.text == 'a.n=1 message="a b"'
    words = kqlx.convert(rule, "spl", source="none", fields={"a.n": "long"})
    assert words.text.startswith('a.n=1 message="*a*b*"\n| where ')


# A type that nobody says

TARGETS = ["spl", "sentinel", "sigma"]


@pytest.mark.parametrize("target", TARGETS)
def test_types_that_are_not_known_are_told_once_a_rule(target: str) -> None:
    query = "a.b:x and not a.b:(y or z) and c.d:w* and n > 5 and process.pid:4 and labels.e:f"
    result = kqlx.convert(query, target, source="none")
    (note,) = [note for note in result.notes if note.code == "type-assumed"]
    assert note.effect is Effect.SAME and not note.is_quiet
    assert "n assumed to be a number" in note.message
    assert "a.b, c.d assumed to be keywords" in note.message
    assert "process.pid" not in note.message and "labels" not in note.message
    assert "fields=" in note.hint
    types = {"a.b": "keyword", "c.d": "keyword", "n": "long"}
    told = kqlx.convert(query, target, source="none", fields=types)
    assert "type-assumed" not in notes(told)


@pytest.mark.parametrize("target", TARGETS)
def test_what_does_not_depend_on_the_type_is_not_told(target: str) -> None:
    result = kqlx.convert("a.b:* and event.code:1", target, source="none")
    assert "type-assumed" not in notes(result)


KEYWORD_BESIDE = 'a.b.keyword:"x" or a.b:login'


def test_what_is_named_beside_its_keyword_is_text() -> None:
    assert query_of(KEYWORD_BESIDE, "spl", fields=None) == 'a.b IN ("x", "*login*")'
    found = query_of(KEYWORD_BESIDE, "sentinel", fields=None)
    assert found == "['a.b'] == \"x\" or ['a.b'] has \"login\""
    assert "a.b|contains: 'login'" in kqlx.convert(KEYWORD_BESIDE, "sigma", source="none").text
    first, second = dsl(KEYWORD_BESIDE)["bool"]["should"]
    assert first == {"term": {"a.b.keyword": {"value": "x"}}}
    assert second == {"match": {"a.b": "login"}}
    event = {"a": {"b": "Login failed"}}
    assert kqlx.matches(KEYWORD_BESIDE, event)
    assert not kqlx.matches("a.b:login", event)
    for target in TARGETS:
        result = kqlx.convert(KEYWORD_BESIDE, target, source="none")
        assert notes(result)["text-analysis"] is Effect.WIDER
        assert "type-assumed" not in notes(result)
        own = kqlx.convert(KEYWORD_BESIDE, target, source="none", fields={"a.b": "keyword"})
        assert "text-analysis" not in notes(own)


@pytest.mark.parametrize(
    "data",
    [
        {"filters": [{"meta": {}, "query": {"match_phrase": {"a.b.keyword": "x"}}}]},
        {"new_terms_fields": ["a.b.keyword"], "history_window_start": "now-7d"},
        {"threshold": {"field": ["a.b.keyword"], "value": 5}},
        {
            "threshold": {
                "field": ["host.name"],
                "value": 1,
                "cardinality": [{"field": "a.b.keyword", "value": 2}],
            }
        },
    ],
)
def test_the_keyword_may_stand_beside_the_query(data: dict[str, Any]) -> None:
    kind = next((kind for kind in ("threshold", "new_terms") if f"{kind}" in str(data)), "query")
    rule = Rule("r", "a.b:login", type=kind, data=data, format="ndjson")
    result = kqlx.convert(rule, "spl", source="none", accept=["different", "narrower"])
    assert 'a.b="*login*"' in result.text


def test_in_nested_groups_the_full_names_count() -> None:
    assert "text-analysis" in notes(
        kqlx.convert("p:{k.keyword:x and k:login}", "spl", source="none")
    )


@pytest.mark.parametrize(
    "name",
    [
        "m365_defender.event.additional_fields.Key",
        "aws.cloudtrail.flattened.request_parameters.key",
        "okta.debug_context.debug_data.flattened.risk",
    ],
)
def test_patterns_of_keys_below_flattened_fields_are_none_that_elasticsearch_refuses(
    name: str,
) -> None:
    """It has no ``wildcard`` queries there."""
    source = ".".join(name.split(".")[:2]).replace("okta.debug_context", "okta.system")
    expected = {"query_string": {"fields": [name], "query": "a*"}}
    assert dsl(f"{name}:a*", source=source) == expected
