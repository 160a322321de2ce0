"""Names with stars: a test of every column whose name fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from kqlx.backends.sentinel.boolean import FALSE, TRUE, any_text
from kqlx.backends.sentinel.column_access import Columns
from kqlx.backends.sentinel.dates import limits
from kqlx.backends.text_backend import Text, TextBackend
from kqlx.elastic.type_names import DATES
from kqlx.errors import UnsupportedError
from kqlx.hints import Argument, Hint
from kqlx.mappings.wildcard_names import fields_fitting
from kqlx.nodes import Compare, Equals, FieldTest, FreeText, Like, Literal, Node, Pattern
from kqlx.notes import Effect
from kqlx.records import dataclass, replace

MOST_COLUMNS = 50
"""That a name with stars is written out for."""


@dataclass(frozen=True, slots=True)
class WildcardNames:
    """Tests by names with stars, with the notes and the polarity of the ``backend``. ``expression``
    writes the test of one column.
    """

    backend: TextBackend
    columns: Columns
    expression: Callable[[Node], Text]

    def any_field(self, node: FieldTest, name: Pattern) -> Text:
        """A test of every column whose name fits."""
        if name.is_lone_star and isinstance(node, Equals | Like):
            value = node.value if isinstance(node, Equals) else node.pattern
            return self.expression(FreeText(value, node.span))
        types = self.backend.bound.types
        names = sorted(fields_fitting(name, types.listed()))
        tests = [self.test_of_known(*found) for found in self.typed_tests(node, names)]
        if not tests:
            message = f"{name.name}: no known field has such a name, so the test is dropped"
            self.backend.note("name-wildcard", Effect.WIDER, message, node.span)
            return FALSE if self.backend.negative else TRUE
        if not types.knows_all_names:
            effect = Effect.WIDER if self.backend.negative else Effect.NARROWER
            message = f"{name.name} covers only the {len(names)} known fields that match it"
            hint = Hint("name the fields with ", Argument("fields"))
            self.backend.note("name-wildcard", effect, message, node.span, hint)
        return any_text(tests)

    def typed_tests(self, node: FieldTest, names: Sequence[str]) -> Iterator[tuple[str, Node]]:
        """The test of each of the known fields whose type can have such a value."""
        inside = f"{self.columns.inside[0]}." if self.columns.inside else ""
        for name in names if len(names) <= MOST_COLUMNS else ():
            try:
                test = self.backend.checked(replace(node, field=Literal(name)), inside, inside)
            except UnsupportedError:
                continue  # Elasticsearch finds nothing there either
            if not self.is_no_date(test):
                yield name, test

    def is_no_date(self, test: Node) -> bool:
        """Whether a field of dates is asked for another value."""
        if not isinstance(test, Equals | Compare):
            return False
        kind = self.columns.cell(self.backend.column(test)).column.type
        return kind in DATES and limits(test.value.name) is None

    def test_of_known(self, name: str, test: Node) -> Text:
        """The test of a known field, which a table may lack unless the user has listed it."""
        if self.backend.bound.types.is_own(name):
            return self.expression(test)
        with self.columns.optionally():
            return self.expression(test)
