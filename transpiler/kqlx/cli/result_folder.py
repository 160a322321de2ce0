"""Files in a folder, each written whole or not at all, and none that somebody else wrote.

``.kqlx-manifest.json`` in the folder keeps what kqlx wrote there: the digest of each file's bytes,
the format and the rule. A file is written over if it has such a digest still; a file that is not
in the manifest, or was changed since, is left alone unless the user forces it. Digests of what is
about to be written are noted beforehand, so that a run that is broken off leaves no file that the
next run would take for another's.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from kqlx.errors import OutputError
from kqlx.rules.load import MANIFEST


@dataclass(frozen=True, slots=True)
class File:
    """A file to be written: its name below the folder, with slashes, its content, and what it is:
    the format (``spl query``) and the rule, "" for several.
    """

    name: str
    data: bytes
    format: str
    rule: str = ""

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a file: written, left as it was since it is the same, or an error."""

    path: Path
    changed: bool = False
    error: OutputError | None = None


class Folder:
    """A folder for results. Raises OutputError where it is none, or its manifest cannot be read."""

    def __init__(self, path: str, *, force: bool = False) -> None:
        self.path = Path(path)
        self.force = force
        if os.path.lexists(self.path) and not self.path.is_dir():
            raise OutputError(f"{path}: not a folder", hint="give --out the name of a folder")
        self.entries = self._manifest()

    def write(self, files: Sequence[File]) -> list[Written]:
        """Writes the files, in the order of their names. Raises OutputError where the folder or
        its manifest cannot be written.
        """
        files = sorted(files, key=lambda file: file.name)
        checked = [(file, self._check(file)) for file in files]
        wanted = [file for file, written in checked if written is None]
        if wanted:
            with _told(self.path):
                self.path.mkdir(parents=True, exist_ok=True)
            before = dict(self.entries)
            for file in wanted:
                self.entries[file.name] = _entry(file, self._digests(file.name))
            self._keep(before)
        done = [written or self._write(file) for file, written in checked]
        for (file, _), written in zip(checked, done, strict=True):
            if written.error is None:
                self.entries[file.name] = _entry(file)
        if any(written.error is None for written in done):
            self._keep(None)
        return done

    def _check(self, file: File) -> Written | None:
        """What becomes of the file where it is not to be written."""
        path = self.path / file.name
        try:
            if problem := self._in_the_way(path, file):
                error = OutputError(f"{path}: {problem}", hint="--force overwrites it")
                return Written(path, error=error)
            if not path.is_symlink() and path.is_file() and path.read_bytes() == file.data:
                return Written(path)
        except OSError as error:
            return Written(path, error=_unwritable(path, error))
        return None

    def _in_the_way(self, path: Path, file: File) -> str:
        """Why a file must not be written, or ""."""
        inner = PurePosixPath(file.name).parts[:-1]
        for depth in range(1, len(inner) + 1):
            folder = self.path.joinpath(*inner[:depth])
            if folder.is_symlink() and not self.force:
                return f"{folder} is a symbolic link"
            if os.path.lexists(folder) and not folder.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "a file is where a folder must be")
        if not os.path.lexists(path):
            return ""
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "a folder has this name")
        if self.force:
            return ""
        if not stat.S_ISREG(mode):
            return "a symbolic link" if stat.S_ISLNK(mode) else "not a plain file"
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found == file.digest:
            return ""
        if file.name not in self.entries:
            return "kqlx did not write this file"
        if found not in self._digests(file.name):
            return "the file was changed since kqlx wrote it"
        entry = self.entries[file.name]
        if (entry.get("format"), entry.get("rule")) != (file.format, file.rule):
            return f"the file is of {entry.get('rule') or 'several rules'}, {entry.get('format')}"
        return ""

    def _write(self, file: File) -> Written:
        path = self.path / file.name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, file.data)
        except OSError as error:
            return Written(path, error=_unwritable(path, error))
        return Written(path, changed=True)

    # The manifest

    def _manifest(self) -> dict[str, dict[str, Any]]:
        path = self.path / MANIFEST
        try:
            if not os.path.lexists(path):
                return {}
            data = None if path.is_symlink() else json.loads(path.read_bytes())
            files = data.get("files") if isinstance(data, dict) else None
            if isinstance(files, dict) and all(isinstance(e, dict) for e in files.values()):
                return files
        except OSError as error:
            raise _unwritable(path, error) from None
        except (ValueError, RecursionError):
            pass
        if self.force:
            return {}
        raise OutputError(
            f"{path}: not what kqlx keeps there, so it cannot tell which files are its own",
            hint="--force begins it anew, and writes over files of the same names",
        )

    def _digests(self, name: str) -> list[str]:
        digests = self.entries.get(name, {}).get("sha256")
        return [str(digest) for digest in digests] if isinstance(digests, list) else []

    def _keep(self, before: Mapping[str, Any] | None) -> None:
        """Writes the manifest, if it is another than it was."""
        if before == self.entries:
            return
        text = json.dumps({"files": self.entries}, indent=1, sort_keys=True) + "\n"
        path = self.path / MANIFEST
        with _told(path):
            if path.is_file() and not path.is_symlink() and path.read_bytes() == text.encode():
                return
            _replace(path, text.encode())


def _entry(file: File, others: Sequence[str] = ()) -> dict[str, Any]:
    digests = sorted({file.digest, *others})
    return {"sha256": digests, "format": file.format, "rule": file.rule}


def _replace(path: Path, data: bytes) -> None:
    """Puts a new file in the place of what is there, with its permissions; a link is not followed.

    Raises OSError, with what was there as it was.
    """
    temporary, file = _beside(path)
    try:
        with file:
            file.write(data)
        if path.is_file() and not path.is_symlink():
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        temporary.replace(path)
    except BaseException:  # an interruption too
        temporary.unlink(missing_ok=True)
        raise


def _beside(path: Path) -> tuple[Path, BinaryIO]:
    """A new file in the same folder, with the permissions that the user gives new files."""
    while True:
        temporary = path.with_name(f".kqlx-{secrets.token_hex(8)}.tmp")
        try:
            return temporary, temporary.open("xb")
        except FileExistsError:
            continue


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What goes wrong with the path as an OutputError."""
    try:
        yield
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path}: cannot be written: {error.strerror or error}")
