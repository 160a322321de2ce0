"""Clauses of Query DSL as other people write them × event → does it match, value by value, read
from Elasticsearch's documentation; and a strategy that draws such clauses.

Where ``dsl`` asks ``kqlx.evaluate`` what a clause of ours means, here each value of a field is held
against the clause by itself: patterns as regular expressions, both limits of a range on one value,
terms on text word by word. Only the types of values, dates and addresses are the evaluator's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from typing import Any

from hypothesis import strategies as st

from kqlx.elastic import date_math
from kqlx.elastic.dynamic_type import Dynamic
from kqlx.elastic.field_types import FieldType, text_of
from kqlx.elastic.string_types import Keyword, Text
from kqlx.elastic.text_analysis import words
from kqlx.evaluate.event_fields import objects
from kqlx.evaluate.schema import Schema, some_value
from kqlx.nodes import Equals, FieldTest, Like, Literal, Operator, Pattern
from kqlx.testing.edges import NOW, TEXTS, TYPES, VALUES_OF_TYPE

Json = Mapping[str, Any]
Test = Callable[[Any], bool]

_SCHEMA = Schema(TYPES, date_math.instant_of(NOW), UTC)
_LIMITS: tuple[Operator, ...] = ("gt", "gte", "lt", "lte")


def clause_matches(clause: Json, event: Json, *, path: str = "") -> bool:
    """``path`` is that of the nested objects around the clause, with its full stop."""
    ((kind, body),) = clause.items()

    def inner(other: Json) -> bool:
        return clause_matches(other, event, path=path)

    if kind == "bool":
        return _bool(body, inner)
    if kind in ("match_all", "match_none"):
        return kind == "match_all"
    if kind == "nested":
        within = body["path"] + "."
        return any(
            clause_matches(body["query"], item, path=within)
            for item in objects(event, body["path"].removeprefix(path))
        )
    if kind == "exists":
        return _SCHEMA.exists(body["field"].removeprefix(path), path)(event)
    ((name, options),) = body.items()
    short = name.removeprefix(path)
    if _SCHEMA.is_hidden(name, path.rstrip(".")):
        return False
    return some_value(_SCHEMA.field(short, path), lambda type: _test(kind, options, type))(event)


def _bool(body: Json, inner: Callable[[Json], bool]) -> bool:
    needed = [*body.get("must", []), *body.get("filter", [])]
    should = body.get("should", [])
    least = body.get("minimum_should_match", 0 if needed else 1) if should else 0
    least = least + len(should) if least < 0 else least
    return (
        all(map(inner, needed))
        and not any(map(inner, body.get("must_not", [])))
        and sum(map(inner, should)) >= least
    )


def _test(kind: str, options: Any, type: FieldType) -> Test | None:
    if kind == "terms":
        tests = [_test("term", {"value": value}, type) for value in options]
        return lambda value: any(test(value) for test in tests if test)
    if kind == "range":
        limits = [type.compare(op, _literal(options[op])) for op in _LIMITS if op in options]
        return lambda value: all(limit is not None and limit(value) for limit in limits)
    if kind == "match_phrase":
        return type.any_of([_literal(options)])
    if kind == "match":
        return type.any_of([Literal(text_of(options))])
    wanted = text_of(options["value"])
    is_text = isinstance(type, Text)
    flags = re.DOTALL
    if options.get("case_insensitive"):
        flags |= re.IGNORECASE | re.ASCII
    if kind == "term" and not is_text and not flags & re.IGNORECASE:
        return type.any_of([_literal(options["value"])])
    if kind != "term" and not isinstance(type, Keyword | Text | Dynamic):
        return None
    pattern = re.escape(wanted)
    if kind == "prefix":
        pattern += ".*"
    elif kind == "wildcard":
        pattern = "".join(_pieces(wanted))
    fits = re.compile(pattern, flags).fullmatch
    if is_text:
        return lambda value: any(map(fits, words(text_of(value))))
    return lambda value: (
        (isinstance(value, str) or isinstance(type, Keyword)) and bool(fits(text_of(value)))
    )


def _pieces(text: str) -> Iterator[str]:
    signs = iter(text)
    for sign in signs:
        if sign == "\\":
            yield re.escape(next(signs, "\\"))
        else:
            yield {"*": ".*", "?": "."}.get(sign) or re.escape(sign)


def _literal(value: Any) -> Literal:
    return Literal(value if isinstance(value, bool) else text_of(value), phrase=True)


# Drawn clauses

_PLAIN = {name: kind for name, kind in TYPES.items() if kind not in ("nested", "object")}
_OUTSIDE = {name: kind for name, kind in _PLAIN.items() if not name.startswith("parts.")}
_INSIDE = {name: kind for name, kind in _PLAIN.items() if name.startswith("parts.")}
_KINDS = ["match_phrase", "match", "term", "terms", "wildcard", "prefix", "exists", "range"]
_PIECES = ["a", "B", "send", "*", "*", "?", "\\*", "\\?", "\\\\", " ", "C:\\\\", ":"]


@st.composite
def leaf_clauses(draw: st.DrawFn, fields: Mapping[str, str]) -> dict[str, Any]:
    name = draw(st.sampled_from(sorted([*fields, "other.field"])))
    kind = draw(st.sampled_from(_KINDS))
    values = st.sampled_from(VALUES_OF_TYPE.get(fields.get(name, ""), [*TEXTS, "send", "abc"]))
    if fields.get(name) in ("long", "byte", "double"):
        values = st.one_of(values, st.integers(-2, 200), st.sampled_from([5.5, 5.0, -0.5]))
    if fields.get(name) == "boolean":
        values = st.one_of(values, st.booleans())
    if kind == "exists":
        return {"exists": {"field": name}}
    if kind == "terms":
        return {"terms": {name: draw(st.lists(values, max_size=3))}}
    if kind == "range":
        limits = draw(st.lists(st.sampled_from(_LIMITS), min_size=1, max_size=2, unique=True))
        return {"range": {name: {limit: draw(values) for limit in limits}}}
    if kind in ("match", "match_phrase"):
        return {kind: {name: draw(values)}}
    value = draw(values)
    if kind == "wildcard":
        value = "".join(draw(st.lists(st.sampled_from(_PIECES), min_size=1, max_size=5)))
    options: dict[str, Any] = {"value": str(value) if kind != "term" else value}
    if kind != "term" or fields.get(name) in ("keyword", "text", "match_only_text"):
        options |= {"case_insensitive": True} if draw(st.booleans()) else {}
    return {kind: {name: options}}


@st.composite
def clauses(draw: st.DrawFn, depth: int = 2, inside: bool = False) -> dict[str, Any]:
    kinds = ["leaf"] * 3 + ["bool"] * 3 * (depth > 0) + ["nested"] * (depth > 0 and not inside)
    kind = draw(st.sampled_from(kinds))
    if kind == "leaf":
        return draw(leaf_clauses(_INSIDE if inside else _OUTSIDE))
    if kind == "nested":
        return {"nested": {"path": "parts", "query": draw(clauses(depth - 1, inside=True))}}
    several = st.lists(clauses(depth - 1, inside), min_size=1, max_size=3)
    keys = st.lists(st.sampled_from(["must", "filter", "should", "must_not"]), unique=True)
    body: dict[str, Any] = {key: draw(several) for key in draw(keys)}
    if "should" in body and draw(st.booleans()):
        body["minimum_should_match"] = draw(st.integers(-2, 3))
    return {"bool": body}


def border_tests(clause: Json) -> Iterator[FieldTest]:
    """A test of each field that the clause names, for events near the border of it."""
    ((kind, body),) = clause.items()
    if kind == "bool":
        for value in body.values():
            for inner in value if isinstance(value, list) else []:
                yield from border_tests(inner)
    elif kind == "nested":
        yield from border_tests(body["query"])
    elif kind != "exists":
        ((name, options),) = body.items()
        found = options if isinstance(options, list) else [options]
        for item in found:
            for value in item.values() if isinstance(item, dict) else [item]:
                if value is not True:
                    text = text_of(value)
                    yield Equals(Literal(name), Literal(text.replace("?", "x").replace("\\", "")))
                    yield Like(Literal(name), Pattern.from_stars(f"{text}*"))
    else:
        yield Equals(Literal(body["field"]), Literal("a"))
