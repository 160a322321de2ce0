"""What SARIF's own schema and Microsoft's validator, with GitHub's rules, say of a report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema

from tests.conftest import ROOT, missing

_SYSTEM = {"darwin": "darwin", "win32": "win32"}.get(sys.platform, "linux")
TOOL = ROOT / f"tests/engines/node_modules/@microsoft/sarif-multitool-{_SYSTEM}"


def complaints(report: Path) -> list[str]:
    """What is wrong with the report. Skips the test where there is no validator."""
    program = TOOL / ("Sarif.Multitool.exe" if os.name == "nt" else "Sarif.Multitool")
    if not program.exists():
        missing("no validator of SARIF: make setup installs it, with Node.js")
    schema = json.loads((TOOL / "sarif-2.1.0.json").read_text("utf-8-sig"))
    data = json.loads(report.read_text("utf-8"))
    found = [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(data)]
    program.chmod(0o755)  # what its package leaves to a script, which npm may not run
    log = report.with_suffix(".validated.sarif")
    run = subprocess.run(
        [
            *(program, "validate", report, "--rule-kind", "Sarif;Ghas"),
            *("--level", "Error;Warning", "--output", log, "--log", "ForceOverwrite"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
    )
    if not log.exists():
        return [*found, f"the validator fails: {run.stdout[-500:]}{run.stderr[-500:]}"]
    (one,) = json.loads(log.read_text("utf-8-sig"))["runs"]
    found += [_told(result) for result in one["results"]]
    for invocation in one.get("invocations", []):
        for kind in ("toolExecutionNotifications", "toolConfigurationNotifications"):
            found += [str(note["message"]) for note in invocation.get(kind, [])]
    return found


def _told(result: dict[str, Any]) -> str:
    message = result["message"]
    return f"{result['ruleId']}: {message.get('text') or message.get('arguments')}"
