"""Arguments of command lines as regular expressions: one for all of a column."""

from __future__ import annotations

from collections.abc import Iterable

from kqlx.backends.sentinel.syntax import regex
from kqlx.mappings.command_line_arguments import argument_forms, patterns_of
from kqlx.nodes import CommandLineArgument, Equals, Like, asked_pattern, pattern_test


def word_of(argument: CommandLineArgument) -> Equals | None:
    """The test of an argument that ``arguments_regex`` finds: of a word without blanks."""
    test = argument.test
    return test if isinstance(test, Equals) and " " not in test.value.name else None


def tests_beside_regex(argument: CommandLineArgument) -> list[Equals | Like]:
    """The tests of the line for what ``arguments_regex`` does not find of a word."""
    forms = patterns_of(argument)[len(argument_forms(asked_pattern(argument.test).text)) :]
    return [pattern_test(argument.test, form) for form in forms]


def arguments_regex(words: Iterable[str]) -> str:
    """What finds a line with one of these words among its arguments."""
    words = list(words)
    quoted = [word for word in words if '"' not in word]
    found = rf"(?:^| ){_either(words)}(?: |$)"
    return f'{found}|"{_either(quoted)}"' if quoted else found


def _either(words: list[str]) -> str:
    texts = list(map(regex, words))
    return texts[0] if len(texts) == 1 else f"(?:{'|'.join(texts)})"
