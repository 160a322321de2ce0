"""Whether a known value, such as one that a pack says of all events, meets a test of a keyword."""

from __future__ import annotations

from collections.abc import Callable, Collection

from kqlx.elastic.multi_fields import CASELESS, with_case_of_name
from kqlx.elastic.text_analysis import lower_ascii
from kqlx.nodes import Case, Compare, Equals, Exists, FieldTest, Like, Literal, case_of


def matches_value(test: FieldTest, value: str) -> bool:
    """Whether a keyword field with this one value meets the test, in the letter case that it asks
    for, or the multi-field of it that the test names: ``.caseless`` has no regard to letter case,
    ``.text`` compares words.
    """
    if isinstance(test.field, Literal) and test.field.name.endswith(".text"):
        return _words_match(test, value)
    if isinstance(test, Equals) and is_for_one_text(test):
        return test.value.name == value
    test = with_case_of_name(test)
    read: Callable[[str], str] = lower_ascii if case_of(test) is Case.FOLDED else str
    value = read(value)
    match test:
        case Equals():
            return read(test.value.name) == value
        case Like():
            # What is longer than the value does not fit, without a look at the signs.
            if len(test.pattern.text) > len(value):
                return False
            return test.pattern.map_literals(read).fits(value)
        case Exists():
            return True
        case Compare():
            ours, theirs = value.encode(), read(test.value.name).encode("utf-8", "surrogatepass")
            return {
                "gt": ours > theirs,
                "gte": ours >= theirs,
                "lt": ours < theirs,
                "lte": ours <= theirs,
            }[test.op]


def met_values(test: FieldTest, values: Collection[str]) -> list[str]:
    """Those of some different values that a keyword field may have alone to meet the test."""
    if isinstance(test, Equals) and is_for_one_text(test):
        return [test.value.name] if test.value.name in values else []
    return [value for value in values if matches_value(test, value)]


def is_for_one_text(test: Equals) -> bool:
    """Whether no other value of a keyword meets the test than the text itself."""
    return test.case is Case.EXACT and not test.field.name.endswith((".text", CASELESS))


def _words_match(test: FieldTest, value: str) -> bool:
    from kqlx.elastic.string_types import Text

    type = Text()
    match test:
        case Equals():
            found = type.any_of([test.value])
        case Like():
            found = type.like(test.pattern)
        case Compare():
            found = type.compare(test.op, test.value)
        case Exists():
            return True
    return found is not None and found(value)
