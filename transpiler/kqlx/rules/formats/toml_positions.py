"""Where the strings of a rule TOML stand in its text, which tomllib does not tell."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from kqlx.records import dataclass
from kqlx.regexes import late_regex

# The four spellings of a string (https://toml.io/en/v1.0.0#string), those of several lines first,
# and comments, which may have quotes. What ends each is looked for by itself: one expression for a
# whole string would keep a place to return to for each character.
_OPENING = late_regex(r"\"\"\"|'''|[\"']")
# The same, and comments and most strings of one line whole: no one need look into these.
_PASSED = late_regex(r"\"\"\"|'''|#[^\n]*|\"[^\"\\\n]*\"|'[^'\n]*'|[\"']")
_ENDINGS = {
    '"""': late_regex(r'\\.|(?P<end>"""+)', re.DOTALL),
    "'''": late_regex(r"(?P<end>'''+)"),
    '"': late_regex(r'\\.|(?P<end>"|\n)'),
    "'": late_regex(r"(?P<end>'|\n)"),
}
_OF_LINES = ('"""', "'''")


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
    spans = _hidden(text)
    span: tuple[int, int] | None = (0, 0)
    written = rf"^[ \t]*(?:rule[ \t]*\.[ \t]*)?(['\"]?){key}\1[ \t]*=[ \t]*"
    for match in re.finditer(written, text, re.MULTILINE):
        while span is not None and span[1] <= match.start():
            span = next(spans, None)
        if span is not None and span[0] <= match.start():
            continue
        opening = _OPENING.match(text, match.end())
        if opening is not None:
            end, is_whole = _end(text, opening)
            if is_whole:
                line = text.count("\n", 0, match.end()) + 1
                yield Entry(line, opening.start(), end)


def _hidden(text: str) -> Iterator[tuple[int, int]]:
    """The spans of strings of several lines and of comments, in order."""
    at = 0
    while (passed := _PASSED.search(text, at)) is not None:
        start, at = passed.span()
        if passed[0] in _ENDINGS:
            at, _ = _end(text, passed)
        if passed[0] in _OF_LINES or passed[0].startswith("#"):
            yield start, at


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
    quotes = 3 if text.startswith(_OF_LINES, entry.start) else 1
    start = entry.start + quotes
    if quotes == 3 and text.startswith("\n", start):
        start += 1
    if text[start : entry.end - quotes] != value:
        return entry.line, 0
    return text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)


def _value(text: str, entry: Entry) -> object:
    literal = text[entry.start : entry.end]
    if literal.startswith('"') and "\\" in literal:
        return tomllib.loads(f"value = {literal}")["value"]
    return literal[3:-3].removeprefix("\n") if literal.startswith(_OF_LINES) else literal[1:-1]
