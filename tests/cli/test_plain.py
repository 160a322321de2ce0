"""The usual command line, read without typer, means what typer makes of it, settings included; the
stored help is typer's.
"""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.core import TyperCommand

from kqlx.cli import _known_text, plain
from kqlx.cli.app import app
from kqlx.cli.commands import COMMANDS, GROUPS, command
from kqlx.cli.configured import Configured
from kqlx.cli.declared import for_typer
from tests.cli.test_cli import RULE
from tests.conftest import ROOT

VALUES = [
    "spl",
    "a b",
    "-",
    "--",
    "-x",
    "",
    "0",
    "3",
    "-3",
    "x3",
    "json",
    "full",
    "a,b",
    "é",
    "a=b",
]


def recorder(
    name: str, kind: type[TyperCommand] = TyperCommand
) -> tuple[typer.Typer, list[dict[str, Any]]]:
    """A command line of typer's that keeps the values with which it calls the command."""
    function = for_typer(command(name))
    seen: list[dict[str, Any]] = []

    def record(**values: Any) -> None:
        seen.append(values)

    record.__signature__ = inspect.signature(function)  # type: ignore[attr-defined] # typer reads it
    record.__annotations__ = function.__annotations__
    own = typer.Typer(add_completion=False, rich_markup_mode=None)
    own.command(cls=kind)(record)
    return own, seen


NAMES = [
    name for name in (*COMMANDS, *GROUPS) if plain._CONTEXT not in command(name).__annotations__
]
APPS = {name: recorder(name) for name in NAMES}
WITH_SETTINGS = {name: recorder(name, Configured) for name in NAMES}


def by_typer(name: str, words: list[str], *, with_settings: bool = False) -> dict[str, Any] | None:
    own, seen = (WITH_SETTINGS if with_settings else APPS)[name]
    seen.clear()
    try:
        own(words, standalone_mode=False)
    except (Exception, SystemExit):  # each is a refusal of the words
        return None
    return seen[0] if seen else None


def read(name: str, words: list[str]) -> dict[str, Any] | None:
    function = command(name)
    found = plain.read(function, words)
    if found is None:
        return None
    parameters = inspect.signature(for_typer(function)).parameters.values()
    return {each.name: each.default for each in parameters} | found


def flags(name: str) -> list[str]:
    return [flag for _, each in plain._parameters(command(name)) for flag in each.flags]


def words_of(name: str) -> st.SearchStrategy[list[str]]:
    flag = st.sampled_from(flags(name) or ["--none"])
    value = st.sampled_from(VALUES)
    joined = st.builds("{}={}".format, flag, value)
    return st.lists(
        st.one_of(st.tuples(flag, value), st.tuples(flag), st.tuples(value), st.tuples(joined)).map(
            list
        ),
        max_size=5,
    ).map(lambda parts: [word for part in parts for word in part])


@given(st.data())
@pytest.mark.parametrize("name", NAMES)
def test_what_is_plain_means_what_typer_makes_of_it(name: str, data: st.DataObject) -> None:
    words = data.draw(words_of(name))
    found = read(name, words)
    if found is not None:
        assert found == by_typer(name, words)


USUAL = [
    "convert --to spl RULE.toml",
    "convert -t spl,sigma --format=query rules/ other.toml --out dist --jobs 2 --quiet",
    "convert --to spl --to sigma --accept narrower --no-leading-wildcards --no-exact -",
    "convert -q a:b --to spl --output-format concise --statistics --report a.html --report b.md",
    "convert",
    "lint rules/",
    "fmt --check rules/ --width 80",
    "test RULE.toml --events - --line 3 --count",
    "explain comma-list",
    "explain RULE.toml --to spl",
    "targets",
    "fields --format json rules",
    "sources --mapping own.yml",
]


@pytest.mark.parametrize("line", USUAL)
def test_the_usual_command_lines_are_plain(line: str) -> None:
    name, *words = line.split()
    found = read(name, words)
    assert found is not None
    assert found == by_typer(name, words)


@pytest.mark.parametrize(
    "line",
    [
        "convert --help",
        "convert --to",
        "convert --to --out x",
        "convert --tp spl",
        "convert --jobs two",
        "convert --jobs -1",
        "convert --jobs 12345678901",
        "convert --quiet=1",
        "convert -tspl",
        "convert -- a",
        "convert --output-format jsno",
        "convert --source a --source b",
        "test a b",
        "fmt --width 19",
        "targets x",
    ],
)
def test_what_typer_has_more_to_say_of_is_not_plain(line: str) -> None:
    name, *words = line.split()
    assert read(name, words) is None


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["sources", "show", "o365.audit"],
        ["sources", "--help"],
        ["--to"],
        ["nothing"],
        ["diff", "a", "b"],
        ["convert", "--config", "x", "a.toml"],
    ],
)
def test_other_command_lines_are_typers(words: list[str]) -> None:
    assert plain.called(words) is None


def test_completion_and_settings_that_cannot_be_used_are_typers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KQLX_CONFIG", raising=False)
    rule = tmp_path / "rule.toml"
    words = ["convert", "--to", "spl", str(rule)]
    monkeypatch.chdir(tmp_path)
    assert plain.called(words) is not None
    assert plain.called([*words, "--color", "nevr"]) is None
    monkeypatch.setenv("_KQLX_COMPLETE", "complete_bash")
    assert plain.called(words) is None
    monkeypatch.delenv("_KQLX_COMPLETE")
    settings = tmp_path / "kqlx.yml"
    settings.write_text("to: 5\n", "utf-8")
    assert plain.called(words) is None
    assert plain.called(["targets"]) is not None
    settings.write_text("to: spl\n", "utf-8")
    assert plain.called(words) is not None
    settings.unlink()
    monkeypatch.setenv("KQLX_CONFIG", "nothing.yml")
    assert plain.called(words) is None


