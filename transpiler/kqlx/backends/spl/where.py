"""The second step: ``| where`` for what ``search`` cannot say.

Every test is a Boolean that is never null: ``mvfind`` looks at each value of a single or multivalue
field and is null where none matches, which is Kibana's meaning of lists and of missing fields
(https://help.splunk.com/splunk-enterprise/spl-search-reference/10.0/evaluation-functions/multivalue-eval-functions).
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable

from kqlx.backends.base import NO_FORM, ValueList, gather
from kqlx.backends.spl.backend import SplBackend, is_any_text
from kqlx.backends.spl.name_value_arrays import PAIRS, has_name, value_of_object
from kqlx.backends.spl.search_capability import NULL
from kqlx.backends.spl.syntax import decoded, eval_name, quote, regex
from kqlx.backends.spl.text_fields import subset_regex, superset_regex
from kqlx.backends.text_backend import Group, Text
from kqlx.elastic.addresses import plain_network
from kqlx.elastic.type_names import DATES, NUMBERS, TEXTS
from kqlx.errors import kind_of
from kqlx.fragments import Piece
from kqlx.mappings.bound import Column
from kqlx.mappings.nested import flattened
from kqlx.nodes import (
    Always,
    And,
    Compare,
    Equals,
    Exists,
    FieldTest,
    FreeText,
    FunctionTest,
    Like,
    Nested,
    Never,
    Node,
    Not,
    Or,
    Pattern,
    Regexp,
    alternatives,
    asked_pattern,
)
from kqlx.patterns import Shape
from kqlx.records import dataclass, field
from kqlx.regexes import late_regex
from kqlx.regular_expressions import compiled, portable, searching

_PLAIN_FIELDS = late_regex(r"[A-Za-z0-9_.*{}]+")
_NO_TEXTS = NUMBERS | DATES | {"ip", "boolean"}
_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


@dataclass()
class WhereWriter(SplBackend):
    """Node → expression of ``where``; ``steps`` are the commands that must come before it."""

    steps: list[str] = field(default_factory=list)

    def condition(self, node: Node) -> Text:
        """The node, or below an odd number of nots something that holds less often, else more
        often.

        Negations are written where they bear on a single test: ``isnull`` instead of ``NOT
        isnotnull``.
        """
        before = len(self.pieces)
        if isinstance(node, Not):
            with self.under_not():
                return self.kept(self.condition(node.item), before, node.span)
        if isinstance(node, And | Or):
            return self.kept(self.group(node), before, node.span)
        return self.part(node)

    def group(self, node: And | Or) -> Text:
        items = (
            node.items
            if isinstance(node, And)
            else _short(gather(alternatives(node), self.fits_regex, self.effective_case))
        )
        conjunction = isinstance(node, And) is not self.negative
        own, other = (Group.AND, Group.OR) if conjunction else (Group.OR, Group.AND)
        before = len(self.steps)
        parts = [self.part(item) for item in items]
        deciding, neutral = ("false()", "true()") if conjunction else ("true()", "false()")
        if any(part.text == deciding for part in parts):
            del self.steps[before:]
            return Text(deciding)
        parts = [part for part in parts if part.text != neutral]
        if not parts:
            return Text(neutral)
        if len(parts) == 1:
            return parts[0]
        texts = [_grouped(part, other) for part in parts]
        return Text((" AND " if conjunction else " OR ").join(texts), own)

    def part(self, node: Node | ValueList) -> Text:
        """A group, or a single test with the negation that it stands under."""
        if isinstance(node, And | Or | Not):
            return self.condition(node)
        if isinstance(node, Nested):
            # Objects cannot be told apart, so that no event may be lost to a negated group.
            return Text("true()") if self.negative else self.condition(flattened(node))
        before = len(self.pieces)
        spans = node.spans if isinstance(node, ValueList) else (node.span,)
        test = self.value_list(node) if isinstance(node, ValueList) else self.leaf(node)
        return self.kept(_negated(test) if self.negative else test, before, *spans)

    def leaf(self, node: Node) -> Text:
        match node:
            case Always():
                return Text("true()")
            case Never():
                return Text("false()")
            case FreeText() if is_any_text(node):
                return Text("true()")
            case FreeText():
                return Text(f"searchmatch({quote(self.free_term(node))})")
            case Equals() | Like() | Exists() | Compare():
                return self.field_condition(node)
            case Regexp():
                return self.regexp(self.column(node), node)
            case FunctionTest():
                return self.function_test(node)
            case _:
                self.refuse(node.span, kind_of(node), code=NO_FORM)

    def fits_regex(self, node: Node) -> bool:
        """Whether the test is one of a text, and so may share a regular expression with others."""
        if not isinstance(node, Equals | Like):
            return False
        return isinstance(node.field, Pattern) or self.column(node).type not in _NO_TEXTS

    def value_list(self, values: ValueList) -> Text:
        if isinstance(values.field, Pattern):
            return self.test_of_wildcard_name(values.field, *values.tests)
        column = self.bound.column(values.field.name)
        if column.layout in PAIRS:
            return self.pair_test(column, *values.tests)
        name = eval_name(column.name)
        if column.type in TEXTS:
            return self.word_test(column, name, *values.tests)
        return _find(name, self.whole_value_regex(column, *values.tests))

    def word_test(self, column: Column, name: str, *tests: Equals | Like) -> Text:
        """A test of a text field: one that matches more, or below a not one that matches less."""
        pattern = subset_regex(*tests) if self.negative else superset_regex(*tests)
        plain = (pattern or "").replace("(?>", "(?:")
        meets = self.negative and plain and re.search(plain, NULL)
        if meets and self.search.null_texts(column) and self.tests_no_null_text(tests):
            name = f"mvfilter({name}!={quote(NULL)})"
        return Text("false()") if pattern is None else _find(name, pattern)

    def tests_no_null_text(self, tests: Iterable[Equals | Like]) -> bool:
        """Whether the tests ask for no text ``null``, so that it stands for a missing value."""
        return not any(
            isinstance(test, Equals) and self.search.matches_null_text(test) for test in tests
        )

    def field_condition(self, node: FieldTest) -> Text:
        if isinstance(node.field, Pattern):
            return self.test_of_wildcard_name(node.field, node)
        column = self.column(node)
        if "'" in column.name:
            self.refuse(
                node.span,
                f"the field name {column.name}",
                "where cannot quote it",
                code="field-name-not-supported",
            )
        if column.layout in PAIRS:
            if isinstance(node, Equals | Like):
                return self.pair_test(column, node)
            if isinstance(node, Compare) and column.type in NUMBERS:
                number = f"tonumber({value_of_object(column)})"
                test = f"{has_name(column)} AND {number}{_OPERATORS[node.op]}{node.value.name}"
                return _any(eval_name(column.pair.path), test)
            if isinstance(node, Compare) and self.negative:
                return Text("false()")
            return self.pair_test(column)
        return self.test(eval_name(column.name), column, node)

    def regexp(self, column: Column, node: Regexp) -> Text:
        """A regular expression of the whole value."""
        folds = self.search.regexp_ignores_case(node)
        if folds:
            self.note_case(column, portable(node.regexp), node)
        pattern, has_dot = searching(node.regexp, r"\z")
        nulls = self.search.null_texts(column)
        if nulls and any(map(compiled(node.regexp, ignore_case=folds).fullmatch, nulls)):
            before = "" if pattern.startswith("^") else "(?s:.*)"
            pattern = rf"^(?!{_one_of(nulls)}\z){before}{pattern.removeprefix('^')}"
        flags = ("i" if folds else "") + ("s" if has_dot else "")
        pattern = pattern.replace("`", "\\x60")  # which begins macros and comments
        pattern = f"(?{flags}){pattern}" if flags else pattern
        if column.layout in PAIRS:
            test = f"match({value_of_object(column)}, {quote(pattern)})"
            return _any(eval_name(column.pair.path), f"{has_name(column)} AND {test}")
        name = eval_name(column.name)
        if column.escaped:
            return _any(name, f"match({decoded(name)}, {quote(pattern)})")
        return _find(name, pattern)

    def function_test(self, node: FunctionTest) -> Text:
        """Functions of every combination of values."""
        from kqlx.backends.spl.function_tests import EvalCalls, folding, tried

        calls = EvalCalls(lambda name: self.bound.column(name.name), self.refuse)
        calls.check(node)
        columns = {field.name: self.bound.column(field.name) for field in node.fields}
        calls.folds = folding([*columns.values()], exact=self.options.exact)
        condition = calls.made(node.call)
        for column in columns.values():
            if texts := self.search.null_texts(column):
                null = quote(rf"\A{_one_of(texts)}\z")
                condition = f"NOT match({eval_name(column.name)}, {null}) AND {condition}"
        names = [eval_name(column.name) for column in columns.values()]
        return Text(tried(condition, names))

    def test(self, name: str, column: Column, node: FieldTest) -> Text:
        """The test on the field of this name, as ``where`` spells it."""
        if isinstance(node, Exists):
            if texts := self.search.null_texts(column):
                return _find(name, f"^(?!{_one_of(texts)}$)")
            return Text(f"isnotnull({name})")
        if isinstance(node, Compare):
            return _any(name, f"tonumber({name}){_OPERATORS[node.op]}{node.value.name}")
        if column.type in TEXTS:
            return self.word_test(column, name, node)
        if isinstance(node, Equals) and column.type in NUMBERS:
            return _any(name, f"tonumber({name})={node.value.name}")
        network = plain_network(node.value.name) if isinstance(node, Equals) else ""
        if column.type == "ip" and network and "/" not in network:
            return _find(name, f"\\A{regex(network)}\\z")
        if column.type == "ip" and network:
            return _any(name, f"cidrmatch({quote(network)}, {name})")
        return _find(name, self.whole_value_regex(column, node))

    def pair_test(self, column: Column, *tests: Equals | Like) -> Text:
        """Whether the object of a name has a value that passes one of the tests, or without tests
        any.
        """
        objects, value = eval_name(column.pair.path), value_of_object(column)
        if tests:
            has_value = f"match({value}, {quote(self.whole_value_regex(column, *tests))})"
        elif texts := self.search.null_texts(column):
            has_value = f"match({value}, {quote(f'^(?!{_one_of(texts)}$)')})"
        else:
            has_value = f"isnotnull({value})"
        return _any(objects, f"{has_name(column)} AND {has_value}")

    def whole_value_regex(self, column: Column, *tests: Equals | Like) -> str:
        """A regular expression for values that are one of these, from beginning to end, or that
        have one of these parts.
        """
        nulls = any(map(self.search.matches_null_text, tests))
        within = not (column.run or nulls) and all(map(_is_within, tests))
        flags, body = self.flags_and_alternatives(column, *tests, within=within)
        if within:
            return f"(?{flags}){body}" if flags else body
        if column.run:
            signs = column.run
            flags = f"(?{flags})" if flags else ""
            null = rf"(?!{NULL}\z)" if nulls else ""
            return rf"{flags}\A{null}[^{signs}]*(?:{body})(?![{signs}])"
        if nulls and self.tests_no_null_text(tests):
            texts = self.search.null_texts(column)
            return rf"\A(?!{_one_of(texts)}\z)(?{flags}:{body})\z"
        body = f"(?:{body})" if "|" in body and len(tests) > 1 else body
        return f"{f'(?{flags})' if flags else ''}\\A{body}\\z"

    def flags_and_alternatives(
        self, column: Column, *tests: Equals | Like, within: bool = False
    ) -> tuple[str, str]:
        """Its flags, and its alternatives, or the parts of texts that are looked for ``within``."""
        folded = not any(self.search.case_counts(column, test) for test in tests)
        texts, bodies = [], dict[Hashable, str]()
        any_one = f"[{column.run}]" if column.run else "."
        for test in tests:
            pattern = asked_pattern(test)
            texts.append(pattern.text)
            if not self.search.case_counts(column, test):
                self.note_case(column, texts[-1], test)
            asked = (
                pattern.map_literals(str.lower) if folded and pattern.text.isascii() else pattern
            )
            body = (
                regex(pattern.text)
                if within
                else pattern.as_atomic_regex(regex, f"{any_one}*", any_one)
            )
            body = bodies.setdefault(asked.tokens, body)
            if len(tests) > 1:
                self.pieces.append(Piece(quote(body)[1:-1], (test.span,)))
        flags = "i" if folded and any(text.lower() != text.upper() for text in texts) else ""
        flags += "s" if not within and any(isinstance(test, Like) for test in tests) else ""
        return flags, "|".join(bodies.values())

    def test_of_wildcard_name(self, name: Pattern, *tests: FieldTest) -> Text:
        """A name with stars: ``foreach`` goes over the event's fields that fit."""
        column = Column(name.name, field=name.name)
        values = [test for test in tests if isinstance(test, Equals | Like)]
        if values:
            test = _find("'<<FIELD>>'", self.whole_value_regex(column, *values))
        else:
            test = self.test("'<<FIELD>>'", column, tests[0])
        mark = f"kqlx_match_{len(self.steps) + 1}"
        fields = name.name
        if self.steps and name.fits("kqlx_match_1"):
            what = f"a further test of the fields {name.name}"
            self.refuse(
                tests[0].span,
                what,
                "foreach would see its own marks",
                code="construct-not-supported",
            )
        listed = fields if _PLAIN_FIELDS.fullmatch(fields) else quote(fields)
        self.steps.append(f"| foreach {listed} [ eval {mark}=if({test.text}, 1, {mark}) ]")
        self.aside.append(Piece(self.steps[-1], tuple(one.span for one in tests)))
        return Text(f"isnotnull({mark})")


