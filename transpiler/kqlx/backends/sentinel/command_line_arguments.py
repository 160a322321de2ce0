"""Arguments of command lines as regular expressions: one for all of a column."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from kqlx.backends.sentinel.syntax import regex
from kqlx.mappings.command_line_arguments import argument_forms, patterns_of
from kqlx.nodes import CommandLineArgument, Equals, Like, asked_pattern, pattern_test
from kqlx.patterns import Shape


class Argument(Enum):
    """How ``arguments_regex`` looks for an argument."""

    WORD = "word"
    BEGINNING = "beginning"
    END = "end"


def form_of(argument: CommandLineArgument) -> Argument | None:
    """How ``arguments_regex`` finds an argument: of a word without blanks, or one that begins or
    ends with one; None for others.
    """
    test = argument.test
    if isinstance(test, Equals):
        return Argument.WORD if " " not in test.value.name else None
    if " " in test.pattern.text or '"' in test.pattern.text:
        return None
    return {Shape.PREFIX: Argument.BEGINNING, Shape.SUFFIX: Argument.END}.get(test.pattern.shape)


def tests_beside_regex(argument: CommandLineArgument) -> list[Equals | Like]:
    """The tests of the line for what ``arguments_regex`` does not find of a word."""
    if not isinstance(argument.test, Equals):
        return []
    forms = patterns_of(argument)[len(argument_forms(asked_pattern(argument.test).text)) :]
    return [pattern_test(argument.test, form) for form in forms]


def arguments_regex(
    words: Iterable[str], beginnings: Iterable[str] = (), ends: Iterable[str] = ()
) -> str:
    """What finds a line with one of these words among its arguments, or one that begins or ends
    with one of the others.
    """
    words, beginnings, ends = [*words], [*beginnings], [*ends]
    found = []
    if words:
        found.append(rf"(?:^| ){_either(words)}(?: |$)")
    if quoted := [word for word in words if '"' not in word]:
        found.append(f'"{_either(quoted)}"')
    if beginnings:
        found.append(f'(?:^|[ "]){_either(beginnings)}')
    if ends:
        found.append(f'{_either(ends)}(?:[ "]|$)')
    return "|".join(found)


def _either(words: list[str]) -> str:
    texts = list(map(regex, words))
    return texts[0] if len(texts) == 1 else f"(?:{'|'.join(texts)})"
