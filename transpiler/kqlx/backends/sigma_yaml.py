"""Sigma's escapes, and YAML in SigmaHQ's style: four blanks, strings in single quotes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# A quoted scalar cannot hold these as they are; double quotes with escapes can.
_NOT_IN_SINGLE_QUOTES = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")

# Integers beyond are read as floats by some loaders and lose digits.
_LARGEST_INTEGER = 2**53

_SHORT_ESCAPES = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def escape(text: str) -> str:
    """Plain text → a Sigma value that matches it: ``*``, ``?`` escaped, backslashes where they must
    be.

    A backslash before an ordinary character is itself; before ``\\``, ``*``, ``?`` or at the end it
    is doubled (https://github.com/SigmaHQ/sigma-specification, "Escaping").
    """
    result = []
    for place, character in enumerate(text):
        following = text[place + 1 : place + 2]
        if character in "*?" or (character == "\\" and (not following or following in "\\*?")):
            result.append("\\")
        result.append(character)
    return "".join(result)


def scalar(value: object) -> str:
    """A value as YAML: text always quoted, so that no loader sees a date, a number or a Boolean in
    it.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float) and abs(value) <= _LARGEST_INTEGER:
        return repr(value)
    text = str(value)
    if not _NOT_IN_SINGLE_QUOTES.search(text):
        return "'" + text.replace("'", "''") + "'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _NOT_IN_SINGLE_QUOTES.sub(_escaped, escaped) + '"'


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    return _SHORT_ESCAPES.get(character, f"\\u{ord(character):04x}")


_PLAIN_TEXT = re.compile(r"[A-Za-z](?:[\w./ -]*[\w.])?")
_WORDS_OF_YAML = re.compile(r"(?i:true|false|yes|no|on|off|null|y|n)")


def plain(text: str) -> str:
    """Text as YAML without quotes where that is safe, as for titles and log sources."""
    if _PLAIN_TEXT.fullmatch(text) and text.isascii() and not _WORDS_OF_YAML.fullmatch(text):
        return text
    return scalar(text)


def paragraph(text: str) -> str:
    """Prose: quoted on one line, or its lines as a literal block below the key."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    if len(lines) < 2 or lines[0][:1].isspace() or _NOT_IN_SINGLE_QUOTES.search("".join(lines)):
        return scalar(" ".join(text.split()))
    return "|\n" + "\n".join([f"    {line}" if line else "" for line in lines])


def mapping(value: Mapping[str, Any], indent: int = 0) -> str:
    """A map of maps, lists and scalars as block YAML, without a final line feed."""
    pad = " " * indent
    lines = []
    for key, item in value.items():
        name = pad + plain_key(key)
        if isinstance(item, Mapping):
            lines += [f"{name}:", mapping(item, indent + 4)]
        elif isinstance(item, list):
            lines.append(f"{name}:")
            lines += [f"{pad}    - {scalar(entry)}" for entry in item]
        else:
            # A condition is made of identifiers, keywords, parentheses and the stars of selectors.
            bare = (
                item if key == "condition" else plain(item) if key in _PLAIN_KEYS else scalar(item)
            )
            lines.append(f"{name}: {bare}")
    return "\n".join(lines)


_PLAIN_KEYS = frozenset({"product", "category", "service", "definition"})
_PLAIN_KEY = re.compile(r"[A-Za-z_@][\w.@|/{}-]*")


def plain_key(key: str) -> str:
    """A key without quotes where that is safe."""
    return key if _PLAIN_KEY.fullmatch(key) and not _WORDS_OF_YAML.fullmatch(key) else scalar(key)
