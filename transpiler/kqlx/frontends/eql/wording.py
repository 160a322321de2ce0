"""How messages show EQL: text shortened, and queries to write, each of which is read before it is
shown.
"""

from __future__ import annotations

from kqlx.errors import UnsupportedError
from kqlx.frontends.eql.builder import build
from kqlx.frontends.eql.events import query_of
from kqlx.frontends.eql.meaning import EVENT_CATEGORY
from kqlx.frontends.eql.refused import Refused
from kqlx.frontends.lalr import UnexpectedInput

LONGEST_ADVICE = 120
LONGEST_FOUND = 40


def reads(text: str) -> bool:
    """Whether the text is a query of EQL, a condition of one, or a value."""
    return _reads(text) or _reads(f"any where {text}") or _reads(f"any where x == {text}")


def _reads(text: str) -> bool:
    try:
        query_of(build(text), EVENT_CATEGORY)
    except (UnexpectedInput, Refused, UnsupportedError):
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


def quote(text: str) -> str:
    """The text as a value between quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
