"""The composite action for GitHub: its steps are run in a team's repository."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from tests.ci import actions
from tests.ci.index import needs_an_index
from tests.ci.repository import STARTED, Repository
from tests.ci.schemas import problems
from tests.conftest import ROOT

SARIF = "github/codeql-action/upload-sarif"


@pytest.fixture(scope="module")
def first_team(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    team = Repository.new(tmp_path_factory.mktemp("first"))
    team.rule("shell", STARTED + "process.name:cmd.exe")
    team.write("kqlx.yml", "to: spl\n")
    team.commit("Rules")
    return team


def test_the_action_is_one_by_githubs_schema(tmp_path: Path) -> None:
    assert problems(ROOT / "action.yml", "github-actions") == ""
    broken = tmp_path / "action.yml"
    broken.write_text((ROOT / "action.yml").read_text("utf-8").replace("composite", "composed"))
    assert problems(broken, "github-actions")


def test_every_input_is_used_and_every_input_used_is_declared() -> None:
    text = (ROOT / "action.yml").read_text("utf-8")
    action = yaml.safe_load(text)
    used = {name for name in action["inputs"] if f"inputs.{name}" in text}
    assert used == set(action["inputs"])


def test_rules_that_convert_pass_and_are_reported(team: Repository, runner: Path) -> None:
    done = actions.run(team, runner, without="install")
    assert done.status == 0, done.said
    assert done.outputs["status"] == "0"
    assert "1 rule: spl 1 converted" in done.summary
    found = json.loads(Path(done.outputs["sarif"]).read_text("utf-8"))
    assert found["version"] == "2.1.0"
    assert done.used[SARIF] == {"sarif_file": done.outputs["sarif"], "category": "kqlx"}
    assert json.loads(Path(done.outputs["json"]).read_text("utf-8"))
    assert "<html" in Path(done.outputs["html"]).read_text("utf-8")


def test_a_refused_rule_fails_after_it_is_reported(team: Repository, runner: Path) -> None:
    team.rule("uncoded", STARTED + "not process.args:-e*n*c")
    done = actions.run(team, runner, without="install")
    assert (done.status, done.outputs["status"]) == (1, "1")
    assert "rules/uncoded.toml: error: spl: the result would be narrower" in done.said
    (run,) = json.loads(Path(done.used[SARIF]["sarif_file"]).read_text("utf-8"))["runs"]
    errors = [found for found in run["results"] if found["level"] == "error"]
    assert [
        place["physicalLocation"]["artifactLocation"]["uri"]
        for found in errors
        for place in found["locations"]
    ] == ["rules/uncoded.toml"]
    assert "rules/uncoded.toml" in done.summary
    assert team.run("git", "status", "--porcelain", "--", "rules").out == "?? rules/uncoded.toml\n"


def test_what_fails_can_be_chosen(team: Repository, runner: Path) -> None:
    team.rule("uncoded", STARTED + "not process.args:-e*n*c")
    assert actions.run(team, runner, without="install", fail_on="never").status == 0
    assert actions.run(team, runner, without="install", arguments="--accept\nnarrower").status == 0
    assert actions.run(team, runner, without="install", fail_on="coverage").status == 1


def test_rules_are_checked_where_no_files_are_wanted(team: Repository, runner: Path) -> None:
    done = actions.run(team, runner, without="install", arguments="--fail-on\nlint")
    assert (done.status, done.said) == (0, ""), "a check says nothing of rules in order"
    team.rule("doubt", STARTED + 'process.name:"cmd*"')
    assert actions.run(team, runner, without="install", fail_on="lint").status == 1
    assert {path.name for path in team.folder.iterdir()} == {".git", "kqlx.yml", "rules"}


def test_a_pull_request_is_compared_with_its_base(team: Repository, runner: Path) -> None:
    """As the page has it: the base is checked out below the checkout."""
    added = team.run("git", "worktree", "add", "--quiet", "--detach", "before", "main")
    assert added.status == 0, added
    same = actions.run(team, runner, without="install", base="before/rules")
    assert same.status == 0
    assert "## kqlx: nothing changes\n\n0 rules changed; 1 unchanged\n" in same.summary
    team.rule("shell", STARTED + "process.name:pwsh.exe")
    team.rule("uncoded", STARTED + "not process.args:-e*n*c")
    done = actions.run(team, runner, without="install", base="before/rules", fail_on="never")
    assert done.status == 0
    assert "### Worse than before: 1\n\n- `rules/uncoded.toml` Uncoded\n" in done.summary
    assert "- `rules/shell.toml` Shell: meaning (query)\n" in done.summary
    assert Path(done.outputs["diff"]).read_text("utf-8") in done.summary
    missing = actions.run(team, runner, without="install", base="no/rules", fail_on="never")
    assert missing.status == 2
    assert "no/rules" in missing.said


def test_files_are_compared_or_written(team: Repository, runner: Path) -> None:
    checked = actions.run(team, runner, without="install", out="converted files")
    assert checked.status == 1
    assert "converted files/shell.spl: missing" in checked.said
    assert not (team.folder / "converted files").exists()
    written = actions.run(team, runner, without="install", out="converted files", write="true")
    assert written.status == 0, written.said
    assert (team.folder / "converted files/shell.spl").exists()
    assert actions.run(team, runner, without="install", out="converted files").status == 0


def test_files_are_compared_where_the_settings_name_their_folder(
    team: Repository, runner: Path
) -> None:
    team.write("kqlx.yml", "to: spl\nout: converted\n")
    checked = actions.run(team, runner, without="install")
    assert checked.status == 1
    assert "converted/shell.spl: missing" in checked.said
    assert not (team.folder / "converted").exists()
    assert actions.run(team, runner, without="install", write="true").status == 0
    assert actions.run(team, runner, without="install").status == 0


def test_a_baseline_is_heeded(team: Repository, runner: Path) -> None:
    team.rule("uncoded", STARTED + "not process.args:-e*n*c")
    known = ("--baseline", "known.json")
    assert team.kqlx("convert", "rules/", *known, "--update-baseline").status == 0
    assert actions.run(team, runner, without="install", baseline="known.json").status == 0
    team.rule("shell", STARTED + "not process.args:-e*n*c")
    done = actions.run(team, runner, without="install", baseline="known.json")
    assert done.status == 1
    assert "rules/shell.toml: error: spl: refused, but coverage in the baseline" in done.said


def test_several_targets_and_paths(team: Repository, runner: Path) -> None:
    (team.folder / "more rules").mkdir()
    shutil.copy(team.folder / "rules/shell.toml", team.folder / "more rules/a b.toml")
    done = actions.run(
        team, runner, without="install", paths="rules/\nmore rules/\n", to="spl,sigma"
    )
    assert done.status == 0, done.said
    report = Path(done.outputs["json"]).read_text("utf-8")
    assert "more rules/a b.toml" in report and '"sigma"' in report


def test_inputs_are_no_commands(team: Repository, runner: Path) -> None:
    """Paths come from pull requests of strangers."""
    evil = "$(touch /tmp/kqlx-was-here)`touch here`; touch here"
    done = actions.run(team, runner, without="install", paths=f"--out\n{evil}", upload_sarif="no")
    assert done.status == 2
    assert not (team.folder / "here").exists()
    assert not Path("/tmp/kqlx-was-here").exists()
    assert SARIF not in done.used


def test_a_fault_of_usage_fails_without_a_report(team: Repository, runner: Path) -> None:
    done = actions.run(team, runner, without="install", to="slp")
    assert (done.status, done.outputs["sarif"]) == (2, "")
    assert SARIF not in done.used
    assert "spl" in done.said


def test_it_installs_itself_in_locked_versions(team: Repository, runner: Path) -> None:
    needs_an_index()
    done = actions.run(team, runner)
    assert done.status == 0, done.said
    (program,) = [path for path in (runner / "kqlx").glob("*/kqlx*") if path.is_file()]
    assert program.stem == "kqlx"
    assert done.used["actions/setup-python"]["update-environment"] == "False"
