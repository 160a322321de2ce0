"""A source language is a folder in ``frontends/``: a small one of this test's own is read, written,
linted, evaluated, counted and converted like Kibana KQL.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

import kqlx
import kqlx.frontends
from kqlx.cli.app import app
from kqlx.explanations import all_codes
from kqlx.frontends import find_language, languages
from kqlx.rules.formats import query
from kqlx.rules.load import load_text

TOY = """
import re

from kqlx.codes import Code
from kqlx.errors import QuerySyntaxError
from kqlx.frontends.language import Language
from kqlx.nodes import And, Equals, Literal


def parse(text, options):
    tests = []
    for part in re.finditer(r"[^&]+", text):
        found = re.fullmatch(r"\\s*(\\S+) is (\\S+)\\s*", part[0])
        if found is None:
            raise QuerySyntaxError(
                text, part.start(), code="no-is", message="no test", language="toy"
            )
        span = (part.start(), part.end())
        field = Literal(found[1], False, span)
        tests.append(Equals(field, Literal(found[2], False, span), span))
    return tests[0] if len(tests) == 1 else And(tuple(tests), (0, len(text)))


def format_node(node, width):
    items = node.items if isinstance(node, And) else (node,)
    return " & ".join(f"{item.field.name} is {item.value.name}" for item in items)


LANGUAGE = Language(
    name="toy",
    title="Toy",
    parse=parse,
    format_text=lambda text, width: format_node(parse(text, None), width),
    format_node=format_node,
    suggest=lambda *texts: f"write `{texts[0]}`",
    codes=lambda: (Code("no-is", "a test has no `is`", "Write one.", "user.name alice"),),
    suffixes=(".toy",),
)
"""

LINT = """
from kqlx.notes import Effect, Note


def check(root, text, types):
    if "  " in text:
        yield Note("two-blanks", Effect.SAME, "two blanks", root.span)
"""

RULE = """
[rule]
name = "a rule"
type = "query"
language = "{}"
index = ["logs-o365.audit-*"]
query = "{}"
"""
QUERY = "event.dataset is o365.audit & event.outcome is success"
KUERY = "event.dataset:o365.audit and event.outcome:success"


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "frontends/toy").mkdir(parents=True)
    (tmp_path / "frontends/toy/__init__.py").write_text(TOY)
    (tmp_path / "lint").mkdir()
    (tmp_path / "lint/toy.py").write_text(LINT)
    for room in (kqlx.frontends, import_module("kqlx.lint")):
        own = str(tmp_path / room.__name__.removeprefix("kqlx."))
        monkeypatch.setattr(room, "__path__", [*room.__path__, own])
    monkeypatch.setattr(query, "SUFFIXES", (*query.SUFFIXES, ".toy"))
    languages.cache_clear()
    yield
    languages.cache_clear()
    for name in ("kqlx.frontends.toy", "kqlx.lint.toy"):
        sys.modules.pop(name, None)


def rule_in(language: str, text: str) -> kqlx.RuleSet:
    return load_text(RULE.format(language, text).encode(), "a text")


def test_kibana_kql_is_a_language() -> None:
    kuery = find_language("kuery")
    assert (kuery.title, kuery.suffixes) == ("Kibana KQL", (".kql", ".kuery"))
    with pytest.raises(kqlx.UsageError) as error:
        kqlx.parse("a:b", language="toy")
    assert error.value.message == "unknown query language 'toy'"
    assert error.value.hint == "the languages are eql, kuery"


def test_the_error_of_a_query_has_its_old_name_too() -> None:
    assert kqlx.KqlSyntaxError is kqlx.QuerySyntaxError
    with pytest.raises(kqlx.QuerySyntaxError) as error:
        kqlx.parse("a:")
    assert error.value.language == "kuery"


@pytest.mark.usefixtures("toy")
def test_a_folder_is_a_language() -> None:
    assert [language.name for language in languages()][-1] == "toy"
    assert kqlx.format("a is b&c is d", language="toy") == "a is b & c is d"
    assert kqlx.parse("a is b", language="toy") == kqlx.parse("a:b")
    with pytest.raises(kqlx.QuerySyntaxError) as error:
        kqlx.parse("a is b & c", language="toy")
    assert (error.value.language, error.value.code, error.value.offset) == ("toy", "no-is", 8)
    assert "no-is" in [one.code.name for one in all_codes()]


@pytest.mark.usefixtures("toy")
def test_a_rule_is_read_in_its_language() -> None:
    (rule,) = rule_in("toy", QUERY).rules
    (same,) = rule_in("kuery", KUERY).rules
    assert rule.language == "toy"
    for target in ("spl", "sentinel", "sigma"):
        assert kqlx.convert(rule, to=target).query == kqlx.convert(same, to=target).query
        found = kqlx.convert(QUERY, to=target, language="toy").query
        assert found == kqlx.convert(KUERY, to=target).query
    # Query DSL of Kibana KQL has Kibana's form; other languages have clauses by themselves.
    plain = kqlx.convert(rule, to="elasticsearch").query
    assert plain == kqlx.convert(QUERY, to="elasticsearch", language="toy").query
    assert "minimum_should_match" not in str(plain)
    assert "minimum_should_match" in str(kqlx.convert(same, to="elasticsearch").query)
    names = [use.name for use in kqlx.field_uses([rule])]
    assert names == [use.name for use in kqlx.field_uses([same])] != []
    assert kqlx.matches("a is b", {"a": "b"}, language="toy")
    assert kqlx.explain("a is b", {"a": "c"}, language="toy")[0][1] is False


@pytest.mark.usefixtures("toy")
def test_lint_looks_at_the_tree_and_at_the_text_of_the_language() -> None:
    notes = kqlx.lint("a is b  & a is b", language="toy")
    assert [note.code for note in notes] == ["two-blanks", "repeated-condition"]
    (refused,) = kqlx.lint("a is x", {"a": "long"}, language="toy")
    assert refused.code == "refused-value"


@pytest.mark.usefixtures("toy")
def test_commands_read_a_file_of_the_language(tmp_path: Path) -> None:
    path = tmp_path / "a.toy"
    path.write_text("a is b&c is d\n")
    (tmp_path / "events.ndjson").write_text('{"a": "b", "c": "d"}\n{"a": "b"}\n')
    run = CliRunner().invoke
    assert run(app, ["fmt", str(path)]).stdout == "a is b & c is d\n"
    found = run(app, ["convert", "--to", "spl", "--source", "none", str(path)])
    assert found.stdout == 'a="b" c="d"\n'
    events = ["--events", str(tmp_path / "events.ndjson")]
    assert run(app, ["test", str(path), *events, "--count"]).stdout == "1\n"
    assert run(app, ["lint", str(path)]).exit_code == 0
    path.write_text("a b\n")
    broken = run(app, ["fmt", str(path)])
    assert (broken.exit_code, "no test [no-is]" in broken.stderr) == (1, True)


def test_other_languages_are_skipped() -> None:
    (skipped,) = rule_in("toy", QUERY).skipped
    assert skipped.kind == "toy"
    assert "the query is in 'toy', and kqlx reads eql (EQL), kuery (Kibana KQL)" in skipped.reason
