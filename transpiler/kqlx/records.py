"""``dataclass`` and ``replace`` as in the standard library; methods are compiled when they are
first used.

The standard one compiles six methods for each class when its module is loaded: a third of the time
of one cold conversion, most of it for what is never called. Its ``replace`` looks at all fields
anew in each call. Fields, defaults and slots are the standard library's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, field
from operator import attrgetter
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")
Method = Callable[..., Any]


@dataclass_transform(field_specifiers=(field, dataclasses.field))
def dataclass(*, frozen: bool = False, slots: bool = False) -> Callable[[type[T]], type[T]]:
    """The decorator of a class of data: compared, printed and pickled by its fields, and hashed so
    where it is frozen.
    """

    def decorated(cls: type[T]) -> type[T]:
        if cls.__doc__ is None:
            cls.__doc__ = cls.__name__  # else the standard library reads the whole signature
        own = {*cls.__dict__}
        cls = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
        methods: dict[str, Any] = {
            "__init__": _compiled_later(cls, "__init__", _initialiser),
            "__repr__": _representation,
            "__eq__": _compiled_later(cls, "__eq__", _comparison),
            "__hash__": _compiled_later(cls, "__hash__", _hash) if frozen else None,
            "_with_changes": _compiled_later(cls, "_with_changes", _replacement),
        }
        if frozen:
            methods |= {"__setattr__": _refuse, "__delattr__": _refuse}
            if slots:
                methods |= {"__getstate__": _state, "__setstate__": _restore}
        for name, method in methods.items():
            if name not in own:
                setattr(cls, name, method)
        return cls

    return decorated


if TYPE_CHECKING:
    from dataclasses import replace as replace  # with its check of the names of fields
else:

    def replace(record: T, /, **changes: object) -> T:
        """The record with other values of some fields; one of another's ``dataclass`` too."""
        try:
            made = record._with_changes
        except AttributeError:
            return dataclasses.replace(record, **changes)
        return made(**changes)


def _compiled_later(cls: type, name: str, write: Callable[[Any, dict[str, Any]], str]) -> Method:
    """A method that puts in its own place, when it is first called, the one that is written."""

    def first(self: object, *values: Any, **named: Any) -> Any:
        names: dict[str, Any] = {}
        exec(write(cls, names), names)
        method: Method = names[name]
        method.__qualname__ = f"{cls.__qualname__}.{name}"
        setattr(cls, name, method)
        return method(self, *values, **named)

    return first


def _initialiser(cls: Any, names: dict[str, Any]) -> str:
    """Sets each field to its argument, its default or what its factory makes; slots directly,
    whatever ``__setattr__`` says.
    """
    names |= {"MISSING": MISSING, "set": object.__setattr__}
    arguments = ["self"]
    by_name, body = list[str](), list[str]()
    each: Field[Any]
    for each in dataclasses.fields(cls):
        name = value = each.name
        default = ""
        if each.default_factory is not MISSING:
            names[f"make_{name}"] = each.default_factory
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
            body.append(f"set(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    if by_name:
        arguments += ["*", *by_name]
    return f"def __init__({', '.join(arguments)}):\n  " + "\n  ".join(body or ["pass"])


def _replacement(cls: Any, names: dict[str, Any]) -> str:
    names["MISSING"] = MISSING
    each = sorted([f for f in dataclasses.fields(cls) if f.init], key=attrgetter("kw_only"))
    changes = ", ".join(f"{f.name}=MISSING" for f in each)
    values = ", ".join(
        f"{f.name + '=' if f.kw_only else ''}self.{f.name} if {f.name} is MISSING else {f.name}"
        for f in each
    )
    return f"def _with_changes(self, *, {changes}):\n  return self.__class__({values})"


def _comparison(cls: Any, names: dict[str, Any]) -> str:
    equal = f"{_compared(cls, 'self')} == {_compared(cls, 'other')}"
    same = "other.__class__ is self.__class__"
    return f"def __eq__(self, other):\n  return {equal} if {same} else NotImplemented"


def _hash(cls: Any, names: dict[str, Any]) -> str:
    return f"def __hash__(self):\n  return hash({_compared(cls, 'self')})"


def _compared(cls: Any, variable: str) -> str:
    fields = "".join(f"{variable}.{f.name}, " for f in dataclasses.fields(cls) if f.compare)
    return f"({fields})"


def _representation(self: Any) -> str:
    values = ((f.name, getattr(self, f.name)) for f in dataclasses.fields(self) if f.repr)
    shown = ", ".join(f"{name}={value!r}" for name, value in values)
    return f"{self.__class__.__qualname__}({shown})"


def _refuse(self: object, name: str, value: object = None) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
