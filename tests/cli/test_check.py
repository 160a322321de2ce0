"""``kqlx check``: what a conversion would lose and which queries are doubtful, without results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.batch.runs import Ran, digest, kqlx, rule
from tests.conftest import ROOT

SCHEMA = json.loads((ROOT / "docs/report.schema.json").read_text("utf-8"))
STARTED = "event.dataset:windows.sysmon_operational and event.code:1 and "
GOOD = STARTED + "process.name:cmd.exe"
WIDER = STARTED + 'process.args:"-enc"'
REFUSED = STARTED + "not process.args:-e*n*c"
DOUBTFUL = STARTED + 'process.name:"cmd*"'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a rule of each fate."""
    for name, query in (("good", GOOD), ("wider", WIDER), ("doubtful", DOUBTFUL)):
        rule(tmp_path / "rules", name, query)
    rule(tmp_path / "rules", "sequence", "any where true", language="esql")
    return tmp_path


def check(place: Path, *arguments: str, to: str = "spl") -> Ran:
    before = digest(place)
    ran = kqlx("check", "--to", to, *arguments, cwd=place)
    if "--report" not in arguments and "--update-baseline" not in arguments:
        assert digest(place) == before
    return ran


def test_what_is_found_is_the_result_and_nothing_is_written(place: Path) -> None:
    ran = check(place, "rules")
    assert (ran.status, ran.said) == (0, "")
    assert "rules/doubtful.toml:4: warning: line 1, column 76 in the query: a star" in ran.out
    assert "rules/wider.toml: warning: spl: process.args: matched as a whole word" in ran.out
    assert ran.out.endswith("3 rules: spl 3 converted (2 coverage, 1 wider); 1 skipped (1 esql)\n")
    assert "sourcetype" not in ran.out.replace("source type", "")


def test_it_tells_what_convert_tells(place: Path) -> None:
    rule(place / "rules", "refused", REFUSED)
    for more in ([], ["--quiet"], ["-v"], ["--output-format", "concise"], ["--jobs", "2"]):
        told = check(place, *more, "rules", to="spl,sentinel")
        converted = kqlx("convert", "--to", "spl,sentinel", *more, "rules", cwd=place)
        assert told.out == converted.said, more
        assert told.status == converted.status == 1


def test_what_cannot_be_used_is_no_finding(place: Path) -> None:
    (place / "empty.toml").write_text("", "utf-8")
    (place / "broken.toml").write_text('[rule]\nquery = "a:b:c"\n', "utf-8")
    ran = check(place, "--index", "main", "rules/good.toml", "nofile", "empty.toml", "broken.toml")
    assert ran.status == 2
    assert [line for line in ran.said.splitlines() if not line.startswith("  hint: ")] == [
        "empty.toml: error: the file is empty",
        "error: nofile: no such file or folder",
    ]
    assert "empty" not in ran.out and "nofile" not in ran.out
    assert "broken.toml:2:13: error: " in ran.out, "a query that is no query is a finding"
    none = check(place, "nofile")
    assert (none.status, none.out) == (2, "")
    unused = check(place, "--new-terms", "lookup", "rules/good.toml")
    assert unused.said.startswith("warning: --new-terms changes nothing here: ")
    assert "--new-terms" not in unused.out


def test_lint_is_told_once_a_rule_whatever_the_targets(place: Path) -> None:
    for command in ("check", "convert"):
        ran = kqlx(command, "--to", "all", "--unmapped", "keep", "rules/doubtful.toml", cwd=place)
        assert (ran.out + ran.said).count("star-in-quotes") == 1


def test_doubtful_queries_fail_where_that_is_asked_for(place: Path) -> None:
    assert check(place, "--fail-on", "lint", "rules").status == 1
    assert check(place, "--fail-on", "lint", "rules/good.toml").status == 0
    baseline = ("--baseline", "known.json")
    assert check(place, *baseline, "--update-baseline", "rules").status == 0
    assert check(place, *baseline, "rules").status == 0
    assert check(place, *baseline, "--fail-on", "lint", "rules").status == 1


def test_a_baseline_is_that_of_convert(place: Path) -> None:
    baseline = ("--baseline", "known.json")
    rule(place / "rules", "refused", REFUSED)
    convert = ("convert", "--to", "spl", *baseline, "rules")
    assert kqlx(*convert, "--update-baseline", cwd=place).status == 0
    assert check(place, *baseline, "rules").status == 0
    rule(place / "rules", "good", REFUSED)
    worse = check(place, *baseline, "rules")
    assert worse.status == 1
    assert "rules/good.toml: error: spl: refused, but coverage in the baseline" in worse.out


