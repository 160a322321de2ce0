"""Regular expressions and functions of fields that are no column by themselves: one of several, a
part of one, another by the kind of event, a text of XML.
"""

from __future__ import annotations

import re

import pytest

import kqlx
from kqlx.frontends.lucene import parse
from kqlx.mappings.whole_regexps import is_no_number, is_same_in_xml, without
from kqlx.regular_expressions import portable


def converted(query: str, to: str, source: str) -> kqlx.Conversion:
    return kqlx.convert(query, to, source=source, language="eql", accept=["different"])


def test_signs_are_decoded_where_the_test_tells_them_from_others() -> None:
    query = 'process where host.os.type == "windows" and event.type == "start" and '
    plain = converted(
        query + 'process.command_line regex ".*[0-9]{3}x.*"', "spl", "endpoint.events"
    ).text
    assert 'mvfind(CommandLine, "[0-9]{3}x")' in plain
    told = converted(query + 'process.command_line regex """.*\\"x.*"""', "spl", "endpoint.events")
    assert 'replace(CommandLine, "&lt;", "<")' in " ".join(told.text.split())
    assert 'CommandLine="*x*"' in told.text  # of a sign there are two spellings
    counted = converted(query + "length(process.command_line) > 200", "spl", "endpoint.events")
    assert 'len(replace(replace(replace(replace(replace(CommandLine, "&lt;"' in " ".join(
        counted.text.split()
    )


@pytest.mark.parametrize(
    ("expression", "same"),
    [
        (".*[0-9]{1,3}x.*", True),
        ("[^ ]+[ ]{3,}.*", True),
        (".{3}", False),
        (".", False),
        (".?x", False),
        ('.*\\".*', False),
        (".*amp.*", False),
        (".*exe", True),
        ("[a-z]+", False),
        ("[^a]+", False),
        (".*(top|xyz)", True),
        (".*(t|xyz)", False),
    ],
)
def test_what_is_the_same_in_xml(expression: str, same: bool) -> None:
    assert is_same_in_xml(parse(expression)) is same


@pytest.mark.parametrize(
    ("expression", "texts"),
    [
        (".*x.*", {"axb": True, "a/xb": False, "x": True}),
        ("[^a]*", {"bc": True, "b/c": False, "ba": False}),
        ("[!-Z]+", {"A": True, "A/B": False, "%": True, "0": True}),
        ("a/b|c", {"c": True, "a/b": False}),
        ("(a/)?b", {"b": True, "a/b": False}),
    ],
)
def test_an_expression_without_a_sign(expression: str, texts: dict[str, bool]) -> None:
    found = without(parse(expression), "/")
    assert found is not None
    made = re.compile(f"(?s:{portable(found)})")
    assert {text: made.fullmatch(text) is not None for text in texts} == texts
    assert without(parse("a/.*"), "/") is None


def test_what_no_number_fits() -> None:
    found = [is_no_number(parse(text)) for text in ("[0-9]+", ".*", "y.*", "1|y", "y|yz", "(y)?1")]
    assert found == [False, False, True, False, True, False]


def test_a_field_in_one_of_several_columns() -> None:
    query = 'registry where registry.data.strings regex ".*x\\\\.exe"'
    text = converted(query, "sentinel", "m365_defender.event").text
    assert "RegistryValueData matches regex" in text
    assert "PreviousRegistryValueData matches regex" in text


def test_a_field_by_the_kind_of_event_and_texts_that_stand_for_none() -> None:
    query = (
        'file where event.code == "5145" and startsWith~(winlog.computer_name, '
        "substring(user.name, 0, -1))"
    )
    text = converted(query, "sentinel", "system.security").text
    assert "SubjectUserName" in text
    assert 'SubjectUserName != "-"' in text


def test_a_part_of_an_address() -> None:
    query = (
        'iam where event.action == "ADD_GROUP_MEMBER" and '
        "not endsWith(user.target.domain, user.target.group.domain)"
    )
    text = " ".join(converted(query, "sentinel", "google_workspace.admin").text.split())
    assert 'substring(UserEmail, indexof(UserEmail, "@") + 1)' in text
    assert 'endswith_cs substring(GroupEmail, indexof(GroupEmail, "@") + 1)' in text


def test_what_stands_before_a_mark_fits_an_expression() -> None:
    query = 'authentication where event.code == "4624" and user.name regex "[a-z]{3}.*"'
    text = converted(query, "sentinel", "system.security").text
    assert 'TargetUserName matches regex "^[a-z]{3}[^@]*(?:@|$)"' in text
    assert 'TargetUserName != "-"' not in text  # which does not fit


def test_an_argument_that_fits_an_expression() -> None:
    query = (
        'process where host.os.type == "linux" and event.type == "start" and '
        'process.args regex "[0-9]{3}"'
    )
    made = converted(query, "sentinel", "endpoint.events")
    assert "ProcessCommandLine matches regex @'(?:^|[ \\t\"])[0-9]{3}(?:[ \\t\"]|$)'" in made.text
    assert any(note.code == "approximated" for note in made.notes)
    with pytest.raises(kqlx.MappingError, match="has no counterpart"):
        converted(query.replace("process.args", "not process.args"), "sentinel", "endpoint.events")


def test_the_name_of_a_file_that_fits_an_expression() -> None:
    query = 'file where host.os.type == "windows" and file.name regex "[a-z]{8}\\\\.dll"'
    text = converted(query, "spl", "endpoint.events").text
    assert r'"(?:^|\\\\)[a-z]{8}\\.dll\\z"' in text


@pytest.mark.parametrize(
    "condition", ['{} regex "a.*"', "startsWith({}, user.name)", "length({}) > 3"]
)
def test_keys_of_flattened_fields_are_none_that_elasticsearch_takes(condition: str) -> None:
    """The pack says of all other fields below the name that they are keywords."""
    name = "m365_defender.event.additional_fields.server_name"
    query = f"network where {condition.format(name)}"
    with pytest.raises(kqlx.UnsupportedError, match="is a key of a flattened field"):
        converted(query, "spl", "m365_defender.event")