def _is_within(test: Equals | Like) -> bool:
    """Whether a value need only have a text somewhere."""
    return isinstance(test, Like) and test.pattern.shape is Shape.CONTAINS


LONGEST_REGEX = 16_000
"""Characters. PCRE compiles at most 64 Ki units, by default."""


def _short(items: list[Node | ValueList]) -> list[Node | ValueList]:
    """The items, with lists too long for one regular expression parted into several."""
    parted: list[Node | ValueList] = []
    for item in items:
        if not isinstance(item, ValueList):
            parted.append(item)
            continue
        tests: list[Equals | Like] = []
        length = 0
        for test in item.tests:
            length += 2 * (test.span[1] - test.span[0] + 8)
            if tests and length > LONGEST_REGEX:
                parted.append(ValueList(item.field, tuple(tests)))
                tests, length = [], 0
            tests.append(test)
        parted.append(ValueList(item.field, tuple(tests)))
    return parted


def _one_of(texts: tuple[str, ...]) -> str:
    """A regular expression for one of the texts, of which one may be empty."""
    written = [regex(text) for text in texts if text]
    if "" in texts:
        return f"(?:{'|'.join(written)})?"
    return written[0] if len(written) == 1 else f"(?:{'|'.join(written)})"


def _find(name: str, pattern: str) -> Text:
    return Text(f"isnotnull(mvfind({name}, {quote(pattern)}))")


def _any(name: str, test: str) -> Text:
    """Whether some value passes a test that eval knows for single values only."""
    return Text(f"isnotnull(mvmap({name}, if({test}, 1, null())))")


def _grouped(item: Text, other: Group) -> str:
    return f"({item.text})" if item.group is other else item.text


def _negated(test: Text) -> Text:
    """The complement of a test, by the function's own opposite."""
    for one, other in (("isnotnull(", "isnull("), ("true()", "false()"), ("false()", "true()")):
        if test.text.startswith(one):
            return Text(other + test.text.removeprefix(one))
    return Text(f"NOT {test.text}", Group.NOT)
