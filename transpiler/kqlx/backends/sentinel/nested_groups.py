"""Nested groups: tests of one object of an array.

``mv-apply`` takes an array apart and looks at one object after the other, which is Elasticsearch's
own meaning; as it keeps and drops rows it serves a group that must hold by itself. Within an ``or``
or below a ``not`` there is only the JSON text of the array, in which objects cannot be told apart.
"""

from __future__ import annotations

from collections.abc import Callable

from kqlx.backends.sentinel.boolean import FALSE, TRUE, all_text, any_text
from kqlx.backends.sentinel.column_access import ELEMENT, EXPANDED, PATH, SCAN, Columns, kusto_type
from kqlx.backends.sentinel.syntax import fold, json_text, quote, steps
from kqlx.backends.text_backend import Text, TextBackend
from kqlx.elastic.type_names import TEXTS
from kqlx.mappings.bound import Column
from kqlx.mappings.command_line_arguments import in_patterns
from kqlx.mappings.nested import bare_value_test
from kqlx.nodes import (
    Always,
    And,
    CommandLineArgument,
    Equals,
    FreeText,
    FunctionTest,
    Like,
    Nested,
    Never,
    Node,
    Not,
    Or,
    Pattern,
    Unmapped,
    asked_pattern,
    walk,
)
from kqlx.notes import Effect
from kqlx.records import dataclass

_NOT_KEYWORDS = TEXTS | {"ip"}
"""Types of columns of text that are not compared as whole texts."""


@dataclass(frozen=True, slots=True)
class NestedGroups:
    """Groups, with the notes and the polarity of the ``backend``. ``expression`` writes the tests
    in them.
    """

    backend: TextBackend
    columns: Columns
    expression: Callable[[Node], Text]

    def whole_conjunct(self, node: Nested) -> Text:
        """``mv-apply`` for a group that must hold by itself: the text after the bar."""
        raw, path = self.array_of(node)
        element = self.columns.free_name(ELEMENT)
        with self.columns.within(path, element):
            item = self.expression(node.item)
        if item == TRUE:
            return has_objects(raw)
        if item == FALSE:
            return FALSE
        tests = [item]
        if _may_hold_of_nothing(node.item):
            # A missing array still gives one row, of null.
            tests.insert(0, Text(f"isnotnull({element})"))
        inner = fold(f"    where {all_text(tests).text}", " " * 8)
        text = f"mv-apply {element} = {raw} on (\n{inner}\n    | take 1\n)"
        return Text(f"{text}\n| project-away {element}", rank=EXPANDED)

    def among_others(self, node: Nested) -> Text:
        """A group among other tests: its tests on the text of the whole array."""
        raw, path = self.array_of(node)
        if isinstance(node.item, Always):
            return has_objects(raw)
        self.backend.note(
            "nested-flattened",
            Effect.WIDER,
            f"the tests of {path}:{{ ... }} may be met by different objects",
            node.span,
        )
        if self.backend.negative:
            return FALSE
        flat = self.flat(node.item, path, f"tostring({raw})", True)
        return has_objects(raw) if flat == TRUE else flat

    def array_of(self, node: Nested) -> tuple[str, str]:
        """The array's column, or path within the object at hand, and its full name."""
        if isinstance(node.path, Pattern):
            what = f"a nested group whose path has a wildcard, {node.path.name}"
            self.backend.refuse(node.span, what, code="construct-not-supported")
        name = node.path.name
        if self.columns.inside:
            path, element = self.columns.inside
            return element + steps(name.split(".")), f"{path}.{name}"
        return self.columns.plain(name, "nested", Column(name)), name

    def flat(self, node: Node, path: str, text: str, wanted: bool) -> Text:
        """Something that holds of the array's text wherever the node holds, or where it must not,
        does not hold, of some object in it.
        """
        if isinstance(node, Not):
            return self.flat(node.item, path, text, not wanted)
        if isinstance(node, And | Or):
            items = [self.flat(item, path, text, wanted) for item in node.items]
            return all_text(items) if isinstance(node, And) is wanted else any_text(items)
        if isinstance(node, Nested):
            return self.flat(node.item, f"{path}.{node.path.name}", text, wanted)
        if not wanted or isinstance(node, Always | Unmapped):
            return TRUE
        if isinstance(node, Never):
            return FALSE
        if isinstance(node, FreeText):
            node = bare_value_test(node)
        if isinstance(node, CommandLineArgument):
            return self.flat(in_patterns(node), path, text, wanted)
        if isinstance(node, FunctionTest) or isinstance(node.field, Pattern):
            return TRUE
        column = self.backend.bound.column(f"{path}.{node.field.name}")
        key_text = json_text(column.name.rpartition(".")[2])
        key = Text(f"{text} contains_cs {quote(chr(34) + key_text + chr(34))}")
        asked = Pattern.of()
        # Of other types a value has many spellings.
        is_text = kusto_type(column.type) == "string" and column.type not in _NOT_KEYWORDS
        if is_text and isinstance(node, Equals | Like):
            asked = asked_pattern(node)
        wanted_text = max(asked.literals, key=len, default="")
        if not wanted_text:
            return key
        value = Text(f"{text} contains {quote(json_text(wanted_text))}", rank=SCAN)
        return all_text([key, value])


def has_objects(array: str, negation: str = "!") -> Text:
    """Whether there is an object at all; with "" for the negation, whether there is none."""
    return Text(f'tostring({array}) {negation}in ("", "[]")', rank=PATH)


def _may_hold_of_nothing(node: Node) -> bool:
    return any(
        isinstance(item, Not | Always) or (isinstance(item, Equals) and item.value.name == "")
        for item in walk(node)
    )
