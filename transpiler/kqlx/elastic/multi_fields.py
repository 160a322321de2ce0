"""The multi-fields of Elastic's mappings: second readings of the values of the field above them
(https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/multi-fields).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TypeVar

from kqlx.nodes import Case, Exists, FieldTest, Pattern, Regexp
from kqlx.records import replace

T = TypeVar("T", bound=FieldTest | Regexp)

CASELESS = ".caseless"
"""The end of the name of a keyword whose values are indexed in lower case."""

MULTI_FIELDS = MappingProxyType(
    {"text": "match_only_text", "caseless": "keyword", "keyword": "keyword"}
)
"""By the last part of the name: the Elasticsearch type."""


def base_field(name: str) -> str:
    """The name of the field that a multi-field belongs to; other names as they are."""
    parent, _, last = name.rpartition(".")
    return parent if last in MULTI_FIELDS else name


def with_case_of_name(test: T) -> T:
    """The test, with no regard to letter case where it is one of ``x.caseless``."""
    if isinstance(test.field, Pattern) or not test.field.name.endswith(CASELESS):
        return test
    return test if isinstance(test, Exists) else replace(test, case=Case.FOLDED)
