"""What the readers of all formats share: text from bytes, and the objects that they find in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kqlx.errors import RuleError
from kqlx.records import dataclass, field

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a text stands in a file: its line and column, both from one, and by how many columns
    its further lines are set in.

    The column is 0 where the text does not stand there as it is, for its escapes or its folding,
    and the line is then that of its key; both are 0 where that is not known.
    """

    line: int = 0
    column: int = 0
    indent: int = 0


Find = Callable[[str, str], Position]
"""Where the value of a key of the rule stands, both given."""


def _unknown(key: str, value: str) -> Position:
    return Position()


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of a file, before it is known whether it is a rule.

    ``table`` is what has the keys of the rule, ``document`` all that the file says with it; they
    are the same unless the format puts the rule into something. ``line`` is where the object
    begins, 0 for one that is the whole file; ``number`` counts the objects from nought.
    """

    table: Mapping[str, Any]
    document: Mapping[str, Any]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0
    number: int = 0
    find: Find = _unknown


@dataclass(frozen=True, slots=True)
class Broken:
    """What cannot be read: the reason, and the line and column if they are known. ``is_rule`` is
    false for what is whole, and no rule.
    """

    reason: str
    line: int = 0
    column: int = 0
    is_rule: bool = True


def decode(data: bytes, name: str) -> str:
    """The text of a file without a byte order mark: UTF-8, or UTF-16 that has the mark, as
    PowerShell writes it. Raises RuleError.
    """
    encoding = "utf-16" if data.startswith(_UTF_16) else "utf-8-sig"
    start = data[2:4] if encoding == "utf-16" else data[:4]
    if b"\0" in start and (encoding != "utf-16" or start == b"\0\0"):  # the latter is UTF-32
        why = "not UTF-8, and without the byte order mark that UTF-16 must have"
        raise RuleError(f"{name}: {why}", readable=False)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        kind = encoding.removesuffix("-sig").upper()
        raise RuleError(f"{name}: not {kind} at byte {error.start}", readable=False) from None
