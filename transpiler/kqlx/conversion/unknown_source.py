"""The refusal of a rule that names no data source that is known, with what is known of it."""

from __future__ import annotations

from kqlx.conversion.reading import Reading
from kqlx.errors import UnsupportedError
from kqlx.hints import Argument, Hint
from kqlx.mappings.recognition import without_keyword
from kqlx.mappings.source_hints import names_of
from kqlx.mappings.without_counterpart import why_none, why_unknown
from kqlx.notes import Effect, Note


def unknown_source(reading: Reading) -> UnsupportedError:
    """The error for a rule whose data source is none that has a pack."""
    indices = reading.rule.indices
    kept = Hint("keep Elastic's names with ", Argument("source", "none"))
    hint = Hint("name it with ", Argument("source"), ", or ", *kept.parts)
    if reason := why_none(indices):
        message, hint = f"{indices[0]} has no counterpart: {reason}", kept
    else:
        names = names_of(without_keyword(reading.node), reading.packs.telling_fields)
        named = sorted(names.others) if names is not None and not names.sources else ()
        message = why_unknown(indices, named)
    return UnsupportedError(
        message,
        code="no-data-source",
        notes=(Note("no-data-source", Effect.UNMAPPED, message),),
        hint=hint,
    )
