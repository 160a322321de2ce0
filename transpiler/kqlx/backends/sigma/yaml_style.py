"""Sigma's escapes, and YAML in SigmaHQ's style: four blanks, strings in single quotes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from kqlx.backends.yaml_text import whole
from kqlx.regexes import late_regex

COMMENT = "# {}"
"""A comment, with its text in place of the braces."""

# A quoted scalar cannot hold these as they are; double quotes with escapes can.
_NOT_IN_SINGLE_QUOTES = late_regex("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")

LARGEST_INTEGER = 2**53
"""Some loaders read larger integers as floats, which hold only some of them."""

_MOST_DIGITS = 400
"""More than any float has, and fewer than Python refuses to read."""


class Number(str):
    """A number in its plain spelling, which stands in YAML without quotes where it is safe."""

    @property
    def is_safe(self) -> bool:
        """Whether every loader reads the same number."""
        if "." in self:
            return True
        if len(self) > _MOST_DIGITS:
            return False
        if abs(int(self)) <= LARGEST_INTEGER:
            return True
        try:
            return int(float(self)) == int(self)
        except OverflowError:
            return False


_SHORT_ESCAPES = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


# A star or question mark, and backslashes that must be doubled: several, one before those, one at
# the end.
_ESCAPED = late_regex(r"[*?]|\\{2,}|\\(?=[*?]|\Z)")


def escape(text: str) -> str:
    """Plain text → a Sigma value that matches it.

    A backslash before an ordinary character is itself; before ``\\``, ``*``, ``?`` or at the end it
    is doubled (https://github.com/SigmaHQ/sigma-specification, "Escaping").
    """
    if "*" not in text and "?" not in text and "\\" not in text:
        return text
    return _ESCAPED.sub(lambda m: m[0] * 2 if m[0][0] == "\\" else f"\\{m[0]}", text)


def scalar(value: object) -> str:
    """A value as YAML: text always quoted, so that no loader takes it for a date or a number."""
    if type(value) is str and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Number) and value.is_safe:
        return str(value)
    text = whole(str(value))
    if not _NOT_IN_SINGLE_QUOTES.search(text):
        return "'" + text.replace("'", "''") + "'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _NOT_IN_SINGLE_QUOTES.sub(_escaped, escaped) + '"'


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    return _SHORT_ESCAPES.get(character, f"\\u{ord(character):04x}")


_PLAIN_TEXT = late_regex(r"[A-Za-z](?:[\w./ -]*[\w.])?")
_WORDS_OF_YAML = late_regex(r"(?i:true|false|yes|no|on|off|null|y|n)")


def plain(text: str) -> str:
    """Text as YAML without quotes where that is safe, as for titles and log sources."""
    if _PLAIN_TEXT.fullmatch(text) and text.isascii() and not _WORDS_OF_YAML.fullmatch(text):
        return text
    return scalar(text)


def paragraph(text: str) -> str:
    """Prose: quoted on one line, or its lines as a literal block below the key."""
    lines = [line.rstrip() for line in whole(text).strip().splitlines()]
    if len(lines) < 2 or lines[0][:1].isspace() or _NOT_IN_SINGLE_QUOTES.search("".join(lines)):
        return scalar(" ".join(text.split()))
    return "|\n" + "\n".join([f"    {line}" if line else "" for line in lines])


def rule_body(
    logsource: Mapping[str, str], detection: Mapping[str, Any], comments: Iterable[str] = ()
) -> str:
    """``logsource`` and ``detection`` as block YAML, without a final line feed; the comments stand
    above the detection.

    The detection's values are maps of tests, lists of such maps or of keywords, but for its
    ``condition``, which is made of identifiers, key words of Sigma, parentheses and the stars of
    selectors, and needs no quotes.
    """
    lines = ["logsource:", *(f"    {key}: {plain(value)}" for key, value in logsource.items())]
    lines += [*comments, "detection:"]
    for name, tests in detection.items():
        if isinstance(tests, str):
            lines.append(f"    {name}: {tests}")
            continue
        lines.append(f"    {name}:")
        if isinstance(tests, Mapping):
            lines += _indented(map_lines(tests), "        ")
            continue
        for item in tests:
            inner = map_lines(item) if isinstance(item, Mapping) else [scalar(item)]
            lines += [f"        - {inner[0]}", *_indented(inner[1:], "          ")]
    return "\n".join(lines)


def _indented(lines: list[str], by: str) -> list[str]:
    return [by + line for line in lines]


def map_lines(tests: Mapping[str, Any]) -> list[str]:
    """The lines of a map of tests: ``key: value``, or the key with its values below."""
    lines = []
    for key, value in tests.items():
        if isinstance(value, list):
            lines += [f"{plain_key(key)}:", *(f"    - {scalar(item)}" for item in value)]
        else:
            lines.append(f"{plain_key(key)}: {scalar(value)}")
    return lines


_PLAIN_KEY = late_regex(r"[A-Za-z_][\w.|/-]*")


def plain_key(key: str) -> str:
    """A key without quotes where that is safe."""
    return key if _PLAIN_KEY.fullmatch(key) and not _WORDS_OF_YAML.fullmatch(key) else scalar(key)
