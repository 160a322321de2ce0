"""Text that may be printed anywhere: control characters and hidden marks are shown, not obeyed."""

from __future__ import annotations

import unicodedata


def escaped(text: str) -> str:
    """One line, whatever the text: what a terminal would obey, or an eye not see, as an escape
    (``\\x1b``, ``\\n``, ``\\u202e``). Blanks of all kinds and tabs stay.
    """
    if text.isprintable():
        return text
    return "".join(c if is_harmless(text, i) else _escape(c) for i, c in enumerate(text))


def is_harmless(text: str, i: int) -> bool:
    """Whether a character of the text is printed as itself. A joiner within a sequence of emoji
    hides nothing.
    """
    c = text[i]
    return c == "\t" or c.isprintable() or unicodedata.category(c) == "Zs" or _joins_emoji(text, i)


def _joins_emoji(text: str, i: int) -> bool:
    before, after = text[max(0, i - 1) : i], text[i + 1 : i + 2]
    return (
        text[i] == "\u200d"
        and before != ""
        and (before == "\ufe0f" or unicodedata.category(before) in ("So", "Sk"))
        and after != ""
        and unicodedata.category(after) in ("So", "Sm")
    )


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
