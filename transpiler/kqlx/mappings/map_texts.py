"""Objects that Elastic writes as Java does, ``{userName=eve, tags=[{key=a}]}``, in columns that
have them as JSON: what stands between the wildcards of a pattern, as a regular expression.

Java has the keys in an order of its own, so that what reaches over several keys has no counterpart,
and the parts of a pattern are looked for in any order. An equals sign may also stand in a value.
"""

from __future__ import annotations

from kqlx.nodes import Equals, Like, Literal, Regexp, asked_pattern, case_of, pattern_test
from kqlx.patterns import ANY_RUN, Pattern
from kqlx.records import replace
from kqlx.regular_expressions import ANY_TEXT, Char, Item, Repeat, Sequence, choice, from_text

FOREIGN = '{}[],"\\'
"""Signs of Java's texts that stand elsewhere in JSON, or otherwise."""

_MARK = Repeat(Char('"'), 0, 1)
"""A text is in quotation marks in JSON, a number is not."""
_EQUALS = choice(Sequence((from_text('":'), _MARK)), Char("="))


def can_be_in_json(test: Equals | Like) -> bool:
    """Whether what the test asks for can be told in JSON."""
    pattern = asked_pattern(test)
    is_within = pattern.begins_open and pattern.ends_open and not pattern.has_any_one
    parts = pattern.literals if is_within else ()
    # Java has a blank between keys.
    plain = (part == part.strip() and not any(sign in part for sign in FOREIGN) for part in parts)
    return bool(parts) and all(plain)


def in_json(test: Equals | Like, column: str) -> list[Equals | Like | Regexp]:
    """The tests of the parts of an object as Java writes it, all of which must hold, for a column
    that has it as JSON.
    """
    field = Literal(column, span=test.field.span)
    tests: list[Equals | Like | Regexp] = []
    for text in asked_pattern(test).literals:
        if "=" in text:
            items: list[Item] = [_EQUALS if sign == "=" else Char(sign) for sign in text]
            found = Sequence((ANY_TEXT, *items, ANY_TEXT))
            tests.append(Regexp(field, found, test.span, case=case_of(test)))
        else:
            part = pattern_test(test, Pattern.of(ANY_RUN, text, ANY_RUN))
            tests.append(replace(part, field=field))
    return tests
