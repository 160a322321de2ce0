"""A user's files of packs → the packs of this package with theirs over them.

A user's file of a data source that there is adds to its pack: fields, columns, types, constants and
the like key by key, where null takes one away; destinations by their place, new ones before the
others. A file of another data source is a pack of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from kqlx.mappings.pack import Pack
from kqlx.mappings.reader.builtin import builtin_data, sources
from kqlx.mappings.reader.pack_data import PLACES, of_data
from kqlx.mappings.reader.pack_file import (
    Document,
    check_whole,
    columns_without_a_field,
    read_documents,
)
from kqlx.mappings.reader.schema import Problem

_TABLES = ("constants", "always", "only", "types", "fixed_spelling", "lacking")
_LISTS_OF_MARKS = ("own", "indices", "beats", "modules", "codes", "rest")
_TABLES_OF_DESTINATIONS = ("fields", "columns", "when", "never", "unconfirmed", "unread", "absent")
"""Put together key by key; of ``when`` a list takes the other's place."""


def own_packs(
    files: Iterable[str | Path], targets: Collection[str] | None = None
) -> dict[str, Pack]:
    """The packs of the data sources that a user's files name, by these: those of this package with
    the user's over them, the later over the earlier.

    Raises MappingError, with the file, line and key, for a file that cannot be read or is wrong,
    and for a target that is not among ``targets``, where those are given.
    """
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        for document in read_documents(Path(file)):
            if targets is not None and (problems := list(_other_targets(document.data, targets))):
                raise document.errors(problems)
            source = document.data["source"]
            if source in found:
                found[source] = _over(found[source], document)
            elif source in sources():
                found[source] = _over(builtin_data(source), document)
            else:
                check_whole(document)
                found[source] = document.data
    return {source: of_data(data) for source, data in found.items()}


def _other_targets(data: Mapping[str, Any], known: Collection[str]) -> Iterator[Problem]:
    for name in data.get("targets", {}):
        if name not in known:
            names = ", ".join(sorted(known))
            yield Problem(("targets", name), f"unknown target; the targets are {names}")


def _over(base: Mapping[str, Any], document: Document) -> dict[str, Any]:
    """The data of a pack with an overlay's over it. Raises MappingError for a null that takes away
    nothing, and for a column that no field has then.
    """
    data = document.data
    problems = list(_nothing_to_take(base, data))
    merged = {**base, **{key: data[key] for key in ("title",) if key in data}}
    for key in _TABLES:
        if key in data:
            merged[key] = _patched(base.get(key, {}), data[key])
    if "recognise" in data:
        merged["recognise"] = _recognise(base.get("recognise", {}), data["recognise"])
    if "targets" in data:
        merged["targets"] = _targets(base.get("targets", {}), data["targets"])
    problems += _own_columns(merged, data)
    if problems:
        raise document.errors(problems)
    return merged


def _patched(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**base, **over}.items() if value is not None}


def _recognise(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """All that either names: a user's own names and index patterns are beside Elastic's."""
    fields = {name: list(values) for name, values in base.get("fields", {}).items()}
    for name, values in over.get("fields", {}).items():
        fields[name] = _joined(fields.get(name, ()), values)
    return {
        "fields": fields,
        **{key: _joined(base.get(key, ()), over.get(key, ())) for key in _LISTS_OF_MARKS},
        "implied": {**base.get("implied", {}), **over.get("implied", {})},
        "aliases": {**base.get("aliases", {}), **over.get("aliases", {})},
        "assumed": [*base.get("assumed", ()), *over.get("assumed", ())],
        "any": _of_any_product(base.get("any", {}), over.get("any", {})),
    }


def _of_any_product(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{
            key: _joined(base.get(key, ()), over.get(key, ()))
            for key in ("categories", "kinds", "fields")
        },
        "stands_for": {**base.get("stands_for", {}), **over.get("stands_for", {})},
    }


def _joined(one: Iterable[str], other: Iterable[str]) -> list[str]:
    return [*dict.fromkeys([*one, *other])]


def _place(destination: Mapping[str, Any]) -> dict[str, Any]:
    return {key: destination[key] for key in PLACES if key in destination}


def _targets(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for target, destinations in over.items():
        there = list(base.get(target, ()))
        new = []
        for destination in destinations:
            places = _at(there, destination)
            if not places:
                new.append(_patched_destination({}, destination))
            for at in places:
                there[at] = _patched_destination(there[at], destination)
        merged[target] = [*new, *there]
    return merged


def _at(destinations: Iterable[Mapping[str, Any]], wanted: Mapping[str, Any]) -> list[int]:
    """Which destinations an overlay's is about: all of its place, or the one with its ``when``."""
    there = [*destinations]
    found = [at for at, other in enumerate(there) if _place(other) == _place(wanted)]
    if "when" not in wanted:
        return found
    return ([at for at in found if there[at].get("when") == wanted["when"]] or found)[:1]


def _patched_destination(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**base, **over}
    for key in _TABLES_OF_DESTINATIONS:
        both = (base.get(key, {}), over.get(key, {}))
        if key in over and all(isinstance(table, Mapping) for table in both):
            merged[key] = _patched(*both)
    if "notes" in over:
        merged["notes"] = [*base.get("notes", ()), *over["notes"]]
    return merged


def _nothing_to_take(base: Mapping[str, Any], over: Mapping[str, Any]) -> Iterator[Problem]:
    """Each null of an overlay for which the pack has nothing: a name that is misspelt, or a blank
    that nobody has filled in.
    """
    pairs: list[tuple[tuple[str | int, ...], Collection[Any], Any]] = [
        ((key,), base.get(key, {}), over.get(key, {})) for key in _TABLES
    ]
    for target, destinations in over.get("targets", {}).items():
        there = base.get("targets", {}).get(target, [])
        for number, destination in enumerate(destinations):
            places = [there[at] for at in _at(there, destination)]
            for key in _TABLES_OF_DESTINATIONS:
                at_key = ("targets", target, number, key)
                tables = [place.get(key, {}) for place in places]
                names = {name for table in tables if isinstance(table, Mapping) for name in table}
                pairs.append((at_key, names, destination.get(key, {})))
    for path, known, said in pairs:
        for name, value in said.items() if isinstance(said, Mapping) else ():
            if value is None and name not in known:
                message = "null removes an entry, and there is none here"
                yield Problem((*path, name), message)


def _own_columns(merged: Mapping[str, Any], over: Mapping[str, Any]) -> Iterator[Problem]:
    """Columns that the overlay describes and that no field has in any destination that it is about,
    by their places in the overlay.
    """
    lost = {problem.path: problem.message for problem in columns_without_a_field(merged)}
    for target, destinations in over.get("targets", {}).items():
        for own, destination in enumerate(destinations):
            places = _at(merged["targets"][target], destination)
            for part in ("columns", "unconfirmed", "unread"):
                for column in destination.get(part, {}):
                    told = [lost.get(("targets", target, at, part, column)) for at in places]
                    if told and all(told):
                        yield Problem(("targets", target, own, part, column), str(told[0]))
