"""Elasticsearch's names of field types → what each makes of values."""

from __future__ import annotations

from kqlx.elastic.addresses import Ip
from kqlx.elastic.field_types import Boolean, FieldType, Located
from kqlx.elastic.numbers import LONG_SPAN, Floating, Integer
from kqlx.elastic.string_types import Keyword, Parted, Text

_TYPES: dict[str, FieldType] = {
    "text": Text(),
    "match_only_text": Text(),
    "boolean": Boolean(),
    "ip": Ip(),
    "byte": Integer(-(2**7), 2**7 - 1),
    "short": Integer(-(2**15), 2**15 - 1),
    "integer": Integer(-(2**31), 2**31 - 1),
    "long": Integer(*LONG_SPAN, reads_digits=True, taken=LONG_SPAN),
    "unsigned_long": Integer(0, 2**64 - 1, reads_digits=True, taken=None),
    "half_float": Floating(16),
    "float": Floating(32),
    "double": Floating(64),
    "scaled_float": Floating(64, has_two_zeros=False),
    "geo_point": Located(),
    "geo_shape": Located(),
    "point": Located(),
    "shape": Located(),
    **dict.fromkeys(("wildcard", "constant_keyword", "version", "flattened"), Parted()),
}
_KEYWORD = Keyword()


def type_named(name: str) -> FieldType:
    """What an Elasticsearch type makes of values, but for dates, which need a time."""
    return _TYPES.get(name, _KEYWORD)
