"""Words of texts, letter case, and patterns cut at white space."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kqlx.elastic.text_analysis import lower, split_at_spaces, words
from kqlx.patterns import Pattern
from tests.conftest import examples


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" .,;!? ", []),
        ("Hello, World!", ["hello", "world"]),
        ("foo_bar2 _x x_ ___", ["foo_bar2", "_x", "x_"]),
        ("powershell.exe", ["powershell.exe"]),
        ("a.b.c.", ["a.b.c"]),
        ("a..b", ["a", "b"]),
        ("cmd.1 1.cmd", ["cmd", "1", "1", "cmd"]),
        ("1,024.5 1;2 1:2", ["1,024.5", "1;2", "1", "2"]),
        ("a:b a,b a;b", ["a:b", "a", "b", "a", "b"]),
        ("can't 'quoted'", ["can't", "quoted"]),
        ("C:\\Windows\\System32\\cmd.exe", ["c", "windows", "system32", "cmd.exe"]),
        ("user@example.com", ["user", "example.com"]),
        ("foo-bar", ["foo", "bar"]),
        ("a① ½ x²y", ["a", "x", "y"]),  # no letters, nor digits
        ("Ⓑ ™", ["ⓑ", "™"]),
        ("#️⃣1️⃣ *️⃣", ["#️⃣", "1️⃣", "*️⃣"]),
        ('צה"ל "ל" a"b', ['צה"ל', "ל", "a", "b"]),
        ("10.0.0.1", ["10.0.0.1"]),
        ("ΣΑΣ Straße", ["σασ", "straße"]),
        ("İstanbul", ["istanbul"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
        ("日本語 カタカナ ひら", ["日", "本", "語", "カタカナ", "ひ", "ら"]),
        ("한국어", ["한국어"]),
        ("x😀y 👍🏽", ["x", "😀", "y", "👍🏽"]),
        ("\u202fa\u00a0b\u3000c", ["a", "b", "c"]),
        ("a\ud800b", ["a", "b"]),
        ("a" * 600, ["a" * 255, "a" * 255, "a" * 90]),
        ("é" + "a" * 600, ["é" + "a" * 254, "a" * 255, "a" * 91]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@examples(50)
@given(st.text(st.sampled_from("aZ09_.,:;' -\n\\"), max_size=20))
def test_the_quick_way_for_ascii_is_the_same(text: str) -> None:
    assert [*words(text), "é"] == words(text + " é")


@given(st.text())
def test_lower_keeps_the_number_of_characters(text: str) -> None:
    assert len(lower(text)) == len(text)


def test_a_long_text_is_split_at_once() -> None:
    assert len(words("a." * 100_000 + "_" * 100_000)) == 785
    assert words("_" * 100_000) == []
    assert words("_" * 100_000 + " é") == ["é"]


@pytest.mark.parametrize(
    ("parts", "pieces"),
    [
        (("a", ""), [("a", "")]),
        (("a", " b"), [("a", ""), ("b",)]),
        (("a b", "c d"), [("a",), ("b", "c"), ("d",)]),
        ((" ", " "), [("", "")]),
        (("", "\t\n", ""), [("", ""), ("", "")]),
        (("a\u00a0b", ""), [("a\u00a0b", "")]),
    ],
)
def test_patterns_are_split_at_white_space(
    parts: tuple[str, ...], pieces: list[tuple[str, ...]]
) -> None:
    found = split_at_spaces(Pattern.between_stars(parts))
    assert found == [Pattern.between_stars(piece) for piece in pieces]
