"""Reads an expression of ``where`` and ``eval``: text at a cursor → ``Expression``.

    xor = or ("XOR" or)*;  or = and ("OR" and)*;  and = not ("AND" not)*;  not = ["NOT"] relation
    relation = sum [op sum | "LIKE" text | "IN" "(" literal ("," literal)* ")"]
    sum = product (("+" | "-" | ".") product)*;  product = unary (("*" | "/" | "%") unary)*

NOT comes before AND, AND before OR, XOR last; NOT covers a whole comparison, as in
``NOT Location="Calaveras Farms"``:
https://help.splunk.com/splunk-enterprise/search/search-manual/9.4/expressions-and-predicates/boolean-expressions-with-logical-operators
Names, quotes: https://help.splunk.com/splunk-enterprise/spl-search-reference/9.2/search-commands/where
Operators: https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/search-commands/eval
"""

from __future__ import annotations

import ipaddress
import re

from tests.oracles.spl.cursor import Cursor
from tests.oracles.spl.errors import SplSyntaxError
from tests.oracles.spl.eval_nodes import (
    Arithmetic,
    Call,
    Expression,
    Field,
    Junction,
    Negation,
    Negative,
    Number,
    OneOf,
    Relation,
    Text,
    field_names,
    is_condition,
)
from tests.oracles.spl.regexes import UnsupportedRegex, translate
from tests.oracles.spl.signatures import SIGNATURES, Signature

