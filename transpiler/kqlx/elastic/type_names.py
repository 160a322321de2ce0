"""The names of Elasticsearch's field types, by kind
(https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/field-data-types).
"""

from __future__ import annotations

INTEGERS = frozenset({"long", "integer", "short", "byte", "unsigned_long"})
NUMBERS = INTEGERS | {"double", "float", "half_float", "scaled_float"}
TEXTS = frozenset({"text", "match_only_text"})
"""Texts that are split into words, as far as Elastic's own mappings have them."""
ANALYZED = TEXTS | {"annotated_text", "search_as_you_type"}
STRINGS = TEXTS | {"keyword", "constant_keyword", "wildcard"}
DATES = frozenset({"date", "date_nanos"})
