"""The usual command line, read without typer, means what typer makes of it; the stored help is
typer's.
"""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from kqlx.cli import plain
from kqlx.cli.app import app
from kqlx.cli.commands import COMMANDS, command
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


def recorder(name: str) -> tuple[typer.Typer, list[dict[str, Any]]]:
    """A command line of typer's that keeps the values with which it calls the command."""
    function = for_typer(command(name))
    seen: list[dict[str, Any]] = []

    def record(**values: Any) -> None:
        seen.append(values)

    record.__signature__ = inspect.signature(function)  # type: ignore[attr-defined] # typer reads it
    record.__annotations__ = function.__annotations__
    own = typer.Typer(add_completion=False, rich_markup_mode=None)
    own.command()(record)
    return own, seen


NAMES = [name for name in COMMANDS if plain._CONTEXT not in command(name).__annotations__]
APPS = {name: recorder(name) for name in NAMES}


def by_typer(name: str, words: list[str]) -> dict[str, Any] | None:
    own, seen = APPS[name]
    seen.clear()
    try:
        own(words, standalone_mode=False)
    except Exception:  # each is a refusal of the words
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
        ["sources"],
        ["--to"],
        ["nothing"],
        ["diff", "a", "b"],
        ["convert", "--config", "x", "a.toml"],
    ],
)
def test_other_command_lines_are_typers(words: list[str]) -> None:
    assert plain.called(words) is None


def test_settings_and_completion_are_typers(
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
    (tmp_path / "kqlx.yml").write_text("to: spl\n", "utf-8")
    assert plain.called(words) is None
    assert plain.called(["targets"]) is not None
    (tmp_path / "kqlx.yml").unlink()
    monkeypatch.setenv("KQLX_CONFIG", "nothing.yml")
    assert plain.called(words) is None


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


def help_by_typer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        app(["--help"], prog_name="kqlx")
    return capsys.readouterr().out


def test_the_stored_help_is_typers(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    """``pytest tests/cli/test_plain.py --update-goldens`` stores it."""
    text = help_by_typer(monkeypatch, capsys)
    file = ROOT / "transpiler/kqlx/cli/help.txt"
    if request.config.getoption("--update-goldens"):
        file.write_text(text, "utf-8")
    assert file.read_text("utf-8") == text


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_is_printed_without_typer_where_it_fits(word: str) -> None:
    for width in ("80", "200"):
        text, modules = ran(word, COLUMNS=width)
        assert text == (ROOT / "transpiler/kqlx/cli/help.txt").read_text("utf-8")
        assert not {"typer", "re"} & modules
    narrow, modules = ran(word, COLUMNS="60")
    assert max(map(len, narrow.splitlines())) < 60
    assert "typer" in modules


def test_a_conversion_is_run_without_typer() -> None:
    text, modules = ran("convert", "--to", "spl", str(RULE))
    assert text.startswith("sourcetype=")
    assert "typer" not in modules
