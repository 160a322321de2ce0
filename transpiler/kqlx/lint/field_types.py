"""What the types of fields make of a test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kqlx.elastic.asked_tests import PARTED, parted
from kqlx.elastic.refused_tests import Refusal, TypeOf, refusals
from kqlx.elastic.type_names import ANALYZED
from kqlx.frontends.kql.wording import short
from kqlx.frontends.language import Language
from kqlx.lint.wording import note, suggest_node
from kqlx.nodes import (
    Compare,
    Equals,
    Like,
    Literal,
    Node,
    Pattern,
    walk,
)
from kqlx.notes import Note
from kqlx.records import replace


def check(root: Node, types: Mapping[str, str], language: Language) -> Iterator[Note]:
    """The doubts about every test of a field; the language is that of the hints."""
    # Of a field that several data sources type differently nothing can be said.
    type_of: TypeOf = getattr(types, "type_asked", types.get)
    for refusal in refusals(root, type_of):
        yield _refused(refusal, language)
    yield from _many_fields(root, types)
    for test, kind in parted(root, type_of, also=ANALYZED):
        yield _pattern_split(test, kind, language)


def _refused(refusal: Refusal, language: Language) -> Note:
    hint = suggest_node(refusal.instead, language) if refusal.instead else refusal.hint
    message = f"Elasticsearch refuses the search, and the rule fails: {refusal.why}"
    return note("refused-value", message, refusal.span, hint)


def _many_fields(root: Node, types: Mapping[str, str]) -> Iterator[Note]:
    """A value for a name with stars, of which one field that it stands for refuses it."""
    for node in walk(root):
        if not isinstance(node, Equals | Like | Compare) or not isinstance(node.field, Pattern):
            continue
        fit = node.field.matcher()
        for name in filter(fit, types):
            test = replace(node, field=Literal(name))
            found = next(refusals(test, types.get), None)
            if found is not None and not node.field.is_lone_star:
                why = f"{node.field.name} also matches {name}, where an index has it; {found.why}"
                message = f"Elasticsearch refuses the search, and the rule fails: {why}"
                yield note("refused-value", message, found.span, "name the fields you mean")
                break


def _pattern_split(test: Like, kind: str, language: Language) -> Note:
    what = f"{short(test.field.name)} is of type {kind}"
    message = f"{what}: Kibana splits the pattern at its spaces, and any one piece is enough"
    phrase = " ".join(test.pattern.text.split())
    hint = 'join patterns without blanks with "and"'
    if kind not in PARTED:
        hint = suggest_node(Equals(test.field, Literal(phrase, phrase=True)), language)
    return note("pattern-split", message, test.pattern.span, hint)
