"""Files of other services → what their schemas say, which check-jsonschema brings along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def problems(path: Path, schema: str) -> str:
    """What is wrong with a file by a schema of this name; "" where nothing is."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    # Azure's schema has regular expressions that are none in ECMAScript's Unicode mode.
    command += ["--regex-variant", "nonunicode"]
    done = subprocess.run([*command, path], capture_output=True, text=True)
    assert "Traceback" not in done.stderr, done.stderr
    return "" if done.returncode == 0 else done.stdout + done.stderr
