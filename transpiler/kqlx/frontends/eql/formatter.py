"""EQL laid out in lines: of the text that someone wrote, or of a tree.

A text keeps its operators, functions and comments; what it means stays the same.
"""

from __future__ import annotations

from kqlx.errors import UnsupportedError
from kqlx.frontends.eql.comments import Comments
from kqlx.frontends.eql.spelling import spell_category, spell_name, spell_text
from kqlx.frontends.eql.syntax import MAX_DEPTH
from kqlx.frontends.eql.syntax_tree import (
    Arithmetic,
    Call,
    Comparison,
    Events,
    Expression,
    Filter,
    Junction,
    Match,
    Member,
    Name,
    Negation,
    Null,
    Number,
    Option,
    Pipe,
    Query,
    Sign,
    Step,
    Text,
    Truth,
)
from kqlx.frontends.eql.written import written
from kqlx.frontends.layout import INDENT, Commented, Group, Lines, group
from kqlx.nodes import Node

# What a condition is an operand of.
_NOTHING, _OR, _AND, _NOT, _COMPARED = range(5)
# What a value is an operand of.
_WHOLE, _SUM, _PRODUCT, _SIGNED, _TESTED = range(5)

Piece = Group | Commented | str


def format_node(node: Node, width: int = 100) -> str:
    """EQL for a tree; ``parse`` of it equals the tree.

    Raises UnsupportedError for what no text can say, such as a test in Kibana KQL without a field.
    """
    return format_query(Query(Filter(None, written(node))), Comments(), width)


def format_condition(node: Node, width: int = 100) -> str:
    """The same without ``any where``, as messages show parts of queries."""
    lines = Lines(width)
    lines.write(_Builder(Comments()).condition(written(node), _NOTHING), 0, INDENT, 0)
    return "".join(lines.pieces)


def format_query(query: Query, comments: Comments, width: int) -> str:
    """A query as it is written, with its comments, in lines of at most ``width`` characters."""
    builder = _Builder(comments)
    lines = Lines(width)
    if isinstance(query.body, Filter):
        _write_filter(lines, builder, query.body, width)
    else:
        _write_events(lines, builder, query.body, width)
    for pipe in query.pipes:
        lines.new_line("", 0)
        lines.pieces.append(builder.pipe(pipe))
    for comment in comments.at_end:
        lines.new_line("", 0)
        lines.pieces.append(comment)
    return "".join(lines.pieces)


def _write_filter(lines: Lines, builder: _Builder, filter: Filter, width: int) -> None:
    for comment in builder.comments.at_beginning:
        lines.pieces.append(comment)
        lines.new_line("", 0)
    head = builder.head(filter)
    condition = builder.commented(filter.condition, builder.condition(filter.condition, _NOTHING))
    whole = group(f"{head} ", [condition], "", "")
    if whole.width <= width:
        lines.write(whole, 0, 0, 0)
        return
    lines.pieces.append(head)
    lines.new_line("", INDENT)
    lines.write(condition, INDENT, INDENT, 0)
    lines.write_after(condition)


def _write_events(lines: Lines, builder: _Builder, events: Events, width: int) -> None:
    for comment in builder.comments.at_beginning:
        lines.pieces.append(comment)
        lines.new_line("", 0)
    lines.pieces.append(builder.events_head(events))
    for step in events.steps:
        lines.new_line("", INDENT)
        _write_step(lines, builder, step)
    if events.until is not None:
        lines.new_line("", 0)
        lines.pieces.append("until")
        lines.new_line("", INDENT)
        _write_step(lines, builder, events.until)


def _write_step(lines: Lines, builder: _Builder, step: Step) -> None:
    filter = step.filter
    opening = f"{'!' if step.missing else ''}[{builder.head(filter)} "
    condition = builder.commented(filter.condition, builder.condition(filter.condition, _NOTHING))
    made = builder.commented(step, group(opening, [condition], "", builder.step_end(step)))
    lines.write(made, INDENT, INDENT, 0)
    lines.write_after(made)


