"""What is on disk is what is meant: stale files, ``--prune`` and ``--check``."""

from __future__ import annotations

from pathlib import Path

import pytest

from kqlx.rules.file_search import MANIFEST
from tests.batch.runs import convert, digest, files, manifest, rule

REFUSED = "whoami"
"""Text without a field, which no search for fields can say."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Two rules, converted."""
    rule(tmp_path / "rules", "one")
    rule(tmp_path / "rules", "two")
    done = convert("rules", "-o", "dist", cwd=tmp_path)
    assert (done.status, done.out) == (0, "")
    assert files(tmp_path / "dist") == ["one.spl", "two.spl"]
    return tmp_path


@pytest.mark.parametrize("quiet", [(), ("--quiet",)])
def test_the_file_of_a_rule_that_is_refused_now(place: Path, quiet: tuple[str, ...]) -> None:
    rule(place / "rules", "two", REFUSED)
    run = convert("rules", "-o", "dist", *quiet, cwd=place)
    assert run.status == 1
    assert "dist/two.spl: stale: its rule is now refused\n  hint: --prune removes" in run.said
    assert files(place / "dist") == ["one.spl", "two.spl"]
    again = convert("rules", "-o", "dist", *quiet, cwd=place)
    assert "dist/two.spl: stale" in again.said
    only = convert(
        "rules", "-o", "dist", "--fail-on", "refused,failed", "--fail-on", "wider", cwd=place
    )
    assert only.status == 1
    assert convert("rules", "-o", "dist", "--fail-on", "never", cwd=place).status == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"query": "any where true", "language": "esql", "type": "esql"},
            "its rule is now skipped",
        ),
        ({"query": "a:b:c"}, "its rule is now broken"),
    ],
)
def test_the_file_of_a_rule_that_is_none_now(
    place: Path, change: dict[str, str], reason: str
) -> None:
    rule(place / "rules", "two", **change)
    run = convert("rules", "-o", "dist", cwd=place)
    assert f"dist/two.spl: stale: {reason}" in run.said
    assert run.status == 1
    (place / "rules/two.toml").write_text("[package]\nname = 'x'\n", "utf-8")
    run = convert("rules", "-o", "dist", cwd=place)
    assert "dist/two.spl: stale: its rule file no longer has a rule" in run.said
    assert run.status == 1


def test_the_file_of_a_rule_that_is_excluded_now(place: Path) -> None:
    run = convert("rules", "-o", "dist", "--exclude", "two.toml", cwd=place)
    assert "dist/two.spl: stale: its rule rules/two.toml is excluded" in run.said
    assert run.status == 1


def test_the_file_of_a_rule_that_is_gone_or_renamed(place: Path) -> None:
    (place / "rules/two.toml").rename(place / "rules/three.toml")
    run = convert("rules", "-o", "dist", cwd=place)
    assert run.status == 1
    assert "dist/two.spl: stale: its rule rules/two.toml is gone" in run.said
    assert files(place / "dist") == ["one.spl", "three.spl", "two.spl"]
    run = convert("rules", "-o", "dist", "--prune", cwd=place)
    assert run.status == 0
    assert "dist/two.spl: removed" in run.said
    assert files(place / "dist") == ["one.spl", "three.spl"]
    assert set(manifest(place / "dist")) == {"one.spl", "three.spl"}
    assert convert("rules", "-o", "dist", "--check", cwd=place).status == 0


def test_the_last_rule_of_a_folder_is_gone(place: Path) -> None:
    rule(place / "rules", "one", REFUSED)
    (place / "rules/two.toml").unlink()
    run = convert("rules", "-o", "dist", "--prune", cwd=place)
    assert files(place / "dist") == []
    assert run.said.count("removed") == 3  # each file, and their number
    assert manifest(place / "dist") == {}


def test_an_edited_file_is_not_pruned_unless_forced(place: Path) -> None:
    (place / "rules/two.toml").unlink()
    (place / "dist/two.spl").write_text("mine\n", "utf-8")
    run = convert("rules", "-o", "dist", "--prune", cwd=place)
    assert run.status == 2
    assert "error: dist/two.spl: not removed: the file was changed since kqlx wrote it" in run.said
    assert (place / "dist/two.spl").read_text("utf-8") == "mine\n"
    assert "two.spl" in manifest(place / "dist")
    assert convert("rules", "-o", "dist", "--prune", "--force", cwd=place).status == 0
    assert files(place / "dist") == ["one.spl"]


def test_files_that_are_not_kqlxs_are_never_pruned(place: Path) -> None:
    (place / "dist/readme.spl").write_text("mine\n", "utf-8")
    (place / "rules/two.toml").unlink()
    assert convert("rules", "-o", "dist", "--prune", cwd=place).status == 0
    assert files(place / "dist") == ["one.spl", "readme.spl"]


def test_a_stale_file_that_somebody_removed_is_forgotten(place: Path) -> None:
    (place / "rules/two.toml").unlink()
    (place / "dist/two.spl").unlink()
    run = convert("rules", "-o", "dist", cwd=place)
    assert (run.status, "stale" in run.said) == (0, False)
    assert set(manifest(place / "dist")) == {"one.spl"}


