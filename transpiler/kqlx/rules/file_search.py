"""Paths → rule files: folders, patterns with stars, what is passed over."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from kqlx.errors import RuleError
from kqlx.regexes import late_regex
from kqlx.rules import formats

MANIFEST = ".kqlx-manifest.json"
"""The file that marks a folder of results, which are passed over where rules are looked for."""

_QUERY_LIKE = late_regex(r"\s|:(?![\\/])")  # C:\rules is none


def rule_files(
    path: Path | str,
    errors: list[RuleError],
    exclude: Sequence[str] = (),
    used: set[str] | None = None,
) -> list[Path]:
    """The file of this path, the rule files below the folder of this path in the order of their
    names, or those that a pattern with stars names.

    Below a folder these are passed over: hidden files and folders, ``.txt`` files, results of
    ``kqlx convert`` by its manifests, what ``.gitignore`` files name, up to the root of a Git
    repository, and what ``exclude`` names in the same notation. ``errors`` takes what cannot be
    looked at, ``used`` what of ``exclude`` fits something. Raises RuleError where there is no such
    path, or no rule file.
    """
    try:
        return _named(path, errors, exclude, used)
    except (OSError, ValueError) as error:
        names = _globbed(os.fspath(path))
        if not names:
            raise _unreachable(os.fspath(path), error) from None
    files: list[Path] = []
    for name in names:
        try:
            files += _finite(_named(name, errors, exclude, used), errors)
        except OSError as error:
            errors.append(_unreachable(name, error))
        except RuleError as error:
            errors.append(error)
    # A pattern may name a folder and what is in it, and links may lead round: the shortest way.
    longest_first = sorted(files, key=lambda file: (-len(file.parts), file.parts))
    once = {os.path.realpath(file): file for file in longest_first}
    return sorted(once.values(), key=lambda file: file.parts)


def _named(
    path: Path | str, errors: list[RuleError], exclude: Sequence[str], used: set[str] | None
) -> list[Path]:
    """Raises OSError and ValueError where there is no such path, RuleError where it is empty."""
    if path == "":
        raise RuleError("the name of a file or folder is empty", readable=False)
    if stat.S_ISDIR(Path(path).stat().st_mode):
        return _finite(_below(path, errors, exclude, used), errors)
    return [Path(path)]


def _finite(files: Iterable[Path], errors: list[RuleError]) -> list[Path]:
    """Without those whose reading might wait for ever, pipes and devices: nobody asked for them by
    their names.
    """
    found = []
    for file in files:
        if os.path.exists(file) and not os.path.isfile(file):  # noqa: PTH110, PTH113 - Path's raise
            errors.append(RuleError(f"{file}: not a file", readable=False))
        else:
            found.append(file)
    return found


def _globbed(path: str) -> list[str]:
    """What a pattern names that no shell has expanded, as on Windows. Brackets are part of a name
    where they name nothing else.
    """
    import glob

    if "\0" in path or not glob.has_magic(path):
        return []
    for pattern in (path, path.replace("[", "[[]")):
        names = glob.glob(pattern, recursive=True)  # noqa: PTH207 - Path's takes no absolute pattern
        if names:
            return sorted(names)
    return []


def _below(
    path: Path | str, errors: list[RuleError], exclude: Sequence[str], used: set[str] | None
) -> list[Path]:
    from kqlx.rules.ignored_files import Ignored

    files: list[Path] = []
    unread: list[OSError] = []
    suffixes = formats.suffixes()
    ignored = Ignored(path, exclude, used)
    results: set[str] = set()
    for folder, folders, names in os.walk(path, onerror=unread.append):
        if MANIFEST in names or MANIFEST in folders:
            found = _results(folder)
            if found is None and folder != os.fspath(path):
                folders.clear()
                continue
            results |= found or set()
        ignored.enter(folder, ".gitignore" in names)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and not ignored.has(folder, name, is_folder=True)
        ]
        files += [
            Path(folder, name)
            for name in names
            if name.lower().endswith(suffixes)
            and not name.startswith(".")
            and os.path.join(folder, name) not in results  # noqa: PTH118 - as os.walk has it
            and not ignored.has(folder, name)
        ]
    errors += [
        RuleError(f"{error.filename}: {error.strerror}", readable=False)
        for error in sorted(unread, key=lambda error: str(error.filename))
    ]
    if not files and not unread:
        kinds = ", ".join(f"*{suffix}" for suffix in dict.fromkeys(suffixes))
        raise RuleError(f"{path}: no rule files ({kinds}) in this folder", readable=False)
    return sorted(files, key=lambda file: file.parts)


def _results(folder: str) -> set[str] | None:
    """The files that the folder's manifest names, of which some read as rules; None where it cannot
    be read.
    """
    import json

    path = Path(folder, MANIFEST)
    try:
        if not path.is_file():
            return None
        names = json.loads(path.read_bytes())["files"]
        return {os.path.join(folder, *name.split("/")) for name in names}  # noqa: PTH118 - as above
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _unreachable(name: str, error: OSError | ValueError) -> RuleError:
    """Why there is no such path, and what to do if it was meant to be a query."""
    hint = ""
    if _QUERY_LIKE.search(name) and not name.endswith(formats.suffixes()):
        hint = "if this is a query, give it with -q"
    name = " ".join(name.split())
    if len(name) > 100:
        name = f"{name[:99]}…"
    known = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)
    if isinstance(error, ValueError) or error.errno in known:  # no name of a file has a null
        reason = "no such file or folder"
    else:
        reason = error.strerror or "it cannot be looked at"
    return RuleError(f"{name}: {reason}", readable=False, hint=hint)
