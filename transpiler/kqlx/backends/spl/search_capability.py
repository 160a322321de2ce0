"""What Splunk's ``search`` can say: which tests exactly, and for others what surely matches more.

``search`` compares whole values without regard to letter case, any value of a list, numbers as
numbers with ``<`` and ``>``, networks where a value looks like one. Everything else is a matter for
``where``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from kqlx.backends.letter_case import effective_case
from kqlx.backends.spl.name_value_arrays import (
    PAIRS,
    json_text_of,
    name_and_value_tests,
    name_test,
    pair_fields,
)
from kqlx.backends.spl.syntax import (
    is_ordinary,
    is_plain_literal,
    name_problem,
    widened_for_search,
)
from kqlx.backends.spl.text_fields import contains_pieces, gains_by_regex, is_part_of_word
from kqlx.elastic.addresses import is_network, plain_network
from kqlx.elastic.asked_tests import PARTED, pieces_asked
from kqlx.elastic.type_names import DATES, INTEGERS, NUMBERS, STRINGS, TEXTS
from kqlx.mappings.bound import Bound, Column
from kqlx.mappings.nested import flattened
from kqlx.nodes import (
    Always,
    And,
    Case,
    Compare,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    FunctionTest,
    Like,
    Literal,
    Nested,
    Never,
    Node,
    Not,
    Or,
    Pattern,
    Regexp,
    all_of,
    asked_pattern,
    walk,
)
from kqlx.patterns import ANY_RUN
from kqlx.records import dataclass, field, replace
from kqlx.regexes import late_regex

_WHOLE = late_regex("0|[1-9][0-9]*")
"""A number as it is written when it is made a text."""

_AS_IN_JSON = late_regex(r"[A-Za-z0-9 ._:@=-]+")
SHORTEST_PART = 5
"""Shorter ones stand in nearly every text."""
_AS_TEXT = STRINGS - TEXTS

NULL = "null"
"""What Splunk makes of JSON's null."""

_FLOATS = NUMBERS - INTEGERS
_NOT_WHOLE = TEXTS | _FLOATS | DATES | {"ip"}
_NOT_KEYWORDS = TEXTS | NUMBERS | DATES | {"ip", "boolean"}
_NOT_PLAIN = TEXTS | _FLOATS | DATES | {"flattened"}
_EXACT = INTEGERS | DATES | {"ip", "boolean"}
"""Types whose values ``search`` compares as Elasticsearch does."""


