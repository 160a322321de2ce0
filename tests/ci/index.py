"""Whether packages can be installed here."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import cache

from tests.conftest import missing


@cache
def _reachable() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
        done = subprocess.run([*pip, "--retries=1", "pathspec"], capture_output=True, timeout=120)
    return done.returncode == 0


def needs_an_index() -> None:
    """Skips a test where no package index answers."""
    if not _reachable():
        missing("no package index can be reached from here")
