"""The example of docs/adding-a-target.md is built, installed, run and judged by the test kit."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import kqlx
from kqlx.conversion import choices
from tests.conftest import ROOT, missing

EXAMPLE = ROOT / "examples/kqlx-opensearch"
PAGE = (ROOT / "docs/adding-a-target.md").read_text("utf-8")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


def run(*command: str | Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**clean, "PYTHONPATH": str(path)} if path else clean,
        timeout=300,
    )


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment in which the example is installed from its wheel; kqlx and
    what it needs are those of the tests.
    """
    folder = tmp_path_factory.mktemp("example")
    shutil.copytree(EXAMPLE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    # With the locked build tool where it is installed, else with what the registry serves.
    own = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") else []
    built = run(*PIP, "wheel", "--no-deps", *own, "--wheel-dir", folder, folder / "source")
    if built.returncode and "hatchling" in built.stderr:
        missing(f"the wheel's build tool cannot be had: {built.stderr[-200:]}")
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    show = "import sysconfig; print(sysconfig.get_path('purelib'))"
    (site,) = run(python, "-c", show).stdout.splitlines()
    ours = [str(ROOT / "transpiler"), sysconfig.get_path("purelib")]
    (Path(site) / "kqlx_of_the_tests.pth").write_text("\n".join(ours), "utf-8")
    placed = run(*PIP, "--python", python, "install", "--no-deps", "--no-index", wheel)
    assert placed.returncode == 0, placed.stderr
    return python


def test_the_page_shows_the_files_of_the_example() -> None:
    shown = re.findall(r"(?ms)^`(\S+)`:\n\n```\w+\n(.*?)```", PAGE)
    assert [name for name, _ in shown] == [
        "pyproject.toml",
        "kqlx_opensearch/__init__.py",
        "kqlx_opensearch/query.py",
        "kqlx_opensearch/monitor.py",
        "kqlx_opensearch/templates/monitor.json.j2",
    ]
    for name, text in shown:
        assert text == (EXAMPLE / name).read_text("utf-8"), name


def test_the_installed_target_is_listed(python: Path) -> None:
    listed = run(python, "-m", "kqlx", "targets")
    assert listed.returncode == 0, listed.stderr
    assert re.search(r"^opensearch\b.*\bmonitor\b", listed.stdout, re.MULTILINE), listed.stdout


def test_the_commands_of_the_page_print_what_it_shows(python: Path) -> None:
    (shown,) = re.findall(r"```console\n\$ pip .*?\n\$ kqlx (.*?)\n(.*?)```", PAGE, re.DOTALL)
    result = run(python, "-m", "kqlx", *shlex.split(shown[0]))
    assert (result.returncode, result.stdout, result.stderr) == (0, shown[1], "")


def test_a_rule_becomes_a_monitor(python: Path) -> None:
    rule = ROOT / "rules/windows_shadow_copy_deletion.toml"
    result = run(python, "-m", "kqlx", "convert", "--to", "lucene", "--format", "monitor", rule)
    assert result.returncode == 0, result.stderr
    monitor = json.loads(result.stdout)
    (source,) = kqlx.load_rules(rule).rules
    assert monitor["name"] == source.name
    search = monitor["inputs"][0]["search"]
    assert search["indices"] == [*source.indices]
    asked, window = search["query"]["query"]["bool"]["filter"]
    assert "vssadmin.exe" in asked["query_string"]["query"]
    assert window["range"]["@timestamp"]["gte"] == "{{period_end}}||-9m"
    assert "not carried over to a monitor: author" in result.stderr


def test_options_are_those_that_the_target_takes(python: Path) -> None:
    command = (python, "-m", "kqlx", "convert", "--to", "opensearch", "-q", "event.code:1")
    found = run(*command, "--index", "logs-*")
    assert found.stdout == '(_index:logs-* AND event.code:"1")\n', found.stderr
    refused = run(*command, "--table", "Events")
    assert refused.returncode == 2
    assert "--table does nothing for opensearch" in refused.stderr


def test_settings_have_a_section_for_the_target(python: Path, tmp_path: Path) -> None:
    file = tmp_path / "own.yml"
    file.write_text("opensearch: {index: logs-*}\n", "utf-8")
    command = (python, "-m", "kqlx", "convert", "--to", "opensearch", "--config", file)
    found = run(*command, "-q", "event.code:1")
    assert found.stdout == '(_index:logs-* AND event.code:"1")\n', found.stderr
    file.write_text("opensearch: {table: Events}\n", "utf-8")
    refused = run(*command, "-q", "event.code:1")
    message = f"error: {file}: opensearch has no key 'table'\n  hint: it knows exact, index\n"
    assert (refused.returncode, refused.stderr) == (2, message)


def test_what_the_target_leaves_out_is_refused(python: Path) -> None:
    result = run(python, "-m", "kqlx", "convert", "--to", "opensearch", "-q", "mimikatz")
    assert result.returncode == 1
    assert result.stdout == ""
    assert "a value without a field" in result.stderr


def test_the_examples_own_tests_pass(python: Path) -> None:
    """They hold it to the law of agreement, by ``kqlx.testing``."""
    tests = python.parents[2] / "source/tests"
    result = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", tests)
    assert result.returncode == 0, result.stdout


def test_a_target_that_cannot_be_loaded_is_a_warning(python: Path, tmp_path: Path) -> None:
    about = tmp_path / "broken_target-1.2.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-target\nVersion: 1.2\n")
    (about / "entry_points.txt").write_text("[kqlx.backends]\nbroken = broken_target:TARGET\n")
    (tmp_path / "broken_target.py").write_text("import what_is_not_there\n")
    for command in (("targets",), ("convert", "--to", "opensearch", "-q", "event.code:1")):
        result = run(python, "-m", "kqlx", *command, path=tmp_path)
        assert result.returncode == 0
        (line,) = [line for line in result.stderr.splitlines() if "broken" in line]
        assert line.startswith("warning: the target broken of broken-target 1.2 cannot be loaded: ")
        assert "what_is_not_there" in line
        assert "Traceback" not in result.stderr
        assert "opensearch" in result.stdout or "event.code" in result.stdout


def test_a_binding_target_is_bound_by_the_pack_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pack,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "own.yml").write_text(pack, "utf-8")
    monkeypatch.syspath_prepend(str(EXAMPLE))
    target = importlib.import_module("kqlx_opensearch").TARGET
    binding = type(target)(name="opensearch", title="OpenSearch", load=target.load)
    monkeypatch.setattr(choices, "find", lambda _name: binding)
    monkeypatch.setattr(choices, "binding_targets", lambda: ("opensearch", "spl"))
    query = "event.dataset:okta.system and event.action:x and not user.name:y"
    result = kqlx.convert(query, "opensearch", mappings=tmp_path / "own.yml")
    assert result.query == (
        '(eventType:"x" AND (*:* AND NOT (actor.alternateId:"y" OR actor.alternateId:y@*)))'
    )
    assert result.place == {"table": "okta-logs"}
