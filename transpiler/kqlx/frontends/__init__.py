"""The source languages, a folder each: query text → tree. Nothing is registered: each such package
has a ``LANGUAGE``.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from kqlx.errors import UsageError
from kqlx.frontends.language import Language, ReadingOptions
from kqlx.resources import packages_in

if TYPE_CHECKING:
    from pathlib import PurePath

    from kqlx.nodes import Node

KUERY = "kuery"
"""The language of a query that names none, as in Elastic's rules."""
EQL = "eql"
"""What rules call EQL."""


def find_language(name: str) -> Language:
    """The language that rules call so. Raises UsageError that lists those there are."""
    if (found := known_language(name)) is None:
        names = ", ".join(language.name for language in languages())
        raise UsageError(f"unknown query language {name!r}", hint=f"the languages are {names}")
    return found


def known_language(name: str) -> Language | None:
    """The language that rules call so; None: queries in it are not read."""
    return next((language for language in languages() if language.name == name), None)


def language_of_file(path: PurePath | None) -> str:
    """The name of the language of a file that holds a query and nothing else, by its suffix."""
    suffix = path.suffix.lower() if path is not None else ""
    return next((language.name for language in languages() if suffix in language.suffixes), KUERY)


def names_language(path: PurePath | None) -> bool:
    """Whether the suffix of a file says the language of the query that it holds."""
    suffix = path.suffix.lower() if path is not None else ""
    return any(suffix in language.suffixes for language in languages())


@cache
def languages() -> tuple[Language, ...]:
    """All languages that are read, by the names of their folders."""
    names = packages_in(__path__)
    found = (getattr(import_module(f"{__name__}.{name}"), "LANGUAGE", None) for name in names)
    return tuple(language for language in found if isinstance(language, Language))


def parse(text: str, *, language: str = KUERY) -> Node:
    """The tree of a query.

    ``language`` is what rules call the language of the text. Raises QuerySyntaxError where Elastic
    refuses the text, with the same offset, and where nodes nest too deep; UsageError for a language
    that is not read.
    """
    return find_language(language).parse(text, ReadingOptions())


def format_text(text: str, width: int = 100, *, language: str = KUERY) -> str:
    """The query written canonically, in lines of at most ``width`` characters where words allow it.

    ``language`` as for ``parse``. Raises QuerySyntaxError, and UsageError for a language that is
    not read.
    """
    return find_language(language).format_text(text, width)
