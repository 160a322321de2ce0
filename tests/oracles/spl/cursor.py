"""A place in the text that moves on: white space, comments, quoted strings, macros, words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from tests.oracles.spl.errors import SplSyntaxError
from tests.oracles.spl.nodes import Doubt, Macro

MAX_DEPTH = 60
"""Parentheses nested deeper than this are refused, for the reader is recursive."""

SPACE = " \t\r\n"
MACRO = re.compile(r"([A-Za-z_][A-Za-z0-9_.:-]*)(?:\((.*)\))?", re.DOTALL)
STARTS_A_TERM = re.compile(r"[A-Za-z0-9_]")


class Cursor:
    """Reads ``text`` from the left. ``strict`` refuses what is legal but surely a mistake."""

    def __init__(self, text: str, *, strict: bool = True) -> None:
        self.text = text
        self.at = 0
        self.strict = strict
        self.doubts: list[Doubt] = []
        self.stop_words: tuple[str, ...] = ()  # words that end the terms of a search
        self._depth = 0

    def fail(self, message: str, at: int | None = None) -> NoReturn:
        raise SplSyntaxError(message, self.text, self.at if at is None else at)

    def doubt(self, code: str, message: str, at: int) -> None:
        self.doubts.append(Doubt(code, message, at))

    def refuse(self, message: str, at: int) -> None:
        """Fail in strict mode; note it otherwise."""
        if self.strict:
            self.fail(message, at)
        self.doubt("lenient", message, at)

    def skip(self) -> None:
        """Pass white space and comments. A comment stands between three backticks and is read as
        one space: https://help.splunk.com/splunk-enterprise/search/search-manual/9.4/using-the-search-app/add-comments-to-searches
        """
        while self.at < len(self.text):
            if self.text[self.at] in SPACE:
                self.at += 1
            elif self.at_comment():
                end = self.text.find("```", self.at + 3)
                if end < 0:
                    self.fail("comment is not closed")
                self.at = end + 3
            else:
                return

    def at_comment(self) -> bool:
        return self.text.startswith("```", self.at)

    def peek(self) -> str:
        """The next character that counts, or "" at the end."""
        self.skip()
        return self.text[self.at : self.at + 1]

    def at_end(self) -> bool:
        """Whether the command ends here: at a pipe or at the end of the text."""
        return self.peek() in ("", "|")

    def match(self, pattern: re.Pattern[str]) -> str | None:
        """Read the pattern here, without passing over space first."""
        found = pattern.match(self.text, self.at)
        if not found or not found.group():
            return None
        self.at = found.end()
        return found.group()

    def accept(self, literal: str) -> bool:
        """Pass the punctuation if it stands next."""
        self.skip()
        if not self.text.startswith(literal, self.at):
            return False
        self.at += len(literal)
        return True

    def expect(self, literal: str) -> None:
        if not self.accept(literal):
            self.fail(f"expected {literal}")

    def keyword(self, word: str) -> bool:
        """Pass the word, exactly so written, if it stands next as a whole."""
        self.skip()
        end = self.at + len(word)
        if self.text[self.at : end] != word or STARTS_A_TERM.match(self.text, end):
            return False
        if self.text[end : end + 1] in tuple(".-:/@{*"):
            return False
        self.at = end
        return True

    def any_case(self, word: str) -> bool:
        """As ``keyword``, for the words of commands that may be written in either case."""
        return self.keyword(word) or self.keyword(word.upper())

    def enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self.fail("nested too deeply")

    def leave(self) -> None:
        self._depth -= 1

    def quoted(self) -> str:
        """The text between the double quotes that start here, escapes still in it."""
        begin = self.at
        self.at += 1
        while self.at < len(self.text):
            character = self.text[self.at]
            if character == '"':
                self.at += 1
                inside = self.text[begin + 1 : self.at - 1]
                if "```" in inside:
                    # Whether it starts a comment is not documented.
                    self.fail("three backticks inside quotes", begin)
                return inside
            self.at += 2 if character == "\\" else 1
        self.at = begin
        self.fail("quote is not closed")

    def unescape(self, inside: str, known: Mapping[str, str], begin: int) -> list[tuple[str, bool]]:
        """The characters, each with whether it was escaped. Unknown escapes stay as written:
        https://help.splunk.com/splunk-enterprise/search/search-manual/9.4/search-primer/backslashes
        """
        read: list[tuple[str, bool]] = []
        i = 0
        while i < len(inside):
            pair = inside[i : i + 2]
            if len(pair) == 2 and pair[0] == "\\" and pair[1] in known:
                read.append((known[pair[1]], True))
                i += 2
                continue
            if pair[0] == "\\":
                code = "escaped-star" if pair[1:] == "*" else "unknown-escape"
                self.doubt(code, f"{pair} is no escape and stays as it is", begin + i)
            read.append((pair[0], False))
            i += 1
        return read

    def macro(self) -> Macro:
        """The macro whose backtick stands here."""
        begin = self.at
        end = self.text.find("`", begin + 1)
        if end < 0:
            self.fail("macro is not closed")
        found = MACRO.fullmatch(self.text[begin + 1 : end].strip())
        if not found:
            self.fail("not a macro name")
        self.at = end + 1
        return Macro(found.group(1), (found.group(2) or "").strip(), (begin, self.at))
