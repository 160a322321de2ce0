"""What ``search`` can say of a single test: exactly, or something that surely matches more, or
less.

``search`` compares whole values without regard to letter case, any value of a list, numbers as
numbers with ``<`` and ``>``, networks where a value looks like one. Everything else is a matter for
``where``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from kqlx.backends.spl.name_value_arrays import PAIRS, pair_fields, parted
from kqlx.backends.spl.syntax import as_wildcards, is_speakable, regex
from kqlx.backends.text_backend import TextBackend
from kqlx.elastic.text_analysis import split_at_spaces, words
from kqlx.elastic.type_names import DATES, INTEGERS, NUMBERS, TEXTS
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
    Like,
    Literal,
    Nested,
    Never,
    Node,
    Not,
    Or,
    Pattern,
    any_of,
    walk,
)
from kqlx.notes import Effect

# Characters that part words for Elasticsearch in any surrounding (https://unicode.org/reports/tr29/).
_PARTS_WORDS = r"[\s\"()\[\]{}<>|=!?#%&*+/\\^~@$-]"
_PARTS = re.compile(_PARTS_WORDS)
_WORD_CHARACTERS = re.compile(r"[A-Za-z0-9_]+")


NULL = "null"
"""What Splunk makes of JSON's null."""


@dataclass
class Leaves(TextBackend):
    """Sorts tests into those that ``search`` says exactly and others."""

    language = "Splunk's search"

    def is_exact(self, node: Node) -> bool:
        """Whether ``search`` says the test as it is, letter case apart unless it must count."""
        if isinstance(node, Always | Never | FreeText):
            return True
        if isinstance(node, Nested) or isinstance(getattr(node, "field", None), Pattern):
            return False
        if isinstance(node, FieldTest) and (
            self.column(node).layout in PAIRS or self.column(node).json or self.column(node).run
        ):
            return False
        if isinstance(node, Exists | Compare) and self.lists_nulls(self.column(node)):
            return False
        if isinstance(node, Equals | Like):
            column = self.column(node)
            second = column.type in TEXTS or self.lists_nulls(column)
            if second and isinstance(node, Like) and self.meets_null(node):
                return False
            if column.type in TEXTS:
                return _is_part_of_word(node)
            if column.type in NUMBERS - INTEGERS:
                return False
            if column.type in INTEGERS | DATES | {"ip", "boolean"}:
                return True
            text = node.value.name if isinstance(node, Equals) else "".join(node.pattern.parts)
            network = isinstance(node, Equals) and self.is_network(text)
            return is_speakable(text) and not network and not self.case_counts(column, text)
        return True

    def has_nulls(self, column: Column) -> bool:
        """Whether a missing value may stand there as the text ``null``, as JSON's is extracted."""
        if column.layout != "column" or "{}" in column.name or column.name == "_raw":
            return False
        if column.null_text:
            return False
        return bool(self.bound.place.get("json") or column.json)

    def lists_nulls(self, column: Column) -> bool:
        """Whether it is a list of values, or a key of several objects, of which some may be null:
        whether ``!=`` asks for one that is not is not documented.
        """
        if column.layout != "column" or "{}" not in column.name or column.null_text:
            return False
        return bool(self.bound.place.get("json") or column.json or column.null_values)

    def texts_for_none(self, column: Column) -> tuple[str, ...]:
        """The texts that stand for a missing value among those of the column; of one that is no
        list the pack's texts are told apart in the tree.
        """
        if self.lists_nulls(column):
            return (*column.null_values, NULL)
        return (NULL,) if self.has_nulls(column) else ()

    def meets_null(self, node: Equals | Like) -> bool:
        """Whether a text passes the test that may stand for a missing value."""
        named = isinstance(node.field, Pattern)
        column = Column(node.field.name) if named else self.column(node)
        parts = node.pattern.parts if isinstance(node, Like) else (node.value.name,)
        fitting = re.compile(".*".join(map(re.escape, parts)), re.IGNORECASE)
        return any(map(fitting.fullmatch, self.texts_for_none(column)))

    def spread(self, node: Node) -> Node:
        """A test in the terms of flat fields, where that says exactly the same.

        A flattened field stands for all values below it. What lies in nested objects is seen by
        Elasticsearch in a group alone; a group that joins its tests by ``or`` alone needs no
        objects.
        """
        if isinstance(node, Nested):
            plain = not any(
                isinstance(part, And | Not | FreeText | Always) for part in walk(node.item)
            )
            return flattened(node) if plain else node
        if isinstance(node, FreeText) and isinstance(node.value, Pattern):
            return node if any(node.value.parts) else Always(node.span)
        if not isinstance(node, FieldTest) or isinstance(node.field, Pattern):
            return node
        column = self.column(node)
        if not self.bound.uses_target_names and (path := self.bound.nested_path(column.name)):
            self.note(
                "nested-outside",
                Effect.SAME,
                f"{column.name} never holds here: Elasticsearch sees it in {path}:{{ ... }} alone",
                node.span,
            )
            return Never(node.span)
        if column.type in TEXTS and isinstance(node, Equals | Like) and not _pieces(node):
            message = f"no word of {column.name} can be this, so the test never holds"
            self.note("constant-folded", Effect.SAME, message, node.span)
            return Never(node.span)
        if column.type != "flattened" or isinstance(node, Compare):
            return node
        below = Pattern((f"{column.name}.", ""), node.field.span)
        return Or((node, replace(node, field=below)), node.span)

    def reads_alike(self, type: str, node: Node) -> bool:
        """Whether a field of this type takes the test as one of a whole text, or never meets it."""
        if isinstance(node, Exists) or type not in TEXTS | NUMBERS | DATES | {"ip", "boolean"}:
            return True
        if not isinstance(node, Equals) or type in TEXTS:
            return False
        text = node.value.name
        if type == "ip":
            return not self.network(text)
        if type in DATES:
            return not any(character.isdigit() for character in text) and "now" not in text
        plain = str(int(text)) == text if text.isdecimal() and type in INTEGERS else False
        return type == "boolean" or plain or not any(map(str.isdigit, text))

    def case_counts(self, column: Column, text: str) -> bool:
        """Whether the user wants letter case to count, and it can."""
        folded = column.case == "ignored" or text.lower() == text.upper()
        return self.options.exact and not folded

    def superset(self, node: Node) -> Node:
        """Tests that ``search`` says exactly and that hold wherever this one does."""
        if isinstance(node, Nested):
            return flattened(node)
        if isinstance(node, FieldTest) and isinstance(node.field, Literal):
            column = self.column(node)
            if column.run and isinstance(node, Equals | Like):
                return _anywhere(column, node)
            if column.layout in PAIRS and column.name not in pair_fields(column):
                return parted(column, node)
            if column.layout in PAIRS or column.json:  # a pair may be called as their names are
                return Always(node.span)
            if isinstance(node, Exists | Compare):
                return node
        if not isinstance(node, Equals | Like) or isinstance(node.field, Pattern):
            return Always(node.span)
        column = self.column(node)
        if column.type in TEXTS:
            return _contains(node)
        if isinstance(node, Equals) and column.type in NUMBERS - INTEGERS:
            # "5" and "5.0" are one number, but two texts.
            least = Compare(node.field, "gte", node.value, node.span)
            return And((least, replace(least, op="lte")), node.span)
        if column.type in INTEGERS | DATES | {"ip", "boolean"}:
            return node
        if isinstance(node, Like):
            parts = tuple("*".join(as_wildcards(part) for part in node.pattern.parts).split("*"))
            return replace(node, pattern=Pattern(parts, node.pattern.span))
        text = node.value.name
        if is_speakable(text):  # a network, or letter case that counts
            return node
        return Like(node.field, Pattern(tuple(as_wildcards(text).split("*"))), node.span)

    def upper_regex(self, *tests: Equals | Like) -> str:
        """A regular expression on a text field that matches wherever Elasticsearch does."""
        pieces = [parts for test in tests for parts in _pieces(test)]
        alternatives = [".*".join([regex(part) for part in parts]) for parts in pieces]
        return f"(?is)(?:{'|'.join(dict.fromkeys(alternatives))})"

    def lower_regex(self, *tests: Equals | Like) -> str | None:
        """One that matches only where Elasticsearch does: words parted by what always parts them.

        None where there is none, since a word has other characters than letters, digits and ``_``.
        """
        alternatives = []
        for test in tests:
            between = "[A-Za-z0-9_]*" if isinstance(test, Like) else f"{_PARTS_WORDS}+"
            for parts in _pieces(test):
                if parts and not any(parts):
                    alternatives.append("[A-Za-z0-9_]+")
                elif parts and all(_WORD_CHARACTERS.fullmatch(part) for part in parts if part):
                    alternatives.append(between.join(parts))
        if not alternatives:
            return None
        words = "|".join(dict.fromkeys(alternatives))
        return f"(?i)(?:^|{_PARTS_WORDS})(?:{words})(?:{_PARTS_WORDS}|$)"


