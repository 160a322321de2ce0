"""One way out of a syntax error: what the writer probably meant."""

from __future__ import annotations


def hint_for(text: str, offset: int, found: str, code: str, expected: frozenset[str]) -> str:
    """A hint for what stands at the offset, or ""."""
    if code == "bad-escape":
        return "double the backslash, or put the value in quotes"
    if code == "unterminated-quote":
        return 'close it with "; a quote within a value is written \\"'
    if found == ":":
        return 'put a value that holds a colon in quotes: field:"a:b"'
    if found == ")" or found == "}":
        return "take it away, or open its group before"
    return ""
