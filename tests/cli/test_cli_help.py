"""Help in groups with examples that run, completion, colours, and the nearest word."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.text import Text

from kqlx.cli import completion
from kqlx.cli.app import app
from kqlx.cli.colors import styled
from tests.cli.test_cli import RULE, write
from tests.command_line import kqlx
from tests.conftest import ROOT

GROUP: Any = typer.main.get_command(app)
COMMANDS = [*GROUP.commands, "sources show"]


_NEED_FILES = ("convert", "diff", "init", "test")


def help_of(command: str) -> str:
    return kqlx(*command.split(), "--help").stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_an_example_that_runs(command: str, tmp_path: Path) -> None:
    found = re.search(r"^  Example: (kqlx .*)$", help_of(command), re.MULTILINE)
    assert found, command
    if command in _NEED_FILES:  # need files, or write some
        write(tmp_path, "RULE.toml", RULE.read_text("utf-8"))
        write(tmp_path, "events.ndjson", '{"event": {"dataset": "o365.audit"}}\n')
        (tmp_path / "main").mkdir()
        for folder in (tmp_path, tmp_path / "main"):
            (folder / "rules").symlink_to(ROOT / "rules")
    run = kqlx(*shlex.split(found[1])[1:], cwd=tmp_path if command in _NEED_FILES else ROOT)
    assert run.returncode in (0, 1), run.stderr
    assert "Usage:" not in run.stderr


def test_options_of_convert_stand_in_groups() -> None:
    text = help_of("convert")
    groups = re.findall(r"^(\S.*):$", text, re.MULTILINE)
    assert groups[:5] == ["Arguments", "Input", "Output", "Meaning", "Messages and exit status"]
    assert {"Splunk", "Sentinel", "Elasticsearch", "Splunk and Sentinel"} <= {*groups}
    assert groups[-1] == "Options"
    assert "--unmapped error|keep|comment" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_what_options_take_and_no_default_of_switches(command: str) -> None:
    text = help_of(command)
    for word in ("<str>", "<int", "[default: no-", "(error)"):
        assert word not in text
    assert "{" not in text.splitlines()[0]


@pytest.mark.parametrize(("command", "name"), [("diff", "OLD"), ("sources show", "SOURCE")])
def test_arguments_that_must_be_given_are_named_plainly(command: str, name: str) -> None:
    assert help_of(command).startswith(f"Usage: kqlx {command} [OPTIONS] {name}")
    run = kqlx(*command.split())
    assert (run.returncode, run.stdout) == (2, "")
    assert "{" not in run.stderr
    assert f"Missing argument '{name}'" in run.stderr


@pytest.mark.parametrize("command", ["convert", "lint", "fmt", "test", "fields"])
def test_a_query_stands_once(command: str) -> None:
    to = ("--to", "spl") if command == "convert" else ()
    run = kqlx(command, *to, "-q", "a:b", "-q", "a:c")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("error: --query is given twice\n")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("--to", "splonk"), "did you mean splunk?"),
        (("--to", "spl,sigmo"), "did you mean sigma?"),
        (("--to", "spl", "--format", "savedsearch"), "did you mean savedsearches?"),
        (("--to", "spl", "--format", "spl=tstat"), "did you mean tstats?"),
        (("--to", "spl", "--source", "o365.audti"), "did you mean o365.audit?"),
        (("--to", "spl", "--accept", "narower"), "did you mean narrower?"),
        (("--to", "spl", "--unmapped", "coment"), "did you mean comment?"),
        (("--to", "spl", "--ignore", "case-folder"), "did you mean case-folded?"),
        (("--to", "spl", "--fail-on", "refusd"), "did you mean refused?"),
        (("--to", "spl", "--new-terms", "lokup"), "did you mean lookup?"),
        (("--to", "sentinel", "--case", "sensitiv"), "did you mean sensitive?"),
        (("--to", "spl", "--color", "nevr"), "did you mean never?"),
        (("--to", "spl", "--accpt", "wider"), "--accept"),
    ],
)
def test_the_nearest_word_is_named(arguments: tuple[str, ...], hint: str) -> None:
    run = kqlx("convert", *arguments, "-q", "a:b")
    assert (run.returncode, run.stdout) == (2, "")
    assert hint in run.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--accept", "same"),
        ("--unmapped", "drop"),
        ("--late-events", "soon"),
        ("--late-events", "2000d"),
        ("--new-terms", "bogus"),
        ("--index", "a b"),
        ("--macro", "a`b"),
        ("--color", "red"),
        ("--ignore", "nothing"),
        ("--fail-on", "nothing"),
        ("--report", "r.pdf"),
        ("--to", "elasticsearch", "--time-zone", "Mars/Olympus"),
        ("--to", "sentinel", "--table", "a|b"),
        ("--to", "sentinel", "--case", "both"),
    ],
)
def test_an_error_names_the_option_that_was_typed(arguments: tuple[str, ...]) -> None:
    to = () if "--to" in arguments else ("--to", "spl")
    run = kqlx("convert", *to, *arguments, "-q", "a:b")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"error: {arguments[-2]}"), run.stderr


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("test -q a:b --explain --count", "--count and --explain exclude each other"),
        ("test -q a:b --line 2", "--line needs --explain"),
        ("fields -q a:b --stub --format json", "--stub and --format exclude each other"),
        ("convert -q a:b --to spl --file-names {title}", "--file-names needs --out"),
        ("convert -q a:b --to spl --force", "--force needs --out"),
        ("convert -q a:b --to spl --quiet -v", "--quiet and --verbose exclude each other"),
        ("fmt -q a:b --check --write", "--check and --write exclude each other"),
    ],
)
def test_an_option_that_would_do_nothing_beside_another_is_refused(line: str, message: str) -> None:
    run = kqlx(*line.split(), input='{"a": "b"}\n')
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"error: {message}\n")


def test_a_format_of_fields_has_a_near_one() -> None:
    run = kqlx("fields", "--format", "jsn", "-q", "a:b")
    assert run.stderr == (
        "error: --format is table, json or csv, not 'jsn'\n  hint: did you mean json?\n"
    )


def test_options_repeat_and_take_commas(tmp_path: Path) -> None:
    query = ("-q", "event.dataset:o365.audit and user.id:a", "--format", "query")
    commas = kqlx("convert", "--to", "spl,sigma", *query)
    assert kqlx("convert", "--to", "spl", "--to", "sigma", *query).stdout == commas.stdout
    for ignored in (
        ("--ignore", "case-folded,table-coverage"),
        ("--ignore", "case-folded", "--ignore", "table-coverage"),
    ):
        run = kqlx("convert", "--to", "spl", *ignored, *query)
        assert run.stderr == ""
    pack = (
        "source: {0}\ntitle: T\nconstants: {{event.dataset: {0}}}\n"
        "targets:\n  spl:\n    - base: index={0}\n      fields: {{user.id: u}}\n"
    )
    one = write(tmp_path, "one.yml", pack.format("one"))
    two = write(tmp_path, "two,2.yml", pack.format("two"))
    listed = kqlx("sources", "--mapping", f"{one},{RULE}").returncode
    assert listed == 2  # the second is no pack
    out = kqlx("sources", "--mapping", two, "--mapping", one).stdout
    assert re.findall(r"^(one|two) ", out, re.MULTILINE)
    three = write(tmp_path, "three.yml", pack.format("three"))
    out = kqlx("sources", "--mapping", f"{one},{three}").stdout
    assert {"one", "three"} <= {*re.findall(r"^(\w+) ", out, re.MULTILINE)}


# Colours


def coloured(*arguments: str, **environment: str) -> str:
    names = ("NO_COLOR", "FORCE_COLOR", "TERM")
    clean = {name: value for name, value in os.environ.items() if name not in names}
    run = subprocess.run(
        [sys.executable, "-m", "kqlx", "convert", "--to", "spl", *arguments, "-q", "a:b"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**clean, **environment},
        check=False,
    )
    assert "\x1b" not in run.stdout
    return run.stderr


def test_colours_are_for_terminals_and_by_choice() -> None:
    plain = coloured()
    assert plain.startswith("query: error: ")
    assert coloured(NO_COLOR="1") == plain
    assert coloured("--color", "never", FORCE_COLOR="1") == plain
    loud = coloured("--color", "always", NO_COLOR="1", TERM="xterm")
    assert loud == coloured(FORCE_COLOR="1", TERM="xterm")
    assert "\x1b[1;31merror\x1b[0m" in loud
    assert re.sub(r"\x1b\[[0-9;]*m", "", loud) == plain


def test_what_looks_like_markup_is_text() -> None:
    line = "a[red].toml:1:2: warning: spl: [bold]x[/bold] :smile: [wider: approximated]"
    text = styled(line)
    assert isinstance(text, Text)
    assert text.plain == line
    spans = {line[span.start : span.end]: str(span.style) for span in text.spans}
    assert spans["warning"] == "bold yellow"
    assert spans[" [wider: approximated]"] == "dim"


# Completion


@pytest.mark.parametrize(
    ("complete", "text", "expected"),
    [
        (completion.targets, "spl,se", ["spl,sentinel"]),
        (completion.targets, "al", ["all"]),
        (completion.formats, "spl=sav", ["spl=savedsearches"]),
        (completion.formats, "splunk=sav", ["splunk=savedsearches"]),
        (completion.formats, "nothing=sav", []),
        (completion.sources, "okta", ["okta.system"]),
        (completion.sources, "non", ["none"]),
        (completion.effects, "wider,n", ["wider,narrower"]),
        (completion.codes, "case-fo", ["case-folded"]),
        (completion.conditions, "stale,re", ["stale,refused"]),
        (completion.changes, "worse,me", ["worse,meaning"]),
        (completion.unmapped, "k", ["keep"]),
        (completion.colors, "a", ["auto", "always"]),
    ],
)
def test_values_are_completed(complete: Any, text: str, expected: list[str]) -> None:
    assert complete(text) == expected


def test_a_shell_is_answered() -> None:
    environment = {**os.environ, "_KQLX_COMPLETE": "complete_bash"}
    environment |= {"COMP_WORDS": "kqlx convert --to sent", "COMP_CWORD": "3"}
    run = subprocess.run(
        [Path(sys.executable).with_name("kqlx")],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert run.stdout.split() == ["sentinel"]
    assert run.stderr == ""
