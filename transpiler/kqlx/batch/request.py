"""What a run is asked for: targets, formats and options, as plain data for every process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kqlx.records import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """``targets`` are names with the format of each, None for its first. ``options`` are those of
    ``kqlx.convert`` by their names, of which each target takes its own; ``mappings`` and ``fields``
    name files, ``config`` the file of settings, None for none. ``file_names`` is the form of the
    names of files (``file_naming``). ``lint`` asks for the findings of lint too, and
    ``watch_options`` whether options change anything; ``fragments`` asks for the queries with which
    part of them comes from where, ``meaning`` what rules and queries ask for, to compare it.
    """

    targets: tuple[tuple[str, str | None], ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None
    mappings: tuple[str, ...] = ()
    unmapped: str | None = None
    accept: tuple[str, ...] = ()
    strict: bool = False
    fields: str | None = None
    leading_wildcards: bool = True
    config: Path | None = None
    file_names: str = "{file}"
    lint: bool = True
    watch_options: bool = True
    fragments: bool = False
    meaning: bool = False
