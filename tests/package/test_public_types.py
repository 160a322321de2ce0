"""What type checkers say to users of the public functions: right calls pass, wrong ones do not."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, missing

PYRIGHT = ROOT / "tests/engines/node_modules/pyright/index.js"

RIGHT = """
from pathlib import Path

import kqlx
from kqlx.nodes import Node

tree: Node = kqlx.parse("a:b")
text: str = kqlx.format("a:b", 80, language="kuery")
found: kqlx.Conversion = kqlx.convert("a:b", to="spl", source="none", index="main", exact=True)
kqlx.convert("a:b", "sentinel", accept="narrower", table="Events", case="sensitive")
kqlx.convert("a:b", "es", accept=["narrower", "different"], compact=True, time_zone="UTC")
kqlx.convert("a:b", accept={"wider"}, unmapped="keep", fields={"a": "keyword"}, language="kuery")
notes: tuple[kqlx.Note, ...] = found.notes
worst: kqlx.Effect = found.fidelity
rules: list[kqlx.Rule] = kqlx.load_rules(Path("rules")).rules
fits: bool = kqlx.matches("a:b", {"a": "b"}, types={"a": "keyword"})
doubts: list[kqlx.Note] = kqlx.lint("a:b")
uses: tuple[kqlx.FieldUse, ...] = kqlx.field_uses(rules)
names: list[str] = [target.name for target in kqlx.targets()]
try:
    kqlx.convert("a:", "sigma")
except kqlx.KqlSyntaxError as error:
    place: tuple[int, int] = (error.line, error.column)
    language: str = error.language
except kqlx.UnsupportedError as error:
    reason: tuple[str, kqlx.Effect | None] = (error.code, error.effect)
"""

WRONG = (
    'kqlx.convert("a:b", indx="main")',
    'kqlx.convert("a:b", exact="yes")',
    'kqlx.convert("a:b", table=5)',
    'kqlx.convert("a:b", unmapped="drop")',
    'kqlx.convert("a:b", strict="yes")',
    'kqlx.convert("a:b").effect',
    'kqlx.parse("a:b", "kuery")',
    "kqlx.load_rules(5)",
    'kqlx.matches("a:b", {}, timezone="UTC")',
    'kqlx.lint("a:b", languages="kuery")',
)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "use_of_the_api.py"
    wrong = "\n".join(WRONG)
    path.write_text(f"{RIGHT}\n# Wrong from here on\n{wrong}\n")
    return path


def lines_with(script: Path, lines: set[int]) -> list[str]:
    text = script.read_text().splitlines()
    return [text[number - 1] for number in sorted(lines)]


def test_mypy_refuses_wrong_calls_alone(script: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--no-error-summary", str(script)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    lines = re.findall(r"use_of_the_api\.py:(\d+): error", run.stdout)
    assert lines_with(script, {int(line) for line in lines}) == [*WRONG], run.stdout + run.stderr


def test_pyright_refuses_wrong_calls_alone(script: Path) -> None:
    node = shutil.which("node")
    if node is None or not PYRIGHT.is_file():
        missing("pyright is not installed (make setup, with Node.js)")
    assert node is not None
    config = {
        "include": [str(script)],
        "extraPaths": [str(ROOT / "transpiler")],
        "typeCheckingMode": "strict",
    }
    (script.parent / "pyrightconfig.json").write_text(json.dumps(config))
    command = [node, str(PYRIGHT), "--outputjson", "--pythonpath", sys.executable]
    command += ["--project", str(script.parent)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    found = json.loads(run.stdout)["generalDiagnostics"]
    lines = {one["range"]["start"]["line"] + 1 for one in found if one["severity"] == "error"}
    assert lines_with(script, lines) == [*WRONG], found
