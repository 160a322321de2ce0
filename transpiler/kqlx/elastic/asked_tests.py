"""What a test comes to in Elasticsearch, once the type of its field is known: patterns by their
pieces, ranges without a bound, networks of both versions of addresses.

All of it was measured on Elasticsearch 8.19, with the Query DSL that Kibana writes where it knows
the fields.
"""

from __future__ import annotations

from collections.abc import Iterator

from kqlx.elastic.addresses import network
from kqlx.elastic.field_types import asked_text
from kqlx.elastic.refused_tests import TypeOf, below_flattened
from kqlx.elastic.text_analysis import crossing_pieces, pieces_of
from kqlx.elastic.type_names import DATES, STRINGS
from kqlx.nodes import (
    GROUPS,
    Always,
    And,
    Case,
    Compare,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    Like,
    Literal,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
    with_items,
)
from kqlx.records import replace

_OF_ONE_VALUE = (Equals, Compare)

PARTED = frozenset({"wildcard", "constant_keyword", "version", "flattened"})
"""Types of whole values on which Kibana's patterns are parted at white space."""


def crossings(
    node: Node, type_of: TypeOf, prefix: str = "", negative: bool = False
) -> Iterator[tuple[str, str, bool]]:
    """The keys of flattened fields that are held against patterns that reach over all keys: their
    names, those of the flattened fields, and whether they stand below an odd number of nots
    (``Schema.like_a_key``).
    """
    if isinstance(node, And | Or):
        for item in node.items:
            yield from crossings(item, type_of, prefix, negative)
    elif isinstance(node, Not):
        yield from crossings(node.item, type_of, prefix, not negative)
    elif isinstance(node, Nested):
        yield from crossings(node.item, type_of, f"{prefix}{node.path.name}.", negative)
    elif isinstance(node, Like) and isinstance(node.field, Literal):
        name = prefix + node.field.name
        above = "" if type_of(name) else below_flattened(name, type_of)
        if above and crossing_pieces(node.pattern):
            yield name, above, negative


def parted(
    node: Node, type_of: TypeOf, prefix: str = "", also: frozenset[str] = frozenset()
) -> Iterator[tuple[Like, str]]:
    """The patterns that Elasticsearch takes by their pieces, with the type of the field, where it
    has whole values, or is one of ``also``: what their author may not have meant.
    """
    if isinstance(node, And | Or):
        for item in node.items:
            yield from parted(item, type_of, prefix, also)
    elif isinstance(node, Not):
        yield from parted(node.item, type_of, prefix, also)
    elif isinstance(node, Nested):
        yield from parted(node.item, type_of, f"{prefix}{node.path.name}.", also)
    elif isinstance(node, Like):
        kind = _kind(node, type_of, prefix)
        if kind in PARTED | also and pieces_asked(node, kind) is not node:
            yield node, kind


def as_asked(node: Node, type_of: TypeOf) -> Node:
    """The tree with each test as Elasticsearch takes it: patterns on anything but keywords by their
    pieces, which white space parts and one of which is enough, a bound of null as none, and numbers
    as texts where the field has texts.
    """
    return _asked(node, type_of, "")


def _asked(node: Node, type_of: TypeOf, prefix: str) -> Node:
    if isinstance(node, _OF_ONE_VALUE):  # most tests are
        return _value_asked(node, type_of, prefix)
    if isinstance(node, GROUPS):
        return with_items(node, tuple([_asked(item, type_of, prefix) for item in node.items]))
    if isinstance(node, Not):
        item = _asked(node.item, type_of, prefix)
        return node if item is node.item else Not(item, node.span)
    if isinstance(node, Nested):
        inner = _asked(node.item, type_of, f"{prefix}{node.path.name}.")
        return replace(node, item=inner)
    if isinstance(node, FreeText):
        return _in_group(node) if prefix else _bare_pieces(node)
    if isinstance(node, Like):
        return pieces_asked(node, _kind(node, type_of, prefix))
    return node


def _value_asked(node: Equals | Compare, type_of: TypeOf, prefix: str) -> Node:
    value = node.value
    if value.value is None:
        is_date = isinstance(node.field, Literal) and type_of(prefix + node.field.name) in DATES
        return Exists(node.field, node.span) if isinstance(node, Compare) or is_date else node
    if value.kind == "number":
        return _number_as_text(node) if _kind(node, type_of, prefix, "") in STRINGS else node
    if isinstance(node, Equals) and isinstance(node.field, Literal):
        return _networks(node) if type_of(prefix + node.field.name) == "ip" else node
    return node


def _kind(node: FieldTest, type_of: TypeOf, prefix: str, unknown: str = "keyword") -> str:
    """The type of the field, ``unknown`` where it is not known."""
    name = prefix + node.field.name
    if isinstance(node.field, Pattern):
        return unknown
    return type_of(name) or ("flattened" if below_flattened(name, type_of) else unknown)


def _number_as_text(node: Compare | Equals) -> Node:
    text = asked_text(node.value)
    return replace(node, value=replace(node.value, value=text, phrase=True, kind="string"))


def pieces_asked(node: Like, kind: str) -> Node:
    """A pattern on a field of that type, by its pieces where Kibana asks by ``query_string``; one
    without regard to letter case, or ``whole``, is of a ``wildcard`` query, which takes whole
    values as a whole.
    """
    as_whole = node.whole or node.case is Case.FOLDED
    whole = PARTED - {"flattened"} if as_whole else frozenset[str]()
    if kind == "keyword" or kind in whole:
        return node
    pieces = pieces_of(node.pattern)
    if len(pieces) < 2:
        return node
    tests: list[Node] = []
    for piece in pieces:
        if piece.is_lone_star:
            return Exists(node.field, node.span)
        if piece.is_text:
            tests.append(Equals(node.field, Literal(piece.text, span=piece.span), node.span))
        else:
            tests.append(replace(node, pattern=piece))
    return Or(tuple(tests), node.span)


def _networks(node: Equals) -> Node:
    """A network of IPv6 that holds the mapped addresses of IPv4 is one of both versions."""
    span = network(node.value.name)
    mapped = network("0.0.0.0/0")
    assert mapped is not None
    if span is None or not (span[0] <= mapped[0] and mapped[1] < span[1]):
        return node
    every = Literal("0.0.0.0/0", phrase=True, span=node.value.span)
    return Or((replace(node, value=every), node), node.span)


def _in_group(node: FreeText) -> Node:
    """A bare value in a nested group, which Kibana makes a test of a field called null."""
    null = Literal("null", span=node.span)
    if isinstance(node.value, Literal):
        return Equals(null, node.value, node.span)
    if node.value.is_lone_star:
        return Exists(null, node.span)
    return Like(null, node.value, node.span)


def _bare_pieces(node: FreeText) -> Node:
    if not isinstance(node.value, Pattern):
        return node
    pieces = pieces_of(node.value)
    if any(piece.is_lone_star for piece in pieces):
        return Always(node.span)
    if len(pieces) < 2:
        return node
    terms = [Literal(piece.text, span=piece.span) if piece.is_text else piece for piece in pieces]
    return Or(tuple(replace(node, value=term) for term in terms), node.span)
