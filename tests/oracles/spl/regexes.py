"""PCRE → Python's ``re``, for the part of PCRE that both read the same way.

Splunk's regular expressions are PCRE and unanchored:
https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/regex What
differs is rewritten (``\\z``, ``\\Z``, ``\\Q…\\E``, ASCII ``\\d \\w \\s``, ``\\x{…}``) or refused.
``$`` matches also before a final newline, and ``.`` no newline, in both
(https://www.pcre.org/current/doc/html/pcre2pattern.html). Letter case under ``(?i)`` is Unicode's;
whether Splunk compiles with UTF is unverified.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache

MAX_REPEAT = 1000
MAX_DEPTH = 30

FLAGS = {"i": re.IGNORECASE, "s": re.DOTALL, "m": re.MULTILINE}
LEADING_FLAGS = re.compile(r"\(\?([ism]+)\)")
QUANTIFIER = re.compile(r"(?:[*+?]|\{(\d{1,6})(?:(,)(\d{0,6}))?\})\??")
GROUP = re.compile(r"\((?:\?(?:[is]{0,2}:|=|!|<=|<!|>|P?<([A-Za-z_][A-Za-z0-9_]*)>))?")
HEX = re.compile(r"\\x(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))")
CONTROL = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "e": "\x1b"}
CLASSES = {
    "d": "0-9",
    "w": "0-9A-Za-z_",
    "s": r"\t-\r\x20",
    "D": r"\x00-/:-\U0010ffff",
    "W": r"\x00-/:-@\[-\^`\{-\U0010ffff",
    "S": r"\x00-\x08\x0e-\x1f!-\U0010ffff",
}
_READS_ATOMIC = sys.version_info >= (3, 11, 5)
"""Whether Python does so as PCRE does; 3.11 was the first to read such groups, at first wrongly."""
ANCHORS = {"A": r"\A", "z": r"\Z", "Z": r"(?=\n?\Z)", "b": r"(?a:\b)", "B": r"(?a:\B)"}


class UnsupportedRegex(Exception):
    """The pattern is malformed, or PCRE and ``re`` may read it differently."""


@lru_cache(maxsize=4096)
def translate(pattern: str) -> re.Pattern[str]:
    """The same pattern for ``re``. Search with it, do not match: it is unanchored.

    Raises UnsupportedRegex.
    """
    flags = 0
    start = 0
    while found := LEADING_FLAGS.match(pattern, start):
        for letter in found.group(1):
            flags |= FLAGS[letter]
        start = found.end()
    text = _Translation(pattern, start).run()
    try:
        return re.compile(text, flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise UnsupportedRegex(str(error)) from error


def _literal(character: str) -> str:
    return re.escape(character) if character.isascii() else character


class _Translation:
    """One pass over a pattern."""

    def __init__(self, pattern: str, start: int) -> None:
        self.pattern = pattern
        self.at = start
        self.written: list[str] = []
        self.closing: list[str] = []
        self.can_repeat = False

    def run(self) -> str:
        while self.at < len(self.pattern):
            character = self.pattern[self.at]
            if character == "\\":
                self._escape()
            elif character == "[":
                self._class()
            elif character == "(":
                self._open()
            elif character == ")":
                self._close()
            elif character in "*+?{":
                self._repeat()
            elif character in "^$|":
                self._write(character, repeatable=False)
                self.at += 1
            else:
                self._write("." if character == "." else _literal(character))
                self.at += 1
        if self.closing:
            raise UnsupportedRegex("a group is not closed")
        return "".join(self.written)

    def _write(self, text: str, *, repeatable: bool = True) -> None:
        self.written.append(text)
        self.can_repeat = repeatable

    def _open(self) -> None:
        found = GROUP.match(self.pattern, self.at)
        if not found or self.pattern[found.end() : found.end() + 1] in ("?", "*"):
            raise UnsupportedRegex("this kind of group")
        if len(self.closing) >= MAX_DEPTH:
            raise UnsupportedRegex("nested too deeply")
        text = found.group()
        self.closing.append(")")
        if text == "(?>" and not _READS_ATOMIC:  # numbers of groups are then others
            name = f"atomic_{self.at}"
            text, self.closing[-1] = f"(?=(?P<{name}>", f"))(?P={name})"
        self._write(f"(?P<{found.group(1)}>" if found.group(1) else text, repeatable=False)
        self.at = found.end()

    def _close(self) -> None:
        if not self.closing:
            raise UnsupportedRegex("a group is closed that was not opened")
        closing = self.closing.pop()
        self._write(closing, repeatable=closing == ")")
        self.at += 1

    def _repeat(self) -> None:
        found = QUANTIFIER.match(self.pattern, self.at)
        if not found:
            raise UnsupportedRegex("a brace that repeats nothing; escape it")
        if not self.can_repeat:
            raise UnsupportedRegex("nothing to repeat")
        if max(int(found.group(1) or 0), int(found.group(3) or 0)) > MAX_REPEAT:
            raise UnsupportedRegex("repeats too often")
        self._write(found.group(), repeatable=False)
        self.at = found.end()

    def _escape(self) -> None:
        letter = self.pattern[self.at + 1 : self.at + 2]
        if letter == "Q":
            end = self.pattern.find("\\E", self.at)
            end = len(self.pattern) if end < 0 else end
            for character in self.pattern[self.at + 2 : end]:
                self._write(_literal(character))
            self.at = end + 2
        elif letter in ANCHORS and letter:
            self._write(ANCHORS[letter], repeatable=False)
            self.at += 2
        elif letter in CLASSES and letter:
            self._write(f"[{CLASSES[letter]}]")
            self.at += 2
        else:
            self._write(_literal(self._escaped_character()))

    def _escaped_character(self) -> str:
        """The one character that the escape here stands for; moves past it."""
        if found := HEX.match(self.pattern, self.at):
            self.at = found.end()
            code = int(found.group(1) or found.group(2), 16)
            if code > 0x10FFFF:
                raise UnsupportedRegex("no such character")
            return chr(code)
        letter = self.pattern[self.at + 1 : self.at + 2]
        if not letter:
            raise UnsupportedRegex("ends in a backslash")
        if letter.isalnum() and letter not in CONTROL:
            raise UnsupportedRegex(f"escape \\{letter}")
        self.at += 2
        return CONTROL.get(letter, letter)

    def _class(self) -> None:
        begin = self.at
        self.at += 1
        negated = self.pattern.startswith("^", self.at)
        self.at += negated
        members: list[str] = []
        while not (self.pattern.startswith("]", self.at) and members):
            if self.at >= len(self.pattern):
                raise UnsupportedRegex(f"the class at {begin} is not closed")
            members.append(self._member())
        self.at += 1
        self._write(f"[{'^' * negated}{''.join(members)}]")

    def _member(self) -> str:
        """A class letter, a character or a range."""
        pair = self.pattern[self.at : self.at + 2]
        if pair in ("[:", "[.", "[="):
            raise UnsupportedRegex("POSIX classes")
        if pair[:1] == "\\" and pair[1:] in CLASSES and pair[1:]:
            self.at += 2
            if self._range_follows():
                raise UnsupportedRegex("a range from a class")
            return CLASSES[pair[1:]]
        first = self._character()
        if not self._range_follows():
            return _literal(first)
        self.at += 1
        if self.pattern[self.at : self.at + 2] in {"\\" + letter for letter in CLASSES}:
            raise UnsupportedRegex("a range to a class")
        last = self._character()
        if last < first:
            raise UnsupportedRegex("a range backwards")
        return f"{_literal(first)}-{_literal(last)}"

    def _range_follows(self) -> bool:
        following = self.pattern[self.at : self.at + 2]
        return len(following) == 2 and following[0] == "-" and following[1] != "]"

    def _character(self) -> str:
        character = self.pattern[self.at : self.at + 1]
        if not character:
            raise UnsupportedRegex("a class is not closed")
        if character == "\\":
            if self.pattern[self.at + 1 : self.at + 2] == "b":
                raise UnsupportedRegex("\\b in a class")
            return self._escaped_character()
        self.at += 1
        return character
