"""Folders with rules in several languages, as ``kqlx lint`` and ``kqlx fmt`` take them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_cli import kqlx, write

KQL = '[rule]\nname = "a"\nlanguage = "kuery"\nquery = """\nuser.name:alice\n"""\n'
EQL = '[rule]\nname = "b"\nlanguage = "eql"\nquery = "any where true"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "a.toml", KQL)
    write(tmp_path, "b.toml", EQL)
    write(tmp_path, "package.json", '{"name": "x"}')
    return tmp_path


@pytest.mark.parametrize("command", [("lint",), ("fmt", "--check"), ("fmt", "--write")])
def test_rules_in_other_languages_are_counted_in_a_folder(
    command: tuple[str, ...], folder: Path
) -> None:
    run = kqlx(*command, folder)
    assert run.returncode == 0, run.stderr
    assert "error" not in run.stderr
    assert "1 rule is passed over: 1 eql\n" in run.stderr
    write(folder, "c.toml", EQL)
    assert "2 rules are passed over: 2 eql\n" in kqlx(*command, folder).stderr


@pytest.mark.parametrize("command", [("lint",), ("fmt", "--check")])
@pytest.mark.parametrize("name", ["b.toml", "./b.toml"])
def test_a_rule_in_another_language_is_an_error_where_it_is_named(
    command: tuple[str, ...], name: str, folder: Path
) -> None:
    run = kqlx(*command, name, cwd=folder)
    assert run.returncode == 1
    assert run.stderr.startswith("error: b.toml:")
    assert "passed over" not in run.stderr


def test_a_rule_that_is_doubtful_is_found_beside_them(folder: Path) -> None:
    write(folder, "d.toml", KQL.replace("alice", '"al*"'))
    run = kqlx("lint", folder)
    assert run.returncode == 1
    assert "d.toml:5:11: " in run.stdout


@pytest.mark.parametrize("name", ["package.json", "./package.json", ".//package.json"])
def test_a_file_is_named_however_its_path_is_spelled(name: str, folder: Path) -> None:
    run = kqlx("convert", "--to", "spl", name, cwd=folder)
    assert run.returncode == 2
    assert run.stderr == "package.json: error: not a detection rule: no query\n"
