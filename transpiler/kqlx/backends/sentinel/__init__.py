"""Microsoft Sentinel: queries in Kusto's KQL, analytics rules as YAML and as ARM templates, custom
detections for Microsoft Graph.
"""

from __future__ import annotations

from functools import cache

from kqlx.backends.sentinel.syntax import COMMENT
from kqlx.backends.target import Format, Target, Writer


@cache
def _load() -> Writer:
    from kqlx.backends.sentinel.formats import artifact, filters, length_notes, metadata_notes
    from kqlx.backends.sentinel.rule_forms import emit

    return Writer(
        emit,
        metadata_notes=metadata_notes,
        length_notes=length_notes,
        artifact=artifact,
        filters=filters,
    )


TARGET = Target(
    name="sentinel",
    title="Microsoft Sentinel KQL (Kusto)",
    load=_load,
    aliases=("kusto",),
    formats=(
        Format("query"),
        Format("rule", "rule.yaml.j2"),
        Format("arm", "arm.json.j2"),
        Format("custom-detection", "custom-detection.json.j2"),
    ),
    options=frozenset(
        {
            *("annotate", "table", "case", "late_events", "sequence"),
            *("signers", "networks", "locations"),
        }
    ),
    suffix=".kql",
    comment=COMMENT,
    finds_sequences=True,
    matches_arguments=True,
)
