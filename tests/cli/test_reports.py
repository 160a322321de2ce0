"""Reports of runs: what each format holds, that its readers take it, and when it is written."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.command_line import kqlx
from tests.conftest import ROOT
from tests.oracles.sarif import complaints

SCHEMA = json.loads((ROOT / "docs/report.schema.json").read_text("utf-8"))
EFFECTS = ("different", "narrower", "wider", "coverage", "case", "same")
MACHINE = ("json", "jsonl", "sarif", "github", "markdown")
HOSTILE = """[rule]
name = "@all <script>alert(1)</script> | `x` #1 ]]>"
type = "query"
language = "kuery"
query = '''
user.name:a* and
  user.name:"b c" and not user.id:"\u202e%0A::error::x"
'''
"""
LOST = '[rule]\nname = "Lost"\ntype = "query"\nlanguage = "kuery"\nquery = "no.such.field:x"\n'


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A folder with a rule of each fate."""
    folder = tmp_path / "rules of old"
    folder.mkdir()
    for path in (ROOT / "rules").glob("*.toml"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "hostile, name: ü.toml").write_text(HOSTILE, "utf-8")
    (folder / "lost.toml").write_text(LOST + 'index = ["logs-o365.audit-*"]\n', "utf-8")
    (folder / "broken.toml").write_text(LOST.replace("field:x", "field:x:y"), "utf-8")
    (folder / "skipped.toml").write_text(LOST.replace("kuery", "esql"), "utf-8")
    (folder / "package.json").write_text('{"name": "x"}', "utf-8")
    return tmp_path


def reported(folder: Path, format: str, *more: str) -> str:
    """The report on the folder's rules on standard output."""
    run = kqlx(
        *("convert", "--to", "spl,sentinel", "--out", "out", "--output-format", format),
        *(*more, "rules of old"),
        cwd=folder,
    )
    assert run.returncode == 1, run.stderr
    return run.stdout


def validate(value: object, part: str = "") -> None:
    schema = {**SCHEMA, "$ref": f"#/$defs/{part}"} if part else SCHEMA
    if part:
        schema = {"$defs": SCHEMA["$defs"], "$ref": f"#/$defs/{part}"}
    jsonschema.Draft202012Validator(schema).validate(value)


