"""What type the fields of a rule have in Elasticsearch, as far as anybody says: the user, the rule
itself, the packs of its data sources, ECS. Whoever speaks first in this order counts.

All that depends on a type asks here: the binder, the targets, the evaluator, the filters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar, overload

from kqlx.elastic import ecs
from kqlx.elastic.multi_fields import MULTI_FIELDS
from kqlx.mappings.field_list import Field, FieldList, described, read_fields
from kqlx.mappings.pack import Pack
from kqlx.mappings.pack_library import Packs
from kqlx.mappings.recognition import sources_of
from kqlx.nodes import (
    FIELD_TESTS,
    And,
    CommandLineArgument,
    Exists,
    FieldTest,
    FunctionTest,
    Literal,
    Nested,
    Node,
    Not,
    Or,
    Pattern,
    Regexp,
    Term,
)

D = TypeVar("D")

_TESTS = (*FIELD_TESTS, Regexp)


class Types(Mapping[str, str]):
    """Field name → Elasticsearch type.

    ``own`` is the user's field list, or a table name → type: where the list stands ``alone``, or
    the table is empty, nothing else counts. ``texts`` are fields that the rule names beside their
    multi-field ``keyword``: so Elasticsearch maps texts of its own accord, the field itself as text
    (https://www.elastic.co/docs/manage-data/data-store/mapping/dynamic-field-mapping).
    """

    def __init__(
        self,
        own: FieldList | Mapping[str, str] | None = None,
        packs: Iterable[Pack] = (),
        texts: Iterable[str] = (),
    ) -> None:
        self.given = own
        self.packs = tuple(packs)
        self.texts = frozenset(texts)
        self.is_alone = own.alone if isinstance(own, FieldList) else own is not None and not own
        self._own: Mapping[str, str | tuple[str, ...]] = {}
        if own is not None:
            self._own = own.all_types() if isinstance(own, FieldList) else own
        self._found: dict[str, tuple[str, ...]] = {}
        self._asked: dict[str, str | None] = {}

    def of(self, packs: Iterable[Pack]) -> Types:
        """The same with other packs."""
        return Types(self.given, packs, self.texts)

    @cached_property
    def own(self) -> FieldList | None:
        """The user's field list."""
        return read_fields(self.given)

    def is_own(self, name: str) -> bool:
        """Whether it is the user who says the type."""
        return name in self._own

    def stands_alone(self, name: str, parent: str) -> bool:
        """Whether the user says a type of a field that is named like a multi-field, of a parent
        that is none.
        """
        return name in self._own and not set(self.each(parent)) - {"object", "nested"}

    def each(self, name: str) -> tuple[str, ...]:
        """The types of a field, several where data sources or indices differ; none where it is not
        known.
        """
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self._each(name)
        return found

    def _each(self, name: str) -> tuple[str, ...]:
        own = self._own.get(name)
        if own is not None:
            return (own,) if isinstance(own, str) else own
        if self.is_alone:
            return ()
        if name in self.texts:
            return ("text",)
        parent, _, last = name.rpartition(".")
        if last == "keyword" and parent in self.texts:
            return ("keyword",)
        of_ecs = ecs.types().get(name)
        of_packs = [pack.type(name) or of_ecs for pack in self.packs] or [of_ecs]
        return tuple(dict.fromkeys(type for type in of_packs if type))

    def __getitem__(self, name: str) -> str:
        if found := self.each(name):
            return found[0]
        raise KeyError(name)

    @overload
    def get(self, key: str, /) -> str | None: ...
    @overload
    def get(self, key: str, /, default: str) -> str: ...
    @overload
    def get(self, key: str, /, default: D) -> str | D: ...
    def get(self, key: str, /, default: Any = None) -> Any:
        found = self.each(key)
        return found[0] if found else default

    def type_asked(self, name: str) -> str | None:
        """The type by which Elasticsearch is asked (``asked_tests``): where there are several it
        is none of them, for what one refuses another takes, and patterns are split.
        """
        if name not in self._asked:
            self._asked[name] = self._type_asked(name)
        return self._asked[name]

    def _type_asked(self, name: str) -> str | None:
        found = self.each(name)
        if not found:
            field = self._field(name)
            return field.types[0] if field is not None and field.types else None
        return found[0] if len(found) == 1 else "conflict"

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.each(name))

    def __iter__(self) -> Iterator[str]:
        """The names that are known one by one."""
        names: dict[str, None] = dict.fromkeys(self._own)
        if not self.is_alone:
            names |= dict.fromkeys(self.texts)
            for pack in self.packs:
                names |= dict.fromkeys(name for name in pack.types if not name.endswith(".*"))
            names |= dict.fromkeys(ecs.types())
        return iter(names)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        """Whether any name is known, without counting them: ECS always knows some."""
        return not self.is_alone or bool(self._own)

    def listed(self) -> dict[str, str]:
        """The fields that a name with stars may stand for: those of the user's list, where there is
        one, else all that are known.
        """
        names = self._own if self.knows_all_names else self
        return {name: self[name] for name in names}

    # As Kibana has them

    @property
    def knows_all_names(self) -> bool:
        """Whether the user has listed the fields: then a name with stars fits no others."""
        return self.given is not None

    def fields(self, name: Term, prefix: str = "") -> list[Field]:
        """The fields that Kibana finds by this name behind the prefix; all that are known, for a
        name with stars. Keys below a flattened field are none.
        """
        own = self.own.fitting(name, prefix) if self.own is not None else []
        if own or self.is_alone or (self.knows_all_names and isinstance(name, Pattern)):
            return own
        if isinstance(name, Pattern):
            fit = name.prefixed(prefix).matcher()
            found = [self._field(known) for known in self if fit(known)]
            return [field for field in found if field is not None]
        field = self._field(prefix + name.name)
        return [field] if field is not None else []

    def _field(self, name: str) -> Field | None:
        types = self.each(name)
        if not types:
            parent, _, last = name.rpartition(".")
            types = (MULTI_FIELDS[last],) if parent and last in MULTI_FIELDS else ()
        if not types or set(types) <= {"object", "nested"} or self.below(name, "flattened"):
            return None
        return described(name, types, self.below(name, "nested"))

    def below(self, name: str, type: str) -> str:
        """The nearest field of a type that the name lies below, or ""."""
        end = name.rfind(".")
        while end > 0:
            if type in self.each(name[:end]):
                return name[:end]
            end = name.rfind(".", 0, end)
        return ""


