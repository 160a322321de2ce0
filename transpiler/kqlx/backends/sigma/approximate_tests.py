"""What a Sigma selection can say of a single test: exactly, or by something that surely matches
more, or below a ``not`` less.

A selection compares whole values without regard to letter case, with the wildcards ``*`` and ``?``,
networks, and numbers; any value of a list may match. It cannot compare texts or dates by order,
split a text into words, tell the objects of a list apart, or test fields by a part of their name.
"""

from __future__ import annotations

from kqlx.backends.letter_case import effective_case
from kqlx.backends.sigma.approximate_numbers import range_test
from kqlx.backends.sigma.backend import SigmaBackend
from kqlx.backends.sigma.words import (
    as_spelt,
    is_part_of_word,
    pattern_among_words,
    phrase_among_words,
)
from kqlx.elastic.text_analysis import word_patterns
from kqlx.elastic.type_names import DATES, NUMBERS
from kqlx.mappings.bound import Column, described
from kqlx.nodes import (
    Case,
    Compare,
    Equals,
    Exists,
    FieldTest,
    Like,
    Literal,
    Node,
    Regexp,
    any_of,
    pattern_test,
)
from kqlx.notes import Effect
from kqlx.patterns import Pattern, Shape
from kqlx.records import replace
from kqlx.regular_expressions import has_letters, portable


def sayable_test(backend: SigmaBackend, column: Column, node: FieldTest) -> Node:
    """A test of one field in tests that a selection can say, with notes on what differs.

    Raises UnsupportedError for what Elasticsearch would refuse too, or can never find.
    """
    match node:
        case Equals():
            return _equal(backend, column, node)
        case Like():
            return _wildcard(backend, column, node)
        case Compare():
            return range_test(backend, column, node)
    return node


def regexp_test(backend: SigmaBackend, column: Column, node: Regexp) -> Node:
    """A regular expression, in which letter case counts unless the test or the column says not."""
    wanted = backend.options.letter_case
    case = effective_case(node, column, wanted, Case.EXACT)
    if case is Case.FOLDED and has_letters(node.regexp):
        backend.ignores_case(column, portable(node.regexp), node)
    backend.note(
        "back-end-support",
        Effect.SAME,
        "re is read as meant by pySigma's back end for Splunk, where $ also stands before a last"
        " line break; those for Lucene, EQL and ES|QL hand it to Elasticsearch, where its anchors"
        " and groups are characters, so that nothing fits",
    )
    return replace(node, case=case)


def _equal(backend: SigmaBackend, column: Column, node: Equals) -> Node:
    if column.type in DATES:
        return backend.approximate(
            node, f"a value of {described(column)}", "Elasticsearch reads it as a time span"
        )
    if column.type in NUMBERS or column.type == "boolean":
        return node
    if backend.is_text(column):
        return _words(backend, column, node)
    return _in_case(backend, column, node)


def _wildcard(backend: SigmaBackend, column: Column, node: Like) -> Node:
    if backend.is_text(column):
        return _words(backend, column, node)
    if node.pattern.shape is Shape.ANYTHING:
        return Exists(node.field, node.span)
    return _in_case(backend, column, node)


def _in_case(backend: SigmaBackend, column: Column, node: Equals | Like) -> Node:
    """The test in the letter case that it is said in. Notes that this does not count, or with
    ``exact`` who refuses that it does.
    """
    case = backend.effective_case(node)
    text = node.value.name if isinstance(node, Equals) else node.pattern.text
    if case is Case.EXACT and backend.has_letters(column, text):
        backend.note(
            "back-end-support",
            Effect.SAME,
            "cased is supported by pySigma's back end for EQL, not by those for Splunk, Lucene,"
            " ES|QL and Kusto",
        )
    elif not backend.exact or node.case is Case.FOLDED:
        backend.ignores_case(column, text, node)
    if node.case is case:
        return node
    if isinstance(node, Equals):
        return Equals(node.field, node.value, node.span, case=case)
    return Like(node.field, node.pattern, node.span, case=case)


def _words(backend: SigmaBackend, column: Column, node: Equals | Like) -> Node:
    """Parts of a text field's value for words: those that hold them, below a not those between
    signs that part words, by a regular expression.
    """
    pieces = word_patterns(node)
    backend.folds_oddly(column, node, exact=backend.exact)
    if not all(map(is_part_of_word, pieces)):
        backend.note(
            "text-analysis",
            Effect.WIDER,
            f"{column.name} is text: Elasticsearch compares words, Sigma parts of the value",
            node.span,
        )
    tests: list[Node] = []
    for lowered in pieces:
        piece = as_spelt(lowered, node.value.name) if isinstance(node, Equals) else lowered
        if backend.negative and piece.shape is not Shape.CONTAINS:
            make = pattern_among_words if isinstance(node, Like) else phrase_among_words
            if (found := make(piece)) is not None and isinstance(node.field, Literal):
                test = Regexp(node.field, found, node.span, case=Case.FOLDED)
                tests.append(regexp_test(backend, column, test))
        elif backend.negative:
            tests += [_test(node, piece)] if is_part_of_word(piece) else []
        else:
            tests.append(_test(node, piece.within()))
    return any_of(tests, node.span)


def _test(node: Equals | Like, pattern: Pattern) -> Node:
    if pattern.shape is Shape.ANYTHING:
        return Exists(node.field, node.span)
    return pattern_test(node, pattern)
