"""Files in a folder, each written whole or not at all, and none that somebody else wrote.

A file is written over if it has a digest that the manifest knows still; a file that is not in the
manifest, or was changed since, is left alone unless the user forces it. Digests of what is about to
be written are noted beforehand, so that a run that is broken off leaves no file that the next run
would take for another's.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from kqlx.batch.folder_lock import locked
from kqlx.batch.manifest import (
    ManifestEntry,
    RuleReference,
    manifest_text,
    path_from,
    read_manifest,
    unwritable,
)
from kqlx.batch.whole_files import LEFTOVER, digest_of, put
from kqlx.errors import OutputError
from kqlx.records import dataclass, replace
from kqlx.rules.file_search import MANIFEST


@dataclass(frozen=True, slots=True)
class File:
    """A file to be written: its name below the folder, with slashes, its digest and what reads its
    content, and what the manifest keeps of it; paths of rules are those that the user gave.
    """

    name: str
    digest: str
    read: Callable[[], bytes]
    target: str
    format: str
    rules: tuple[RuleReference, ...] = ()
    fidelity: str = ""
    codes: tuple[str, ...] = ()


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
        self.entries = read_manifest(self.path, force=force)

    @contextmanager
    def held(self, waiting: Callable[[], object]) -> Iterator[None]:
        """The folder for this run alone, made where there is none, with what other runs have left
        in its manifest. What killed runs left half written is removed.
        """
        with _reported(self.path), locked(self.path, waiting):
            self.entries = read_manifest(self.path, force=self.force)
            self._remove_leftovers()
            yield

    def write(self, files: Sequence[File]) -> list[Written]:
        """Writes the files, in the order of their names; the folder must be held. Raises
        OutputError where the manifest cannot be written.
        """
        files = sorted(files, key=lambda file: file.name)
        checked = [(file, self._check(file)) for file in files]
        wanted = [file for file, written in checked if written is None]
        if wanted:
            with _reported(self.path):
                self.path.mkdir(parents=True, exist_ok=True)
            before = dict(self.entries)
            for file in wanted:
                self.entries[file.name] = self._entry(file, self._digests(file.name))
            self._keep(before)
        done = [written or self._write(file) for file, written in checked]
        for (file, _), written in zip(checked, done, strict=True):
            if written.error is None:
                self.entries[file.name] = self._entry(file)
        if any(written.error is None for written in done):
            self._keep(None)
        return done

    def is_edited(self, name: str) -> bool:
        """Whether a file of the manifest is another than kqlx wrote, or no plain file."""
        path = self.path / name
        if path.is_symlink() or not path.is_file():
            return True
        return digest_of(path) not in self._digests(name)

    def has_folder_for(self, target: str) -> bool:
        """Whether an earlier run, over several targets, has made a folder for this one."""
        return any(
            entry.target == target and name.startswith(f"{target}/")
            for name, entry in self.entries.items()
        )

    def has(self, name: str) -> bool:
        return os.path.lexists(self.path / name)

    def forget(self, names: Sequence[str]) -> None:
        """Takes files out of the manifest, which must be held. Raises OutputError."""
        before = dict(self.entries)
        for name in names:
            self.entries.pop(name, None)
        self._keep(before)

    def remove(self, name: str) -> Written:
        """Removes a file that kqlx wrote, unless it was edited since; the folder must be held."""
        path = self.path / name
        try:
            if self.is_edited(name) and not self.force:
                message = f"{path}: not removed: the file was changed since kqlx wrote it"
                return Written(path, error=OutputError(message, hint="remove it yourself"))
            path.unlink()
            for folder in (self.path / PurePosixPath(name)).parents:
                if folder == self.path or any(folder.iterdir()):
                    break
                folder.rmdir()
        except OSError as error:
            message = f"{path}: cannot be removed: {error.strerror or error}"
            return Written(path, error=OutputError(message))
        return Written(path, changed=True)

    def state(self, file: File) -> str:
        """How the folder has a file now: "" as it is to be, else missing, stale (kqlx wrote
        another), edited, or not kqlx's.
        """
        path = self.path / file.name
        if not os.path.lexists(path):
            return "missing"
        if path.is_symlink() or not path.is_file():
            return "not a plain file"
        try:
            found = digest_of(path)
        except OSError as error:
            return f"not readable: {error.strerror or error}"
        if found == file.digest:
            return ""
        if file.name not in self.entries:
            return "not written by kqlx"
        return "stale" if found in self._digests(file.name) else "edited"

    def _check(self, file: File) -> Written | None:
        """What becomes of the file where it is not to be written."""
        path = self.path / file.name
        try:
            if problem := self._in_the_way(path, file):
                error = OutputError(f"{path}: {problem}", hint="--force overwrites it")
                return Written(path, error=error)
            if not path.is_symlink() and path.is_file() and digest_of(path) == file.digest:
                return Written(path)
        except OSError as error:
            return Written(path, error=unwritable(path, error))
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
        found = digest_of(path)
        if found == file.digest:
            return ""
        if file.name not in self.entries:
            return "kqlx did not write this file"
        if found not in self._digests(file.name):
            return "the file was changed since kqlx wrote it"
        entry = self.entries[file.name]
        new = self._entry(file)
        if (entry.target, entry.format) != (new.target, new.format) or _of_others(entry, new):
            return f"the file belongs to {entry.holds}"
        return ""

    def _write(self, file: File) -> Written:
        path = self.path / file.name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            put(path, file.read())
        except OSError as error:
            return Written(path, error=unwritable(path, error))
        return Written(path, changed=True)

    # The manifest

    def _entry(self, file: File, others: Sequence[str] = ()) -> ManifestEntry:
        return ManifestEntry(
            tuple(sorted({file.digest, *others})),
            file.target,
            file.format,
            tuple(replace(rule, path=path_from(self.path, rule.path)) for rule in file.rules),
            file.fidelity,
            file.codes,
        )

    def _digests(self, name: str) -> tuple[str, ...]:
        entry = self.entries.get(name)
        return entry.digests if entry is not None else ()

    def _keep(self, before: Mapping[str, ManifestEntry] | None) -> None:
        """Writes the manifest, if it is another than it was."""
        if before == self.entries:
            return
        data = manifest_text(self.entries)
        path = self.path / MANIFEST
        with _reported(path):
            if path.is_file() and not path.is_symlink() and path.read_bytes() == data:
                return
            put(path, data)

    def _remove_leftovers(self) -> None:
        """Removes what killed runs left: files that were not moved to their places."""
        folders = {self.path, *((self.path / name).parent for name in self.entries)}
        for folder in sorted(folders):
            if not folder.is_dir():
                continue
            for path in folder.iterdir():
                if LEFTOVER.fullmatch(path.name):
                    path.unlink(missing_ok=True)


def _of_others(entry: ManifestEntry, new: ManifestEntry) -> bool:
    """Whether a file is of other rules than those that are to be written there. A file of several
    is of those that there are, and one of a rule is known by its id or else by its path.
    """
    if len(entry.rules) != 1 or len(new.rules) != 1:
        return False
    before, now = entry.rules[0], new.rules[0]
    if before.id or now.id:
        return before.id != now.id
    return before.path != now.path


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    """What goes wrong with the path as an OutputError."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from None
