"""``kqlx diff``: which conversions change between folders, checkouts and sets of mappings."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from kqlx.batch.comparison.changes import Kind
from kqlx.batch.comparison.comparison import CONDITIONS
from tests.batch.runs import Ran, digest, kqlx, rule
from tests.conftest import ROOT

SCHEMA = json.loads((ROOT / "docs/diff.schema.json").read_text("utf-8"))
STARTED = "event.dataset:windows.sysmon_operational and event.code:1 and "
SHELL = STARTED + "process.name:(cmd.exe or pwsh.exe)"
WIDER = STARTED + 'process.args:"-enc"'
NARROWER = STARTED + "not process.args:-e*n*c"
PACK = """source: {source}
title: Ours
constants: {{event.dataset: {source}}}
targets:
  spl:
    - base: index={index}
      fields: {{user.name: {column}}}
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Two checkouts of the same rules."""
    for side in ("old", "new"):
        rule(tmp_path / side / "rules", "shell", SHELL)
        rule(tmp_path / side / "rules", "wider", WIDER)
        rule(tmp_path / side / "rules", "sequence", "any where true", language="esql", rule_id="")
        (tmp_path / side / "kqlx.yml").write_text("to: spl\n", "utf-8")
        (tmp_path / side / "rules/package.json").write_text(f'{{"name": "{side}"}}', "utf-8")
    return tmp_path


def diff(place: Path, *arguments: str, paths: tuple[str, ...] = ("old/rules", "new/rules")) -> Ran:
    before = digest(place)
    ran = kqlx("diff", *arguments, *paths, cwd=place)
    if "--report" not in arguments:
        assert digest(place) == before, "it writes nothing"
    return ran


def changed(ran: Ran) -> dict[str, list[str]]:
    """The kinds of changes by the rule's name."""
    found = json.loads(ran.out)
    jsonschema.validate(found, SCHEMA)
    assert found["summary"]["exit_status"] == ran.status
    return {(one["new"] or one["old"])["name"]: one["kinds"] for one in found["rules"]}


def told(place: Path, *arguments: str, **more: Any) -> dict[str, list[str]]:
    return changed(diff(place, "--output-format", "json", *arguments, **more))


# What is told


def test_the_same_rules_are_the_same(place: Path) -> None:
    ran = diff(place)
    assert ran == Ran(0, "0 rules changed; 3 unchanged\n", "")
    assert told(place) == {}


def test_a_rule_that_asks_for_something_else(place: Path) -> None:
    rule(place / "new/rules", "shell", STARTED + "process.name:cmd.exe")
    ran = diff(place)
    assert ran.status == 1
    head, *lines, end = ran.out.splitlines()
    assert head == "new/rules/shell.toml: meaning (query): shell"
    grade = "  spl: coverage (another query)"
    place_of_grade = lines.index(grade)
    query, lines = lines[:place_of_grade], lines[place_of_grade + 1 :]
    assert [line.strip() for line in query if line.strip()[0] in "+-"] == [
        "-  process.name:(cmd.exe or pwsh.exe)",
        "+  process.name:cmd.exe",
    ]
    assert [line.strip()[0] for line in lines if line.strip()[0] in "+-"] == ["-", "-", "+"]
    assert end == "1 rule changed (1 meaning, 1 query); 2 unchanged"
    concise = diff(place, "--output-format", "concise").out.splitlines()
    assert concise == [head, grade, end]


def test_a_loss_is_worse_and_says_why(place: Path) -> None:
    rule(place / "new/rules", "shell", NARROWER)
    ran = diff(place, "--to", "spl,elasticsearch")
    assert (
        "  spl: coverage -> refused (worse): the result would be narrower: process.args" in ran.out
    )
    assert "  elasticsearch: same (another query)" in ran.out
    back = diff(place, paths=("new/rules", "old/rules"))
    assert "  spl: refused -> coverage (better)" in back.out


def test_an_effect_that_is_worse(place: Path) -> None:
    rule(place / "new/rules", "shell", WIDER)
    ran = diff(place)
    assert "  spl: coverage -> wider (worse, another query): " in ran.out
    assert "+[wider: text-analysis]" in ran.out or "+[wider: " in ran.out


