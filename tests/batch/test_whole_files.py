"""Files that get their names when they are whole: reports, baselines."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kqlx.batch.whole_file import WholeFile
from tests.batch.runs import convert, rule

posix = pytest.mark.skipif(os.name != "posix", reason="locks and links of POSIX")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def written(path: Path, text: str) -> WholeFile:
    file = WholeFile(str(path), "--report")
    file.write(text)
    return file


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "r.md"
    file = written(path, "one")
    assert len(names(tmp_path)) == 1 and not path.exists()
    file.keep()
    file.discard()
    assert (names(tmp_path), path.read_text("utf-8")) == (["r.md"], "one")
    written(path, "two").discard()
    assert (names(tmp_path), path.read_text("utf-8")) == (["r.md"], "one")


@posix
def test_what_a_killed_run_left_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "r.md"
    written(path, "a longer text than the next")._file.close()  # as the system does
    assert len(names(tmp_path)) == 1
    written(path, "text").keep()
    assert (names(tmp_path), path.read_text("utf-8")) == (["r.md"], "text")


@posix
@pytest.mark.parametrize("first_ends", [True, False])
def test_two_runs_at_once_each_write_their_own(tmp_path: Path, first_ends: bool) -> None:
    path = tmp_path / "r.md"
    one = written(path, "one")
    two = written(path, "two")
    assert len(names(tmp_path)) == 2
    for file in (one, two) if first_ends else (two, one):
        three = written(tmp_path / "other.md", "three")
        file.keep()
        three.discard()
    last = "two" if first_ends else "one"
    assert (names(tmp_path), path.read_text("utf-8")) == (["r.md"], last)


@posix
def test_what_stands_in_the_way_is_left_alone(tmp_path: Path) -> None:
    file = written(tmp_path / "r.md", "")
    (own,) = names(tmp_path)
    file.discard()
    for make in (Path.mkdir, lambda path: path.symlink_to("r.md"), os.mkfifo):
        make(tmp_path / own)
        written(tmp_path / "r.md", "text").keep()
        assert names(tmp_path) == sorted([own, "r.md"])
        assert (tmp_path / "r.md").read_text("utf-8") == "text"
        (tmp_path / own).rmdir() if (tmp_path / own).is_dir() else (tmp_path / own).unlink()


@posix
def test_permissions_and_links_stay(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/r.md").write_text("old", "utf-8")
    (tmp_path / "real/r.md").chmod(0o640)
    (tmp_path / "r.md").symlink_to("real/r.md")
    written(tmp_path / "r.md", "new").keep()
    assert (tmp_path / "r.md").is_symlink()
    assert (tmp_path / "real/r.md").read_text("utf-8") == "new"
    assert (tmp_path / "real/r.md").stat().st_mode & 0o777 == 0o640
    assert names(tmp_path / "real") == ["r.md"]


def test_a_report_in_the_folder_of_results(tmp_path: Path) -> None:
    """The folder is cleared of what killed runs left, of which the report is none."""
    rule(tmp_path / "rules", "one")
    for _ in range(2):
        more = ("--report", "out/r.md", "--baseline", "out/b.json", "--update-baseline")
        (tmp_path / "out").mkdir(exist_ok=True)
        run = convert("rules", "-o", "out", *more, cwd=tmp_path)
        assert run.status == 0, run.said
        assert names(tmp_path / "out") == [".kqlx-manifest.json", "b.json", "one.spl", "r.md"]
