"""A rule file with another text of its query, everything else kept byte for byte."""

from __future__ import annotations

import errno
import os
import re
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from kqlx.errors import RuleError
from kqlx.rules.model import Rule
from kqlx.rules.places import entries

_BYTE_ORDER_MARK = "\ufeff"
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def rewrite(rule: Rule, query: str) -> None:
    """Writes the query into the rule's file, all at once.

    Raises RuleError where the file cannot be written, or its query cannot be told apart in it.
    """
    assert rule.path is not None
    path = rule.path
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise RuleError(f"{path}: {error.strerror}", readable=False) from None
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    new = replace_query(text.removeprefix(mark), query)
    if new is None:
        raise RuleError(
            f"{path}: cannot tell where the query stands in the file", hint="change it by hand"
        )
    _write(path, (mark + new).encode("utf-8"))


def replace_query(text: str, query: str) -> str | None:
    """The TOML text with ``rule.query`` replaced, or None if that cannot be done without other
    change.

    What is found by its looks is proven by reading the result: all other values must be as before.
    """
    before = _values(text)
    old = before["rule"]["query"]
    wanted = query + "\n" if old.endswith("\n") or "\n" in query else query
    for entry in entries(text, "query"):
        literal = _string(wanted).replace("\n", _line_feed(text, entry.start))
        new = text[: entry.start] + literal + text[entry.end :]
        try:
            if _values(new) == {**before, "rule": {**before["rule"], "query": wanted}}:
                return new
        except (tomllib.TOMLDecodeError, RecursionError):
            continue
    return None


def _values(text: str) -> dict[str, Any]:
    """What TOML holds, floats as they are written: nan is not equal to itself."""
    return tomllib.loads(text, parse_float=str)


def _line_feed(text: str, start: int) -> str:
    """How the first line from there on ends."""
    end = text.find("\n", start)
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"


def _string(text: str) -> str:
    """A TOML string: as literal as the text allows."""
    literal = not _CONTROLS.search(text) and "'''" not in text and not text.endswith("'")
    if "\n" in text and literal:
        return f"'''\n{text}'''"
    if literal and "\n" not in text:
        plain = '"' not in text and "\\" not in text
        return f'"{text}"' if plain else f"'{text}'" if "'" not in text else f"'''{text}'''"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", escaped)
    return f'"""\n{escaped}"""' if "\n" in text else f'"{escaped}"'


def _write(path: Path, data: bytes) -> None:
    """Replaces the file's content, or leaves it as it was."""
    target = path.resolve()  # a link stays a link
    try:
        if not target.stat().st_mode & 0o222 or not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, "the file is read-only")
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(target.stat().st_mode & 0o7777)
        Path(name).replace(target)
    except OSError as error:
        raise RuleError(f"{path}: {error.strerror}", readable=False) from None
