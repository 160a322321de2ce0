"""What Elasticsearch refuses is refused in every target and told by lint, and what it takes apart
is split. Each was asked of Elasticsearch 8.19 (``test_server.py`` asks it again).
"""

from __future__ import annotations

import pytest

import kqlx
from kqlx.elastic import ecs
from kqlx.elastic.refused_tests import refusals

TARGETS = ("spl", "sentinel", "sigma")

REFUSED = [
    ('source.ip:"203.0.113.*"', "neither an address nor a network", "source.ip:203.0.113.0/24"),
    ("source.ip:203.0.113.*", "takes no wildcards", "source.ip:203.0.113.0/24"),
    ("source.ip:10.*", "takes no wildcards", "source.ip:10.0.0.0/8"),
    ('source.ip:"10.*.*.*"', "neither an address nor a network", "source.ip:10.0.0.0/8"),
    ("source.ip:*.1", "takes no wildcards", "networks"),
    ('client.ip:"["', "neither an address nor a network", ""),
    ("client.ip:[1 TO 5]", "neither an address nor a network", ""),
    ("destination.ip:10.0.0", "neither an address nor a network", ""),
    ("host.ip:10.0.0.0/33", "neither an address nor a network", ""),
    ('host.ip:"::ffff:10.0.0.0/104"', "neither an address nor a network", ""),
    ("host.ip:localhost", "neither an address nor a network", ""),
    ("source.ip > 10.0.0.0/8", "is a network", ""),
    ("source.ip > abc", "neither an address nor a network", ""),
    ("process.pid:abc", "not a number", ""),
    ("process.pid:5*", "takes no wildcards", ">="),
    ("process.pid:5d", "not a number", ""),
    ('process.pid:""', "not a number", ""),
    ("process.pid > abc", "not a number", ""),
    ("process.pid < 9223372036854775808", "out of range", ""),
    ("process.pid:true", "not a number", ""),
    ("process.pid:(5 or abc)", "not a number", ""),
    ("process.parent.pid:a *", "takes no wildcards", ">="),
    ("host.cpu.usage:high", "not a number", ""),
    ("process.pe.sections:{ entropy:high }", "not a number", ""),
    ("@timestamp:yesterday", "not a date", ""),
    ("@timestamp:2024-13-01", "not a date", ""),
    ("@timestamp:2024*", "takes no wildcards", ">="),
    ("@timestamp > 1e3", "not a date", ""),
    ("process.code_signature.trusted:yes", "neither true nor false", ""),
    ("process.code_signature.trusted:t*", "takes no wildcards", "true or false"),
    ("process.code_signature.trusted > 0", "neither true nor false", ""),
    ("source.geo.location:x", "only be tested for existence", ""),
    ("file.elf.imports.a > 5", "takes no ranges", ""),
    ("user.name:null", "null", "not user.name:*"),
    ("labels.*:null", "null", "not labels.*:*"),
    ("*:null", "null", ""),
    ("*:(null or a)", "null", ""),
    ("process.pe.sections:{ *:null }", "null", ""),
    ("null", "null", ""),
    ("process.name:{ a:b }", "not nested", ""),
]

TAKEN = [
    "source.ip:10.0.0.0/8",
    "source.ip:*",
    'source.ip:"fe80::1%eth0"',
    'source.ip:"10.0.0.0/08"',
    "source.ip > 10.0.0.0",
    "source.ip.text:abc",
    "process.pid:5.0",
    "process.pid:5.5",
    "process.pid:9223372036854775808",
    "process.pid:NaN",
    "process.pid:* 5",
    "host.cpu.usage:5d",
    "host.cpu.usage < 1e400",
    "@timestamp > now-1d",
    "@timestamp:null",
    "@timestamp:now-400d",
    "process.pid > null",
    "process.code_signature.trusted:true",
    "process.code_signature.trusted > false",
    "user.name > 5",
    "user.name:10.*",
    "file.elf.imports:a*",
    "file.elf.imports > 5",
    "vendor.field:{ a:b }",
    "vendor.ip:10.*",
    'user.name:"null"',
]


