"""Data connectors that bring the rows of the tables that a rule reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache

from kqlx import resources
from kqlx.mappings.bound import Bound
from kqlx.records import dataclass


@dataclass(frozen=True, slots=True)
class Connector:
    """A data connector and the tables of a rule that it fills."""

    id: str
    tables: tuple[str, ...]


def data_connectors(bounds: Iterable[Bound], beside: Sequence[str] = ()) -> tuple[Connector, ...]:
    """For each table those that bring its rows: of the pack, else the known ones. Some are read
    ``beside`` those of the events.
    """
    found: dict[str, list[str]] = {}
    for bound in bounds:
        table = bound.place.get("table")
        of_pack = bound.place.get("connectors")
        for one in [*(table if isinstance(table, list) else [table]), *beside]:
            ids = of_pack if isinstance(of_pack, list) else _known_connectors().get(str(one), ())
            for id in ids:
                tables = found.setdefault(id, [])
                if str(one) not in tables:
                    tables.append(str(one))
    return tuple(Connector(id, tuple(tables)) for id, tables in found.items())


@cache
def _known_connectors() -> dict[str, list[str]]:
    path = resources.PACKAGE / "backends" / "sentinel" / "data_connectors.json"
    known: dict[str, list[str]] = json.loads(path.read_text("utf-8"))["connectors"]
    return known
