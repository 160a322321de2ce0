"""Files that are put in the place of others, whole or not at all."""

from __future__ import annotations

import hashlib
import secrets
import stat
from pathlib import Path
from typing import BinaryIO

from kqlx.regexes import late_regex

LEFTOVER = late_regex(r"\.kqlx-[0-9a-f]{16}\.tmp")
"""The name of a file that was to be moved to its place, and was not."""


def digest_of(path: Path) -> str:
    """What tells a file from any other one. Raises OSError."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def put(path: Path, data: bytes) -> None:
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
