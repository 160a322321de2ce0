"""What stands behind a code in brackets, such as ``[comma-list]``: the entries of the pages
docs/errors.md, docs/lint.md and docs/notes.md, and of ``kqlx explain``.
"""

from __future__ import annotations

from kqlx.records import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """A stable word that a message ends with, and what to do about it."""

    name: str
    meaning: str
    """What is wrong: a phrase that starts in lower case, without a full stop."""
    way_out: str
    """What to do: one or two sentences."""
    example: str
    """What raises it: a query, a command that begins with ``kqlx``, or "" where that takes more."""
    instead: str = ""
    """The example put right, or "" where that takes more than another text."""
