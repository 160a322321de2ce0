"""Objects that Elastic writes as Java does, ``{userName=eve, tags=[{key=a}]}``, in columns that
have them as JSON: what stands between the wildcards of a pattern, as a regular expression.

Java has the keys in an order of its own, so that what reaches over several keys has no counterpart,
and the parts of a pattern are looked for in any order. An equals sign and a bracket may also stand
in a value. Writers of JSON may put a blank behind a colon
(https://docs.python.org/3/library/json.html#json.dumps does).
"""

from __future__ import annotations

from kqlx.nodes import (
    Equals,
    Exists,
    Like,
    Literal,
    Regexp,
    asked_pattern,
    case_of,
    pattern_test,
)
from kqlx.patterns import ANY_RUN, Pattern
from kqlx.records import replace
from kqlx.regexes import late_regex
from kqlx.regular_expressions import ANY_TEXT, Char, Item, Repeat, Sequence, choice, from_text

FOREIGN = '{},"\\'
"""Signs of Java's texts that stand elsewhere in JSON, or otherwise."""

_MARK = Repeat(Char('"'), 0, 1)
"""A text is in quotation marks in JSON, a number is not."""
_COLON = Sequence((from_text('":'), Repeat(Char(" "), 0, 1)))
_SIGNS: dict[str, Item] = {
    "=": choice(Sequence((_COLON, _MARK)), Char("=")),
    "=[": choice(Sequence((_COLON, Char("["), _MARK)), from_text("=[")),
    "[": Sequence((Char("["), _MARK)),
    "]": Sequence((_MARK, Char("]"))),
}
"""Signs of Java's texts as JSON has them: an array keeps the order of its values."""
_PIECES = late_regex(r"(?s)=\[|.")
_KEY_WITH_VALUE = late_regex(r"([A-Za-z][\w-]*)=([^=\[\]]*)")


def can_be_in_json(test: Equals | Like) -> bool:
    """Whether what the test asks for can be told in JSON."""
    pattern = asked_pattern(test)
    is_within = pattern.begins_open and pattern.ends_open and not pattern.has_any_one
    parts = pattern.literals if is_within else ()
    # Java has a blank between keys.
    plain = (part == part.strip() and not any(sign in part for sign in FOREIGN) for part in parts)
    return bool(parts) and all(plain)


def in_json(
    test: Equals | Like, column: str, columns_of_keys: str | None = None
) -> list[list[Equals | Exists | Like | Regexp]]:
    """The tests of the parts of an object as Java writes it, all of which must hold, for a column
    that has it as JSON: of each part those of which one must hold. Where each key of the object may
    be a column of its own, one of ``columns_of_keys``, that is another.
    """
    field = Literal(column, span=test.field.span)
    parts: list[list[Equals | Exists | Like | Regexp]] = []
    for text in asked_pattern(test).literals:
        if any(sign in text for sign in "=[]"):
            pieces = _PIECES.findall(text)
            items: list[Item] = [_SIGNS.get(piece) or Char(piece) for piece in pieces]
            found = Sequence((ANY_TEXT, *items, ANY_TEXT))
            parts.append([Regexp(field, found, test.span, case=case_of(test))])
            if columns_of_keys and (key := _KEY_WITH_VALUE.fullmatch(text)):
                name = columns_of_keys.replace("*", key[1])
                parts[-1].append(_in_column(test, Literal(name, span=field.span), key[2]))
        else:
            part = pattern_test(test, Pattern.of(ANY_RUN, text, ANY_RUN))
            parts.append([replace(part, field=field)])
    return parts


def _in_column(test: Equals | Like, column: Literal, begin: str) -> Equals | Exists | Like:
    """The test of a column whose value begins so."""
    if not begin:
        return Exists(column, test.span)
    if begin in ("true", "false"):  # no text, which could be longer
        return Equals(column, Literal(begin, span=test.span), test.span)
    return Like(column, Pattern.of(begin, ANY_RUN), test.span, case=case_of(test))
