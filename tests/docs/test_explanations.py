"""Every code has an entry whose example raises it and whose correction does not; ``kqlx explain``
prints the entries.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

import kqlx
from kqlx.codes import Code
from kqlx.errors import KqlxError
from kqlx.explanations import ERRORS, all_codes
from kqlx.frontends.kql.diagnostics.codes import CODES as SYNTAX
from kqlx.frontends.kql.parser import parse
from kqlx.lint.codes import CODES as LINT
from tests.docs.code_examples import doubts, output_of, syntax_error


@pytest.mark.parametrize("code", SYNTAX, ids=lambda code: code.name)
def test_the_example_of_a_syntax_error(code: Code) -> None:
    assert syntax_error(code.example, code.name).code == code.name
    if code.instead:
        parse(code.instead)
        assert not doubts(code.instead)


@pytest.mark.parametrize("code", LINT, ids=lambda code: code.name)
def test_the_example_of_a_lint(code: Code) -> None:
    assert [note.code for note in doubts(code.example)] == [code.name]
    assert code.instead
    assert not doubts(code.instead)


def error_classes() -> set[str]:
    """The codes of the classes of errors, but the root's and that of syntax errors."""
    return {error.code for error in KqlxError.__subclasses__()} - {KqlxError.code}


@pytest.mark.parametrize("code", ERRORS, ids=lambda code: code.name)
def test_the_example_of_an_error(code: Code) -> None:
    status, text = output_of(code.example)
    assert status
    assert "error: " in text
    if code.instead:
        assert output_of(code.instead)[0] == 0


def test_every_class_of_errors_has_an_entry() -> None:
    assert {code.name for code in ERRORS} == error_classes()


@pytest.mark.parametrize("codes", [SYNTAX, LINT, ERRORS], ids=["syntax", "lint", "errors"])
def test_entries_are_in_order_and_well_written(codes: tuple[Code, ...]) -> None:
    names = [code.name for code in codes]
    assert names == sorted(set(names))
    for code in codes:
        assert not code.meaning[:1].isupper() or code.meaning.startswith(("True", "Elasticsearch"))
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


def test_explain_knows_every_code_and_suggests_one() -> None:
    for one in all_codes():
        assert one in kqlx.explain_code(one.code.name)
    with pytest.raises(kqlx.UsageError) as error:
        kqlx.explain_code("coma-list")
    assert error.value.hint == "did you mean comma-list?"
