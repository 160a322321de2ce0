"""Paths → rules. A broken file, or a broken rule in one, never stops the others."""

from __future__ import annotations

import errno
import glob
import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from kqlx.errors import RuleError
from kqlx.rules import formats
from kqlx.rules.from_entry import build
from kqlx.rules.kibana_objects import Kind, kind_of, list_key, why_unread
from kqlx.rules.model import NO_RULE, Exceptions, Rule, RuleSet, Skipped
from kqlx.rules.source_text import Broken, Entry, decode

MANIFEST = ".kqlx-manifest.json"
"""The file that marks a folder of results, which are passed over where rules are looked for."""

_QUERY_LIKE = re.compile(r"\s|:(?![\\/])")  # C:\rules is none


def load_rules(path: Path | str) -> RuleSet:
    """The rules of a file, of all rule files below a folder in the order of their names, or of all
    that a pattern with stars names; hidden files and folders, whose names begin with a full stop,
    are passed over, and so are ``.txt`` files that are not named themselves, and folders that hold
    results of ``kqlx convert``. Files in a folder that are whole and no rules are in ``skipped``.

    Raises RuleError where the path does not exist or cannot be looked at, or is a folder without
    rule files; what is wrong with single files or rules is in ``errors``, and rules in other
    languages in ``skipped``.
    """
    found = RuleSet()
    for file in _files(path, found.errors):
        is_named = os.fspath(file) == os.fspath(path)
        try:
            data = file.read_bytes()
            text = decode(data, str(file))
        except OSError as error:
            reason = error.strerror or error
            found.errors.append(RuleError(f"{file}: {reason}", readable=False))
        except RuleError as error:
            found.errors.append(error)
        else:
            found.add(read(text, file, str(file)) if is_named else _in_folder(text, file))
    return found


def _in_folder(text: str, file: Path) -> RuleSet:
    """What a file holds that nobody named: other things than rules are no errors there."""
    found = read(text, file, str(file))
    others = [error for error in found.errors if not error.is_rule]
    if others:
        found.errors = [error for error in found.errors if error.is_rule]
        reason = others[0].message.removeprefix(f"{file}: ").removeprefix(f"{file}:")
        found.skipped.append(Skipped(file, reason, NO_RULE))
    return found


def load_text(data: bytes, name: str) -> RuleSet:
    """The rules of a text that comes without a file, its format told by its content.

    ``name`` is what messages call it. Raises RuleError where it cannot be decoded.
    """
    return read(decode(data, name), None, name)


def read(text: str, path: Path | None, name: str) -> RuleSet:
    """The rules in a text; exceptions that stand there are handed to the rules that name them."""
    found = RuleSet()
    if path is not None and not text.strip():
        found.errors.append(RuleError(f"{name}: the file is empty", readable=False))
        return found
    format = formats.of(path, text)
    exceptions: dict[tuple[str, str], tuple[Mapping[str, Any], ...]] = {}
    for entry in format.read(text):
        if isinstance(entry, Broken):
            at = "".join(f":{number}" for number in (entry.line, entry.column) if number)
            message = f"{name}{at}: {entry.reason}"
            found.errors.append(RuleError(message, readable=False, is_rule=entry.is_rule))
            continue
        try:
            made = _made(entry, path, name, formats.name(format), exceptions)
        except RuleError as error:
            found.errors.append(error)
            continue
        if isinstance(made, Rule):
            found.rules.append(made)
        elif made is not None:
            found.skipped.append(made)
    if exceptions:
        found.rules = [replace(rule, exceptions=_own(rule, exceptions)) for rule in found.rules]
    return found


