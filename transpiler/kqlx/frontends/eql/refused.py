"""What reads as EQL, and Elasticsearch refuses."""

from __future__ import annotations

from kqlx.patterns import Span


class Refused(Exception):
    """The part at ``span``, with words for the user: ``code``, ``message`` and ``hint`` as in
    QuerySyntaxError.
    """

    def __init__(self, code: str, message: str, span: Span, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.span = span
        self.hint = hint