def test_rules_that_come_and_go(place: Path) -> None:
    rule(place / "new/rules", "fresh", SHELL)
    rule(place / "new/rules", "bad", NARROWER)
    (place / "new/rules/wider.toml").unlink()
    ran = diff(place)
    assert "new/rules/fresh.toml: added: fresh\n  spl: coverage\n" in ran.out
    assert "new/rules/bad.toml: added: bad\n  spl: refused (worse): the result would" in ran.out
    assert "old/rules/wider.toml: removed: wider\n  spl: was wider\n" in ran.out
    assert ran.out.endswith("0 rules changed (1 worse), 2 added, 1 removed; 2 unchanged\n")


def test_a_rule_that_is_renamed_and_moved_is_the_same_one(place: Path) -> None:
    (place / "new/rules/shell.toml").unlink()
    rule(place / "new/rules/windows", "shells", SHELL, rule_id="shell")
    assert told(place) == {"shells": ["renamed", "moved"]}
    ran = diff(place, "--format", "savedsearches")
    assert ran.out.startswith(
        "new/rules/windows/shells.toml: renamed, moved: shells"
        " (was called shell, was old/rules/shell.toml)\n  spl: coverage (another text of the same"
    )


def test_rules_without_an_id_are_known_by_path_and_then_by_name(tmp_path: Path) -> None:
    for side in ("old", "new"):
        rule(tmp_path / side, "kept", SHELL, rule_id="", name=f"Kept {side}")
        rule(tmp_path / side / side, "moved", SHELL, rule_id="")
        rule(tmp_path / side, "got an id", SHELL, rule_id="" if side == "old" else "1")
    paths = ("old", "new")
    assert told(tmp_path, "--to", "spl", paths=paths) == {
        "Kept new": ["renamed"],
        "moved": ["moved"],
    }


def test_patterns_and_files_name_the_sides(tmp_path: Path) -> None:
    for side in ("old", "new"):
        for name in ("one", "two"):
            rule(tmp_path / side / "deep", name, SHELL, rule_id="", name=f"{side} {name}")
    both = {"new one": ["renamed"], "new two": ["renamed"]}
    for paths in (("old", "new"), ("old/*/*.toml", "new/*/*.toml"), ("./old/", "old/../new")):
        assert told(tmp_path, "--to", "spl", paths=paths) == both, paths
    files = ("old/deep/one.toml", "new/deep/two.toml")
    assert told(tmp_path, "--to", "spl", paths=files) == {"new two": ["renamed"]}


def test_two_rules_that_change_places_are_known_by_their_ids(place: Path) -> None:
    rule(place / "new/rules", "shell", WIDER, rule_id="wider", name="wider")
    rule(place / "new/rules", "wider", SHELL, rule_id="shell", name="shell")
    assert told(place) == {"wider": ["moved"], "shell": ["moved"]}


def test_rules_of_one_file(tmp_path: Path) -> None:
    def write(side: str, *queries: str) -> None:
        rules = [
            {"rule_id": str(number), "name": f"r{number}", "type": "query", "query": query}
            for number, query in enumerate(queries)
        ]
        lines = [json.dumps({**one, "language": "kuery"}) for one in rules]
        (tmp_path / side).write_text("\n".join(lines) + "\n", "utf-8")

    write("old.ndjson", SHELL, WIDER, SHELL)
    write("new.ndjson", SHELL, SHELL, SHELL)
    paths = ("old.ndjson", "new.ndjson")
    assert told(tmp_path, "--to", "spl", paths=paths) == {"r1": ["meaning", "better", "query"]}


def test_a_rule_that_is_read_no_more_is_worse(place: Path) -> None:
    rule(place / "new/rules", "shell", "any where true", language="esql")
    (place / "new/rules/wider.toml").write_text('[rule]\nname = "wider"\nquery = "a:("\n', "utf-8")
    ran = diff(place)
    assert ran.status == 1
    assert "  spl: coverage -> skipped (worse)\n" in ran.out
    assert "  spl: wider -> failed (worse): the query ends without a closing )" in ran.out


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("type", {"threshold": '{field = ["user.name"], value = 5}', "type": '"threshold"'}),
        ("conditions", {"filters": '[{meta = {}, query = {match_phrase = {"user.name" = "a"}}}]'}),
        ("index", {"index": '["logs-*"]'}),
    ],
)
def test_the_meaning_is_that_of_the_whole_rule(
    place: Path, part: str, change: dict[str, str]
) -> None:
    path = place / "new/rules/shell.toml"
    lines = path.read_text("utf-8") + "".join(f"{key} = {text}\n" for key, text in change.items())
    path.write_text(lines, "utf-8")
    assert "meaning" in told(place, "--to", "elasticsearch")["shell"]
    ran = diff(place, "--to", "elasticsearch")
    assert ran.out.startswith(f"new/rules/shell.toml: meaning ({part}): shell\n")
    (found,) = json.loads(diff(place, "--output-format", "json").out)["rules"]
    assert found["meaning"] == [part]


