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
from kqlx.records import dataclass, replace
from kqlx.regular_expressions import lucene

INDENT = 2

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
    lines = _Lines(width)
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


@dataclass(frozen=True, slots=True)
class _Group:
    """``opening item word item … closing``; without an opening, operands that need none."""

    opening: str
    items: list[_Group | str]
    word: str
    closing: str
    is_list: bool
    """Nothing but single values: to be folded."""
    width: int


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
    ) -> _Group | str:
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
                return _group(f"{prefix}(", [inner], "", ")")
            return self.build(node.item, f"{prefix}not ", _NOT, depth + 1, in_field)
        if isinstance(node, And | Or):
            if len(node.items) < 2:
                raise UnsupportedError(
                    "a group of fewer than two items cannot be written in Kibana KQL",
                    code=NO_TEXT,
                    hint="use the item itself",
                )
            word, inside = ("or", _OR) if isinstance(node, Or) else ("and", _AND)
            opening, closing = prefix, ""
            field = None if in_field else self._fields[id(node)]
            if field is not None:
                opening, closing = f"{prefix}{spell_name(field)}:(", ")"
            elif place in (_NOT, _AND, inside):  # only "and" within "or" needs no parentheses
                opening, closing = f"{prefix}(", ")"
            items = []
            for item in node.items:  # no comprehension: one frame a level
                items.append(self.build(item, "", inside, depth + 1, in_field or field is not None))
            return _group(opening, items, word, closing, in_field or field is not None)
        if isinstance(node, Nested):
            only = self.build(node.item, "", _NOTHING, depth + 1)
            return _group(f"{prefix}{spell_path(node.path)}:{{ ", [only], "", " }")
        return prefix + (_value_of(node) if in_field else _leaf(node))


def _group(
    opening: str, items: list[_Group | str], word: str, closing: str, is_list: bool = False
) -> _Group:
    words = all(isinstance(item, str) for item in items)
    width = sum(len(item) if isinstance(item, str) else item.width for item in items)
    width += len(opening) + len(closing) + (len(word) + 2) * (len(items) - 1)
    return _Group(opening, items, word, closing, is_list and words and closing == ")", width)


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


class _Lines:
    """Groups and words → text. Linear in their number."""

    def __init__(self, width: int) -> None:
        self.pieces: list[str] = []
        self._width = width

    def write(self, item: _Group | str, left: int, hang: int, after: int) -> None:
        """Write what begins at the column ``left``; operands without an opening of their own go on
        at ``hang``. ``after`` characters follow on the last line.
        """
        if isinstance(item, str):
            self.pieces.append(item)
        elif left + item.width + after <= self._width:
            self._write_flat(item)
        elif item.is_list:
            self._write_list(item, left)
        elif item.closing:
            inside = left + INDENT
            inner_hang = inside + INDENT if len(item.items) > 1 else inside
            self.pieces.append(item.opening.rstrip())
            for i, part in enumerate(item.items):
                self._new_line(item.word if i else "", inside)
                follows = len(item.word) + 1 if i + 1 < len(item.items) else 0
                self.write(part, inside, inner_hang, follows)
            self._new_line("", left)
            self.pieces.append(item.closing.lstrip())
        else:
            for i, part in enumerate(item.items):
                if i:
                    self._new_line(item.word, hang)
                follows = len(item.word) + 1 if i + 1 < len(item.items) else after
                self.write(part, hang if i else left, hang + INDENT, follows)

    def _new_line(self, word: str, column: int) -> None:
        self.pieces.append(f" {word}\n{' ' * column}" if word else f"\n{' ' * column}")

    def _write_list(self, group: _Group, left: int) -> None:
        inside = left + INDENT
        self.pieces.append(group.opening)
        column = self._width  # the first value begins a line
        last = len(group.items) - 1
        for i, item in enumerate(group.items):
            assert isinstance(item, str)
            needed = len(item) + (len(group.word) + 1 if i < last else 0)
            if not i:
                self._new_line("", inside)
                column = inside + needed
            elif column + 1 + needed > self._width:
                self._new_line(group.word, inside)
                column = inside + needed
            else:
                self.pieces.append(f" {group.word} ")
                column += 1 + needed
            self.pieces.append(item)
        self._new_line("", left)
        self.pieces.append(group.closing)

    def _write_flat(self, group: _Group) -> None:
        self.pieces.append(group.opening)
        for i, item in enumerate(group.items):
            if i:
                self.pieces.append(f" {group.word} ")
            if isinstance(item, str):
                self.pieces.append(item)
            else:
                self._write_flat(item)
        self.pieces.append(group.closing)
