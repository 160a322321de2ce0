"""What options name and is no file: folders, and pipes, which must not be waited for. Files and
folders that must not be read or written.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kqlx.batch import result_folder, whole_files
from tests.batch.runs import Ran, kqlx, rule

pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
CONVERT = ("convert", "--to", "spl")


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Fails what waits for longer."""

    def fail(number: int, frame: object) -> None:
        raise AssertionError("it waits")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


OPTIONS = {
    "--mapping": (*CONVERT, "-q", "a:b", "--source", "none", "--mapping"),
    "--fields": (*CONVERT, "-q", "a:b", "--source", "none", "--fields"),
    "--config": (*CONVERT, "-q", "a:b", "--source", "none", "--config"),
    "--baseline": (*CONVERT, "-q", "a:b", "--source", "none", "--baseline"),
    "--update-baseline": (
        *(*CONVERT, "-q", "a:b", "--source", "none", "--update-baseline"),
        "--baseline",
    ),
    "--report": (*CONVERT, "-q", "a:b", "--source", "none", "--report"),
    "--events": ("test", "-q", "a:b", "--events"),
    "lint --fields": ("lint", "-q", "a:b", "--fields"),
    "sources": ("sources", "--mapping"),
    "init": ("init", "--force"),
}


def refused(name: str, path: Path) -> Ran:
    run = kqlx(*OPTIONS[name], path)
    assert (run.status, run.out) == (2, ""), run
    assert str(path) in run.said.splitlines()[0]
    assert run.said.startswith("error: ")
    return run


@pytest.mark.parametrize("name", OPTIONS)
def test_a_folder_in_the_place_of_a_file(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "x.html"
    folder.mkdir()
    assert re.search("a folder|a directory", refused(name, folder).said)
    assert [*folder.iterdir()] == []


@pipes
@pytest.mark.parametrize("name", OPTIONS)
def test_a_pipe_in_the_place_of_a_file(tmp_path: Path, name: str) -> None:
    pipe = tmp_path / "x.html"
    os.mkfifo(pipe)
    with within(30):
        assert re.search("a named pipe|a pipe", refused(name, pipe).said)
    assert [*tmp_path.iterdir()] == [pipe]


@pipes
def test_a_report_to_somebody_who_reads_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.md")
    with subprocess.Popen(["cat", tmp_path / "x.md"], stdout=subprocess.PIPE) as reader, within(30):
        while True:  # until it reads
            run = kqlx(*OPTIONS["--report"], tmp_path / "x.md")
            if run.status == 0:
                break
        assert reader.stdout is not None
        assert reader.stdout.read().startswith(b"## kqlx passed")


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="pipes of a shell")
def test_pipes_that_a_shell_makes_are_read(tmp_path: Path) -> None:
    """``<(command)``, whose other end somebody writes."""
    for name, text, out in (
        ("--events", b'{"a": "b"}\n', '{"a": "b"}\n'),
        ("--baseline", b'{"version": 1, "rules": {}}', 'a="b"\n'),
    ):
        read, write = os.pipe()
        os.write(write, text)
        os.close(write)
        with within(30):
            run = kqlx(*OPTIONS[name], f"/dev/fd/{read}")
        os.close(read)
        assert (run.status, run.out) == (0, out)


# Permissions


def as_anybody(*arguments: str, cwd: Path) -> tuple[int, str, str]:
    """A run of somebody whom permissions stop, as they do not stop root with all capabilities."""
    command: tuple[str, ...] = (sys.executable, "-m", "kqlx", *arguments)
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("permissions do not stop root, and there is no setpriv")
        command = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", *command)
    run = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)
    return run.returncode, run.stdout, run.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of POSIX")