@dataclass(frozen=True, slots=True)
class SearchCapability:
    """Answers for a bound tree; ``exact`` asks for letter case to count. It says nothing and
    refuses nothing. ``_plain`` keeps what was found out of fields.
    """

    bound: Bound
    exact: bool = False
    _plain: dict[str, frozenset[int] | None] = field(default_factory=dict, compare=False)

    def column(self, node: FieldTest | Regexp) -> Column:
        """The column of a test whose field has a name without stars."""
        return self.bound.column(node.field.name)

    def is_plain(self, node: Node) -> bool:
        """Whether the test is one of a whole value that ``search`` says as it is, and of which
        nothing is to be told or refused. Nearly all tests of long lists are.
        """
        if not isinstance(node, Equals) or isinstance(node.field, Pattern):
            return False
        name, text = node.field.name, node.value.name
        if name not in self._plain:
            self._plain[name] = self._lengths_of_nulls(self.bound.column(name))
        lengths = self._plain[name]
        return lengths is not None and len(text) not in lengths and is_ordinary(text)

    def _lengths_of_nulls(self, column: Column) -> frozenset[int] | None:
        """How long the texts are that stand for a missing value in a column whose tests of whole
        values may be plain; None for other columns.
        """
        odd_form = column.layout in PAIRS or column.json or column.run
        if self.exact or odd_form or column.type in _NOT_PLAIN or name_problem(column.name):
            return None
        return frozenset(map(len, self.null_texts(column)))

    def compares_whole(self, test: Equals | Like) -> bool:
        """Whether values are compared as they are written: not by words, nor as addresses."""
        if isinstance(test.field, Pattern):
            return False
        return self.column(test).type not in _NOT_WHOLE

    def list_of(self, test: Equals | Like) -> str:
        """The name of the column of which ``search`` says the test, and others, in one ``IN``."""
        return self.column(test).name if self.is_exact(test) else ""

    def is_one_number(self, test: Equals) -> bool:
        """Whether the test is one of a column that a pack knows to hold a single whole number."""
        column = self.bound.columns.get(test.field.name)
        if column is None or self.bound.place.get("json") or "{}" in column.name:
            return False
        return column.type in INTEGERS and column.layout == "column" and not column.json

    def is_exact(self, node: Node) -> bool:
        """Whether ``search`` says the test as it is, letter case apart unless it must count."""
        if isinstance(node, Always | Never | FreeText):
            return True
        if isinstance(node, Nested) or isinstance(getattr(node, "field", None), Pattern):
            return False
        if not isinstance(node, FieldTest):
            return False
        column = self.column(node)
        if column.layout in PAIRS or column.json or column.run:
            return False
        if isinstance(node, Exists | Compare):
            return not self.list_may_hold_null(column)
        second = column.type in TEXTS or self.list_may_hold_null(column)
        if second and isinstance(node, Like) and self.matches_null_text(node):
            return False
        if column.type in TEXTS:
            return is_part_of_word(node)
        if column.type in _FLOATS or column.type in _EXACT:
            return column.type in _EXACT
        if isinstance(node, Equals):
            sayable = is_plain_literal(node.value.name) and not is_network(node.value.name)
        else:
            sayable = is_plain_literal(node.pattern.text) and not node.pattern.has_any_one
        return sayable and not self.case_counts(column, node)

    def may_hold_null(self, column: Column) -> bool:
        """Whether a missing value may stand there as the text ``null``, as JSON's is extracted."""
        if column.layout != "column" or "{}" in column.name or column.name == "_raw":
            return False
        if column.null_text:
            return False
        return bool(self.bound.place.get("json") or column.json)

    def list_may_hold_null(self, column: Column) -> bool:
        """Whether it is a list of values, or a key of several objects, of which some may be null:
        whether ``!=`` asks for one that is not is not documented.
        """
        if column.layout != "column" or "{}" not in column.name or column.null_text:
            return False
        return bool(self.bound.place.get("json") or column.json or column.null_values)

    def null_texts(self, column: Column) -> tuple[str, ...]:
        """The texts that stand for a missing value among those of the column; of one that is no
        list the pack's texts are told apart in the tree.
        """
        if self.list_may_hold_null(column):
            return (*column.null_values, NULL)
        if column.layout in PAIRS:
            return (NULL,) if self.bound.place.get("json") or column.json else ()
        return (NULL,) if self.may_hold_null(column) else ()

    def matches_null_text(self, node: Equals | Like) -> bool:
        """Whether a text passes the test that may stand for a missing value."""
        named = isinstance(node.field, Pattern)
        column = Column(node.field.name) if named else self.column(node)
        texts = self.null_texts(column)
        if not texts or (isinstance(node, Equals) and len(node.value.name) not in map(len, texts)):
            return False
        pattern = asked_pattern(node)
        if len(pattern.text) > max(map(len, texts)):
            return False
        fitting = re.compile(pattern.as_regex(re.escape), re.IGNORECASE)
        return any(map(fitting.fullmatch, texts))

    def same_as_text(self, type: str, node: Node) -> bool:
        """Whether a field of this type takes the test as one of a whole text, or never meets it."""
        if isinstance(node, Like) and type in PARTED and pieces_asked(node, type) is not node:
            return False  # one piece of the pattern is enough there
        if isinstance(node, Exists) or type not in _NOT_KEYWORDS:
            return True
        if not isinstance(node, Equals) or type in TEXTS:
            return False
        text = node.value.name
        if type == "ip":
            return not plain_network(text)
        if type in DATES:
            return not any(character.isdigit() for character in text) and "now" not in text
        plain = type in INTEGERS and _WHOLE.fullmatch(text) is not None
        return type == "boolean" or plain or not any(map(str.isdigit, text))

    def superset(self, node: Node) -> Node:
        """Tests that ``search`` says exactly and that hold wherever this one does."""
        if isinstance(node, Nested):
            return flattened(node)
        if isinstance(node, FieldTest) and isinstance(node.field, Literal):
            column = self.column(node)
            if column.run and isinstance(node, Equals | Like):
                return _anywhere(column, node)
            if column.layout in PAIRS and column.name not in pair_fields(column):
                return name_and_value_tests(column, node)
            if column.json and isinstance(node, Equals | Like):
                return _in_json_text(column, node)
            if column.layout in PAIRS or column.json:  # a pair may be called as their names are
                return Always(node.span)
            if isinstance(node, Exists | Compare):
                return node
        if isinstance(node, Regexp):
            return self.superset_of_regexp(node)
        if isinstance(node, FunctionTest):  # of no value there is no function
            names = {name.name: name for name in node.fields}
            return all_of([Exists(name, node.span) for name in names.values()], node.span)
        if not isinstance(node, Equals | Like) or isinstance(node.field, Pattern):
            return Always(node.span)
        column = self.column(node)
        if column.type in TEXTS:
            return contains_pieces(node)
        if isinstance(node, Equals) and column.type in _FLOATS:
            # "5" and "5.0" are one number, but two texts.
            least = Compare(node.field, "gte", node.value, node.span)
            return And((least, replace(least, op="lte")), node.span)
        if column.type in _EXACT:
            return node
        if isinstance(node, Like):
            return replace(node, pattern=widened_for_search(node.pattern))
        if is_plain_literal(node.value.name):  # a network, or letter case that counts
            return node
        pattern = widened_for_search(asked_pattern(node))
        return Like(node.field, pattern, node.span, case=node.case)

    def superset_of_regexp(self, node: Regexp) -> Node:
        """A pattern of the texts that every value has which the regular expression fits."""
        from kqlx.regular_expressions import longest_literals

        column, texts = self.column(node), longest_literals(node.regexp)
        if column.escaped:  # the signs of XML may stand there in two ways
            texts = [part for text in texts for part in _SIGNS_OF_XML.split(text) if part]
        if column.layout in PAIRS:
            called_as_names = column.name in pair_fields(column)
            return Always(node.span) if called_as_names else name_test(column, node)
        if not texts:
            return Always(node.span)
        if column.json:
            return _text_in_json(column, node, texts)
        pattern = widened_for_search(Pattern.between_stars(["", *texts, ""], node.span))
        return Like(node.field, pattern.collapsed(), node.span, case=node.case)

    def regexp_ignores_case(self, node: Regexp) -> bool:
        """Whether letters of a regular expression stand for both cases: ``where`` tells them apart
        at no cost.
        """
        wanted = Case.EXACT if self.exact else None
        if effective_case(node, self.column(node), wanted, Case.EXACT) is not Case.FOLDED:
            return False
        from kqlx.regular_expressions import has_letters

        return has_letters(node.regexp)

    def case_counts(self, column: Column, node: Equals | Like) -> bool:
        """Whether the user wants letter case to count, and it does in the test."""
        text = node.value.name if isinstance(node, Equals) else node.pattern.name
        return self.effective_case(column, node) is Case.EXACT and text.lower() != text.upper()

    def effective_case(self, column: Column, node: Equals | Like) -> Case:
        """How the search compares the letters of a test: ``search`` itself folds them."""
        wanted = Case.EXACT if self.exact else None
        return effective_case(node, column, wanted, Case.FOLDED)

    def widened(self, node: Node, negative: bool = False) -> Node:
        """The node with every test that ``search`` cannot say replaced by one that matches more.

        Below an odd number of nots (``negative``) that is one that matches less: none at all.
        """
        if isinstance(node, And | Or):
            items = tuple([self.widened(item, negative) for item in node.items])
            return And(items, node.span) if isinstance(node, And) else Or(items, node.span)
        if isinstance(node, Not):
            return Not(self.widened(node.item, not negative), node.span)
        if self.is_exact(node):
            return node
        if negative:
            return Never(node.span)
        wide = self.superset(node)
        if wide == node:
            return wide
        again = isinstance(wide, And | Or) or isinstance(node, FunctionTest)
        return self.widened(wide) if again else wide

    def all_exact(self, node: Node) -> bool:
        """Whether ``search`` says every test of the node exactly."""
        leaves = (leaf for leaf in walk(node) if not isinstance(leaf, And | Or | Not))
        return all(map(self.is_exact, leaves))

    def gains_by_where(self, node: Node, negative: bool = False) -> bool:
        """Whether a second step can say more of the node than its widened form does."""
        if isinstance(node, And | Or):
            return any(self.gains_by_where(item, negative) for item in node.items)
        if isinstance(node, Not):
            return self.gains_by_where(node.item, not negative)
        if self.is_exact(node):
            return False
        if isinstance(node, Nested):
            return not negative and self.gains_by_where(self.superset(node))
        if not isinstance(node, Equals | Like) or isinstance(node.field, Pattern):
            return True
        return negative or self.column(node).type not in TEXTS or gains_by_regex(node)


_SIGNS_OF_XML = late_regex("[&<>\"']")


def _in_json_text(column: Column, test: Equals | Like) -> Node:
    """The longest part of the value that JSON writes as it is, anywhere in the text of the JSON."""
    if column.layout in PAIRS:
        return Always(test.span)
    return _text_in_json(column, test, asked_pattern(test).literals)


def _text_in_json(column: Column, test: Equals | Like | Regexp, texts: Iterable[str]) -> Node:
    """The longest of the texts that JSON writes as it is."""
    parts = [part for text in texts for part in _AS_IN_JSON.findall(text)]
    longest = max(parts, key=len, default="")
    if column.type not in _AS_TEXT or len(longest) < SHORTEST_PART:
        return Always(test.span)
    name = Literal(json_text_of(column), span=test.field.span)
    within = Pattern.of(ANY_RUN, longest, ANY_RUN, span=test.span)
    return Like(name, within, test.span, case=Case.FOLDED)  # ``where`` tells the cases apart


def _anywhere(column: Column, test: Equals | Like) -> Like:
    """The test of what is within the text, wherever it stands."""
    within = asked_pattern(test).within()
    name = Literal(column.name, span=test.field.span)
    return Like(name, within, test.span, case=test.case)
