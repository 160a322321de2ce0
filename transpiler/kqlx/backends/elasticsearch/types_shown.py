"""Where a query in Query DSL shows which types of fields are known, and the notes on that."""

from __future__ import annotations

from collections.abc import Iterator

from kqlx.mappings.assumed_types import HINT, listed
from kqlx.nodes import Span
from kqlx.notes import Effect, Note
from kqlx.records import dataclass, field


@dataclass()
class TypesShown:
    """Fields, and where the query first names them. Patterns with white space depend on the type:
    those of ``split`` fields are split, as those of ``guessed`` ones, whose type is not known; of
    ``whole`` ones they are not. Names that are ``starred`` are looked up by Elasticsearch.
    """

    split: dict[str, Span] = field(default_factory=dict)
    guessed: dict[str, Span] = field(default_factory=dict)
    whole: dict[str, Span] = field(default_factory=dict)
    starred: dict[str, Span] = field(default_factory=dict)

    def notes(self, turned_off: bool) -> Iterator[Note]:
        """The notes on it; ``turned_off`` says that the user wants no types to count."""
        if turned_off:
            parts = []
            if self.starred:
                parts.append(f"field names with stars are passed on: {listed(self.starred)}")
            if self.split:
                parts.append(f"patterns are split at spaces: {listed(self.split)}")
            if parts:
                message = f"field types are turned off; {'; '.join(parts)}"
                yield Note("types-left-out", Effect.DIFFERENT, message)
            return
        if self.split:
            message = (
                f"{listed(self.split)}: not a plain keyword, so Kibana splits the pattern at"
                " spaces; any one piece matches"
            )
            yield Note("pattern-split", Effect.SAME, message, min(self.split.values()))
        if self.guessed:
            message = (
                f"{listed(self.guessed)}: type not known, so the pattern is split at spaces, as"
                " Kibana does for all but keywords"
            )
            yield Note("type-assumed", Effect.DIFFERENT, message, min(self.guessed.values()), HINT)
        if self.whole:
            message = f"{listed(self.whole)}: taken for keywords, so patterns match whole values"
            yield Note("type-assumed", Effect.SAME, message, min(self.whole.values()), HINT)
