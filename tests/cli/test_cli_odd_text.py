"""What rules, paths and arguments put into messages: a terminal obeys nothing of it, and no line
is forged.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kqlx.errors import place_of, point
from kqlx.hidden_characters import escaped
from tests.command_line import kqlx
from tests.conftest import ROOT

ODD = "\x1b[31mred\x07\r\u202e\u2028\x85\nforged.toml:1:1: error: "
SHOWN = r"\x1b[31mred\x07\r\u202e\u2028\x85\nforged.toml:1:1: error: "
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

posix = pytest.mark.skipif(sys.platform == "win32", reason="names of POSIX")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (ODD, SHOWN),
        ("a\tb é 漢 \u3000 \U0001f468\u200d\U0001f4bb", None),
        ("a\u200db", r"a\u200db"),
        ("\udcff", r"\udcff"),
        ("\U000e0001", r"\U000e0001"),
    ],
)
def test_what_is_shown_of_a_text(text: str, shown: str | None) -> None:
    assert escaped(text) == (text if shown is None else shown)


def check(run: subprocess.CompletedProcess[str], *, results: bool = False) -> None:
    """``results`` says that the standard output has results, which are what they are."""
    assert not OBEYED.search(run.stderr)
    assert results or not OBEYED.search(run.stdout)
    for line in (run.stderr if results else run.stdout + run.stderr).splitlines():
        assert not line.startswith("forged")


@posix
@pytest.mark.parametrize("command", ["convert --to all", "lint", "fmt", "fields", "test"])
@pytest.mark.parametrize("query", ["a:b", "a:b c", "a:(", f"a:{ODD}", "a.b:1 and x\x1b:\x1b*"])
def test_names_keys_and_values(tmp_path: Path, command: str, query: str) -> None:
    rule = {
        "name": ODD,
        "rule_id": ODD,
        "query": query,
        "type": "query",
        "severity": ODD,
        ODD: 1,
        "filters": [{"query": {ODD: 1}, "meta": {"alias": ODD}}, {"query": {"term": {ODD: ODD}}}],
        "exceptions_list": [{"list_id": ODD}],
    }
    folder = tmp_path / ODD.replace("/", "")
    folder.mkdir()
    (folder / "r.json").write_text(json.dumps([rule, {"query": 5}, {**rule, "language": ODD}]))
    path = folder if command.startswith("convert") else folder / "r.json"
    run = kqlx(*command.split(), path)
    check(run, results=command.startswith("convert"))
    assert r"\x1b" in run.stdout + run.stderr or command == "fields"


@posix
def test_paths_of_files_that_are_written(tmp_path: Path) -> None:
    folder = tmp_path / ODD.replace("/", "")
    run = kqlx("convert", "--to", "spl", "--source", "none", "-v", "-o", folder, "-q", "a:b")
    assert run.returncode == 0
    check(run)
    assert SHOWN in run.stderr


INJECTED = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>\n::error::x | [a](http://b) `c`"
)


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the reports of a rule of odd texts, and what is printed in other formats."""
    folder = tmp_path_factory.mktemp("reported")
    query = f'user.name:{json.dumps(ODD + INJECTED + chr(0x9B))} and "a|b":1 and process.name:a*b'
    rule = {"name": ODD + INJECTED, "rule_id": ODD + INJECTED, "type": "query", "severity": ODD}
    rules = [{**rule, "query": query}, {**rule, "query": "a b:", "language": "kuery"}]
    (folder / "r.json").write_text(json.dumps(rules))
    arguments = ("convert", "--to", "all", "--source", "none", folder / "r.json")
    kinds = ("html", "md", "json", "jsonl", "sarif")
    reports = [part for kind in kinds for part in ("--report", folder / f"report.{kind}")]
    run = kqlx(*arguments, *reports)
    check(run, results=True)
    assert "Traceback" not in run.stderr
    for name in ("json", "jsonl", "sarif", "github", "markdown", "concise"):
        run = kqlx(*arguments, "--out", folder / "out", "--output-format", name)
        (folder / f"printed.{name}").write_text(run.stdout, encoding="utf-8")
        check(run)
    return folder


@pytest.mark.parametrize("kind", ["html", "md", "json", "jsonl", "sarif"])
def test_reports_hold_nothing_that_is_hidden_or_obeyed(reported: Path, kind: str) -> None:
    text = (reported / f"report.{kind}").read_text(encoding="utf-8")
    assert not OBEYED.search(text)
    if kind in ("json", "sarif"):
        json.loads(text)
    if kind == "json":
        assert json.loads(text)["rules"][0]["name"] == ODD + INJECTED
    if kind == "html":
        assert "<script>alert" not in text
        assert "<img" not in text
    if kind == "md":
        assert "<script" not in text
        assert "<img" not in text
        assert "\n::" not in text


def test_commands_for_github_are_ours_alone(reported: Path) -> None:
    lines = (reported / "printed.github").read_text(encoding="utf-8").splitlines()
    assert lines
    assert all(re.match(r"::(error|warning|notice) file=[^:]*r\.json,", line) for line in lines)


