"""Text as YAML of any indentation: no value is taken for another type, and none ends its place."""

from __future__ import annotations

import re

from kqlx.regexes import late_regex

# What YAML cannot hold as it is, or what some loaders take for the end of a line.
_UNPRINTABLE = late_regex("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_PLAIN = late_regex(r"[A-Za-z](?:[\w./ -]*[\w.])?", re.ASCII)
_WORDS = late_regex(r"(?i:true|false|yes|no|on|off|null|y|n)")
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
_HALF = late_regex("[\ud800-\udfff]")


def whole(text: str) -> str:
    """Text without halves of characters, for which U+FFFD stands, as wherever UTF-8 is written:
    YAML has no form for them that every loader takes.
    """
    return _HALF.sub("\ufffd", text)


def quoted(text: object) -> str:
    """In single quotes, or in double ones with escapes where those cannot hold it."""
    value = whole(str(text))
    if value.isprintable() or not _UNPRINTABLE.search(value):
        return "'" + value.replace("'", "''") + "'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _UNPRINTABLE.sub(_escape, escaped) + '"'


def plain(text: object) -> str:
    """Without quotes where that is safe."""
    value = str(text)
    return value if _PLAIN.fullmatch(value) and not _WORDS.fullmatch(value) else quoted(value)


def block(text: str, indent: int = 2) -> str:
    """Several lines as a literal block below their key, others quoted: always the text itself."""
    text = whole(text)
    lines = text.split("\n")
    begins_well = lines[0][:1] not in ("", " ")
    if len(lines) < 2 or not begins_well or not lines[-1] or _UNPRINTABLE.search("".join(lines)):
        return quoted(text)
    return "|-\n" + "\n".join(f"{' ' * indent}{line}" if line else "" for line in lines)


def _escape(match: re.Match[str]) -> str:
    return _SHORT.get(match[0], f"\\u{ord(match[0]):04x}")
