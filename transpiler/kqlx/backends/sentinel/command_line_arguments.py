"""Arguments of a command line, which binding writes as patterns
(``value_parts.argument_forms``), as one regular expression for all of a column.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kqlx.backends.sentinel.syntax import regex
from kqlx.mappings.value_parts import argument_forms
from kqlx.nodes import Equals, Like, asked_pattern

Test = Equals | Like


def split_arguments(tests: Sequence[Test]) -> tuple[list[str], list[Test]]:
    """The arguments that the tests look for in a command line, and the tests that are others."""
    there = {asked_pattern(test) for test in tests}
    words = [
        word
        for word in dict.fromkeys(test.value.name for test in tests if isinstance(test, Equals))
        if word and " " not in word and there.issuperset(argument_forms(word))
    ]
    said = {form for word in words for form in argument_forms(word)}
    return words, [test for test in tests if asked_pattern(test) not in said]


def arguments_regex(words: Iterable[str]) -> str:
    """What the patterns of these arguments find, as one regular expression."""
    words = list(words)
    quoted = [word for word in words if '"' not in word]
    found = rf"(?:^| ){_either(words)}(?: |$)"
    return f'{found}|"{_either(quoted)}"' if quoted else found


def _either(words: list[str]) -> str:
    texts = list(map(regex, words))
    return texts[0] if len(texts) == 1 else f"(?:{'|'.join(texts)})"
