"""A test of a field → a test of a column: its name, type and letter case there; and predicates of
packs on columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kqlx.elastic.type_names import INTEGERS, NUMBERS, STRINGS
from kqlx.mappings.binding import Binding
from kqlx.mappings.bound import DECODED, OF_TYPE, Column
from kqlx.mappings.field_spec import FieldSpec
from kqlx.mappings.predicates import predicate_at
from kqlx.mappings.value_spellings import (
    CANONICAL_INTEGER,
    in_all_spellings,
    of_values_alone,
    without_null_values,
)
from kqlx.nodes import (
    Case,
    Compare,
    Equals,
    Exists,
    FieldTest,
    Like,
    Literal,
    Node,
    Span,
    Term,
    transform,
    with_field,
)
from kqlx.notes import Effect
from kqlx.records import replace

# Types whose tests are written in a way of their own: a column has one type in a query.
_OWN_SYNTAX = frozenset({"ip", "boolean", "date"}) | INTEGERS


def bind_to_column(
    binding: Binding, node: FieldTest, spec: FieldSpec, type: str | None = None
) -> Node:
    """The test on the column, with Elastic's meaning where the column holds another type."""
    assert spec.column is not None
    name = node.field.name
    of_field = binding.types.get(name, "keyword")
    before = binding.columns.get(spec.column)
    column = describe_column(binding, spec.column, type or of_field, name, below=spec.below)
    if before and before.type != column.type and {before.type, column.type} & _OWN_SYNTAX:
        return binding.unmapped(node, f"{name} beside {before.field}, which is in the same column,")
    if type is None and column.type in NUMBERS and of_field not in NUMBERS:
        if isinstance(node, Compare | Like):
            return binding.unmapped(node, f"{name}, compared as text,")
        if isinstance(node, Equals) and not CANONICAL_INTEGER.fullmatch(node.value.name):
            message = f'{name} is a number in the destination, and never "{node.value.name}"'
            binding.add_note("constant-folded", message, node.span)
            return binding.constant(False, message, node.span)
    test = with_field(node, binding.column_name(node.field, column.name))
    return (
        of_values_alone(binding, test, column)
        if column.null_values
        else in_all_spellings(binding, test, column)
    )


def takes_texts_as_asked(binding: Binding, name: str) -> bool:
    """Whether a column has all texts as Elastic has them, and there is nothing to say of it: a test
    of one is the same there.
    """
    destination = binding.destination
    told = name in destination.unconfirmed or destination.absent_in(name)
    return not (told or destination.escaped or destination.spells_anew(name))


def describe_column(
    binding: Binding, name: str, type: str, field: str, below: bool = False
) -> Column:
    """A column. How a text is read, whole or by words, the user knows better than the pack; what
    else a column holds, the pack knows.
    """
    column = column_of(binding, name, type, field, below)
    binding.columns[name] = column
    if reason := binding.destination.unconfirmed.get(name):
        binding.add_note(
            "unconfirmed-mapping", f"{field} as {name} is not confirmed: {reason}", None
        )
    if not binding.negative and (lost := binding.destination.unread.get(name)):
        binding.add_note("extraction-limit", f"{name}: {lost}", None, Effect.COVERAGE)
    return column


def column_for_regexp(
    binding: Binding, spec: FieldSpec, field: Term, *, decoded: bool = False
) -> tuple[Literal, bool] | None:
    """The column for a regular expression of the text that it holds, and whether signs in it may be
    written as in XML, which they are not where it is asked for ``decoded``. None where it holds no
    text as Elastic has it.
    """
    assert spec.column is not None
    like = binding.destination.column(spec.column)
    if like.characters or like.words or like.layout not in ("column", "xml"):
        return None
    column = describe_column(binding, spec.column, "keyword", field.name)
    name, in_xml = column.name, binding.destination.escaped
    if like.layout == "xml" or (in_xml and decoded):
        name, in_xml = f"{column.name}{DECODED}", False
        binding.columns[name] = replace(column, escaped=True)
    return Literal(name, span=field.span), in_xml


def column_of(binding: Binding, name: str, type: str, field: str, below: bool = False) -> Column:
    """The same, before a test of the query is made one of it."""
    key = (name, type, field, below)
    found = binding.described.get(key)
    if found is None:
        found = binding.described[key] = _column(binding, name, type, field, below)
    return found


def _column(binding: Binding, name: str, type: str, field: str, below: bool) -> Column:
    spec = binding.destination.column(name, below)
    own = binding.types.is_own(field) and {spec.type, type} <= STRINGS
    return Column(
        name,
        type if own or spec.type is None else spec.type,
        "differs" if spec.case == "differs" else "same",
        spec.layout,
        field,
        json=spec.json,
        port=spec.port,
        optional=spec.optional,
        united=spec.united,
        empties=spec.empties,
        null_text=spec.null_text,
        path=spec.path,
        keys=spec.keys,
        null_values=binding.destination.absent_in(name),
        arrays=spec.arrays,
        below=spec.below,
        extract=spec.extract,
    )


def bind_predicate(
    binding: Binding,
    text: str,
    span: Span,
    field: str,
    types: Mapping[str, str] = MappingProxyType({}),
) -> Node:
    """A pack's predicate, its columns known and its places those of the test it stands for.

    Texts that stand for no value meet none of its tests but those that name them. ``types`` are
    the Elasticsearch types of columns that are not keywords.
    """

    def place(node: Node) -> Node:
        if isinstance(node, FieldTest):
            name = node.field.name
            before = binding.columns.get(name)
            column = describe_column(binding, name, types.get(name, "keyword"), field)
            test = node
            if not isinstance(test, Exists) and binding.destination.column(name).case == "ignored":
                test = replace(test, case=Case.FOLDED)  # as Elastic's pipeline does it
            if before is not None and before.type != column.type:
                # Other tests of the query read the column so: this one must not change that.
                binding.columns[name] = before
                if not isinstance(node, Exists):
                    own = f"{name}{OF_TYPE}{column.type}"
                    binding.columns[own] = column
                    test = replace(test, field=Literal(own, span=node.field.span))
            return without_null_values(binding, test, test, column)
        return node

    return transform(predicate_at(text, span), place)
