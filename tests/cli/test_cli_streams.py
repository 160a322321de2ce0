"""Standard streams that are closed, full or no text: an exit status that is true, and no
traceback.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_cli import GOLDENS, RULE
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="redirections of a POSIX shell")
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")

SPL = (GOLDENS / "spl.spl").read_text("utf-8")


def shell(arguments: str, redirections: str = "") -> tuple[int, str, str]:
    """Exit status, standard output and standard error of kqlx with redirections of the shell."""
    run = subprocess.run(
        ["sh", "-c", f"exec {shlex.quote(sys.executable)} -m kqlx {arguments} {redirections}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert "Traceback" not in run.stderr
    assert "Exception ignored" not in run.stderr
    return run.returncode, run.stdout, run.stderr


FULL = "cannot write to standard output: No space left on device"
CLOSED = "cannot write to standard output: it is closed"


@pytest.mark.parametrize("redirection", ["2>&-", pytest.param("2>/dev/full", marks=needs_full)])
def test_notes_that_nobody_can_read_change_nothing(redirection: str) -> None:
    assert shell(f"convert --to spl -v {RULE}", redirection) == (0, SPL, "")
    assert shell("convert --to spl -q a:b:c", redirection) == (1, "", "")
    assert shell("convert --to x -q a", redirection) == (2, "", "")
    assert shell("convert --nothing", redirection)[:2] == (2, "")


@needs_full
@pytest.mark.parametrize(
    "arguments",
    [
        f"convert --to spl {RULE}",
        f"convert --to all {RULE} {RULE}",
        "fmt -q a:b",
        "lint -q 'a:\"b*\"'",
        "test --count -q a:b",
        "targets",
        "--version",
        "--help",
    ],
)
def test_a_full_standard_output(arguments: str) -> None:
    assert shell(arguments, ">/dev/full") == (2, "", f"error: {FULL}\n")
    assert shell(arguments, ">/dev/full 2>&1") == (2, "", "")


@pytest.mark.parametrize(
    "arguments", [f"convert --to spl {RULE}", "targets", "--version", "--help"]
)
def test_a_closed_standard_output(arguments: str) -> None:
    assert shell(arguments, ">&-") == (2, "", f"error: {CLOSED}\n")
    assert shell(arguments, ">&- 2>&-") == (2, "", "")


def test_a_closed_standard_output_that_is_not_used() -> None:
    assert shell(f"fmt --check {ROOT / 'rules'}", ">&-")[0] < 2
    assert shell("lint -q event.outcome:success", ">&-") == (0, "", "")


@pytest.mark.parametrize("command", ["convert", "fmt", "lint"])
def test_a_closed_or_empty_standard_input(command: str) -> None:
    command = command if command != "convert" else "convert --to spl"
    assert shell(command, "<&-") == (2, "", "error: standard input is closed\n")
    assert shell(command) == (2, "", "error: no query on standard input\n")


def test_a_closed_standard_input_has_no_events() -> None:
    status, out, err = shell("test --count -q a:b", "<&-")
    assert (status, out) == (2, "")
    assert 'cannot read events from "-": standard input is closed' in err
    assert shell("test --count -q a:b") == (0, "0\n", "")


def test_all_streams_closed() -> None:
    assert shell(f"convert --to spl {RULE}", "<&- >&- 2>&-") == (2, "", "")
