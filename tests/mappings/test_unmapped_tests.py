"""``--unmapped comment``: tests without a counterpart are left out, nothing is missed for it, and
a comment in the query tells each.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import kqlx
from kqlx.mappings.binder import Binder
from kqlx.mappings.destinations import bind
from kqlx.mappings.pack import Pack
from kqlx.mappings.reader.pack_data import of_data
from kqlx.mappings.unmapped_tests import Attempt, UnmappedPolicy, apply_unmapped
from kqlx.nodes import FieldTest, Unmapped, walk
from kqlx.notes import Effect
from tests.conftest import examples
from tests.oracles.spl.reader import parse_search

SOURCE = "event.dataset:o365.audit and "
PACK = of_data({"source": "x", "targets": {"spl": [{"base": "x", "fields": {"a": "a", "b": "b"}}]}})
LEAVES = st.sampled_from(["a:1", "b:1", "c:1", "c:*", "c > 1", "d:{c:1}", "c*:1", "c:(1 or not 2)"])
QUERIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
    ),
    max_leaves=6,
)
POLICIES: tuple[UnmappedPolicy, ...] = ("keep", "comment")
EVENTS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(["1", "2"]) for name in ("a", "b", "c")}
)


@given(QUERIES, EVENTS)
@examples(100)
def test_nothing_is_missed_for_a_test_that_is_left_out(query: str, event: dict[str, Any]) -> None:
    node = kqlx.parse(query)
    bound = bind(node, PACK, "spl", "comment")
    assert kqlx.compile(bound.node)(event) or not kqlx.compile(node)(event)
    codes = ("unmapped-left-out", "nested-flattened")
    left_out = [note for note in bound.notes if note.code in codes]
    assert bool(left_out) == ("c" in query)
    assert all(note.effect is Effect.WIDER for note in left_out)


@pytest.mark.parametrize(
    ("query", "kept", "told"),
    [
        ("user.id:a and x.y:z", 'UserId="a"', ["x.y:z - x.y has no counterpart in"]),
        ("user.id:a and not x.y:(b or c)", 'UserId="a"', ["not x.y:(b or c) - x.y has"]),
        ("user.id:a and not (x.y:z and user.id:b)", 'UserId="a"',
         ["x.y:z - x.y has", "x.y:z and user.id:b - a part of it is left out"]),
        ("user.id:a and (user.id:b or x.y:z)", 'UserId="a"',
         ["x.y:z - x.y has", "user.id:b or x.y:z - a part of it is left out"]),
        ("user.id:a and not (user.id:b or x.y:z)", 'UserId="a" NOT UserId="b"', ["x.y:z - x.y"]),
        ("x.y:z", "", ["x.y:z - x.y has"]),
        ("(event.category:web or x.y:z) and user.id:a and q:r", 'UserId="a"', ["q:r - q has"]),
    ],
)  # fmt: skip
def test_what_is_left_out_is_told_in_the_query(query: str, kept: str, told: list[str]) -> None:
    result = kqlx.convert(SOURCE + query, "spl", unmapped="comment")
    lines = result.text.split("\n")
    comments = [line for line in lines if line.startswith("``` ")]
    assert lines[len(comments) :] == [f'sourcetype="o365:management:activity" {kept}'.rstrip()]
    assert len(comments) == len(told) + (not kept)
    for text in told:
        assert any(line.startswith(f"``` left out: {text}") for line in comments)
    assert any("nothing of the query is left" in line for line in comments) == (not kept)
    assert result.fidelity is Effect.WIDER


NASTY = '"a``` | delete x\n*/ // b\u2028c `m` \' # d\t\\\\"'


def test_comments_are_safe_whatever_the_value() -> None:
    query = f"{SOURCE}user.id:a and x.y:{NASTY}"
    spl, sentinel, sigma = (
        kqlx.convert(query, to, unmapped="comment", format="query").text
        for to in ("spl", "sentinel", "sigma")
    )
    comment, rest = spl.split("\n")
    assert comment.startswith("``` left out: ") and comment.endswith(" ```")
    assert comment.count("`") == 6
    assert rest == 'sourcetype="o365:management:activity" UserId="a"'
    assert len(parse_search(spl).commands) == len(parse_search(rest).commands) == 1
    comment, rest = sentinel.split("\n", 1)
    assert comment.startswith("// left out: ")
    assert rest == kqlx.convert(SOURCE + "user.id:a", "sentinel").text
    plain = kqlx.convert(SOURCE + "user.id:a", "sigma", format="query").text
    assert yaml.safe_load(sigma) == yaml.safe_load(plain)
    lines = sigma.splitlines()
    assert lines[lines.index("detection:") - 1].startswith("# left out: ")
    assert len(lines) == len(plain.splitlines()) + 1


def test_several_sources_have_their_comments_above_all(tmp_path: Any) -> None:
    text = (
        "source: o{0}\nrecognise: {{fields: {{k: [o{0}]}}}}\n"
        "targets: {{spl: [{{base: b{0}, fields: {{k: K}}}}]}}"
    )
    path = tmp_path / "x.yml"
    path.write_text("\n---\n".join(text.format(n) for n in (1, 2)), encoding="utf-8")
    query = "k:(o1 or o2) and l:x"
    found = kqlx.convert(query, "spl", mappings=[path], unmapped="comment").text.split("\n")
    assert [line[:16] for line in found[:2]] == ["``` left out: l:"] * 2
    assert not any("```" in line for line in found[2:])


def test_a_rule_without_a_data_source_is_still_refused() -> None:
    with pytest.raises(kqlx.UsageError, match="error, keep or comment"):
        kqlx.convert("a:b", unmapped="drop")  # type: ignore[arg-type] # on purpose


@pytest.mark.parametrize("to", ["spl", "sentinel"])
def test_of_a_test_that_is_left_out_nothing_else_is_told(to: str) -> None:
    """Neither where the field would be looked for, nor what of its values was translated."""
    query = "event.dataset:aws.cloudtrail and aws.cloudtrail.request_parameters:b=c"
    found = kqlx.convert(f"{query} and event.action:x", to, unmapped="comment")
    (note,) = [note for note in found.notes if note.effect.is_difference]
    assert note.code == "unmapped-left-out"
    assert 'the value "b=c" of aws.cloudtrail.request_parameters' in note.message


@pytest.mark.parametrize("target", ["sigma", "spl", "sentinel"])
@pytest.mark.parametrize(
    ("test", "unmapped"),
    [
        ("not (process.args:a and x.y:z)", "comment"),
        ("not (process.args:a and not (x.y:z or process.args:b))", "comment"),
        ("not (process.args:a and event.module:aws)", "error"),
        ("(not process.args:a or event.module:windows)", "error"),
        ("not (not (not process.args:a or event.module:windows) and process.pid:4)", "error"),
    ],
)
def test_nothing_is_told_of_tests_that_another_decides(
    test: str, unmapped: Any, target: str
) -> None:
    """Below a not a word of the command line is ``narrower``, where it is in the result."""
    source = "event.dataset:windows.sysmon_operational and event.code:1 and process.name:a.exe"
    result = kqlx.convert(f"{source} and {test}", target, unmapped=unmapped)
    assert "approximated" not in {note.code for note in result.notes}
    assert result.query == kqlx.convert(source, target).query or unmapped == "comment"


FOLDING = of_data(
    {
        "source": "x",
        "constants": {"k": "x"},
        "targets": {"spl": [{"base": "x", "fields": {"a": "a", "b": "b"}}]},
    }
)


def attempt(query: str, pack: Pack = FOLDING) -> Attempt:
    (destination,) = pack.targets["spl"]
    return Binder(pack, destination, {}).bind(kqlx.parse(query))


@pytest.mark.parametrize(
    ("query", "unmapped"),
    [
        ("a:1 and b:1", []),
        ("a:1 and c:1", ["c"]),
        ("a:1 and (c:1 or c:2)", ["c", "c"]),
        ("d:{c:1} or not e > 1", ["d.c", "e"]),
        ("c*:1", ["the field name c*, a wildcard,"]),
        # What a constant decides needs no counterpart.
        ("a:1 or (c:1 and k:y)", []),
        ("a:1 and (c:1 or k:x)", []),
        ("a:1 and not (c:1 and k:y)", []),
        ("a:1 and (c:1 or k:y)", ["c"]),
    ],
)
def test_binding_marks_tests_without_a_counterpart(query: str, unmapped: list[str]) -> None:
    found = attempt(query)
    assert [test.what for test in found.unmapped] == unmapped
    assert not any(note.effect is Effect.UNMAPPED for note in found.notes)
    if not unmapped:
        assert apply_unmapped(found, "error") == apply_unmapped(found, "comment")
        return
    with pytest.raises(kqlx.MappingError) as error:
        apply_unmapped(found, "error")
    for what in unmapped:
        assert f"{what} has no counterpart in" in str(error.value)


@given(QUERIES, EVENTS)
@examples(100)
def test_marks_are_taken_off_as_the_user_wants(query: str, event: dict[str, Any]) -> None:
    node = kqlx.parse(query)
    found = attempt(query, PACK)
    bounds = {policy: apply_unmapped(found, policy) for policy in POLICIES}
    for bound in bounds.values():
        assert not any(isinstance(part, Unmapped) for part in walk(bound.node))
    kept, left = bounds["keep"], bounds["comment"]
    assert kept.unmapped == found.unmapped and not kept.left_out
    assert not left.unmapped and bool(left.left_out) == bool(found.unmapped)
    if "{" not in query:  # a group of nested objects is flattened
        assert kqlx.compile(kept.node)(event) == kqlx.compile(node)(event)
    fields = {part.field.name for part in walk(left.node) if isinstance(part, FieldTest)}
    assert fields <= {"a", "b"}


def test_a_test_that_is_said_twice_is_left_out_twice() -> None:
    bound = apply_unmapped(attempt("b:1 and not (a:1 or c:1 or c:1)"), "comment")
    assert bound.node == kqlx.parse("b:1 and not a:1")


def test_binding_does_not_change_what_stands_for_kept_names() -> None:
    """Groups are simplified and put together as if all names were known."""
    everywhere = of_data(
        {
            "source": "x",
            "targets": {"spl": [{"base": "x", "fields": {name: name for name in "abc"}}]},
        }
    )
    for query in ("a:1 and not (not (c:1 or not c:2))", "(a:1 or c:1) and (c:1 or b:1)"):
        kept = apply_unmapped(attempt(query), "keep").node
        assert kept == apply_unmapped(attempt(query, everywhere), "keep").node


def test_a_refusal_names_a_dozen_of_many_fields() -> None:
    query = SOURCE + " and ".join(f"x.y{number}:z" for number in range(1_000))
    with pytest.raises(kqlx.MappingError) as error:
        kqlx.convert(query, "spl")
    message = error.value.message
    assert message.startswith("x.y0 has no counterpart in")
    assert "x.y11 has no" in message
    assert message.endswith("; and 988 others")
    assert len(error.value.notes) >= 1_000
