"""Alternatives that are one test together: arguments of a command line, patterns of one column,
words of one text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from functools import cached_property

from kqlx.backends.sentinel.alternations import any_pattern, any_term, better_joined, joined_tests
from kqlx.backends.sentinel.boolean import all_text
from kqlx.backends.sentinel.column_access import INDEXED, OBJECTS, REGEX, Cell
from kqlx.backends.sentinel.command_line_arguments import (
    Argument,
    arguments_regex,
    form_of,
    tests_beside_regex,
)
from kqlx.backends.sentinel.letter_case import ignores_case
from kqlx.backends.sentinel.syntax import quote, terms_within
from kqlx.backends.sentinel.text_fields import TextFields
from kqlx.backends.text_backend import Text, TextBackend
from kqlx.elastic.type_names import TEXTS
from kqlx.fragments import Piece
from kqlx.mappings.command_line_arguments import argument_forms, in_patterns
from kqlx.nodes import (
    Case,
    CommandLineArgument,
    Equals,
    FieldTest,
    Like,
    Node,
    Or,
    Pattern,
    asked_pattern,
)
from kqlx.patterns import Shape
from kqlx.records import dataclass

Joined = tuple[list[Text], list[Node]]
"""The tests that some alternatives are together, and the other alternatives."""

_Key = tuple[str, Case]


@dataclass(frozen=True)
class JoinedAlternatives:
    """Those of one conversion, with the notes and pieces of the ``backend``. ``cell`` finds where
    the values of a test's field are, ``expression`` writes a test by itself, and ``terms`` are, by
    column, those that other tests of the query ask for.
    """

    backend: TextBackend
    cell: Callable[[FieldTest], Cell]
    expression: Callable[[Node], Text]
    terms: Mapping[str, Collection[str]]

    def arguments(self, items: list[Node]) -> Joined:
        """The tests for arguments of command lines, a regular expression a column and letter case,
        and the others of these alternatives, less those that it finds too.
        """
        if CommandLineArgument not in {*map(type, items)}:
            return [], items
        by_column: dict[_Key, dict[Argument, dict[str, Equals | Like]]] = {}
        rest: list[Node] = []
        for item in items:
            if not isinstance(item, CommandLineArgument):
                rest.append(item)
            elif (form := form_of(item)) and self.is_whole_text(item.test):
                alike = by_column.setdefault(self._key(item.test), {}).setdefault(form, {})
                alike.setdefault(asked_pattern(item.test).text, item.test)
                rest += tests_beside_regex(item)
            else:
                rest += alternatives([in_patterns(item)])
        found = {
            key: {form for word in of_form.get(Argument.WORD, ()) for form in argument_forms(word)}
            for key, of_form in by_column.items()
        }
        texts: list[Text] = []
        for key, of_form in by_column.items():
            spans = [test.span for tests in of_form.values() for test in tests.values()]
            spans += [item.span for item in rest if self._is_found(item, {key: found[key]})]
            made = self._any_argument(of_form)
            texts.append(self.backend.kept(made, len(self.backend.pieces), *spans))
        return texts, [item for item in rest if not self._is_found(item, found)]

    def _any_argument(self, of_form: Mapping[Argument, Mapping[str, Equals | Like]]) -> Text:
        """One of the arguments of a column, by how it is looked for."""
        tests = [test for form in Argument for test in of_form.get(form, {}).values()]
        cell = self.cell(tests[0])
        folds = ignores_case(self.backend, cell, tests)
        expression = arguments_regex(*(of_form.get(form, ()) for form in Argument))
        pattern = quote(f"(?i){expression}" if folds else expression)
        made = Text(f"{cell.access} matches regex {pattern}", rank=REGEX)
        if {*of_form} != {Argument.WORD} or len(tests) == 1:
            return made
        terms = [terms_within(Pattern.of(word)) for word in of_form[Argument.WORD]]
        found = any_term(cell, terms, folds, self.terms.get(cell.access, ()))
        return all_text([found, made]) if found else made

    def _is_found(self, node: Node, found: Mapping[_Key, Container[Pattern]]) -> bool:
        """Whether a test is for one of the patterns that are found in its column as it is."""
        if not found or not isinstance(node, Equals | Like) or not self.is_whole_text(node):
            return False
        return asked_pattern(node) in found.get(self._key(node), ())

    def patterns(self, items: list[Node]) -> Joined:
        """The patterns of whole values, one expression for each column and letter case that has
        several, and the others of these alternatives.
        """
        by_column: dict[_Key, list[Like]] = {}
        for item in items:
            if isinstance(item, Like) and self._is_pattern_of_text(item):
                by_column.setdefault(self._key(item), []).append(item)
        found, joined = [], set[int]()
        for each in by_column.values():
            patterns = [test.pattern.collapsed() for test in each]
            if not (places := better_joined(patterns)):
                continue
            tests = [each[place] for place in places]
            cell = self.cell(tests[0])
            folds = ignores_case(self.backend, cell, tests)
            known = self.terms.get(cell.access, ())
            made = any_pattern(cell, [patterns[at] for at in places], folds=folds, known=known)
            found.append(self._kept(made, tests))
            joined |= {*map(id, tests)}
        return found, [item for item in items if id(item) not in joined]

    def words(self, items: Sequence[Node]) -> tuple[list[Text], Sequence[Node]]:
        """The words that a text of one column must all have as one test, and the other tests."""
        if not self._may_have_values or self.backend.negative:
            return [], items
        texts = TextFields(self.backend)
        by_column: dict[str, dict[int, tuple[Equals, str]]] = {}
        for item in items:
            if not isinstance(item, Equals) or isinstance(item.field, Pattern):
                continue
            cell = self.cell(item)
            if self.backend.is_text(cell.column) and (word := texts.word(cell, item)):
                by_column.setdefault(item.field.name, {})[id(item)] = item, word
        found: list[Text] = []
        joined: set[int] = set()
        for alike in by_column.values():
            if len(alike) < 2:
                continue
            tests = [test for test, _ in alike.values()]
            cell = self.cell(tests[0])
            for test in tests:
                texts.compares_words(cell, test)
            terms = ", ".join(map(quote, dict.fromkeys(word for _, word in alike.values())))
            made = Text(f"{cell.access} has_all ({terms})", rank=INDEXED)
            found.append(self._kept(made, tests))
            joined |= alike.keys()
        return found, [item for item in items if id(item) not in joined] if joined else items

    def phrases(self, items: list[Node]) -> Joined:
        """The tests of texts for several words that stand one behind the other, of one column as
        one, and the others of these alternatives.
        """
        if not self._may_have_values or self.backend.negative:
            return [], items
        texts = TextFields(self.backend)
        by_column: dict[str, dict[int, tuple[Equals, tuple[str, ...]]]] = {}
        for item in items:
            if not isinstance(item, Equals) or isinstance(item.field, Pattern):
                continue
            cell = self.cell(item)
            if self.backend.is_text(cell.column) and (phrase := texts.phrase(cell, item)):
                by_column.setdefault(item.field.name, {})[id(item)] = item, phrase
        found: list[Text] = []
        for alike in by_column.values():
            tests = [test for test, _ in alike.values()]
            cell = self.cell(tests[0])
            for test in tests:
                texts.compares_words(cell, test)
            phrases = [*dict.fromkeys(phrase for _, phrase in alike.values())]
            found.append(self._kept(texts.any_phrase(cell, phrases), tests))
        joined = {place for alike in by_column.values() for place in alike}
        return found, [item for item in items if id(item) not in joined]

    def values(self, items: list[Node]) -> Joined:
        """The tests of texts for words, and those of what stands in JSON, of one column as one
        where they are made alike; and the others of these alternatives.
        """
        if not self._may_have_values:
            return [], items
        tests = [item for item in items if isinstance(item, Equals | Like) and self._is_value(item)]
        if len(tests) < 2:
            return [], items
        pieces = self.backend.pieces
        made: list[tuple[Text, Piece | None]] = []
        for test in tests:
            before, text = len(pieces), self.expression(test)
            made.append((text, pieces.pop() if len(pieces) > before else None))
        found: list[Text] = []
        for text, places in joined_tests([text for text, _ in made]):
            kept = [piece for place in places if (piece := made[place][1])]
            if len(places) > 1:
                kept = [Piece(text.text, tuple(span for one in kept for span in one.spans), ())]
            pieces += kept
            found.append(text)
        joined = {*map(id, tests)}
        return found, [item for item in items if id(item) not in joined]

    def is_whole_text(self, node: Equals | Like) -> bool:
        """Whether the test is one of the text in a plain column."""
        if isinstance(node.field, Pattern):
            return False
        cell = self.cell(node)
        plain = cell.form == "column" and cell.is_string and not self.backend.is_text(cell.column)
        return plain and cell.column.type not in ("ip", "flattened")

    @cached_property
    def _may_have_values(self) -> bool:
        bound = self.backend.bound
        columns = bound.columns.values()
        found = any(column.type in TEXTS or column.layout != "column" for column in columns)
        return bound.destination is None or found

    def _is_value(self, node: Equals | Like) -> bool:
        """Whether a value is looked for among the words of a plain column, or in JSON."""
        if isinstance(node.field, Pattern):
            return False
        cell = self.cell(node)
        if cell.form == "column":
            return self.backend.is_text(cell.column)
        return cell.form in OBJECTS and cell.key_path is None

    def _is_pattern_of_text(self, node: Like) -> bool:
        """Whether a pattern is held against the whole text of a plain column."""
        if isinstance(node.field, Pattern) or node.pattern.shape is Shape.ANYTHING:
            return False
        return self.is_whole_text(node) and self.cell(node).column.layout == "column"

    def _key(self, node: Equals | Like) -> _Key:
        return node.field.name, self.backend.effective_case(node)

    def _kept(self, made: Text, tests: Sequence[FieldTest]) -> Text:
        spans = (test.span for test in tests)
        return self.backend.kept(made, len(self.backend.pieces), *spans)


def alternatives(items: Iterable[Node]) -> list[Node]:
    """What may hold, one by one; groups of ``or`` among the items are opened."""
    return [
        leaf
        for item in items
        for leaf in (alternatives(item.items) if isinstance(item, Or) else [item])
    ]
