"""What the reader and the evaluator say when they will not go on."""

from __future__ import annotations


class SplSyntaxError(Exception):
    """The text is not SPL, or is SPL that only a mistake would write.

    ``offset`` counts characters from the start of the whole text to the place.
    """

    def __init__(self, message: str, text: str, offset: int) -> None:
        shown = text[max(0, offset - 30) : offset] + "⟨here⟩" + text[offset : offset + 30]
        super().__init__(f"{message} (offset {offset}): {shown}")
        self.message = message
        self.text = text
        self.offset = offset


class Doubtful(Exception):
    """Splunk's documentation does not say what happens to this event."""


class NotEvaluated(Exception):
    """The text is read, but what it does is not played through here."""
