"""Which files a path or a pattern names, what is odd among them, and files without a rule."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

import kqlx
from kqlx.rules.rewrite import rewrite
from tests.command_line import kqlx as run
from tests.rules.test_rule_files import refuse
from tests.rules.test_rule_formats import REST, lines, load, messages


@pytest.mark.parametrize(
    ("name", "text"), [("r.json", "[]"), ("r.ndjson", lines(*REST)), ("r.yml", "---\n...\n")]
)
def test_what_holds_no_rule_is_told(tmp_path: Path, name: str, text: str) -> None:
    found = load(tmp_path, name, text)
    assert found == kqlx.RuleSet()
    done = run("convert", "--to", "spl", tmp_path / name)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{tmp_path / name}: error: it contains no rule\n"
    done = run("fields", input=text)
    assert (done.returncode, done.stderr) == (2, "error: standard input: it contains no rule\n")


def test_a_key_given_twice_does_not_stop_the_others(tmp_path: Path) -> None:
    twice = '{"query": "a", "filters": [{"a": 1, "a": 2}]}'
    for name, text in [
        ("r.json", f'[{twice},\n{{"query": "b"}}]'),
        ("r.ndjson", f'{twice}\n{{"query": "b"}}\n'),
    ]:
        found = load(tmp_path, name, text)
        assert [(rule.query, rule.line) for rule in found.rules] == [("b", 2)]
        assert messages(found, tmp_path) == [f"{name}:1: not JSON: the key a is given twice"]
        rewrite(found.rules[0], "c")
        assert (tmp_path / name).read_text("utf-8") == text.replace('"b"', '"c"')


@pytest.mark.skipif(sys.platform == "win32", reason="links want a privilege there")
def test_one_path_of_a_pattern_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.kql").symlink_to("nowhere")
    (tmp_path / "b.kql").write_text("a:b", "utf-8")
    (tmp_path / "c.kql").mkdir()
    (tmp_path / "round").symlink_to(".")
    found = kqlx.load_rules(tmp_path / "*.kql")
    assert [rule.path for rule in found.rules] == [tmp_path / "b.kql"]
    reasons = [error.message.partition(": ")[2] for error in found.errors]
    assert [reason.partition(" (")[0] for reason in reasons] == [
        "no such file or folder",
        "no rule files",
    ]
    assert len(kqlx.load_rules(tmp_path / "**").rules) == 1  # by every way, and its folder
    assert len(kqlx.load_rules(tmp_path / "**" / "b.kql").rules) == 1


def test_brackets_in_a_pattern_may_be_part_of_a_name(tmp_path: Path) -> None:
    (tmp_path / "rules [old] 😀").mkdir()
    (tmp_path / "rules [old] 😀" / "a[1].kql").write_text("a:b", "utf-8")
    for pattern in ("rules [old] 😀/*.kql", "rules [[]old] */a[[]1].*", "*/a[1]*"):
        assert len(kqlx.load_rules(tmp_path / pattern).rules) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_in_a_folder_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.kql")
    (tmp_path / "b.kql").write_text("a:b", "utf-8")
    for path in (tmp_path, tmp_path / "*.kql"):
        found = kqlx.load_rules(path)
        assert [rule.path for rule in found.rules] == [tmp_path / "b.kql"]
        assert [error.message for error in found.errors] == [f"{tmp_path / 'a.kql'}: not a file"]


def test_a_folder_without_search_permission_in_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Simulated, for the super-user may look everywhere."""
    (tmp_path / "closed").mkdir()
    (tmp_path / "b.kql").write_text("a:b", "utf-8")
    stat = os.stat

    def refuse_one(path: str, **options: Any) -> os.stat_result:
        if "closed" in os.fspath(path):
            refuse()
        return stat(path, **options)

    monkeypatch.setattr(os, "stat", refuse_one)
    assert len(kqlx.load_rules(tmp_path).rules) == 1
