"""What the types of fields make of a test, and names that no field has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from kqlx.elastic.patterns import fits
from kqlx.elastic.type_names import ANALYZED
from kqlx.elastic.typed_tests import PARTED, Refusal, TypeOf, parted, refusals
from kqlx.frontends.kql.wording import short
from kqlx.lint.wording import note, written
from kqlx.nodes import (
    And,
    Compare,
    Equals,
    FieldTest,
    Like,
    Literal,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
    Term,
    walk,
)
from kqlx.notes import Note


def check(
    root: Node, types: Mapping[str, str], nearest: Callable[[str], str] | None
) -> Iterator[Note]:
    """The doubts about every test of a field."""
    # Of a field that several data sources type differently nothing can be said.
    type_of: TypeOf = getattr(types, "type_asked", types.get)
    for refusal in refusals(root, type_of):
        yield _refused(refusal)
    yield from _many_fields(root, types)
    for test, kind in parted(root, type_of, also=ANALYZED):
        yield _pattern_split(test, kind)
    if nearest is not None:
        yield from _names(root, "", nearest, set())


def _refused(refusal: Refusal) -> Note:
    hint = written(refusal.instead) if refusal.instead else refusal.hint
    message = f"Elasticsearch refuses the search, and the rule fails: {refusal.why}"
    return note("refused-value", message, refusal.span, hint)


def _many_fields(root: Node, types: Mapping[str, str]) -> Iterator[Note]:
    """A value for a name with stars, of which one field that it stands for refuses it."""
    for node in walk(root):
        if not isinstance(node, Equals | Like | Compare) or not isinstance(node.field, Pattern):
            continue
        fit = fits(node.field.parts)
        for name in filter(fit, types):
            test = replace(node, field=Literal(name))
            found = next(refusals(test, types.get), None)
            if found is not None and node.field.parts != ("", ""):
                why = f"{node.field.name} stands for {name} too, where an index has it; {found.why}"
                message = f"Elasticsearch refuses the search, and the rule fails: {why}"
                yield note("refused-value", message, found.span, "name the fields you mean")
                break


def _pattern_split(test: Like, kind: str) -> Note:
    what = f"{short(test.field.name)} is of type {kind}"
    message = f"{what}: Kibana splits the pattern at its blanks, and any one piece is enough"
    phrase = " ".join("".join(test.pattern.parts).split())
    hint = 'join patterns without blanks with "and"'
    if kind not in PARTED:
        hint = written(Equals(test.field, Literal(phrase, quoted=True)))
    return note("pattern-split", message, test.pattern.span, hint)


def _names(
    node: Node, prefix: str, nearest: Callable[[str], str], reported: set[str]
) -> Iterator[Note]:
    """Each name that is nearly a known one, once."""
    if isinstance(node, And | Or):
        for item in node.items:
            yield from _names(item, prefix, nearest, reported)
    elif isinstance(node, Not):
        yield from _names(node.item, prefix, nearest, reported)
    elif isinstance(node, Nested):
        yield from _name(node.path, prefix, nearest, reported)
        yield from _names(node.item, f"{prefix}{node.path.name}.", nearest, reported)
    elif isinstance(node, FieldTest):
        yield from _name(node.field, prefix, nearest, reported)


def _name(
    field: Term, prefix: str, nearest: Callable[[str], str], reported: set[str]
) -> Iterator[Note]:
    name = prefix + field.name
    if isinstance(field, Pattern) or name in reported:
        return
    reported.add(name)
    meant = nearest(name)
    if meant:
        message = f"{short(name)} is not a field of ECS or of any known data source"
        yield note("unknown-field", message, field.span, f"did you mean {meant}?")
