"""Fields that are a column and nothing else: whatever the value is that a test asks for, it is a
test of that column. The values of a list are then bound once for their field.
"""

from __future__ import annotations

from operator import attrgetter

from kqlx.elastic.multi_fields import base_field
from kqlx.elastic.type_names import INTEGERS
from kqlx.mappings.binding import Binding
from kqlx.mappings.bound import Column
from kqlx.mappings.column_tests import column_of
from kqlx.mappings.field_spec import FieldSpec

_beside_column = attrgetter(*(name for name in FieldSpec.__match_args__ if name != "column"))
_NOTHING = _beside_column(FieldSpec())


def plain_column(binding: Binding, name: str, *, integers: bool = False) -> Column | None:
    """The column of such a field; None for any other, whose tests are looked at one by one: a value
    of ``integers`` may have to be spelt anew.
    """
    pack, destination = binding.pack, binding.destination
    if base_field(name) != name or name in pack.constants or name in pack.always_includes:
        return None
    if pack.possible(name) is not None or destination.never.get(name) or destination.escaped:
        return None
    spec = destination.field(name)
    if spec is None or spec.column is None or _beside_column(spec) != _NOTHING:
        return None
    like = destination.column(spec.column)
    if like.characters or like.words or like.ipv4_mapped or like.hex or like.dwords:
        return None
    told = spec.column in destination.unconfirmed or destination.absent_in(spec.column)
    if told or like.layout in ("words", "xml", "changes"):
        return None
    column = column_of(binding, spec.column, binding.type_of(name), name)
    return None if column.type in INTEGERS and not integers else column