SETTINGS = [
    "to: spl",
    "to: [spl, sigma]\nformat: [spl=savedsearches]\nexclude: [drafts/, '*.yml']",
    "out: dist\nprune: true\njobs: 2\nfile_names: '{title}'\nquiet: true",
    "file_names: '{id}'\noutput_format: concise\nverbose: true\ncolor: never\nstatistics: true",
    "output_format: sarif\nreport: [a.html, b.md]\nfail_on: [wider, lint]\nbaseline: b.json",
    "fields: own.json\nsource: o365.audit\nignore: [case-folded]\nleading_wildcards: false",
    "strict: true\naccept: narrower\nannotate: true\nmappings: [own.yml]\nspl: {index: a}",
]
CONFIGURED = [
    "",
    "RULE.toml",
    "-q a:b",
    "--config own.yml",
    "RULE.toml --out x --check",
    "RULE.toml --quiet",
    "RULE.toml --verbose",
    "RULE.toml --output-format concise --jobs 1 --no-strict",
    "RULE.toml --ignore comma-list --report c.md --fields none",
]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("line", CONFIGURED)
@pytest.mark.parametrize("name", ["convert", "check", "lint", "test", "config"])
def test_settings_hold_as_typer_has_them(
    name: str, line: str, settings: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KQLX_CONFIG", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.chdir(tmp_path)
    for file in ("kqlx.yml", "own.yml"):
        (tmp_path / file).write_text(settings, "utf-8")
    function = command(name)
    known = {flag for _, each in plain._parameters(function) for flag in each.flags}
    words = line.split()
    if {word for word in words if word.startswith("-")} - known:
        words = words[:1]
    found = plain.called([name, *words])
    by_words = by_typer(name, words, with_settings=True)
    assert (found is None) == (by_words is None)
    if found is not None:
        assert isinstance(found, partial)
        parameters = inspect.signature(for_typer(function)).parameters.values()
        assert {each.name: each.default for each in parameters} | found.keywords == by_words


def ran(*words: str, **environment: str) -> tuple[str, set[str]]:
    """What ``kqlx`` prints, and the modules that it loads for that."""
    code = (
        "import sys\n"
        f"sys.argv = {['kqlx', *words]!r}\n"
        "from kqlx.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        check=True,
    )
    return run.stdout, {*run.stderr.splitlines()[-1].split()}


STORED = ROOT / "transpiler/kqlx/cli/help"
WITH_HELP = [[], *([name] for name in COMMANDS), ["sources"], ["sources", "show"]]


def help_by_typer(
    commands: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        app([*commands, "--help"], prog_name="kqlx")
    return capsys.readouterr().out


@pytest.mark.parametrize("commands", WITH_HELP, ids=" ".join)
def test_the_stored_help_is_typers(
    commands: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    """``pytest tests/cli/test_plain.py --update-goldens`` stores it."""
    text = help_by_typer(commands, monkeypatch, capsys)
    file = STORED / f"{'-'.join(['kqlx', *commands])}.txt"
    if request.config.getoption("--update-goldens"):
        file.write_text(text, "utf-8")
    assert file.read_text("utf-8") == text


def test_help_is_stored_for_all_commands_and_no_others() -> None:
    names = {"-".join(["kqlx", *commands]) for commands in WITH_HELP}
    assert {file.stem for file in STORED.iterdir()} == names


@pytest.mark.parametrize(
    "words", [["--help"], ["-h"], ["convert", "-h"], ["sources", "show", "-h"]]
)
def test_help_is_printed_without_typer_where_it_fits(words: list[str]) -> None:
    stored = STORED / f"{'-'.join(['kqlx', *words[:-1]])}.txt"
    for width in ("80", "200"):
        text, modules = ran(*words, COLUMNS=width)
        assert text == stored.read_text("utf-8")
        assert not {"typer", "re"} & modules
    narrow, modules = ran(*words, COLUMNS="60")
    assert max(map(len, narrow.splitlines())) < 70
    assert "typer" in modules


@pytest.mark.parametrize(
    "words", [["../kqlx"], ["sources-show"], ["Convert"], ["convert", "lint"], ["ä"], ["", "kqlx"]]
)
def test_other_words_have_no_stored_help(words: list[str]) -> None:
    assert _known_text([*words, "--help"]) == ""


def test_a_conversion_is_run_without_typer() -> None:
    text, modules = ran("convert", "--to", "spl", str(RULE))
    assert text.startswith("sourcetype=")
    assert "typer" not in modules


def test_settings_do_not_load_typer(tmp_path: Path) -> None:
    (tmp_path / "kqlx.yml").write_text("to: spl\njobs: 1\n", "utf-8")
    rule = tmp_path / "rule.toml"
    rule.write_text(RULE.read_text("utf-8"), "utf-8")
    text, modules = ran("convert", str(rule))
    assert text.startswith("sourcetype=")
    assert "yaml" in modules
    assert "typer" not in modules
