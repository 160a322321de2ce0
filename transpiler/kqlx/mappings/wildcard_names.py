"""Names of fields with stars: which fields fit, and a test of each that has a counterpart."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping

from kqlx.elastic.addresses import network
from kqlx.elastic.numbers import number_of
from kqlx.elastic.type_names import DATES, NUMBERS
from kqlx.mappings.binding import MOST_NAMES, Binding
from kqlx.nodes import (
    Equals,
    Exists,
    FieldTest,
    Like,
    Literal,
    Node,
    Pattern,
    any_of,
)
from kqlx.notes import Effect
from kqlx.records import replace

_LAST = "\U0010ffff"
"""Behind all characters that names have."""

OBJECTS = frozenset({"object", "nested"})
"""Types of fields without values of their own."""


def fields_fitting(name: Pattern, types: Mapping[str, str]) -> list[str]:
    """The fields with values of their own that fit the name, in the order of the types: not
    multi-fields, whose values are those of another field, nor keys of flattened fields.
    """
    fit = name.matcher()
    return [
        field
        for field, type in types.items()
        if fit(field)
        and type not in OBJECTS
        and types.get(field.rpartition(".")[0], "object") in OBJECTS
    ]


def fields_matching(name: Pattern, test: FieldTest, types: Mapping[str, str]) -> list[str]:
    """Those of the fields that fit the name which can meet the test."""
    return [field for field in fields_fitting(name, types) if may_meet(types[field], test)]


def may_meet(type: str, node: FieldTest) -> bool:
    """Whether a field of this Elasticsearch type can meet the test of a name with stars, in which
    Kibana passes over the fields that the value is no value of.
    """
    if isinstance(node, Exists):
        return type not in OBJECTS
    if type in NUMBERS:
        return not isinstance(node, Like) and number_of(node.value.name) is not None
    if type == "ip":
        return isinstance(node, Equals) and network(node.value.name) is not None
    if type == "boolean":
        return isinstance(node, Equals) and node.value.name in ("true", "false")
    return type not in OBJECTS | DATES | {"geo_point"}


def bind_each_field(
    binding: Binding, node: FieldTest, name: Pattern, bind_test: Callable[[FieldTest], Node]
) -> Node:
    """A test of a name with stars: of each field of ECS and of the pack that fits and has a
    counterpart.
    """
    fit, known = name.matcher(), binding.known_names
    first, behind = bisect_left(known, name.prefix), bisect_left(known, name.prefix + _LAST)
    names = [
        field
        for field in known[first:behind]
        if fit(field) and may_meet(binding.type_of(field), node)
    ]
    # Of two fields in one column the one with more meaning than a text.
    places: dict[object, str] = {}
    for field in sorted(
        [field for field in names if _has_counterpart(binding, field)],
        key=lambda field: _is_plain(binding, field),
    ):
        spec = binding.destination.field(field)
        assert spec is not None
        places.setdefault(spec.column or spec.any_of or field, field)
    mapped = sorted(places.values())
    if not mapped or len(mapped) > MOST_NAMES:
        return binding.unmapped(node, f"the field name {name.name}, a wildcard,")
    lost = [f for f in names if not _has_counterpart(binding, f) and _may_have_value(binding, f)]
    below = _reaches_below(binding, name)
    message = f"{name.name} is replaced by {', '.join(mapped)}"
    if lost:
        others = " and others" if lost[3:] else ""
        message += f"; {', '.join(lost[:3])}{others} have no counterpart"
    if below:
        message += f"; other fields below {below} are not known"
    effect = Effect.NARROWER if lost or below else Effect.SAME
    binding.add_note("names-expanded", message, node.span, effect)
    tests = [bind_test(replace(node, field=Literal(f, span=name.span))) for f in mapped]
    return any_of(tests, node.span)


def _reaches_below(binding: Binding, name: Pattern) -> str:
    """Of what the destination holds below a name without naming each field, where a name with
    stars may fit some of it; "" where it fits none.
    """
    head = name.prefix
    for known in binding.destination.fields:
        above = known.removesuffix("*")
        if above != known and (head.startswith(above) or above.startswith(head)):
            return above.removesuffix(".")
    return ""


def _is_plain(binding: Binding, name: str) -> bool:
    return binding.type_of(name) in ("keyword", "constant_keyword", "wildcard")


def _has_counterpart(binding: Binding, name: str) -> bool:
    spec = binding.destination.field(name)
    return spec is not None and not (spec.no_counterpart and not spec.value_predicates)


def _may_have_value(binding: Binding, name: str) -> bool:
    """Whether events of the data source may have a value of their own in the field."""
    return binding.type_of(name) not in OBJECTS and binding.pack.possible(name) != ()