def test_a_clause_that_goes_into_a_filter_changes_no_meaning(place: Path) -> None:
    rule(place / "old/rules", "shell", STARTED + "process.name:cmd.exe and user.name:a")
    path = rule(place / "new/rules", "shell", STARTED + "process.name:cmd.exe")
    clause = '[{meta = {}, query = {match_phrase = {"user.name" = "a"}}}]'
    path.write_text(f"{path.read_text('utf-8')}filters = {clause}\n", "utf-8")
    assert told(place) == {}


# What is the same


def test_spelling_order_and_repetition_change_no_meaning(place: Path) -> None:
    query = STARTED + "not (user.name:a or process.name:(cmd.exe or pwsh.exe))"
    same = (
        "process.name : cmd.exe OR process.name:pwsh.exe",
        f"event.code:1 and (not (process.name:(pwsh.exe or cmd.exe) or user.name:a)) and {STARTED}"
        "not (not event.code:1)",
        STARTED + 'not (user.name:"a" or process.name:(pwsh.exe or cmd.exe or pwsh.exe))',
    )
    rule(place / "old/rules", "shell", query)
    for spelled in same[1:]:
        rule(place / "new/rules", "shell", spelled)
        assert {*told(place).get("shell", [])} <= {"artifact", "notes"}, spelled
    rule(place / "new/rules", "shell", STARTED + same[0])
    assert "meaning" in told(place)["shell"]


def test_the_projects_own_rules_are_the_same_in_other_words(tmp_path: Path) -> None:
    from kqlx.frontends.kql.formatter import format_node
    from kqlx.nodes import And, Node, Or

    rng = random.Random(7)

    def shuffled(node: Node) -> Node:
        if not isinstance(node, And | Or):
            return node
        items = [shuffled(item) for item in node.items]
        rng.shuffle(items)
        return type(node)((*items, items[0]))

    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    count = 0
    for path in (tmp_path / "rules").glob("*.toml"):
        from kqlx import load_rules, parse

        (found,) = load_rules(path).rules
        if found.language != "kuery":
            continue
        other = format_node(shuffled(parse(found.query)), 100)
        text = path.read_text("utf-8")
        assert found.query.strip() in text
        path.write_text(text.replace(found.query.strip(), other), "utf-8")
        count += parse(other) != parse(found.query)
    assert count > 5
    paths = (str(ROOT / "rules"), "rules")
    kinds = told(tmp_path, "--to", "all", paths=paths)
    assert {kind for found in kinds.values() for kind in found} == {"artifact"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("broken.toml", '[rule]\nquery = "a:b\n'),
        ("queryless.toml", '[rule]\nname = "x"\ntype = "query"\nlanguage = "kuery"\n'),
        ("colon.toml", '[rule]\nname = "x"\nquery = "a:b:c"\n'),
        ("typed.toml", '[rule]\nname = "x"\nquery = "a:b"\nindex = 5\n'),
        ("broken.json", '{"rule_id": "x", "query": '),
        ("broken.ndjson", '{"rule_id": "x", "query": "a:b"}\n{"query": [\n'),
        ("broken.yml", "query: a:b\n  rule_id: x\n"),
        ("learnt.toml", '[rule]\nname = "x"\ntype = "machine_learning"\n'),
        ("binary.toml", "[rule]\nquery = '\x00'\n"),
    ],
)
def test_what_is_broken_on_both_sides_in_one_way_is_the_same(
    place: Path, name: str, text: str
) -> None:
    for side in ("old", "new"):
        (place / side / "rules" / name).write_text(text, "utf-8")
    assert told(place, "--to", "all") == {}


# Mappings and settings


def test_two_sets_of_mappings(place: Path) -> None:
    rule(place / "old/rules", "ours", "event.dataset:ours and user.name:a")
    packs = {"one": "main", "two": "other"}
    for name, index in packs.items():
        text = PACK.format(source="ours", index=index, column=f"user_{name}")
        (place / f"{name}.yml").write_text(text, "utf-8")
    arguments = ("--source", "ours", "--old-mapping", "one.yml", "--new-mapping", "two.yml")
    ran = diff(place, *arguments, paths=("old/rules",))
    assert ran.status == 1
    assert "ours.toml: changed: ours\n  spl: case (another query)\n" in ran.out
    assert '    -index=main user_one="a"\n    +index=other user_two="a"\n' in ran.out
    both = ("--source", "ours", "--mapping", "one.yml", "--new-mapping", "two.yml")
    assert told(place, *both, paths=("old/rules",)) == {"ours": ["query"]}
    assert told(place, *both[:4], paths=("old/rules", "old/rules")) == {}


