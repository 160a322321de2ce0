"""Several processes for one run: the same bytes whatever their number, also where some end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kqlx.batch.processes import Processes
from tests.batch.runs import Ran, convert, rule
from tests.conftest import DEEP, ROOT

KINDS: tuple[dict[str, str], ...] = (
    {"query": 'process.name:(a or "B*") and source.ip:10.0.0.0/8'},
    {"query": "whoami"},
    {"query": "a:b:c"},
    {"language": "esql", "type": "esql"},
    {"query": "process.name:*a*b*", "name": "One name"},
    {"query": "process.name:other", "name": "One name"},
)
REPORTS = ("r.html", "r.md", "r.json", "r.jsonl", "r.sarif")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Forty rules, good and refused ones, broken ones and those in other languages, and files that
    hold none.
    """
    for number in range(40):
        rule(tmp_path / "rules", f"rule_{number:02}", **KINDS[number % len(KINDS)])
    names = ["with blanks", "名前", "naïve ☠", "new\nline", "quote'd", 'as "this"', "[b]", "a\\b"]
    if sys.platform == "linux":
        names.append(os.fsdecode(b"\xff\xfe"))
    for name in names if os.name == "posix" else names[:3]:
        rule(tmp_path / "rules/odd", name, rule_id="1", name="x")
    (tmp_path / "rules/package.json").write_text("{}", "utf-8")
    (tmp_path / "rules/broken.toml").write_text("[rule\nquery = 1\n", "utf-8")
    return tmp_path


def texts(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_number_of_processes_changes_no_byte(place: Path) -> None:
    """On both streams, in files, the manifest, the baseline and all reports."""
    found = []
    for jobs in ("1", "2", "3") if DEEP else ("1", "3"):
        printed = convert("rules", "-j", jobs, "--format", "spl=savedsearches", cwd=place)
        out = place / jobs
        out.mkdir()
        reports = [argument for name in REPORTS for argument in ("--report", out / name)]
        baseline = ("--baseline", out / "b.json", "--update-baseline", "--statistics")
        run = convert(
            *("rules", "nowhere", "-j", jobs, "-o", out / "made", *reports, *baseline),
            cwd=place,
            to="spl,sentinel,sigma",
        )
        made = {name: text.replace(f"{out}".encode(), b"OUT") for name, text in texts(out).items()}
        found.append((printed, run.status, run.said.replace(f"{out}", "OUT"), made))
    assert all(each == found[0] for each in found)
    _, status, said, made = found[0]
    assert (status, said.count("nowhere: no such file")) == (2, 1)
    assert len(made) == 1 + len(REPORTS) + 1 + len([n for n in made if n.startswith("made/s")])
    assert len(made) > 60


def test_a_folder_of_few_files_needs_no_second_process(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Processes, "__init__", lambda *_: pytest.fail("a process was started"))
    few = sorted((place / "rules").glob("rule_0[0-7].toml"))
    assert convert(*few, "-j", "4", cwd=place).out


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="pipes of a shell")
def test_a_pipe_that_a_shell_makes_is_read_where_it_is(place: Path) -> None:
    """By the process that was started with it."""
    rules = sorted(map(str, (place / "rules").glob("rule_*.toml")))
    found = []
    for jobs in ("1", "3"):
        read, write = os.pipe()
        os.write(write, b"process.name:piped")
        os.close(write)
        found.append(convert(*rules[:20], f"/dev/fd/{read}", *rules[20:], "-j", jobs, cwd=place))
        os.close(read)
    assert 'process.name="piped"' in found[0].out
    one, many = (f"{run}" for run in found)
    assert re.sub(r"/dev/fd/\d+", "", one) == re.sub(r"/dev/fd/\d+", "", many)


# Processes that end

PATCH = """\
import os
import kqlx.batch.input_files as files
from kqlx.batch import processes
real = files.read_file
def read(path, **options):
    {body}
    return real(path, **options)
files.read_file = read
"""