def test_a_run_over_a_part_says_nothing_of_the_rest(place: Path) -> None:
    rule(place / "others", "three")
    (place / "rules/two.toml").unlink()
    for paths in (["rules/one.toml"], ["others"]):
        run = convert(*paths, "-o", "dist", cwd=place)
        assert (run.status, "stale" in run.said) == (0, False), run.said
    assert set(manifest(place / "dist")) == {"one.spl", "two.spl", "three.spl"}


def test_files_of_other_targets_and_formats_are_none_of_its_business(place: Path) -> None:
    done = convert("rules", "-o", "dist", to="sentinel", cwd=place)
    assert done.status == 0
    (place / "rules/two.toml").unlink()
    run = convert("rules", "-o", "dist", to="sentinel", cwd=place)
    assert run.said.count("stale") == 2  # the file, and the number
    assert "dist/two.kql: stale" in run.said


def test_a_folder_for_each_target_ends_with_its_last_file(place: Path) -> None:
    assert convert("rules", "-o", "all", to="spl,es", cwd=place).status == 0
    rule(place / "rules", "one", REFUSED)
    (place / "rules/two.toml").unlink()
    run = convert("rules", "-o", "all", "--prune", to="spl,es", cwd=place)
    assert run.status == 1  # one is refused for Splunk
    assert files(place / "all") == ["elasticsearch/one.json"]
    assert not (place / "all/spl").exists()


# --check


def test_check_passes_where_all_is_as_it_should_be(place: Path) -> None:
    before = digest(place)
    run = convert("rules", "-o", "dist", "--check", cwd=place)
    assert (run.status, digest(place)) == (0, before)
    assert run.said.splitlines()[-1].startswith("2 rules: spl 2 converted")


def test_check_finds_what_is_missing_stale_edited_or_orphaned(place: Path) -> None:
    rule(place / "rules", "one", "process.name:b")  # its file is stale
    rule(place / "rules", "three")  # has no file
    rule(place / "rules", "four")
    (place / "dist/four.spl").write_text("mine\n", "utf-8")  # not written by kqlx
    (place / "rules/two.toml").unlink()  # its file is orphaned
    rule(place / "rules", "five")
    assert convert("rules/five.toml", "-o", "dist", cwd=place).status == 0
    with (place / "dist/five.spl").open("a", encoding="utf-8") as file:
        file.write("edited\n")
    before = digest(place)
    run = convert("rules", "-o", "dist", "--check", "--quiet", cwd=place)
    assert (run.status, digest(place)) == (1, before)
    assert run.said.splitlines() == [
        "dist/five.spl: edited",
        "dist/four.spl: edited: not written by kqlx",
        "dist/one.spl: stale: its rule now makes another file",
        "dist/three.spl: missing",
        "dist/two.spl: stale: its rule rules/two.toml is gone",
    ]


def test_check_of_a_folder_that_is_not_there_writes_none(place: Path) -> None:
    run = convert("rules", "-o", "new", "--check", cwd=place)
    assert (run.status, run.said.count("missing")) == (1, 3)
    assert not (place / "new").exists()


def test_check_takes_a_link_for_no_file_of_its_own(place: Path) -> None:
    (place / "dist/one.spl").rename(place / "elsewhere")
    (place / "dist/one.spl").symlink_to(place / "elsewhere")
    run = convert("rules", "-o", "dist", "--check", cwd=place)
    assert (run.status, "one.spl: edited: not a plain file" in run.said) == (1, True)


@pytest.mark.parametrize("more", [("--force",), ("--prune",)])
def test_check_goes_with_nothing_that_writes(place: Path, more: tuple[str, ...]) -> None:
    before = digest(place)
    run = convert("rules", "-o", "dist", "--check", *more, cwd=place)
    assert (run.status, digest(place)) == (2, before)
    assert "--check writes nothing" in run.said


@pytest.mark.parametrize("option", ["--force", "--prune", "--check"])
def test_options_for_files_need_a_folder(place: Path, option: str) -> None:
    run = convert("rules", option, cwd=place)
    assert (run.status, run.said) == (2, f"error: {option} needs --out\n")


# The manifest keeps what is known of a file


def test_the_manifest_says_what_each_file_is_of(place: Path) -> None:
    entry = manifest(place / "dist")["one.spl"]
    assert entry["rules"] == [{"path": "../rules/one.toml", "id": "one", "name": "one"}]
    assert (entry["target"], entry["format"], entry["fidelity"]) == ("spl", "query", "case")
    assert entry["codes"] == ["case-folded"]
    text = (place / "dist" / MANIFEST).read_text("utf-8")
    assert convert("rules", "-o", "dist", cwd=place).status == 0
    assert (place / "dist" / MANIFEST).read_text("utf-8") == text


def test_a_run_for_one_of_several_targets_keeps_to_its_folder(tmp_path: Path) -> None:
    rule(tmp_path / "rules", "one")
    assert convert("rules", "-o", "out", cwd=tmp_path, to="spl,sigma").status == 0
    before = files(tmp_path / "out")
    for more in ((), ("--check",), ("--prune",)):
        run = convert("rules", "-o", "out", *more, cwd=tmp_path, to="sigma")
        assert (run.status, "stale" in run.said) == (0, False), run.said
        assert files(tmp_path / "out") == before
    rule(tmp_path / "rules", "two")
    assert convert("rules", "-o", "out", cwd=tmp_path, to="sigma").status == 0
    assert files(tmp_path / "out") == sorted([*before, "sigma/two.yml"])
