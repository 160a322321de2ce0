"""A rule file with another text of its query, everything else kept byte for byte."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from kqlx.errors import RuleError
from kqlx.rules import formats
from kqlx.rules.model import Rule

_BYTE_ORDER_MARK = "\ufeff"


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
    except UnicodeDecodeError:
        reason = "only files in UTF-8 are written back"
        raise RuleError(f"{path}: {reason}", hint="save it as UTF-8") from None
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    format = formats.by_name(rule.format)
    new = format.replace(text.removeprefix(mark), rule.number, query)
    if new is None:
        raise RuleError(f"{path}: cannot locate the query in the file", hint="change it by hand")
    _write(path, (mark + new).encode("utf-8"))


def _write(path: Path, data: bytes) -> None:
    """Replaces the file's content, or leaves it as it was."""
    target = path.resolve()  # a link stays a link
    try:
        if not target.stat().st_mode & 0o222 or not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, "the file is read-only")
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(name).chmod(target.stat().st_mode & 0o7777)
            Path(name).replace(target)
        except BaseException:  # an interruption too
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise RuleError(f"{path}: {error.strerror}", readable=False) from None