@pytest.mark.parametrize("name", ["json", "jsonl", "sarif", "github", "markdown"])
def test_reports_for_programs_need_no_folder(place: Path, name: str) -> None:
    ran = check(place, "--output-format", name, "rules")
    assert ran.status == 0
    assert "in the query: a star in quotes" in ran.said
    assert "star in quotes" in ran.out
    if name in ("json", "sarif"):
        assert json.loads(ran.out)
    settings = place / "kqlx.yml"
    settings.write_text(f"to: spl\noutput_format: {name}\n", "utf-8")
    assert kqlx("check", "rules", cwd=place).out == ran.out


def test_the_report_has_the_parts_that_match(place: Path) -> None:
    ran = check(place, "--output-format", "json", "--report", "r.json", "rules", to="all")
    assert (place / "r.json").read_text("utf-8") == ran.out
    found = json.loads(ran.out)
    jsonschema.validate(found, SCHEMA)
    assert found["files"] == []
    (good,) = [one for one in found["rules"] if one["path"] == "rules/good.toml"]
    for made in good["conversions"]:
        pairs = {
            (
                made["query"][slice(*one["place"])],
                tuple(good["query"][slice(*span)] for span in one["sources"]),
            )
            for one in made["fragments"]
        }
        assert any("cmd.exe" in text and "cmd.exe" in part[-1] for text, part in pairs), made


def test_a_run_over_many_rules_is_no_list_of_warnings_on_what_a_source_may_lack(
    place: Path,
) -> None:
    """It is settled once, where the source is set up; a warning asks for a look at the rule."""
    for number in range(4):
        rule(place / "rules", f"good_{number}", GOOD)

    def results(*more: str) -> list[dict[str, Any]]:
        made = check(place, "--output-format", "sarif", *more, "rules", to="spl,sentinel")
        (run,) = json.loads(made.out)["runs"]
        found: list[dict[str, Any]] = run["results"]
        return found

    def told(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [one for one in found if one["properties"].get("effect") == "coverage"]

    levels = {(found["properties"].get("effect"), found["level"]) for found in results()}
    assert {("coverage", "note"), ("wider", "warning"), (None, "warning")} <= levels
    assert ("coverage", "warning") not in levels

    def once_each() -> list[dict[str, Any]]:
        return [one for one in told(results()) if "occurrenceCount" in one]

    once, all_of_them = once_each(), told(results("-v"))
    assert sorted(one["properties"]["target"] for one in once) == ["sentinel", "spl"]
    for one in once:
        same = [
            each
            for each in all_of_them
            if one["message"]["text"]
            == f"{one['occurrenceCount']} rules: {each['message']['text']}"
        ]
        # One of them asks for command lines, of which Splunk's note tells more.
        rules = {"sentinel": 7, "spl": 6}[one["properties"]["target"]]
        assert one["occurrenceCount"] == len(same) == rules
        assert one["locations"] == same[0]["locations"]
    marks = {one["partialFingerprints"]["primaryLocationLineHash"] for one in once}
    for number in range(4):  # with fewer rules it is the same result
        (place / f"rules/good_{number}.toml").unlink()
    fewer = {one["partialFingerprints"]["primaryLocationLineHash"] for one in once_each()}
    assert marks == fewer


def test_a_query_and_standard_input_are_checked(place: Path) -> None:
    ran = check(place, "-q", DOUBTFUL)
    assert ran.out.startswith("query:1:76: warning: a star in quotes is not a wildcard")
    assert (ran.status, ran.said) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--quiet", "--verbose", "rules"), "--quiet and --verbose exclude each other"),
        (("-q", "a:b", "rules"), "give either files or --query, not both"),
        (("--update-baseline", "rules"), "--update-baseline needs --baseline"),
        (("--out", "made", "rules"), "No such option"),
    ],
)
def test_options_that_do_not_go_together(
    place: Path, arguments: tuple[str, ...], words: str
) -> None:
    ran = check(place, *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert words in ran.said


def test_what_cannot_be_read_is_told_and_fails(place: Path) -> None:
    ran = check(place, "rules/good.toml", "missing")
    assert ran.status == 2
    assert "error: missing: " in ran.said
