"""Folders as people have them: ignored, foreign, broken, huge and empty files, odd names, and many
rules.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import kqlx as library
from kqlx.rules import load
from kqlx.rules.load import read_file
from tests.batch.runs import rule
from tests.command_line import kqlx
from tests.conftest import DEEP

CONVERT = ("convert", "--to", "spl", "--source", "none")


def tree(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"a:{path.stem}", "utf-8")


def found(folder: Path, *exclude: str) -> list[str]:
    rules = library.load_rules(folder, exclude).rules
    return [rule.path.relative_to(folder).as_posix() for rule in rules if rule.path]


# What is passed over


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        (["old/"], ["a.kql", "b/old.kql", "b/x.kql"]),
        (["/old"], ["a.kql", "b/old.kql", "b/old/y.kql", "b/x.kql"]),
        (["*.kql", "!x.kql"], ["b/x.kql"]),
        (["# a.kql", "", "a.kql"], ["b/old.kql", "b/old/y.kql", "b/x.kql", "old/z.kql"]),
        (["**/y.kql"], ["a.kql", "b/old.kql", "b/x.kql", "old/z.kql"]),
        (["b/*", "!b/x.kql"], ["a.kql", "b/x.kql", "old/z.kql"]),
        (["b/", "!b/x.kql"], ["a.kql", "old/z.kql"]),  # as in Git: not below what is ignored
        (["["], ["a.kql", "b/old.kql", "b/old/y.kql", "b/x.kql", "old/z.kql"]),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_gitignore_and_exclude_are_of_one_notation(
    tmp_path: Path, lines: list[str], left: list[str], end: str
) -> None:
    tree(tmp_path, "a.kql", "b/x.kql", "b/old.kql", "b/old/y.kql", "old/z.kql")
    assert sorted(found(tmp_path, *lines)) == left
    (tmp_path / ".gitignore").write_bytes(end.join(lines).encode())
    assert sorted(found(tmp_path)) == left


def test_what_git_ignores_is_what_is_passed_over(tmp_path: Path) -> None:
    names = [f"{folder}{name}.kql" for folder in ("", "a/", "a/b/", "c/") for name in "xyz"]
    tree(tmp_path, *names)
    (tmp_path / ".gitignore").write_text("x.kql\na/b/*\n!a/b/z.kql\n/c/y*\n")
    (tmp_path / "a/.gitignore").write_text("!x.kql\n/y.kql\n")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard", "*.kql"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert sorted(found(tmp_path)) == sorted(listed.stdout.split())
    assert found(tmp_path / "a/b") == ["x.kql", "z.kql"]  # what stands above counts
    assert found(tmp_path / "c") == ["z.kql"]


def test_outside_of_a_repository_what_stands_above_does_not_count(tmp_path: Path) -> None:
    tree(tmp_path, "a/x.kql")
    (tmp_path / ".gitignore").write_text("*\n")
    assert found(tmp_path / "a") == ["x.kql"]
    (tmp_path / ".git").mkdir()
    with pytest.raises(library.RuleError, match="no rule files"):
        found(tmp_path / "a")
    assert library.load_rules(tmp_path / "a/x.kql").rules  # it is named


def test_exclude_on_the_command_line(tmp_path: Path) -> None:
    tree(tmp_path, "a.kql", "b.kql", "c/d.kql")
    run = kqlx(*CONVERT, "--exclude", "c/", "--exclude", "b.kql", tmp_path)
    assert (run.returncode, run.stdout) == (0, 'a="a"\n')
    assert "skips nothing" not in run.stderr


@pytest.mark.parametrize("command", ["convert", "check", "diff"])
def test_an_exclude_that_skips_nothing_is_told_once(tmp_path: Path, command: str) -> None:
    tree(tmp_path, "one/a.kql", "one/b.kql", "two/a.kql", "two/c/d.kql")
    patterns = ("draft/", "b.kql", "c/", "two/a.kql", "!none.kql")
    options = [word for pattern in patterns for word in ("--exclude", pattern)]
    where = ("--source", "none", "--to", "spl")
    run = kqlx(command, *where, *options, "--fail-on", "never", "one", "two", cwd=tmp_path)
    assert run.returncode == 0
    told = [line for line in run.stderr.splitlines() if "exclude" in line or "gitignore" in line]
    assert told == [
        "warning: --exclude draft/: it skips nothing",
        "warning: --exclude two/a.kql: it skips nothing",
        "warning: --exclude !none.kql: it skips nothing",
        "  hint: as in a .gitignore, patterns count from the folders that PATH names",
    ]
    if command != "diff":
        assert (
            "exclude" not in kqlx(command, *where, *options, "--quiet", "one", cwd=tmp_path).stderr
        )


def test_patterns_of_settings_count_from_their_file(tmp_path: Path) -> None:
    names = ("rules/a.kql", "rules/draft/b.kql", "rules/deep/rules/draft/c.kql", "rules/old.kql")
    tree(tmp_path, *names)
    settings = tmp_path / "kqlx.yml"
    settings.write_text("to: spl\nsource: none\nexclude: [rules/draft/, old.*]\n", "utf-8")
    for where, path in ((tmp_path, "rules"), (tmp_path / "rules", "."), (tmp_path / "rules", "..")):
        run = kqlx("convert", path, cwd=where)
        assert run.stdout.count('="') == 2, run.stdout
        assert "b.kql" not in run.stdout and "old.kql" not in run.stdout
        assert "skips nothing" not in run.stderr
    typer_too = kqlx("convert", "--to=spl", "-qa:b", cwd=tmp_path)
    assert typer_too.returncode == 0
    short = kqlx("convert", "-tspl", "rules", cwd=tmp_path)  # read by typer
    assert short.stdout == kqlx("convert", "rules", cwd=tmp_path).stdout
    typed = kqlx("convert", "--exclude", "draft/", "rules", cwd=tmp_path)
    assert typed.stdout.count('="') == 2, "the settings' patterns give way"
    assert "old.kql" in typed.stdout
    part = kqlx("convert", "rules/deep", cwd=tmp_path)
    assert (part.stdout.count('="'), "skips nothing" in part.stderr) == (1, False)


@pytest.mark.parametrize("command", [("lint",), ("fmt", "--check"), ("fields",)])
def test_files_beside_rules_are_counted_by_every_command(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    tree(tmp_path, "rules/a.kql")
    for name in ("package.json", "deep/tsconfig.json"):
        path = tmp_path / "rules" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text('{"name": "x"}', "utf-8")
    run = kqlx(*command, "rules", cwd=tmp_path)
    assert run.returncode == 0
    assert run.stderr == "2 files without a rule\n"


@pytest.mark.parametrize("command", ["lint", "fmt", "fields"])
def test_every_command_on_folders_leaves_out_what_is_excluded(tmp_path: Path, command: str) -> None:
    for name, query in (("a", "process.name:a"), ("draft/b", 'process.name:"b*" or user.name : c')):
        path = tmp_path / f"rules/{name}.kql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{query}\n", "utf-8")
    options = ("--check",) if command == "fmt" else ()
    whole = kqlx(command, *options, "rules", cwd=tmp_path)
    assert "b.kql" in whole.stdout + whole.stderr or "user.name" in whole.stdout
    part = kqlx(command, *options, "--exclude", "draft/", "--exclude", "no/", "rules", cwd=tmp_path)
    assert part.returncode == 0
    assert "b.kql" not in part.stdout + part.stderr and "user.name" not in part.stdout
    assert part.stderr.startswith("warning: --exclude no/: it skips nothing\n")
    (tmp_path / "kqlx.yml").write_text("exclude: [rules/draft/]\n", "utf-8")
    settings = kqlx(command, *options, "rules", cwd=tmp_path)
    assert (settings.returncode, settings.stdout, settings.stderr) == (0, part.stdout, "")


def test_patterns_of_settings_elsewhere(tmp_path: Path) -> None:
    tree(tmp_path, "rules/a.kql", "rules/draft/b.kql", "rules/old.kql")
    settings = tmp_path / "ci/kqlx.yml"
    settings.parent.mkdir()
    for patterns in ("[draft/, old.kql]", "[../rules/draft/, ../rules/old.kql]"):
        settings.write_text(f"to: spl\nsource: none\nexclude: {patterns}\n", "utf-8")
        run = kqlx("convert", "--config", "ci/kqlx.yml", "rules", cwd=tmp_path)
        assert run.stdout == 'a="a"\n', patterns


def test_each_side_of_a_comparison_has_the_patterns_of_its_settings(tmp_path: Path) -> None:
    for side in ("old", "new"):
        tree(tmp_path, f"{side}/rules/a.kql", f"{side}/rules/draft/b.kql")
    settings = "to: spl\nsource: none\nexclude: [rules/draft/]\n"
    (tmp_path / "new/kqlx.yml").write_text(settings, "utf-8")
    (tmp_path / "old/kqlx.yml").write_text(settings, "utf-8")
    same = kqlx("diff", "old/rules", "new/rules", cwd=tmp_path)
    assert same.stdout == "0 rules changed; 1 unchanged\n", same.stderr
    (tmp_path / "old/kqlx.yml").unlink()
    run = kqlx("diff", "--source", "none", "old/rules", "new/rules", cwd=tmp_path)
    assert "old/rules/draft/b.kql: removed" in run.stdout


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_gitignore_that_cannot_be_read_ignores_nothing(tmp_path: Path) -> None:
    tree(tmp_path, "a.kql", "b/c.kql", "d/e.kql")
    os.mkfifo(tmp_path / ".gitignore")
    (tmp_path / "b/.gitignore").mkdir()
    (tmp_path / "d/.gitignore").write_bytes(b"\xff\0\n*.none\n")
    assert len(found(tmp_path)) == 3


# What is there beside rules


FOREIGN = {
    "package.json": '{"name": "x", "dependencies": {}}',
    "tsconfig.json": '{"compilerOptions": {}}',
    "template.json": '{"index_patterns": ["a*"], "template": {"mappings": {}}}',
    "pipeline.json": '{"description": "d", "processors": [{"set": {}}]}',
    "pipeline.yml": "---\ndescription: d\nprocessors: []\n",
    "compose.yml": "services: {a: {image: b}}\n",
    "list.yml": "- a\n- b\n",
    "playbook.yml": "- hosts: all\n  tasks: []\n",
    "numbers.json": "[1, 2]",
    "settings.json": '{\n  // a comment\n  "a": 1,\n}',
    "stack.yml": "Resources: {A: {Type: !Ref B}}\n",
    "chart.yaml": "a: {{ .Values.a }}\nb: [\n",
    "twice.yml": "a: 1\na: 2\n",
    "text.json": '"text"',
    "events.ndjson": '{"a": 1}\n{"b": 2}\n',
    "pyproject.toml": "[project]\nname = 'x'\n",
    "index.ndjson": '{"type": "index-pattern", "attributes": {"title": "logs-*"}}\n',
}
BROKEN = {
    "empty.toml": "",
    "blank.yml": " \n\n",
    "zero.json": "\0" * 10_000,
    "cut.json": '{"query": "a:b"',
    "deep.json": '{"query": ' + "[" * 100_000,
    "binary.kql": "\x7fELF\0\0",
}


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_broken_foreign_huge_and_empty_files_stop_nobody(tmp_path: Path, jobs: str) -> None:
    for name, text in {**FOREIGN, **BROKEN}.items():
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "huge.json").write_text(json.dumps([{"x": "y" * 100}] * 30_000))
    tree(tmp_path, "good rule é 漢 😀.kql", "sub dir/next.kql")
    run = kqlx(*CONVERT, "--jobs", jobs, tmp_path)
    assert run.returncode == 2
    assert [line for line in run.stdout.splitlines() if line.startswith("a=")] == [
        'a="good rule é 漢 😀"',
        'a="next"',
    ]
    errors = [line for line in run.stderr.splitlines() if ": error: " in line]
    assert len(errors) == len(BROKEN)
    assert all(any(f"/{name}:" in line for name in BROKEN) for line in errors)
    assert f"{len(FOREIGN) + 1} files without a rule" in run.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_no_rule_is_an_error_where_it_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(FOREIGN[name], "utf-8")
    run = kqlx(*CONVERT, tmp_path / name)
    assert (run.returncode, run.stdout) == (2, "")
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (MemoryError(), "too large for the memory"),
        (KeyError("x"), "kqlx failed on this file: KeyError"),
        (RecursionError(), "kqlx failed on this file: RecursionError"),
    ],
)
def test_a_fault_in_a_reader_costs_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception, why: str
) -> None:
    tree(tmp_path, "a.kql", "b.kql")
    read = load.read

    def faulty(text: str, path: Path, name: str) -> library.RuleSet:
        if path.name == "a.kql":
            raise fault
        return read(text, path, name)

    monkeypatch.setattr(load, "read", faulty)
    files = library.load_rules(tmp_path)
    assert len(files.rules) == 1
    assert [error.message for error in files.errors] == [f"{tmp_path / 'a.kql'}: {why}"]
    assert read_file(tmp_path / "b.kql", is_named=True).rules


def test_numbers_of_thousands_of_digits(tmp_path: Path) -> None:
    for query in ("source.port:" + "9" * 5_000, "a:" + "9" * 5_000):
        run = kqlx("convert", "--to", "all", "--source", "none", "-q", query)
        assert "internal-error" not in run.stderr
    pack = tmp_path / "p.yml"
    for number in ("9" * 5_000, "0x" + "f" * 5_000):
        pack.write_text(f"source: {number}\ntitle: x\n")
        run = kqlx(*CONVERT, "--mapping", pack, "-q", "a:b")
        assert run.returncode == 2
        assert run.stderr.startswith(f"error: {pack}")
        assert len(run.stderr) < 1_000


def test_a_note_on_many_fields_names_the_first() -> None:
    query = " and ".join(f"field{number}:x" for number in range(100))
    run = kqlx("convert", "--to", "spl,sigma", "--source", "none", "-q", query)
    assert run.returncode == 0
    assert max(map(len, run.stderr.splitlines())) < 300


# Many


GUIDED = """\
[rule]
name = "Rule {0}"
rule_id = "{0}"
query = "process.name:p{0}"
note = '''{1}'''
"""
MEASURED = """\
import atexit, pathlib, sys
from kqlx.cli import main
def tell():
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    (most,) = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    pathlib.Path(sys.argv[-1] + ".most").write_text(most)
atexit.register(tell)
main()
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="figures of Linux")
@pytest.mark.parametrize(
    ("options", "a_rule"), [((), 1_000), (("--jobs", "2"), 3_000), (("--out",), 6_000)], ids=str
)
def test_thousands_of_rules(tmp_path: Path, options: tuple[str, ...], a_rule: int) -> None:
    """Memory does not grow by what is read: by the names of files and what is awaited of processes,
    and with results in files by what is kept until all have their names.
    """
    count = 10_000 if DEEP else 1_000
    few, many = tmp_path / "few", tmp_path / "many"
    for folder, number in ((few, 100), (many, count)):
        folder.mkdir()
        for n in range(number):
            (folder / f"r{n:05}.toml").write_text(GUIDED.format(n, "A long guide. " * 300))
    if "--out" in options:
        options = ("--force", "--out", str(tmp_path / "out"))
    least, _ = measured(few, options)
    most, out = measured(many, options)
    assert most < 300_000_000
    assert most - least < count * a_rule
    if "--out" in options:
        assert len([*(tmp_path / "out").glob("*.spl")]) == count
        return
    assert out.startswith(f"``` {many}/r00000.toml -> spl ```\n".encode())
    assert out.count(b'process.name="p') == count


