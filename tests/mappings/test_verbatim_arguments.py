"""Arguments below a ``not`` in the Security log, whose command lines Elastic's pipeline parts in a
way of its own.
"""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import kqlx
from kqlx.mappings.verbatim_arguments import verbatim
from kqlx.patterns import ANY_ONE, ANY_RUN, Pattern
from kqlx.regular_expressions import compiled
from tests.conftest import examples


def elastic_arguments(line: str) -> list[str]:
    """What the script "Process Event 4688" of the pipeline makes of a line
    (https://github.com/elastic/integrations/tree/main/packages/system/data_stream/security/elasticsearch/ingest_pipeline).
    """
    found, start, quoted = [], 0, False
    for at, sign in enumerate(line):
        quoted ^= sign == '"'
        if sign.isspace() and not quoted:
            found.append(line[start:at])
            start = at + 1
        if at == len(line) - 1:
            found.append(line[start:])
    return found


def pattern_of(text: str) -> Pattern:
    return Pattern.of(*[{"*": ANY_RUN, "?": ANY_ONE}.get(sign, sign) for sign in text])


def regexp(text: str) -> str:
    """What a pattern without wildcards for quotation marks means, of an argument."""
    marks = {"*": ".*", "?": '[^"]'}
    return "".join(marks.get(sign, re.escape(sign)) for sign in text)


SIGNS = st.sampled_from(["a", "b", " ", '"', "\\", '\\"', "\t", "&", "<"])
LINES = st.lists(SIGNS, max_size=12).map("".join)
PATTERNS = st.lists(
    st.sampled_from(["a", "b", " ", '"', "*", "?", "\\", "&"]), min_size=1, max_size=6
)


@given(line=LINES, parts=PATTERNS)
@example(line='x "a b" c', parts=list("*a b*"))
@example(line='x "a b" c', parts=list('"a b"'))
@example(line='x /v:"a b"', parts=list('/v:"a*'))
@example(line='"a b', parts=list('"a b'))
@example(line='a "b" c" d', parts=list('*" d'))
@example(line="&a", parts=list("*??a"))
@examples(800)
def test_an_argument_is_one_of_those_that_elastic_stores(line: str, parts: list[str]) -> None:
    text = "".join(parts)
    held = any(re.fullmatch(regexp(text), one, re.DOTALL) for one in elastic_arguments(line))
    possible, expression = verbatim(pattern_of(text), in_xml=False)
    if not possible:
        assert not held
    elif expression is not None and line.strip():
        assert (compiled(expression).fullmatch(line) is not None) is held
        written = line.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        _, in_xml = verbatim(pattern_of(text), in_xml=True)
        if in_xml is None:
            assert "?" in text.partition("*")[2]
            return
        assert (compiled(in_xml).fullmatch(written) is not None) is held


def test_a_search_takes_no_long_time() -> None:
    _, expression = verbatim(pattern_of('*b "c'), in_xml=True)
    assert expression is not None
    begin = time.perf_counter()
    for piece in ('a" ', "a&", '"', "b "):
        compiled(expression).fullmatch(piece * 4000)
    assert time.perf_counter() - begin < 2


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_what_no_argument_can_be_is_excluded_from_nothing(target: str) -> None:
    """Text between two stars is looked for as it stands, marks and all."""
    begin = 'process where event.type == "start" and process.name : "a.exe"'
    never = '"C:\\\\Program Files\\\\*", "say \\"x y\\""'
    plain, without, marked = (
        str(kqlx.convert(query, target, source="system.security", language="eql").query)
        for query in (
            begin,
            f"{begin} and not process.args : ({never})",
            f'{begin} and not process.args : "*/node:\\"localhost\\"*"',
        )
    )
    assert without == plain
    assert "localhost" in marked
    assert "matches regex" not in marked and "re:" not in marked and "mvfind" not in marked