def test_what_must_not_be_read_or_written(tmp_path: Path) -> None:
    for name in ("good", "hidden", "below"):
        rule(tmp_path / "rules" / name, name).chmod(0o644)
    (tmp_path / "rules/hidden/hidden.toml").chmod(0)
    (tmp_path / "rules/below").chmod(0)
    mapping = tmp_path / "pack.yml"
    mapping.write_text("", "utf-8")
    mapping.chmod(0)
    convert = (*CONVERT, "--source", "none")
    status, out, said = as_anybody(*convert, "rules", cwd=tmp_path)
    assert status == 2
    assert out.splitlines()[0] == "``` rules/good/good.toml -> spl ```"
    assert "rules/hidden/hidden.toml: error: Permission denied\n" in said
    assert "error: rules/below: Permission denied\n" in said
    assert "2 files not read" in said.splitlines()[-1]
    status, _, said = as_anybody(*convert, "-q", "a:b", "--mapping", "pack.yml", cwd=tmp_path)
    assert (status, said.splitlines()[0]) == (2, "error: pack.yml: Permission denied")

    good = "rules/good/good.toml"
    assert as_anybody(*convert, good, "-o", "out", cwd=tmp_path)[0] == 0
    rule(tmp_path / "rules/good", "good", "process.name:other")
    for name, mode in (("out", 0o555), ("unwritable", 0o555), ("unreadable", 0)):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name).chmod(mode)
    for name in ("out", "unwritable", "unreadable", "unwritable/new"):
        status, out, said = as_anybody(*convert, good, "-o", name, cwd=tmp_path)
        assert (status, out) == (2, "")
        assert re.search(f"^error: {name}.*: Permission denied$", said, re.MULTILINE)
        assert "Traceback" not in said
    assert (tmp_path / "out/good.spl").read_text("utf-8") == 'process.name="a"\n'
    for option, *more in (("--report",), ("--baseline", "--update-baseline")):
        arguments = (*convert, good, *more, option, "unwritable/x.md")
        status, out, said = as_anybody(*arguments, cwd=tmp_path)
        assert (status, out) == (2, "")
        assert said == "error: unwritable/x.md: cannot be written: Permission denied\n"


# Full disks

FULL = """\
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))
from kqlx.cli import main
main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
@pytest.mark.parametrize("name", ["r.html", "r.json", "r.md", "baseline", "results"])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    """A limit on the size of files stands for it; results are too many for their manifest."""
    for number in range(80):
        rule(tmp_path / "rules", f"rule_{number:02}", query="whoami" if name == "r.md" else "a:b")
    path = tmp_path / name
    others = {"r.json": '{"version": 1, "kqlx": "0"}', "baseline": '{"version": 1, "rules": {}}'}
    before = others.get(name, "before")
    if name == "results":
        path.mkdir()
    else:
        path.write_text(before, "utf-8")
    option = {"baseline": ("--update-baseline", "--baseline"), "results": ("--out",)}
    named = (*option.get(name, ("--report",)), name)
    convert = (*CONVERT, "--source", "none", "--quiet", "rules", *named)
    run = subprocess.run(
        [sys.executable, "-c", FULL, *convert], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 2
    at = "results/.kqlx-manifest.json" if name == "results" else name
    assert run.stderr.splitlines()[-1] == f"error: {at}: cannot be written: File too large"
    assert "Traceback" not in run.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "rules"])
    if name == "results":
        assert [*path.iterdir()] == []
    else:
        assert path.read_text("utf-8") == before


@pytest.mark.parametrize(("files", "last"), [(3, ""), (4, "1 more file"), (9, "6 more files")])
def test_a_full_disk_is_told_of_a_few_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int, last: str
) -> None:
    for number in range(files):
        rule(tmp_path / "rules", f"rule_{number}")
    write = whole_files.put

    def fail(path: Path, data: bytes) -> None:
        if path.suffix == ".spl":
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, data)

    monkeypatch.setattr(result_folder, "put", fail)
    convert = (*CONVERT, "--source", "none", "rules", "--out", "out")
    lines = kqlx(*convert, "--quiet", cwd=tmp_path).said.splitlines()
    why = "cannot be written: No space left on device"
    told = [f"error: out/rule_{number}.spl: {why}" for number in range(3)]
    assert lines == [*told, *([f"error: {last}: {why}"] if last else [])]
    run = kqlx(*convert, "-v", cwd=tmp_path)
    assert (run.status, run.said.count(f".spl: {why}\n")) == (2, files)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
@pytest.mark.parametrize("command", ["fmt --write rules", "init --force"])
def test_a_full_disk_leaves_the_users_files(tmp_path: Path, command: str) -> None:
    is_format = command.startswith("fmt")
    path = tmp_path / ("rules/long.toml" if is_format else "kqlx.yml")
    rule(tmp_path / "rules", "long", " OR ".join(f"a:{number}" for number in range(1_000)))
    path.touch()
    before = path.read_bytes()
    run = subprocess.run(
        [sys.executable, "-c", FULL, *command.split()], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 2
    name = path.relative_to(tmp_path)
    assert re.search(f"^(error: )?{name}: .*File too large", run.stderr, re.MULTILINE), run.stderr
    assert "Traceback" not in run.stderr
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir() if each.name.startswith(".")] == []
