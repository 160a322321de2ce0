"""``dataclass``, ``field``, ``fields`` and ``replace`` as in the standard library; methods are
compiled when they have been used some times.

The standard one compiles six methods for each class when its module is loaded, and itself loads
what reads source code: together two fifths of the time of a cold conversion, most of it for what is
called seldom or never. Its ``replace`` looks at all fields anew in each call. For ``dataclasses``
these are dataclasses too: it finds what it asks for, which is made when it asks.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")
Method = Callable[..., Any]
Write = Callable[[Any, dict[str, Any]], str]

_MISSING: Any = object()
_FIELDS = "__record_fields__"
_FEW = 20
"""Calls of a method that take as long as to compile it."""


class Field:
    """A field of a class; ``factory`` makes its default."""

    __slots__ = ("compare", "default", "factory", "init", "kw_only", "name", "repr", "type")

    def __init__(
        self,
        default: Any = _MISSING,
        factory: Any = _MISSING,
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


if TYPE_CHECKING:  # with all that a type checker knows of these
    from dataclasses import field as field
    from dataclasses import fields as fields
    from dataclasses import replace as replace
else:

    def field(
        *,
        default: Any = _MISSING,
        default_factory: Any = _MISSING,
        init: bool = True,
        repr: bool = True,
        compare: bool = True,
        kw_only: bool = False,
    ) -> Field:
        return Field(default, default_factory, init, repr, compare, kw_only)

    def fields(record: Any) -> tuple[Field, ...]:
        return tuple(getattr(record, _FIELDS).values())

    def replace(record: T, /, **changes: object) -> T:
        """The record with other values of some fields; one of another's ``dataclass`` too."""
        try:
            made = record.__replace__
        except AttributeError:
            import dataclasses

            return dataclasses.replace(record, **changes)
        return made(**changes)


@dataclass_transform(field_specifiers=(field,))
def dataclass(*, frozen: bool = False, slots: bool = False) -> Callable[[type[T]], type[T]]:
    """The decorator of a class of data: compared, printed and pickled by its fields, and hashed so
    where it is frozen.
    """

    def decorated(cls: type[T]) -> type[T]:
        own = _own_fields(cls)
        inherited = [getattr(base, _FIELDS, {}) for base in reversed(cls.__mro__[1:])]
        every = {name: each for known in (*inherited, own) for name, each in known.items()}
        record = _Record(every, frozen)
        names: dict[str, Any] = {
            "__init__": record.method("__init__", _initialiser, _initialise),
            "__repr__": _representation,
            "__eq__": record.method("__eq__", _comparison, _is_equal),
            "__hash__": record.method("__hash__", _hash, _hashed) if frozen else None,
            "__match_args__": tuple(f.name for f in every.values() if f.init and not f.kw_only),
            "__replace__": record.method("__replace__", _replacement, _changed),
        }
        if frozen:
            names |= {"__setattr__": _refuse, "__delattr__": _refuse}
            if slots:
                names |= {"__getstate__": _state, "__setstate__": _restore}
        names = {name: value for name, value in names.items() if name not in cls.__dict__}
        names[_FIELDS] = every
        for name in ("__dataclass_fields__", "__dataclass_params__"):
            names[name] = _ForTheStandardLibrary(record, name)
        if slots:
            record.cls = _with_slots(cls, own, names)
        else:
            record.cls = cls
            for name, value in names.items():
                setattr(cls, name, value)
        made: type[T] = record.cls
        return made

    return decorated


def _own_fields(cls: type) -> dict[str, Field]:
    """The fields that the class itself names. Their defaults stay with it, but for those that are
    made anew each time.
    """
    found = {}
    for name, kind in cls.__annotations__.items():
        if "ClassVar" in (kind if isinstance(kind, str) else repr(kind)):
            continue
        given = getattr(cls, name, _MISSING)
        if isinstance(given, Field):
            each = given
            if each.default is _MISSING:
                delattr(cls, name)
            else:
                setattr(cls, name, each.default)
        elif type(given).__module__ == "dataclasses":
            raise TypeError(f"{cls.__name__}.{name}: take kqlx.records.field")
        else:  # the slot of a base class is no default
            each = Field(_MISSING if isinstance(given, MemberDescriptorType) else given)
        if type(each.default).__hash__ is None:
            raise ValueError(f"{cls.__name__}.{name}: use a factory for what can change")
        each.name, each.type = name, kind
        found[name] = each
    return found


