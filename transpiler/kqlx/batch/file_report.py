"""What became of a file of results."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from kqlx.records import dataclass

if TYPE_CHECKING:
    from kqlx.batch.manifest import RuleReference


class Kind(StrEnum):
    """What is said of a file."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    NOT_WRITTEN = "not written"
    STALE = "stale"
    MISSING = "missing"
    EDITED = "edited"

    @property
    def is_wrong(self) -> bool:
        """Whether the file is not what the rules make now."""
        return self not in (Kind.WRITTEN, Kind.UNCHANGED, Kind.REMOVED)


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of a file, or is wrong with it; ``reason`` says why, ``hint`` a way out.

    ``rules`` are those whose results are in it, with the paths that the user gave; none for a file
    of an earlier run.
    """

    path: Path
    kind: Kind
    reason: str = ""
    hint: str = ""
    target: str = ""
    rules: tuple[RuleReference, ...] = ()
