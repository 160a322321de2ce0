"""Tree → canonical Kibana KQL, laid out as a detection engineer would by hand.

Parsing the result gives the same tree again: parentheses stand where the tree needs them and
nowhere else, escapes where the language needs them, and line feeds where any white space may stand.
A query that fits into the width is one line; of a longer one each operand of ``and`` and ``or`` has
a line of its own, and lists of values are folded.
"""

from __future__ import annotations

from kqlx.errors import UnsupportedError
from kqlx.frontends.kql.parser import parse
from kqlx.frontends.kql.spelling import NO_TEXT, spell_name, spell_operand, spell_path, spell_value
from kqlx.frontends.kql.syntax import MAX_DEPTH
from kqlx.frontends.layout import INDENT, Group, Lines, group
from kqlx.nodes import (
    Always,
    And,
    Compare,
    Equals,
    Exists,
    FreeText,
    Like,
    Literal,
    Nested,
    Never,
    Node,
    Not,
    Or,
    Pattern,
    Regexp,
    Term,
    pattern_test,
    transform,
    walk,
)
from kqlx.patterns import ANY_ONE
from kqlx.records import replace
from kqlx.regular_expressions import lucene

_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}

# What a node is an operand of.
_NOTHING, _OR, _AND, _NOT = range(4)


def format_text(text: str, width: int = 100) -> str:
    """The query written canonically, in lines of at most ``width`` characters where words allow it.

    Raises QuerySyntaxError where the text is not Kibana KQL.
    """
    return format_node(parse(text), width)


def format_node(node: Node, width: int = 100) -> str:
    """Canonical Kibana KQL for a tree; ``parse`` of it equals the tree.

    Raises UnsupportedError for what no text can say: ``Never``, groups of less than two items, an
    unquoted value that parsing would trim or read as a Boolean or null, wildcards where they have
    no meaning, and nodes nested far deeper than ``parse`` reads. No parsed tree holds any of these.
    """
    lines = Lines(width)
    lines.write(_Builder(node).build(node, "", _NOTHING, 0), 0, INDENT, 0)
    return "".join(lines.pieces)


def shown_node(node: Node, width: int = 100) -> str:
    """The tree as messages show it: as ``format_node``, with ``?`` for the wildcard of one
    character and ``/a+/`` for a regular expression, which filters have and Kibana KQL does not.
    """
    return format_node(transform(node, _as_shown), width)


def _as_shown(node: Node) -> Node:
    if isinstance(node, Nested):
        return replace(node, item=transform(node.item, _as_shown))
    if isinstance(node, Regexp):
        return Equals(node.field, Literal(f"/{lucene(node.regexp)}/", True), node.span)
    if isinstance(node, FreeText) and isinstance(node.value, Pattern) and node.value.has_any_one:
        return replace(node, value=_with_signs(node.value))
    if isinstance(node, Like) and node.pattern.has_any_one:
        return pattern_test(node, _with_signs(node.pattern))
    return node


def _with_signs(pattern: Pattern) -> Pattern:
    tokens = ["?" if token is ANY_ONE else token for token in pattern.tokens]
    return Pattern.of(*tokens, span=pattern.span)


class _Builder:
    """Nodes → groups and words."""

    def __init__(self, root: Node) -> None:
        self._fields: dict[int, Term | None] = {}
        for node in reversed(list(walk(root))):  # what is below comes first
            self._fields[id(node)] = self._field_of(node)

    def _field_of(self, node: Node) -> Term | None:
        """The field that everything below tests with a colon, if it is one and the same."""
        if isinstance(node, Equals | Like | Exists):
            return node.field
        if isinstance(node, Not):
            return self._fields[id(node.item)]
        if isinstance(node, And | Or) and node.items:
            first = self._fields[id(node.items[0])]
            if all(self._fields[id(item)] == first for item in node.items):
                return first
        return None

    def build(
        self, node: Node, prefix: str, place: int, depth: int, in_field: bool = False
    ) -> Group | str:
        """``prefix`` is what stands right before the node, ``place`` what it is an operand of."""
        if depth > 2 * MAX_DEPTH:
            raise UnsupportedError(
                f"the query nests deeper than {2 * MAX_DEPTH} levels",
                code="nested-too-deep",
                hint="merge inner groups",
            )
        if isinstance(node, Not):
            if place == _NOT:
                inner = self.build(node.item, "not ", _NOT, depth + 1, in_field)
                return group(f"{prefix}(", [inner], "", ")")
            return self.build(node.item, f"{prefix}not ", _NOT, depth + 1, in_field)
        if isinstance(node, And | Or):
            if len(node.items) < 2:
                raise UnsupportedError(
                    "a group of fewer than two items cannot be written in Kibana KQL",
                    code=NO_TEXT,
                    hint="use the item itself",
                )
            joint, inside = (" or", _OR) if isinstance(node, Or) else (" and", _AND)
            opening, closing = prefix, ""
            field = None if in_field else self._fields[id(node)]
            if field is not None:
                opening, closing = f"{prefix}{spell_name(field)}:(", ")"
            elif place in (_NOT, _AND, inside):  # only "and" within "or" needs no parentheses
                opening, closing = f"{prefix}(", ")"
            items = []
            for item in node.items:  # no comprehension: one frame a level
                items.append(self.build(item, "", inside, depth + 1, in_field or field is not None))
            return group(opening, items, joint, closing, in_field or field is not None)
        if isinstance(node, Nested):
            only = self.build(node.item, "", _NOTHING, depth + 1)
            return group(f"{prefix}{spell_path(node.path)}:{{ ", [only], "", " }")
        return prefix + (_value_of(node) if in_field else _leaf(node))


def _leaf(node: Node) -> str:
    match node:
        case Equals() | Like() | Exists():
            return f"{spell_name(node.field)}:{_value_of(node)}"
        case Compare(field, operator, value):
            return f"{spell_operand(field)} {_OPERATORS[operator]} {spell_value(value)}"
        case FreeText(value):
            return spell_value(value)
        case Always():
            return "*:*"
        case Regexp():
            raise UnsupportedError(
                "a regular expression cannot be written in Kibana KQL",
                code=NO_TEXT,
                hint="use wildcards",
            )
        case Never():
            raise UnsupportedError(
                "a query that no event matches cannot be written in Kibana KQL",
                code=NO_TEXT,
                hint="leave the query out",
            )
    raise AssertionError(node)


def _value_of(node: Node) -> str:
    match node:
        case Equals(_, value):
            return spell_value(value)
        case Like(_, pattern):
            if pattern.is_lone_star:
                raise UnsupportedError(
                    "a pattern of a single star is a test that the field exists",
                    code=NO_TEXT,
                    hint="use Exists",
                )
            return spell_value(pattern)
        case Exists(field):
            if isinstance(field, Pattern) and field.is_lone_star:
                raise UnsupportedError("*:* matches every event", code=NO_TEXT, hint="use Always")
            return "*"
    raise AssertionError(node)
