"""Paths → rules. A broken file never stops the others."""

from __future__ import annotations

from pathlib import Path

from kqlx.errors import RuleError
from kqlx.rules import toml
from kqlx.rules.model import Rule, RuleSet


def load_rules(path: Path | str) -> RuleSet:
    """The rules of a file, or of all ``.toml`` files below a folder in the order of their names.

    Raises RuleError where the path does not exist, or is a folder without rule files; what is wrong
    with single files of a folder is in ``errors``, and rules in other languages in ``skipped``.
    """
    path = Path(path)
    if path.is_dir():
        files = sorted(path.rglob("*.toml"))
        if not files:
            raise RuleError(f"{path}: no rule files (*.toml) in this folder", readable=False)
    elif path.exists():
        files = [path]
    else:
        raise RuleError(f"{path}: no such file or folder", readable=False)
    found = RuleSet()
    for file in files:
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