def _made(
    entry: Entry,
    path: Path | None,
    name: str,
    format: str,
    exceptions: dict[tuple[str, str], tuple[Mapping[str, Any], ...]],
) -> Rule | Skipped | None:
    """The rule, or None for what is no rule and belongs there."""
    kind = Kind.RULE if format in ("toml", "query") else kind_of(entry.table)
    if kind is Kind.RULE:
        return build(entry, path, name, format)
    if kind in (Kind.EXCEPTION_ITEM, Kind.EXCEPTION_LIST):
        items = (entry.table,) if kind is Kind.EXCEPTION_ITEM else ()
        key = list_key(entry.table)
        exceptions[key] = (*exceptions.get(key, ()), *items)
    where = f"{name}:{entry.line}" if entry.line else name
    if kind is Kind.SAVED_OBJECT and (why := why_unread(entry.table)):
        raise RuleError(f"{where}: a saved object that cannot be read: {why}", readable=False)
    if kind is not Kind.OTHER:
        return None
    hint = "it seems to be a Sigma rule" if "detection" in entry.table else ""
    message = f"{where}: not a detection rule: no query"
    raise RuleError(message, readable=False, is_rule=False, hint=hint)


def _own(rule: Rule, exceptions: Exceptions) -> Exceptions:
    keys = [list_key(entry) for entry in rule.exception_lists]
    return {key: exceptions[key] for key in keys if key in exceptions}


def _files(path: Path | str, errors: list[RuleError]) -> list[Path]:
    try:
        return _named(path, errors)
    except (OSError, ValueError) as error:
        names = _globbed(os.fspath(path))
        if not names:
            raise _unreachable(os.fspath(path), error) from None
    files: list[Path] = []
    for name in names:
        try:
            files += _finite(_named(name, errors), errors)
        except OSError as error:
            errors.append(_unreachable(name, error))
        except RuleError as error:
            errors.append(error)
    # A pattern may name a folder and what is in it, and links may lead round: the shortest way.
    longest_first = sorted(files, key=lambda file: (-len(file.parts), file.parts))
    once = {os.path.realpath(file): file for file in longest_first}
    return sorted(once.values(), key=lambda file: file.parts)


def _named(path: Path | str, errors: list[RuleError]) -> list[Path]:
    """Raises OSError and ValueError where there is no such path."""
    if stat.S_ISDIR(Path(path).stat().st_mode):
        return _finite(_below(path, errors), errors)
    return [Path(path)]


def _finite(files: Iterable[Path], errors: list[RuleError]) -> list[Path]:
    """Without those whose reading might wait for ever, pipes and devices: nobody asked for them by
    their names.
    """
    found = []
    for file in files:
        if os.path.exists(file) and not os.path.isfile(file):  # noqa: PTH110, PTH113 - no errors
            errors.append(RuleError(f"{file}: not a file", readable=False))
        else:
            found.append(file)
    return found


def _globbed(path: str) -> list[str]:
    """What a pattern names that no shell has expanded, as on Windows. Brackets are part of a name
    where they name nothing else.
    """
    if "\0" in path or not glob.has_magic(path):
        return []
    for pattern in (path, path.replace("[", "[[]")):
        names = glob.glob(pattern, recursive=True)  # noqa: PTH207 - any pattern
        if names:
            return sorted(names)
    return []


def _below(path: Path | str, errors: list[RuleError]) -> list[Path]:
    files: list[Path] = []
    unread: list[OSError] = []
    suffixes = formats.suffixes()
    for folder, folders, names in os.walk(path, onerror=unread.append):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and not _is_of_results(folder, name)
        ]
        files += [
            Path(folder, name)
            for name in names
            if name.lower().endswith(suffixes) and not name.startswith(".")
        ]
    errors += [
        RuleError(f"{error.filename}: {error.strerror}", readable=False)
        for error in sorted(unread, key=lambda error: str(error.filename))
    ]
    if not files and not unread:
        kinds = ", ".join(f"*{suffix}" for suffix in dict.fromkeys(suffixes))
        raise RuleError(f"{path}: no rule files ({kinds}) in this folder", readable=False)
    return sorted(files, key=lambda file: file.parts)


def _is_of_results(folder: str, name: str) -> bool:
    return os.path.exists(os.path.join(folder, name, MANIFEST))  # noqa: PTH110, PTH118 - no errors


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