def test_each_checkout_has_its_own_settings(place: Path) -> None:
    (place / "new/kqlx.yml").write_text("to: spl\nspl: {index: security}\nsource: none\n", "utf-8")
    (place / "old/kqlx.yml").write_text("to: sentinel\n", "utf-8")
    kinds = told(place, "--format", "query")
    assert {*kinds} == {"shell", "wider"}
    ran = diff(place)
    assert "  spl: " in ran.out and "sentinel" not in ran.out, "the targets are those of NEW"
    assert "+index=security " in ran.out
    assert "process.name IN" in ran.out and "-sourcetype" not in ran.out.replace(" ", "")[:0]
    named = diff(place, "--config", "old/kqlx.yml")
    assert named.out == "0 rules changed; 3 unchanged\n"
    own = diff(place, "--new-config", "old/kqlx.yml", "--to", "spl")
    assert own.out == "0 rules changed; 3 unchanged\n"
    given = diff(place, "--source", "none", "--index", "i")
    assert given.out == "0 rules changed; 3 unchanged\n"


# The exit status, forms and errors


@pytest.mark.parametrize(
    ("names", "status"),
    [
        ("changed", 1),
        ("meaning", 1),
        ("worse,removed", 0),
        ("better", 0),
        ("query,worse", 1),
        ("never", 0),
    ],
)
def test_what_fails_can_be_chosen(place: Path, names: str, status: int) -> None:
    rule(place / "new/rules", "shell", STARTED + "process.name:cmd.exe")
    assert diff(place, "--fail-on", names).status == status


def test_every_kind_of_change_is_a_condition_and_in_the_schema() -> None:
    assert {*CONDITIONS} == {"changed", *map(str, Kind)}
    assert SCHEMA["$defs"]["kind"]["enum"] == [*map(str, Kind)]


@pytest.mark.parametrize(
    ("arguments", "paths", "words"),
    [
        ((), ("old/rules",), "there is nothing to compare with"),
        (("--fail-on", "worst"), ("old/rules", "new/rules"), "did you mean worse?"),
        (("--fail-on", "never,worse"), ("old/rules", "new/rules"), "never and other conditions"),
        (("--report", "r.html"), ("old/rules", "new/rules"), "it takes .md and .json"),
        (("--output-format", "sarif"), ("old/rules", "new/rules"), "'sarif' is not one of"),
        (("--new-mapping", "no.yml"), ("old/rules",), "no.yml"),
        (("--to", "slp"), ("old/rules", "new/rules"), "did you mean spl?"),
        (("--new-config", "no.yml"), ("old/rules", "new/rules"), "no such settings file"),
    ],
)
def test_wrong_usage(
    place: Path, arguments: tuple[str, ...], paths: tuple[str, ...], words: str
) -> None:
    ran = diff(place, *arguments, paths=paths)
    assert (ran.status, ran.out) == (2, "")
    assert words in ran.said


@pytest.mark.parametrize(
    "paths",
    [("old/rules", "no"), ("no", "new/rules"), ("old/rules", "empty"), ("no", "no.toml")],
)
@pytest.mark.parametrize("form", ["full", "json", "markdown"])
def test_a_side_that_is_missing_is_an_error_and_no_comparison(
    place: Path, paths: tuple[str, ...], form: str
) -> None:
    (place / "empty").mkdir()
    ran = diff(place, "--output-format", form, "--report", "diff.md", paths=paths)
    assert (ran.status, ran.out) == (2, "")
    missing = [path for path in paths if not path.endswith("rules")]
    assert [line.split(": ")[:2] for line in ran.said.splitlines()] == [
        ["error", path] for path in missing
    ]
    assert not (place / "diff.md").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
@pytest.mark.parametrize("side", ["old", "new"])
def test_what_may_be_where_a_side_cannot_be_read_is_not_said_to_come_or_go(
    place: Path, side: str
) -> None:
    other = "old" if side == "new" else "new"
    os.mkfifo(place / side / "rules/pipe.toml")
    rule(place / other / "rules", "more", SHELL)
    rule(place / "new/rules", "wider", SHELL)
    ran = diff(place)
    assert ran.status == 2
    assert f"{side}/rules/pipe.toml: not a file" in ran.said
    assert "more" not in ran.out
    assert ran.out.endswith(
        "1 rule changed (1 meaning, 1 better, 1 query); 2 unchanged; 1 not compared\n"
    )


