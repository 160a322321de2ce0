"""Arguments of command lines in a bound tree: one leaf, or the patterns of the whole line."""

from __future__ import annotations

from dataclasses import replace

import pytest

import kqlx
from kqlx.backends.base import Backend
from kqlx.backends.target import Options
from kqlx.mappings.binder import Binder
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.collector_names import under_both
from kqlx.mappings.command_line_arguments import in_patterns, with_patterns
from kqlx.mappings.reader.pack_data import of_data
from kqlx.mappings.type_check import checked
from kqlx.nodes import (
    CommandLineArgument,
    Equals,
    Like,
    Literal,
    Node,
    Or,
    asked_pattern,
    walk,
)
from kqlx.patterns import Pattern


def bound(query: str, **place: object) -> Node:
    """The query in a pack with such a place."""
    fields = {"args": {"column": "L", "part": "word"}, "line": "L"}
    pack = of_data({"source": "x", "targets": {"spl": [{"base": "x", "fields": fields, **place}]}})
    return Binder(pack, pack.targets["spl"][0], {}).bind(kqlx.parse(query)).node


def arguments(node: Node) -> list[CommandLineArgument]:
    return [part for part in walk(node) if isinstance(part, CommandLineArgument)]


def test_a_test_of_an_argument_is_one_leaf() -> None:
    assert bound('args:"-x"') == CommandLineArgument(Equals(Literal("L"), Literal("-x", True)))
    prefix = Like(Literal("L"), Pattern.from_stars("-x*"))
    assert bound("args:-x*") == CommandLineArgument(prefix)


@pytest.mark.parametrize("query", ["args:*", "args:*x*", "args:*x*y*", "args:a*b", "line:x"])
def test_one_pattern_of_the_line_is_a_test_of_it(query: str) -> None:
    assert not arguments(bound(query))


def test_a_column_that_spells_a_pattern_otherwise_has_patterns() -> None:
    """``-`` stands there for no value: the line is never it alone."""
    node = bound('args:("-" or b)', absent={"L": ["-"]})
    assert [asked_pattern(argument.test).text for argument in arguments(node)] == ["b"]
    assert not any(isinstance(test, Equals) and test.value.name == "-" for test in walk(node))


def test_patterns_are_alternatives_beside_others_and_none_is_said_twice() -> None:
    tree = with_patterns(Bound(bound("args:x or args:y or line:x"), {"L": Column("L")})).node
    assert isinstance(tree, Or)
    patterns = [asked_pattern(test) for test in tree.items if isinstance(test, Equals | Like)]
    assert len(patterns) == len(tree.items) == len(set(patterns)) == 10
    assert not arguments(tree)


def test_targets_without_a_form_of_their_own_get_patterns() -> None:
    query = 'event.category:process and process.args:"-x"'
    assert '"* -x *"' in str(kqlx.convert(query, "spl", source="endpoint.events").query)
    assert "' -x '" in str(kqlx.convert(query, "sigma", source="endpoint.events").text)


class Alternatives(Backend[str]):
    """A target with a vocabulary of tests and ``or``."""

    def any_of(self, node: Or) -> str:
        return " or ".join(map(self.expression, node.items))

    def equals(self, column: Column, node: Equals) -> str:
        return f"{column.name}={node.value.name}"

    def like(self, column: Column, node: Like) -> str:
        return f"{column.name}~{node.pattern.name}"


def test_an_emitter_that_says_nothing_of_arguments_writes_their_patterns() -> None:
    tree = Bound(bound("args:x"))
    text = Alternatives(tree, Options()).expression(tree.node)
    assert text == 'L=x or L~x * or L~* x * or L~* x or L~*"x"*'


def test_types_of_columns_refuse_what_they_refuse_of_the_patterns() -> None:
    text = Bound(bound("args:x"), {"L": Column("L", "keyword")})
    assert checked(text).node is text.node
    number = replace(text, columns={"L": Column("L", "long")})
    with pytest.raises(kqlx.UnsupportedError, match="L"):
        checked(number)


def test_columns_of_two_names_have_both() -> None:
    columns = {"data.L": Column("data.L")}
    one = CommandLineArgument(Equals(Literal("data.L"), Literal("x")))
    tree = under_both(one, columns, {"data.": ""})
    other = replace(one, test=replace(one.test, field=Literal("L")))
    assert tree == Or((one, other))
    assert columns["L"] == Column("L")


def test_a_line_in_quotes_has_more_patterns() -> None:
    one = CommandLineArgument(Equals(Literal("L"), Literal("x")))
    plain, quoted = (in_patterns(replace(one, line_in_quotes=quotes)) for quotes in (False, True))
    assert isinstance(plain, Or)
    assert isinstance(quoted, Or)
    assert set(plain.items) < set(quoted.items)
    assert kqlx.matches(quoted, {"L": '"a x"'})
    assert not kqlx.matches(plain, {"L": '"a x"'})
