"""The hooks for pre-commit, run by pre-commit itself on a team's repository."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from tests.ci.index import needs_an_index
from tests.ci.recipes import recipe
from tests.ci.repository import STARTED, Done, Repository
from tests.conftest import ROOT

INSTALLED = ("pyproject.toml", "README.md", "LICENSE", "NOTICE", ".pre-commit-hooks.yaml")
FOLDERS = ("transpiler", "grammars", "templates")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """What pre-commit clones: this project as it stands, in a repository of its own."""
    project = Repository.new(tmp_path_factory.mktemp("project"))
    for name in INSTALLED:
        shutil.copy(ROOT / name, project.folder / name)
    for name in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, project.folder / name, ignore=ignored)
    project.commit("The project")
    return project


@pytest.fixture(scope="module")
def first_team(project: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with the configuration of the documentation, of the project as it stands. The
    hooks run the ``kqlx`` of this checkout, and none that they install.
    """
    team = Repository.new(tmp_path_factory.mktemp("first"))
    _configure(team, project, installs=False)
    team.write("kqlx.yml", "to: spl\n")
    team.rule("shell", STARTED + "process.name:cmd.exe")
    team.rule("sequence", "any where true", "esql")
    assert team.kqlx("convert", "--out", "converted", "rules/").status == 0
    team.commit("Rules")
    return team


def _configure(team: Repository, project: Repository, *, installs: bool) -> None:
    found = yaml.safe_load(recipe(".pre-commit-config.yaml"))
    (source,) = found["repos"]
    assert source["repo"] == "https://github.com/kqlx/kqlx"
    source["repo"] = project.folder.as_uri()
    source["rev"] = project.run("git", "rev-parse", "HEAD").out.strip()
    for hook in source["hooks"] if not installs else ():
        hook["language"] = "system"
    team.write(".pre-commit-config.yaml", yaml.safe_dump(found))


def run(team: Repository, tmp_path: Path, *arguments: str) -> Done:
    team.run("git", "add", "--all")
    environment = team.environment(PRE_COMMIT_HOME=str(tmp_path / "home"), PRE_COMMIT_COLOR="never")
    command = (sys.executable, "-m", "pre_commit", "run", *arguments)
    return team.run(*command, environment=environment, timeout=600)


def results(done: Done) -> dict[str, str]:
    """Passed, Failed or Skipped, by the name of the hook."""
    return dict(re.findall(r"^(.*?)\.{3,}(?:\(.*\))?(\w+)$", done.out, re.MULTILINE))


LINT, FMT, CONVERT = "kqlx lint", "kqlx fmt", "kqlx convert --check"
CHECK = "kqlx check"


def test_rules_in_order_pass(team: Repository, tmp_path: Path) -> None:
    done = run(team, tmp_path, "--all-files")
    assert results(done) == {LINT: "Passed", FMT: "Passed", CONVERT: "Passed"}, done
    assert done.status == 0


def test_a_doubtful_query_stops_a_commit(team: Repository, tmp_path: Path) -> None:
    team.rule("doubt", STARTED + 'process.name:"cmd*"')
    team.kqlx("convert", "--out", "converted", "rules/")
    done = run(team, tmp_path)
    assert results(done) == {LINT: "Failed", FMT: "Passed", CONVERT: "Passed"}, done
    assert "rules/doubt.toml:7:76: a star in quotes is not a wildcard" in done.out


def test_a_query_is_formatted_and_the_commit_waits(team: Repository, tmp_path: Path) -> None:
    path = team.rule("spaced", STARTED + "process.name:( cmd.exe   OR pwsh.exe )")
    team.kqlx("convert", "--out", "converted", "rules/")
    done = run(team, tmp_path)
    assert results(done)[FMT] == "Failed", done
    assert "process.name:(cmd.exe or pwsh.exe)" in path.read_text("utf-8")
    assert results(run(team, tmp_path))[FMT] == "Passed"


def test_a_rule_that_was_not_converted_again_stops_a_commit(
    team: Repository, tmp_path: Path
) -> None:
    team.rule("shell", STARTED + "process.name:pwsh.exe")
    done = run(team, tmp_path)
    assert results(done) == {LINT: "Passed", FMT: "Passed", CONVERT: "Failed"}, done
    assert "converted/shell.spl: " in done.out
    team.kqlx("convert", "--out", "converted", "rules/")
    assert run(team, tmp_path).status == 0


def test_rules_are_checked_without_converted_files(team: Repository, tmp_path: Path) -> None:
    path = team.folder / ".pre-commit-config.yaml"
    found = yaml.safe_load(path.read_text("utf-8"))
    hook = {"id": "kqlx-check", "language": "system", "args": ["rules/"]}
    found["repos"][0]["hooks"] = [hook]
    path.write_text(yaml.safe_dump(found), "utf-8")
    shutil.rmtree(team.folder / "converted")
    done = run(team, tmp_path, "--all-files")
    assert results(done) == {CHECK: "Passed"}, done
    team.rule("uncoded", STARTED + "not process.args:-e*n*c")
    done = run(team, tmp_path)
    assert results(done) == {CHECK: "Failed"}, done
    assert "rules/uncoded.toml: error: spl: the result would be narrower" in done.out
    assert not (team.folder / "converted").exists()


def test_commits_of_other_files_wait_for_nothing(team: Repository, tmp_path: Path) -> None:
    team.write("README.md", "# Rules\n")
    done = run(team, tmp_path)
    assert (results(done)[LINT], results(done)[FMT]) == ("Skipped", "Skipped"), done
    assert done.status == 0


def test_the_hooks_install_themselves(project: Repository, tmp_path: Path) -> None:
    needs_an_index()
    team = Repository.new(tmp_path)
    (team.programs / "kqlx").unlink()
    _configure(team, project, installs=True)
    team.rule("doubt", STARTED + 'process.name:"cmd*"')
    done = run(team, tmp_path, "kqlx-lint")
    assert results(done) == {LINT: "Failed"}, done
    assert "a star in quotes is not a wildcard" in done.out
