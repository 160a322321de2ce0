"""``kqlx explain RULE --to TARGET``: a query as a tree, with what the target has for each part."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import kqlx
from tests.conftest import OWN_RULES

RULE = str(OWN_RULES[0])
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


def test_a_loss_that_is_not_accepted_is_named() -> None:
    query = "event.dataset:windows.sysmon_operational and not process.args:w*o*i"
    done = kqlx("explain", "--to", "spl", "-q", query)
    assert done.stdout.splitlines()[1].endswith("[narrower: approximated]")
    accepted = kqlx("explain", "--to", "spl", "--accept", "narrower", "-q", query)
    assert accepted.stdout.splitlines()[1] == "fidelity: narrower"


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
        (("nosuch.toml",), "error: nosuch.toml: no such file or folder\n"),
        ((RULE,), "error: no target given\n  hint: --to spl, for example"),
        (("no-such-code",), "error: unknown code 'no-such-code'\n"),
        ((RULE, "--to", "spl", "--compact"), "error: --compact does nothing for spl\n  hint:"),
        ((RULE, "--to", "spl", "--config", "nosuch.yml"), "error: nosuch.yml: no such settings"),
        (("-q", "a:b"), "error: no target given\n"),
        (("--to", "spl"), "error: give a rule file, or a query with --query\n"),
        (("x.toml", "-q", "a:b", "--to", "spl"), "error: give either files or --query, not both\n"),
    ):
        done = kqlx("explain", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(message)


QUERY_WITH_A_BADGE = "event.dataset:o365.audit and event.action:MailItemsAccessed and acme.badge:1"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--unmapped", "keep"], '→ acme.badge="1"'),
        (["--unmapped", "comment"], "acme.badge has no counterpart"),
        (["--mapping", "own.yml"], '→ Badge="1"'),
        (["--config", "own/kqlx.yml"], '→ Badge="1"'),
        (["--unmapped", "keep", "--exact"], "→ isnotnull(mvfind(Operation, "),
    ],
)
def test_it_takes_what_conversions_take(tmp_path: Path, options: list[str], expected: str) -> None:
    (tmp_path / "own").mkdir()
    pack = (
        "source: o365.audit\n"
        "targets: {spl: [{base: 'sourcetype=\"o365:management:activity\"',"
        " fields: {acme.badge: Badge}}]}\n"
    )
    (tmp_path / "own.yml").write_text(pack, "utf-8")
    (tmp_path / "own/kqlx.yml").write_text("mappings: [../own.yml]\n", "utf-8")
    done = kqlx("explain", "--to", "spl", *options, "-q", QUERY_WITH_A_BADGE, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert expected in done.stdout


def test_settings_beside_the_rule_say_the_target(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "rule.toml").write_text(Path(RULE).read_text("utf-8"), "utf-8")
    (folder / "kqlx.yml").write_text("to: [sigma]\n", "utf-8")
    done = kqlx("explain", "rules/rule.toml", cwd=tmp_path)
    assert (done.returncode, done.stdout.partition(":")[0]) == (0, "sigma"), done.stderr
    again = kqlx("explain", "--to", "spl", "rules/rule.toml", cwd=tmp_path)
    assert again.stdout.startswith("spl: ")


def test_a_code_is_a_code_whatever_the_settings_say(tmp_path: Path) -> None:
    (tmp_path / "kqlx.yml").write_text("to: [sigma]\n", "utf-8")
    done = kqlx("explain", "star-in-quotes", cwd=tmp_path)
    assert (done.returncode, done.stdout.partition(":")[0]) == (0, "lint [star-in-quotes]")


def test_a_code_is_a_code_whatever_the_target(tmp_path: Path) -> None:
    done = kqlx("explain", "[lint: star-in-quotes]", "--to", "spl", cwd=tmp_path)
    assert (done.returncode, done.stdout.partition(":")[0]) == (0, "lint [star-in-quotes]")
    assert "--to is unused" in done.stderr
    (tmp_path / "star-in-quotes").write_text('{"type": "query", "query": "a:b"}', "utf-8")
    rule = kqlx("explain", "star-in-quotes", "--to", "spl", "--source", "none", cwd=tmp_path)
    assert rule.stdout.startswith("spl: "), rule.stderr
    missing = kqlx("explain", "star-in-quote", "--to", "spl", cwd=tmp_path)
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "star-in-quote: no such file or folder" in missing.stderr


def test_a_broken_rule_does_not_stop_the_others(tmp_path: Path) -> None:
    queries = ("a:b", "a:(b", "c:d")
    lines = [f'{{"type": "query", "name": "n{n}", "query": "{q}"}}' for n, q in enumerate(queries)]
    (tmp_path / "rules.ndjson").write_text("\n".join(lines), "utf-8")
    options = ("explain", "--to", "spl", "--source", "none")
    done = kqlx(*options, "rules.ndjson", cwd=tmp_path)
    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if line.startswith("spl: ")] == [
        "spl: n0",
        "spl: n2",
    ]
    assert done.stderr.startswith("rules.ndjson:2:")
    again = kqlx(*options, "-", cwd=tmp_path, input="\n".join(lines))
    assert (again.returncode, again.stdout) == (1, done.stdout)
