"""``kqlx convert --out`` where something is in the way: files of others, links, permissions, full
disks, interruptions.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kqlx.batch import whole_files
from kqlx.batch.manifest import RuleReference
from kqlx.batch.result_folder import File, Folder
from kqlx.rules.file_search import MANIFEST
from tests.cli.test_cli import RULE
from tests.cli.test_cli_out import changed, listed, out, rule_file
from tests.conftest import ROOT

posix = pytest.mark.skipif(sys.platform == "win32", reason="permissions and names of POSIX")


# Files of others


def test_a_file_of_another_is_left_alone(tmp_path: Path) -> None:
    rule = rule_file(tmp_path / "in", "One")
    target = tmp_path / "out/one.spl"
    target.parent.mkdir()
    changed(target, "mine\n")
    other = rule_file(tmp_path / "in", "Two")
    run = out(rule, other, "-o", target.parent)
    assert run.returncode == 2
    assert f"error: {target}: kqlx did not write this file" in run.stderr
    assert "--force" in run.stderr
    assert target.read_text("utf-8") == "mine\n"
    assert (target.parent / "two.spl").read_text("utf-8") == 'a="b"\n'
    assert out(rule, "--force", "-o", target.parent).returncode == 0
    assert target.read_text("utf-8") == 'a="b"\n'


def test_a_file_that_was_changed_by_hand_is_left_alone(tmp_path: Path) -> None:
    rule = rule_file(tmp_path / "in", "One")
    target = tmp_path / "out/one.spl"
    out(rule, "-o", target.parent)
    rule.write_text(rule.read_text("utf-8").replace("a:b", "a:c"), "utf-8")
    assert out(rule, "-o", target.parent).returncode == 0
    assert target.read_text("utf-8") == 'a="c"\n'
    changed(target, 'a="c" host=mine\n')
    run = out(rule, "-o", target.parent)
    assert run.returncode == 2
    assert "the file was changed since kqlx wrote it" in run.stderr
    assert "mine" in target.read_text("utf-8")
    assert out(rule, "--force", "-o", target.parent).returncode == 0
    target.unlink()
    assert out(rule, "-o", target.parent).returncode == 0
    assert target.exists()


def test_another_rule_or_format_does_not_take_the_place_of_one(tmp_path: Path) -> None:
    one = rule_file(tmp_path / "in", "One", "a:1", rule_id="1")
    two = rule_file(tmp_path / "in", "one", "a:2", rule_id="2")
    folder = tmp_path / "out"
    out(one, "-o", folder, to="es")
    for arguments in ([two], [one, "--format", "watcher"]):
        run = out(*arguments, "-o", folder, to="es")
        assert run.returncode == 2
        assert "the file belongs to 1, elasticsearch query" in run.stderr
    assert out(two, "--force", "-o", folder, to="es").returncode == 0


def test_a_manifest_that_is_none(tmp_path: Path) -> None:
    rule = rule_file(tmp_path / "in", "One")
    folder = tmp_path / "out"
    folder.mkdir()
    for text in ("", "[]", "{", '{"files": []}', '{"files": {"a": 1}}', "[" * 100_000):
        changed(folder / MANIFEST, text)
        run = out(rule, "-o", folder)
        assert run.returncode == 2
        assert "cannot tell which files are its own" in run.stderr
        assert listed(folder) == []
    assert out(rule, "--force", "-o", folder).returncode == 0
    assert json.loads((folder / MANIFEST).read_text("utf-8"))["files"]["one.spl"]


def test_the_folder_is_a_file_or_has_one_in_the_way(tmp_path: Path) -> None:
    changed(tmp_path / "file", "x")
    run = out(RULE, "-o", tmp_path / "file")
    assert run.returncode == 2
    assert f"error: {tmp_path / 'file'}: not a folder" in run.stderr
    assert out(RULE, "-o", tmp_path / "file/below").returncode == 2
    folder = tmp_path / "out"
    folder.mkdir()
    changed(folder / "spl", "x")
    run = out(RULE, "-o", folder, to="spl,sigma")
    assert run.returncode == 2
    assert "a file is where a folder must be" in run.stderr
    assert (folder / "spl").read_text("utf-8") == "x"
    assert [name.partition("/")[0] for name in listed(folder)] == ["sigma", "spl"]
    (folder / "one.spl").mkdir()
    for more in ((), ("--force",)):
        run = out(rule_file(tmp_path / "in", "One"), "-o", folder, *more)
        assert run.returncode == 2
        assert "a folder has this name" in run.stderr


@pytest.mark.parametrize("arguments", [("--force",), ("--out", "")])
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    run = out(RULE, *arguments)
    assert run.returncode == 2
    assert "--out" in run.stderr


# Links, permissions, names that are no text


@posix
def test_links_are_not_followed(tmp_path: Path) -> None:
    rule = rule_file(tmp_path / "in", "One")
    folder = tmp_path / "out"
    folder.mkdir()
    changed(tmp_path / "elsewhere", "mine\n")
    (folder / "one.spl").symlink_to(tmp_path / "elsewhere")
    run = out(rule, "-o", folder)
    assert run.returncode == 2
    assert "a symbolic link" in run.stderr
    assert out(rule, "--force", "-o", folder).returncode == 0
    assert (tmp_path / "elsewhere").read_text("utf-8") == "mine\n"
    assert not (folder / "one.spl").is_symlink()


@posix
def test_a_folder_that_is_a_link(tmp_path: Path) -> None:
    rule = rule_file(tmp_path / "in", "One")
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert out(rule, "-o", tmp_path / "link").returncode == 0  # the user named it
    assert listed(tmp_path / "real") == ["one.spl"]
    (tmp_path / "out").mkdir()
    (tmp_path / "out/spl").symlink_to(tmp_path / "real")
    run = out(rule, "-o", tmp_path / "out", to="spl,sigma")
    assert run.returncode == 2
    assert f"{tmp_path / 'out/spl'} is a symbolic link" in run.stderr
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    assert out(rule, "-o", tmp_path / "dangling").returncode == 2
    assert not (tmp_path / "nothing").exists()


@posix
def test_new_files_have_the_users_permissions(tmp_path: Path) -> None:
    rule = rule_file(tmp_path / "in", "One")
    options = "--to spl --source none --file-names {title} -o out"
    command = f"umask 027; exec {sys.executable} -m kqlx convert {options} {rule}"
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True, capture_output=True)
    path = tmp_path / "out/one.spl"
    assert path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o600)
    rule.write_text(rule.read_text("utf-8").replace("a:b", "a:c"), "utf-8")
    assert out(rule, "-o", tmp_path / "out").returncode == 0
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder of Linux")
def test_a_folder_that_nobody_can_write() -> None:
    run = out(RULE, "-o", "/proc/self/kqlx")
    assert run.returncode == 2
    assert "error: /proc/self/kqlx: cannot be written" in run.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="names of bytes that are no text")
def test_names_that_are_no_utf_8(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/\xff\xfe"
    source = os.fsencode(tmp_path) + b"/rule\xff.kql"
    Path(os.fsdecode(source)).write_text("a:b", "utf-8")
    arguments = [
        "-m",
        "kqlx",
        "convert",
        "-v",
        "--to",
        "spl",
        "--source",
        "none",
        os.fsdecode(source),
        "-o",
    ]
    command = [sys.executable, *arguments, os.fsdecode(folder)]
    run = subprocess.run(command, capture_output=True, check=True)
    assert b"written" in run.stderr
    assert os.listdir(folder)  # noqa: PTH208 - of bytes


# Interruptions, full disks


def one(text: str = "new") -> File:
    data = text.encode()
    digest = hashlib.sha256(data).hexdigest()
    rules = (RuleReference(id="1"),)
    return File("spl/one.spl", digest, lambda: data, "spl", "query", rules)


def broken(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """From now on writing fails as on a full disk, after half of the bytes."""
    make = whole_files._beside

    class Half:
        def __init__(self, path: Path) -> None:
            self.temporary, self.file = make(path)

        def __enter__(self) -> Half:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def write(self, data: bytes) -> None:
            self.file.write(data[: len(data) // 2])
            raise error

    def beside(path: Path) -> tuple[Path, Half] | tuple[Path, object]:
        if path.name == MANIFEST:
            return make(path)
        half = Half(path)
        return half.temporary, half

    monkeypatch.setattr(whole_files, "_beside", beside)


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Folder(str(tmp_path)).write([one("old")])
    with monkeypatch.context() as patch:
        broken(patch, OSError(errno.ENOSPC, "No space left on device"))
        (written,) = Folder(str(tmp_path)).write([one()])
    assert written.error is not None and "No space left" in written.error.message
    assert listed(tmp_path) == ["spl/one.spl"]
    assert (tmp_path / "spl/one.spl").read_bytes() == b"old"
    (written,) = Folder(str(tmp_path)).write([one()])
    assert written.changed


def test_an_interruption_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Folder(str(tmp_path)).write([one("old")])
    with monkeypatch.context() as patch:
        broken(patch, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            Folder(str(tmp_path)).write([one()])
    assert listed(tmp_path) == ["spl/one.spl"]
    assert (tmp_path / "spl/one.spl").read_bytes() == b"old"
    (written,) = Folder(str(tmp_path)).write([one("newer")])
    assert written.error is None and written.changed


def test_files_of_a_run_that_was_broken_off_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the file and the end of the run, which would have told what was written."""
    with monkeypatch.context() as patch:
        patch.setattr(Folder, "_write", lambda self, file: written_then_killed(self, file))
        with pytest.raises(KeyboardInterrupt):
            Folder(str(tmp_path)).write([one("first")])
    (written,) = Folder(str(tmp_path)).write([one("second")])
    assert written.error is None
    assert (tmp_path / "spl/one.spl").read_bytes() == b"second"


def written_then_killed(folder: Folder, file: File) -> None:
    path = folder.path / file.name
    path.parent.mkdir(parents=True)
    path.write_bytes(file.read())
    raise KeyboardInterrupt


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_the_program_on_a_full_disk(tmp_path: Path) -> None:
    """A limit on the size of files stands for the full disk."""
    long = rule_file(tmp_path / "in", "Long", " or ".join(f"a:{n}" for n in range(20_000)))
    short = rule_file(tmp_path / "in", "Short")
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096));"
        "from kqlx.cli import main; sys.argv[0] = 'kqlx'; main()"
    )
    arguments = [
        "convert",
        "--to",
        "spl",
        "--file-names",
        "{title}",
        "--source",
        "none",
        str(long),
        str(short),
        "-o",
        str(tmp_path / "out"),
    ]
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT
    )
    assert run.returncode == 2
    assert "long.spl: cannot be written: File too large" in run.stderr
    assert listed(tmp_path / "out") == ["short.spl"]
