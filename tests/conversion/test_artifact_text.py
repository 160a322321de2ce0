"""What the texts of artifacts are written with."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from kqlx.backends.artifact_text import _indented_json, json_text

TEXTS = st.text(st.characters(codec=None, categories=None), max_size=6)
KEYS = st.one_of(TEXTS, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(TEXTS, st.integers(), st.booleans(), st.none(), st.floats()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(KEYS, inner, max_size=3),
    ),
)


@given(VALUES, st.sampled_from([1, 2, 4]))
@example({"a": [], "b": {}, "c": ["\ud800", '"\\\n\u2028'], "d": {"": [[1], ()]}}, 2)
def test_json_is_indented_as_the_standard_library_does_it(value: Any, indent: int) -> None:
    expected = json.dumps(value, indent=indent, ensure_ascii=False)
    assert _indented_json(value, " " * indent) == expected


@given(VALUES, st.sampled_from([None, 2]))
@example(["\ud800\x7f\x85\x1b"], 2)
def test_json_has_no_control_characters_and_no_halves_of_others(
    value: Any, indent: int | None
) -> None:
    made = json_text(value, indent).replace("\n", "")
    assert {unicodedata.category(character) for character in made}.isdisjoint({"Cc", "Cs"})
