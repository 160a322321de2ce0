"""Where an event keeps the values of a field.

An event is a JSON object. A field ``a.b`` may be spelled nested, ``{"a": {"b": 1}}``, dotted,
``{"a.b": 1}``, or mixed, and a list may stand anywhere: Elasticsearch knows no difference, all of
them are the values of ``a.b``
(https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/object and .../array). Null
and the empty list are no value; the empty text is one.

The event itself may be any mapping; the objects and lists in it are dicts and lists (or tuples), as
``json.loads`` makes them. Nothing here recurses, so that no depth of an event can break it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Event = Mapping[str, Any]
Reader = Callable[[Event], Sequence[Any]]
"""From an event to the values of one field: texts, numbers and Booleans, never None."""

_MANY_PARTS = 6
"""Names of more parts are read the general way: what must be looked up grows as their square."""


def reader(name: str) -> Reader:
    """A function that finds the values of the field ``name``, the same as ``values`` but faster.

    It follows the two plain spellings, all dotted and all nested, and makes sure on the way, by
    looking each of them up, that no other spelling begins there; where one does, or a list, it
    leaves it to ``values``.
    """
    parts = name.split(".")
    if len(parts) > _MANY_PARTS:
        return lambda event: values(event, name)
    *steps, (last, _) = (
        (part, [".".join(parts[i:end]) for end in range(i + 2, len(parts) + (i > 0))])
        for i, part in enumerate(parts)
    )
    beginnings = [".".join(parts[:end]) for end in range(1, len(parts))]

    def read(event: Event) -> Sequence[Any]:
        if name in event:
            for key in beginnings:
                if key in event:
                    return values(event, name)
            value = event[name]
            return () if value is None else _leaves(value)
        here: Any = event
        for part, dotted in steps:
            for key in dotted:
                if key in here:
                    return values(event, name)
            here = here.get(part)
            if here.__class__ is not dict:
                return () if here is None or here.__class__ is str else values(event, name)
        value = here.get(last)
        if value.__class__ is str:
            return (value,)
        return () if value is None else _leaves(value)

    return read


def values(event: Event, name: str) -> list[Any]:
    """The values of a field under all its spellings."""
    found: list[Any] = []
    for value in _at(event, name):
        found += _leaves(value)
    return found


def values_below(event: Event, name: str) -> list[Any]:
    """The values of the field and of all fields below it: those of ``a``, ``a.b``, ``a.b.c``."""
    found: list[Any] = []
    for value in _at(event, name):
        found += _leaves(value)
        for inner in _objects(value):
            found += [leaf for _, leaf in all_values(inner)]
    for inner in _dotted_below(event, name):
        found += [leaf for _, leaf in all_values(inner)]
    return found


def keys_below(event: Event, name: str) -> Iterator[tuple[str, Any]]:
    """Each value below a field with its key there: ``b.c`` for ``a.b.c``, below ``a``."""
    for value in _at(event, name):
        for inner in _objects(value):
            yield from all_values(inner)
    for inner in _dotted_below(event, name):
        yield from all_values(inner)


def all_values(event: Event) -> Iterator[tuple[str, Any]]:
    """Each value of the event with the dotted name of its field, in no certain order."""
    stack: list[tuple[str, Event]] = [("", event)]
    while stack:
        prefix, here = stack.pop()
        for key, value in here.items():
            name = prefix + key
            if isinstance(value, dict):
                stack.append((name + ".", value))
            elif isinstance(value, list | tuple):
                for leaf in _leaves(value):
                    yield name, leaf
                stack.extend((name + ".", inner) for inner in _objects(value))
            elif value is not None:
                yield name, value


def objects(event: Event, path: str) -> list[Event]:
    """The objects of a nested field. A single object counts as a list of one; values that are no
    objects are left out. Dotted keys below the path, ``{"path.a": 1, "path.b": 2}``, make one
    object.
    """
    found: list[Event] = []
    for value in _at(event, path):
        found += _objects(value)
    return found + _dotted_below(event, path)


def _at(event: Event, name: str) -> list[Any]:
    """What stands under a name, however it is spelled: values, lists or objects, not None."""
    found: list[Any] = []
    for here, rest in _branches(event, name):
        value = here.get(rest)
        if value is not None:
            found.append(value)
    return found


def _dotted_below(event: Event, name: str) -> list[Event]:
    """The objects made of keys that begin with the name and a dot, without that beginning."""
    found: list[Event] = []
    for here, rest in _branches(event, name):
        prefix = rest + "."
        inner = {key[len(prefix) :]: here[key] for key in here if key.startswith(prefix)}
        if inner:
            found.append(inner)
    return found


def _branches(event: Event, name: str) -> Iterator[tuple[Event, str]]:
    """Each object on the ways to the name, with what is left of the name there."""
    stack: list[tuple[Event, str]] = [(event, name)]
    while stack:
        here, rest = stack.pop()
        yield here, rest
        dot = rest.find(".")
        while dot >= 0:
            inner = here.get(rest[:dot])
            if inner is not None:
                stack.extend((deeper, rest[dot + 1 :]) for deeper in _objects(inner))
            dot = rest.find(".", dot + 1)


def _leaves(value: Any) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        return () if isinstance(value, dict) else (value,)
    return [item for item in _flat(value) if not isinstance(item, dict)]


def _objects(value: Any) -> list[Event]:
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list | tuple):
        return []
    return [item for item in _flat(value) if isinstance(item, dict)]


def _flat(items: Sequence[Any]) -> Iterator[Any]:
    """The items of lists within lists, in order, without None."""
    stack = [iter(items)]
    while stack:
        for item in stack[-1]:
            if isinstance(item, list | tuple):
                stack.append(iter(item))
                break
            if item is not None:
                yield item
        else:
            stack.pop()
