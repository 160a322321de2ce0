"""Arrays of objects with a name and a value: in Splunk two fields of many values, side by side.

``Parameters{}.Name`` and ``Parameters{}.Value`` hold what Elastic makes the map ``Parameters`` of.
A search can ask for a name and for a value, but not that they belong together; ``where`` puts the
two lists together with ``mvzip``, first with first
(https://help.splunk.com/splunk-enterprise/spl-search-reference/10.0/evaluation-functions/multivalue-eval-functions).
"""

from __future__ import annotations

from kqlx.backends.spl.syntax import regex
from kqlx.mappings.bound import Column
from kqlx.nodes import And, Equals, FieldTest, Like, Literal, Node, Pattern
from kqlx.records import replace

PAIRS = frozenset({"pairs", "changes"})
"""Forms of columns, see ``mappings.pack.ColumnSpec``."""


def pair_fields(column: Column) -> tuple[str, ...]:
    """The fields of Splunk's that a column stands for: the names and the values of its pairs."""
    if column.layout not in PAIRS:
        return (column.name,)
    pair = column.pair
    name, value = column.keys
    return (f"{pair.path}.{name}", f"{pair.path}.{value if column.layout == 'pairs' else pair.key}")


def name_regex(column: Column) -> str:
    """The name of the pair. In those of changes Elastic writes ``_`` for blanks and dots."""
    name = column.pair.name
    if column.layout == "changes":
        return "[ ._]".join(map(regex, name.split("_")))
    return regex(name)


def name_and_value_tests(column: Column, node: FieldTest) -> Node:
    """The tests of the name and of the value each for itself, which hold wherever the pair does."""
    names, values = (Literal(name, span=node.field.span) for name in pair_fields(column))
    name = column.pair.name
    test: Node = Equals(names, Literal(name, True), node.span)
    if column.layout == "changes" and "_" in name:
        test = Like(names, Pattern.between_stars(name.split("_")), node.span)
    if not isinstance(node, Equals | Like):
        return test
    return And((test, replace(node, field=values)), node.span)
