"""The fields that rules use and packs lack → sections of packs, ready to be filled in."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from kqlx.mappings.coverage import FieldUse
from kqlx.mappings.pack import Destination
from kqlx.mappings.pack_library import Packs
from kqlx.mappings.reader.pack_data import PLACES
from kqlx.regexes import late_regex

_PLAIN = late_regex(r"[A-Za-z_][\w./-]*")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
_PLACE_OF = {"spl": "base", "sentinel": "table", "sigma": "logsource"}


def stub(uses: Iterable[FieldUse], packs: Packs, targets: Collection[str]) -> str:
    """YAML of overlays, one document a data source, with a line for each field that has no column.

    These lines are comments, so that the text can be read as it is. What no data source is known of
    is one comment altogether. Text without a line where nothing is unmapped.
    ``targets`` are the names of those that packs have destinations in.
    """
    by_source: dict[str | None, list[FieldUse]] = {}
    for use in uses:
        if use.is_unmapped:
            by_source.setdefault(use.source, []).append(use)
    documents = (
        _overlay(source, found, packs, targets) if source else _new_pack(found, targets)
        for source, found in by_source.items()
    )
    return "---\n".join("\n".join(lines) + "\n" for lines in documents)


def _overlay(
    source: str, uses: list[FieldUse], packs: Packs, targets: Collection[str]
) -> Iterator[str]:
    yield "# Fill in the columns, and remove the # before them; write {none: why} for a field"
    yield "# that has no counterpart."
    yield f"source: {_text(source)}"
    missing = {
        target: [use for use in uses if use.states[target].kind == "unmapped"] for target in targets
    }
    places = {target: _place(packs, source, target) for target in missing if missing[target]}
    yield "targets:" if any(places.values()) else "# targets:"
    for target, place in places.items():
        lines = _destination(target, place or _blank(target))
        yield from (line if place else f"# {line}" for line in lines)
        for use in missing[target]:
            yield f"        # {_text(use.name)}:  # {_remark(use, target)}"


def _destination(target: str, place: Mapping[str, Any]) -> Iterator[str]:
    yield f"  {target}:"
    for number, (key, value) in enumerate(place.items()):
        yield f"    {' ' if number else '-'} {key}:{_value(value)}"
    yield "      fields:"


def _blank(target: str) -> dict[str, Any]:
    return {_PLACE_OF.get(target, PLACES[0]): None}


def _new_pack(uses: list[FieldUse], targets: Collection[str]) -> Iterator[str]:
    yield "# The rules that use these fields have no known data source. Name it and its places,"
    yield "# fill in the columns, and remove the # at the start of each line."
    indices = json.dumps(list(uses[0].indices), ensure_ascii=False)
    lines = ["source:", "title:", "recognise:", f"  indices: {indices}", "targets:"]
    for target in targets:
        lines += _destination(target, _blank(target))
        lines += [f"        {_text(use.name)}:  # {_remark(use, target)}" for use in uses]
    yield from (f"# {line}" for line in lines)


def _place(packs: Packs, source: str, target: str) -> dict[str, Any]:
    """The place of the destination for all events, or the first; nothing where there is none."""
    there: tuple[Destination, ...] = packs.get(source).targets.get(target, ())
    for destination in sorted(there, key=lambda d: bool(d.when)):
        return dict(destination.place)
    return {}


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