class _Builder:
    """Syntax trees → groups and words."""

    def __init__(self, comments: Comments) -> None:
        self.comments = comments

    def commented(self, part: Expression | Step, made: Group | str) -> Piece:
        """The piece with the comments that belong to the part."""
        before, after = self.comments.of(part)
        return Commented(before, made, after) if before or after else made

    def head(self, filter: Filter) -> str:
        category = filter.category
        return f"{'any' if category is None else spell_category(category.value)} where"

    def events_head(self, events: Events) -> str:
        words = [events.kind]
        if events.keys:
            words.append(f"by {self.keys(events.keys)}")
        if (span := events.max_span) is not None:
            words.append(f"with maxspan={span.number.text}{span.unit}")
        return " ".join(words)

    def keys(self, keys: tuple[Expression, ...]) -> str:
        return ", ".join([self.value(key, _WHOLE) for key in keys])

    def step_end(self, step: Step) -> str:
        end = "]"
        if step.keys:
            end += f" by {self.keys(step.keys)}"
        if step.runs is not None:
            end += f" with {self.option(step.runs)}"
        return end

    def option(self, option: Option) -> str:
        return f"{option.name}={option.number.text}"

    def pipe(self, pipe: Pipe) -> str:
        arguments = "".join([f" {self.value(one, _WHOLE)}" for one in pipe.arguments])
        return f"| {pipe.name}{arguments}"

    # Conditions

    def condition(
        self, part: Expression, place: int, prefix: str = "", depth: int = 1
    ) -> Group | str:
        """``prefix`` is what stands right before it, ``place`` what it is an operand of."""
        if depth > 2 * MAX_DEPTH:
            raise UnsupportedError(
                f"the query nests deeper than {2 * MAX_DEPTH} levels",
                code="nested-too-deep",
                hint="merge inner groups",
            )
        match part:
            case Junction():
                joint, inside = (" or", _OR) if part.word == "or" else (" and", _AND)
                opening, closing = prefix, ""
                if place in (_NOT, _AND, inside, _COMPARED):  # "and" within "or" needs none
                    opening, closing = f"{prefix}(", ")"
                items: list[Piece] = []
                for item in part.items:  # no comprehension: one frame a level
                    made = self.condition(item, inside, "", depth + 1)
                    items.append(self.commented(item, made))
                return group(opening, items, joint, closing)
            case Negation():
                if place == _COMPARED:
                    inner = self.condition(part, _NOTHING, "", depth + 1)
                    return group(f"{prefix}(", [inner], "", ")")
                return self.condition(part.item, _NOT, f"{prefix}not ", depth + 1)
            case Match():
                operand = f"{prefix}{self.value(part.operand, _TESTED, depth + 1)}"
                opening = f"{operand} {part.operator} "
                if not part.listed:
                    return opening + self.value(part.values[0], _TESTED)
                return self.list(f"{opening}(", part.values)
            case Member():
                operand = f"{prefix}{self.value(part.operand, _TESTED, depth + 1)}"
                word = f"{'not ' if part.negated else ''}{part.operator}"
                return self.list(f"{operand} {word} (", part.values)
            case Call() if len(part.arguments) > 1:
                name = f"{prefix}{part.name}{'~' * part.folding}"
                return self.list(f"{name}(", part.arguments)
            case Comparison():
                if place == _COMPARED:
                    prefix += "("
                left = self.compared(part.left, depth + 1)
                right = self.compared(part.right, depth + 1)
                made = f"{prefix}{left} {part.operator} {right}"
                return f"{made})" if place == _COMPARED else made
            case _:
                return prefix + self.value(part, _WHOLE, depth)

    def list(self, opening: str, values: tuple[Expression, ...]) -> Group:
        """Values in parentheses."""
        items = [self.commented(value, self.value(value, _WHOLE)) for value in values]
        return group(opening, items, ",", ")", True)

    def compared(self, part: Expression, depth: int) -> str:
        """What stands beside a sign of comparison: a value, or a condition as one."""
        if not isinstance(part, Junction | Negation | Comparison):
            return self.value(part, _WHOLE, depth)
        return self.flat(self.condition(part, _COMPARED, "", depth))

    def flat(self, made: Group | str) -> str:
        """The piece on one line."""
        lines = Lines(1_000_000_000)
        lines.write(made, 0, 0, 0)
        return "".join(lines.pieces)

    # Values

    def value(self, part: Expression, place: int, depth: int = 1) -> str:
        """``place`` is what the value is an operand of."""
        match part:
            case Name():
                return spell_name(part.text, optional=part.optional)
            case Text():
                return spell_text(part.value, raw=part.raw)
            case Number():
                return part.text
            case Truth():
                return "true" if part.value else "false"
            case Null():
                return "null"
            case Call():
                arguments = ", ".join([self.argument(one, depth + 1) for one in part.arguments])
                return f"{part.name}{'~' * part.folding}({arguments})"
            case Sign():
                operand = self.value(part.operand, _SIGNED, depth + 1)
                return self.in_parentheses(f"{part.operator}{operand}", place >= _TESTED)
            case Arithmetic():
                own = _SUM if part.operator in "+-" else _PRODUCT
                left = self.value(part.left, own, depth + 1)
                right = self.value(part.right, own + 1, depth + 1)
                made = f"{left} {part.operator} {right}"
                return self.in_parentheses(made, place > own)
        made = self.flat(self.condition(part, _NOTHING, "", depth + 1))
        closed = isinstance(part, Match | Member) and place < _TESTED
        return self.in_parentheses(made, not closed and place != _WHOLE)

    def argument(self, part: Expression, depth: int) -> str:
        """An argument of a function: a value, or any condition."""
        return self.value(part, _WHOLE, depth)

    def in_parentheses(self, text: str, needed: bool) -> str:
        return f"({text})" if needed else text
