"""A Hypothesis strategy for regular expressions (``kqlx.regular_expressions``)."""

from __future__ import annotations

from hypothesis import strategies as st

from kqlx.regular_expressions import (
    ANY_CHAR,
    Char,
    CharClass,
    Choice,
    Item,
    Repeat,
    Sequence,
    from_text,
)
from kqlx.testing.edges import TEXTS

_RANGES = [("a", "f"), ("A", "Z"), ("0", "9"), ("-", "-"), ("]", "]"), ("é", "é")]


def expressions() -> st.SearchStrategy[Item]:
    """A regular expression, mostly of letters and signs that occur in the values of events."""
    char = st.one_of(st.sampled_from('abAB.*$^/ "\\-&'), st.characters(exclude_categories=["Cs"]))
    ranges = st.sampled_from(_RANGES)
    one = st.one_of(
        char.map(Char),
        st.just(ANY_CHAR),
        st.builds(CharClass, st.lists(ranges, min_size=1, max_size=2).map(tuple), st.booleans()),
        st.sampled_from(TEXTS).map(from_text),
    )
    counts = st.sampled_from([(0, None), (1, None), (0, 1), (2, 2), (1, 3)])

    def larger(inner: st.SearchStrategy[Item]) -> st.SearchStrategy[Item]:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        repeated = st.builds(lambda item, ends: Repeat(item, *ends), inner, counts)
        return st.one_of(several.map(Sequence), several.map(Choice), repeated)

    return st.recursive(one, larger, max_leaves=5)