@pytest.mark.parametrize(
    "rule",
    [
        {"query": "source.port >= " + "1" * 20_000},
        {"query": "a:b", **{f"key{number}": 1 for number in range(20_000)}},
        {"query": "a:b", "from": "now-" + "9" * 20_000 + "d"},
        {"query": "a:b", "index": ["i" * 20_000]},
        {"query": "x" * 20_000 + ":*y"},
    ],
    ids=["value", "keys", "time", "index", "name"],
)
def test_no_line_quotes_thousands_of_characters(tmp_path: Path, rule: dict[str, object]) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"name": "n", "type": "query", **rule}))
    formats = "spl=savedsearches,sentinel=rule,elasticsearch=rule"
    run = kqlx("convert", "--to", "all", "--format", formats, "-v", "--source", "none", path)
    lint = kqlx("lint", path)
    for line in [*run.stderr.splitlines(), *lint.stdout.splitlines(), *lint.stderr.splitlines()]:
        assert len(line) < 2_500, line[:200]


@pytest.mark.parametrize(
    "arguments",
    [
        ("convert", "--to", ODD, "-q", "a:b"),
        ("convert", "--to", "spl", "--source", ODD, "-q", "a:b"),
        ("convert", "--to", "spl", "--format", ODD, "-q", "a:b"),
        ("convert", "--to", "spl", "--accept", ODD, "-q", "a:b"),
        ("convert", "--to", "spl", "--mapping", ODD, "-q", "a:b"),
        ("convert", "--to", "spl", "--index", ODD, "-q", "a:b"),
        ("convert", "--to", "spl", ODD),
        ("convert", "--\x1b[31mred\nforged"),
        ("\x1b[31mred\nforged",),
        ("explain", ODD),
        ("sources", "show", ODD),
        ("test", "-q", "a:b", ODD),
    ],
)
def test_arguments(arguments: tuple[str, ...]) -> None:
    run = kqlx(*arguments)
    assert run.returncode in (1, 2)
    check(run)


def test_a_pack_with_odd_names(tmp_path: Path) -> None:
    pack = {"source": "own", "title": ODD, "recognise": {"fields": {"event.dataset": ["own"]}}}
    pack["targets"] = {"spl": [{"base": "b", "fields": {"a\x1b": "A"}}]}
    path = tmp_path / "own.yml"
    path.write_text(json.dumps(pack))
    for arguments in (("sources",), ("sources", "show", "own"), ("fields", "-q", "a\x1b:1")):
        check(kqlx(*arguments, "--mapping", path))


@posix
@pytest.mark.parametrize(
    "arguments",
    [
        ("convert", "--to", "spl", "-q", b"a:\xff"),
        ("convert", "--to", "spl", "-q", "a:b", "--index", b"\xff"),
        ("convert", "--to", "sentinel", "-q", "a:b", "--table", b"T\xff"),
        ("lint", "-q", b"a:\xff"),
        ("fmt", "-q", b"a:\xff"),
        ("fields", "-q", b"a:\xff"),
        ("test", "-q", b"a:\xff"),
    ],
)
def test_arguments_that_are_no_text_are_refused(arguments: tuple[str | bytes, ...]) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "kqlx", *arguments],
        capture_output=True,
        cwd=ROOT,
        timeout=60,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert (run.returncode, run.stdout) == (2, b"")
    assert b"bytes that are not text in the encoding of your locale" in run.stderr


@posix
def test_a_file_whose_name_is_no_text(tmp_path: Path) -> None:
    Path(tmp_path, os.fsdecode(b"\xff\x1b.kql")).write_text("a:b")
    run = kqlx("convert", "--to", "spl", "--source", "none", "-v", tmp_path)
    assert run.returncode == 0
    assert r"\udcff\x1b.kql:1:1: note: spl: " in run.stderr


def test_lines_are_those_of_universal_line_ends() -> None:
    for length in range(6):
        for text in map("".join, itertools.product("a\r\n", repeat=length)):
            lines = io.StringIO(text, newline="").readlines()
            places = [(n, c) for n, line in enumerate(lines, 1) for c in range(1, len(line) + 1)]
            found = [place_of(text, offset) for offset in range(len(text))]
            assert [(place.line, place.column) for place in found] == places
            for offset, (number, _) in enumerate(places):
                shown = point(text, (offset, offset)).split("\n")[0]
                assert shown == f" {number} | " + lines[number - 1].rstrip("\r\n")


def test_carets_stand_below_what_they_point_at() -> None:
    assert point("\x1b\tx", (2, 3)).split("\n") == [" 1 | ␛\tx", "   |  \t^"]


LONG = "x" * 20_000


@pytest.mark.parametrize(
    "command",
    [
        ("lint",),
        ("check", "--to", "all", "--source", "none"),
        ("convert", "--to", "spl"),
        ("explain", "--to", "spl", "--source", "none"),
        ("test", "--explain"),
    ],
    ids=lambda command: command[0],
)
@pytest.mark.parametrize(
    "query",
    [
        f"process.name:(a, b, {LONG})",
        f"process.name eq {LONG}",
        f'source.ip:"{LONG}"',
        f"process.pid:{LONG} and not {LONG}:*",
        f'process.name:"{LONG}*"',
        f'process.name:"{LONG}',
        f"x like {LONG}",
    ],
    ids=["list", "other language", "address", "number", "star", "open quote", "like"],
)
def test_what_is_told_of_a_long_value_can_be_read(command: tuple[str, ...], query: str) -> None:
    run = kqlx(*command, "-q", query, input='{"process": {"name": "a"}}')
    said = run.stderr if command[0] == "convert" else run.stdout + run.stderr
    assert said
    assert max(map(len, said.splitlines())) < 1_300
