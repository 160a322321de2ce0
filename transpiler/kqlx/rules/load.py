"""Paths → rules. A broken file, or a broken rule in one, never stops the others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kqlx.errors import RuleError
from kqlx.records import replace
from kqlx.regexes import late_regex
from kqlx.rules import formats
from kqlx.rules.file_search import rule_files
from kqlx.rules.from_entry import build
from kqlx.rules.kibana_objects import Kind, kind_of, list_key, why_unread
from kqlx.rules.model import NO_RULE, Exceptions, Rule, RuleSet, Skipped
from kqlx.rules.source_text import Broken, Entry, decode
from kqlx.rules.validate import plain

_OF_RULES = late_regex(r"\bquery\b|\brule_id\b|^[ \t]*\[+rule\b", re.MULTILINE)


def load_rules(
    path: Path | str, exclude: Sequence[str] = (), used: set[str] | None = None
) -> RuleSet:
    """The rules of a file, of all rule files below a folder in the order of their names, or of all
    that a pattern with stars names; ``rule_files`` says what is passed over, and what ``exclude``
    and ``used`` are. Files in a folder that are whole and no rules are in ``skipped``.

    Raises RuleError where the path does not exist or cannot be looked at, or is a folder without
    rule files; what is wrong with single files or rules is in ``errors``, and rules in other
    languages in ``skipped``.
    """
    found = RuleSet()
    for file in rule_files(path, found.errors, exclude, used):
        found.add(read_file(file, is_named=file == Path(path)))
    return found


def read_file(file: Path, *, is_named: bool) -> RuleSet:
    """The rules of one file. ``is_named`` says that the user names it: then it is an error where it
    holds something other than rules.
    """
    found = RuleSet()
    try:
        text = decode(file.read_bytes(), str(file))
    except OSError as error:
        reason = error.strerror or error
        found.errors.append(RuleError(f"{file}: {reason}", readable=False))
    except RuleError as error:
        found.errors.append(error)
    except MemoryError:
        found.errors.append(RuleError(f"{file}: too large for the memory", readable=False))
    else:
        return _guarded(text, file, is_named)
    return found


def _guarded(text: str, file: Path, is_named: bool) -> RuleSet:
    """What the text holds; a fault of ours, or of a library that reads the format, costs this file
    alone.
    """
    try:
        return read(text, file, str(file)) if is_named else _in_folder(text, file)
    except MemoryError:
        reason = "too large for the memory"
    except Exception as fault:
        reason = f"kqlx failed on this file: {type(fault).__name__}"
    return RuleSet(errors=[RuleError(f"{file}: {reason}", readable=False)])


def _in_folder(text: str, file: Path) -> RuleSet:
    """What a file holds that nobody named: other things than rules are no errors there, nor is a
    broken file without a word of a rule, such as JSON with comments.
    """
    found = read(text, file, str(file))
    is_foreign = bool(text.strip()) and not found.rules and not _OF_RULES.search(text)
    others = [error for error in found.errors if is_foreign or not error.is_rule]
    if others:
        found.errors = [error for error in found.errors if error not in others]
        reason = others[0].message.removeprefix(f"{file}: ").removeprefix(f"{file}:")
        found.skipped.append(Skipped(file, reason, NO_RULE))
    elif not (found.rules or found.skipped or found.errors):
        found.skipped.append(Skipped(file, "it contains no rule", NO_RULE))
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
    where = f"{name}:{entry.line}" if entry.line else name
    if kind in (Kind.EXCEPTION_ITEM, Kind.EXCEPTION_LIST):
        is_item = kind is Kind.EXCEPTION_ITEM
        items = (plain(where, entry.table, "exception"),) if is_item else ()
        key = list_key(entry.table)
        exceptions[key] = (*exceptions.get(key, ()), *items)
    if kind is Kind.SAVED_OBJECT and (why := why_unread(entry.table)):
        raise RuleError(f"{where}: a saved object that cannot be read: {why}", readable=False)
    if kind is Kind.REPORT:
        message = f"{where}: not a rule, but a report of kqlx on one"
        raise RuleError(message, readable=False, is_rule=False)
    if kind is not Kind.OTHER:
        return None
    hint = "it seems to be a Sigma rule" if "detection" in entry.table else ""
    message = f"{where}: not a detection rule: no query"
    raise RuleError(message, readable=False, is_rule=False, hint=hint)


def _own(rule: Rule, exceptions: Exceptions) -> Exceptions:
    keys = [list_key(entry) for entry in rule.exception_lists]
    return {key: exceptions[key] for key in keys if key in exceptions}
