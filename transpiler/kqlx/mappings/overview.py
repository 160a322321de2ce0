"""How much each data source's pack says, without a look at it: made when the packs are compiled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from kqlx.mappings.reader.builtin import KEPT
from kqlx.records import dataclass

if TYPE_CHECKING:
    from kqlx.mappings.pack import Pack
    from kqlx.mappings.pack_library import Packs

OVERVIEW = "overview.json"


@dataclass(frozen=True, slots=True)
class Overview:
    """What a pack says of a target: how many fields have a counterpart, and where events are."""

    fields: int
    destinations: tuple[str, ...]


def overview_of(source: str, packs: Packs) -> Mapping[str, Overview]:
    """By target what the pack of a data source says of it. Raises UsageError as ``Packs.get``."""
    kept = None if source in packs.own else _kept().get(source)
    data = overview_data(packs.get(source)) if kept is None else kept
    return {target: Overview(fields, tuple(there)) for target, (fields, there) in data.items()}


def overview_data(pack: Pack) -> dict[str, tuple[int, list[str]]]:
    """The same as plain data."""
    from kqlx.mappings.coverage import mapped_names

    return {
        target: (
            len({name for destination in there for name in mapped_names(destination)}),
            [*dict.fromkeys(destination.name for destination in there)],
        )
        for target, there in pack.targets.items()
    }


@cache
def _kept() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((KEPT / OVERVIEW).read_text(encoding="utf-8"))
    return found
