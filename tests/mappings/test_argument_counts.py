"""Numbers of arguments, counted in command lines."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import kqlx
from kqlx.mappings.argument_regexps import count, count_of_words
from kqlx.notes import Effect
from kqlx.regular_expressions import Item, compiled, searching
from tests.conftest import examples
from tests.mappings.test_arguments_of_lines import ODD_PIECES, WORDS, lines, windows_arguments

BOUNDS = st.tuples(st.integers(1, 4), st.one_of(st.none(), st.integers(0, 3)))


def within(number: int, least: int, most: int | None) -> bool:
    return least <= number and (most is None or number <= most)


def fits(expression: Item, line: str) -> bool:
    return compiled(expression).fullmatch(line) is not None


@given(
    line=st.one_of(lines(), st.lists(ODD_PIECES, max_size=9).map("".join)),
    before=st.sampled_from(["", " ", "\t "]),
    bounds=BOUNDS,
)
@example(line='p "a b', before="", bounds=(2, 0))
@example(line="p \\ a", before="", bounds=(3, 0))
@example(line='p "" a', before="", bounds=(3, 0))
@examples(500)
def test_arguments_are_counted_as_windows_parts_them(
    line: str, before: str, bounds: tuple[int, int | None]
) -> None:
    least, more = bounds
    most = None if more is None else least + more
    line = before + line
    expected = within(len(windows_arguments(line)), least, most)
    assert fits(count(least, most), line) is expected
    if "&" not in line:  # which XML never has as it is
        assert fits(count(least, most, in_xml=True), line) is expected
    escaped = line.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    assert fits(count(least, most, in_xml=True), escaped) is expected


@given(words=st.lists(WORDS, min_size=1, max_size=5), bounds=BOUNDS)
@examples(200)
def test_a_line_has_as_many_words_as_arguments_or_more(
    words: list[str], bounds: tuple[int, int | None]
) -> None:
    least, more = bounds
    most = None if more is None else least + more
    line = " ".join(words)
    assert fits(count_of_words(least, most), line) is within(len(line.split(" ")), least, most)
    assert fits(count_of_words(least, None), line) or len(words) < least


@pytest.mark.parametrize("in_xml", [False, True])
@pytest.mark.parametrize(("least", "most"), [(1, 1), (3, 3), (1, 10), (10, None), (50, 50)])
def test_long_lines_take_linear_time(least: int, most: int | None, in_xml: bool) -> None:
    search = re.compile(searching(count(least, most, in_xml=in_xml))[0], re.DOTALL).search
    for part in ("a ", '"', "\\", '" ', "a", "a&", '\\"', "&quot;", '"a" ', "a" * 9 + " "):
        started = time.perf_counter()
        search(part * (32_000 // len(part)))
        assert time.perf_counter() - started < 2


LINUX = 'process where host.os.type == "linux" and event.type == "start" and '
WINDOWS = LINUX.replace("linux", "windows")


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
@pytest.mark.parametrize(
    ("query", "code"),
    [
        (f"{WINDOWS} process.args_count == 3", "value-translated"),
        (f"{WINDOWS} process.args_count < 3", "value-translated"),
        (f"{WINDOWS} not process.args_count >= 3", "value-translated"),
        (f'{LINUX} process.name == "which" and process.args_count <= 3', "argument-of-line"),
        (f'{LINUX} process.name == "which" and not process.args_count > 3', "argument-of-line"),
        (f'{LINUX} process.name == "sh" and process.args_count == 1', "argument-of-line"),
        (f'{LINUX} process.name == "sh" and process.args_count == 3', "approximated"),
        (f"{LINUX} process.args_count >= 3", "approximated"),
    ],
)
def test_what_is_said_of_a_count(target: str, query: str, code: str) -> None:
    notes = kqlx.convert(query, target, language="eql", source="endpoint.events").notes
    assert [n.code for n in notes if n.message.startswith("process.args_count")] == [code]
    assert kqlx.notes.worst(notes) is not Effect.NARROWER


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
@pytest.mark.parametrize(
    "test",
    [
        "process.args_count == 1",
        "process.args_count < 3",
        'process.name == "sh" and not process.args_count >= 3',
        'process.name == "which" and process.args_count == 0',
        'process.name == "which" and process.args_count >= 51',
        'process.name == "which" and process.args_count == 1.5',
    ],
)
def test_what_words_do_not_tell_is_refused(target: str, test: str) -> None:
    with pytest.raises(kqlx.errors.MappingError, match=r"process\.args_count"):
        kqlx.convert(LINUX + test, target, language="eql", source="endpoint.events")


def test_whether_there_is_a_count_is_whether_there_is_a_line() -> None:
    query = f"{WINDOWS} process.args_count != null"
    made = kqlx.convert(query, "spl", language="eql", source="endpoint.events")
    assert str(made.query).endswith("CommandLine=*")
