"""Functions of values: of these a selection says the length of a field, by a regular expression,
and below a ``not`` that a field is another's part where they are equal.
"""

from __future__ import annotations

from kqlx.backends.base import NO_FORM
from kqlx.backends.function_calls import NAMES, FunctionCalls, notes_on_counts, whole_number
from kqlx.backends.sigma.backend import SigmaBackend
from kqlx.nodes import Call, FieldValue, FunctionTest, Never, Node, Regexp
from kqlx.notes import Effect
from kqlx.records import replace
from kqlx.regular_expressions import ANY_CHAR, Repeat

MOST = 1000
"""As often as RE2 repeats anything."""


def function_test(backend: SigmaBackend, node: FunctionTest) -> Node:
    """The test of a length as one that a selection can say. Raises UnsupportedError for others."""
    FunctionCalls[None](lambda name: backend.bound.column(name.name), backend.refuse).check(node)
    call = node.call
    match call.arguments:
        case (Call(function="length", arguments=(FieldValue() as value,)), limit):
            bounds = _bounds(call, whole_number(limit))
            if bounds == (0, -1):
                return Never(node.span)
            if bounds is not None and max(bound or 0 for bound in bounds) <= MOST:
                backend.notes.extend(notes_on_counts(node))
                return Regexp(value.field, Repeat(ANY_CHAR, *bounds), node.span)
        case (FieldValue() as value, FieldValue() as other) if backend.negative:
            if call.function in _OF_PARTS:
                return _reference(backend, value, other, node)
    what = f"a test of {_functions(call)}"
    why = (
        "a selection compares values as they are, and knows of functions only the length, up to"
        f" {MOST:,} characters"
    )
    if len({field.name for field in node.fields}) > 1:
        why = "a selection compares a field with values, not with what others make of their own"
    backend.refuse(node.span, what, why, code=NO_FORM)


_OF_PARTS = {"starts_with": "begins with", "ends_with": "ends with", "contains": "contains"}


def _reference(
    backend: SigmaBackend, value: FieldValue, other: FieldValue, node: FunctionTest
) -> Node:
    """That the fields are equal, below a ``not``, where one has the other as a part: a reference to
    a field compares whole values
    (https://sigmahq.io/sigma-specification/specification/sigma-appendix-modifiers.html).
    """
    how, first, second = _OF_PARTS[node.call.function], value.field.name, other.field.name
    message = f"{first} {how} {second}: only where they are equal an event is left out"
    backend.note("approximated", Effect.WIDER, message, node.span)
    message = (
        "fieldref is supported by pySigma's back ends for Splunk and ES|QL, not by those for Lucene"
        " and EQL"
    )
    backend.note("back-end-support", Effect.SAME, message)
    return FunctionTest(replace(node.call, function="equals"), node.span)


def _bounds(call: Call, limit: int | None) -> tuple[int, int | None] | None:
    """The least and the most characters; (0, -1) where none has so many."""
    if limit is None:
        return None
    least, most = {
        "equals": (limit, limit),
        "gt": (limit + 1, None),
        "gte": (limit, None),
        "lt": (0, limit - 1),
        "lte": (0, limit),
    }.get(call.function, (None, None))
    if least is None:
        return None
    if most is not None and most < 0:
        return (0, -1)
    return max(least, 0), most


def _functions(call: Call) -> str:
    """The functions of a test by name, the outermost first; operators are none."""
    found: list[str] = []
    stack = [call]
    while stack:
        top = stack.pop()
        if top.function in NAMES:
            found.append(NAMES[top.function])
        stack.extend(argument for argument in top.arguments if isinstance(argument, Call))
    return ", ".join(dict.fromkeys(found)) or "what is calculated"
