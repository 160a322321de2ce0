"""Microsoft Sentinel: queries in Kusto's KQL, analytics rules as YAML and as ARM templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from kqlx.backends.target import Format, Target, Writer


@cache
def _load() -> Writer:
    from kqlx.backends.sentinel.metadata import about, about_length
    from kqlx.backends.sentinel.multiple_sources import join
    from kqlx.backends.sentinel.query import emit
    from kqlx.backends.sentinel.threshold import complete

    return Writer(
        emit,
        metadata_notes=about,
        add_rule_form=complete,
        join=join,
        length_notes=about_length,
        filters=_filters,
    )


def _filters() -> Mapping[str, Callable[..., Any]]:
    from kqlx.backends.sentinel.analytics_rule import FILTERS

    return FILTERS


TARGET = Target(
    name="sentinel",
    title="Microsoft Sentinel KQL (Kusto)",
    load=_load,
    aliases=("kusto",),
    formats=(Format("query"), Format("rule", "rule.yaml.j2"), Format("arm", "arm.json.j2")),
    options=frozenset({"table", "case", "late_events"}),
    suffix=".kql",
    comment="// {}",
)
