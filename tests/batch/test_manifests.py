"""Manifests of others, of older versions and of no one; files for all rules."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kqlx.rules.file_search import MANIFEST
from tests.batch.runs import convert, digest, files, manifest, rule


def test_a_manifest_of_the_first_version_is_read(tmp_path: Path) -> None:
    rule(tmp_path / "rules", "one")
    folder = tmp_path / "out"
    folder.mkdir()
    old = b"what an older kqlx wrote\n"
    entry = {"format": "spl query", "rule": "one", "sha256": [hashlib.sha256(old).hexdigest()]}
    gone = {**entry, "rule": "gone"}
    for name in ("one.spl", "gone.spl"):
        (folder / name).write_bytes(old)
    data = {"version": 1, "files": {"one.spl": entry, "gone.spl": gone}}
    (folder / MANIFEST).write_text(json.dumps(data), "utf-8")
    run = convert("rules", "-o", "out", "--prune", cwd=tmp_path)
    assert (run.status, "stale" in run.said) == (0, False)
    assert (folder / "one.spl").read_text("utf-8") == 'process.name="a"\n'
    assert (folder / "gone.spl").read_bytes() == old  # whose it is nobody knows any more
    assert set(manifest(folder)) == {"one.spl", "gone.spl"}
    assert json.loads((folder / MANIFEST).read_text("utf-8"))["version"] == 2


@pytest.mark.parametrize("options", [(), ("--check",), ("--prune",)])
def test_a_manifest_of_a_later_version_is_told_and_kept(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    rule(tmp_path / "rules", "one")
    assert convert("rules", "-o", "out", cwd=tmp_path).status == 0
    path = tmp_path / "out" / MANIFEST
    path.write_text(path.read_text("utf-8").replace('"version": 2', '"version": 3'), "utf-8")
    (tmp_path / "rules/one.toml").unlink()
    rule(tmp_path / "rules", "two")
    before = digest(tmp_path)
    run = convert("rules", "-o", "out", *options, cwd=tmp_path)
    assert (run.status, run.out) == (2, "")
    assert run.said == (
        "error: out/.kqlx-manifest.json: of a later version of kqlx\n"
        "  hint: update kqlx, or convert to another folder; --force creates it anew, and overwrites"
        " files of the same names\n"
    )
    assert digest(tmp_path) == before
    assert convert("rules", "-o", "out", "--force", cwd=tmp_path).status == 0
    assert set(manifest(tmp_path / "out")) == {"two.spl"}


@pytest.mark.parametrize(
    "name", ["../mine", "/mine", "a/../../mine", "./mine", "", "a//b", "..", "c:mine", "a\\..\\b"]
)
def test_a_manifest_that_names_files_elsewhere_removes_none(tmp_path: Path, name: str) -> None:
    rule(tmp_path / "rules", "one")
    assert convert("rules", "-o", "out", cwd=tmp_path).status == 0
    (tmp_path / "mine").write_bytes(b"mine")
    path = tmp_path / "out" / MANIFEST
    data = json.loads(path.read_text("utf-8"))
    gone = {"path": "../rules/gone.toml", "id": "gone", "name": "gone"}
    digest = hashlib.sha256(b"mine").hexdigest()
    data["files"][name] = {**data["files"]["one.spl"], "rules": [gone], "sha256": [digest]}
    path.write_text(json.dumps(data), "utf-8")
    run = convert("rules", "-o", "out", "--prune", cwd=tmp_path)
    assert (run.status, "not a manifest of kqlx" in run.said) == (2, True)
    assert (tmp_path / "mine").read_bytes() == b"mine"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
def test_a_pipe_or_a_folder_in_its_place_is_an_error_and_no_hang(tmp_path: Path) -> None:
    rule(tmp_path / "rules", "one")
    folder = tmp_path / "out"
    folder.mkdir()
    os.mkfifo(folder / MANIFEST)
    command = [sys.executable, "-m", "kqlx", "convert", "--to", "spl", "--source", "none"]
    run = subprocess.run(
        [*command, "rules", "-o", "out"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (run.returncode, "not a manifest of kqlx" in run.stderr) == (2, True)
    assert files(folder) == []
    (folder / MANIFEST).unlink()
    (folder / MANIFEST).mkdir()
    for more in ((), ("--force",)):
        done = convert("rules", "-o", "out", *more, cwd=tmp_path)
        assert (done.status, "not a manifest of kqlx" in done.said) == (2, True)


# Files for all rules


def kibana(*arguments: str, cwd: Path) -> tuple[int, str]:
    run = convert(*arguments, "--format", "rule", "-o", "out", cwd=cwd, to="es")
    return run.status, run.said


def test_a_file_for_all_rules_does_not_lose_those_of_another_run(tmp_path: Path) -> None:
    text = {"description": "d", "severity": "low"}
    for folder in ("a", "b"):
        rule(tmp_path / folder, f"in_{folder}", **text)
    assert kibana("a", "b", cwd=tmp_path)[0] == 0
    both = (tmp_path / "out/rules.ndjson").read_bytes()
    assert both.count(b"\n") == 2
    status, said = kibana("a", cwd=tmp_path)
    assert status == 2
    assert "out/rules.ndjson: error: it contains the results of other rules" in said or (
        "which would be lost" in said
    )
    assert "../b/in_b.toml" in said
    assert (tmp_path / "out/rules.ndjson").read_bytes() == both
    assert kibana("a", "--force", cwd=tmp_path)[0] == 0
    assert (tmp_path / "out/rules.ndjson").read_bytes().count(b"\n") == 1


def test_a_rule_that_is_gone_leaves_the_file_for_all(tmp_path: Path) -> None:
    for name in ("one", "two"):
        rule(tmp_path / "rules", name, description="d", severity="low")
    assert kibana("rules", cwd=tmp_path)[0] == 0
    (tmp_path / "rules/two.toml").unlink()
    assert kibana("rules", cwd=tmp_path)[0] == 0
    assert (tmp_path / "out/rules.ndjson").read_bytes().count(b"\n") == 1


def test_stanzas_of_one_name_are_told_apart_on_standard_output(tmp_path: Path) -> None:
    for number in (1, 2):
        path = rule(tmp_path / "rules", f"r{number}", f"a:{number}", description="d")
        text = path.read_text("utf-8").replace(f'name = "r{number}"', 'name = "Same"')
        path.write_text(text, "utf-8")
    run = convert("rules", "--format", "savedsearches", cwd=tmp_path)
    assert run.status == 0, run.said
    stanzas = [line for line in run.out.splitlines() if line.startswith("[")]
    assert len({*stanzas}) == len(stanzas) == 2
    assert "[name-taken]" in run.said
