"""Sigma: rules and correlations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from kqlx.backends.target import Format, Target, Writer


@cache
def _load() -> Writer:
    from kqlx.backends.sigma.detection import emit
    from kqlx.backends.sigma.documents import documents, metadata_notes
    from kqlx.backends.sigma.file_names import file_of

    return Writer(
        emit,
        metadata_notes=metadata_notes,
        file_name=file_of,
        documents=documents,
        filters=_filters,
    )


def _filters() -> Mapping[str, Callable[..., Any]]:
    from kqlx.backends.sigma.rule import FILTERS

    return FILTERS


TARGET = Target(
    name="sigma",
    title="Sigma",
    load=_load,
    options=frozenset({"annotate"}),
    formats=(Format("rule", "rule.yml.j2", document_per_source=True), Format("query")),
    suffix=".yml",
    comment="---\n# {}",  # a document of its own in a stream of them
    finds_sequences=True,
    finds_new_terms=False,  # a rule knows nothing of earlier events
)
