"""Runs that end before their end: by a signal, by a reader that leaves, or by a kill that leaves
things as they are.
"""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import pytest

from kqlx.batch import whole_files
from kqlx.batch.folder_lock import locked
from kqlx.rules.file_search import MANIFEST
from tests.batch.runs import convert, digest, files, manifest, rule
from tests.conftest import DEEP

fcntl = pytest.importorskip("fcntl", reason="signals and locks of POSIX")

LEFTOVER = re.compile(r"\.kqlx-[0-9a-f]{16}\.tmp")
COMMAND = (sys.executable, "-m", "kqlx", "convert", "--to", "spl,es", "--source", "none")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for number in range(60):
        rule(tmp_path / "rules", f"rule_{number:02}")
    return tmp_path


@contextmanager
def started(*arguments: str, cwd: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A run in a group of its own, as a terminal has them, whatever the tests themselves were told
    to ignore: a shell starts what it does not wait for without SIGINT.
    """
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=_heed_signals,
    ) as run:
        try:
            yield run
        finally:
            run.kill()


def _heed_signals() -> None:
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("name", "jobs"), [("SIGINT", "1"), ("SIGINT", "2"), ("SIGTERM", "2"), ("SIGHUP", "1")]
)
def test_a_signal_ends_a_run_cleanly(place: Path, name: str, jobs: str) -> None:
    """All of it, with the status that shells expect, and nothing half done in any place."""
    os.mkfifo(place / "waits.toml")
    number = getattr(signal, name)
    report = ("--report", "report.json")
    with started("rules", "waits.toml", "-j", jobs, *report, cwd=place) as run:
        assert run.stdout is not None and run.stderr is not None
        assert any(b"rule_59" in line for line in run.stdout)
        assert [*place.glob(".kqlx-*.part")]  # the report
        os.killpg(run.pid, number)
        run.stdout.read()  # to its end, which is that of the last process
        assert run.wait(30) == 128 + number
        assert run.stderr.read().splitlines()[-1] == f"error: stopped by {name}".encode()
    assert sorted(path.name for path in place.iterdir()) == ["rules", "waits.toml"]


def test_a_signal_that_is_to_be_ignored_is(place: Path) -> None:
    """As ``nohup`` has it."""
    command = ["nohup", *COMMAND, "rules"]
    with subprocess.Popen(
        command, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout is not None
        run.stdout.readline()
        run.send_signal(signal.SIGHUP)
        run.communicate(timeout=60)
    assert run.returncode == 0


def test_a_run_waits_for_another_and_says_so(place: Path) -> None:
    """It can be ended meanwhile, and has changed nothing."""
    (place / "out").mkdir()
    before = digest(place / "out")
    handle = os.open(place / "out", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        with started("rules", "-o", "out", "--quiet", cwd=place) as ended:
            assert ended.stderr is not None
            assert ended.stderr.readline().startswith(b"waiting for another run of kqlx")
            ended.terminate()
            assert (ended.wait(30), ended.stderr.read()) == (143, b"error: stopped by SIGTERM\n")
        assert digest(place / "out") == before
        with started("rules", "-o", "out", "--quiet", cwd=place) as run:
            assert run.stderr is not None
            assert run.stderr.readline().startswith(b"waiting for another run of kqlx")
            assert files(place / "out") == []
            os.close(handle)
            handle = -1
            assert (run.wait(60), run.stderr.read()) == (0, b"")
    finally:
        if handle >= 0:
            os.close(handle)
    assert len(files(place / "out")) == 120


def test_a_folder_that_is_removed_while_a_run_waits_is_locked_anew(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)

    def removed() -> None:
        folder.rmdir()
        os.close(handle)

    with locked(folder, removed):
        other = os.open(folder, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(other)
    other = os.open(folder, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(other)


def test_a_folder_in_whose_place_another_was_made_is_locked_too(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    waited: list[int] = []

    def replaced() -> None:
        """Another run has made the folder anew, and holds it for a while."""
        folder.rename(tmp_path / "old")
        folder.mkdir()
        waited.append(os.open(folder, os.O_RDONLY))
        fcntl.flock(waited[0], fcntl.LOCK_EX)
        os.close(handle)
        Timer(0.2, ended).start()

    def ended() -> None:
        waited.append(1)
        os.close(waited[0])

    with locked(folder, replaced):
        assert len(waited) == 2, "the other run has ended"


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_reader_that_leaves_ends_the_run(place: Path, jobs: str) -> None:
    os.mkfifo(place / "waits.toml")
    with started("rules", "rules", "waits.toml", "-j", jobs, cwd=place) as run:
        assert run.stdout is not None and run.stderr is not None
        run.stdout.readline()
        run.stdout.close()
        assert run.wait(60) == 1
        assert b"Traceback" not in run.stderr.read()


def test_two_runs_at_once_lose_nothing(place: Path) -> None:
    for number in range(60):
        rule(place / "others", f"other_{number:02}")
    for more in ((), ("--prune",)):
        with (
            started("rules", "-o", "out", *more, cwd=place) as one,
            started("others", "-o", "out", *more, cwd=place) as other,
        ):
            for run in (one, other):
                _, said = run.communicate(timeout=120)
                assert run.returncode == 0, said
        assert len(files(place / "out")) == len(manifest(place / "out")) == 240
    for folder in ("rules", "others"):
        checked = convert(folder, "-o", "out", "--check", cwd=place, to="spl,es")
        assert checked.status == 0, checked.said


# Killed


class Killed(BaseException):
    """No step more, not even of clearing up."""


@contextmanager
def killed_at(step: int, patch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """From that step on nothing happens to files any more; the number of steps that were made."""
    made = [0]

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def act(*arguments: object, **options: object) -> object:
            if made[0] >= step:
                raise Killed
            made[0] += 1
            return real(*arguments, **options)

        return act

    with patch.context() as patched:
        for name in ("replace", "unlink", "mkdir", "rmdir", "chmod"):
            patched.setattr(Path, name, counted(getattr(Path, name)))
        patched.setattr(whole_files, "_beside", counted(whole_files._beside))
        yield made


def test_the_next_run_clears_what_a_kill_left_at_any_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rules of which one is new, one another, one gone, one moved and one the same."""

    def rules(folder: Path) -> None:
        rule(folder, "same")
        rule(folder, "moved_then", rule_id="moved")
        rule(folder, "gone")
        rule(folder, "other", "process.name:before")

    def changed(folder: Path) -> None:
        (folder / "gone.toml").unlink()
        (folder / "moved_then.toml").unlink()
        rule(folder, "moved", rule_id="moved")
        rule(folder, "other", "process.name:after")
        rule(folder, "new")

    arguments = ("rules", "-o", "out", "--prune")
    whole = {}
    for step in itertools.count():
        place = tmp_path / str(step)
        rules(place / "rules")
        assert convert(*arguments, cwd=place, to="spl,es").status == 0
        changed(place / "rules")
        before = contents(place / "out")
        with killed_at(step, monkeypatch) as made:
            try:
                convert(*arguments, cwd=place, to="spl,es")
                is_whole = True
            except Killed:
                is_whole = False
        after = contents(place / "out")
        if is_whole:
            whole = after
            assert made[0] == step
            break
    assert len(whole) == 9
    assert step > 20
    for moment in range(step):
        place = tmp_path / str(moment)
        killed = contents(place / "out")
        for name, text in killed.items():  # each file is whole, of the one run or the other
            if not LEFTOVER.fullmatch(Path(name).name) and name != MANIFEST:
                assert text in (before.get(name), whole.get(name)), (moment, name)
        run = convert(*arguments, cwd=place, to="spl,es")
        assert (run.status, contents(place / "out")) == (0, whole), (moment, run.said)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_only_leftovers_of_kqlx_are_cleared(tmp_path: Path) -> None:
    rule(tmp_path / "rules", "one")
    assert convert("rules", "-o", "out", cwd=tmp_path, to="spl,es").status == 0
    left = [tmp_path / "out" / folder / f".kqlx-{'0' * 16}.tmp" for folder in (".", "spl")]
    mine = [tmp_path / "out" / name for name in (".kqlx-mine.tmp", f".kqlx-{'0' * 17}.tmp")]
    for path in (*left, *mine):
        path.write_text("half", "utf-8")
    assert convert("rules", "-o", "out", cwd=tmp_path, to="spl,es").status == 0
    assert [path.exists() for path in (*left, *mine)] == [False, False, True, True]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_runs_that_are_killed_for_real(place: Path, jobs: str) -> None:
    """Some moments of a run in a process; all others are above."""
    for delay in [0.02 * n for n in range(40)] if DEEP else [0.0, 0.3]:
        with started("rules", "-o", "out", "-j", jobs, "-v", cwd=place) as run:
            assert run.stderr is not None
            run.stderr.readline()
            try:
                run.wait(delay)
            except subprocess.TimeoutExpired:
                run.kill()
    assert convert("rules", "-o", "out", cwd=place, to="spl,es").status == 0
    assert len(contents(place / "out")) == 121
