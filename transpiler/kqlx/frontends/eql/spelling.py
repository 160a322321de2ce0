"""Texts and names → their spelling in EQL."""

from __future__ import annotations

import re

from kqlx.errors import UnsupportedError
from kqlx.frontends.eql.syntax import KEYWORDS
from kqlx.regexes import late_regex

NO_TEXT = "no-text"
"""The code of a tree that no text stands for."""

# What a reader would not see, or not where it is: controls, blanks of odd widths, marks of writing
# direction.
_HIDDEN = (
    "\x00-\x1f\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000"
    "\ufeff\ufff0-\uffff"
)
_ESCAPED = late_regex(rf'[\\"{_HIDDEN}]')
_NO_RAW = late_regex(rf'"""|[{_HIDDEN}]')
_CONTROLS = {"\b": r"\b", "\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r"}
_SURROGATE = late_regex("[\ud800-\udfff]")
_PLAIN = late_regex(r"[A-Za-z_@][A-Za-z0-9_]*")


def spell_text(text: str, *, raw: bool = False) -> str:
    """A text between quotes; with ``raw`` between three, without escapes, where it can stand so.

    Raises UnsupportedError for half of a surrogate pair, which is no character.
    """
    if _SURROGATE.search(text):
        message = "half of a surrogate pair cannot be written in EQL"
        raise UnsupportedError(message, code=NO_TEXT, hint="write the whole character")
    if raw and not _NO_RAW.search(text) and not text.endswith('"'):
        return f'"""{text}"""'
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    found = match[0]
    if found in '\\"':
        return f"\\{found}"
    return _CONTROLS.get(found) or f"\\u{{{ord(found):04x}}}"


def spell_name(name: str, *, optional: bool = False) -> str:
    """The name of a field, with backquotes where it needs them."""
    return f"{'?' if optional else ''}{'.'.join(map(_part, name.split('.')))}"


def _part(part: str) -> str:
    if _PLAIN.fullmatch(part) and part not in KEYWORDS:
        return part
    return f"`{part.replace('`', '``')}`"


def spell_category(category: str) -> str:
    """The category before ``where``."""
    if _PLAIN.fullmatch(category) and category not in KEYWORDS:
        return category
    return spell_text(category)
