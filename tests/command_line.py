"""``kqlx`` as its user runs it: arguments, standard input, folder, environment → exit status and
what it printed.
"""

from __future__ import annotations

import faulthandler
import io
import os
import runpy
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, chdir, contextmanager
from pathlib import Path
from typing import BinaryIO
from unittest import mock

from tests.conftest import DEEP, ROOT

_SECONDS = 60


def kqlx(
    *arguments: str | Path,
    input: str | bytes = b"",
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    new_process: bool = DEEP,
) -> subprocess.CompletedProcess[str]:
    """A run of ``python -m kqlx``: in this process, for most of the time of a short run is that of
    its start, or in a process of its own, as all are in ``make test-deep``.
    """
    data = input.encode() if isinstance(input, str) else input
    command = [sys.executable, "-m", "kqlx", *map(str, arguments)]
    environment = dict(os.environ if env is None else env)
    if new_process or "--jobs" in arguments:
        path = (str(ROOT / "transpiler"), environment.get("PYTHONPATH", ""))
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, path))
        ran = subprocess.run(
            command, input=data, capture_output=True, cwd=cwd, env=environment, timeout=_SECONDS
        )
        status, out, err = ran.returncode, ran.stdout, ran.stderr
    else:
        status, out, err = _in_this_process(command[2:], data, cwd, environment)
    messages = err.decode()
    assert "Traceback" not in messages
    return subprocess.CompletedProcess(command, status, out.decode(), messages)


def _in_this_process(
    arguments: list[str], data: bytes, cwd: Path, environment: dict[str, str]
) -> tuple[int, bytes, bytes]:
    with (
        chdir(cwd),
        mock.patch.dict(os.environ, environment, clear=True),
        mock.patch.object(sys, "argv", arguments),
        warnings.catch_warnings(),
        _ended_after(_SECONDS),
        tempfile.TemporaryFile() as stdin,
        tempfile.TemporaryFile() as stdout,
        tempfile.TemporaryFile() as stderr,
    ):
        stdin.write(data)
        status: object = 0
        with _streams(stdin, stdout, stderr):
            try:
                runpy.run_module("kqlx", run_name="__main__", alter_sys=True)
            except SystemExit as end:
                status = end.code or 0
        assert isinstance(status, int)
        return int(status), _written(stdout), _written(stderr)


@contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    """Ends this process with a traceback if the run hangs."""
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__ or sys.stderr)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@contextmanager
def _streams(*files: BinaryIO) -> Iterator[None]:
    """Standard input, output and error, as Python opens them at its start, but to files."""
    with ExitStack() as stack:
        for name, file in zip(("stdin", "stdout", "stderr"), files, strict=True):
            file.seek(0)
            stream = io.TextIOWrapper(file, encoding="utf-8", write_through=True)
            stack.callback(stream.detach)
            stack.enter_context(mock.patch.object(sys, name, stream))
        yield


def _written(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()
