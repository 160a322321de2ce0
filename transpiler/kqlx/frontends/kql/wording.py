"""How messages show Kibana KQL: text shortened, quoted, spelled anew, and queries to write, each
of which is read before it is shown.
"""

from __future__ import annotations

import re

from kqlx.errors import UnsupportedError
from kqlx.frontends.kql.reader import TooDeep, read
from kqlx.frontends.kql.syntax import SPACES
from kqlx.frontends.lalr import UnexpectedInput
from kqlx.nodes import Pattern
from kqlx.regexes import late_regex

LONGEST_ADVICE = 120
LONGEST_FOUND = 40

_DRIVE = late_regex(r"[A-Za-z]:\\(?!\\)(?:.(?!\\\\))*$")
"""A path of Windows whose backslashes are single."""

_ESCAPE = late_regex(r'\\([\\():<>"*{}]?)')


def reads(text: str) -> bool:
    """Whether the text is Kibana KQL."""
    try:
        read(text)
    except (UnexpectedInput, TooDeep):
        return False
    return True


def suggest(*replacements: str) -> str:
    """A hint that gives the text to write: the first replacement that is fit to be shown, or ""."""
    for replacement in replacements:
        shown = " ".join(replacement.split())
        fit = len(shown) <= LONGEST_ADVICE and shown.isprintable() and "`" not in shown
        if fit and shown and reads(shown):
            return f"write `{shown}`"
    return ""


def short(text: str) -> str:
    """The text fit for a message: not long, and without control characters."""
    shown = text if len(text) <= LONGEST_FOUND else text[: LONGEST_FOUND - 1] + "…"
    return "".join(c if c.isprintable() else "\ufffd" for c in shown)


def unescaped(raw: str) -> str:
    """What an unquoted spelling means, as far as its escapes are signs."""
    return re.sub(r'\\([\\():<>"*{}])', r"\1", raw)


def respelled(raw: str) -> str:
    """An unquoted value that cannot be read as it is, spelled so that it can: in quotes, or, where
    it holds a wildcard, with escapes.
    """
    raw = raw.strip(SPACES)
    if all(escape[1] for escape in _ESCAPE.finditer(raw)) and not _DRIVE.match(raw):
        parts = [unescaped(part) for part in re.split(r"(?<!\\)\*", raw)]
    else:  # a path of Windows as it is: its stars are wildcards, whatever stands before them
        parts = raw.split("*")
    pattern = Pattern.between_stars(parts)
    if not pattern.is_text and raw.isprintable():  # suggest() shows nothing else
        from kqlx.frontends.kql.spelling import spell_value

        try:
            return spell_value(pattern)
        except UnsupportedError:
            pass
    return quote(pattern.name)


def quote(text: str) -> str:
    """The text as a quoted value."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
