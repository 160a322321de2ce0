"""Splunk's own tools by a process of their own environment (``tests/engines/requirements.txt``):
contentctl's models of detections, and AppInspect's checks of an app.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kqlx.backends.spl.indicator_match import INDICATORS
from tests.conftest import missing

ENGINES = Path(__file__).parents[1] / "engines"
PYTHON = ENGINES / ".venv" / "bin" / "python"
INSTALLED = ENGINES / ".venv" / ".installed"
"""What ``make setup`` writes when all of the environment is there."""

APP_CONF = """\
[install]
is_configured = 0

[package]
id = {name}
check_for_updates = 0

[id]
name = {name}
version = 1.0.0

[ui]
is_visible = 0
label = Converted rules

[launcher]
author = kqlx
description = Converted rules
version = 1.0.0
"""
META = "[]\naccess = read : [ * ], write : [ admin, sc_admin ]\nexport = system\n"


def there() -> bool:
    """Whether the tools are installed."""
    return INSTALLED.is_file()


def detection_problems(texts: Sequence[str]) -> list[list[str]]:
    """For each detection what contentctl has against it: none where it would take it, given the
    lookup of indicators that the user is told to make.
    """
    given = {"texts": list(texts), "lookups": [INDICATORS]}
    found: list[list[str]] = _run(["detections"], json.dumps(given))
    assert len(found) == len(texts)
    return found


def app_problems(searches: Sequence[str], folder: Path) -> list[list[str]]:
    """For each text of a savedsearches.conf what AppInspect has against an app that has it. The
    apps are built in the folder.
    """
    apps = [folder / f"kqlx_rules_{number}" for number in range(len(searches))]
    for app, text in zip(apps, searches, strict=True):
        _write(app / "default/app.conf", APP_CONF.format(name=app.name))
        _write(app / "default/savedsearches.conf", text)
        _write(app / "metadata/default.meta", META)
    found: list[list[str]] = _run(["apps", *map(str, apps)])
    assert len(found) == len(apps)
    return found


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _run(arguments: list[str], given: str = "") -> Any:
    if not there():
        missing("Splunk's tools are not installed (make setup)")
    run = subprocess.run(
        [str(PYTHON), str(ENGINES / "splunk_tools.py"), *arguments],
        input=given,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr[-2_000:]
    return json.loads(run.stdout)
