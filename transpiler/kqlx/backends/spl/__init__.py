"""Splunk: searches in SPL, saved searches, content for contentctl, data models."""

from __future__ import annotations

from functools import cache

from kqlx.backends.spl.syntax import COMMENT
from kqlx.backends.target import Bundle, Format, Target, Writer


@cache
def _load() -> Writer:
    from kqlx.backends.spl.formats import artifact, filters, length_notes, metadata_notes
    from kqlx.backends.spl.rule_form import emit

    return Writer(
        emit,
        metadata_notes=metadata_notes,
        length_notes=length_notes,
        artifact=artifact,
        filters=filters,
    )


def _renamed(stanza: str, more: str) -> str:
    from kqlx.backends.spl.conf_file import renamed_stanza

    return renamed_stanza(stanza, more)


_SAVED_SEARCHES = Bundle("savedsearches.conf", "\n\n", r"^(\[.*\])$", _renamed)

TARGET = Target(
    name="spl",
    title="Splunk SPL",
    load=_load,
    aliases=("splunk",),
    formats=(
        Format("query"),
        Format("savedsearches", "savedsearches.conf.j2", bundle=_SAVED_SEARCHES),
        Format("escu", "escu.yml.j2"),
        Format("tstats", binds=False),
    ),
    options=frozenset(
        {
            *("annotate", "index", "macro", "new_terms", "late_events"),
            *("networks", "locations"),
        }
    ),
    suffix=".spl",
    comment=COMMENT,
    finds_sequences=True,
)
