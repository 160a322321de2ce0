"""The parts that are taken out of columns: engines that backtrack find the same as others, and in
no more steps than Splunk allows, however long a text is and whatever is in it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kqlx.mappings.extraction import Expression, captures
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.pack_library import Packs
from kqlx.records import replace
from tests.conftest import examples, missing
from tests.oracles import pcre


def specs(spec: FieldSpec) -> Iterator[FieldSpec]:
    yield replace(spec, guard="")
    for case in spec.cases:
        yield from specs(case)


def expressions() -> list[Expression]:
    """Those of all packs, of every target: what one cannot read today another may ask tomorrow."""
    packs = Packs()
    found: dict[Expression, None] = {}
    for source in packs.sources():
        for destinations in packs.get(source).targets.values():
            fields = [spec for one in destinations for spec in one.fields.values()]
            each = [one for spec in fields for case in specs(spec) for one in captures(case)]
            found |= dict.fromkeys(filter(None, each))
    return [*found]


EXPRESSIONS = expressions()
_PIECES = re.compile(r"\(.*?\)[*+?]?|\[.*?\][*+?]?|\.\*\??|[+?^$]")


def pieces(expression: str) -> list[str]:
    """The texts between its signs, such as may stand in an event."""
    texts = _PIECES.sub("\0", expression.replace("\\(", "\1").replace("\\)", "\2"))
    found = re.sub(r"\\(.)", r"\1", texts).replace("\1", "(").replace("\2", ")").split("\0")
    return [text for text in dict.fromkeys(found) if text]


def found_by(pattern: str, text: str) -> str | None:
    match = re.search(f"(?is){pattern}", text)
    return None if match is None else match[1]


@pytest.mark.skipif(sys.version_info < (3, 11, 5), reason="atomic groups were wrong before")
@given(st.data())
@examples(400)
def test_both_spellings_take_out_the_same(data: st.DataObject) -> None:
    expression = data.draw(st.sampled_from(EXPRESSIONS))
    parts = st.sampled_from([*pieces(expression), "a", "B", " ", "  ", "\\", "/", "@", ".", "\n"])
    text = "".join(data.draw(st.lists(parts, max_size=12)))
    assert found_by(expression, text) == found_by(expression.whole, text), (expression, text)


def test_there_are_expressions_of_all_kinds() -> None:
    assert len(EXPRESSIONS) > 100
    assert sum("(?>" in one.whole for one in EXPRESSIONS) > 60


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_no_text_takes_too_many_steps(expression: Expression) -> None:
    if not pcre.is_there():
        missing("the library pcre2-8 is not installed")
    own = pieces(expression) or ["a"]
    each = [*own, "a", " ", "\\", "/", "a\\", "".join(own), " ".join(own), "a".join(reversed(own))]
    for unit in dict.fromkeys(each):
        long = unit * (10_000 // len(unit))
        for text in (
            long,
            f"{long}\n",
            f"{long}\\",
            f"{own[0]}{long}",
            f"{'a' * 10_000}{long[:99]}\\",
        ):
            pcre.finds(f"(?is){expression.whole}", text)
