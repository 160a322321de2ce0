"""A Hypothesis strategy for the trees of queries in EQL: all that a text can say, and values that
are awkward to spell.
"""

from __future__ import annotations

from hypothesis import strategies as st

from kqlx.frontends.lucene import parse as read_regexp
from kqlx.nodes import (
    Always,
    And,
    Call,
    Case,
    Compare,
    Equals,
    Exists,
    FieldValue,
    FunctionTest,
    Kind,
    Like,
    Literal,
    Never,
    Node,
    Not,
    Operand,
    Operator,
    Or,
    Pattern,
    Regexp,
)
from kqlx.patterns import ANY_ONE, ANY_RUN, Token
from kqlx.regular_expressions import CharClass, Choice, Item, Repeat, Sequence, lucene
from kqlx.testing.edges import TEXTS
from kqlx.testing.expressions import expressions

NAMES = (
    *("process.name", "process.command_line", "host.name", "source.ip", "a", "@timestamp"),
    *("user.by", "my-field", "6.ports", "with blank", "tick`ed", "in", "where.any"),
)
_NETWORKS = ("10.0.0.0/8", "192.168.1.1", "::1", "fe80::/10", "0.0.0.0/0")
_NUMBERS = ("0", "5", "-3", "1.5", "-0.25", "1e3", "65536")
_SIGNS = ("*", "?", '"', '"""', "\\", "\\\\", "'", "\n", "\t", "\x00", "`", "//", "/*", "é", "😀")


def texts() -> st.SearchStrategy[str]:
    """Any text without lone surrogates."""
    pieces = st.one_of(st.sampled_from(TEXTS), st.sampled_from(_SIGNS))
    joined = st.lists(pieces, max_size=3).map("".join)
    return st.one_of(joined, st.text(st.characters(exclude_categories=["Cs"]), max_size=6))


def _plain_texts() -> st.SearchStrategy[str]:
    return texts().filter(lambda text: "*" not in text and "?" not in text)


def _string(text: str) -> Literal:
    return Literal(text, True, kind="string")


def _number(text: str) -> Literal:
    return Literal(text, False, kind="number")


@st.composite
def _patterns(draw: st.DrawFn) -> Pattern:
    """A pattern that a text can say: with plain texts, or of one text behind or before a star."""
    if draw(st.integers(0, 4)) == 0:
        text = draw(texts().filter(bool))
        shapes: list[tuple[Token, ...]] = [(text, ANY_RUN), (ANY_RUN, text)]
        return Pattern.of(*draw(st.sampled_from([*shapes, (ANY_RUN, text, ANY_RUN)])))
    wildcard: st.SearchStrategy[Token] = st.sampled_from([ANY_RUN, ANY_ONE])
    token: st.SearchStrategy[Token] = st.one_of(wildcard, _plain_texts())
    tokens = draw(st.lists(token, min_size=1, max_size=4))
    return Pattern.of(*tokens, draw(wildcard))


def _has_letter_range(item: Item) -> bool:
    match item:
        case CharClass():
            return any(a != b and (a.isalpha() or b.isalpha()) for a, b in item.ranges)
        case Repeat():
            return _has_letter_range(item.item)
        case Sequence() | Choice():
            return any(map(_has_letter_range, item.items))
    return False


@st.composite
def _leaves(draw: st.DrawFn) -> Node:
    field = Literal(draw(st.sampled_from(NAMES)), optional=draw(st.booleans()))
    case = draw(st.sampled_from(Case))
    kinds = ["text", "text", "like", "like", "exists", "number", "boolean", "network", "compare"]
    match draw(st.sampled_from([*kinds, "regexp", "function", "always", "never"])):
        case "text":
            return Equals(field, _string(draw(texts())), case=case)
        case "like":
            pattern = draw(_patterns().filter(lambda each: not each.is_lone_star))
            return Like(field, pattern, case=case, whole=True)
        case "exists":
            return Exists(field)
        case "number":
            return Equals(field, _number(draw(st.sampled_from(_NUMBERS))))
        case "boolean":
            return Equals(field, Literal(draw(st.booleans()), kind="boolean"))
        case "network":
            kind: Kind = "address"
            return Equals(field, Literal(draw(st.sampled_from(_NETWORKS)), True, kind=kind))
        case "compare":
            operators: list[Operator] = ["gt", "gte", "lt", "lte"]
            value = draw(st.one_of(texts().map(_string), st.sampled_from(_NUMBERS).map(_number)))
            return Compare(field, draw(st.sampled_from(operators)), value)
        case "regexp":
            expression = draw(_expressions())
            if case is Case.FOLDED and _has_letter_range(expression):
                case = Case.EXACT
            return Regexp(field, expression, case=case)
        case "function":
            return FunctionTest(draw(_conditions()))
    return Always() if draw(st.booleans()) else Never()


