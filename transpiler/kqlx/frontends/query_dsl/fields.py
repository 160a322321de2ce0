"""The fields that a clause of Query DSL names: types, and names within nested objects."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from kqlx.elastic.multi_fields import CASELESS
from kqlx.frontends.query_dsl.values import refuse
from kqlx.nodes import Case, Literal
from kqlx.records import dataclass, replace

WITH_CASE = ("keyword", "constant_keyword", "wildcard", "flattened", "version", "")
"""Types with letter case, "" for a field that no type is known of."""


@dataclass(frozen=True, slots=True)
class Fields:
    """``types`` maps field names to Elasticsearch types; ``arrays`` are the names of those that may
    hold several values. ``path`` is that of the nested objects around the clause, with a dot.
    """

    types: Mapping[str, str]
    arrays: Collection[str]
    path: str = ""

    def within(self, path: str) -> Fields:
        """The same within the nested objects of a path."""
        return replace(self, path=f"{path}.")

    def options(
        self, body: Mapping[str, Any], main: str, known: Collection[str]
    ) -> tuple[Literal, Mapping[str, Any]]:
        """The field of ``{field: value}`` or ``{field: {main: value, …}}``, and the latter."""
        if len(body) != 1:
            refuse("a clause that does not name exactly one field")
        ((name, found),) = body.items()
        options = found if isinstance(found, Mapping) else {main: found}
        extra = set(options) - set(known) - {main, "_name"}
        if not main and not isinstance(found, Mapping):
            refuse("a range without limits")
        if extra:
            refuse(f"unknown option {', '.join(sorted(map(str, extra)))}")
        if main and main not in options and "wildcard" not in options:
            refuse("a clause without a value")
        return self.name(name), options

    def name(self, text: Any) -> Literal:
        if not isinstance(text, str) or not text or "*" in text:
            refuse("it does not name exactly one field")
        parts = text.split(".")
        for end in range(1, len(parts)):
            above = ".".join(parts[:end])
            if self.types.get(above) == "nested" and not self.path.startswith(f"{above}."):
                refuse(f"{text} is inside the nested objects of {above}, but is not queried there")
        return Literal(self.short(text))

    def short(self, text: str) -> str:
        """The name within the nested objects around it."""
        if not text.startswith(self.path):
            refuse(f"{text} is outside the nested objects of {self.path.rstrip('.')}")
        return text.removeprefix(self.path)

    def type(self, name: Literal) -> str:
        return self.types.get(self.path + name.name, "")

    def is_single(self, name: Literal) -> bool:
        return bool(self.type(name)) and self.path + name.name not in self.arrays

    def case(self, name: Literal, text: str, asked: Case) -> Case:
        """How a test of the field compares letters: exactly where it has none to fold."""
        has_case = self.type(name) in WITH_CASE and not name.name.endswith(CASELESS)
        return asked if has_case and text.lower() != text.upper() else Case.EXACT