def _pieces(node: Equals | Like) -> list[tuple[str, ...]]:
    """The alternatives of a test of a text field: of a phrase one, of words and patterns each
    piece.

    Pieces that no word fits, because they hold what parts words, are left out.
    """
    if isinstance(node, Like):
        pieces = split_at_spaces(node.pattern.parts)
        return [parts for parts in pieces if not any(map(_PARTS.search, parts))]
    found = words(node.value.name)
    if node.value.quoted:
        return [tuple(found)] if found else []
    return [(word,) for word in found]


def _is_part_of_word(node: Equals | Like) -> bool:
    """``*letters*``: a word has these letters where the whole value has them."""
    parts = node.pattern.parts if isinstance(node, Like) else ()
    return (
        len(parts) == 3
        and parts[0] == parts[2] == ""
        and bool(_WORD_CHARACTERS.fullmatch(parts[1]))
    )


def _contains(node: Equals | Like) -> Node:
    pieces = [
        Like(node.field, Pattern(("", *[as_wildcards(p) for p in parts if p], "")), node.span)
        for parts in _pieces(node)
    ]
    if not pieces:
        return Exists(node.field, node.span)
    return any_of(pieces, node.span)


def _anywhere(column: Column, test: Equals | Like) -> Like:
    """The test of what is within the text, wherever it stands."""
    parts = (test.value.name,) if isinstance(test, Equals) else test.pattern.parts
    within = Pattern(("", *filter(None, parts), ""), test.span)
    return Like(Literal(column.name, span=test.field.span), within, test.span)