@pytest.fixture
def patched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What runs at the start of each process that is started, in place of ``body`` where files are
    read, or at once.
    """

    def patch(body: str = "pass", at_once: str = "") -> None:
        folder = tmp_path / "patch"
        folder.mkdir()
        code = PATCH.format(body=body) + at_once + "\n"
        (folder / "sitecustomize.py").write_text(code, "utf-8")
        path = os.pathsep.join([str(folder), str(ROOT / "transpiler")])
        monkeypatch.setenv("PYTHONPATH", path)

    return patch


def without(run: Ran, name: str) -> list[str]:
    """The headings of the results, and what is said of rules, but for one and for the counts."""
    headings = [line for line in run.out.splitlines() if line.startswith("``` ")]
    said = [line for line in run.said.splitlines() if line.startswith("rules/")]
    lines = [line for line in headings + said if not re.search(r"\d rules: |more rules: ", line)]
    return [line for line in lines if name not in line]


def test_a_file_at_which_processes_end_is_lost_alone(
    place: Path, patched: Callable[..., None]
) -> None:
    """As those do that the system ends for their memory."""
    whole = convert("rules", cwd=place, to="spl,es")
    patched('if path.name == "rule_16.toml": os._exit(9)')
    run = convert("rules", "-j", "2", cwd=place, to="spl,es")
    message = "rules/rule_16.toml: error: the process that converted it died, and so did a second"
    assert run.said.count(message) == 1
    assert "  hint: it may need more memory than there is" in run.said
    assert "rule_16" in whole.out and "rule_16" not in run.out
    assert without(run, "rule_16") == without(whole, "rule_16")
    assert "; 7 failed;" in whole.said.splitlines()[-1]
    assert "; 8 failed;" in run.said.splitlines()[-1]


def test_a_process_that_ends_once_costs_nothing(place: Path, patched: Callable[..., None]) -> None:
    whole = convert("rules", cwd=place)
    mark = place / "mark"
    patched(
        f'if path.name == "rule_16.toml" and not os.path.exists({str(mark)!r}):'
        f' open({str(mark)!r}, "w").close(); os.kill(os.getpid(), 15)'
    )
    assert convert("rules", "-j", "2", cwd=place) == whole
    assert mark.exists()


def test_without_any_process_the_run_does_the_work(
    place: Path,
    patched: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Where they end at their start, or cannot be started."""
    whole = convert("rules", cwd=place)
    patched(at_once="os._exit(1)")
    assert convert("rules", "-j", "3", cwd=place) == whole

    def fail(*_: object) -> None:
        raise BlockingIOError("as with the most processes that a user may have")

    monkeypatch.setattr("multiprocessing.process.BaseProcess.start", fail)
    assert convert("rules", "-j", "3", cwd=place) == whole
    assert capfd.readouterr() == ("", "")


def test_what_does_not_fit_into_memory_is_lost_alone(
    place: Path, patched: Callable[..., None]
) -> None:
    patched('if path.name == "rule_16.toml": raise MemoryError')
    run = convert("rules", "-j", "2", cwd=place)
    assert run.said.count("rules/rule_16.toml: error: not enough memory for this") == 1
    assert run.out.count("``` rules/rule_") == 18


def test_a_run_that_is_killed_leaves_no_process(place: Path, patched: Callable[..., None]) -> None:
    patched("import time; time.sleep(0.05); print(os.getpid(), file=open('pids', 'a'))")
    command = (sys.executable, "-m", "kqlx", "convert", "--to", "spl", "rules", "-j", "2")
    with subprocess.Popen(
        command, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout is not None and run.stderr is not None
        run.stdout.readline()
        run.kill()
        # The pipes end when nobody can write to them any more, which needs the end of all.
        run.stdout.read()
        assert b"Traceback" not in run.stderr.read()
    for pid in set((place / "pids").read_text().split()):
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)
