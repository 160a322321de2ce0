"""Events as both Elasticsearch and another store would hold them under the same field names.

The law of ``agreement`` speaks of one event in two systems. For that to make sense the event has
to be one that both can hold, and to be spelled in the way that its producers spell it. What is
assumed of it is all here:

* a field holds values of its type: what Elasticsearch would refuse to index is left out
  (https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/ignore-malformed);
* fields of an integer type hold whole numbers, spelled plainly: ``5``, not ``5.0`` or ``"007"``;
* fields of the other number types hold JSON numbers: ``5`` or ``5.0``, not ``"5."``;
* Booleans are ``true`` and ``false``, not the empty text;
* dates are ISO 8601 with milliseconds in UTC: ``2024-02-29T12:00:00.000Z``;
* IPv4 addresses are plain, not mapped into IPv6;
* multi-fields such as ``user.name.text`` are not in the event: they are made of their parent's
  values, and it is those that other stores hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address
from typing import Any

from kqlx.elastic import date_math
from kqlx.elastic.addresses import address
from kqlx.elastic.field_types import Boolean
from kqlx.elastic.numbers import Floating, Integer

Event = Mapping[str, Any]

LEFT_OUT = object()
CONTAINERS = ("object", "nested", "flattened")
INTEGERS = {
    "byte": Integer(-(2**7), 2**7 - 1),
    "short": Integer(-(2**15), 2**15 - 1),
    "integer": Integer(-(2**31), 2**31 - 1),
    "long": Integer(-(2**63), 2**63 - 1),
    "unsigned_long": Integer(0, 2**64 - 1),
}
FLOATS = {"half_float": 16, "float": 32, "double": 64, "scaled_float": 64}


def as_stored(event: Event, types: Mapping[str, str]) -> Event:
    """The event as the module says, of fields of these Elasticsearch types."""

    def spell(name: str, value: Any) -> Any:
        kind = types.get(name)
        return LEFT_OUT if kind in ("object", "nested") else _spelled(value, kind)

    return _object(event, types, "", spell)


def map_values(event: Event, change: Callable[[str, Any], Any]) -> Event:
    """The event with each value, not null, list or object, put through ``change(name, value)``."""
    return _object(event, {}, "", change)


def is_multi_field(name: str, types: Mapping[str, str]) -> bool:
    """Whether the values of the field are made of those of the field above it."""
    parent, _, last = name.rpartition(".")
    if parent in types:
        return types[parent] not in CONTAINERS
    return bool(parent) and name not in types and last in ("text", "caseless", "keyword")


def _spelled(value: Any, kind: str | None) -> Any:
    if kind in INTEGERS:
        number = INTEGERS[kind].read(value)
        return LEFT_OUT if number is None else number
    if kind in FLOATS:
        known = Floating(FLOATS[kind]).read(value) is not None
        return (float(value) if isinstance(value, str) else value) if known else LEFT_OUT
    if kind == "boolean":
        truth = Boolean.read(value)
        return LEFT_OUT if truth is None else truth
    if kind in ("date", "date_nanos"):
        return LEFT_OUT if isinstance(value, bool) else _date(str(value))
    if kind == "ip":
        at = address(value) if isinstance(value, str) else None
        mapped = None if at is None else IPv6Address(at).ipv4_mapped
        return LEFT_OUT if at is None else str(mapped) if mapped else value
    return value


def _date(text: str) -> Any:
    at = date_math.instant(text)
    if at is None:
        return LEFT_OUT
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at // 1_000_000)
    except OverflowError:
        return LEFT_OUT
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _object(
    event: Event, types: Mapping[str, str], prefix: str, change: Callable[[str, Any], Any]
) -> dict[str, Any]:
    """An object of the event, and those in it; ``prefix`` is the name of its place, with a dot."""
    made: dict[str, Any] = {}
    moved: list[tuple[str, Any]] = []

    def put(here: dict[str, Any], key: str, path: str, value: Any) -> None:
        name = path + key
        if isinstance(value, Mapping):
            inner: dict[str, Any] = {}
            for below, item in value.items():
                put(inner, below, name + ".", item)
            if inner or not value:
                here[key] = inner
            return
        parent = name.rpartition(".")[0]
        if types and is_multi_field(name, types) and parent.startswith(prefix):
            changed = _changed(value, parent, types, change)
            moved.append((parent.removeprefix(prefix), changed))
        else:
            changed = _changed(value, name, types, change)
            if changed is not LEFT_OUT:
                here[key] = changed

    for key, value in event.items():
        put(made, key, prefix, value)
    for key, value in moved:
        if value is not LEFT_OUT:
            made[key] = [made[key], value] if key in made else value
    return made


def _changed(
    value: Any, name: str, types: Mapping[str, str], change: Callable[[str, Any], Any]
) -> Any:
    if isinstance(value, Mapping):
        return _object(value, types, name + ".", change)
    if isinstance(value, list | tuple):
        items = [_changed(item, name, types, change) for item in value]
        return [item for item in items if item is not LEFT_OUT]
    return value if value is None else change(name, value)
