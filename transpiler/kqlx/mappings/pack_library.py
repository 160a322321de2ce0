"""Which data sources there are: the packs of this package, and those of a user beside and over them
(``overlay`` reads those).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from pathlib import Path

from kqlx.mappings.pack import Marks, Pack
from kqlx.mappings.reader.builtin import (
    builtin,
    builtin_marks,
    builtin_telling_fields,
    no_pack,
    sources,
)
from kqlx.mappings.telling_fields import TellingFields


class Packs:
    """Data source → pack: a user's own where there is one, else that of this package."""

    def __init__(self, own: Mapping[str, Pack] | None = None) -> None:
        self.own = dict(own or {})

    def sources(self) -> tuple[str, ...]:
        """The names of all data sources."""
        return tuple(sorted({*sources(), *self.own}))

    def get(self, source: str) -> Pack:
        """The pack of a data source. Raises UsageError where there is none."""
        if source in self.own:
            return self.own[source]
        if source not in sources():
            raise no_pack(source, self.sources())
        return builtin(source)

    def marks(self) -> Mapping[str, Marks]:
        """By data source how rules name it."""
        if not self.own:
            return builtin_marks()
        own = {source: pack.recognise for source, pack in self.own.items()}
        return dict(sorted({**builtin_marks(), **own}.items()))

    @cached_property
    def telling_fields(self) -> TellingFields:
        """The same by the fields that the marks are about."""
        marks = self.marks()
        return builtin_telling_fields() if marks is builtin_marks() else TellingFields(marks)


def packs_of(
    files: Iterable[str | Path] | str | Path, targets: Collection[str] | None = None
) -> Packs:
    """The packs, with those of a user's files over them, or of one file. Raises MappingError for a
    wrong file, and for a target that is not among those of these names, where they are given.
    """
    files = (files,) if isinstance(files, str | Path) else tuple(files)
    if not files:
        return Packs()
    from kqlx.mappings.reader.overlay import own_packs

    return Packs(own_packs(files, targets))
