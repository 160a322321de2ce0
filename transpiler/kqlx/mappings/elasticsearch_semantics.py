"""What Elasticsearch makes of a tree before it is bound, by the types of Elastic's fields: what it
refuses is refused, and the rest is put in terms that have one meaning in all targets.
"""

from __future__ import annotations

from typing import NoReturn

from kqlx.elastic.asked_tests import as_asked, crossings, parted
from kqlx.elastic.refused_tests import Refusal, TypeOf, refusals
from kqlx.errors import UnsupportedError
from kqlx.nodes import Like, Node, kinds_of
from kqlx.notes import Effect, Note


def as_elasticsearch_asks(node: Node, type_of: TypeOf) -> tuple[Node, tuple[Note, ...]]:
    """The tree as Elasticsearch takes it (``asked_tests.as_asked``), and what it does there that
    no target does.

    Raises UnsupportedError where Elasticsearch refuses the search: the rule fails in Kibana
    whenever it runs, nothing the same could be said in any target, and what its author meant is not
    known.
    """
    if refused := notes_on_refusals(node, type_of):
        refuse_for(*refused)
    notes: list[Note] = []
    if Like in kinds_of(node):
        notes += [_crossing(*crossing) for crossing in crossings(node, type_of)]
        notes += notes_on_patterns(node, type_of)
    return as_asked(node, type_of), tuple(dict.fromkeys(notes))


def notes_on_refusals(node: Node, type_of: TypeOf) -> tuple[Note, ...]:
    """A note on each test for which Elasticsearch refuses the search."""
    return tuple([refusal_note(refusal) for refusal in refusals(node, type_of)])


def notes_on_patterns(node: Node, type_of: TypeOf) -> tuple[Note, ...]:
    """A note on each pattern of whole values that is taken by its pieces."""
    return tuple([_parted(test, kind) for test, kind in parted(node, type_of)])


def refusal_note(refusal: Refusal) -> Note:
    """A note on a test for which Elasticsearch refuses the search."""
    message = f"Elasticsearch refuses the search: {refusal.why}"
    return Note("refused-value", Effect.DIFFERENT, message, refusal.span, _hint(refusal))


def _hint(refusal: Refusal) -> str:
    """What to write in place of the test, or ""."""
    if refusal.instead is None:
        return refusal.hint
    from kqlx.frontends.shown import language_of

    language = language_of(refusal.test)
    return language.suggest(language.format_node(refusal.instead, 1_000_000))


def _parted(test: Like, kind: str) -> Note:
    message = (
        f'{test.field.name} is of type {kind}: Kibana splits the pattern "{test.pattern.name}" at'
        " its spaces, and any one piece is enough"
    )
    return Note("pattern-split", Effect.SAME, message, test.span)


def _crossing(name: str, above: str, negative: bool) -> Note:
    message = (
        f"{name}: Elasticsearch matches such a pattern against all keys of {above}, the result"
        " against this one alone"
    )
    return Note("flattened-keys", Effect.WIDER if negative else Effect.NARROWER, message)


def refuse_for(*notes: Note) -> NoReturn:
    """Refuses a rule for what the notes say."""
    first = notes[0]
    message = f"cannot convert: {first.message}"
    raise UnsupportedError(message, code=first.code, notes=notes, hint=first.hint)
