"""Arrays of objects with a name and a value: in Splunk two fields of many values, side by side.

``Parameters{}.Name`` and ``Parameters{}.Value`` hold what Elastic makes the map ``Parameters`` of.
A search can ask for a name and for a value, but not that they belong together: an object without
one of them, or with an empty one, may shift the lists. ``spath path="Parameters{}"`` makes a field
of the objects, each as its JSON, of which ``where`` asks for both by ``json_extract()``
(https://help.splunk.com/en/splunk-enterprise/spl-search-reference/9.4/search-commands/spath,
https://help.splunk.com/splunk-enterprise/spl-search-reference/9.4/evaluation-functions/json-functions).
"""

from __future__ import annotations

from collections.abc import Iterable

from kqlx.backends.spl.syntax import eval_name, quote, regex
from kqlx.mappings.bound import Column
from kqlx.nodes import And, Equals, FieldTest, Like, Literal, Node, Pattern, Regexp
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


def objects_step(column: Column) -> str:
    """The command that makes a field of the objects of a pair's array, called as their path."""
    path = column.pair.path
    if not column.json:
        return f"| spath path={quote(path)}"
    text = json_text_of(column)
    within = path.removeprefix(f"{text}.")
    return f"| spath input={quote(text)} path={quote(within)} output={quote(path)}"


def objects_steps(columns: Iterable[Column], texts: Iterable[str]) -> list[str]:
    """The commands for the objects that the texts read."""
    texts = [*texts]
    pairs = (column for column in columns if column.layout in PAIRS)
    read = (c for c in pairs if any(eval_name(c.pair.path) in text for text in texts))
    return [*dict.fromkeys(map(objects_step, read))]


def has_name(column: Column) -> str:
    """The condition that an object is that of the pair. In the names of changes Elastic writes
    ``_`` for blanks and dots.
    """
    name, of_object = column.pair.name, _taken_out(column, column.keys[0])
    if column.layout == "changes" and "_" in name:
        whole = rf"\A{'[ ._]'.join(map(regex, name.split('_')))}\z"
        return f"match({of_object}, {quote(whole)})"
    return f"{of_object}={quote(name)}"


def value_of_object(column: Column) -> str:
    """The value of an object that is that of the pair."""
    value = column.keys[1] if column.layout == "pairs" else column.pair.key
    return _taken_out(column, value)


def _taken_out(column: Column, key: str) -> str:
    return f"json_extract({eval_name(column.pair.path)}, {quote(key)})"


def json_text_of(column: Column) -> str:
    """The column that holds, as text, the JSON that this one is in."""
    return column.json if isinstance(column.json, str) else column.name.partition(".")[0]


def name_and_value_tests(column: Column, node: FieldTest) -> Node:
    """The tests of the name and of the value each for itself, which hold wherever the pair does.
    Whether an empty text can be searched for is not documented.
    """
    name = name_test(column, node)
    if not isinstance(node, Equals | Like) or (isinstance(node, Equals) and not node.value.name):
        return name
    values = Literal(pair_fields(column)[1], span=node.field.span)
    return And((name, replace(node, field=values)), node.span)


def name_test(column: Column, node: FieldTest | Regexp) -> Node:
    """The test of the name, which holds wherever a test of the pair does."""
    names = Literal(pair_fields(column)[0], span=node.field.span)
    name = column.pair.name
    if column.layout == "changes" and "_" in name:
        return Like(names, Pattern.between_stars(name.split("_")), node.span)
    return Equals(names, Literal(name, True), node.span)
