"""The regular expressions of searches, read by PCRE2: what they match, and that no value makes one
take more steps than Splunk allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import kqlx
from kqlx.backends.spl.syntax import regex
from kqlx.backends.spl.text_fields import superset_regex
from kqlx.elastic.text_analysis import word_patterns
from kqlx.nodes import Like, Literal
from kqlx.patterns import ANY_ONE, ANY_RUN, Pattern
from tests.conftest import examples, missing
from tests.oracles import pcre
from tests.oracles.spl.regexes import translate

_SEARCHED = re.compile(r'(?:mvfind|match)\((?:[^"(]|\([^()]*\))*, "((?:\\.|[^"\\])*)"\)', re.DOTALL)
TOKENS = st.lists(
    st.one_of(st.sampled_from(["a", "b", "ab", "["]), st.sampled_from([ANY_RUN, ANY_ONE])),
    max_size=12,
)
PATTERNS = TOKENS.map(lambda tokens: Pattern.of(*tokens))
TEXTS = st.text("ab[\n", max_size=14)


@pytest.fixture(autouse=True)
def _engine() -> None:
    if not pcre.is_there():
        missing("the library pcre2-8 is not installed")


@given(PATTERNS, TEXTS)
@examples(300)
def test_a_regular_expression_fits_what_its_pattern_fits(pattern: Pattern, text: str) -> None:
    written = rf"(?s)\A{pattern.as_atomic_regex(regex)}\z"
    assert pcre.finds(written, text) == pattern.fits(text)
    assert bool(translate(written).search(text)) == pattern.fits(text)


@given(st.lists(st.sampled_from(["a", "b", " ", ANY_RUN]), min_size=1, max_size=10), TEXTS)
@examples(200)
def test_pieces_of_a_text_are_found_wherever_they_are(tokens: list[str], text: str) -> None:
    test = Like(Literal("message"), Pattern.of(*tokens))
    pieces = word_patterns(test)
    assume(pieces)
    expected = any(piece.within().fits(text) for piece in pieces)
    assert pcre.finds(superset_regex(test), text) == expected


def _regexes(query: str) -> Iterator[str]:
    made = kqlx.convert(
        query, "spl", unmapped="keep", exact=True, accept=("wider", "narrower", "different")
    )
    for match in _SEARCHED.finditer(made.query_text):
        yield re.sub(r"\\(.)", r"\1", match[1])


@pytest.mark.parametrize("stars", [2, 3, 30, 300])
@pytest.mark.parametrize(
    "query",
    [
        "process.name:{}b",
        "process.name:{}b*",
        "process.name:*{}b",
        "not process.name:{}b",
        "process.name:({}b or {}c)",
        "user*:{}b",
        "not message:{}b",
        "event.dataset:o365.audit and o365.audit.Parameters.Name:{}b",
    ],
)
def test_no_value_takes_too_many_steps(query: str, stars: int) -> None:
    written = [*_regexes(query.replace("{}", "a*" * stars))]
    assert written
    for expression in written:
        for text in ("a" * 9_000 + "bd", "ab" * 4_500 + "d", "b" * 9_000 + "d", "c" * 9_000 + "ab"):
            pcre.finds(expression, text)


def test_without_atomic_groups_a_value_does() -> None:
    pattern = Pattern.from_stars("a*a*b")
    with pytest.raises(pcre.LimitReachedError):
        pcre.finds(rf"\A{pattern.as_regex(regex)}\z", "a" * 1_000 + "bd")