def types_for(
    node: Node,
    own: FieldList | Mapping[str, str] | str | None = None,
    source: str | None = None,
    packs: Packs | None = None,
    indices: Iterable[str] = (),
    integrations: Iterable[str] = (),
    counted: Iterable[str] = (),
) -> Types:
    """The types of the fields of a query, whose data source is recognised as for a conversion
    unless it is named ("none": of no data source).

    ``own`` are the user's (a text as ``fields.load`` takes it), ``packs`` those to choose among;
    ``indices`` and ``integrations`` are those of the rule around the query, ``counted`` the fields
    that it counts beside the query. Raises MappingError as ``fields.load``, and UsageError for a
    data source that there is not.
    """
    if isinstance(own, Types):
        return own
    if isinstance(own, str):
        own = read_fields(own)
    found, _ = sources_of(node, source, packs, indices, integrations)
    return Types(own, found, texts_beside_keywords(node, counted))


def texts_beside_keywords(node: Node, counted: Iterable[str] = ()) -> frozenset[str]:
    """The fields ``x`` that a query, or what its rule counts, names beside ``x.keyword``."""
    names = {*named_fields(node), *counted}
    return frozenset(name for name in names if f"{name}.keyword" in names)


def named_fields(node: Node) -> Iterator[str]:
    """The full names of the fields that a query tests, those with stars left out."""
    return (name for name, _ in field_tests(node))


def field_tests(node: Node) -> Iterator[tuple[str, FieldTest | Regexp]]:
    """The tests of fields with the full names of these, those with stars left out. Functions ask
    for the existence of each of their fields.
    """
    stack = [(node, "")]
    while stack:
        top, path = stack.pop()
        if isinstance(top, _TESTS):
            if isinstance(top.field, Literal):
                yield path + top.field.name, top
        elif isinstance(top, And | Or):
            stack += [(item, path) for item in top.items]
        elif isinstance(top, Not):
            stack.append((top.item, path))
        elif isinstance(top, Nested):
            stack.append((top.item, f"{path}{top.path.name}."))
        elif isinstance(top, FunctionTest):
            yield from ((path + name.name, Exists(name, top.span)) for name in top.fields)
        elif isinstance(top, CommandLineArgument):
            stack.append((top.test, path))
