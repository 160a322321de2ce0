"""``kqlx convert --out``: files with sane names, whole or not at all, none of somebody else's."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx as package
from kqlx.backends.artifact_text import file_stem
from kqlx.batch.result_folder import Folder
from kqlx.errors import OutputError
from kqlx.rules.file_search import MANIFEST
from kqlx.rules.model import Rule
from tests.cli.test_cli import GOLDENS, RULE
from tests.command_line import kqlx
from tests.conftest import ROOT, examples

MAPPED = sorted((ROOT / "rules").glob("m365_*"))


def changed(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def rule_file(folder: Path, name: str, query: str = "a:b", **keys: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{len(list(folder.iterdir()))}.toml"
    table = {"name": name, "query": query, **keys}
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    path.write_text("[rule]\n" + "\n".join(lines) + "\n", "utf-8")
    return path


def out(*arguments: str | Path, to: str = "spl") -> subprocess.CompletedProcess[str]:
    forms = ("--source", "none", "--file-names", "{title}")
    return kqlx("convert", "--to", to, *forms, *arguments)


def listed(folder: Path) -> list[str]:
    """All that is below a folder but the manifest, temporary files among it."""
    found = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir()]
    return sorted(name for name in found if name != MANIFEST)


# What is written, and where


def test_one_file_a_rule(tmp_path: Path) -> None:
    run = kqlx("convert", "--to", "spl", *MAPPED, "--out", tmp_path / "new/folder")
    assert (run.returncode, run.stdout) == (0, "")
    names = [
        "m365_exchange_mailbox_items_accessed_excessively.spl",
        "m365_user_restricted_from_sending_email.spl",
    ]
    assert listed(tmp_path / "new/folder") == names
    assert (tmp_path / "new/folder" / names[1]).read_bytes() == (GOLDENS / "spl.spl").read_bytes()
    assert "files: 2 written\n2 rules: spl 2 converted (2 coverage)\n" in run.stderr
    run = kqlx("convert", "--to", "spl", *MAPPED, "-v", "-o", tmp_path / "told")
    assert f"{tmp_path / 'told' / names[1]}: written\n" in run.stderr
    assert "[case: case-folded]" in run.stderr


def test_one_file_a_log_source(tmp_path: Path) -> None:
    """Sigma rules of several log sources are files of their own, which come and go together."""
    query = "event.dataset:(okta.system or aws.cloudtrail) and source.ip:10.0.0.1"
    rules = rule_file(tmp_path / "rules", "One Address", query).parent
    for form, names in {
        "{title}": ["aws_one_address.yml", "okta_one_address.yml"],
        "{file}": ["0_aws_cloudtrail.yml", "0_okta.yml"],
    }.items():
        folder = tmp_path / f"out{len(form)}"
        options = ("--to", "sigma", "--file-names", form, "-o", folder)
        run = kqlx("convert", rules, *options)
        assert listed(folder) == names, run.stderr
        texts = [(folder / name).read_text("utf-8") for name in names]
        assert all(text.count("\nlogsource:") == 1 and "---" not in text for text in texts)
        assert len({text.partition("\n")[0] for text in texts}) == 2
        assert "files: 2 written\n" in run.stderr
        assert kqlx("convert", rules, *options, "--check").returncode == 0
        (folder / names[1]).unlink()
        assert kqlx("convert", rules, *options, "--check").returncode == 1
    changed(rules / "0.toml", (rules / "0.toml").read_text("utf-8").replace("okta.system or ", ""))
    run = kqlx("convert", rules, "--to", "sigma", "-o", folder, "--prune")
    assert listed(folder) == ["0.yml"], run.stderr


def test_a_folder_for_each_of_several_targets(tmp_path: Path) -> None:
    run = kqlx("convert", "--to", "all", RULE, "-o", tmp_path)
    assert run.returncode == 0
    stem = "m365_user_restricted_from_sending_email"
    assert listed(tmp_path) == [
        f"elasticsearch/{stem}.json",
        f"sentinel/{stem}.kql",
        f"sigma/{stem}.yml",
        f"spl/{stem}.spl",
    ]
    for name in listed(tmp_path):
        target, _, file = name.partition("/")
        golden = GOLDENS / f"{target}{Path(file).suffix}"
        assert (tmp_path / name).read_bytes() == golden.read_bytes()


@pytest.mark.parametrize(("format", "suffix"), [("search", "json"), ("watcher", "json")])
def test_the_suffix_is_that_of_the_format(tmp_path: Path, format: str, suffix: str) -> None:
    assert out("--format", format, RULE, "-o", tmp_path, to="es").returncode == 0
    assert [name.partition(".")[2] for name in listed(tmp_path)] == [suffix]
    assert json.loads((tmp_path / listed(tmp_path)[0]).read_text("utf-8"))


def test_all_rules_for_kibana_are_one_file(tmp_path: Path) -> None:
    run = out("--format", "rule", *reversed(MAPPED), "-o", tmp_path, to="es")
    assert run.returncode == 0
    assert listed(tmp_path) == ["rules.ndjson"]
    text = (tmp_path / "rules.ndjson").read_text("utf-8")
    assert text.endswith("}\n")
    names = [json.loads(line)["name"] for line in text.splitlines()]
    assert names == sorted(names) and len(names) == 2
    again = tmp_path / "again"
    out("--format", "rule", *MAPPED, *MAPPED, "-o", again, to="es")
    assert (again / "rules.ndjson").read_text("utf-8") == text
    assert [rule.name for rule in package.load_rules(tmp_path / "rules.ndjson").rules] == names


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder, rules in (("a", MAPPED), ("b", MAPPED[::-1])):
        out(*rules, "--accept", "different", "-o", tmp_path / folder, to="all")
    files = [*listed(tmp_path / "a"), MANIFEST]
    assert files == [*listed(tmp_path / "b"), MANIFEST]
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_second_run_writes_nothing(tmp_path: Path) -> None:
    out(RULE, "-o", tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    run = out(RULE, "-v", "-o", tmp_path)
    assert run.returncode == 0
    assert ": unchanged" in run.stderr and ": written" not in run.stderr
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_rule_that_fails_leaves_the_others(tmp_path: Path) -> None:
    broken = rule_file(tmp_path / "in", "Broken", "a:b:c")
    run = out(broken, RULE, "-o", tmp_path / "out")
    assert run.returncode == 1
    assert len(listed(tmp_path / "out")) == 1
    run = out(broken, "-o", tmp_path / "none")
    assert run.returncode == 1
    assert not (tmp_path / "none").exists()


def test_results_are_no_rules_to_be_read_again(tmp_path: Path) -> None:
    rule_file(tmp_path, "A rule")
    for _ in range(2):
        run = out("--format", "rule", tmp_path, "-o", tmp_path / "out", to="es")
        assert run.returncode == 0
    assert (tmp_path / "out/rules.ndjson").read_text("utf-8").count("\n") == 1


# Names


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("A Rule: of things / and \\ others?", "a_rule_of_things_and_others"),
        ("../../etc/passwd", "etc_passwd"),
        ("ends in dots...  ", "ends_in_dots"),
        ("CON", "con_rule"),
        ("nul", "nul_rule"),
        ("Lpt9", "lpt9_rule"),
        ("COM10", "com10"),
        ("Ünïcode Façade", "unicode_facade"),
        ("x" * 300, "x" * 80),
        ("line\nfeed\x00\x1b[0m", "line_feed_0m"),
        (f"{'x' * 79}. y", "x" * 79),
    ],
)
def test_names_are_those_of_every_system(name: str, stem: str) -> None:
    assert file_stem(Rule(name=name, query="a:b")) == stem


@pytest.mark.parametrize("name", ["検知ルール", "😀", "...", "///", "Правило 5", "\ud83d"])
def test_names_in_another_script_get_a_part_of_the_id(name: str) -> None:
    one, other = (file_stem(Rule(name=name, query="a:b", id=id)) for id in ("1", "2"))
    assert one != other
    assert re.fullmatch(r"(5_)?[0-9a-f]{8}", one)


@examples(75)
@given(name=st.text(max_size=120), query=st.text(max_size=20))
def test_any_name_is_safe(name: str, query: str) -> None:
    stem = file_stem(Rule(name=name, query=query))
    assert re.fullmatch("[a-z0-9_]{1,90}", stem)
    assert not re.fullmatch("con|prn|aux|nul|(com|lpt)[0-9]", stem)


def test_rules_of_one_name_are_told_apart(tmp_path: Path) -> None:
    files = [
        rule_file(tmp_path / "in", name, f"a:{number}", rule_id=str(number))
        for number, name in enumerate(["Same name", "same  NAME!", "Another"])
    ]
    assert out(*files, "-o", tmp_path / "a").returncode == 0
    assert out(*reversed(files), "-o", tmp_path / "b").returncode == 0
    names = listed(tmp_path / "a")
    assert len(names) == 3 and names == listed(tmp_path / "b")
    assert names[0] == "another.spl"
    assert all(re.fullmatch(r"same_name_[0-9a-f]{8}\.spl", name) for name in names[1:])
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_rules_of_one_name_and_id_are_told_apart(tmp_path: Path) -> None:
    files = [rule_file(tmp_path / "in", "Same", f"a:{n}", rule_id="1") for n in range(3)]
    files.append(files[0])
    assert out(*files, "-o", tmp_path / "a").returncode == 0
    assert out(*reversed(files), "-o", tmp_path / "b").returncode == 0
    names = listed(tmp_path / "a")
    assert len(names) == 3 and names == listed(tmp_path / "b")
    assert [name.count("_") for name in sorted(names, key=len)] == [1, 2, 2]


def test_sigmas_names_stay_within_its_convention(tmp_path: Path) -> None:
    files = [rule_file(tmp_path / "in", "long " * 60, f"a:{n}", rule_id=str(n)) for n in range(2)]
    assert out(*files, "-o", tmp_path / "a", to="sigma").returncode == 0
    for name in listed(tmp_path / "a"):
        assert re.fullmatch(r"[a-z0-9_]{10,90}\.yml", name)


# Formats of which one file holds all


def test_a_second_rule_of_an_id_is_refused(tmp_path: Path) -> None:
    files = [
        rule_file(tmp_path / "in", name, f"a:{n}", rule_id=name, description="d", severity="low")
        for n, name in enumerate("cabac")
    ]
    texts: list[str] = []
    for order in (files, files[::-1]):
        folder = tmp_path / str(len(texts))
        run = out(*order, "--format", "rule", "-o", folder, to="es")
        assert run.returncode == 1
        assert run.stderr.count("rules.ndjson cannot hold a second") == 2
        texts.append((folder / "rules.ndjson").read_text("utf-8"))
    assert texts[0] == texts[1]
    names = [json.loads(line)["name"] for line in texts[0].splitlines()]
    assert names == ["a", "b", "c"]


def test_a_folder_that_is_none_is_an_error(tmp_path: Path) -> None:
    changed(tmp_path / "file", "x")
    with pytest.raises(OutputError, match="not a folder"):
        Folder(str(tmp_path / "file"))
