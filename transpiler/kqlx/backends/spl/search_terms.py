"""A bound tree → terms of Splunk's ``search``.

In ``search`` OR binds tighter than AND, in ``where`` the other way round, so that every OR stands
in parentheses and nothing rests on precedence. Negation is ``NOT field="value"``, which keeps
events without the field as Kibana does; ``!=`` would drop them
(https://docs.splunk.com/Documentation/Splunk/9.0.2/Search/NOTexpressions).
"""

from __future__ import annotations

from collections.abc import Iterable

from kqlx.backends.base import ValueList, gather
from kqlx.backends.spl.backend import SplBackend, is_any_text
from kqlx.backends.spl.search_capability import NULL
from kqlx.backends.spl.syntax import quote, search_name
from kqlx.backends.text_backend import Group, Text
from kqlx.elastic.addresses import plain_network
from kqlx.elastic.type_names import NUMBERS, TEXTS
from kqlx.fragments import Piece
from kqlx.mappings.bound import Column
from kqlx.nodes import (
    And,
    Compare,
    Equals,
    Exists,
    FreeText,
    Like,
    Literal,
    Node,
    Not,
    Or,
    Pattern,
    Regexp,
    alternatives,
    conjuncts,
)
from kqlx.patterns import Shape
from kqlx.records import dataclass, replace

_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}

_UNQUOTED = NUMBERS | {"boolean"}


