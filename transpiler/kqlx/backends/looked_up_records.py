"""Lookups beside events whose records are put together: not written."""

from __future__ import annotations

from kqlx.backends.text_backend import TextBackend


def refuse_lookups(writer: TextBackend) -> None:
    """Raises UnsupportedError where something is looked up for such events."""
    if writer.bound.lookups:
        what = "what is looked up for events whose records are put together"
        writer.refuse(None, what, "no lookup stands behind them", code="construct-not-supported")