def _with_slots(cls: type, own: dict[str, Field], more: dict[str, Any]) -> type:
    """The class once more, with ``more`` in it and a slot for each field that no base class has one
    for.
    """
    names = {name: value for name, value in cls.__dict__.items() if name not in own} | more
    names.pop("__dict__", None)
    names.pop("__weakref__", None)
    names["__slots__"] = tuple(
        name
        for name in own
        if not any(isinstance(vars(b).get(name), MemberDescriptorType) for b in cls.__mro__[1:])
    )
    names["__qualname__"] = cls.__qualname__
    return type(cls)(cls.__name__, cls.__bases__, names)


class _Record:
    """A decorated class, with the methods that it has until they are compiled."""

    __slots__ = ("cls", "fields", "frozen")

    def __init__(self, fields: dict[str, Field], frozen: bool) -> None:
        self.cls: Any = None
        self.fields = fields
        self.frozen = frozen

    def method(self, name: str, write: Write, do: Method) -> Method:
        """A method that does a few times what compiling would take as long as, and then puts in its
        own place the one that is written.
        """
        calls = 0

        def first(of: object, /, *values: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls < _FEW and (done := do(self.fields, of, *values, **named)) is not _MISSING:
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
        elif each.default is not _MISSING:
            value = each.default
        elif each.factory is not _MISSING:
            value = each.factory()
        elif each.init:
            return _MISSING
        else:
            continue
        object.__setattr__(of, name, value)
    if at < len(values) or used < len(named):
        return _MISSING
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


class _ForTheStandardLibrary:
    """What ``dataclasses`` asks of its classes, made when it asks."""

    def __init__(self, record: _Record, name: str) -> None:
        self.record = record
        self.name = name

    def __get__(self, record: object, owner: type) -> Any:
        import dataclasses

        listed = []
        each: Field
        for each in self.record.fields.values():
            names = ("init", "repr", "compare", "kw_only")
            options: dict[str, Any] = {name: getattr(each, name) for name in names}
            if each.default is not _MISSING:
                options["default"] = each.default
            if each.factory is not _MISSING:
                options["default_factory"] = each.factory
            listed.append((each.name, each.type, dataclasses.field(**options)))
        twin = dataclasses.make_dataclass(
            self.record.cls.__name__, listed, frozen=self.record.frozen
        )
        value = getattr(twin, self.name)
        setattr(self.record.cls, self.name, value)
        return value


def _fields(record: Any) -> tuple[Field, ...]:
    return tuple(getattr(record, _FIELDS).values())


def _initialiser(cls: Any, names: dict[str, Any]) -> str:
    """Sets each field to its argument, its default or what its factory makes; slots directly,
    whatever ``__setattr__`` says.
    """
    names |= {"MISSING": _MISSING, "SET": object.__setattr__}
    arguments = ["self"]
    by_name, body = list[str](), list[str]()
    for each in _fields(cls):
        name = value = each.name
        default = ""
        if each.factory is not _MISSING:
            names[f"make_{name}"] = each.factory
            value, default = f"make_{name}()", "=MISSING"
            if each.init:
                value = f"{value} if {name} is MISSING else {name}"
        elif each.default is not _MISSING:
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
    names["MISSING"] = _MISSING
    each = sorted([f for f in _fields(cls) if f.init], key=attrgetter("kw_only"))
    changes = ", ".join(f"{f.name}=MISSING" for f in each)
    values = ", ".join(
        f"{f.name + '=' if f.kw_only else ''}self.{f.name} if {f.name} is MISSING else {f.name}"
        for f in each
    )
    return f"def __replace__(self, *, {changes}):\n  return self.__class__({values})"


def _comparison(cls: Any, names: dict[str, Any]) -> str:
    equal = f"{_compared(cls, 'self')} == {_compared(cls, 'other')}"
    same = "other.__class__ is self.__class__"
    return f"def __eq__(self, other):\n  return {equal} if {same} else NotImplemented"


def _hash(cls: Any, names: dict[str, Any]) -> str:
    return f"def __hash__(self):\n  return hash({_compared(cls, 'self')})"


def _compared(cls: Any, variable: str) -> str:
    names = "".join(f"{variable}.{f.name}, " for f in _fields(cls) if f.compare)
    return f"({names})"


def _representation(self: Any) -> str:
    values = ((f.name, getattr(self, f.name)) for f in _fields(self) if f.repr)
    shown = ", ".join(f"{name}={value!r}" for name, value in values)
    return f"{self.__class__.__qualname__}({shown})"


def _refuse(self: object, name: str, value: object = None) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in _fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for each, value in zip(_fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
