"""Values as they are written are read by pySigma as what they mean: whatever text, whatever
pattern, through YAML.
"""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from sigma.types import SigmaNumber, SigmaString, SpecialChars

from kqlx.backends.sigma.yaml_style import Number, escape, paragraph, plain, plain_key, scalar
from tests.oracles.sigma_rules import UniqueKeys

ANY = st.characters(exclude_categories=["Cs"])
TEXTS = st.text(st.one_of(st.sampled_from("*?\\ab'\":# \n\t"), ANY), max_size=12)


def read(text: str) -> object:
    return yaml.load(text, Loader=UniqueKeys)


@given(TEXTS)
@example("\\\\srv\\*")
@example("x\\")
@example("\ufeff\u2028\x85\x00")
@example("\ufffe\uffff")
def test_a_text_is_read_as_itself(text: str) -> None:
    value = SigmaString(read(scalar(escape(text))))
    assert "".join(map(str, value.s)) == text
    assert not value.contains_special()


def test_half_of_a_character_is_none() -> None:
    """Loaders in C and Go refuse its escape, and UTF-8 has none."""
    for text in (scalar("a\ud800b\x00"), paragraph("a\ud800b")):
        assert yaml.load(text, yaml.CSafeLoader).replace("\0", "") == "a\ufffdb"


@given(st.lists(TEXTS, min_size=2, max_size=4))
@example(["\\", "", "\\"])
def test_a_pattern_is_read_as_itself(parts: list[str]) -> None:
    found: list[str] = [""]
    for part in SigmaString("*".join(map(escape, parts))).s:
        if part is SpecialChars.WILDCARD_MULTI:
            found.append("")
        else:
            assert isinstance(part, str)
            found[-1] += part
    wanted = [parts[0], *[part for part in parts[1:-1] if part], parts[-1]]
    joined = [found[0], *[part for part in found[1:-1] if part], found[-1]]
    assert joined == wanted or not any(parts)


@given(TEXTS)
@example("yes")
@example("2024-01-01")
@example("- a")
@example("a\nb\ufffe")
def test_prose_and_keys_are_read_as_themselves(text: str) -> None:
    assert read(f"k: {plain(text)}") == {"k": text}
    assert read(f"{plain_key(text)}: 1") == {text: 1}
    prose = read(f"k: {paragraph(text)}")
    assert isinstance(prose, dict)
    assert " ".join(prose["k"].split()) == " ".join(text.split())


@pytest.mark.parametrize(
    ("digits", "bare"),
    [
        ("9007199254740992", True),
        ("9007199254740993", False),
        ("9007199254740994", True),
        ("-9007199254740993", False),
        ("1" + "0" * 400, False),
        ("0.1", True),
    ],
)
def test_numbers_stand_bare_where_no_loader_loses_digits(digits: str, bare: bool) -> None:
    text = scalar(Number(digits))
    assert (text == digits) is bare
    if bare:
        assert float(str(SigmaNumber(read(text)).number)) == float(digits)
    else:
        assert read(text) == digits
