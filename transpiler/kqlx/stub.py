"""The fields that rules use and packs lack → sections of packs, ready to be filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from kqlx.coverage import FieldUse, binding_targets
from kqlx.mappings.library import Packs
from kqlx.mappings.pack import Destination
from kqlx.mappings.pack_data import PLACES

_PLAIN = re.compile(r"[A-Za-z_][\w./-]*")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
_PLACE_OF = {"spl": "base", "sentinel": "table", "sigma": "logsource"}


def stub(uses: Iterable[FieldUse], packs: Packs) -> str:
    """YAML of packs, one document a data source, with a blank for each field that has no column.

    Text without a line where nothing is unmapped.
    """
    by_source: dict[str | None, list[FieldUse]] = {}
    for use in uses:
        if use.is_unmapped:
            by_source.setdefault(use.source, []).append(use)
    documents = (_document(source, found, packs) for source, found in by_source.items())
    return "---\n".join("\n".join(lines) + "\n" for lines in documents)


def _document(source: str | None, uses: list[FieldUse], packs: Packs) -> Iterator[str]:
    yield "# Fill in the columns; write {none: why} for a field that has no counterpart."
    yield f"source: {_text(source)}" if source else "source:"
    if source is None:
        yield "title:"
        yield "recognise:"
        yield f"  indices: {json.dumps(list(uses[0].indices), ensure_ascii=False)}"
    yield "targets:"
    for target in binding_targets():
        missing = [u for u in uses if source is None or u.states[target].kind == "unmapped"]
        if missing:
            yield f"  {target}:"
            place = _place(packs, source, target)
            for number, (key, value) in enumerate(place.items()):
                yield f"    {' ' if number else '-'} {key}:{_value(value)}"
            yield "      fields:"
            for use in missing:
                yield f"        {_text(use.name)}:  # {_remark(use, target)}"


def _place(packs: Packs, source: str | None, target: str) -> dict[str, Any]:
    """The place of the destination for all events, or the first; a blank where there is none."""
    there: tuple[Destination, ...] = packs.get(source).targets.get(target, ()) if source else ()
    for destination in sorted(there, key=lambda d: bool(d.when)):
        return dict(destination.place)
    return {_PLACE_OF.get(target, PLACES[0]): None}


def _remark(use: FieldUse, target: str) -> str:
    count = f"{use.rules} rule{'' if use.rules == 1 else 's'}"
    near = use.states[target].near if use.states else ()
    return f"{count}; near: {', '.join(near)}" if near else count


def _value(value: Any) -> str:
    if value is None:
        return ""
    return f" {_text(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"


def _text(text: str) -> str:
    """Text as YAML: JSON is a part of it."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=True)
