"""Arguments of a command line, in the whole line that a destination keeps: the patterns that find
one of them.

In a bound tree a test of an argument is one leaf, ``nodes.CommandLineArgument``. A target that says
it in a form of its own gets it so (``Target.matches_arguments``), all others get its patterns.
Below a ``not`` it is a regular expression (``argument_regexps``) where that finds arguments alone;
``argument_tests`` says where.
"""

from __future__ import annotations

from functools import lru_cache

from kqlx.mappings.bound import Bound
from kqlx.mappings.repeated_tests import without_repeated_tests
from kqlx.nodes import (
    And,
    CommandLineArgument,
    Equals,
    Node,
    Not,
    Or,
    any_of,
    has_part,
    pattern_test,
)
from kqlx.patterns import ANY_RUN, Pattern, Shape, Token
from kqlx.records import replace
from kqlx.regexes import late_regex

_MARK = late_regex(r'(\\*)"')


@lru_cache(maxsize=2048)
def argument_forms(word: str) -> tuple[Pattern, ...]:
    """The patterns of command lines that have this argument: it alone, then first, between others,
    last, and in quotes unless it has some itself that no backslash escapes.
    """
    forms = (
        Pattern.of(word),
        Pattern.of(f"{word} ", ANY_RUN),
        Pattern.of(ANY_RUN, f" {word} ", ANY_RUN),
        Pattern.of(ANY_RUN, f" {word}"),
    )
    return (
        forms
        if '"' in word.replace('\\"', "")
        else (*forms, Pattern.of(ANY_RUN, f'"{word}"', ANY_RUN))
    )


def with_escapes(pattern: Pattern) -> Pattern:
    """The pattern as lines of Windows have it: a quotation mark of an argument behind a backslash,
    those before it doubled.
    """
    return pattern.map_literals(lambda text: _MARK.sub(r'\1\1\\"', text))


@lru_cache(maxsize=2048)
def _forms_in_quoted_line(word: str) -> tuple[Pattern, ...]:
    """Those of its first and its last argument where the line as a whole is in quotes."""
    if '"' in word:
        return ()
    return Pattern.of(f'"{word} ', ANY_RUN), Pattern.of(ANY_RUN, f' {word}"')


def patterns_of(argument: CommandLineArgument) -> tuple[Pattern, ...]:
    """The patterns of command lines that have such an argument. One that begins or ends open may
    reach into what stands beside it.
    """
    test = argument.test
    if isinstance(test, Equals):
        word = test.value.name
        more = _forms_in_quoted_line(word) if argument.line_in_quotes else ()
        return (*argument_forms(word), *more)
    pattern, text = test.pattern, test.pattern.text
    tokens: list[tuple[Token, ...]]
    match pattern.shape:
        case Shape.PREFIX:
            tokens = [(text, ANY_RUN), (ANY_RUN, f" {text}", ANY_RUN)]
            tokens.append((ANY_RUN, f'"{text}', ANY_RUN))
        case Shape.SUFFIX:
            tokens = [(ANY_RUN, text), (ANY_RUN, f"{text} ", ANY_RUN)]
            tokens.append((ANY_RUN, f'{text}"', ANY_RUN))
        case Shape.CONTAINS | Shape.ANYTHING:
            return (pattern,)
        case _:
            return (pattern.within(),)
    return tuple(dict.fromkeys(Pattern.of(*each) for each in tokens))


def in_patterns(argument: CommandLineArgument) -> Node:
    """The test of the whole line: it fits one of the patterns."""
    test = argument.test
    patterns = patterns_of(argument)
    if isinstance(test, Equals):  # it alone is the line as it was asked for
        return any_of((test, *[pattern_test(test, one) for one in patterns[1:]]), test.span)
    return any_of([pattern_test(test, one) for one in patterns], test.span)


def with_patterns(bound: Bound) -> Bound:
    """The bound tree for a target that has no form of its own for arguments."""
    if not has_part(bound.node, CommandLineArgument):
        return bound
    return replace(bound, node=without_repeated_tests(_with_patterns(bound.node), bound.columns))


def _with_patterns(node: Node) -> Node:
    """The tree without arguments; the patterns of one that is an alternative are such too."""
    if isinstance(node, And | Or):
        items: list[Node] = []
        for item in node.items:
            made = _with_patterns(item)
            joins = (
                isinstance(node, Or)
                and isinstance(item, CommandLineArgument)
                and isinstance(made, Or)
            )
            items += made.items if joins and isinstance(made, Or) else [made]
        return replace(node, items=tuple(items))
    if isinstance(node, Not):
        return replace(node, item=_with_patterns(node.item))
    return in_patterns(node) if isinstance(node, CommandLineArgument) else node
