"""Paths → rules. A broken file never stops the others."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

from kqlx.errors import RuleError
from kqlx.rules import toml
from kqlx.rules.model import Rule, RuleSet

_QUERY_LIKE = re.compile(r"\s|:(?![\\/])")  # C:\rules is none


def load_rules(path: Path | str) -> RuleSet:
    """The rules of a file, or of all ``.toml`` files below a folder in the order of their names;
    hidden files and folders, whose names begin with a full stop, are passed over.

    Raises RuleError where the path does not exist or cannot be looked at, or is a folder without
    rule files; what is wrong with single files of a folder is in ``errors``, and rules in other
    languages in ``skipped``.
    """
    found = RuleSet()
    for file in _files(path, found.errors):
        try:
            rule = toml.read(file)
        except RuleError as error:
            found.errors.append(error)
            continue
        if isinstance(rule, Rule):
            found.rules.append(rule)
        else:
            found.skipped.append(rule)
    return found


def _files(path: Path | str, errors: list[RuleError]) -> list[Path]:
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError) as error:
        raise _unreachable(os.fspath(path), error) from None
    if not stat.S_ISDIR(mode):
        return [Path(path)]
    files: list[Path] = []
    unread: list[OSError] = []
    for folder, folders, names in os.walk(path, onerror=unread.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [
            Path(folder, name)
            for name in names
            if name.endswith(".toml") and not name.startswith(".")
        ]
    errors += [
        RuleError(f"{error.filename}: {error.strerror}", readable=False)
        for error in sorted(unread, key=lambda error: str(error.filename))
    ]
    if not files and not errors:
        raise RuleError(f"{path}: no rule files (*.toml) in this folder", readable=False)
    return sorted(files, key=lambda file: file.parts)


def _unreachable(name: str, error: OSError | ValueError) -> RuleError:
    """Why there is no such path, and what to do if it was meant to be a query."""
    hint = ""
    if _QUERY_LIKE.search(name) and not name.endswith(".toml"):
        hint = "if this is a query, give it with -q"
    name = " ".join(name.split())
    if len(name) > 100:
        name = f"{name[:99]}…"
    reason = getattr(error, "strerror", None) or str(error)
    if getattr(error, "errno", None) in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
        reason = "no such file or folder"
    return RuleError(f"{name}: {reason}", readable=False, hint=hint)