@pytest.mark.parametrize("negation", ["", "not "])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("query", "why", "hint"), REFUSED)
def test_every_target_refuses_it(
    query: str, why: str, hint: str, target: str, negation: str
) -> None:
    with pytest.raises(kqlx.UnsupportedError) as caught:
        kqlx.convert(
            negation + query,
            target,
            source="none",
            accept=["narrower", "different", "wider"],
            unmapped="keep",
        )
    assert why in caught.value.message
    assert hint in (caught.value.hint or "")
    assert [note.code for note in caught.value.notes] == ["refused-value"]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("test", "what"),
    [
        ('regex "a.*"', "regular expressions"),
        ('regex~ "a.*"', "regular expressions"),
        ('like "a*"', "wildcards"),
        (': "a?c"', "wildcards"),
        (">= 5", "ranges"),
    ],
)
def test_keys_of_flattened_fields_in_eql(test: str, what: str, target: str) -> None:
    query = f"any where not file.elf.imports.a {test}"
    with pytest.raises(kqlx.UnsupportedError) as caught:
        kqlx.convert(query, target, language="eql", source="none", accept=["different"])
    assert f"a key of a flattened field, which takes no {what}" in caught.value.message
    holds = kqlx.compile(f"any where file.elf.imports.a {test}", language="eql")
    assert not holds({"file": {"elf": {"imports": {"a": "abc"}}}})


@pytest.mark.parametrize(("query", "why", "hint"), REFUSED)
def test_typed_query_dsl_is_written_where_that_is_accepted(query: str, why: str, hint: str) -> None:
    if "{" in query:
        pytest.skip("the list of ECS says nothing of nested paths")
    with pytest.raises(kqlx.UnsupportedError, match="Elasticsearch refuses the search"):
        kqlx.convert(query, "es", fields="ecs")
    result = kqlx.convert(query, "es", fields="ecs", accept=["different"])
    (note,) = [note for note in result.notes if note.code == "refused-value"]
    assert why in note.message
    assert kqlx.convert(query, "es", fields="ecs", accept=["different"]).query


@pytest.mark.parametrize("query", TAKEN)
def test_what_is_taken_is_not_refused(query: str) -> None:
    assert not list(refusals(kqlx.parse(query), ecs.types().get))


@pytest.mark.parametrize("source", ["aws.cloudtrail", "system.security", "okta.system"])
def test_it_is_refused_by_the_types_of_packs_too(source: str) -> None:
    with pytest.raises(kqlx.UnsupportedError, match="Elasticsearch refuses"):
        kqlx.convert('source.ip:"203.0.113.*"', "spl", source=source)


def test_types_of_packs_come_first() -> None:
    with pytest.raises(kqlx.UnsupportedError, match=r"okta\.client\.ip is of type ip"):
        kqlx.convert('okta.client.ip:"203.0.113.*"', "spl", source="okta.system")


@pytest.mark.parametrize(
    ("query", "spl"),
    [
        ("message:*foo bar-baz", 'message IN ("*foo*", "*bar*", "*baz*")'),
        ("error.message:*a&b q?", 'error.message="*q*"'),
        ("process.command_line:*a b*", 'process.command_line IN ("*a", "b*")'),
        ("process.command_line:a b c*", 'process.command_line IN ("a b", "c*")'),
        ("process.command_line:a *", "process.command_line=*"),
        ("process.args:*a b*", 'process.args="*a b*"'),
        ("process.pid:5 *", "process.pid=*"),
        ('source.ip:"::/0"', 'source.ip IN ("0.0.0.0/0", "::/0")'),
        ('source.ip:"::/64"', 'source.ip IN ("0.0.0.0/0", "::/64")'),
        ('source.ip:"::/96"', 'source.ip="::/96"'),
        ('source.ip:"fe80::1%eth0/64"', 'source.ip="fe80::/64"'),
        ("user.name > null", "user.name=*"),
        ("@timestamp:null", '"@timestamp"=*'),
    ],
)
def test_what_is_taken_apart(query: str, spl: str) -> None:
    """What a ``where`` tells of words comes behind."""
    found = str(kqlx.convert(query, "spl", source="none", accept=["different"]).query)
    assert found.partition("\n| where ")[0] == spl


