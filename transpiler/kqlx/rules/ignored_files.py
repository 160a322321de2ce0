"""What of a folder is not to be read: what its ``.gitignore`` files name, and what the user
excludes, in the notation of https://git-scm.com/docs/gitignore.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


class Pattern(str):
    """A pattern that counts from a folder of its own; a plain string counts from the folder in
    which rules are looked for.
    """

    __slots__ = ("folder",)
    folder: Path

    def __new__(cls, text: str, folder: Path) -> Pattern:
        pattern = super().__new__(cls, text)
        pattern.folder = folder
        return pattern

    def __getnewargs__(self) -> tuple[str, Path]:  # type: ignore[override] # of str
        return str(self), self.folder


class Ignored:
    """The names to pass over in a walk from ``root`` down; ``exclude`` are patterns of the user's,
    of which ``used`` takes those that fit something.

    The ``.gitignore`` files above it count too, up to the root of the Git repository it is in;
    outside of one none of them counts, but those below ``root`` do.
    """

    def __init__(
        self, root: Path | str, exclude: Sequence[str] = (), used: set[str] | None = None
    ) -> None:
        self._root = os.path.realpath(root)
        self._specs: dict[str, GitIgnoreSpec] = {}
        self._excluded: dict[str, GitIgnoreSpec] = {}
        self._used: set[str] = set() if used is None else used
        self._unused: list[tuple[str, str, GitIgnoreSpec]] = []
        by_folder: dict[str, list[str]] = {}
        for text in exclude:
            folder = os.path.realpath(text.folder) if isinstance(text, Pattern) else self._root
            by_folder.setdefault(folder, []).append(text)
            if text not in self._used:
                self._unused.append((text, folder, _spec([text.removeprefix("!")])))
        for folder, texts in by_folder.items():
            self._excluded[folder] = _spec(texts)
        for folder in _within_repository(self._root):
            self.enter(folder, os.path.lexists(Path(folder, ".gitignore")))

    def enter(self, folder: str, has_file: bool) -> None:
        """Reads the ``.gitignore`` of a folder, where it has one. One that cannot be read ignores
        nothing.
        """
        if not has_file:
            return
        path = Path(os.path.realpath(folder), ".gitignore")
        try:
            if path.is_file():
                lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
                self._specs[str(path.parent)] = _spec(lines)
        except OSError:
            return

    def has(self, folder: str, name: str, *, is_folder: bool = False) -> bool:
        """Whether the file or folder of this name in the folder is to be passed over."""
        if not self._specs and not self._excluded:
            return False
        path = f"{Path(os.path.realpath(folder), name)}{'/' if is_folder else ''}"
        self._use(path)
        if any(spec.match_file(_from(path, start)) for start, spec in self._excluded.items()):
            return True
        found = False
        for above in _chain(path, self._specs):
            # What a file nearer to it says goes before, an exception (!) too.
            said = self._specs[above].check_file(_below(path, above)).include
            found = found if said is None else said
        return found

    def _use(self, path: str) -> None:
        """Takes note of the patterns that fit the path."""
        fit = [text for text, start, spec in self._unused if spec.match_file(_from(path, start))]
        if fit:
            self._used.update(fit)
            self._unused = [one for one in self._unused if one[0] not in self._used]


def _spec(lines: Iterable[str]) -> GitIgnoreSpec:
    """A line that is no pattern ignores nothing, as in Git."""
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines([line for line in lines if _is_pattern(line)])


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


def _below(path: str, folder: str) -> str:
    return path.removeprefix(folder).lstrip("/" if os.sep == "/" else "/\\").replace(os.sep, "/")


def _from(path: str, folder: str) -> str:
    """The path as seen from a folder, which it need not be below: then it begins with ``..``, and a
    pattern without a slash fits it all the same.
    """
    if path.startswith(folder.rstrip(os.sep) + os.sep):
        return _below(path, folder)
    try:
        seen = os.path.relpath(path, folder)
    except ValueError:  # on another drive
        seen = path
    return seen.replace(os.sep, "/") + ("/" if path.endswith("/") else "")


def _chain(path: str, folders: Iterable[str]) -> list[str]:
    """Those of the folders that the path is below, the topmost first."""
    return sorted((f for f in folders if path.startswith(f.rstrip(os.sep) + os.sep)), key=len)


def _within_repository(root: str) -> list[str]:
    """The folders above, from the root of the Git repository down; none outside of one."""
    above = list(Path(root).parents)
    for number, folder in enumerate((Path(root), *above)):
        if (folder / ".git").exists():
            return [str(one) for one in reversed(above[:number])]
    return []
