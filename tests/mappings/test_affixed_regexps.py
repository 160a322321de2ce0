"""Parts of what a column holds below a ``not``: a regular expression finds them and no others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.mappings.affixed_regexps import affixed_regexp
from kqlx.nodes import NOWHERE, Like, Literal
from kqlx.patterns import Pattern
from kqlx.regular_expressions import compiled

FITS = ("https://a.b{}", "https://a.b{}?*", "https://c.d{}", "https://c.d{}?*")
SIGNS = st.sampled_from("/ab?")


@given(st.text(SIGNS, max_size=6), st.text("/ab*", max_size=5), st.sampled_from(["a.b", "c.d"]))
def test_the_path_of_an_address(behind: str, text: str, host: str) -> None:
    path, _, _ = behind.partition("?")
    pattern = Pattern.from_stars(text)
    found = affixed_regexp(Like(Literal("url.path"), pattern, NOWHERE), FITS, "?#")
    if found is None:
        assert text.count("*") > 3
        return
    fits = compiled(found.regexp).fullmatch(f"https://{host}{behind}") is not None
    assert fits is pattern.matcher()(path)


def test_a_sign_that_ends_the_part_is_in_none() -> None:
    test = Like(Literal("url.path"), Pattern.from_stars("*?a*"), NOWHERE)
    assert affixed_regexp(test, FITS, "?#") is None


@pytest.mark.parametrize("target", ["spl", "sigma"])
def test_what_stands_in_the_query_string_is_not_taken_for_the_path(target: str) -> None:
    query = (
        "event.dataset:azure.graphactivitylogs and url.path:/v1.0/me* and not url.path:*settings*"
    )
    found = kqlx.convert(query, target)
    assert r"[^?#]*settings[^?#]*" in found.text
    (told,) = [note for note in found.notes if note.code == "approximated"]
    assert told.effect is kqlx.notes.Effect.WIDER  # of the first test, outside of the not