@pytest.mark.parametrize("target", [*TARGETS, "es"])
def test_a_pattern_that_is_taken_apart_is_told(target: str) -> None:
    fields = "ecs" if target == "es" else None
    result = kqlx.convert("process.command_line:*a b*", target, source="none", fields=fields)
    (note,) = [note for note in result.notes if note.code == "pattern-split"]
    assert not note.is_quiet
    assert "any one piece " in note.message


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("query", "effect"),
    [
        ("file.elf.imports.a:*x", "narrower"),
        ("file.elf.imports.a:x*y", "narrower"),
        ("event.action:a and not file.elf.imports.a:*x*", "wider"),
    ],
)
def test_patterns_over_the_keys_of_a_flattened_field(query: str, effect: str, target: str) -> None:
    result = kqlx.convert(
        query, target, source="none", accept=["narrower", "different"], unmapped="keep"
    )
    (note,) = [note for note in result.notes if note.code == "flattened-keys"]
    assert str(note.effect) == effect


KEYS = "aws.cloudtrail.flattened.request_parameters.key"
FLATTENED = [("*.pem", "narrower"), ("*secret*", "narrower"), ("a*z", "narrower")]


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
@pytest.mark.parametrize(("pattern", "effect"), FLATTENED)
def test_what_elasticsearch_finds_beyond_the_rule_is_told_and_refuses_nothing(
    pattern: str, effect: str, target: str
) -> None:
    query = f"event.dataset:aws.cloudtrail and event.action:GetObject and {KEYS}:{pattern}"
    result = kqlx.convert(query, target)
    (note,) = [note for note in result.notes if note.code == "flattened-keys"]
    assert (str(note.effect), note.is_quiet, note.calls_for_action) == (effect, False, True)
    assert result.fidelity is note.effect
    with pytest.raises(kqlx.UnsupportedError, match=r"would be narrower: .* against all keys of"):
        kqlx.convert(query, target, strict=True)
    accepted = ["narrower", "wider", "coverage"]
    assert kqlx.convert(query, target, strict=True, accept=accepted).query == result.query


def test_the_beginning_of_a_key_is_no_such_pattern() -> None:
    result = kqlx.convert("file.elf.imports.a:x*", "sentinel", source="none")
    assert "flattened-keys" not in [note.code for note in result.notes]


@pytest.mark.parametrize(("query", "why", "hint"), REFUSED)
def test_lint_tells_it(query: str, why: str, hint: str) -> None:
    codes = {note.code: note for note in kqlx.lint(query, ecs.types())}
    if "refused-value" not in codes:  # what says more of the same value takes its place
        assert {"other-language", "null-value"} & set(codes)
        return
    assert why in codes["refused-value"].message
    assert hint in codes["refused-value"].hint
    assert "star-in-quotes" not in codes


@pytest.mark.parametrize("query", TAKEN)
def test_lint_does_not_tell_what_is_taken(query: str) -> None:
    assert "refused-value" not in [note.code for note in kqlx.lint(query, ecs.types())]


def test_lint_looks_at_each_field_that_a_name_with_stars_stands_for() -> None:
    (note,) = kqlx.lint("destination.*:foo", ecs.types())
    assert note.code == "refused-value"
    assert "destination.as.number is of type long" in note.message
    assert not kqlx.lint("process.name*:foo", ecs.types())


@pytest.mark.parametrize(
    ("query", "is_told"),
    [
        ("process.command_line:*a b*", True),
        ("message:*foo bar*", True),
        ("file.elf.imports.x:a b*", True),
        ("process.args:*a b*", False),
        ("process.command_line:*ab*", False),
        ('process.command_line:"a b"', False),
        ("vendor.field:a b*", False),
    ],
)
def test_lint_tells_of_patterns_that_are_taken_apart(query: str, is_told: bool) -> None:
    codes = [note.code for note in kqlx.lint(query, ecs.types())]
    assert ("pattern-split" in codes) is is_told


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("file.elf.imports.*:a", "does not expand wildcards to them"),
        ("user.name.*:*", "whose values are only in user.name"),
    ],
)
def test_names_with_stars_that_splunk_takes_otherwise(query: str, why: str) -> None:
    result = kqlx.convert(query, "spl", source="none", accept=["different"])
    assert any(why in note.message for note in result.notes if note.code == "name-wildcard")
    assert str(result.fidelity) == "different"
