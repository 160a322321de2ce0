"""OpenSearch as a target of kqlx: Lucene query strings, and monitors of the Alerting plugin."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from kqlx.backends.target import Format, Target, Writer


@cache
def _load() -> Writer:
    from kqlx_opensearch.monitor import metadata_notes, monitor
    from kqlx_opensearch.query import emit

    return Writer(
        emit,
        metadata_notes=metadata_notes,
        artifact=monitor,
        filters=lambda: {"json": json.dumps},
    )


TARGET = Target(
    name="opensearch",
    title="OpenSearch",
    load=_load,
    aliases=("lucene",),
    formats=(Format("query"), Format("monitor", "monitor.json.j2")),
    options=frozenset({"index"}),
    binds=False,  # events that Elastic's agents ship keep their names in OpenSearch
    suffix=".lucene",
    comment="",  # a Lucene query string has no comments
    templates=Path(__file__).parent / "templates",
)
