"""What the types of fields mean for a tree, settled once: each target says the same of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.elastic.number_texts import DIGITS_KEPT, is_rounded, plain_digits, rounding_limit
from kqlx.elastic.types import type_named
from kqlx.nodes import Literal
from kqlx.notes import Effect

TARGETS = ["spl", "sentinel", "sigma"]
OWN = {
    "o": "object",
    "p": "nested",
    "p.k": "keyword",
    "p.q": "nested",
    "p.q.k": "keyword",
    "t": "text",
    "half": "half_float",
    "float": "float",
    "n": "long",
    "k": "keyword",
}


def convert(query: str, target: str, **options: Any) -> kqlx.Conversion:
    return kqlx.convert(query, target, source="none", fields=OWN, **options)


def effects(result: kqlx.Conversion) -> dict[str, Effect]:
    return {note.code: note.effect for note in result.notes}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("p.k:a or k:b", "k:b"),
        ("p:* or k:b", "k:b"),
        ("p:{ k:a or q.k:c }", "p:{ k:a }"),
        ("p:{ q.k:c } or k:b", "k:b"),
        ("not p.k:a and k:b", "k:b"),
    ],
)
def test_fields_of_nested_objects_are_seen_in_their_group_alone(
    query: str, left: str, target: str
) -> None:
    result = convert(query, target)
    assert result.query == convert(left, target).query
    assert effects(result)["nested-outside"] is Effect.SAME


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("test", ["t:-", 't:"--"', "t:a-*"])
def test_what_no_word_can_be_is_out_of_the_tree(test: str, target: str) -> None:
    result = convert(f"{test} or k:b", target)
    assert result.query == convert("k:b", target).query
    assert effects(result)["constant-folded"] is Effect.SAME


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("o:x", "is an object"),
        ("o:x*", "is an object"),
        ("o > 5", "is an object"),
        ("p:{ null }", "null is "),
        ("float:-0.0", "distinguishes -0 from 0"),
        ("float:5d", "in plain decimal"),
    ],
)
def test_what_is_refused_is_refused_by_every_target(query: str, why: str, target: str) -> None:
    with pytest.raises(kqlx.UnsupportedError, match=why):
        convert(query, target)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("f:abc", "in plain decimal"),
        ("f:a*", "takes no wildcards"),
        ("at:abc", "neither an address nor a network"),
        ("at > 10.0.0.0/8", "is a network"),
        ("flag:maybe", "neither true nor false"),
        ("flag > 5", "neither true nor false"),
    ],
)
def test_where_indices_differ_the_first_type_counts_for_every_target(
    query: str, why: str, target: str, tmp_path: Path
) -> None:
    types = {"f": ("long", "keyword"), "at": ("ip", "keyword"), "flag": ("boolean", "keyword")}
    mapping = {}
    for number in (0, 1):
        properties = {name: {"type": each[number]} for name, each in types.items()}
        mapping[f"index-{number}"] = {"mappings": {"properties": properties}}
    file = tmp_path / "fields.json"
    file.write_text(json.dumps(mapping), encoding="utf-8")
    with pytest.raises(kqlx.UnsupportedError, match=why):
        kqlx.convert(query, target, source="none", fields=str(file))


@pytest.mark.parametrize(
    ("target", "near"),
    [
        ("spl", "half>=1.2222144 half<=1.2469056"),
        ("sentinel", "| where ['half'] >= 1.2222144\n| where ['half'] <= 1.2469056"),
        ("sigma", "half|gte: 1.2222144"),
    ],
)
def test_a_number_that_elasticsearch_rounds_is_a_range(target: str, near: str) -> None:
    result = convert("half:1.23456 and k:b", target)
    assert near in str(result.query)
    assert effects(result)["approximated"] is Effect.WIDER
    apart = convert("k:b and not half:1.23456", target)
    assert apart.query == convert("k:b", target).query
    assert effects(apart)["approximated"] is Effect.WIDER


@pytest.mark.parametrize("target", TARGETS)
def test_numbers_are_spelt_in_one_way(target: str) -> None:
    assert convert("n:1.50e3", target).query == convert("n:1500", target).query
    assert convert("n > +007.0", target).query == convert("n > 7", target).query
    known = kqlx.convert("f.n > 1.5e3", target, source="none", unmapped="keep").query
    assert known == kqlx.convert("f.n > 1500", target, source="none", unmapped="keep").query


def test_a_data_model_is_asked_what_elasticsearch_is() -> None:
    with pytest.raises(kqlx.UnsupportedError, match="Elasticsearch refuses the search"):
        kqlx.convert("source.ip:null", "spl", format="tstats", source="none")


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("5", "5"),
        ("1.50e2", "150"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-0.0", "-0"),
        ("1e400", "1" + "0" * 400),
        ("1e401", None),
        (f"1e{'0' * 5000}1", "10"),
        ("5d", None),
        ("NaN", None),
    ],
)
def test_plain_digits(text: str, digits: str | None) -> None:
    assert plain_digits(text) == digits


def test_limits_take_in_what_a_type_rounds_to() -> None:
    assert is_rounded("1.2345", "half_float") and not is_rounded("1.2345", "double")
    assert not is_rounded("120000", "half_float")
    assert float(rounding_limit("1.2345", "half_float", down=True)) < 1.2345
    assert float(rounding_limit("0.00000001234", "half_float", down=False)) > 5e-8


@given(
    st.sampled_from(sorted(DIGITS_KEPT)),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(0, 10**6),
    st.sampled_from([0.0, 1e-17, 1e-16, 1e-8, 1e-7, 1e-4, 1e-3]),
)
def test_no_value_that_elasticsearch_takes_for_the_number_is_out_of_the_range(
    type: str, number: float, more: int, apart: float
) -> None:
    digits = plain_digits(f"{number:.16e}".replace("e", f"{more}e"))
    assert digits is not None
    equals = type_named(type).any_of([Literal(digits)])
    if equals is None or not is_rounded(digits, type):
        return
    low, high = (float(rounding_limit(digits, type, down=down)) for down in (True, False))
    for value in (number, number * (1 + apart), number * (1 - apart)):
        assert low <= value <= high or not equals(value)
