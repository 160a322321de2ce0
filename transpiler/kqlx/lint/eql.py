"""What is doubtful in the text of a query in EQL, beyond what its tree says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kqlx.frontends.eql import LANGUAGE
from kqlx.frontends.eql.functions import type_of
from kqlx.frontends.kql.wording import short
from kqlx.hints import did_you_mean
from kqlx.lint.wording import note, suggest_node
from kqlx.nodes import (
    Call,
    Case,
    Equals,
    FunctionTest,
    Like,
    Literal,
    Node,
    Pattern,
    Regexp,
    walk,
)
from kqlx.notes import Note
from kqlx.patterns import ANY_ONE, ANY_RUN, Token
from kqlx.regexes import late_regex

_WILD = late_regex(r"\*|\?(?=:\\|\*)")
_PIECES = late_regex(r"[*?]|[^*?]+")
_ANCHOR = late_regex(r'(?:"|[(|])(\^)|(?<!\\)(\$)(?:"|[|)])')
_CATEGORIES = (
    *("api", "authentication", "configuration", "database", "driver", "email", "file", "host"),
    *("iam", "intrusion_detection", "library", "malware", "network", "package", "process"),
    *("registry", "session", "threat", "vulnerability", "web"),
)
"""https://www.elastic.co/docs/reference/ecs/ecs-allowed-values-event-category"""
_TOKENS: dict[str, Token] = {"*": ANY_RUN, "?": ANY_ONE}


def check(root: Node, text: str, types: Mapping[str, str]) -> Iterator[Note]:
    """The doubts about wildcards that are none, and comparisons that never hold."""
    for node in walk(root):
        if isinstance(node, Equals) and isinstance(node.value.value, str):
            yield from _wildcard(node)
            yield from _category(node, text)
        elif isinstance(node, Like):
            yield from _wildcard_in_part(node)
        elif isinstance(node, Regexp):
            yield from _anchors(node, text)
        elif isinstance(node, FunctionTest):
            yield from _kinds(node)


def _wildcard(test: Equals) -> Iterator[Note]:
    """``f == "a*"``: a wildcard is one in a pattern alone."""
    value = test.value.name
    found = _WILD.search(value)
    if found is None:
        return
    operators = "`in~`" if test.case is Case.FOLDED else "`==` and `in`"
    message = f"{found[0]} is no wildcard with {operators}: it matches only itself"
    tokens = [_TOKENS.get(piece, piece) for piece in _PIECES.findall(value)]
    pattern = Like(test.field, Pattern.of(*tokens), case=test.case, whole=True)
    yield note("wildcard-in-value", message, test.value.span, suggest_node(pattern, LANGUAGE))


def _wildcard_in_part(test: Like) -> Iterator[Note]:
    """``startsWith(f, "a*")``: nothing in the text of a function is a wildcard."""
    sign = next((sign for part in test.pattern.literals for sign in "*" if sign in part), None)
    if sign is None:
        return
    message = f"{sign} is no wildcard in the text of a function: it matches only itself"
    tokens: list[Token] = []
    for token in test.pattern.tokens:
        pieces = _PIECES.findall(token) if isinstance(token, str) else []
        tokens += [_TOKENS.get(piece, piece) for piece in pieces] or [token]
    pattern = Pattern.of(*tokens)
    asked = Like(test.field, pattern.collapsed(), case=test.case, whole=True)
    yield note("wildcard-in-value", message, test.span, suggest_node(asked, LANGUAGE))


def _anchors(test: Regexp, text: str) -> Iterator[Note]:
    """``f regex "^a$"``: an expression is held against the whole value, and has no anchors."""
    if found := _ANCHOR.search(text[slice(*test.span)]):
        message = f"{found[1] or found[2]} is no anchor in EQL, and matches only itself"
        hint = "leave it out: an expression is held against the whole value"
        yield note("anchor-in-expression", message, test.span, hint)


def _category(test: Equals, text: str) -> Iterator[Note]:
    """``proces where …``: a category that ECS does not have, and has one like it."""
    value = test.value.name
    written = text[slice(*test.value.span)]
    if test.field.name != "event.category" or test.field.span != test.value.span:
        return
    if value in _CATEGORIES or written.strip('"') != value:
        return
    if hint := did_you_mean(value, _CATEGORIES):
        message = f'no event has the category "{short(value)}" of ECS'
        yield note("unknown-category", message, test.value.span, hint)


def _kinds(test: FunctionTest) -> Iterator[Note]:
    """``length(f) == "5"``: a number is never a text."""
    call = test.call
    if call.function != "equals":
        return
    made, value = call.arguments
    if not isinstance(made, Call) or not isinstance(value, Literal):
        return
    number = type_of(made) in ("number", "integer")
    if number and isinstance(value.value, str) and value.kind == "string":
        hint = "leave the quotes out"
        if made.function == "subtract" and not any(isinstance(a, Call) for a in made.arguments):
            hint = "a name with a hyphen stands between backquotes"
        message = f'a number never equals the text "{short(value.name)}"'
        yield note("number-and-text", message, test.span, hint)