@dataclass()
class SearchWriter(SplBackend):
    """Node → terms of ``search``.

    ``is_filter``: a ``where`` says the same tests again, and how it compares letters.
    """

    is_filter: bool = False

    def note_case(self, column: Column, text: str, node: Equals | Like | Regexp) -> None:
        if not self.is_filter:
            super().note_case(column, text, node)

    def all_of(self, node: And) -> Text:
        return Text(" ".join([self.expression(item).text for item in node.items]), Group.AND)

    def any_of(self, node: Or) -> Text:
        asked, missing = self.opened(alternatives(node))
        items = [
            self.in_list(item) if isinstance(item, ValueList) else self.expression(item)
            for item in self.by_column(gather(asked, self.fits_list, self.effective_case))
        ]
        items += missing
        if len(items) == 1:
            return items[0]
        texts = [f"({t.text})" if t.group is Group.AND else t.text for t in items]
        return Text(f"({' OR '.join(texts)})", Group.OR)

    def negate(self, node: Not) -> Text:
        if (missing := self.missing(node)) is not None:
            return missing
        with self.under_not():
            item = self.expression(node.item)
        # An OR already stands in parentheses.
        bare = item.group in (Group.ATOM, Group.OR)
        return Text(f"NOT {item.text}" if bare else f"NOT ({item.text})", Group.NOT)

    def missing(self, node: Not) -> Text | None:
        """That a field of one value is missing, also where texts stand for that, as people search
        for it: ``NOT f=* OR f IN ("", "null")``; of one that is stored under several names that
        each is. None for other tests.
        """
        found = self.fields_missing(node)
        each = []
        for present, tests in found.items():
            name = search_name(self.column(present).name)
            listed = _once([*(self.value(self.column(test), test) for test in tests), quote(NULL)])
            each.append(f"(NOT {name}=* OR {name} IN ({', '.join(listed)}))")
        if not each:
            return None
        return Text(" ".join(each), Group.OR if len(each) == 1 else Group.AND)

    def fields_missing(self, node: Not) -> dict[Exists, list[Equals]]:
        """Of such a test the fields, each with the tests of texts that stand for a missing value;
        none for others.
        """
        first, *others = conjuncts(node.item)
        found: dict[str, tuple[Exists, list[Equals]]] = {}
        for test in alternatives(first):
            if not isinstance(test, Exists) or isinstance(test.field, Pattern):
                return {}
            if not self.search.may_hold_null(self.column(test)):
                return {}
            found[self.column(test).name] = test, []
        absent: list[Node] = []
        for other in others:
            if not isinstance(other, Not):
                return {}
            absent += alternatives(other.item)
        for one in absent:
            if not isinstance(one, Equals) or isinstance(one.field, Pattern):
                return {}
            name = self.column(one).name
            if name not in found:
                return {}
            found[name][1].append(one)
        return {present: tests for present, tests in found.values()} if absent else {}

    def opened(self, items: list[Node]) -> tuple[list[Node], list[Text]]:
        """Alternatives, of which one that a field is missing stands for the texts that mean so,
        among which others of the field may be, and for none at all.
        """
        asked: list[Node] = []
        missing: list[Text] = []
        for item in items:
            found = self.fields_missing(item) if isinstance(item, Not) else {}
            if len(found) != 1 or self.column(present := next(iter(found))).type in _UNQUOTED:
                asked.append(item)
                continue
            (tests,) = found.values()
            null = replace(tests[0], value=Literal(NULL, span=tests[0].value.span))
            asked += [replace(test, field=present.field) for test in (*tests, null)]
            missing.append(Text(f"NOT {search_name(self.column(present).name)}=*", Group.NOT))
        return asked, missing

    def by_column(self, items: list[Node | ValueList]) -> list[Node | ValueList]:
        """The alternatives, with one list for a column that is asked as an address and as text."""
        found: list[Node | ValueList] = []
        places: dict[str, int] = {}
        for item in items:
            tests = item.tests if isinstance(item, ValueList) else (item,)
            first = tests[0]
            if not isinstance(first, Equals | Like) or not self.fits_list(first):
                found.append(item)
                continue
            place = places.setdefault(self.column(first).name, len(found))
            if place == len(found):
                found.append(item)
                continue
            before = found[place]
            joined = (*(before.tests if isinstance(before, ValueList) else (before,)), *tests)
            listed = [test for test in joined if isinstance(test, Equals | Like)]
            found[place] = ValueList(listed[0].field, tuple(listed))
        return found

    def fits_list(self, node: Node) -> bool:
        """Whether the test can share an ``IN``: a pattern cannot that needs a second test."""
        return isinstance(node, Equals) or (isinstance(node, Like) and not self.needs_value(node))

    def needs_value(self, node: Like) -> bool:
        """Whether a missing value may pass for one that the pattern fits."""
        column = self.column(node)
        return (
            column.type not in TEXTS
            and self.search.may_hold_null(column)
            and self.search.matches_null_text(node)
        )

    def in_list(self, values: ValueList) -> Text:
        column = self.bound.column(values.field.name)
        before = len(self.pieces)
        each = [self.value(self.column(test), test) for test in values.tests]
        for test, text in zip(values.tests, each, strict=True):
            self.pieces.append(Piece(text, (test.span,)))
        texts = _once(each)
        if len(texts) == 1:
            made = Text(f"{search_name(column.name)}={texts[0]}")
        else:
            made = Text(f"{search_name(column.name)} IN ({', '.join(texts)})")
        return self.kept(made, before, *values.spans)

    def equals(self, column: Column, node: Equals) -> Text:
        return Text(f"{search_name(column.name)}={self.value(column, node)}")

    def like(self, column: Column, node: Like) -> Text:
        if node.pattern.shape is Shape.ANYTHING:
            return self.present(column)
        test = f"{search_name(column.name)}={self.value(column, node)}"
        if self.needs_value(node):
            return Text(f"{test} {self.present(column).text}", Group.AND)
        return Text(test)

    def value(self, column: Column, node: Equals | Like) -> str:
        """The right side of ``=``."""
        if isinstance(node, Like):
            text = node.pattern.name
        else:
            text = node.value.name
            if column.type in _UNQUOTED:
                return text
            if column.type == "ip":
                return quote(plain_network(text) or text)
        self.note_case(column, text, node)
        return quote(text)

    def exists(self, column: Column, node: Exists) -> Text:
        return self.present(column)

    def present(self, column: Column) -> Text:
        name = search_name(column.name)
        return Text(f"{name}!={quote(NULL)}" if self.search.may_hold_null(column) else f"{name}=*")

    def compare(self, column: Column, node: Compare) -> Text:
        test = f"{search_name(column.name)}{_OPERATORS[node.op]}{node.value.name}"
        if node.op in ("gt", "gte") and self.search.may_hold_null(column):
            # What is no number is compared as text, and "null" comes behind all digits.
            return Text(f"{test} {self.present(column).text}", Group.AND)
        return Text(test)

    def free_text(self, node: FreeText) -> Text:
        return self.always() if is_any_text(node) else Text(self.free_term(node))

    def always(self) -> Text:
        return Text("*")

    def never(self) -> Text:
        return Text("NOT *", Group.NOT)


def _once(texts: Iterable[str]) -> list[str]:
    """The values as they are first written, whatever the letter case of ASCII."""
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(text.lower() if text.isascii() else text, text)
    return [*found.values()]
