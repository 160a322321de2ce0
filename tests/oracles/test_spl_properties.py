"""The evaluator of SPL: what holds for every formula and every text."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.spl.evaluator import matches

NAMES = ("a", "b", "c")
TRUTHS = st.dictionaries(st.sampled_from(NAMES), st.just("1"), max_size=3)


def formulas() -> st.SearchStrategy[tuple[object, ...]]:
    leaves = st.sampled_from([("leaf", name) for name in NAMES])
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(st.just("not"), inner),
            st.tuples(st.just("and"), inner, inner),
            st.tuples(st.just("or"), inner, inner),
        ),
        max_leaves=8,
    )


def truth(formula: tuple[object, ...], event: dict[str, str]) -> bool:
    kind, *parts = formula
    if kind == "leaf":
        return parts[0] in event
    truths = [truth(part, event) for part in parts if isinstance(part, tuple)]
    return {"not": not truths[0], "and": all(truths), "or": any(truths)}[str(kind)]


def search_text(formula: tuple[object, ...], above: int = 0) -> str:
    """As few parentheses as ``search`` allows: AND loosest (0), then OR (1), then NOT (2)."""
    kind, *parts = formula
    if kind == "leaf":
        return f"{parts[0]}=1"
    level = {"and": 0, "or": 1, "not": 2}[str(kind)]
    texts = [
        search_text(part, level + (kind == "not")) for part in parts if isinstance(part, tuple)
    ]
    text = "NOT " + texts[0] if kind == "not" else {"and": " ", "or": " OR "}[str(kind)].join(texts)
    return f"({text})" if level < above else text


def where_text(formula: tuple[object, ...], above: int = 0) -> str:
    """As few parentheses as ``where`` allows: OR loosest (0), then AND (1), then NOT (2)."""
    kind, *parts = formula
    if kind == "leaf":
        return f"isnotnull({parts[0]})"
    level = {"or": 0, "and": 1, "not": 2}[str(kind)]
    inner = level + (kind == "not")
    texts = [where_text(part, inner) for part in parts if isinstance(part, tuple)]
    text = "NOT " + texts[0] if kind == "not" else f" {str(kind).upper()} ".join(texts)
    return f"({text})" if level < above else text


@given(formulas(), TRUTHS)
def test_boolean_combinations(formula: tuple[object, ...], event: dict[str, str]) -> None:
    expected = truth(formula, event)
    assert matches(search_text(formula), dict(event)) is expected
    assert matches(f"* | where {where_text(formula)}", dict(event)) is expected


TEXTS = st.text(
    st.characters(exclude_characters="*", exclude_categories=["Cs"]), max_size=10
).filter(lambda text: "```" not in text and "/" not in text)
TRICKY = st.text(alphabet="aA\"\\|%_.?$^(){}[]`' \t\n", max_size=8).filter(lambda t: "```" not in t)


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


@given(st.one_of(TEXTS, TRICKY), st.one_of(TEXTS, TRICKY))
def test_a_quoted_value_matches_itself_and_nothing_else(text: str, other: str) -> None:
    search = f'f="{escaped(text)}"'
    assert matches(search, {"f": text})
    assert matches(search, {"f": ["no", text, "such"]})
    assert not matches(search, {"f": text + "x"})
    assert not matches(f"NOT {search}", {"f": text})
    if text.isascii() and other.isascii():
        assert matches(search, {"f": other}) is (text.lower() == other.lower())
        assert matches(search, {"f": text.swapcase()})


@given(st.one_of(TEXTS, TRICKY), st.one_of(TEXTS, TRICKY))
def test_a_literal_of_where_is_its_text(text: str, other: str) -> None:
    literal = f'"{escaped(text)}"'
    assert matches(f"* | where f={literal}", {"f": text})
    assert not matches(f"* | where f={literal}", {"f": text + "x"})
    regex = f'"^{escaped(re.escape(text))}\\\\z"'
    assert matches(f"* | where isnotnull(mvfind(f, {regex}))", {"f": [text + "y", text]})
    assert matches(f"* | where isnull(mvfind(f, {regex}))", {"f": [text + "y", text + "x"]})
    assert matches(f"* | where isnotnull(mvfind(f, {regex}))", {"f": other}) is (text == other)


WORDS = st.text(alphabet="aAbB.*?|$ \n", max_size=4)


@given(st.lists(WORDS, max_size=3), WORDS.filter(lambda text: "*" not in text))
def test_search_and_where_say_the_same_of_plain_values(values: list[str], text: str) -> None:
    """The form with mvfind() is that of a plain comparison, also under NOT and without values."""
    regex = f'"(?i)\\\\A{escaped(re.escape(text))}\\\\z"'
    found = matches(f'f="{escaped(text)}"', {"f": values})
    assert matches(f"* | where isnotnull(mvfind(f, {regex}))", {"f": values}) is found
    assert matches(f'NOT f="{escaped(text)}"', {"f": values}) is not found
    assert matches(f"* | where isnull(mvfind(f, {regex}))", {"f": values}) is not found


@given(WORDS, WORDS)
def test_stars_stand_for_any_text(pattern: str, text: str) -> None:
    regex = ".*".join(map(re.escape, pattern.lower().split("*")))
    expected = re.fullmatch(regex, text.lower(), re.DOTALL) is not None
    assert matches(f'f="{escaped(pattern)}"', {"f": text}) is expected
    assert matches(f'f IN (zzz, "{escaped(pattern)}")', {"f": text}) is expected
