"""What a query asserts: the values of which every event that matches has one.

A field may hold several values, and the tests of an ``and`` be met by different ones: an event of
``event.type:(user and deletion)`` has both. So these are sets beside each other, and only of fields
that ECS has a single value of what they have in common.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product

from kqlx.elastic.multi_fields import CASELESS, with_case_of_name
from kqlx.elastic.text_analysis import lower_ascii
from kqlx.mappings.field_spec import FieldSpec, When
from kqlx.nodes import And, Case, Equals, Node, Or, shared_field
from kqlx.records import dataclass


@dataclass(frozen=True, slots=True)
class AnyCase:
    """A value in some letter case; ``text`` is in lower case."""

    text: str


Values = frozenset[str | AnyCase]

Asserted = Mapping[str, tuple[Values, ...]]
"""By field sets of values, of each of which every event that matches has one."""

SYSTEM = "host.os.type"
"""Elastic's field for the kind of operating system."""

_MOST = 8
"""So many sets of values of one field are kept of what an ``or`` says, the smallest."""
_MOST_VALUES = 200
"""So many values they have at most where several are kept: more say little."""


def asserted_values(node: Node) -> dict[str, tuple[Values, ...]]:
    """What a tree asserts, as far as it says."""
    if isinstance(node, Equals):
        node = with_case_of_name(node)
        name = node.field.name.removesuffix(".keyword").removesuffix(CASELESS)
        text = node.value.name
        value = text if node.case is Case.EXACT else AnyCase(lower_ascii(text))
        return {name: (frozenset({value}),)}
    if isinstance(node, And):
        return together(*[asserted_values(item) for item in node.items])
    asserted: dict[str, tuple[Values, ...]] = {}
    if isinstance(node, Or):
        if (values := _of_one_field(node)) is not None:
            return values
        each = []
        for item in node.items:
            each.append(asserted_values(item))
            if not each[-1]:
                return asserted
        for name in each[0]:
            if all(name in one for one in each):
                asserted[name] = _either([one[name] for one in each])
    return asserted


class Groups:
    """What is asserted in the groups of one tree, worked out once for all attempts to bind it."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[Node, Asserted, Asserted]] = {}

    def keep(self, node: Node, asserted: Asserted) -> None:
        """Keeps what is asserted in the whole tree, which asserts no more in itself."""
        self._found[id(node)] = node, asserted, asserted

    def asserted_in(self, group: And, around: Asserted) -> Asserted:
        """What the group asserts, together with what is asserted ``around`` it."""
        found = self._found.get(id(group))
        if found is None or found[0] is not group or found[1] is not around:
            found = group, around, together(around, asserted_values(group))
            self._found[id(group)] = found
        return found[2]


def _of_one_field(node: Or) -> dict[str, tuple[Values, ...]] | None:
    """What a list of values of one field asserts; None for any other group."""
    texts: set[str | AnyCase] = set()
    for item in node.items:
        if not isinstance(item, Equals):
            return None
        text = item.value.name
        texts.add(text if item.case is Case.EXACT else AnyCase(lower_ascii(text)))
    name = shared_field(node)
    if not name or name.endswith(CASELESS):
        return None
    return {name.removesuffix(".keyword"): (frozenset(texts),)}


def together(*each: Asserted) -> dict[str, tuple[Values, ...]]:
    """What holds where all of these do."""
    found: dict[str, tuple[Values, ...]] = {}
    for asserted in each:
        for name, sets in asserted.items():
            found[name] = _all_of(name, (*found[name], *sets)) if name in found else sets
    return found


def _all_of(name: str, sets: Iterable[Values]) -> tuple[Values, ...]:
    least = _least(sets)
    common = frozenset.intersection(*least)
    return (common,) if common and is_single(name) else least


def _either(each: list[tuple[Values, ...]]) -> tuple[Values, ...]:
    if all(len(sets) == 1 for sets in each):
        return (frozenset().union(*[sets[0] for sets in each]),)
    found = each[0]
    for sets in each[1:]:
        each_with_each = (one | other for one, other in product(found, sets))
        found = _least(values for values in each_with_each if len(values) <= _MOST_VALUES)
    return found


def _least(sets: Iterable[Values]) -> tuple[Values, ...]:
    """The sets without those that hold another one whole, and say less."""
    least: list[Values] = []
    for values in sorted(dict.fromkeys(sets), key=len):
        if not any(other <= values for other in least):
            least.append(values)
    return tuple(least[:_MOST])


def is_single(name: str) -> bool:
    """Whether a field holds one value at most, as ECS has it."""
    from kqlx.elastic import ecs

    return name in ecs.types() and name not in ecs.arrays()


def asserts(asserted: Asserted, whens: Iterable[When]) -> bool:
    """Whether the query asserts, for each field of one of these, one of the allowed values."""
    return any(_asserts_all(asserted, when) for when in whens)


def _asserts_all(asserted: Asserted, when: When) -> bool:
    for name, values in when.items():
        sets, known = asserted.get(name, ()), frozenset(values)
        if not any(one <= known or spelt(one, values) <= known for one in sets):
            return False
    return True


def spelt(wanted: Values, known: Iterable[str]) -> frozenset[str]:
    """Values as they are spelt among those that are known; others stay as they are asked for."""
    found: set[str] = set()
    for value in wanted:
        if isinstance(value, AnyCase):
            found |= {one for one in known if lower_ascii(one) == value.text} or {value.text}
        else:
            found.add(value)
    return frozenset(found)


def spec_applies(asserted: Asserted, spec: FieldSpec) -> bool:
    """Whether one of a list of mappings of a field is for the query: it asserts what its ``when``
    says, or of a field of its ``unless`` other values alone.
    """
    return asserts(asserted, spec.when) or any(
        any(spelt(one, values).isdisjoint(values) for one in asserted.get(field, ()))
        for field, values in spec.unless.items()
    )
