"""Where the strings of a rule TOML stand in its text, which tomllib does not tell."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from kqlx.records import dataclass
from kqlx.regexes import late_regex

# The four spellings of a string (https://toml.io/en/v1.0.0#string), those of several lines first.
_LONG = r"(?:'''.*?'''+|\"\"\"(?:\\.|[^\\])*?\"\"\"+)"
_SHORT = r"""(?:'[^'\n]*'|"(?:\\.|[^"\\\n])*")"""
_STRING = late_regex(rf"[ \t]*(?P<string>{_LONG}|{_SHORT})", re.DOTALL)
_TOKEN = late_regex(rf"(?P<hides>{_LONG}|\#[^\n]*)|{_SHORT}", re.DOTALL)


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
    bare = _TOKEN.sub(lambda token: _blank(token[0]) if token["hides"] else token[0], text)
    written = rf"^[ \t]*(?:rule[ \t]*\.[ \t]*)?(['\"]?){key}\1[ \t]*="
    for match in re.finditer(written, bare, re.MULTILINE):
        string = _STRING.match(text, match.end())
        if string:
            line = text.count("\n", 0, match.end()) + 1
            yield Entry(line, string.start("string"), string.end())


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


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _value(text: str, entry: Entry) -> object:
    return tomllib.loads(f"value = {text[entry.start : entry.end]}")["value"]
