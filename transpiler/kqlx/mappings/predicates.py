"""What packs say as a query in Kibana KQL: which events a value stands for, or a table holds.

Instead, ``Column & 0x10000`` says that the bit is set in a number that is written in hexadecimal.
"""

from __future__ import annotations

from functools import lru_cache

from kqlx.nodes import NOWHERE, And, Equals, Like, Literal, Node, Not, Or, Span, any_of
from kqlx.patterns import ANY_ONE, ANY_RUN, Pattern
from kqlx.records import replace

_BIT = " & 0x"


@lru_cache(maxsize=2048)
def read_predicate(text: str) -> Node:
    """The tree of a pack's predicate, read once in a process. Raises QuerySyntaxError."""
    column, has_bit, bit = text.partition(_BIT)
    if has_bit:
        return _bit_is_set(Literal(column), int(bit, 16))
    from kqlx.frontends.kql.parser import parse

    return parse(text)


def _bit_is_set(column: Literal, bit: int) -> Node:
    """The digit with the bit has one of eight values; as many follow as stand for lower bits."""
    place = (bit.bit_length() - 1) // 4
    digits = [f"{digit:x}" for digit in range(16) if digit << 4 * place & bit]
    patterns = [Pattern.of("0x", ANY_RUN, digit, *[ANY_ONE] * place) for digit in digits]
    return any_of([Like(column, pattern, NOWHERE) for pattern in patterns], NOWHERE)


def predicate_at(text: str, span: Span) -> Node:
    """The same, all of it in the place of the test that it stands for: its own places are those of
    another text.
    """
    return _moved(read_predicate(text), span)


def _moved(node: Node, span: Span) -> Node:
    if isinstance(node, And | Or):
        return type(node)(tuple([_moved(item, span) for item in node.items]), span)
    if isinstance(node, Not):
        return Not(_moved(node.item, span), span)
    if isinstance(node, Equals):  # in half the time of replace()
        return Equals(node.field, node.value, span, case=node.case)
    return replace(node, span=span)