ESCAPES = {'"': '"', "\\": "\\", "t": "\t", "n": "\n"}
"""https://help.splunk.com/en/splunk-enterprise/search/search-manual/10.0/expressions-and-predicates
shows that \\t in a text becomes a tab."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
COMPARATOR = re.compile(r"==|=|!=|<=|<|>=|>")
WORDS = frozenset({"AND", "OR", "NOT", "XOR", "IN", "LIKE", "AS", "BY"})
LITERAL_WORDS = frozenset({"true", "false", "null"})
JUNCTIONS = ("XOR", "OR", "AND")


def read_condition(cursor: Cursor) -> Expression:
    """An expression that is true or false, as ``where`` needs."""
    expression = read_expression(cursor)
    _want(cursor, expression, True)
    return expression


def read_value(cursor: Cursor) -> Expression:
    """An expression that ``eval`` can assign: anything but a condition."""
    expression = read_expression(cursor)
    _want(cursor, expression, False)
    return expression


def read_expression(cursor: Cursor) -> Expression:
    cursor.enter()
    expression = _read_junction(cursor, 0)
    cursor.leave()
    return expression


def _want(cursor: Cursor, expression: Expression, condition: bool) -> None:
    if is_condition(expression) != condition:
        cursor.fail("expected a condition" if condition else "expected a value", expression.span[0])


def _read_junction(cursor: Cursor, level: int) -> Expression:
    if level == len(JUNCTIONS):
        return _read_negation(cursor)
    word = JUNCTIONS[level]
    items = [_read_junction(cursor, level + 1)]
    while cursor.keyword(word):
        items.append(_read_junction(cursor, level + 1))
    if len(items) == 1:
        return items[0]
    for item in items:
        _want(cursor, item, True)
        if isinstance(item, Junction) and not item.grouped:
            cursor.doubt("relies-on-precedence", f"{item.operator} beside {word}", item.span[0])
    return Junction(word, tuple(items), (items[0].span[0], cursor.at))


def _read_negation(cursor: Cursor) -> Expression:
    cursor.skip()
    begin = cursor.at
    if not cursor.keyword("NOT"):
        return _read_relation(cursor)
    if cursor.keyword("NOT"):
        cursor.fail("NOT after NOT", cursor.at - 3)
    item = _read_relation(cursor)
    _want(cursor, item, True)
    return Negation(item, (begin, cursor.at))


def _read_relation(cursor: Cursor) -> Expression:
    left = _read_sum(cursor)
    cursor.skip()
    relation: Expression
    if operator := cursor.match(COMPARATOR):
        right = _read_sum(cursor)
        relation = Relation(operator, left, right, (left.span[0], cursor.at))
    elif cursor.keyword("LIKE"):
        right = _read_sum(cursor)
        _check_argument(cursor, "p", right)
        relation = Relation("LIKE", left, right, (left.span[0], cursor.at))
    elif cursor.keyword("IN"):
        relation = OneOf(left, _read_literals(cursor), (left.span[0], cursor.at))
    else:
        return left
    sides = (left, relation.right) if isinstance(relation, Relation) else (left,)
    for side in sides:
        _want(cursor, side, False)
    if all(map(_is_literal, sides)):
        cursor.fail("literals compared; a field takes single quotes", left.span[0])
    cursor.skip()
    if COMPARATOR.match(cursor.text, cursor.at):
        cursor.fail("comparisons do not chain")
    return relation


def _is_literal(expression: Expression) -> bool:
    item = expression.item if isinstance(expression, Negative) else expression
    return isinstance(item, Text | Number)


def _read_literals(cursor: Cursor) -> tuple[Expression, ...]:
    cursor.expect("(")
    values: list[Expression] = []
    while True:
        value = _read_unary(cursor)
        if not _is_literal(value):
            cursor.fail("IN takes literals", value.span[0])
        values.append(value)
        if not cursor.accept(","):
            break
    cursor.expect(")")
    return tuple(values)


def _read_sum(cursor: Cursor) -> Expression:
    left = _read_product(cursor)
    used = ""
    while (operator := cursor.peek()) and operator in "+-.":
        if used and (operator == ".") != (used == "."):
            cursor.fail("which of . and + - comes first is not documented")
        cursor.at += 1
        right = _read_product(cursor)
        for side in (left, right):
            _want(cursor, side, False)
        if operator == "." and isinstance(left, Field) and isinstance(right, Field):
            gap = cursor.text[left.span[1] : right.span[0]]
            if gap == ".":
                cursor.fail("a name with a dot takes single quotes", left.span[0])
        used = operator
        left = Arithmetic(operator, left, right, (left.span[0], cursor.at))
    return left


def _read_product(cursor: Cursor) -> Expression:
    left = _read_unary(cursor)
    while (operator := cursor.peek()) and operator in "*/%":
        cursor.at += 1
        right = _read_unary(cursor)
        for side in (left, right):
            _want(cursor, side, False)
        left = Arithmetic(operator, left, right, (left.span[0], cursor.at))
    return left


def _read_unary(cursor: Cursor) -> Expression:
    next_one = cursor.peek()
    begin = cursor.at
    if next_one == "-":
        cursor.at += 1
        if cursor.peek() == "-":
            cursor.fail("minus after minus")
        item = _read_unary(cursor)
        _want(cursor, item, False)
        return Negative(item, (begin, cursor.at))
    if next_one == "(":
        return _read_group(cursor)
    if next_one == '"':
        inside = cursor.quoted()
        characters = cursor.unescape(inside, ESCAPES, begin + 1)
        return Text("".join(c for c, _ in characters), (begin, cursor.at))
    if next_one == "'":
        return _read_quoted_field(cursor)
    if number := cursor.match(NUMBER):
        if NAME.match(cursor.text, cursor.at) or cursor.text[cursor.at : cursor.at + 1] == ".":
            cursor.fail("not a number; a name that starts with a digit takes single quotes", begin)
        return Number(float(number), (begin, cursor.at))
    name = cursor.match(NAME)
    if not name:
        cursor.fail("expected an expression")
    if name.upper() in WORDS and not (name == "in" and cursor.peek() == "("):
        if name == "like" and cursor.peek() == "(":
            return _read_call(cursor, name, begin)
        cursor.fail(f"{name} is out of place", begin)
    end = cursor.at
    if cursor.peek() == "(":
        return _read_call(cursor, name, begin)
    if name.lower() in LITERAL_WORDS:
        cursor.fail(f"write {name.lower()}(), or the field in single quotes", begin)
    cursor.at = end
    if cursor.text[end : end + 1] in ("{", "@", ":", "$", "#"):
        cursor.fail("a name with other characters takes single quotes", begin)
    return Field(name, (begin, end))


def _read_group(cursor: Cursor) -> Expression:
    begin = cursor.at
    cursor.at += 1
    inner = read_expression(cursor)
    if not cursor.accept(")"):
        cursor.fail("parenthesis is not closed", begin)
    if isinstance(inner, Junction):
        return Junction(inner.operator, inner.items, (begin, cursor.at), grouped=True)
    return inner


def _read_quoted_field(cursor: Cursor) -> Field:
    """Whether a single quote or backslash can be escaped in a name is not documented."""
    begin = cursor.at
    end = cursor.text.find("'", begin + 1)
    if end < 0:
        cursor.fail("single quote is not closed")
    name = cursor.text[begin + 1 : end]
    if not name.strip() or set(name) & set('\\"`\n|'):
        cursor.fail("not a field name", begin)
    cursor.at = end + 1
    return Field(name, (begin, cursor.at))


def _read_call(cursor: Cursor, name: str, begin: int) -> Call:
    if name not in SIGNATURES:
        cursor.fail(f"unknown function {name}", begin)
    cursor.expect("(")
    arguments: list[Expression] = []
    if cursor.peek() != ")":
        arguments.append(read_expression(cursor))
        while cursor.accept(","):
            arguments.append(read_expression(cursor))
    if not cursor.accept(")"):
        cursor.fail("expected , or ) in the arguments")
    call = Call(name, tuple(arguments), (begin, cursor.at))
    _check_call(cursor, call, SIGNATURES[name])
    return call


def _check_call(cursor: Cursor, call: Call, signature: Signature) -> None:
    count = len(call.arguments)
    if not signature.least <= count <= signature.most:
        cursor.fail(f"{call.name}() does not take {count} arguments", call.span[0])
    if call.name == "case" and count % 2:
        cursor.fail("case() takes pairs", call.span[0])
    for i, argument in enumerate(call.arguments):
        last = len(signature.kinds) - 1
        kind = signature.kinds[i % 2 if call.name == "case" else min(i, last)]
        if call.name == "in" and i and not _is_literal(argument):
            cursor.fail("in() takes literals", argument.span[0])
        _check_argument(cursor, kind, argument)
    if call.name == "mvfilter" and len(field_names(call.arguments[0])) != 1:
        cursor.fail("mvfilter() takes a condition on one field", call.span[0])


def _check_argument(cursor: Cursor, kind: str, argument: Expression) -> None:
    at = argument.span[0]
    if kind != "a":
        _want(cursor, argument, kind == "b")
    if kind in "lrpc" and not isinstance(argument, Text):
        cursor.fail("expected a text in double quotes", at)
    if kind == "x" and _is_literal(argument):
        cursor.fail("a literal here says nothing; a field takes single quotes", at)
    if kind == "f" and not isinstance(argument, Field):
        cursor.fail("expected a field", at)
    if kind == "n" and isinstance(argument, Text):
        cursor.fail("expected a number", at)
    if not isinstance(argument, Text):
        return
    if kind == "r":
        check_regex(cursor, argument.value, at)
    if kind == "p" and "\\" in argument.value:
        cursor.fail("an escape in a LIKE pattern is not documented", at)
    if kind == "c":
        try:
            ipaddress.ip_network(argument.value if "/" in argument.value else "")
        except ValueError:
            cursor.fail("not a network", at)


def check_regex(cursor: Cursor, pattern: str, at: int) -> None:
    """Refuse a pattern that is malformed or outside the part of PCRE that is played here."""
    try:
        translate(pattern)
    except UnsupportedRegex as error:
        raise SplSyntaxError(f"regular expression: {error}", cursor.text, at) from error
