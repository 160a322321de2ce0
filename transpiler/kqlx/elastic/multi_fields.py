"""The multi-fields of Elastic's mappings: second readings of the values of the field above them
(https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/multi-fields).
"""

from __future__ import annotations

from typing import Literal

MULTI_FIELDS: dict[str, tuple[str, Literal["same", "ignored"]]] = {
    "text": ("match_only_text", "same"),
    "caseless": ("keyword", "ignored"),
    "keyword": ("keyword", "same"),
}
"""By the last part of the name: the Elasticsearch type, and whether letter case is ignored."""


def base_field(name: str) -> str:
    """The name of the field that a multi-field belongs to; other names as they are."""
    parent, _, last = name.rpartition(".")
    return parent if last in MULTI_FIELDS else name
