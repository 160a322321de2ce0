"""The language of queries on the command line: named, told by a suffix, guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from kqlx.cli.app import app
from kqlx.frontends.language_guess import looks_like_eql

EQL = 'process where process.name : "a*"'
KUERY = "process.name:a*"


def run(*arguments: str, stdin: str | None = None) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, arguments, input=stdin)
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize(
    "text",
    [
        EQL,
        "// a comment\nany where true",
        '/* a */ "my events" where true',
        "sequence by host.id [process where true] [file where true]",
        "sample by host.id [process where true] [file where true]",
        "sequence ![process where true] [file where true]",
    ],
)
def test_what_is_guessed_to_be_eql(text: str) -> None:
    assert looks_like_eql(text)


@pytest.mark.parametrize(
    "text",
    [KUERY, "where", "any where", "whereabouts:x", "process.where:x", "a:where b", "where x"],
)
def test_what_is_not(text: str) -> None:
    assert not looks_like_eql(text)


def test_a_query_is_read_in_the_language_that_is_named() -> None:
    convert = ("convert", "--to", "spl", "--source", "none")
    named = run(*convert, "--language", "eql", "-q", EQL)
    assert named[:2] == (0, 'event.category="process" process.name="a*"\n')
    assert "language-guessed" not in named[2]
    guessed = run(*convert, "-q", EQL)
    assert guessed[1] == named[1]
    assert "[same: language-guessed]\n  hint: --language kuery reads it as Kibana KQL" in guessed[2]
    words = run(*convert, "--language", "kuery", "-q", EQL)
    assert (words[0], "this looks like EQL" in words[2]) == (0, True)
    assert run(*convert, "--language", "spl", "-q", EQL)[2] == (
        "error: unknown query language 'spl'\n  hint: the languages are eql, kuery\n"
    )


@pytest.mark.parametrize("command", ["lint", "fmt", "fields", "check --to spl --source none"])
def test_every_command_reads_both_languages(command: str) -> None:
    name, *options = command.split()
    for text, language in ((EQL, "eql"), (KUERY, "kuery")):
        for arguments, stdin in ((("-q", text), None), ((), text)):
            done = run(name, *options, *arguments, stdin=stdin)
            assert done[0] == 0, done
            guessed = "is read as EQL" in done[2]
            assert guessed is (language == "eql" and name != "check")  # which prints no such notes
            done = run(name, *options, "--language", language, *arguments, stdin=stdin)
            assert (done[0], "is read as EQL" in done[2]) == (0, False)


def test_events_are_tested(tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    events.write_text(
        '{"event.category": "process", "process.name": "ABC"}\n{"process.name": "abc"}\n'
    )
    done = run("test", "-q", EQL, "--events", str(events), "--count")
    assert done[:2] == (0, "1\n")
    done = run("test", "--language", "eql", "-q", EQL, "--events", str(events), "--explain")
    assert done[1] == (
        'yes  process where process.name : "a*"\nyes    process\nyes    process.name : "a*"\n'
    )


def test_a_suffix_says_the_language(tmp_path: Path) -> None:
    for name, text, guessed in (
        ("a.eql", EQL, False),
        ("a.txt", EQL, True),
        ("b.kql", KUERY, False),
    ):
        (tmp_path / name).write_text(text)
        done = run("convert", "-v", "--to", "spl", "--source", "none", str(tmp_path / name))
        assert (done[0], "language-guessed" in done[2]) == (0, guessed)
    status, out, _ = run("explain", "--to", "spl", "--source", "none", str(tmp_path / "a.eql"))
    assert (status, 'process.name : "a*"' in out) == (0, True)


def test_a_sequence_is_refused_by_its_name() -> None:
    text = "sequence by host.id [process where true] [file where true]"
    to = ("--to", "spl", "--format", "tstats")
    status, out, told = run("convert", *to, "--language", "eql", "-q", text)
    assert (status, out) == (1, "")
    assert "error: spl: the rule is a sequence, and tstats counts events" in told
    assert run("fmt", "--language", "eql", "-q", text)[1] == (
        "sequence by host.id\n  [process where true]\n  [file where true]\n"
    )
