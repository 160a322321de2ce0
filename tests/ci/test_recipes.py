"""The recipes of docs/ci.md: each is valid by the schema of its service, and its steps are run in a
team's repository.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci import actions
from tests.ci.recipes import PAGE, recipe, recipes
from tests.ci.repository import STARTED, Done, Repository
from tests.ci.schemas import problems
from tests.conftest import ROOT

SCHEMAS = {
    ".github/workflows/rules.yml": "github-workflows",
    ".gitlab-ci.yml": "gitlab-ci",
    "azure-pipelines.yml": "azure-pipelines",
}
INSTALL = "https://github.com/kqlx/kqlx/archive/main.tar.gz"


@pytest.fixture(scope="module")
def first_team(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository as the page describes it, by the page's own commands."""
    team = Repository.new(tmp_path_factory.mktemp("first"))
    team.write("kqlx.yml", "to: spl\n")
    team.rule("shell", STARTED + "process.name:cmd.exe")
    team.rule("uncoded", STARTED + "not process.args:-e*n*c")
    (record,) = [line for line in PAGE.read_text("utf-8").splitlines() if "--update-b" in line]
    assert team.run(*shlex.split(record)).status == 0
    team.commit("Rules")
    return team


def worsen(team: Repository) -> None:
    """A pull request that makes a rule narrower."""
    team.rule("shell", STARTED + "process.name:cmd.exe and not process.args:-e*n*c")


def test_the_page_has_a_recipe_for_each_service() -> None:
    assert set(recipes()) == {*SCHEMAS, ".pre-commit-config.yaml"}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_recipe_is_valid_by_the_schema_of_its_service(name: str, tmp_path: Path) -> None:
    path = tmp_path / Path(name).name
    path.write_text(recipe(name), "utf-8")
    assert problems(path, SCHEMAS[name]) == ""
    path.write_text(recipe(name).replace("script:", "skript:").replace("uses:", "used:"), "utf-8")
    assert problems(path, SCHEMAS[name])


def test_the_commands_of_the_page_work_in_a_repository_that_is_in_order(team: Repository) -> None:
    page = PAGE.read_text("utf-8")
    commands = [
        line
        for text in re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
        for line in text.splitlines()
    ]
    assert len(commands) > 3
    for command in commands:
        is_known = "--baseline" in command or not command.startswith("kqlx convert")
        assert team.run(*shlex.split(command)).status == (0 if is_known else 1), command


def test_the_page_says_what_the_action_takes_and_gives() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    page = PAGE.read_text("utf-8").partition("## GitHub")[2].partition("## GitLab")[0]
    rows = dict(re.findall(r"^\| `([\w-]+)` \|.*\| (.*?) ?\|$", page, re.MULTILINE))
    assert rows.keys() == action["inputs"].keys()
    for name, about in action["inputs"].items():
        default = about["default"]
        assert not default or f"`{default}`" in rows[name]
    for name in action["outputs"]:
        assert f"`{name}`" in page


def test_the_workflow_for_github(team: Repository, runner: Path) -> None:
    workflow = yaml.safe_load(recipe(".github/workflows/rules.yml"))
    (job,) = workflow["jobs"].values()
    checkout, ours = job["steps"]
    assert checkout["uses"].startswith("actions/checkout@")
    assert ours["uses"].startswith("kqlx/kqlx@")
    given: dict[str, Any] = {name.replace("-", "_"): text for name, text in ours["with"].items()}
    assert actions.run(team, runner, without="install", **given).status == 0
    worsen(team)
    done = actions.run(team, runner, without="install", **given)
    assert done.status == 1
    assert "rules/shell.toml: error: spl: refused, but coverage in the baseline" in done.said
    assert workflow["permissions"]["security-events"] == "write"
    assert "github/codeql-action/upload-sarif" in done.used


def test_the_pipeline_for_gitlab(team: Repository) -> None:
    (job,) = yaml.safe_load(recipe(".gitlab-ci.yml")).values()
    assert job["before_script"] == [f"pip install --quiet {INSTALL}"]
    assert _bash(team, *job["script"]).status == 0
    worsen(team)
    for path in job["artifacts"]["paths"]:
        (team.folder / path).unlink()
    done = _bash(team, *job["script"])
    assert done.status == 1
    assert "refused, but coverage in the baseline" in done.err
    for path in job["artifacts"]["paths"]:
        assert "Shell" in (team.folder / path).read_text("utf-8")


def test_the_pipeline_for_azure(team: Repository, runner: Path) -> None:
    steps = yaml.safe_load(recipe("azure-pipelines.yml"))["steps"]
    scripts = [step for step in steps if "script" in step]
    assert scripts[0]["script"] == f"python -m pip install --quiet {INSTALL}"
    worsen(team)
    convert, show = (_azure(team, runner, step["script"]) for step in scripts[1:])
    assert convert.status == 1
    assert "refused, but coverage in the baseline" in convert.err
    # The steps behind it run all the same, and find the reports.
    tasks = {step["task"].partition("@")[0]: step for step in steps if "task" in step}
    assert scripts[2]["condition"] == "succeededOrFailed()"
    assert tasks["PublishBuildArtifacts"]["condition"] == "succeededOrFailed()"
    summary = Path(show.out.strip().removeprefix("##vso[task.uploadsummary]"))
    assert "Shell" in summary.read_text("utf-8")
    published = _filled(tasks["PublishBuildArtifacts"]["inputs"]["PathtoPublish"], runner)
    assert json.loads(Path(published).read_text("utf-8"))["version"] == "2.1.0"


def _bash(team: Repository, *lines: str) -> Done:
    return team.run("bash", "-eo", "pipefail", "-c", "\n".join(lines))


def _azure(team: Repository, folder: Path, script: str) -> Done:
    return _bash(team, _filled(script, folder))


def _filled(text: str, folder: Path) -> str:
    filled = text.replace("$(Build.ArtifactStagingDirectory)", str(folder))
    assert "$(" not in filled
    return filled
