"""A composite action → what becomes of its steps, run one after the other as GitHub's runner does
(https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax). Of expressions
it knows those that the action uses; another is an error.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.ci.repository import Repository
from tests.conftest import ROOT

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_TERM = re.compile(r"\s*(?:(?P<value>[\w.-]+)\s*(?P<operator>==|!=)\s*'(?P<text>[^']*)')\s*")


@dataclass(slots=True)
class Run:
    """``used`` are the actions of others that were called, with what they were given."""

    status: int = 0
    outputs: dict[str, str] = field(default_factory=dict)
    used: dict[str, dict[str, str]] = field(default_factory=dict)
    summary: str = ""
    said: str = ""


def run(team: Repository, runner: Path, *, without: str = "", **inputs: str) -> Run:
    """Runs the action in a team's repository. ``without`` is a step's id that is left out, with the
    outputs that the project itself stands for.
    """
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    assert given.keys() <= action["inputs"].keys()
    context = {f"inputs.{name}": str(about["default"]) for name, about in action["inputs"].items()}
    context |= {f"inputs.{name}": value for name, value in given.items()}
    context["github.action_path"] = str(ROOT)
    # Outputs of steps that are actions of others, or are left out.
    context["steps.python.outputs.python-path"] = sys.executable
    done = Run()
    for step in action["runs"]["steps"]:
        if step.get("id") == without:
            context[f"steps.{without}.outputs.kqlx"] = str(team.programs / "kqlx")
        elif _is_wanted(step.get("if"), context, failed=done.status != 0):
            _step(step, context, team, runner, done)
    for name, about in action["outputs"].items():
        done.outputs[name] = filled(about["value"], context)
    return done


def _step(
    step: Mapping[str, Any], context: dict[str, str], team: Repository, runner: Path, done: Run
) -> None:
    if "uses" in step:
        given = {name: filled(str(value), context) for name, value in step["with"].items()}
        done.used[step["uses"].partition("@")[0]] = given
        return
    assert step["shell"] == "bash"
    assert not _EXPRESSION.search(step["run"]), "an input in a script could be a command"
    script, output, summary = (runner / name for name in ("step.sh", "output", "summary.md"))
    script.write_text(step["run"], "utf-8")
    output.write_text("")
    given = {name: filled(value, context) for name, value in step.get("env", {}).items()}
    environment = team.environment(
        RUNNER_TEMP=str(runner),
        GITHUB_OUTPUT=str(output),
        GITHUB_STEP_SUMMARY=str(summary),
        **given,
    )
    bash = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script)
    try:
        made = team.run(*bash, environment=environment, timeout=400)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"{step['name']} does not end") from None
    done.said += made.out + made.err
    done.status = done.status or made.status
    for line in output.read_text("utf-8").splitlines():
        name, _, value = line.partition("=")
        context[f"steps.{step['id']}.outputs.{name}"] = value
    done.summary = summary.read_text("utf-8") if summary.exists() else ""


def filled(text: str, context: Mapping[str, str]) -> str:
    """A text with the values of its expressions; what a step did not say is empty."""
    return _EXPRESSION.sub(lambda found: _value(found[1], context), text)


def _value(name: str, context: Mapping[str, str]) -> str:
    assert re.fullmatch(r"(?:inputs|github|steps)[\w.-]+", name), name
    if name not in context:
        assert name.startswith("steps."), f"there is no {name}"
    return context.get(name, "")


def _is_wanted(condition: str | None, context: Mapping[str, str], *, failed: bool) -> bool:
    if condition is None:
        return not failed
    (expression,) = _EXPRESSION.findall(condition)
    if expression == "!cancelled()":
        return True
    return not failed and all(_terms(expression, context))


def _terms(expression: str, context: Mapping[str, str]) -> Iterator[bool]:
    for term in expression.split("&&"):
        found = _TERM.fullmatch(term)
        assert found, f"an expression that the test does not know: {term}"
        is_same = _value(found["value"], context) == found["text"]
        yield is_same is (found["operator"] == "==")
