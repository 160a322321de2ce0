"""``kqlx explain RULE --to TARGET``: a query as a tree, with what the target has for each part."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import kqlx
from tests.conftest import OWN_RULES

QUERY = 'user.name:(a or b) and not host.name:"x y" and message:z'
SENTINEL = """\
sentinel: query
fidelity: wider
and
  user.name:(a or b)
    → ['user.name'] in ("a", "b")
  not
    host.name:"x y"
      → ['host.name'] != "x y"
  message:z
    → ['message'] has "z"
    wider: message is text"""


def test_each_test_has_what_the_target_has_for_it_and_its_notes() -> None:
    done = kqlx("explain", "--to", "sentinel,spl", "--source", "none", "-q", QUERY)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(SENTINEL)
    assert "\nspl: query\nfidelity: " in done.stdout
    assert '    → user.name IN ("a", "b")\n' in done.stdout


@pytest.mark.parametrize("path", OWN_RULES, ids=lambda path: path.stem)
def test_every_note_is_told_once(path: Path) -> None:
    import kqlx as package

    (rule,) = package.load_rules(path).rules
    done = kqlx("explain", str(path), "--to", "spl")
    assert done.returncode in (0, 1), done.stderr
    try:
        notes = package.convert(rule, "spl").notes
    except package.KqlxError as error:
        notes = getattr(error, "notes", ())
        assert done.stdout.splitlines()[1].startswith("refused: ")
        assert done.returncode == 1
    for note in notes:
        assert f"{note.effect}: {note.message} [{note.code}]" in done.stdout


def test_a_refused_conversion_shows_the_note_at_its_test() -> None:
    done = kqlx("explain", "--to", "spl", "-q", "event.dataset:o365.audit and nosuch.field:1")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[1].startswith("refused: ")
    assert lines[2].startswith("  hint: use --unmapped keep ")
    assert lines[lines.index("  nosuch.field:1") + 1].startswith("    unmapped: ")


def test_a_terminal_obeys_nothing(tmp_path: Path) -> None:
    rule = tmp_path / "rule.toml"
    rule.write_text(
        '[rule]\nname = "a\\u001b[2Jb"\nrule_id = "1"\ntype = "query"\nlanguage = "kuery"\n'
        'query = "user.name:\\"c\\u001b[2Jd\\""\n',
        "utf-8",
    )
    done = kqlx("explain", str(rule), "--to", "elasticsearch")
    assert "\x1b" not in done.stdout
    assert "a\\x1b[2Jb" in done.stdout


def test_what_is_wrong_is_said() -> None:
    for arguments, message in (
        (("nosuch.toml", "--to", "spl"), "error: nosuch.toml: no such file or folder\n"),
        (("nosuch.toml",), "error: nosuch.toml is no code\n"),
        (("-q", "a:b"), "error: say which target to convert to\n"),
        (("--to", "spl"), "error: name a rule file, or give a query with --query\n"),
        (("x.toml", "-q", "a:b", "--to", "spl"), "error: give either files or --query, not both\n"),
    ):
        done = kqlx("explain", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(message)
