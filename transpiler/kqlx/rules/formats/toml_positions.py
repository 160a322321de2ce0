"""Where the strings of a rule TOML stand in its text, which tomllib does not tell."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator

from kqlx.records import dataclass
from kqlx.regexes import late_regex

# The four spellings of a string (https://toml.io/en/v1.0.0#string), those of several lines first,
# and comments, which may have quotes. What ends each is looked for by itself: one expression for a
# whole string would keep a place to return to for each character.
_OPENING = late_regex(r"\"\"\"|'''|[\"'#]")
_ENDINGS = {
    '"""': late_regex(r'\\.|(?P<end>"""+)', re.DOTALL),
    "'''": late_regex(r"(?P<end>'''+)"),
    '"': late_regex(r'\\.|(?P<end>"|\n)'),
    "'": late_regex(r"(?P<end>'|\n)"),
    "#": late_regex(r"(?P<end>\n)"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with a string: the line of the key, from one, and the string's span in the text."""

    line: int
    start: int
    end: int


def entries(text: str, key: str) -> Iterator[Entry]:
    """Where ``key = <string>`` begins a line of the TOML text, in whatever table; what only looks
    so within strings of several lines and in comments is left out.
    """
    hidden = [*_hidden(text)]
    written = rf"^[ \t]*(?:rule[ \t]*\.[ \t]*)?(['\"]?){key}\1[ \t]*=[ \t]*"
    for match in re.finditer(written, text, re.MULTILINE):
        before = bisect_right(hidden, match.start(), key=lambda span: span[0]) - 1
        if before >= 0 and match.start() < hidden[before][1]:
            continue
        opening = _OPENING.match(text, match.end())
        if opening is not None and opening[0] != "#":
            end, is_whole = _end(text, opening)
            if is_whole:
                line = text.count("\n", 0, match.end()) + 1
                yield Entry(line, opening.start(), end)


def _hidden(text: str) -> Iterator[tuple[int, int]]:
    """The spans of strings of several lines and of comments, in order."""
    at = 0
    while (opening := _OPENING.search(text, at)) is not None:
        at, _ = _end(text, opening)
        if len(opening[0]) == 3 or opening[0] == "#":
            yield opening.start(), at


def _end(text: str, opening: re.Match[str]) -> tuple[int, bool]:
    """Where ends what begins so, and whether it has an end of its own, as all have in TOML."""
    for match in _ENDINGS[opening[0]].finditer(text, opening.end()):
        if match["end"] is not None:
            return match.end(), match["end"] != "\n"
    return len(text), False


def find(text: str, key: str, value: str) -> Entry | None:
    """The entry of the ``[rule]`` table of which this is the value, if it can be told."""
    found = [entry for entry in entries(text, key) if _value(text, entry) == value]
    if len(found) > 1:  # Only the rule's own one changes the rule.
        found = [
            entry
            for entry in found
            if tomllib.loads(f'{text[: entry.start]}""{text[entry.end :]}')["rule"][key] != value
        ]
    return found[0] if found else None


def beginning(text: str, key: str, value: str) -> tuple[int, int]:
    """Line and column where the value's text begins, both from one.

    The column is 0 where the value does not stand in the text as it is (for its escapes), and the
    line is then that of the key; both are 0 where the key cannot be found.
    """
    text = text.replace("\r\n", "\n")
    entry = find(text, key, value)
    if entry is None:
        return 0, 0
    quotes = 3 if text.startswith(("'''", '"""'), entry.start) else 1
    start = entry.start + quotes
    if quotes == 3 and text.startswith("\n", start):
        start += 1
    if text[start : entry.end - quotes] != value:
        return entry.line, 0
    return text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)


def _value(text: str, entry: Entry) -> object:
    return tomllib.loads(f"value = {text[entry.start : entry.end]}")["value"]
