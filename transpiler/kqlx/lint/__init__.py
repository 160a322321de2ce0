"""What Elastic accepts and the writer probably did not mean. ``codes`` lists what that may be.

Most of it is seen in the tree, whatever the language. What is doubtful in the text of one language
is in the module of its name here (``kuery``), if it has one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kqlx.frontends.language import Language
    from kqlx.nodes import Node
    from kqlx.notes import Note
    from kqlx.sequences import EventQuery

_LESS_TELLING = frozenset({"star-in-quotes", "question-mark", "bare-value"})
_MORE_TELLING = frozenset({"other-language", "null-value", "upper-case-boolean"})
"""Doubts that give way to, or take the place of, one about the same value being refused."""


def lint(
    text: str,
    types: Mapping[str, str] | None = None,
    arrays: frozenset[str] | None = None,
    nearest: Callable[[str], str] | None = None,
    *,
    language: str = "kuery",
    query: EventQuery | None = None,
) -> list[Note]:
    """The doubts about a query, in the order of the text.

    ``types`` gives the Elasticsearch type of fields by name, ``arrays`` the names of those that may
    hold several values; two values asked of one field are a contradiction only where both are given
    and say so. ``nearest`` makes of a field name that is not known one that was probably meant, or
    "" (``kqlx.mappings.field_names.nearest``). Spans count code points; a hint shows what to write
    between backquotes, and that can be read. Every note has the effect ``SAME``: it is about the
    query, not about a target. ``language`` is what rules call the language of the text, ``query``
    what it asks, where it has been read already.

    Raises QuerySyntaxError, and UsageError for a language that is not read.
    """
    from kqlx.frontends import find_language
    from kqlx.frontends.language import ReadingOptions

    spoken = find_language(language)
    if query is None:
        query = spoken.query(text, ReadingOptions())
    roots = [step.condition for step in query.steps] or [query.fields_tree]
    found: list[Note] = []
    for root in roots:
        found += _doubts(root, text, spoken, types, arrays, nearest)
    if query.steps:
        from kqlx.lint import shared_keys

        found += shared_keys.check(query, types or {}, nearest)
    return sorted(dict.fromkeys(found), key=lambda note: (note.span or (0, 0), note.code))


def _doubts(
    root: Node,
    text: str,
    language: Language,
    types: Mapping[str, str] | None,
    arrays: frozenset[str] | None,
    nearest: Callable[[str], str] | None,
) -> list[Note]:
    """Those about one condition of a query."""
    from kqlx.lint import contradictions_and_repeats, field_names, field_types

    found = [*field_types.check(root, types or {}, language)]
    if nearest is not None:
        found += field_names.check_unknown(root, nearest)
    refused = {note.span for note in found if note.code == "refused-value"}
    found += [
        note
        for note in _in_the_text(language.name, root, text, types or {})
        if not (note.code in _LESS_TELLING and note.span in refused)
    ]
    more_telling = {note.span for note in found if note.code in _MORE_TELLING}
    found = [n for n in found if not (n.code == "refused-value" and n.span in more_telling)]
    return [*found, *contradictions_and_repeats.check(root, text, types, arrays, language)]


def _in_the_text(language: str, root: Node, text: str, types: Mapping[str, str]) -> Iterable[Note]:
    """What is doubtful in this language alone."""
    name = f"{__name__}.{language}"
    if find_spec(name) is None:
        return ()
    found: Iterable[Note] = import_module(name).check(root, text, types)
    return found
