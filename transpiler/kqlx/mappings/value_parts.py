"""Tests of a part of a text, said of the whole text: a file's name of its path, an argument of the
command line.
"""

from __future__ import annotations

from kqlx.mappings.command_line_arguments import patterns_of
from kqlx.mappings.field_spec import Part
from kqlx.nodes import (
    And,
    CommandLineArgument,
    Compare,
    Equals,
    Exists,
    FieldTest,
    Like,
    Never,
    Node,
    Not,
    any_of,
    asked_pattern,
    pattern_test,
)
from kqlx.patterns import ANY_RUN, Pattern, Token, Wildcard
from kqlx.regexes import late_regex

# What the name of a domain never has.
_NO_HOST = late_regex(r"[^A-Za-z0-9.-]")


def in_whole(test: FieldTest, part: Part, separators: str) -> tuple[Node, bool] | None:
    """The test of the whole text, and whether it matches more; None where there is none.

    ``separators`` are the characters that may stand between the parts of a path; before the value
    of a pair stands all of it; a quotation mark among them is one round the whole command line,
    which bounds its first and its last word.
    """
    if isinstance(test, Compare) or (isinstance(test, Equals) and not test.value.name):
        return None
    if part == "word":
        return _word(test, '"' in separators)
    if part == "run":  # the whole exists where the part does
        return (test, False) if isinstance(test, Exists) else None
    if part == "before":
        return _before(test, separators), False
    if part == "extension":
        return _extension(test)
    if part == "pair":
        return _pair(test, separators)
    each = [(_name if part == "name" else _directory)(test, mark) for mark in separators]
    return _any([node for node, _ in each], test), any(wider for _, wider in each)


def _name(test: Equals | Like | Exists, mark: str) -> tuple[Node, bool]:
    if isinstance(test, Exists):
        return test, False
    if isinstance(test, Equals):
        return _like(test, ANY_RUN, mark + test.value.name), False
    pattern = test.pattern
    if pattern.begins_open:
        # What follows the first star may reach into directories.
        return test, sum(isinstance(token, Wildcard) for token in pattern.tokens) > 1
    return _like(test, ANY_RUN, mark, *pattern.tokens), True


def _extension(test: Equals | Like | Exists) -> tuple[Node, bool]:
    if isinstance(test, Exists):
        return _like(test, ANY_RUN, ".", ANY_RUN), True  # the dot may be one of a directory's
    if isinstance(test, Equals):
        return _like(test, ANY_RUN, f".{test.value.name}"), False
    return _like(test, ANY_RUN, ".", *test.pattern.tokens), True


def _pair(test: Equals | Like | Exists, mark: str) -> tuple[Node, bool]:
    if isinstance(test, Exists):
        return _like(test, ANY_RUN, mark, ANY_RUN), False
    if isinstance(test, Equals):
        end = mark + test.value.name
        each = [_like(test, ANY_RUN, end), _like(test, ANY_RUN, f"{end},", ANY_RUN)]
        return _any([*each], test), False
    valued = Pattern.of(ANY_RUN, mark, *test.pattern.tokens, ANY_RUN).collapsed()
    return pattern_test(test, valued), True


def _before(test: Equals | Like | Exists, mark: str) -> Node:
    if isinstance(test, Exists):
        return test
    pattern = asked_pattern(test)
    if any(mark in text for text in pattern.literals):
        return Never(test.span)
    if pattern.tokens in ((pattern.prefix, ANY_RUN), (ANY_RUN,)):
        return test  # how the part begins the whole does
    marked = _like(test, *pattern.tokens, mark, ANY_RUN)
    if pattern.is_text or _NO_HOST.search(pattern.suffix):
        return _any([test, marked], test)
    # What follows a star may stand behind the mark.
    bare = And((test, Not(_like(test, ANY_RUN, mark, ANY_RUN), test.span)), test.span)
    return _any([bare, marked], test)


def _directory(test: Equals | Like | Exists, mark: str) -> tuple[Node, bool]:
    if isinstance(test, Exists):
        return _like(test, ANY_RUN, mark, ANY_RUN), False
    if isinstance(test, Equals):
        start = test.value.name + mark
        deeper = Not(_like(test, start, ANY_RUN, mark, ANY_RUN), test.span)
        return And((_like(test, start, ANY_RUN), deeper), test.span), False
    pattern = test.pattern
    return _like(test, *pattern.tokens, mark, ANY_RUN), not pattern.ends_open


def _word(test: Equals | Like | Exists, quoted: bool) -> tuple[Node, bool]:
    """An argument of a line that may be ``quoted`` as a whole.

    What stands in an argument of several words, in its quotes, is taken for arguments as well.
    """
    if isinstance(test, Exists):
        return test, False
    argument = CommandLineArgument(test, quoted, test.span)
    patterns = patterns_of(argument)
    if len(patterns) > 1:
        return argument, True
    # One that begins and ends open is itself the pattern of the line.
    wider = patterns[0] != asked_pattern(test) or any(sign in patterns[0].text for sign in ' "\t')
    return pattern_test(test, patterns[0]), wider


def _like(test: Equals | Like | Exists, *tokens: Token) -> Equals | Like:
    return pattern_test(test, Pattern.of(*tokens))


def _any(nodes: list[Node], test: FieldTest) -> Node:
    unique = tuple(dict.fromkeys(nodes))
    return any_of(unique, test.span)