def test_the_schema_is_one_and_says_no_to_what_is_missing(rules: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    found = json.loads(reported(rules, "json"))
    del found["rules"][0]["conversions"]
    with pytest.raises(jsonschema.ValidationError):
        validate(found)


def test_json_has_every_rule_with_its_places_and_files(rules: Path) -> None:
    found = json.loads(reported(rules, "json"))
    validate(found)
    by_name = {rule["path"].rpartition("/")[2]: rule for rule in found["rules"]}
    assert {name: by_name[name]["status"] for name in ("lost.toml", "broken.toml")} == {
        "lost.toml": "read",
        "broken.toml": "failed",
    }
    assert by_name["skipped.toml"]["status"] == "skipped"
    assert by_name["package.json"]["status"] == "no rule"
    (lost,) = [made for made in by_name["lost.toml"]["conversions"] if made["target"] == "spl"]
    assert (lost["status"], lost["text"]) == ("refused", "")
    for rule in found["rules"]:
        lines = [""]
        if rule["status"] != "no rule" and rule["path"].endswith(".toml"):
            lines += (rules / rule["path"]).read_text("utf-8").splitlines()
        for remark in [*rule["remarks"], *(r for c in rule["conversions"] for r in c["remarks"])]:
            place, span = remark["place"], remark["span"]
            if span is not None and place["line"] == place["end_line"] and not place["within"]:
                text = lines[place["line"]][place["column"] - 1 : place["end_column"] - 1]
                assert text == rule["query"][slice(*span)]
    written = {file["path"]: file for file in found["files"]}
    path = "out/spl/m365_user_restricted_from_sending_email.spl"
    assert written[path]["state"] == "written"
    assert [rule["path"].rpartition("/")[2] for rule in written[path]["rules"]] == [
        "m365_user_restricted_from_sending_email.toml"
    ]
    assert found["summary"]["exit_status"] == 1
    assert found["summary"]["skipped"] == {"esql": 1}
    again = json.loads(reported(rules, "json", "--check"))
    assert {file["state"] for file in again["files"]} == {"unchanged"}
    assert {file["path"] for file in again["files"]} == set(written)


def test_lines_of_json_say_the_same(rules: Path) -> None:
    whole = json.loads(reported(rules, "json"))
    *lines, end = map(json.loads, reported(rules, "jsonl", "--check").splitlines())
    assert lines == whole["rules"]
    for line in lines:
        validate(line, "rule")
    validate(end, "end")
    assert end["summary"] == whole["summary"]


def test_nothing_to_report_is_a_report_too(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    def report(format: str) -> Any:
        arguments = ("convert", "--to", "spl", "--out", "out", "--output-format", format)
        run = kqlx(*arguments, "empty", cwd=tmp_path)
        assert run.returncode == 2
        return json.loads(run.stdout)

    found = report("json")
    validate(found)
    (error,) = found["rules"]
    assert (error["path"], error["status"]) == ("", "failed")
    assert "empty" in error["remarks"][0]["message"]
    (run,) = report("sarif")["runs"]
    (result,) = run["results"]
    assert "locations" not in result
    assert run["invocations"] == [{"executionSuccessful": False, "exitCode": 2}]


@pytest.mark.parametrize("format", MACHINE)
def test_reports_are_the_same_bytes_whatever_the_processes(rules: Path, format: str) -> None:
    first = reported(rules, format, "--force")
    assert reported(rules, format, "--check") in (first, first.replace('"written"', '"unchanged"'))
    once = reported(rules, format, "--check")
    assert reported(rules, format, "--check", "--jobs", "2") == once


def test_files_of_reports_hold_what_is_printed(rules: Path) -> None:
    reported(rules, "json")
    files = {"json": "a.json", "jsonl": "b.ndjson", "sarif": "c.SARIF", "markdown": "d.md"}
    options = [part for name in files.values() for part in ("--report", name)]
    kqlx("convert", "--to", "spl,sentinel", "--out", "out", *options, "rules of old", cwd=rules)
    for format, name in files.items():
        assert (rules / name).read_text("utf-8") == reported(rules, format)
    assert not [*rules.glob(".kqlx-*")]


def test_a_report_needs_no_files_of_results(rules: Path) -> None:
    run = kqlx("convert", "--to", "spl", "--report", "r.json", "rules of old", cwd=rules)
    found = json.loads((rules / "r.json").read_text("utf-8"))
    assert found["files"] == []
    assert run.stdout.startswith("``` ")


def test_what_cannot_be_a_report_is_said_before_anything_is_converted(rules: Path) -> None:
    (rules / "folder.md").mkdir()
    for name, words in [
        ("report.txt", "--report report.txt: no report has this suffix"),
        ("report.jsom", "did you mean .json?"),
        ("missing/report.json", "missing/report.json: cannot be written: No such file"),
        ("folder.md", "folder.md: a folder"),
    ]:
        run = kqlx("convert", "--to", "spl", "--report", name, "rules of old", cwd=rules)
        assert (run.returncode, run.stdout) == (2, "")
        assert words in run.stderr
        assert ("hint: make the folder missing first" in run.stderr) == name.startswith("missing")
    run = kqlx("convert", "--to", "spl", "--output-format", "json", "rules of old", cwd=rules)
    assert (run.returncode, run.stdout) == (2, "")
    assert "--output-format json is for standard output, where the results go" in run.stderr
    assert not [*rules.glob(".kqlx-*")]


def test_a_report_replaces_reports_but_no_rules(rules: Path) -> None:
    for command, name in (("check", "rules of old/x.ndjson"), ("diff", "rules of old/x.json")):
        (rules / name).write_text('{"name": "A", "query": "whoami"}\n', "utf-8")
        paths = ["rules of old"] * (2 if command == "diff" else 1)
        run = kqlx(command, "--to", "spl", "--report", name, *paths, cwd=rules)
        assert run.returncode == 2
        assert (rules / name).read_text("utf-8") == '{"name": "A", "query": "whoami"}\n'
        assert f"{name}: not replaced: it is not a report of kqlx" in run.stderr
    for name in ("r.json", "r.jsonl", "r.ndjson", "d.json"):
        command, paths = ("diff", ["rules"]) if name == "d.json" else ("check", [])
        (rules / "rules").mkdir(exist_ok=True)
        (rules / "rules/a.toml").write_text(LOST, "utf-8")
        for _ in range(2):
            run = kqlx(command, "--to", "spl", "--report", name, *paths, "rules", cwd=rules)
            assert run.returncode < 2, run.stderr


def test_reports_may_be_named_with_commas(rules: Path) -> None:
    (rules / "rules").mkdir()
    (rules / "rules/a.toml").write_text(LOST, "utf-8")
    names = {"a.md", "b.json", "c.sarif", "d,e.md"}
    run = kqlx(
        "check",
        "--to",
        "spl",
        "--report",
        "a.md,b.json",
        "--report",
        "c.sarif",
        "--report",
        "d,e.md",
        "rules",
        cwd=rules,
    )
    assert run.returncode == 1
    assert names <= {path.name for path in rules.iterdir()}
    assert kqlx("diff", "--to", "spl", "--report", "f.md,g.json", "rules", "rules", cwd=rules)
    assert {"f.md", "g.json"} <= {path.name for path in rules.iterdir()}


def test_reports_among_rules_are_not_read_as_rules(rules: Path) -> None:
    """A line of a report has the keys of a rule."""
    counts = []
    for _ in range(3):
        run = kqlx("check", "--to", "spl", "--report", "r.jsonl", ".", cwd=rules)
        counts.append(run.stdout.rpartition(" rules: ")[0].rpartition("\n")[2])
    assert len({*counts}) == 1
    assert counts[0]
    run = kqlx("check", "--to", "spl", "r.jsonl", cwd=rules)
    assert run.returncode == 2
    assert "r.jsonl:1: error: not a rule, but a report of kqlx on one" in run.stderr


@pytest.mark.parametrize("more", [(), ("--quiet",)])
def test_reports_say_how_many_notes_they_leave_out(tmp_path: Path, more: tuple[str, ...]) -> None:
    query = "event.dataset:okta.system and event.action:user.session.start"
    told = "1 note is not shown: letter case in values with one spelling only (-v shows all notes)"
    run = ("check", "--to", "spl", "--output-format", "sarif", *more)
    names = ("r.md", "r.html")
    files = [word for name in names for word in ("--report", name)]
    sarif = json.loads(kqlx(*run, *files, "-q", query, cwd=tmp_path).stdout)
    (notification,) = sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert notification == {"level": "note", "message": {"text": told}}
    for name in names:
        assert told in (tmp_path / name).read_text("utf-8")
    if more:
        return
    sarif = json.loads(kqlx(*run, "-v", *files, "-q", query, cwd=tmp_path).stdout)
    assert "toolExecutionNotifications" not in sarif["runs"][0]["invocations"][0]
    assert any(one["ruleId"] == "case-of-fixed-values" for one in sarif["runs"][0]["results"])
    for name in names:
        assert "not shown" not in (tmp_path / name).read_text("utf-8")


def test_a_run_that_is_broken_off_leaves_the_old_report(rules: Path) -> None:
    (rules / "r.json").write_text("old", "utf-8")
    (rules / "out").write_text("no folder", "utf-8")
    arguments = ("convert", "--to", "spl", "--out", "out", "--report", "r.json")
    assert kqlx(*arguments, "rules of old", cwd=rules).returncode == 2
    (rules / "out").unlink()
    (rules / "out/.kqlx-manifest.json").mkdir(parents=True)
    assert kqlx(*arguments, "rules of old", cwd=rules).returncode == 2
    assert (rules / "r.json").read_text("utf-8") == "old"
    assert not [*rules.glob(".kqlx-*")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
def test_a_report_into_a_pipe_with_a_name(rules: Path) -> None:
    pipe = rules / "pipe.jsonl"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # there before anything is written
    os.set_blocking(reader, True)
    found: list[str] = []

    def read() -> None:
        with os.fdopen(reader, encoding="utf-8") as file:
            while not (text := file.read()):  # nobody writes yet
                time.sleep(0.01)
            found.append(text)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    kqlx("convert", "--to", "spl", "--report", "pipe.jsonl", "rules of old", cwd=rules)
    thread.join(10)
    assert "summary" in json.loads(found[0].splitlines()[-1])


# Code scanning


def test_sarif_points_at_the_places_in_rule_files(rules: Path) -> None:
    (run,) = json.loads(reported(rules, "sarif"))["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    rows = run["tool"]["driver"]["rules"]
    known: set[str] = set()
    for result in run["results"]:
        assert rows[result["ruleIndex"]]["id"] == result["ruleId"]
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        assert physical["artifactLocation"]["uri"].startswith("rules%20of%20old/")
        assert physical["region"]["startLine"] >= 1
        known.add(result["partialFingerprints"]["primaryLocationLineHash"])
    assert len(known) == len(run["results"])
    (lost,) = [
        result["locations"][0]["physicalLocation"]
        for result in run["results"]
        if result["ruleId"] == "unmapped-field" and result["properties"]["target"] == "spl"
    ]
    assert lost["artifactLocation"] == {
        "uri": "rules%20of%20old/lost.toml",
        "uriBaseId": "%SRCROOT%",
    }
    assert lost["region"] == {"startLine": 5, "startColumn": 10, "endLine": 5, "endColumn": 25}
    (invocation,) = run["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (True, 1)


def test_sarif_leaves_out_what_the_user_does_not_want_to_read(rules: Path) -> None:
    def codes(*more: str) -> set[str]:
        (run,) = json.loads(reported(rules, "sarif", *more))["runs"]
        return {result["ruleId"] for result in run["results"]}

    assert "constant-folded" not in codes()
    assert "constant-folded" in codes("-v")
    assert "case-folded" in codes()
    assert "case-folded" not in codes("--ignore", "case-folded")
    assert "unmapped-field" in codes("--ignore", "unmapped-field"), "an error stays"


def test_the_codes_of_sarif_lead_to_pages_that_explain_them(rules: Path) -> None:
    (run,) = json.loads(reported(rules, "sarif", "-v"))["runs"]
    for rule in run["tool"]["driver"]["rules"]:
        page, _, heading = rule["helpUri"].rpartition("/docs/")[2].partition("#")
        text = (ROOT / "docs" / page).read_text("utf-8")
        assert f"`{rule['id']}`" in text
        assert not heading or heading in re.findall(r"(?m)^#+ `?([\w-]+)`?$", text.lower())


@pytest.mark.parametrize("more", [(), ("-v",)], ids=["as usual", "verbose"])
def test_sarif_is_valid_by_its_schema_and_for_github(rules: Path, more: tuple[str, ...]) -> None:
    path = rules / "report.sarif"
    path.write_text(reported(rules, "sarif", *more), "utf-8")
    assert complaints(path) == []


def test_the_validator_of_sarif_complains(rules: Path) -> None:
    path = rules / "report.sarif"
    data = json.loads(reported(rules, "sarif"))
    data["runs"][0]["results"][0]["level"] = "loud"
    path.write_text(json.dumps(data), "utf-8")
    assert any("'loud' is not one of" in text for text in complaints(path))
    data["runs"][0]["results"][0] |= {"level": "error", "ruleIndex": 999}
    path.write_text(json.dumps(data), "utf-8")
    assert any("SARIF1" in text for text in complaints(path))


# Annotations


def test_annotations_stay_on_their_lines_and_in_their_fields(rules: Path) -> None:
    lines = reported(rules, "github").splitlines()
    form = re.compile(r"::(error|warning) ((?:\w+=[^,:]*,?)+)::(.+)")
    assert len(lines) > 5
    for line in lines:
        assert form.fullmatch(line), line
    (lost,) = [line for line in lines if "lost.toml" in line and "title=spl%3A" in line]
    assert lost.startswith(
        "::error file=rules of old/lost.toml,line=5,endLine=5,col=10,endColumn=24,"
        "title=spl%3A unmapped-field::no.such.field has no counterpart"
    )
    assert "%0Ahint: " in lost
    assert any(line.startswith("::error file=rules of old/hostile%2C name%3A") for line in lines)


# A pull request


def test_markdown_begins_with_totals_and_names_what_needs_a_look(rules: Path) -> None:
    text = reported(rules, "markdown")
    assert text.startswith("## kqlx failed\n\n")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert rows[0].startswith("| target | converted | same | case |")
    assert [row.split(" ")[1] for row in rows[2:]] == ["spl", "sentinel"]
    assert re.search(r"- `rules of old/lost.toml:5:10` Lost: \*\*spl\*\*: no\.such\.field", text)
    assert "### Refused and failed: " in text


def test_markdown_takes_names_as_text(rules: Path) -> None:
    text = reported(rules, "markdown")
    assert "<script" not in text
    assert "@all" not in text
    assert "\u202e" not in text


def test_markdown_fits_into_a_comment(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    for number in range(400):
        rule = LOST.replace("Lost", "Lost " + "long " * 60)
        (folder / f"{number}.toml").write_text(rule + 'index = ["logs-o365.audit-*"]\n', "utf-8")
    arguments = ("convert", "--to", "spl,sentinel", "--quiet", "--report", "r.md", "rules")
    kqlx(*arguments, cwd=tmp_path)
    text = (tmp_path / "r.md").read_text("utf-8")
    assert len(text) < 60_000
    assert "### Refused and failed: 800" in text
    assert re.search(r"- … and \d+ more", text)


def test_markdown_tells_what_is_worse_than_before_and_stale(rules: Path) -> None:
    arguments = ("convert", "--to", "spl", "--out", "out", "--baseline", "b.json")
    kqlx(*arguments, "--update-baseline", "rules of old", cwd=rules)
    path = rules / "rules of old/m365_user_restricted_from_sending_email.toml"
    path.write_text(re.sub("(?s)query = '''.*?'''", 'query = "no.such:x"', path.read_text("utf-8")))
    run = kqlx(*arguments, "--report", "r.md", "rules of old", cwd=rules)
    assert run.returncode == 1
    text = (rules / "r.md").read_text("utf-8")
    assert "### Worse than before: 1\n" in text
    assert "refused, but coverage in the baseline" in text
    assert re.search(r"### Files [\w ]+: 1\n\n- `out/m365_user\S+.spl` stale: its rule is", text)


# For people


def test_concise_output_leaves_hints_and_lines_of_queries_out(rules: Path) -> None:
    full = kqlx("convert", "--to", "spl", "rules of old/lost.toml", cwd=rules).stderr
    concise = kqlx(
        "convert", "--to", "spl", "--output-format", "concise", "rules of old/lost.toml", cwd=rules
    ).stderr
    assert "  hint: " in full and "^^^" in full
    assert concise == full.splitlines(keepends=True)[0]


def test_statistics_count_rules_and_places(rules: Path) -> None:
    def rows(*more: str) -> list[list[str]]:
        arguments = ("convert", "--to", "spl,sentinel", "--statistics", "--quiet", *more)
        lines = kqlx(*arguments, "rules of old", cwd=rules).stderr.splitlines()
        start = next(i for i, line in enumerate(lines) if line.split()[:2] == ["rules", "places"])
        return [re.split(r"  +", line.strip()) for line in lines[start + 1 :]]

    found: dict[str, Any] = {row[3]: row for row in rows()}
    assert found["unmapped-field"][:3] == ["1", "2", "error"]
    assert found["unmapped-field"][4] == "sentinel 1, spl 1"
    assert found["unmapped-field"][5].startswith("a field, value or construct")
    assert int(found["case-folded"][1]) >= int(found["case-folded"][0]) > 1
    assert "wider" in [row[2] for row in rows()]
    ranks = [EFFECTS.index(row[2]) for row in rows() if row[2] in EFFECTS]
    assert ranks == sorted(ranks), "the worst effect first"
    assert rows("--jobs", "2") == rows()