def measured(folder: Path, options: tuple[str, ...]) -> tuple[int, bytes]:
    """The most memory that a run had, in bytes, and its output."""
    command = [sys.executable, "-c", MEASURED, *CONVERT, *options, "--quiet", folder]
    run = subprocess.run([*map(str, command)], stdout=subprocess.PIPE, check=True)
    return 1_024 * int(Path(f"{folder}.most").read_text("utf-8")), run.stdout


def test_results_beside_rules_hide_no_rule(tmp_path: Path) -> None:
    """They are passed over by the manifest, not with the folder that has it."""
    for name in ("one", "two"):
        rule(tmp_path / "rules", name)
    convert = ("convert", "--source", "none", "--to", "es", "--format", "rule", "--out", "rules")
    for _ in range(2):
        run = kqlx(*convert, "rules", cwd=tmp_path)
        assert (run.returncode, run.stderr.splitlines()[-1]) == (
            0,
            "2 rules: elasticsearch 2 converted",
        ), run.stderr
    assert (tmp_path / "rules/rules.ndjson").is_file()
    for path in (".", "rules"):
        run = kqlx("check", "--source", "none", "--to", "es", path, cwd=tmp_path)
        assert (run.returncode, run.stdout) == (0, "2 rules: elasticsearch 2 converted\n")
    (tmp_path / "rules/.kqlx-manifest.json").write_text("[]", "utf-8")
    run = kqlx("check", "--source", "none", "--to", "es", ".", cwd=tmp_path)
    assert run.returncode == 2
    assert "no rule files" in run.stderr
