"""What the syntax of EQL says beside its grammar, for all that read, write or explain it."""

from __future__ import annotations

MAX_DEPTH = 100
"""How deep conditions and the arguments of functions may nest. Parentheses alone cost nothing."""

MOST_RUNS = 100
"""How often a step of a sequence can be repeated at most."""

KEYWORDS = frozenset({
    *("and", "any", "by", "false", "in", "join", "like", "maxspan", "not", "null", "of", "or"),
    *("regex", "sample", "sequence", "true", "until", "where", "with"),
})  # fmt: skip
"""Words that name no field unless they stand between backquotes."""

CONTROLS = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}
"""What stands behind a backslash in a text between quotes, beside signs that stand for
themselves.
"""

SPACES = " \t\r\n"
"""The white space of the language."""

MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
"""The units of spans of time."""

PIPES = ("head", "tail")
"""What may follow a query: both keep some of the results."""

OTHER_PIPES = ("count", "filter", "sort", "unique", "unique_count")
"""Pipes of Endgame's EQL, which Elasticsearch knows and refuses."""
