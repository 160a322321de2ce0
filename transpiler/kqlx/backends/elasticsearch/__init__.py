"""Elasticsearch: Query DSL, search bodies, detection rules for Kibana, watches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from kqlx.backends.target import Bundle, Format, Target, Writer


@cache
def _load() -> Writer:
    from kqlx.backends.elasticsearch.formats import artifact, emit, metadata_notes

    return Writer(emit, metadata_notes=metadata_notes, artifact=artifact, filters=_filters)


def _filters() -> Mapping[str, Callable[..., Any]]:
    from kqlx.backends.elasticsearch.json_values import FILTERS

    return FILTERS


_RULES = Bundle("rules.ndjson", "\n", r'^\{"rule_id": ("(?:[^"\\]|\\.)*")')

TARGET = Target(
    name="elasticsearch",
    title="Elasticsearch Query DSL",
    load=_load,
    aliases=("es",),
    formats=(
        Format("query"),
        Format("search", "search.json.j2"),
        Format("rule", "rule.ndjson.j2", bundle=_RULES),
        Format("watcher", "watcher.json.j2"),
    ),
    options=frozenset(
        {"compact", "time_zone", "case_insensitive", "ignore_unmapped", "filters_in_must"}
    ),
    binds=False,
    takes_filters=True,
    finds_sequences=True,
    checks_types=False,  # Elasticsearch knows them; where it shows, the emitter tells
    suffix=".json",
    comment="",
)
