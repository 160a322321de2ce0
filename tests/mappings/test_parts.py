"""Tests of a part of a text, said of the whole: the law that nothing is missed, and that what
claims no difference has none.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.evaluate.compiler import matches
from kqlx.mappings.binder import Binder
from kqlx.mappings.field_spec import FieldSpec, Part
from kqlx.mappings.joined_regexps import joined_regexps
from kqlx.mappings.path_parts import MOST_RUNS, path_part
from kqlx.mappings.reader.builtin import builtin
from kqlx.mappings.value_parts import in_whole
from kqlx.nodes import Compare, Equals, Exists, FieldTest, Like, Literal, Pattern, pattern_test
from kqlx.patterns import ANY_ONE, ANY_RUN, Wildcard
from tests.conftest import examples

FIELD = Literal("f")
PIECES = st.text("ab.", min_size=1, max_size=3)
TYPES = {"f": "keyword"}


def asked(values: st.SearchStrategy[str]) -> st.SearchStrategy[FieldTest]:
    """Tests of the kinds that a part can be asked."""
    pieces = st.text("ab. ", max_size=2)
    return st.one_of(
        st.just(Exists(FIELD)),
        values.map(lambda value: Equals(FIELD, Literal(value, True))),
        st.lists(pieces, min_size=2, max_size=3).map(
            lambda parts: Like(FIELD, Pattern.between_stars(tuple(parts)))
        ),
    )


def agrees(
    test: FieldTest, part: Part, separators: str, value: str | list[str], whole: str
) -> None:
    """What the part meets, the whole meets; and the other way round where nothing is wider."""
    said = in_whole(test, part, separators)
    assert said is not None
    node, wider = said
    want = matches(test, {"f": value} if value else {}, TYPES)
    got = matches(node, {"f": whole}, TYPES)
    if wider:
        assert got or not want
    else:
        assert got is want


PATHS = st.lists(PIECES, min_size=2, max_size=4)
TOKENS: list[str | Wildcard] = ["a", "b", ".", "/", "\\", ANY_RUN, ANY_ONE]
PATTERNS = st.lists(st.sampled_from(TOKENS), min_size=1, max_size=5).map(
    lambda tokens: Pattern.of(*tokens)
)


@given(
    st.lists(st.text("ab.", max_size=3), min_size=1, max_size=4),
    st.sampled_from("\\/"),
    st.booleans(),
    st.sampled_from(["name", "extension", "directory"]),
    PATTERNS,
)
@examples(600)
def test_a_part_of_a_path_is_found_exactly(
    steps: list[str], mark: str, either: bool, part: Part, pattern: Pattern
) -> None:
    """Paths of two systems are told by how they begin."""
    begins = "/" if mark == "/" else "C:" if either else ""
    whole = begins + mark.join(steps)
    name = whole.rpartition(mark)[2]
    parts = {
        "name": name,
        "extension": name.rpartition(".")[2] if "." in name else None,
        "directory": whole.rpartition(mark)[0] if mark in whole else None,
    }
    test = pattern_test(Exists(FIELD), pattern)
    found = path_part(test, part, "\\/" if either else mark)
    if found is None:
        assert sum(token is ANY_RUN for token in pattern.collapsed().tokens) > MOST_RUNS
        return
    value = parts[part]
    held = value is not None and pattern.fits(value)
    assert matches(joined_regexps(found), {"f": whole}, TYPES) is held


@given(st.lists(st.sampled_from(["a", "&", "<", "m", "."]), max_size=4).map("".join), PATTERNS)
@examples(300)
def test_a_part_of_a_path_in_xml(name: str, pattern: Pattern) -> None:
    """Signs are written as they are, or as XML has them."""
    found = path_part(pattern_test(Exists(FIELD), pattern), "name", "\\", in_xml=True)
    if found is not None:
        for whole in (f"C:\\{name}", f"C:\\{escape(name)}"):
            assert matches(found, {"f": whole}, TYPES) is pattern.fits(name)


@pytest.mark.parametrize(
    ("pattern", "value", "held"),
    [("?:\\a\\*\\b", "C:\\a\\c\\d\\b\\x&amp;y", True), ("?:\\a*", "CC:\\a\\b", False)],
)
def test_a_directory_in_xml(pattern: str, value: str, held: bool) -> None:
    tokens = [ANY_ONE, *Pattern.from_stars(pattern[1:]).tokens]
    test = pattern_test(Exists(FIELD), Pattern.of(*tokens))
    found = path_part(test, "directory", "\\", in_xml=True)
    assert found is not None
    assert matches(found, {"f": value}, TYPES) is held


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_below_a_not_a_part_is_found_alone(target: str) -> None:
    query = "event.category:process and event.type:start and host.os.type:windows and not {}"
    for test in ("process.name:a*b", "process.parent.name:a*"):
        made = kqlx.convert(query.format(test), to=target, source="windows.sysmon_operational")
        assert "approximated" not in [note.code for note in made.notes]


@given(PATHS, st.sampled_from("\\/"), st.data())
def test_the_name_of_a_path(parts: list[str], mark: str, data: st.DataObject) -> None:
    test = data.draw(asked(st.sampled_from([*parts, "b"])))
    agrees(test, "name", "\\/", parts[-1], mark.join(parts))


@given(PATHS, st.sampled_from("\\/"), st.data())
def test_the_directory_of_a_path(parts: list[str], mark: str, data: st.DataObject) -> None:
    directories = [mark.join(parts[:n]) for n in range(1, len(parts) + 1)]
    test = data.draw(asked(st.sampled_from(directories)))
    agrees(test, "directory", mark, directories[-2], mark.join(parts))


@given(PATHS, st.data())
def test_the_extension_of_a_name(parts: list[str], data: st.DataObject) -> None:
    name = ".".join(part.replace(".", "a") for part in parts)
    extension = name.rpartition(".")[2]
    test = data.draw(asked(st.sampled_from([extension, "b"])))
    agrees(test, "extension", "", extension, name)


@given(st.lists(st.text("ab.-", min_size=1, max_size=3), min_size=1, max_size=4), st.data())
def test_an_argument_of_a_command_line(arguments: list[str], data: st.DataObject) -> None:
    test = data.draw(asked(st.sampled_from([*arguments, "b"])))
    agrees(test, "word", "", arguments, " ".join(arguments))


@given(st.lists(st.text("ab.-", min_size=1, max_size=3), min_size=1, max_size=4), st.data())
def test_an_argument_of_a_line_in_quotes(arguments: list[str], data: st.DataObject) -> None:
    """Elastic takes the marks away before it splits the line."""
    test = data.draw(asked(st.sampled_from([*arguments, "b"])))
    agrees(test, "word", '"', arguments, f'"{" ".join(arguments)}"')
    agrees(test, "word", '"', arguments, " ".join(arguments))


@given(st.text("ab", min_size=1, max_size=2), st.text("ab", min_size=1, max_size=2), st.data())
def test_the_value_of_a_pair(md5: str, sha1: str, data: st.DataObject) -> None:
    test = data.draw(asked(st.sampled_from([md5, sha1])))
    agrees(test, "pair", "MD5=", md5, f"MD5={md5},SHA1={sha1}")
    agrees(test, "pair", "SHA1=", sha1, f"MD5={md5},SHA1={sha1}")


def test_an_argument_in_quotes_is_one() -> None:
    test = Equals(FIELD, Literal("a b", True))
    said = in_whole(test, "word", "")
    assert said is not None
    assert matches(said[0], {"f": 'x "a b"'}, TYPES)
    assert not matches(said[0], {"f": "x a bc"}, TYPES)


@pytest.mark.parametrize("part", ["name", "extension", "directory", "word", "pair"])
def test_what_a_part_cannot_be_asked(part: Part) -> None:
    assert in_whole(Compare(FIELD, "gt", Literal("a")), part, "\\") is None
    assert in_whole(Equals(FIELD, Literal("")), part, "\\") is None


def test_what_a_query_asserts_decides_on_a_field() -> None:
    security = builtin("system.security")
    for query, column in [
        ("event.code:4624 and user.name:a", "TargetUserName"),
        ("event.code:4720 and user.name:a", "SubjectUserName"),
        ("event.action:logged-in and user.name:a", "TargetUserName"),
        ("event.category:process and user.name:a", "SubjectUserName"),
    ]:
        text = str(kqlx.convert(query, to="sentinel", source="system.security").query)
        assert f'{column} == "a"' in text
    both = kqlx.convert("user.name:a", to="sentinel", source="system.security")
    assert {"SubjectUserName", "TargetUserName"} <= set(str(both.query).split())
    assert both.fidelity <= kqlx.Effect.COVERAGE  # by the kind of event, neither is an assumption
    destination = security.targets["sentinel"][0]
    assert isinstance(destination.field("user.name"), FieldSpec)
    assert Binder(security, destination, {}).asserted == {}


def test_two_readings_of_one_column() -> None:
    query = "event.code:4688 and process.name.caseless:A and not process.name:B"
    text = str(kqlx.convert(query, to="sentinel", source="system.security").query)
    assert 'Process =~ "A"' in text
    query = "event.code:4688 and process.name:A"
    text = str(kqlx.convert(query, to="sentinel", source="system.security").query)
    assert 'Process == "A"' in text