def test_settings_for_reports_of_convert_are_not_those_of_diff(place: Path) -> None:
    more = "output_format: sarif\nreport: [r.sarif]\nfail_on: [wider]\nbaseline: b.json\nout: o\n"
    for side in ("old", "new"):
        (place / side / "kqlx.yml").write_text(f"to: spl\n{more}", "utf-8")
    assert diff(place) == Ran(0, "0 rules changed; 3 unchanged\n", "")


def test_markdown_is_for_a_pull_request_and_takes_names_as_text(place: Path) -> None:
    hostile = "@all <script>alert(1)</script> | `x` #1"
    query = STARTED + 'process.name:"a```b"'
    rule(place / "new/rules", "shell", query, rule_id="shell", name=hostile)
    rule(place / "new/rules", "bad", NARROWER)
    ran = diff(place, "--to", "spl,sentinel", "--output-format", "markdown")
    assert ran.status == 1
    assert ran.out.startswith("## kqlx: what changes\n\n1 rule changed (")
    assert "\n### Worse than before: 1\n\n- `new/rules/bad.toml` bad\n" in ran.out
    assert "<script" not in ran.out and "@all" not in ran.out
    assert "\n    ````diff\n" in ran.out, "the fence is longer than what is in it"
    assert ran.out.count("````") == 4
    same = diff(place, "--output-format", "markdown", paths=("old/rules", "old/rules"))
    assert same.out == "## kqlx: nothing changes\n\n0 rules changed; 3 unchanged\n"


def test_markdown_fits_into_a_comment(tmp_path: Path) -> None:
    for number in range(150):
        name = f"rule {number} " + "long " * 30
        for side, query in (("old", SHELL), ("new", WIDER)):
            rule(tmp_path / side, f"r{number}", query, name=name, rule_id=str(number))
    ran = diff(tmp_path, "--to", "spl", "--output-format", "markdown", paths=("old", "new"))
    assert len(ran.out) < 60_000
    assert "### Worse than before: 150\n" in ran.out
    assert "more\n" in ran.out


def test_reports_in_files_say_what_is_printed(place: Path) -> None:
    rule(place / "new/rules", "shell", NARROWER)
    files = ("--report", "d.md", "--report", "d.json")
    ran = diff(place, *files)
    assert ran.out == diff(place).out
    for name, form in (("d.md", "markdown"), ("d.json", "json")):
        assert (place / name).read_text("utf-8") == diff(place, "--output-format", form).out


def test_control_characters_are_shown(place: Path) -> None:
    rule(place / "new/rules", "shell", SHELL, rule_id="shell", name="a\x1b[31m\nforged: b")
    ran = diff(place)
    assert "\x1b" not in ran.out
    assert not any(line.startswith("forged") for line in ran.out.splitlines())


def test_the_same_bytes_whatever_the_number_of_processes(tmp_path: Path) -> None:
    for number in range(20):
        for side, query in (("old", SHELL), ("new", WIDER if number % 3 else SHELL)):
            rule(tmp_path / side, f"r{number}", query)
    runs = {
        (ran.status, ran.out)
        for jobs in ("1", "2")
        for ran in (diff(tmp_path, "--to", "spl", "--jobs", jobs, paths=("old", "new")),)
    }
    assert len(runs) == 1


def test_the_example_of_the_page_is_real(tmp_path: Path) -> None:
    started = STARTED + "process.name:"
    rules = {
        "Encoded Command": (
            started + "powershell.exe and process.command_line:*-enc*",
            started + "(powershell.exe or pwsh.exe) and process.command_line:*-enc*",
        ),
        "Same": (SHELL, SHELL),
        "Shell Started": (started + "cmd.exe", started + "cmd.exe and not process.args:*Temp*.tmp"),
    }
    files = {"Encoded Command": "encoded_command", "Shell Started": "shell"}
    for name, queries in rules.items():
        for folder, query in zip(("main/rules", "rules"), queries, strict=True):
            rule(tmp_path / folder, files.get(name, "other"), query, name=name)
    page = (ROOT / "docs/diff.md").read_text("utf-8")
    (command, told) = re.findall(r"```console\n\$ kqlx (.*?)\n(.*?)```", page, re.DOTALL)[0]
    assert kqlx(*command.split(), cwd=tmp_path).out == told
