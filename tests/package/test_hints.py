"""Ways out name arguments of a call; the command line makes options of them. No message of the
library speaks of options.
"""

from __future__ import annotations

import ast
import copy
import pickle
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import kqlx
from kqlx.batch.option_names import with_flags
from kqlx.cli.app import app
from kqlx.hints import Argument, Hint, joined
from kqlx.notes import Effect, Note, in_order
from tests.conftest import ROOT

LIBRARY = ROOT / "transpiler/kqlx"
OPTION = re.compile(r"(?<![\w-])--[a-z]")

# What speaks to users of the command line: it, and the pages of codes, which it prints.
OF_THE_COMMAND_LINE = (
    "cli/*",
    "batch/*",
    "batch/comparison/*",
    "batch/reports/*",
    "settings/*",
    "note_codes.py",
    "*/codes.py",
    "explanations.py",
    "refusal_codes.py",
)


def texts(path: Path) -> set[str]:
    """The strings of a module that are no docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone
    }


@pytest.mark.parametrize("path", sorted(LIBRARY.rglob("*.py")), ids=lambda path: path.name)
def test_the_library_does_not_speak_of_options(path: Path) -> None:
    name = path.relative_to(LIBRARY)
    if not any(name.match(pattern) for pattern in OF_THE_COMMAND_LINE):
        assert [text for text in texts(path) if OPTION.search(text)] == []


QUERIES = {
    "user.name:alice": ("name it with source=", "name it with --source"),
    "event.dataset:o365.audit and acme.badge:blue": (
        'use unmapped="keep" to keep the Elastic field name, unmapped="comment" to drop this test,'
        ' or source="none" to keep all field names',
        "use --unmapped keep to keep the Elastic field name, --unmapped comment to drop this test,"
        " or --source none to keep all field names",
    ),
    'event.dataset:windows.sysmon_operational and event.code:1 and not process.args:*\\"b': (
        'accept="narrower" converts it anyway',
        "--accept narrower converts it anyway",
    ),
}


@pytest.mark.parametrize("query", QUERIES)
def test_hints_are_for_who_reads_them(query: str) -> None:
    in_python, in_a_shell = QUERIES[query]
    with pytest.raises(kqlx.KqlxError) as error:
        kqlx.convert(query)
    assert in_python in error.value.hint
    assert in_python in str(error.value)
    assert "--" not in str(error.value)
    assert isinstance(error.value, kqlx.UnsupportedError | kqlx.MappingError)
    assert all("--" not in f"{note.message}{note.hint}" for note in error.value.notes)
    assert in_a_shell in CliRunner().invoke(app, ["convert", "--to", "spl", "-q", query]).stderr


def test_a_note_of_a_conversion_has_its_hint_in_both_ways() -> None:
    notes = kqlx.convert("a:b", "sentinel", source="none").notes
    (note,) = (n for n in notes if n.code == "table-unknown")
    assert (note.hint, with_flags(note.hint)) == ("table= names it", "--table names it")


def test_hints_stay_what_they_are() -> None:
    hint = Hint("name it with ", Argument("late_events"), " or ", Argument("accept", "wider"))
    assert hint == 'name it with late_events= or accept="wider"'
    for same in (pickle.loads(pickle.dumps(hint)), copy.deepcopy(hint)):
        assert (same, same.parts) == (hint, hint.parts)
    both = joined(["first", "", hint, "first"])
    assert both == f"first; {hint}"
    assert with_flags(both) == "first; name it with --late-events or --accept wider"
    assert with_flags("plain {braces}") == "plain {braces}"
    notes = [Note("a", Effect.COVERAGE, "m", hint=hint), Note("b", Effect.COVERAGE, "n", hint="x")]
    assert with_flags(in_order(notes)[0].hint).endswith("--accept wider; x")
