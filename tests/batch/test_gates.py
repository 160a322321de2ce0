"""What makes a run fail: conditions, and what became worse than recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kqlx.batch.exit_policy import CONDITIONS
from tests.batch.runs import Ran, convert, kqlx, rule

REFUSED = "whoami"
MAPPED = "event.dataset:o365.audit and "
NARROWER = MAPPED + "event.code:SharePoint*"
"""A rule whose result for Splunk misses events."""
GOOD = MAPPED + "user.id:a"


def run(*arguments: str, cwd: Path) -> Ran:
    return kqlx("convert", "--to", "spl", *arguments, cwd=cwd)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    rule(tmp_path / "rules", "good", GOOD)
    return tmp_path


@pytest.mark.parametrize(
    ("change", "options", "status"),
    [
        ({}, (), 0),
        ({"query": REFUSED}, (), 1),
        ({"query": REFUSED}, ("--fail-on", "failed"), 0),
        ({"query": REFUSED}, ("--fail-on", "never"), 0),
        ({"query": "a:b:c"}, (), 1),
        ({"query": "a:b:c"}, ("--fail-on", "refused"), 0),
        ({"query": "a:b:c"}, ("--fail-on", "refused,failed"), 1),
        ({"language": "esql", "type": "esql"}, (), 0),
        ({"language": "esql", "type": "esql"}, ("--fail-on", "skipped"), 1),
        ({"query": NARROWER}, (), 1),
        ({"query": NARROWER}, ("--accept", "narrower"), 0),
        ({"query": NARROWER}, ("--accept", "narrower", "--fail-on", "narrower"), 1),
        ({"query": GOOD}, ("--fail-on", "coverage"), 1),
        ({"query": GOOD}, ("--fail-on", "wider", "--fail-on", "different"), 0),
        ({"query": GOOD}, ("--fail-on", "wider,coverage"), 1),
    ],
)
def test_conditions(
    place: Path, change: dict[str, str], options: tuple[str, ...], status: int
) -> None:
    rule(place / "rules", "other", **{"query": GOOD, **change})
    found = run("rules", *options, cwd=place)
    assert found.status == status, found.said


@pytest.mark.parametrize("text", ["refusd", "never,refused", "", "same"])
def test_conditions_that_there_are_not(place: Path, text: str) -> None:
    found = run("rules", "--fail-on", text, cwd=place)
    assert (found.status, found.out) == (2, "")
    assert "--fail-on: unknown condition" in found.said or "--fail-on: never" in found.said


def test_conditions_are_those_of_the_help() -> None:
    text = " ".join(kqlx("convert", "--help").out.split())
    assert all(condition in text for condition in CONDITIONS)


# Baselines


def recorded(place: Path, *options: str) -> None:
    done = run("rules", *options, "--baseline", "kqlx.json", "--update-baseline", cwd=place)
    assert done.status == 0, done.said


def test_what_is_recorded_passes_and_what_is_worse_fails(place: Path) -> None:
    rule(place / "rules", "bad", REFUSED)
    assert run("rules", cwd=place).status == 1
    recorded(place)
    data = json.loads((place / "kqlx.json").read_text("utf-8"))
    assert data == {"rules": {"bad": {"spl": "refused"}, "good": {"spl": "coverage"}}, "version": 1}
    same = run("rules", "--baseline", "kqlx.json", cwd=place)
    assert (same.status, "worse-than-baseline" in same.said) == (0, False)
    rule(place / "rules", "good", REFUSED)
    worse = run("rules", "--baseline", "kqlx.json", "--quiet", cwd=place)
    assert worse.status == 1
    assert "refused, but coverage in the baseline [worse-than-baseline]" in worse.said
    assert worse.said.count("worse-than-baseline") == 1
    rule(place / "rules", "good", "a:b:c")
    broken = run("rules", "--baseline", "kqlx.json", cwd=place)
    assert broken.status == 1


def test_a_worse_effect_that_is_accepted_is_worse_all_the_same(place: Path) -> None:
    recorded(place)
    rule(place / "rules", "good", NARROWER)
    found = run("rules", "--accept", "narrower", "--baseline", "kqlx.json", cwd=place)
    assert found.status == 1
    assert "narrower, but coverage in the baseline" in found.said
    assert run("rules", "--accept", "narrower", cwd=place).status == 0


def test_what_became_better_passes(place: Path) -> None:
    rule(place / "rules", "bad", REFUSED)
    recorded(place)
    rule(place / "rules", "bad", GOOD)
    assert run("rules", "--baseline", "kqlx.json", cwd=place).status == 0
    (place / "rules/bad.toml").unlink()
    assert run("rules", "--baseline", "kqlx.json", cwd=place).status == 0


@pytest.mark.parametrize(("query", "status"), [(GOOD, 0), (NARROWER, 1), (REFUSED, 1)])
def test_a_new_rule_must_be_no_worse_than_wider(place: Path, query: str, status: int) -> None:
    recorded(place)
    rule(place / "rules", "new", query)
    found = run("rules", "--accept", "narrower", "--baseline", "kqlx.json", cwd=place)
    assert (found.status, "not in the baseline" in found.said) == (status, bool(status))


def test_a_rule_is_known_by_its_id_when_its_file_moves(place: Path) -> None:
    rule(place / "rules", "bad", REFUSED)
    recorded(place)
    (place / "rules/deep").mkdir()
    (place / "rules/bad.toml").rename(place / "rules/deep/other_name.toml")
    assert run("rules", "--baseline", "kqlx.json", cwd=place).status == 0


def test_the_file_is_the_same_in_whatever_order(place: Path) -> None:
    rule(place / "rules", "bad", REFUSED)
    recorded(place)
    first = (place / "kqlx.json").read_bytes()
    paths = ["rules/good.toml", "rules/bad.toml"]
    run(*paths, "--baseline", "kqlx.json", "--update-baseline", cwd=place)
    assert (place / "kqlx.json").read_bytes() == first


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"version": "2", "rules": {}}', '{"version": 1, "rules": []}', "[" * 100_000,
     '{"version": 1, "rules": {"a": {"spl": "good"}}}'],
)  # fmt: skip
def test_a_file_that_is_no_baseline(place: Path, text: str) -> None:
    (place / "kqlx.json").write_text(text, "utf-8")
    found = run("rules", "--baseline", "kqlx.json", cwd=place)
    assert (found.status, found.said) == (2, "error: kqlx.json: not a baseline of kqlx\n")


@pytest.mark.parametrize("options", [(), ("--update-baseline",)])
def test_a_baseline_of_a_later_version_is_told_and_kept(
    place: Path, options: tuple[str, ...]
) -> None:
    text = '{"version": 2, "rules": {"good": {"spl": "perfect"}}}'
    (place / "kqlx.json").write_text(text, "utf-8")
    found = run("rules", "--baseline", "kqlx.json", *options, cwd=place)
    assert (found.status, found.out) == (2, "")
    assert found.said == (
        "error: kqlx.json: of a later version of kqlx\n"
        "  hint: update kqlx, or give --baseline another name\n"
    )
    assert (place / "kqlx.json").read_text("utf-8") == text


def test_an_update_over_a_part_keeps_what_is_recorded_of_the_others(place: Path) -> None:
    rule(place / "rules", "bad", REFUSED)
    recorded(place, "--to", "sigma")
    before = json.loads((place / "kqlx.json").read_text("utf-8"))["rules"]
    assert {*before["bad"]} == {"spl", "sigma"}
    rule(place / "rules", "bad", GOOD)
    arguments = ("--baseline", "kqlx.json", "--update-baseline")
    found = run("rules/bad.toml", *arguments, cwd=place)
    assert found.said.endswith(
        "kqlx.json: what it had of 1 rule not converted now stays; remove the file first to drop"
        " it\n"
    )
    after = json.loads((place / "kqlx.json").read_text("utf-8"))["rules"]
    assert after == {**before, "bad": {"sigma": "refused", "spl": "coverage"}}
    assert run("rules", "--baseline", "kqlx.json", cwd=place).status == 0
    assert "stays" not in run("rules", *arguments, cwd=place).said
    assert "stays" not in run("rules/bad.toml", "--quiet", *arguments, cwd=place).said


def test_what_cannot_be_read_keeps_its_record(place: Path) -> None:
    rule(place / "rules", "bad", REFUSED)
    recorded(place)
    before = (place / "kqlx.json").read_bytes()
    arguments = ("--baseline", "kqlx.json", "--update-baseline")
    found = run("rules", "no/such.toml", *arguments, cwd=place)
    assert found.status == 2
    assert (place / "kqlx.json").read_bytes() == before


def test_a_rule_that_is_no_longer_broken_has_no_record_of_that(place: Path) -> None:
    rule(place / "rules", "good", "a:b:c")
    recorded(place)
    rule(place / "rules", "good", GOOD)
    recorded(place)
    found = json.loads((place / "kqlx.json").read_text("utf-8"))["rules"]
    assert found == {"good": {"spl": "coverage"}}


def test_a_broken_rule_that_can_be_read_now_is_no_worse(place: Path) -> None:
    """It is known by its file as long as its id cannot be read."""
    path = rule(place / "rules", "other", REFUSED)
    text = path.read_text("utf-8")
    path.write_text(f"{text}new_terms_fields = 5\n", "utf-8")
    recorded(place)
    path.write_text(text, "utf-8")
    found = run("rules", "--baseline", "kqlx.json", cwd=place)
    assert found.status == 0, found.said
    update = run("rules", "--baseline", "kqlx.json", "--update-baseline", cwd=place)
    assert "stays" not in update.said
    records = json.loads((place / "kqlx.json").read_text("utf-8"))["rules"]
    assert records == {"good": {"spl": "coverage"}, "other": {"spl": "refused"}}
    rule(place / "rules", "good", "a:b:c")
    assert run("rules", "--baseline", "kqlx.json", cwd=place).status == 1


@pytest.mark.parametrize(
    ("before", "now", "names", "status", "word"),
    [
        (GOOD, NARROWER, "refused", 0, "warning"),
        (GOOD, NARROWER, "narrower", 1, "error"),
        (GOOD, REFUSED, "refused,narrower", 1, "error"),
        (GOOD, REFUSED, "never", 0, "warning"),
        (GOOD, NARROWER, "skipped,stale,lint", 1, "error"),
        ("", NARROWER, "lint", 1, "error"),
        (GOOD, "a:b:c", "refused", 0, ""),
        (GOOD, "a:b:c", "failed", 1, "error"),
        (GOOD, GOOD, "coverage", 0, ""),
        (NARROWER, NARROWER, "narrower", 0, ""),
        ("", GOOD, "coverage", 1, "error"),
        ("", NARROWER, "refused", 0, ""),
        ("", REFUSED, "refused", 1, "error"),
    ],
)
def test_named_conditions_say_what_fails_of_what_is_worse(
    place: Path, before: str, now: str, names: str, status: int, word: str
) -> None:
    if before:
        rule(place / "rules", "other", before)
    recorded(place, "--accept", "narrower")
    rule(place / "rules", "other", now)
    options = ("--accept", "narrower", "--baseline", "kqlx.json", "--fail-on", names)
    found = run("rules", *options, cwd=place)
    lines = [line for line in found.said.splitlines() if "[worse-than-baseline]" in line]
    assert (found.status, len(lines)) == (status, int(bool(word))), found.said
    assert all(f": {word}: " in line for line in lines)


def test_conditions_that_no_baseline_records_hold_beside_one(place: Path) -> None:
    rule(place / "rules", "other", "any where true", language="esql", type="esql")
    recorded(place)
    baseline = ("--baseline", "kqlx.json")
    assert run("rules", *baseline, cwd=place).status == 0
    assert run("rules", *baseline, "--fail-on", "skipped", cwd=place).status == 1
    assert run("rules/other.toml", *baseline, cwd=place).status == 1
    assert run("rules/other.toml", cwd=place).status == 1


def test_baselines_that_are_not_there_or_cannot_be_written(place: Path) -> None:
    missing = run("rules", "--baseline", "kqlx.json", cwd=place)
    assert (missing.status, "--update-baseline writes it" in missing.said) == (2, True)
    lone = run("rules", "--update-baseline", cwd=place)
    assert (lone.status, "--baseline" in lone.said) == (2, True)
    lost = run("rules", "--baseline", "no/such.json", "--update-baseline", cwd=place)
    assert (lost.status, "no/such.json: cannot be written" in lost.said) == (2, True)
    assert convert("rules", "--baseline", ".", cwd=place).status == 2


# What is true of many rules alike is said once


def test_what_a_destination_may_lack_is_said_once(place: Path) -> None:
    for number in range(3):
        rule(place / "rules", f"more_{number}", GOOD)
    found = run("rules", cwd=place)
    lines = [line for line in found.said.splitlines() if "table-coverage" in line]
    assert len(lines) == 1
    assert lines[0].startswith("note: spl: 4 rules: ")
    loud = run("rules", "-v", cwd=place)
    assert loud.said.count("table-coverage") == 4
    assert run("rules", "--quiet", cwd=place).said == ""
    assert "table-coverage" not in run("rules", "--ignore", "table-coverage", cwd=place).said
    one = run("rules/good.toml", cwd=place)
    assert "rules/good.toml: note: spl: " in one.said


def test_a_baseline_replaces_no_other_file(place: Path) -> None:
    path = rule(place / "rules", "other", GOOD)
    before = path.read_bytes()
    found = run("rules", "--baseline", "rules/other.toml", "--update-baseline", cwd=place)
    assert (found.status, found.out) == (2, "")
    assert found.said == (
        "error: rules/other.toml: not a baseline of kqlx\n"
        "  hint: remove the file, or give --baseline another name\n"
    )
    assert path.read_bytes() == before
    (place / "empty.json").touch()
    assert run("rules", "--baseline", "empty.json", "--update-baseline", cwd=place).status == 0


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_of_several_rules_of_one_id_the_worst_is_recorded(place: Path, names: str) -> None:
    for name, query in zip(names, (GOOD, REFUSED), strict=True):
        rule(place / "rules", name, query, rule_id="same")
    run("rules", "--baseline", "b.json", "--update-baseline", cwd=place)
    found = run("rules", "--baseline", "b.json", cwd=place)
    assert found.status == 0, found.said
