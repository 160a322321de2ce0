"""Which kind of events a query asks for that names none, but fields that one kind alone has."""

from __future__ import annotations

from collections.abc import Mapping

from kqlx.mappings.asked_query import AskedQuery
from kqlx.mappings.destinations import candidates_of
from kqlx.mappings.field_spec import When
from kqlx.mappings.pack import Pack
from kqlx.mappings.recognition import asserts_field
from kqlx.notes import Effect, Note


def kind_of_fields(
    query: AskedQuery, pack: Pack, target: str, implied: Mapping[str, tuple[str, ...]]
) -> tuple[When, tuple[Note, ...]]:
    """What all events have that the query asks for: the ``implied`` values and, where no
    destination is for these, those of the kind that alone has its fields, with a note.

    Raises UnsupportedError for what Elasticsearch refuses.
    """
    destinations = pack.targets.get(target, ())
    asked = query.of(pack, implied)
    if candidates_of(asked, destinations):
        return implied, ()
    for fields, values in pack.kinds:
        if values.keys() & asked.asserted.keys() or not asserts_field(asked.node, fields):
            continue
        kinds = " and ".join(f"{name}:({' or '.join(each)})" for name, each in values.items())
        message = (
            f"only events of {pack.title} with {kinds} have the fields that the query asks for"
        )
        return {**implied, **values}, (Note("source-assumed", Effect.SAME, message),)
    return implied, ()
