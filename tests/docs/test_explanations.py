"""Every code has an entry whose example raises it and whose correction does not; ``kqlx explain``
prints the entries.
"""

from __future__ import annotations

import ast
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import kqlx
from kqlx.cli.app import app
from kqlx.codes import Code
from kqlx.errors import KqlxError
from kqlx.explanations import ERRORS, all_codes
from kqlx.frontends.eql.diagnostics.codes import CODES as EQL
from kqlx.frontends.eql.parser import parse_query as parse_eql
from kqlx.frontends.kql.diagnostics.codes import CODES as SYNTAX
from kqlx.frontends.kql.parser import parse
from kqlx.lint.codes import CODES as LINT
from kqlx.note_codes import NOTES as NOTE_CODES
from kqlx.notes import CODES as NOTES
from kqlx.refusal_codes import REFUSALS
from tests.conftest import ROOT
from tests.docs.generated_pages import doubts, eql_error, output_of, raised_by, syntax_error

REASON = "[narrower: approximated]"
SOURCES = sorted((ROOT / "transpiler").rglob("*.py"))


@pytest.mark.parametrize("code", SYNTAX, ids=lambda code: code.name)
def test_the_example_of_a_syntax_error(code: Code) -> None:
    assert syntax_error(code.example, code.name).code == code.name
    if code.instead:
        parse(code.instead)
        assert not doubts(code.instead)


@pytest.mark.parametrize("code", EQL, ids=lambda code: code.name)
def test_the_example_of_a_syntax_error_in_eql(code: Code) -> None:
    error = eql_error(code.example)
    assert (error.code, error.language) == (code.name, "eql")
    if code.instead:
        parse_eql(code.instead)


@pytest.mark.parametrize("code", LINT, ids=lambda code: code.name)
def test_the_example_of_a_lint(code: Code) -> None:
    assert [note.code for note in doubts(code.example)] == [code.name]
    assert code.instead
    assert not doubts(code.instead)


NAMES = ("True", "Elasticsearch", "SigmaHQ", "Kibana")
"""Words that a meaning may begin with in capitals."""


def error_classes() -> set[str]:
    """The codes of the classes of errors, but the root's and that of syntax errors."""
    return {error.code for error in KqlxError.__subclasses__()} - {KqlxError.code}


@pytest.mark.parametrize("code", REFUSALS, ids=lambda code: code.name)
def test_the_example_of_a_refusal(code: Code) -> None:
    if code.example.startswith(">>> "):
        error = raised_by(code.example)
        assert (error.code, isinstance(error, kqlx.UnsupportedError)) == (code.name, True)
    else:
        run = CliRunner().invoke(app, shlex.split(code.example)[1:])
        assert run.exit_code == 1
        (line,) = [line for line in run.stderr.splitlines() if ": error: " in line]
        assert line.endswith((f"[{code.name}]", f": {code.name}]"))
    if code.instead:
        assert CliRunner().invoke(app, shlex.split(code.instead)[1:]).exit_code == 0


def calls(path: Path, name: str) -> Iterator[ast.Call]:
    """The calls of a function, or of a method of whatever object; the function in ``named_pipes``
    refuses files, not rules.
    """
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) == "named_pipes.refuse":
            continue
        if name in (getattr(node.func, "attr", ""), getattr(node.func, "id", "")):
            yield node


def test_every_refusal_has_an_example() -> None:
    assert not [code.name for code in REFUSALS if not code.example]


def test_every_refusal_has_the_code_of_its_reason() -> None:
    known = {code.name for code in REFUSALS}
    others = {*NOTES, *(code.name for code in (*SYNTAX, *EQL))}
    used: set[str] = set()
    text = ""
    for path in SOURCES:
        refusals = () if "settings" in path.parts else calls(path, "refuse")  # of a key's value
        for call in (*calls(path, "UnsupportedError"), *refusals):
            codes = [word.value for word in call.keywords if word.arg == "code"]
            assert codes or "query_dsl" in path.parts, f"{path}:{call.lineno}: no code"
            used |= {str(code.value) for code in codes if isinstance(code, ast.Constant)}
        text += path.read_text("utf-8") if path.stem != "refusal_codes" else ""
    assert used <= known | others
    assert [name for name in known if f'"{name}"' not in text] == []


@pytest.mark.parametrize("code", NOTE_CODES, ids=lambda code: code.name)
def test_the_example_of_a_note(code: Code) -> None:
    if code.example:
        run = CliRunner().invoke(app, shlex.split(code.example)[1:])
        assert run.exit_code == 0, run.stderr
        assert f": {code.name}]" in run.stderr


@pytest.mark.parametrize("code", ERRORS, ids=lambda code: code.name)
def test_the_example_of_an_error(code: Code) -> None:
    status, text = output_of(code.example)
    assert status
    assert "error: " in text
    if code.instead:
        assert output_of(code.instead)[0] == 0


def test_every_class_of_errors_has_an_entry() -> None:
    assert {code.name for code in ERRORS} == error_classes()


@pytest.mark.parametrize(
    "codes",
    [SYNTAX, EQL, LINT, REFUSALS, ERRORS, NOTE_CODES],
    ids=["syntax", "eql", "lint", "refusals", "errors", "notes"],
)
def test_entries_are_in_order_and_well_written(codes: tuple[Code, ...]) -> None:
    names = [code.name for code in codes]
    assert names == sorted(set(names))
    for code in codes:
        assert not code.meaning[:1].isupper() or code.meaning.startswith(NAMES)
        assert not code.meaning.endswith(".")
        assert code.way_out.endswith(".")


def test_explain_prints_errors_and_lints_of_one_name() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "kqlx", "explain", "[comma-list]"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.startswith("error [comma-list]: ")
    assert "\nlint [comma-list]: " in run.stdout
    assert 'process.name:("cmd.exe" or "powershell.exe")' in run.stdout
    assert run.stdout.endswith("\n")


def test_explain_takes_what_a_message_ends_with() -> None:
    said = [CliRunner().invoke(app, ["explain", code]).stdout for code in ("approximated", REASON)]
    assert said[0] == said[1] != ""


def test_a_refused_loss_has_the_code_of_its_note() -> None:
    query = 'event.dataset:windows.sysmon_operational and event.code:1 and not process.args:*\\"b'
    with pytest.raises(kqlx.UnsupportedError) as error:
        kqlx.convert(query)
    assert (error.value.code, error.value.effect) == ("approximated", kqlx.Effect.NARROWER)
    assert (
        CliRunner()
        .invoke(app, ["convert", "--to", "spl", "-q", query])
        .stderr.splitlines()[0]
        .endswith(REASON)
    )


def test_explain_knows_every_code_and_suggests_one() -> None:
    for one in all_codes():
        assert one in kqlx.explain_code(one.code.name)
    with pytest.raises(kqlx.UsageError) as error:
        kqlx.explain_code("coma-list")
    assert error.value.hint == "did you mean comma-list?"
