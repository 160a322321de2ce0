"""The methods of ``kqlx.records``: done plainly a few times, and then compiled."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from types import MemberDescriptorType
from typing import Any, NoReturn

Method = Callable[..., Any]
Write = Callable[[Any, dict[str, Any]], str]

MISSING: Any = object()
FIELDS = "__record_fields__"
KEPT_HASH = "_kept_hash"
"""The slot of the hash in classes that keep it: no field, since hashes differ between processes."""
FEW = 20
"""Calls of a method that take as long as to compile it."""


class Field:
    """A field of a class; ``factory`` makes its default."""

    __slots__ = ("compare", "default", "factory", "init", "kw_only", "name", "repr", "type")

    def __init__(
        self,
        default: Any = MISSING,
        factory: Any = MISSING,
        init: bool = True,
        repr: bool = True,
        compare: bool = True,
        kw_only: bool = False,
    ) -> None:
        self.name = ""
        self.type: Any = None
        self.default = default
        self.factory = factory
        self.init = init
        self.repr = repr
        self.compare = compare
        self.kw_only = kw_only


def fields_of(record: Any) -> tuple[Field, ...]:
    """The fields of a class or of an instance."""
    return tuple(getattr(record, FIELDS).values())


class Record:
    """A decorated class, and the methods that it has."""

    __slots__ = ("cls", "fields", "frozen", "keeps_hash")

    def __init__(self, fields: dict[str, Field], frozen: bool, keeps_hash: bool = False) -> None:
        self.cls: Any = None
        self.fields = fields
        self.frozen = frozen
        self.keeps_hash = keeps_hash

    def methods(self, slots: bool) -> dict[str, Any]:
        """All, by name."""
        names: dict[str, Any] = {
            "__init__": self._method("__init__", _initialiser, _initialise),
            "__repr__": _representation,
            "__eq__": self._method("__eq__", _comparison, _is_equal),
            "__hash__": self._hash_method() if self.frozen else None,
            "__replace__": self._method("__replace__", _replacement, _changed),
        }
        if self.frozen:
            names |= {"__setattr__": _refuse, "__delattr__": _refuse}
            if slots:
                names |= {"__getstate__": _state, "__setstate__": _restore}
        return names

    def _hash_method(self) -> Method:
        write = _kept_hash if self.keeps_hash else _hash
        return self._method("__hash__", write, _hashed)

    def _method(self, name: str, write: Write, do: Method) -> Method:
        """A method that does a few times what compiling would take as long as, and then puts in its
        own place the one that is written.
        """
        calls = 0

        def first(of: object, /, *values: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls < FEW and (done := do(self.fields, of, *values, **named)) is not MISSING:
                return done
            names: dict[str, Any] = {}
            exec(write(self.cls, names), names)
            method: Method = names[name]
            method.__qualname__ = f"{self.cls.__qualname__}.{name}"
            setattr(self.cls, name, method)
            return method(of, *values, **named)

        return first


def _initialise(fields: dict[str, Field], of: Any, /, *values: Any, **named: Any) -> Any:
    """As the compiled ``__init__``; it gives up where that is to say what is wrong."""
    at = used = 0
    for name, each in fields.items():
        if each.init and not each.kw_only and at < len(values):
            value = values[at]
            at += 1
        elif each.init and name in named:
            value = named[name]
            used += 1
        elif each.default is not MISSING:
            value = each.default
        elif each.factory is not MISSING:
            value = each.factory()
        elif each.init:
            return MISSING
        else:
            continue
        object.__setattr__(of, name, value)
    if at < len(values) or used < len(named):
        return MISSING
    return of.__post_init__() if hasattr(of, "__post_init__") else None


def _is_equal(fields: dict[str, Field], of: Any, other: Any) -> Any:
    if other.__class__ is not of.__class__:
        return NotImplemented
    return _key(fields, of) == _key(fields, other)


def _hashed(fields: dict[str, Field], of: Any) -> Any:
    return hash(_key(fields, of))


def _key(fields: dict[str, Field], of: Any) -> tuple[Any, ...]:
    return tuple([getattr(of, name) for name, each in fields.items() if each.compare])


def _changed(fields: dict[str, Field], of: Any, /, **changes: Any) -> Any:
    values = {name: getattr(of, name) for name, each in fields.items() if each.init}
    return of.__class__(**values | changes)


def _initialiser(cls: Any, names: dict[str, Any]) -> str:
    """Sets each field to its argument, its default or what its factory makes; slots directly,
    whatever ``__setattr__`` says.
    """
    names |= {"MISSING": MISSING, "SET": object.__setattr__}
    arguments = ["self"]
    by_name, body = list[str](), list[str]()
    for each in fields_of(cls):
        name = value = each.name
        default = ""
        if each.factory is not MISSING:
            names[f"make_{name}"] = each.factory
            value, default = f"make_{name}()", "=MISSING"
            if each.init:
                value = f"{value} if {name} is MISSING else {name}"
        elif each.default is not MISSING:
            names[f"default_{name}"] = each.default
            value, default = name if each.init else f"default_{name}", f"=default_{name}"
        elif not each.init:
            continue
        if each.init:
            (by_name if each.kw_only else arguments).append(name + default)
        if isinstance(slot := getattr(cls, name, None), MemberDescriptorType):
            names[f"set_{name}"] = slot.__set__
            body.append(f"set_{name}(self, {value})")
        else:
            body.append(f"SET(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    if by_name:
        arguments += ["*", *by_name]
    return f"def __init__({', '.join(arguments)}):\n  " + "\n  ".join(body or ["pass"])


def _replacement(cls: Any, names: dict[str, Any]) -> str:
    names["MISSING"] = MISSING
    each = sorted([f for f in fields_of(cls) if f.init], key=attrgetter("kw_only"))
    changes = ", ".join(f"{f.name}=MISSING" for f in each)
    values = ", ".join(
        f"{f.name + '=' if f.kw_only else ''}self.{f.name} if {f.name} is MISSING else {f.name}"
        for f in each
    )
    arguments = f"self, *, {changes}" if changes else "self"
    return f"def __replace__({arguments}):\n  return self.__class__({values})"


def _comparison(cls: Any, names: dict[str, Any]) -> str:
    equal = f"{_compared(cls, 'self')} == {_compared(cls, 'other')}"
    same = "other.__class__ is self.__class__"
    return f"def __eq__(self, other):\n  return {equal} if {same} else NotImplemented"


def _hash(cls: Any, names: dict[str, Any]) -> str:
    return f"def __hash__(self):\n  return hash({_compared(cls, 'self')})"


def _kept_hash(cls: Any, names: dict[str, Any]) -> str:
    """Looks whether it was worked out before."""
    names["keep"] = getattr(cls, KEPT_HASH).__set__
    return f"""def __hash__(self):
  try:
    return self.{KEPT_HASH}
  except AttributeError:
    found = hash({_compared(cls, "self")})
    keep(self, found)
    return found"""


def _compared(cls: Any, variable: str) -> str:
    names = "".join(f"{variable}.{f.name}, " for f in fields_of(cls) if f.compare)
    return f"({names})"


def _representation(self: Any) -> str:
    values = ((f.name, getattr(self, f.name)) for f in fields_of(self) if f.repr)
    shown = ", ".join(f"{name}={value!r}" for name, value in values)
    return f"{self.__class__.__qualname__}({shown})"


def _refuse(self: object, name: str, value: object = None) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in fields_of(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for each, value in zip(fields_of(self), state, strict=True):
        object.__setattr__(self, each.name, value)
