"""What the texts of artifacts are written with."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from kqlx.backends.artifact_text import json_text

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


@given(VALUES, st.sampled_from([None, 1, 2, 4]))
@example({"a": [], "b": {}, "c": ["\ud800", '"\\\n\u2028'], "d": {"": [[1], ()]}}, 2)
def test_json_is_indented_as_the_standard_library_does_it(value: Any, indent: int | None) -> None:
    expected = json.dumps(value, indent=indent, ensure_ascii=False)
    made = json_text(value, indent)
    halves = "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in expected)
    assert made == halves
