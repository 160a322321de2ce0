"""``dataclass``, ``field``, ``fields`` and ``replace`` as in the standard library; methods are
compiled when they have been used some times.

The standard one compiles six methods for each class when its module is loaded, and itself loads
what reads source code: together two fifths of the time of a cold conversion, most of it for what is
called seldom or never. Its ``replace`` looks at all fields anew in each call. For ``dataclasses``
these are dataclasses too: it finds what it asks for, which is made when it asks.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform, get_origin

from kqlx.record_methods import FIELDS, KEPT_HASH, MISSING, Field, Record, fields_of

T = TypeVar("T")

if TYPE_CHECKING:  # with all that a type checker knows of these
    from dataclasses import field as field
    from dataclasses import fields as fields
    from dataclasses import replace as replace
else:

    def field(
        *,
        default: Any = MISSING,
        default_factory: Any = MISSING,
        init: bool = True,
        repr: bool = True,
        compare: bool = True,
        kw_only: bool = False,
    ) -> Field:
        return Field(default, default_factory, init, repr, compare, kw_only)

    def fields(record: Any) -> tuple[Field, ...]:
        return fields_of(record)

    def replace(record: T, /, **changes: object) -> T:
        """The record with other values of some fields; one of another's ``dataclass`` too."""
        try:
            made = record.__replace__
        except AttributeError:
            import dataclasses

            return dataclasses.replace(record, **changes)
        return made(**changes)


@dataclass_transform(field_specifiers=(field,))
def dataclass(
    *, frozen: bool = False, slots: bool = False, keeps_hash: bool = False
) -> Callable[[type[T]], type[T]]:
    """The decorator of a class of data: compared, printed and pickled by its fields, and hashed so
    where it is frozen; one that ``keeps_hash``, of trees that are hashed often, once for each
    instance. It is frozen and has slots.
    """

    def decorated(cls: type[T]) -> type[T]:
        own = _own_fields(cls)
        inherited = [getattr(base, FIELDS, {}) for base in reversed(cls.__mro__[1:-1])]
        every = {name: each for known in (*inherited, own) for name, each in known.items()}
        record = Record(every, frozen, keeps_hash)
        made = record.methods(slots)
        made["__match_args__"] = tuple(f.name for f in every.values() if f.init and not f.kw_only)
        names = {name: value for name, value in made.items() if name not in cls.__dict__}
        names[FIELDS] = every
        for name in ("__dataclass_fields__", "__dataclass_params__"):
            names[name] = _ForTheStandardLibrary(record, name)
        if slots:
            record.cls = _with_slots(cls, own, names, (KEPT_HASH,) if keeps_hash else ())
        else:
            record.cls = cls
            for name, value in names.items():
                setattr(cls, name, value)
        found: type[T] = record.cls
        return found

    return decorated


def _own_fields(cls: type) -> dict[str, Field]:
    """The fields that the class itself names. Their defaults stay with it, but for those that are
    made anew each time.
    """
    found = {}
    for name, kind in cls.__annotations__.items():
        if _is_of_class(kind):
            continue
        given = getattr(cls, name, MISSING)
        if isinstance(given, Field):
            each = given
            if each.default is MISSING:
                delattr(cls, name)
            else:
                setattr(cls, name, each.default)
        elif type(given).__module__ == "dataclasses":
            raise TypeError(f"{cls.__name__}.{name}: take kqlx.records.field")
        else:  # the slot of a base class is no default
            each = Field(MISSING if isinstance(given, MemberDescriptorType) else given)
        if type(each.default).__hash__ is None:
            raise ValueError(f"{cls.__name__}.{name}: use a factory for what can change")
        each.name, each.type = name, kind
        found[name] = each
    return found


def _is_of_class(kind: Any) -> bool:
    """Whether an annotation is that of a variable of the class, as text or as value."""
    if isinstance(kind, str):
        return "ClassVar" in kind
    origin: Any = get_origin(kind)
    return origin is ClassVar


def _with_slots(
    cls: type, own: dict[str, Field], more: dict[str, Any], slots: tuple[str, ...]
) -> type:
    """The class once more, with ``more`` in it, these slots and one for each field that no base
    class has one for.
    """
    names = {name: value for name, value in cls.__dict__.items() if name not in own} | more
    names.pop("__dict__", None)
    names.pop("__weakref__", None)
    taken = {
        name
        for base in cls.__mro__[1:-1]
        for name, value in vars(base).items()
        if isinstance(value, MemberDescriptorType)
    }
    names["__slots__"] = (*[name for name in own if name not in taken], *slots)
    names["__qualname__"] = cls.__qualname__
    return type(cls)(cls.__name__, cls.__bases__, names)


class _ForTheStandardLibrary:
    """What ``dataclasses`` asks of its classes, made when it asks."""

    def __init__(self, record: Record, name: str) -> None:
        self.record = record
        self.name = name

    def __get__(self, record: object, owner: type) -> Any:
        import dataclasses

        listed = []
        each: Field
        for each in self.record.fields.values():
            names = ("init", "repr", "compare", "kw_only")
            options: dict[str, Any] = {name: getattr(each, name) for name in names}
            if each.default is not MISSING:
                options["default"] = each.default
            if each.factory is not MISSING:
                options["default_factory"] = each.factory
            listed.append((each.name, each.type, dataclasses.field(**options)))
        twin = dataclasses.make_dataclass(
            self.record.cls.__name__, listed, frozen=self.record.frozen
        )
        value = getattr(twin, self.name)
        setattr(self.record.cls, self.name, value)
        return value
