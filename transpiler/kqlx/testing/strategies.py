"""Hypothesis strategies that tests share: trees of queries, and events at the edges of a tree.

``trees()`` draws a tree of any shape over the fields of ``edges.TYPES``; ``events_for(tree)`` draws
events that lie close to its borders: for every test in it values that just pass and just fail,
values of another letter case, longer and shorter by a character, missing, null and listed ones, in
nested and dotted spelling. Together, in a test of a target:

    @given(data=st.data())
    def test_target_agrees_with_kibana(data):
        tree = data.draw(trees(free_text=False))
        event = data.draw(events_for(tree))
        assert run_on_target(emit(tree), event) == matches(tree, event, TYPES, now=NOW)

Every tree drawn could have come from the parser, ``Never`` (off by default) excepted: unquoted
texts are trimmed, ``true``, ``false`` and ``null`` are quoted or typed, stars alone make an
``Exists``. Tests that fold letters
(``any_case``) and regular expressions (``regexps``), off by default, are made by other languages.
Lone surrogates do not occur; draw them yourself where a target must face them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from kqlx.frontends.kql.syntax import TRIMMED
from kqlx.nodes import (
    Always,
    And,
    Case,
    Compare,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    FunctionTest,
    Like,
    Literal,
    Nested,
    Never,
    Node,
    Not,
    Operator,
    Or,
    Pattern,
    Regexp,
    Term,
    walk,
)
from kqlx.patterns import ANY_ONE, ANY_RUN, Token
from kqlx.testing.edges import (
    BOOLEANS,
    CONTAINERS,
    EVERYTHING,
    TEXTS,
    TYPES,
    VALUES_OF_TYPE,
    edge_values,
    field_names,
    function_values,
    put,
)
from kqlx.testing.expressions import expressions

# Trees

_WITH_CASE = frozenset({"keyword", "constant_keyword", "wildcard"})


@st.composite
def literals(draw: st.DrawFn, type_name: str = "keyword", null: bool = True) -> Literal:
    """A value as it may stand in a query: mostly one that suits the type, sometimes any."""
    suitable = VALUES_OF_TYPE.get(type_name, TEXTS)
    pools = [st.sampled_from(suitable)] * 4 + [st.sampled_from(EVERYTHING)]
    if suitable is TEXTS:
        pools.append(st.text(st.characters(exclude_categories=["Cs"]), max_size=6))
    text = draw(st.one_of(pools))
    if draw(st.booleans()):
        return Literal(text, phrase=True)
    text = text.strip(TRIMMED)
    if text == "null":
        return Literal(None) if null else Literal(text, phrase=True)
    return Literal(text == "true") if text in BOOLEANS else Literal(text)


@st.composite
def patterns(draw: st.DrawFn, *, one_character: bool = False) -> Pattern:
    """A text with one to three stars in it, and something else than stars, mostly; with the
    wildcard for ``one_character`` too, if wanted, which no query of Kibana KQL has.
    """
    count = draw(st.integers(2, 4))
    pieces = [*TEXTS, "", "", "", "10.", "20"]
    parts = draw(st.lists(st.sampled_from(pieces), min_size=count, max_size=count))
    if parts == ["", ""]:
        parts = ["a", ""]
    parts[0] = parts[0].lstrip(TRIMMED)
    parts[-1] = parts[-1].rstrip(TRIMMED)
    pattern = Pattern.between_stars(parts)
    if not one_character or draw(st.booleans()):
        return pattern
    wildcards: list[Token] = [ANY_ONE, ANY_ONE, ANY_RUN]
    place = draw(st.integers(0, len(pattern.tokens)))
    token = draw(st.sampled_from(wildcards))
    return Pattern.of(*pattern.tokens[:place], ANY_ONE, *pattern.tokens[place:], token)


@st.composite
def leaves(
    draw: st.DrawFn,
    fields: Mapping[str, str],
    *,
    wildcard_fields: bool = True,
    null: bool = True,
    any_case: bool = False,
    one_character: bool = False,
    regexps: bool = False,
) -> Node:
    """A test of one field out of ``fields``, name → type, in any of the four forms; in ``any_case``
    also one that folds letters, and with ``regexps`` a regular expression, which no text in Kibana
    KQL says.
    """
    name = draw(st.sampled_from(sorted(fields)))
    field: Term = Literal(name)
    if wildcard_fields and len(name) > 1 and draw(st.integers(0, 9)) == 0:
        cut = draw(st.integers(0, len(name)))
        field = Pattern.between_stars(
            (name[:cut], draw(st.sampled_from(["", name[-1], name[cut:]])))
        )
        if field.is_lone_star:
            field = Literal(name)
    kind = fields[name]
    folds = any_case and kind in _WITH_CASE and isinstance(field, Literal)
    case = draw(st.sampled_from(Case)) if folds else Case.EXACT
    takes_regexp = regexps and kind in _WITH_CASE
    if takes_regexp and isinstance(field, Literal) and draw(st.integers(0, 4)) == 0:
        return Regexp(field, draw(expressions()), case=case)
    match draw(st.sampled_from(["equals", "equals", "like", "exists", "compare"])):
        case "equals":
            return Equals(field, draw(literals(kind, null)), case=case)
        case "like":
            return Like(field, draw(patterns(one_character=one_character)), case=case)
        case "exists":
            return Exists(field)
    operators: list[Operator] = ["gt", "gte", "lt", "lte"]
    operator = draw(st.sampled_from(operators))
    return Compare(field, operator, draw(literals(kind, null)))


@st.composite
def trees(
    draw: st.DrawFn,
    fields: Mapping[str, str] = TYPES,
    depth: int = 3,
    *,
    nested: bool = True,
    free_text: bool = True,
    wildcard_fields: bool = True,
    null: bool = True,
    never: bool = False,
    any_case: bool = False,
    one_character: bool = False,
    regexps: bool = False,
) -> Node:
    """A tree of at most ``depth`` levels above its leaves.

    ``fields`` maps names to Elasticsearch types, "nested" and "object" ones among them: groups are
    made for the former, with the fields below the path. The switches leave out constructs: nested
    groups, values without a field, names with stars, the literal null, ``Never``, tests that fold
    letters, the wildcard for ``one_character``, and regular expressions.
    """
    options: dict[str, bool] = {
        "wildcard_fields": wildcard_fields,
        "null": null,
        "any_case": any_case,
        "one_character": one_character,
        "regexps": regexps,
    }
    plain = {name: kind for name, kind in fields.items() if kind not in CONTAINERS}
    groups = sorted(name for name, kind in fields.items() if kind == "nested")
    plain.setdefault("other.field", "keyword")
    inside = tuple(path + "." for path in groups)
    outside = {name: kind for name, kind in plain.items() if not name.startswith(inside)}
    kinds = ["leaf"] * 8 + ["always"]
    kinds += ["free"] * free_text + ["never"] * never + ["group"] * (nested and bool(groups))
    if depth > 0:
        kinds += ["and", "or", "not"] * 4
    kind = draw(st.sampled_from(kinds))
    if kind == "leaf":
        return draw(leaves(outside if outside else plain, **options))
    if kind == "free":
        value = draw(st.one_of(literals(null=null), patterns(), st.just(Pattern.of(ANY_RUN))))
        return FreeText(value)
    if kind in ("always", "never"):
        return Always() if kind == "always" else Never()
    if kind == "group":
        path = draw(st.sampled_from(groups))
        below = {
            name.removeprefix(path + "."): type_name
            for name, type_name in fields.items()
            if name.startswith(path + ".")
        }
        below = below or {"name": "keyword"}
        return Nested(
            Literal(path),
            draw(
                trees(
                    below, min(depth, 2), nested=nested, free_text=free_text, never=never, **options
                )
            ),
        )
    inner = trees(fields, depth - 1, nested=nested, free_text=free_text, never=never, **options)
    if kind == "not":
        return Not(draw(inner))
    items = tuple(draw(st.lists(inner, min_size=2, max_size=3)))
    return And(items) if kind == "and" else Or(items)


# Events


@st.composite
def events_for(draw: st.DrawFn, node: Node, types: Mapping[str, str] = TYPES) -> dict[str, Any]:
    """An event at the edges of a tree.

    Each field that the tree names is missing, null, empty, one edge value of its tests
    (``edge_values``), or a list of such, with lists within; it is spelled nested or dotted. For a
    nested group there are up to three objects, each made the same way.
    """
    return draw(_objects([node], types, ""))


@st.composite
def _objects(
    draw: st.DrawFn, nodes: Sequence[Node], types: Mapping[str, str], prefix: str
) -> dict[str, Any]:
    edges: dict[str, list[Any]] = {}
    groups: dict[str, list[Node]] = {}
    for node in nodes:
        _collect(node, types, prefix, edges, groups)
    event: dict[str, Any] = {}
    for name, values in edges.items():
        value = draw(_one_or_many(values))
        if value is not _MISSING:
            put(event, name, value, dotted=draw(st.booleans()))
    for path, items in groups.items():
        inner = draw(st.lists(_objects(items, types, prefix + path + "."), max_size=3))
        if inner:
            single = len(inner) == 1 and draw(st.booleans())
            put(event, path, inner[0] if single else inner, dotted=draw(st.booleans()))
    return event


_MISSING = object()


def _one_or_many(values: Sequence[Any]) -> st.SearchStrategy[Any]:
    one = st.sampled_from(values)
    many = st.lists(one, min_size=1, max_size=3)
    return st.one_of(
        one,
        one,
        one,
        many,
        many.map(lambda items: [None, items]),
        st.sampled_from([_MISSING, None, []]),
    )


def _collect(
    node: Node,
    types: Mapping[str, str],
    prefix: str,
    edges: dict[str, list[Any]],
    groups: dict[str, list[Node]],
) -> None:
    """The edge values of each field, and the items of each group, outside of groups."""
    if isinstance(node, And | Or):
        for item in node.items:
            _collect(item, types, prefix, edges, groups)
    elif isinstance(node, Not):
        _collect(node.item, types, prefix, edges, groups)
    elif isinstance(node, Nested):
        groups.setdefault(node.path.name, []).append(node.item)
    elif isinstance(node, FreeText):
        names = ["null"] if prefix else ["event.action", "message", "source.bytes", "source.ip"]
        for name in names:
            edges.setdefault(name, []).extend(edge_values(node, types.get(name)))
    elif isinstance(node, FunctionTest):
        for field in node.fields:
            edges.setdefault(field.name, []).extend(function_values(node))
    elif isinstance(node, FieldTest | Regexp):
        for name in field_names(node.field, types, prefix):
            values = edge_values(node, types.get(prefix + name))
            if types.get(prefix + name) == "flattened":
                name += ".inner"
            edges.setdefault(name, []).extend(values)


def has(node: Node, *kinds: type) -> bool:
    """Whether the tree has a node of one of these classes; for ``assume``."""
    return any(isinstance(item, kinds) for item in walk(node))
