"""What is doubtful about the fields whose values the events of a sequence or a sample share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from kqlx.elastic.type_names import DATES, NUMBERS, STRINGS
from kqlx.frontends.kql.wording import short
from kqlx.lint.field_names import check_unknown
from kqlx.lint.wording import note
from kqlx.nodes import Exists, any_of
from kqlx.notes import Note
from kqlx.sequences import EventQuery


def check(
    query: EventQuery, types: Mapping[str, str], nearest: Callable[[str], str] | None
) -> Iterator[Note]:
    """The doubts about names that are nearly those of known fields, and about types."""
    if nearest is not None:
        keys = [Exists(key) for step in query.steps for key in step.keys]
        yield from check_unknown(any_of(keys), nearest)
    yield from refused(query, types)


def refused(query: EventQuery, types: Mapping[str, str]) -> Iterator[Note]:
    """Keys of the first step and of others that have types which Elasticsearch does not compare:
    https://github.com/elastic/elasticsearch/blob/main/x-pack/plugin/eql/src/main/java/org/elasticsearch/xpack/eql/analysis/Verifier.java
    """
    steps = query.steps
    for step in steps[1:]:
        for first, other in zip(steps[0].keys, step.keys, strict=True):
            one, two = types.get(first.name), types.get(other.name)
            if one and two and _kind(one) != _kind(two):
                message = (
                    f"Elasticsearch refuses the search: the key {short(other.name)} is of type"
                    f" {two}, and {short(first.name)} at the same place of type {one}"
                )
                hint = "name the fields in the same order at each step"
                yield note("keys-of-other-types", message, other.span, hint)


def _kind(declared: str) -> str:
    """Types of one kind are compared with each other."""
    for name, kind in (("number", NUMBERS), ("date", DATES), ("text", STRINGS)):
        if declared in kind:
            return name
    return declared
