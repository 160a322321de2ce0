"""A team and its rules, from the first conversion to a pull request that makes a rule narrower."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ci.repository import STARTED, Done, Repository

SHELL = STARTED + "process.name:cmd.exe"
ENCODED = STARTED + 'process.args:"-enc"'  # a word of the command line: wider
UNCODED = STARTED + "not process.args:-e*n*c"  # the same below a not: narrower
CHECK = ("convert", "--check", "--baseline", "kqlx-baseline.json", "--out", "converted", "rules/")
CONVERT = ("convert", "--out", "converted", "rules/")


def said(done: Done, *parts: str) -> None:
    for part in parts:
        assert part in done.err, done.err


@pytest.fixture(scope="module")
def first_team(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with its first rules, and with a file that is none."""
    team = Repository.new(tmp_path_factory.mktemp("new"))
    team.rule("shell", SHELL)
    team.rule("encoded", ENCODED)
    team.rule("uncoded", UNCODED)
    team.rule("sequence", "any where true", "esql")
    team.write("rules/README.md", "# Our rules\n")
    team.write("rules/package.json", '{"name": "rules"}\n')
    team.write("kqlx.yml", "to: spl\n")
    team.commit("Rules")
    return team


@pytest.fixture(scope="module")
def ported_team(first_team: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The same, converted, with what is known recorded."""
    team = first_team.copied_to(tmp_path_factory.mktemp("ported"))
    assert team.kqlx(*CONVERT).status == 1
    recorded = team.kqlx(*CONVERT, "--baseline", "kqlx-baseline.json", "--update-baseline")
    assert recorded.status == 0, recorded
    team.commit("Converted rules")
    return team


@pytest.fixture
def ported(ported_team: Repository, tmp_path: Path) -> Repository:
    return ported_team.copied_to(tmp_path)


def test_the_first_conversion_says_what_did_not_come_over(team: Repository) -> None:
    done = team.kqlx(*CONVERT)
    assert (done.status, done.out) == (1, "")
    said(
        done,
        "rules/encoded.toml: warning: spl: process.args: matched as a whole word anywhere",
        "rules/uncoded.toml: error: spl: the result would be narrower: process.args",
        "3 rules: spl 2 converted (1 coverage, 1 wider), 1 refused; 1 skipped (1 esql)"
        "; 1 file without a rule\n",
    )
    files = {path.name for path in (team.folder / "converted").iterdir()}
    assert files == {"shell.spl", "encoded.spl", ".kqlx-manifest.json"}


def test_what_is_known_passes_and_is_told_all_the_same(ported: Repository) -> None:
    assert ported.kqlx("convert", "--check", "--out", "converted", "rules/").status == 1
    done = ported.kqlx(*CHECK)
    assert done.status == 0, done
    said(done, "rules/uncoded.toml: error: spl: the result would be narrower")
    quiet = ported.kqlx(*CHECK, "--quiet")
    assert quiet.status == 0
    assert "README" not in quiet.err and "sequence" not in quiet.err


def test_a_second_conversion_changes_no_byte(ported: Repository) -> None:
    for jobs in ("1", "2"):
        assert ported.kqlx(*CONVERT, "--jobs", jobs).status == 1
        assert ported.run("git", "status", "--porcelain").out == ""


def test_a_rule_whose_conversion_was_forgotten_stops_the_pull_request(ported: Repository) -> None:
    ported.rule("shell", STARTED + "process.name:(cmd.exe or pwsh.exe)")
    done = ported.kqlx(*CHECK, "--quiet")
    assert done.status == 1
    said(done, "converted/shell.spl: ")
    assert "encoded.spl" not in done.err
    assert ported.run("git", "status", "--porcelain").out == " M rules/shell.toml\n"
    ported.kqlx(*CONVERT)
    assert ported.kqlx(*CHECK).status == 0
    changed = ported.run("git", "status", "--porcelain").out.split()
    assert {"rules/shell.toml", "converted/shell.spl"} <= {*changed}


def test_a_converted_file_that_somebody_edits_stops_it(ported: Repository) -> None:
    path = ported.folder / "converted/shell.spl"
    path.write_text(path.read_text("utf-8") + "| head 1\n", encoding="utf-8")
    done = ported.kqlx(*CHECK, "--quiet")
    assert done.status == 1
    said(done, "converted/shell.spl: edited")
    assert ported.kqlx(*CONVERT).status == 2  # what a person wrote is not overwritten
    assert "| head 1" in path.read_text("utf-8")


def test_a_pull_request_that_makes_a_rule_narrower_fails(ported: Repository) -> None:
    """The rule was exact. It is refused now, and its old file would stay live: both are said."""
    ported.rule("shell", SHELL + " and not process.args:-e*n*c")
    done = ported.kqlx(*CHECK, "--quiet")
    assert done.status == 1
    said(
        done,
        "rules/shell.toml: error: spl: the result would be narrower: process.args",
        "rules/shell.toml: error: spl: refused, but coverage in the baseline",
        "converted/shell.spl: stale",
    )
    assert "uncoded.toml: error: spl: refused" not in done.err  # known, and no worse


def test_a_loss_that_is_accepted_is_still_no_secret(ported: Repository) -> None:
    """Somebody accepts ``narrower`` for all rules: what was not so before fails in review."""
    ported.write("kqlx.yml", "to: spl\naccept: [narrower]\n")
    assert ported.kqlx(*CONVERT).status == 0
    ported.rule("shell", SHELL + " and not process.args:-e*n*c")
    assert ported.kqlx(*CONVERT).status == 0
    done = ported.kqlx(*CHECK, "--quiet")
    assert done.status == 1
    said(done, "rules/shell.toml: error: spl: narrower, but coverage in the baseline")
    assert ported.kqlx(*CHECK[:-1], "rules/encoded.toml").status == 0  # looks at this one alone

    # Who takes the loss on says so in the repository, where a reviewer sees it.
    ported.kqlx(*CONVERT, "--baseline", "kqlx-baseline.json", "--update-baseline")
    assert ported.kqlx(*CHECK, "--quiet").status == 0
    change = ported.run("git", "diff", "--unified=0", "kqlx-baseline.json").out
    assert '"coverage"' in change and '"narrower"' in change


def test_a_rule_that_gets_better_passes(ported: Repository) -> None:
    ported.rule("uncoded", SHELL + " and user.name:alice")
    assert ported.kqlx(*CHECK).status == 1  # its file is missing
    ported.kqlx(*CONVERT)
    assert ported.kqlx(*CHECK).status == 0


def test_a_new_rule_must_be_as_good_as_any(ported: Repository) -> None:
    ported.rule("new", UNCODED)
    done = ported.kqlx(*CHECK, "--quiet")
    assert done.status == 1
    said(done, "rules/new.toml: error: spl: refused, not in the baseline")


def test_a_rule_that_is_deleted_takes_its_file_along(ported: Repository) -> None:
    (ported.folder / "rules/encoded.toml").unlink()
    done = ported.kqlx(*CHECK, "--quiet")
    assert done.status == 1
    said(done, "converted/encoded.spl: stale")
    pruned = ported.kqlx(*CONVERT, "--prune")
    said(pruned, "converted/encoded.spl: removed")
    assert not (ported.folder / "converted/encoded.spl").exists()
    assert ported.kqlx(*CHECK).status == 0


def test_the_manifest_leads_from_a_rule_to_its_file(ported: Repository) -> None:
    manifest = json.loads((ported.folder / "converted/.kqlx-manifest.json").read_text("utf-8"))
    files = manifest["files"]
    assert set(files) == {"shell.spl", "encoded.spl"}
    assert "rules/shell.toml" in json.dumps(files["shell.spl"])


def test_a_reviewer_sees_what_a_pull_request_changes(ported: Repository) -> None:
    """The old rules are those of the main branch, in a checkout of their own."""
    ported.run("git", "worktree", "add", "--quiet", "--detach", "../before", "main")
    diff = ("diff", "../before/rules", "rules")
    assert ported.kqlx(*diff) == Done(0, "0 rules changed; 4 unchanged\n", "")

    ported.rule("shell", "process.name:cmd.exe and event.code:1 and " + STARTED + "event.code:1")
    reworded = ported.kqlx(*diff, "--fail-on", "meaning,worse")
    assert reworded.status == 0, reworded

    ported.rule("shell", SHELL + " and not process.args:-e*n*c")
    narrower = ported.kqlx(*diff, "--fail-on", "meaning,worse")
    assert narrower.status == 1
    assert narrower.out.startswith("rules/shell.toml: meaning (query): Shell\n")
    assert "\n    +  not process.args:-e*n*c\n" in narrower.out
    refused = "  spl: coverage -> refused (worse): the result would be narrower: process.args"
    assert refused in narrower.out
    # A loss that somebody accepts for all rules is seen where it is taken on: in the settings.
    ported.write("kqlx.yml", "to: spl\naccept: [narrower]\n")
    accepted = ported.kqlx(*diff)
    assert accepted.status == 1
    assert "  spl: coverage -> narrower (worse, another query): " in accepted.out
    assert (
        "rules/uncoded.toml: changed: Uncoded\n  spl: refused -> narrower (better)" in accepted.out
    )


def test_a_team_without_converted_files_checks_its_rules(ported: Repository) -> None:
    (ported.folder / "converted/shell.spl").unlink()
    check = ("check", "--quiet", "--baseline", "kqlx-baseline.json", "rules/")
    done = ported.kqlx(*check)
    assert done.status == 0, done
    ported.rule("shell", SHELL + " and not process.args:-e*n*c")
    worse = ported.kqlx(*check)
    assert worse.status == 1
    assert "rules/shell.toml: error: spl: refused, but coverage in the baseline" in worse.out
    assert not (ported.folder / "converted/shell.spl").exists()
