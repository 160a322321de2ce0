"""What is doubtful in the text of a query in EQL, beyond what its tree says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kqlx.frontends.eql import LANGUAGE
from kqlx.frontends.eql.functions import type_of
from kqlx.frontends.kql.wording import short
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
    walk,
)
from kqlx.notes import Note
from kqlx.patterns import ANY_ONE, ANY_RUN, Token
from kqlx.regexes import late_regex

_WILD = late_regex(r"\*|\?(?=:\\|\*)")
_PIECES = late_regex(r"[*?]|[^*?]+")
_TOKENS: dict[str, Token] = {"*": ANY_RUN, "?": ANY_ONE}


def check(root: Node, text: str, types: Mapping[str, str]) -> Iterator[Note]:
    """The doubts about wildcards that are none, and comparisons that never hold."""
    for node in walk(root):
        if isinstance(node, Equals) and isinstance(node.value.value, str):
            yield from _wildcard(node)
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