def _text(value: Operand) -> Operand:
    return Call("string", (value,))


def _expressions() -> st.SearchStrategy[Item]:
    """A regular expression as it is read back."""
    return expressions().map(lambda drawn: read_regexp(lucene(drawn)))


def _operands() -> st.SearchStrategy[Operand]:
    """What a function makes of the values of fields."""
    fields = st.sampled_from(NAMES).map(lambda name: FieldValue(Literal(name)))
    cases = st.sampled_from(Case)
    strings = texts().map(_string)

    def larger(inner: st.SearchStrategy[Operand]) -> st.SearchStrategy[Operand]:
        numbers = st.integers(0, 9).map(lambda number: _number(str(number)))
        return st.one_of(
            inner.map(lambda value: Call("substring", (_text(value), _number("0"), _number("-1")))),
            st.builds(lambda a, b: Call("concat", (a, b)), inner, st.one_of(inner, strings)),
            st.builds(lambda a, b: Call("add", (Call("length", (_text(a),)), b)), inner, numbers),
            st.builds(
                lambda a, b, case: Call("index_of", (Call("string", (a,)), b), case=case),
                inner,
                strings,
                cases,
            ),
            inner.map(lambda value: Call("string", (value,))),
            inner.map(lambda value: Call("negate", (Call("number", (Call("string", (value,)),)),))),
        )

    return st.recursive(larger(fields), larger, max_leaves=3)


@st.composite
def _conditions(draw: st.DrawFn) -> Call:
    """A condition on such values, which no other node says."""
    value = Call("string", (draw(_operands()),))
    case = draw(st.sampled_from(Case))
    match draw(st.sampled_from(["equals", "like", "regexp", "starts", "length", "exists"])):
        case "equals":
            return Call("equals", (value, _string(draw(texts()))), case=case)
        case "like":
            patterns = _patterns().filter(lambda each: not any(map(_wild, each.literals)))
            return Call("like", (value, draw(patterns)), case=case)
        case "regexp":
            expression = draw(_expressions())
            if case is Case.FOLDED and _has_letter_range(expression):
                case = Case.EXACT
            return Call("regexp", (value, expression), case=case)
        case "starts":
            field = FieldValue(Literal(draw(st.sampled_from(NAMES))))
            functions = ("starts_with", "ends_with", "contains")
            name = draw(st.sampled_from(functions))
            return Call(name, (value, field), case=case)  # type: ignore[arg-type] # one of them
        case "length":
            return Call("gte", (Call("length", (value,)), _number("7")))
    return Call("exists", (value,))


def _wild(text: str) -> bool:
    return "*" in text or "?" in text


def function_tests() -> st.SearchStrategy[FunctionTest]:
    """A condition on what functions make of values of fields."""
    return _conditions().map(FunctionTest)


def eql_trees(depth: int = 3) -> st.SearchStrategy[Node]:
    """A tree that some query in EQL means."""
    if not depth:
        return _leaves()
    inner = eql_trees(depth - 1)
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        _leaves(), several.map(And), several.map(Or), inner.map(Not), _lists(), _leaves()
    )


@st.composite
def _lists(draw: st.DrawFn) -> Node:
    """Several values of one field."""
    field = Literal(draw(st.sampled_from(NAMES)))
    case = draw(st.sampled_from(Case))
    one = st.one_of(
        texts().map(lambda text: Equals(field, _string(text), case=case)),
        _patterns()
        .filter(lambda each: not each.is_lone_star)
        .map(lambda pattern: Like(field, pattern, case=case, whole=True)),
        st.just(Exists(field)),
    )
    return Or(tuple(draw(st.lists(one, min_size=2, max_size=4))))
