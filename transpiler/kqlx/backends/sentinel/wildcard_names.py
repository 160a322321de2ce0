"""Names with stars: a test of every column whose name fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from kqlx.backends.sentinel.boolean import FALSE, TRUE, any_text
from kqlx.backends.sentinel.column_access import Columns
from kqlx.backends.text_backend import Text, TextBackend
from kqlx.errors import UnsupportedError
from kqlx.nodes import Equals, FieldTest, FreeText, Like, Literal, Node, Pattern
from kqlx.notes import Effect
from kqlx.patterns import fits

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
        names = _fitting(name, types.listed())
        tests: list[Text] = []
        if len(names) <= MOST_COLUMNS:
            for found in names:
                before = len(self.backend.notes)
                try:
                    tests.append(self.test_of_known(node, found))
                except UnsupportedError:
                    # No value of that type fits, nor does it for Kibana.
                    del self.backend.notes[before:]
        if not tests:
            message = f"{name.name}: no known field has such a name, so the test is dropped"
            self.backend.note("name-wildcard", Effect.WIDER, message, node.span)
            return FALSE if self.backend.negative else TRUE
        if not types.knows_all_names:
            effect = Effect.WIDER if self.backend.negative else Effect.NARROWER
            message = (
                f"{name.name} stands for the {len(names)} known fields that fit, and no others"
            )
            hint = "name the fields with --fields"
            self.backend.note("name-wildcard", effect, message, node.span, hint)
        return any_text(tests)

    def test_of_known(self, node: FieldTest, name: str) -> Text:
        """The test of a known field, which a table may lack unless the user has listed it."""
        inside = f"{self.columns.inside[0]}." if self.columns.inside else ""
        test = self.backend.checked(replace(node, field=Literal(name)), inside, inside)
        if self.backend.bound.types.is_own(name):
            return self.expression(test)
        with self.columns.optionally():
            return self.expression(test)


def _fitting(name: Pattern, known: Mapping[str, str]) -> list[str]:
    """The fields with values of their own, multi-fields left out, that fit the name."""
    fit = fits(name.parts)
    return [
        field
        for field, type in sorted(known.items())
        if fit(field)
        and type not in ("object", "nested")
        and known.get(field.rpartition(".")[0], "object") in ("object", "nested")
    ]
